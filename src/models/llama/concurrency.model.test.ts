/** Many calls of one model at once. */
import { getEventListeners } from "node:events";
import { beforeAll, describe, expect, it } from "vitest";
import { mini } from "../../../test/mini.ts";
import { planWindows } from "../../core/index.ts";
import { LlamaModel } from "./model.ts";

let path: string;
beforeAll(async () => {
  path = await mini();
});

const open = () => LlamaModel.load(path, { threads: 1 });

async function scoreOf(model: LlamaModel, text: string, signal?: AbortSignal): Promise<number> {
  for await (const { logprob } of model.score([{ context: text, continuation: " and so on" }], { signal }))
    return logprob!;
  throw new Error("no answer");
}

describe("calls of one model at once", () => {
  it("give what they give alone, take few contexts, one listener of the signal, and none at the end", async () => {
    await using model = await open();
    const texts = Array.from({ length: 10 }, (_, i) => "Once upon a time ".repeat(i + 1));
    const alone: number[] = [];
    for (const text of texts) alone.push(await scoreOf(model, text));
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on("warning", onWarning);
    const { signal } = new AbortController();
    const before = process.memoryUsage.rss();
    // More than the 256 calls that koffi allows: beyond them it refuses.
    const calls = Array.from({ length: 400 }, (_, i) => scoreOf(model, texts[i % 10]!, signal));
    await new Promise(setImmediate);
    expect(getEventListeners(signal, "abort").length).toBeLessThanOrEqual(1);
    expect(await Promise.all(calls)).toEqual(calls.map((_, i) => alone[i % 10]));
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    // A context is 9 MiB: 400 of them would be 3.5 GiB.
    expect((process.memoryUsage.rss() - before) / 2 ** 20).toBeLessThan(500);
    await new Promise(setImmediate);
    process.off("warning", onWarning);
    expect(warnings).toEqual([]);
  });

  it("may be made for each answer of another, as deep as one likes", async () => {
    await using model = await open();
    const { ids } = await model.tokenize("a text of some tokens that is read twice");
    const plan = planWindows(ids.length, { method: "full", context: null, prefix: null });
    const nested = async (depth: number): Promise<number> => {
      if (depth === 0) return scoreOf(model, "the innermost");
      for await (const _ of depth % 2
        ? model.scoreTokens(ids, plan)
        : model.score([{ context: "a", continuation: " b" }]))
        return nested(depth - 1);
      throw new Error("no answer");
    };
    expect(await nested(20)).toBe(await scoreOf(model, "the innermost"));
  });

  it("are told apart by an abort: those without it go on, also those that wait behind it", async () => {
    await using model = await open();
    const stop = new AbortController();
    const calls = Array.from({ length: 60 }, (_, i) =>
      scoreOf(model, "a text", i % 2 ? stop.signal : undefined).catch((error) => error.code),
    );
    stop.abort();
    const alone = await scoreOf(model, "a text");
    expect(await Promise.all(calls)).toEqual(calls.map((_, i) => (i % 2 ? "ABORTED" : alone)));
  });

  it("end when the model is disposed, those that wait too", async () => {
    const model = await open();
    const calls = Array.from({ length: 60 }, () => scoreOf(model, "a text").catch((error) => error.code));
    await new Promise(setImmediate);
    await model[Symbol.asyncDispose]();
    const ended = await Promise.all(calls);
    expect(ended.filter((each) => each !== "MODEL_DISPOSED" && typeof each !== "number")).toEqual([]);
    expect(ended.filter((each) => each === "MODEL_DISPOSED").length).toBeGreaterThan(0);
  });

  it("find no more than so many sequences open, with a code of its own, and go on when one is disposed", async () => {
    await using model = await open();
    const opened = await Promise.all(Array.from({ length: 64 }, () => model.open()));
    const limit = {
      code: "TOO_MANY_SEQUENCES",
      what: expect.stringContaining("64"),
      wayOut: expect.any(String),
    };
    await expect(model.open()).rejects.toMatchObject(limit);
    await expect(opened[0]!.fork()).rejects.toMatchObject(limit);
    await expect(model.generate("a", { maxTokens: 1 }).next()).rejects.toMatchObject(limit);
    await opened.pop()![Symbol.asyncDispose]();
    await using again = await model.open();
    expect(again.length).toBe(0);
  });
});

describe("a sequence", () => {
  it("has the digits it would have had first, whatever was open before", async () => {
    await using model = await open();
    const { ids } = await model.tokenize(
      "The old house on the hill had been empty for years when they came.",
    );
    const distribution = async () => {
      await using sequence = await model.open();
      for (const id of ids) await sequence.extend([id]);
      return sequence.next();
    };
    const first = await distribution();
    const others = await Promise.all(Array.from({ length: 20 }, () => model.open()));
    for (const [i, other] of others.entries()) await other.extend(ids.slice(0, 3 + (i % 5)));
    for (const other of others.filter((_, i) => i % 3)) await other[Symbol.asyncDispose]();
    const between = await Promise.all(Array.from({ length: 10 }, distribution));
    expect(between).toHaveLength(10);
    for (const other of others) await other[Symbol.asyncDispose]();
    expect(await distribution()).toEqual(first);
  });
});

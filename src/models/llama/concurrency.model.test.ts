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
    await expect(model.generate("a", { maxTokens: 1, whenFull: "refuse" }).next()).rejects.toMatchObject(
      limit,
    );
    await opened.pop()![Symbol.asyncDispose]();
    await using again = await model.open();
    expect(again.length).toBe(0);
  });
});

describe("sequences of one model", () => {
  it("do not disturb each other: with floats what is written is the same whatever else is open", async () => {
    await using model = await LlamaModel.load(path, { threads: 1, exact: true });
    const words = (i: number) => Array.from({ length: 3 + (i % 7) }, () => "old house").join(" ");
    const written = async (i: number) => {
      const logprobs: number[] = [];
      for await (const record of model.generate(words(i), { maxTokens: 5, temperature: 0 }))
        logprobs.push(record.logprob!);
      return logprobs;
    };
    const left = async (i: number) => {
      for await (const _ of model.generate(words(i), { maxTokens: 50, temperature: 0 })) return;
    };
    const alone: number[][] = [];
    for (let i = 0; i < 7; i++) alone.push(await written(i));
    // Texts that grow side by side and are left: cells of the cache are used again, in another order.
    for (let round = 0; round < 3; round++) {
      const others = Array.from({ length: 20 }, (_, i) => left(i + round));
      const got = await Promise.all(alone.map((_, i) => written(i)));
      await Promise.all(others);
      for (const [i, logprobs] of got.entries())
        for (const [at, logprob] of logprobs.entries()) expect(logprob).toBeCloseTo(alone[i]![at]!, 4);
    }
  });
});

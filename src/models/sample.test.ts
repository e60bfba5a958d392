import { describe, expect, it } from "vitest";
import type { TokenRecord } from "../core/index.ts";
import { completeEnd } from "./generation.ts";
import type { GenerateOptions, GenerationEnd } from "./language-model.ts";
import { SharedPrompt, sampleWith } from "./sample.ts";
import { TableModel } from "./test/index.ts";

const provenance = { model: TableModel.bytes().identity, probabilities: "raw", eosCounted: false } as const;

/** A prompt that counts what is done with it. */
function counted(answers: number, signal?: AbortSignal) {
  const seen = { run: 0, forked: 0, freed: 0 };
  const held = () => ({ [Symbol.asyncDispose]: async () => void seen.freed++ });
  const prompt = new SharedPrompt(
    answers,
    async () => {
      seen.run++;
      return held();
    },
    async () => {
      seen.forked++;
      return { [Symbol.asyncDispose]: async () => {} };
    },
    signal,
  );
  return { seen, prompt };
}

describe("a prompt that answers share", () => {
  it("is run once, forked for each, and freed when all have theirs", async () => {
    const { seen, prompt } = counted(16);
    for (let i = 0; i < 15; i++) await prompt.take();
    expect(seen).toEqual({ run: 1, forked: 15, freed: 0 });
    await prompt.take();
    expect(seen).toEqual({ run: 1, forked: 16, freed: 1 });
  });

  it("is freed when those that never began were closed, and is not run where none began", async () => {
    const some = counted(3);
    await some.prompt.take();
    await some.prompt.leave();
    await some.prompt.leave();
    expect(some.seen).toEqual({ run: 1, forked: 1, freed: 1 });
    const none = counted(2);
    await none.prompt.leave();
    await none.prompt.leave();
    expect(none.seen).toEqual({ run: 0, forked: 0, freed: 0 });
  });

  it("is freed by an abort, once, whoever may still ask", async () => {
    const controller = new AbortController();
    const { seen, prompt } = counted(3, controller.signal);
    await prompt.take();
    controller.abort();
    await expect(prompt.take()).rejects.toMatchObject({ code: "ABORTED" });
    await expect(prompt.take()).rejects.toMatchObject({ code: "ABORTED" });
    expect(seen).toEqual({ run: 1, forked: 1, freed: 1 });
    const before = counted(1, AbortSignal.abort());
    await expect(before.prompt.take()).rejects.toMatchObject({ code: "ABORTED" });
    expect(before.seen).toEqual({ run: 0, forked: 0, freed: 0 });
  });

  it("that fails fails for each, and holds nothing", async () => {
    const prompt = new SharedPrompt<AsyncDisposable>(
      2,
      async () => {
        throw new Error("too long");
      },
      async (held) => held,
    );
    await expect(prompt.take()).rejects.toThrow("too long");
    await expect(prompt.take()).rejects.toThrow("too long");
  });
});

describe("sampling", () => {
  const write = (seeds: (number | undefined)[]) =>
    async function* ({ seed }: GenerateOptions): AsyncGenerator<TokenRecord, GenerationEnd, void> {
      seeds.push(seed);
      yield { text: "x", logprob: -1 };
      return completeEnd("stop", 1, provenance);
    };

  it("gives each answer its seed, and begins none that nobody reads", async () => {
    const seeds: (number | undefined)[] = [];
    const answers = sampleWith({ n: 4, seed: 7 }, 128, write(seeds));
    expect(seeds).toEqual([]);
    await answers[2]!.next();
    await answers[0]!.next();
    expect(seeds).toEqual([9, 7]);
  });

  it.each([0, -1, 1.5, 10_000, Number.NaN, Number.POSITIVE_INFINITY])("refuses n of %d at once", (n) => {
    expect(() => sampleWith({ n }, 128, write([]))).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", where: "n" }),
    );
  });

  it("refuses seeds beyond the largest, and takes the largest", () => {
    expect(() => sampleWith({ n: 2, seed: 2 ** 32 - 1 }, 128, write([]))).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", where: "seed" }),
    );
    expect(sampleWith({ n: 1, seed: 2 ** 32 - 1 }, 128, write([]))).toHaveLength(1);
  });

  it("says once for each answer that it was closed before it began", async () => {
    let closed = 0;
    const answers = sampleWith({ n: 3 }, 128, write([]), async () => void closed++);
    await answers[0]!.next();
    await answers[0]!.return?.();
    await answers[1]!.return?.();
    await answers[1]!.return?.();
    expect(closed).toBe(1);
    expect((await answers[1]!.next()).done).toBe(true);
  });
});

describe("answers of a table", () => {
  const open = () => TableModel.bytes();

  it("are aborted before, while and after they are written", async () => {
    const model = open();
    const options = { n: 2, maxTokens: 5 };
    for (const answer of model.sample("a", { ...options, signal: AbortSignal.abort() }))
      await expect(answer.next()).rejects.toMatchObject({ code: "ABORTED" });
    const controller = new AbortController();
    const [first, second] = model.sample("a", { ...options, signal: controller.signal });
    await first!.next();
    controller.abort();
    await expect(first!.next()).rejects.toMatchObject({ code: "ABORTED" });
    await expect(second!.next()).rejects.toMatchObject({ code: "ABORTED" });
    expect([first!.end, second!.end]).toEqual([null, null]);
    const late = new AbortController();
    const [done] = model.sample("a", { ...options, signal: late.signal });
    for await (const _ of done!);
    late.abort();
    expect(done!.end?.tokens).toBe(5);
  });

  it("fail where their model is disposed while they are open, and keep what they gave", async () => {
    const model = open();
    const [first, second] = model.sample("a", { n: 2, maxTokens: 50 });
    expect((await first!.next()).done).toBe(false);
    await model[Symbol.asyncDispose]();
    for (const answer of [first!, second!])
      await expect(answer.next()).rejects.toMatchObject({ code: "MODEL_DISPOSED" });
  });

  it("have one token where the prompt is as long as the context, with a prefill or without; none beyond", async () => {
    const { chain } = TableModel.twoState(0.3, 0.6);
    const transitions = [0, 1, 2].map((previous) => chain.prediction(previous).logprobs.map(Math.exp));
    const model = new TableModel({ symbols: ["a", "b", "<s>"], bos: 2, transitions, trainedContext: 4 });
    for (const [prompt, prefill] of [
      ["aba", ""],
      ["a", "ba"],
    ] as const) {
      const writing = model.generate(prompt, { prefill, maxTokens: 9 });
      const records: TokenRecord[] = [];
      for await (const record of writing) records.push(record);
      expect([records.length, writing.end?.finishReason]).toEqual([1, "length"]);
      expect(records[0]!.logprob).toBeCloseTo(Math.log(0.7), 6); // after the last a
    }
    for (const options of [{ prefill: "b" }, { prefill: "" }])
      await expect(
        model.generate(`aba${options.prefill}${options.prefill ? "" : "b"}`, options).next(),
      ).rejects.toMatchObject({
        code: "CONTEXT_EXCEEDED",
      });
  });
});

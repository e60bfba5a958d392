/** Answers out of a model whose every number is known. */
import { describe, expect, it } from "vitest";
import type { TokenRecord } from "../../core/index.ts";
import type { Generation, GenerationEnd, LanguageModel } from "../../models/index.ts";
import { TableModel } from "../../models/test/index.ts";
import {
  priceOfSampling,
  type SampledAnswer,
  SampleWatch,
  sampleAnswers,
  selfConsistency,
  sequenceEntropy,
} from "./index.ts";

/** Writes "a" or "b" with probabilities 0.75 and 0.25, and ends with 0.5 after each. */
const symbols = ["a", "b", "<s>", "</s>"];
const row = [0.375, 0.125, 0, 0.5];
const first = [0.75, 0.25, 0, 0];
const open = () => new TableModel({ symbols, bos: 2, eos: 3, transitions: [row, row, first, row] });

async function collect(answers: AsyncIterable<SampledAnswer>): Promise<SampledAnswer[]> {
  const all: SampledAnswer[] = [];
  for await (const answer of answers) all.push(answer);
  return all.sort((a, b) => a.index - b.index);
}

/** A model that gives these answers, each token by token, at the time it is told. */
function written(
  answers: readonly (readonly TokenRecord[] | Error)[],
  after: (index: number) => Promise<void> = async () => {},
): Pick<LanguageModel, "sample"> {
  return {
    sample: (_, { n, signal }) =>
      answers.slice(0, n).map((records, index): Generation => {
        let end: GenerationEnd | null = null;
        const tokens = (async function* () {
          await after(index);
          if (signal?.aborted) throw signal.reason;
          if (records instanceof Error) throw records;
          yield* records;
          end = { finishReason: "stop" } as GenerationEnd;
        })();
        return {
          [Symbol.asyncIterator]() {
            return this;
          },
          next: () => tokens.next(),
          get end() {
            return end;
          },
        };
      }),
  };
}

describe("sampleAnswers", () => {
  it("counts tokens, not records, and from the beginning where it is read again", async () => {
    const record = { text: "ab", logprob: -1, tokenCount: 2 };
    const answers = sampleAnswers(written([[record], new Error("no")]), "q", { n: 2 });
    for (let i = 0; i < 2; i++) {
      await collect(answers);
      expect([answers.arrived, answers.failures.length, answers.tokensWritten]).toEqual([1, 1, 2]);
    }
  });

  it("gives what the model gives, with the likelihood that the chain has", async () => {
    const answers = sampleAnswers(open(), "", { n: 30, seed: 5 });
    const all = await collect(answers);
    expect(all.map(({ index }) => index)).toEqual(Array.from({ length: 30 }, (_, i) => i));
    expect(new Set(all.map(({ text }) => text)).size).toBeGreaterThan(3);
    for (const { text, logprob, tokens, entropy, finishReason } of all) {
      expect(text).toMatch(/^[ab]+$/);
      expect(tokens).toBe(text.length);
      const p = [...text].map((symbol, i) => (symbol === "a" ? 0.75 : 0.25) * (i === 0 ? 1 : 0.5));
      expect(logprob).toBeCloseTo(Math.log(p.reduce((product, value) => product * value, 1)), 9);
      expect(entropy).not.toBeNull();
      expect(finishReason).toBe("stop");
    }
    expect(answers).toMatchObject({ requested: 30, arrived: 30, failures: [] });
    expect(answers.tokensWritten).toBe(all.reduce((sum, { tokens }) => sum + tokens, 0));
    const again = await collect(sampleAnswers(open(), "", { n: 30, seed: 5 }));
    expect(again).toEqual(all);
  });

  it("feeds estimators as they arrive", async () => {
    const watch = new SampleWatch([selfConsistency(), sequenceEntropy()]);
    for await (const answer of sampleAnswers(open(), "", { n: 8 })) await watch.observe(answer);
    expect(watch.count).toBe(8);
    for (const { uncertainty } of watch.estimates()) expect(uncertainty).toBeGreaterThan(0);
  });

  it("gives them in the order in which they end, and counts what failed", async () => {
    const gates = [30, 1, 10].map((ms) => ms);
    const model = written(
      [[{ text: "slow", logprob: -1 }], new Error("no more"), [{ text: "fast", logprob: -2 }]],
      (index) => new Promise((resolve) => setTimeout(resolve, gates[index])),
    );
    const answers = sampleAnswers(model, "", { n: 3 });
    const texts: string[] = [];
    for await (const { text } of answers) texts.push(text);
    expect(texts).toEqual(["fast", "slow"]);
    expect(answers.arrived).toBe(2);
    expect(answers.failures).toEqual([new Error("no more")]);
  });

  it("throws the first failure where none arrives", async () => {
    const answers = sampleAnswers(written([new Error("one"), new Error("two")]), "", { n: 2 });
    await expect(collect(answers)).rejects.toThrow("one");
    expect(answers.failures).toHaveLength(2);
  });

  it("leaves out what was thought, and says where numbers are missing or stand for several tokens", async () => {
    const bytes = new TextEncoder().encode("好");
    const [answer, gap, several] = await collect(
      sampleAnswers(
        written([
          [
            { text: "hm", logprob: -5, part: "reasoning" },
            { text: "\ufffd", bytes: bytes.slice(0, 1), logprob: -1, entropy: 1 },
            { text: "\ufffd", bytes: bytes.slice(1), logprob: -0.5, entropy: 2 },
          ],
          [
            { text: "a", logprob: -1, entropy: { low: 0, high: 1 } },
            { text: "b", logprob: null },
          ],
          [{ text: "ab", logprob: -1, tokenCount: 2 }],
        ]),
        "",
        { n: 3 },
      ),
    );
    expect(answer).toMatchObject({ text: "好", logprob: -1.5, tokens: 2, entropy: 1.5 });
    expect(gap).toMatchObject({ text: "ab", logprob: null, tokens: 2, entropy: null });
    expect(several).toMatchObject({ logprob: null, tokens: 2 });
  });

  it("stops the others when the loop is left, and when it is aborted", async () => {
    let stopped = 0;
    const waiting = (
      signalled: (signal: AbortSignal | undefined) => void,
    ): Pick<LanguageModel, "sample"> => ({
      sample: (prompt, options) => {
        signalled(options.signal);
        options.signal?.addEventListener("abort", () => stopped++);
        return written([[{ text: "x", logprob: -1 }], [{ text: "y", logprob: -1 }]], (index) =>
          index === 0
            ? Promise.resolve()
            : new Promise((resolve) => options.signal?.addEventListener("abort", () => resolve())),
        ).sample(prompt, options);
      },
    });
    for await (const { text } of sampleAnswers(
      waiting(() => {}),
      "",
      { n: 2 },
    )) {
      expect(text).toBe("x");
      break;
    }
    expect(stopped).toBe(1);
    const controller = new AbortController();
    const answers = sampleAnswers(
      waiting(() => {}),
      "",
      { n: 2, signal: controller.signal },
    );
    await expect(
      (async () => {
        for await (const _ of answers) controller.abort();
      })(),
    ).rejects.toMatchObject({ code: "ABORTED" });
    expect(answers.arrived).toBe(1);
    await expect(
      collect(sampleAnswers(open(), "", { n: 2, signal: AbortSignal.abort() })),
    ).rejects.toMatchObject({ code: "ABORTED" });
  });

  it("refuses too many, none, and temperature 0", () => {
    for (const options of [{ n: 0 }, { n: 129 }, { n: 1.5 }, { n: 2, temperature: 0 }])
      expect(() => sampleAnswers(open(), "", options)).toThrow(
        expect.objectContaining({ code: "INVALID_ARGUMENT" }),
      );
  });

  it("tells its price before", () => {
    expect(priceOfSampling({ n: 10, maxTokens: 64 }, 200)).toEqual({
      calls: 10,
      tokensWritten: 640,
      tokensRead: 2000,
    });
    expect(priceOfSampling({ n: 10 }, null)).toMatchObject({ tokensWritten: 2560, tokensRead: null });
  });
});

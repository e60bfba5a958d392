/** Every function of core/ that takes log-probabilities refuses what is none, and says which it was. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addPairedToken,
  addToken,
  bitsPerByte,
  bitsPerToken,
  blockBootstrap,
  emptyPairedSums,
  emptySums,
  entropy,
  entropyInterval,
  geometricMeanProbability,
  jensenShannonInterval,
  klDivergence,
  klDivergenceInterval,
  negativeLogLikelihood,
  PerplexityMeter,
  perplexity,
  perplexityPerUnit,
  sumTokens,
} from "./index.ts";

/** What a program without types may give in place of ln p. */
type Given = readonly unknown[];
const asLogprobs = (list: Given) => list as readonly number[];
const asTop = (list: Given) => new Map(asLogprobs(list).map((logprob, i) => [i, logprob]));

const LISTS: readonly [name: string, read: (list: Given) => unknown][] = [
  ["perplexity", (list) => perplexity(asLogprobs(list))],
  ["negativeLogLikelihood", (list) => negativeLogLikelihood(asLogprobs(list))],
  ["bitsPerToken", (list) => bitsPerToken(asLogprobs(list))],
  ["geometricMeanProbability", (list) => geometricMeanProbability(asLogprobs(list))],
  ["blockBootstrap", (list) => blockBootstrap(asLogprobs(list))],
  [
    "addToken",
    (list) => {
      const sums = emptySums();
      for (const logprob of asLogprobs(list)) addToken(sums, logprob);
    },
  ],
  [
    "addPairedToken",
    (list) => {
      const sums = emptyPairedSums();
      for (const logprob of asLogprobs(list)) {
        addPairedToken(sums, { baseLogprob: -1, logprob, divergence: 0, sameTop: true });
        addPairedToken(sums, { baseLogprob: logprob, logprob: -1, divergence: 0, sameTop: true });
      }
    },
  ],
  ["entropyInterval", (list) => entropyInterval(asLogprobs(list), null)],
  ["klDivergenceInterval", (list) => klDivergenceInterval(asTop(list), asTop([-1]), null)],
  ["jensenShannonInterval", (list) => jensenShannonInterval(asTop([-1]), asTop(list))],
  [
    "PerplexityMeter",
    (list) => {
      const meter = new PerplexityMeter();
      for (const logprob of asLogprobs(list)) meter.push({ text: "x", logprob });
    },
  ],
];

/** ln p of tokens that are together no more than one distribution, with some missing. */
const logprobs = fc.array(fc.oneof(fc.double({ max: -4, noNaN: true }), fc.constant(null)), {
  maxLength: 20,
});
const noLogprobs = fc.oneof(
  fc.double({ min: 0.01, noNaN: true }),
  fc.string(),
  fc.constantFrom<unknown>("-1", true, {}, [], -1n, () => -1),
);

const INVALID = expect.objectContaining({ code: "INVALID_ARGUMENT" });

describe.each(LISTS)("%s", (_, read) => {
  it("takes every log-probability, and what stands for a missing one", () => {
    fc.assert(fc.property(logprobs, (list) => void read(list)));
    for (const missing of [null, undefined, Number.NaN])
      expect(() => read([-4, missing, -Infinity])).not.toThrow();
    expect(() => read([0.5e-3])).not.toThrow();
  });

  it("refuses anything else, wherever it stands", () => {
    fc.assert(
      fc.property(logprobs, noLogprobs, fc.nat(20), (list, wrong, place) => {
        expect(() => read(list.toSpliced(place, 0, wrong as number))).toThrow(INVALID);
      }),
    );
    expect(() => read([-1, 0.5])).toThrow(/^0.5 is no log-probability/);
    expect(() => read([-1, "a"])).toThrow(/^"a" is no log-probability/);
  });
});

describe("what is no log-probability", () => {
  it("leaves the sums as they were", () => {
    const sums = emptySums();
    addToken(sums, -1);
    const before = { ...sums };
    expect(() => addToken(sums, 0.5)).toThrow("logprob of token 1");
    expect(sums).toEqual(before);
  });

  it("by rounding alone is 0", () => {
    expect(perplexity([1e-7])).toBe(1);
    expect(negativeLogLikelihood([5e-4, -1])).toBe(0.5);
  });

  it("is refused in a table, in full distributions, and in their sums", () => {
    const table = { length: 1, byteOffsets: Uint32Array.of(0, 1), logprobs: Float64Array.of(0.5) };
    expect(() => sumTokens(table, new Uint8Array(1))).toThrow(INVALID);
    expect(() => entropy([0.5], "logprobs")).toThrow(INVALID);
    expect(() => entropy(["0.5", 0.5] as unknown as number[])).toThrow(INVALID);
    expect(() => klDivergence([0], ["0"] as unknown as number[], "logprobs")).toThrow(INVALID);
    for (const read of [bitsPerByte, perplexityPerUnit]) {
      expect(() => read(-1, 5)).toThrow(INVALID);
      expect(() => read("1" as unknown as number, 5)).toThrow(INVALID);
      expect(read(0, 5)).not.toBeNull();
    }
  });

  it("is refused where no list is given", () => {
    for (const wrong of [undefined, null, 5, {}])
      expect(() => perplexity(wrong as unknown as number[])).toThrow(INVALID);
  });
});

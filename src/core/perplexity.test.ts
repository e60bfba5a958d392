import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addToken,
  bitsPerByte,
  bitsPerToken,
  emptySums,
  geometricMeanProbability,
  meanPerplexity,
  measures,
  mergeSums,
  negativeLogLikelihood,
  perplexity,
  perplexityPerUnit,
  type ScoreSums,
  sumTokens,
} from "./perplexity.ts";
import { emptyTable } from "./table.ts";
import { originalTextSize } from "./text.ts";
import type { TokenTable } from "./token.ts";

const logprob = fc.double({ min: -30, max: 0, noNaN: true });
const logprobs = fc.array(logprob, { minLength: 1, maxLength: 60 });

/** A text cut into tokens anywhere, some without a number. */
const scoredTexts = fc
  .tuple(
    fc.string({ unit: fc.constantFrom(..."ab \n\u00a0é中😀"), minLength: 1, maxLength: 30 }),
    fc.array(fc.tuple(fc.nat(120), fc.option(logprob)), { minLength: 1, maxLength: 30 }),
  )
  .map(([string, cuts]) => {
    const text = new TextEncoder().encode(string);
    const offsets = [0, ...cuts.map(([cut]) => cut % (text.length + 1)).sort((a, b) => a - b), text.length];
    const table = emptyTable(new Int32Array(offsets.length - 1), Uint32Array.from(offsets), 0);
    for (const [i, [, value]] of cuts.entries()) if (value !== null) table.logprobs[i] = value;
    return { string, text, table };
  });

function expectClose(actual: ScoreSums, expected: ScoreSums): void {
  for (const name of Object.keys(expected) as (keyof ScoreSums)[])
    if (name.startsWith("totalNll")) expect(actual[name]).toBeCloseTo(expected[name], 8);
    else expect(actual[name]).toBe(expected[name]);
}

describe("perplexity", () => {
  it("is exp(NLL) = 2^H = 1 / the geometric mean of the probabilities", () => {
    fc.assert(
      fc.property(logprobs, (values) => {
        const mean = -values.reduce((sum, value) => sum + value, 0) / values.length;
        expect(negativeLogLikelihood(values)).toBeCloseTo(mean, 10);
        const ppl = perplexity(values)!;
        expect(ppl / Math.exp(mean)).toBeCloseTo(1, 10);
        expect(ppl / 2 ** bitsPerToken(values)!).toBeCloseTo(1, 10);
        expect(ppl * geometricMeanProbability(values)!).toBeCloseTo(1, 10);
      }),
    );
  });

  it("of uniform guessing among V tokens is V", () => {
    for (const V of [1, 2, 10, 49152, 262144])
      expect(perplexity(Array(1000).fill(-Math.log(V)))! / V).toBeCloseTo(1, 12);
  });

  it("does not depend on the order of the tokens", () => {
    fc.assert(
      fc.property(logprobs, fc.infiniteStream(fc.nat()), (values, order) => {
        const shuffled = values
          .map((value) => ({ value, key: order.next().value as number }))
          .sort((a, b) => a.key - b.key)
          .map(({ value }) => value);
        expect(perplexity(shuffled)! / perplexity(values)!).toBeCloseTo(1, 10);
      }),
    );
  });

  it("leaves missing numbers out instead of averaging them", () => {
    fc.assert(
      fc.property(logprobs, (values) => {
        const holes = values.flatMap((value) => [null, value, Number.NaN]);
        expect(perplexity(holes)).toBe(perplexity(values));
      }),
    );
  });

  it("is null for nothing, Infinity after a token of probability 0, 1 for certainty", () => {
    expect(perplexity([])).toBeNull();
    expect(perplexity([null, Number.NaN])).toBeNull();
    expect(perplexity([-1, -Infinity])).toBe(Infinity);
    expect(geometricMeanProbability([-1, -Infinity])).toBe(0);
    expect(bitsPerToken([-Infinity])).toBe(Infinity);
    expect(perplexity([0, 0])).toBe(1);
  });
});

describe("sumTokens", () => {
  it("gives every byte, word and character to the scored or to the unscored side", () => {
    // "ab| cd |é|f" with no number for the first and the third token
    const text = new TextEncoder().encode("ab cd éf");
    const table: TokenTable = emptyTable(new Int32Array(4), Uint32Array.of(0, 2, 6, 8, 9), 0);
    table.logprobs[1] = -2;
    table.logprobs[3] = -3;
    expect(sumTokens(table, text)).toEqual({
      tokens: 4,
      scored: 2,
      totalNll: 5,
      totalNllSquared: 13,
      bytes: 5,
      words: 1, // "cd"; "éf" begins in the third token
      characters: 5,
      unscoredBytes: 4,
      unscoredWords: 2,
      unscoredCharacters: 3,
    });
  });

  it("of parts merge into those of the whole", () => {
    fc.assert(
      fc.property(scoredTexts, fc.nat(), fc.nat(), ({ text, table }, a, b) => {
        const [i, j] = [a % (table.length + 1), b % (table.length + 1)].sort((x, y) => x - y) as [
          number,
          number,
        ];
        const parts = [
          { start: 0, end: i },
          { start: i, end: j },
          { start: j, end: table.length },
        ].map((range) => sumTokens(table, text, range));
        expectClose(mergeSums(...parts), sumTokens(table, text));
        expectClose(mergeSums(parts[2]!, mergeSums(parts[1]!, parts[0]!)), sumTokens(table, text));
      }),
    );
  });

  it("accounts for the whole text", () => {
    fc.assert(
      fc.property(scoredTexts, ({ string, text, table }) => {
        const sums = sumTokens(table, text);
        expect(sums.bytes + sums.unscoredBytes).toBe(text.length);
        expect(sums.characters + sums.unscoredCharacters).toBe([...string].length);
        expect(sums.words + sums.unscoredWords).toBe(string.match(/\P{White_Space}+/gu)?.length ?? 0);
        expect(sums.tokens).toBe(table.length);
      }),
    );
  });

  it("merges nothing into nothing", () => {
    expect(mergeSums()).toEqual(emptySums());
  });
});

describe("measures", () => {
  it("divides by tokens, words, bytes and characters", () => {
    const sums = emptySums();
    addToken(sums, null, { bytes: 7, words: 1, characters: 7 });
    addToken(sums, -Math.log(8), { bytes: 4, words: 1, characters: 2 });
    addToken(sums, -Math.log(32), { bytes: 4, words: 0, characters: 2 });
    const result = measures(sums); // 8 bits in 2 tokens, 1 word, 8 bytes, 4 characters
    expect(result.unscored).toEqual({ tokens: 1, bytes: 7, words: 1, characters: 7 });
    expect(result.tokens).toBe(3);
    expect(result.scored).toBe(2);
    expect(result.nll).toBeCloseTo(4 * Math.LN2, 12);
    expect(result.bitsPerToken).toBeCloseTo(4, 12);
    expect(result.bitsPerByte).toBeCloseTo(1, 12);
    expect(result.bitsPerCharacter).toBeCloseTo(2, 12);
    expect(result.perplexity).toBeCloseTo(16, 10);
    expect(result.wordPerplexity).toBeCloseTo(256, 9);
    expect(result.bytePerplexity).toBeCloseTo(2, 12);
    expect(result.characterPerplexity).toBeCloseTo(4, 12);
    expect(result.geometricMeanProbability).toBeCloseTo(1 / 16, 12);
    expect(bitsPerByte(sums.totalNll, 8)).toBe(result.bitsPerByte);
    expect(perplexityPerUnit(sums.totalNll, 1)).toBe(result.wordPerplexity);
  });

  it("counts in the original text where the recipe says so (lm-eval)", () => {
    const sums = emptySums();
    addToken(sums, -12 * Math.LN2, { bytes: 3, words: 2, characters: 3 });
    const result = measures(sums, originalTextSize(" a b\n")); // pieces "", "a", "b", ""; 5 bytes
    expect(result.wordPerplexity).toBeCloseTo(2 ** (12 / 4), 12);
    expect(result.bitsPerByte).toBeCloseTo(12 / 5, 12);
    expect(result.bitsPerToken).toBeCloseTo(12, 12);
  });

  it("is null where there is nothing to divide by", () => {
    const nothing = measures(emptySums(), { bytes: 5, words: 1, characters: 5 });
    const { tokens: _tokens, scored: _scored, unscored: _unscored, ...numbers } = nothing;
    expect(Object.values(numbers)).toEqual(Array(9).fill(null));
    const space = emptySums();
    addToken(space, -1, { bytes: 1, words: 0, characters: 1 });
    expect(measures(space).wordPerplexity).toBeNull();
    expect(measures(space).bytePerplexity).toBeCloseTo(Math.E, 12);
    expect(bitsPerByte(1, 0)).toBeNull();
  });
});

describe("meanPerplexity", () => {
  it("is the arithmetic mean over texts that have one", () => {
    expect(meanPerplexity([2, null, 4])).toBe(3);
    expect(meanPerplexity([null])).toBeNull();
    expect(meanPerplexity([])).toBeNull();
  });
});

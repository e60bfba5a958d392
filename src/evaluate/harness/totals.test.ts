import { describe, expect, it } from "vitest";
import { addToken, emptySums, RECIPES, type ResolvedRecipe, type TextSize } from "../../core/index.ts";
import type { DocumentEntry } from "../runs/journal.ts";
import { documentError, totalsOf } from "./totals.ts";

const OURS = { ...RECIPES.cached } as unknown as ResolvedRecipe;
const LM_EVAL = { ...RECIPES["lm-eval"] } as unknown as ResolvedRecipe;
const LLAMA = { ...RECIPES["llama.cpp"] } as unknown as ResolvedRecipe;

/** A document of tokens of 4 bytes, one word each. */
function entry(
  logprobs: readonly (number | null)[],
  recipe: ResolvedRecipe,
  size: TextSize = { bytes: 4 * logprobs.length, words: logprobs.length, characters: 4 * logprobs.length },
): DocumentEntry {
  const sums = emptySums();
  for (const logprob of logprobs) addToken(sums, logprob, { bytes: 4, words: 1, characters: 4 });
  const columns = Float64Array.from(logprobs, (logprob) => logprob ?? Number.NaN);
  return {
    type: "document",
    modelIndex: 0,
    corpusIndex: 0,
    documentIndex: 0,
    document: "d",
    sha256: "",
    log: null,
    sums,
    size,
    tokensRun: logprobs.length,
    ...documentError(columns, sums, recipe, true),
  };
}

const A = [-1, -2, -0.5, -3, -0.1, -4, -1, -2];
const B = [-2, -1, -1.5];

describe("totalsOf", () => {
  it("leaves missing log-probabilities out of sums and denominators", () => {
    const totals = totalsOf([entry([null, ...A, null], OURS), entry(B, OURS)], OURS);
    const nll = -[...A, ...B].reduce((sum, x) => sum + x, 0);
    expect(totals).toMatchObject({ tokens: 13, scored: 11, documents: 2, skipped: 0 });
    expect(totals.perplexity).toBeCloseTo(Math.exp(nll / 11), 12);
    expect(totals.bitsPerByte).toBeCloseTo(nll / 44 / Math.LN2, 12);
  });

  it("counts what has no number at all as skipped, not as 0", () => {
    const nothing = { ...entry([null, null], OURS) };
    const totals = totalsOf([nothing, { ...nothing, sums: null }], OURS);
    expect(totals).toMatchObject({
      documents: 0,
      skipped: 2,
      perplexity: null,
      nll: null,
      standardError: null,
    });
    expect(totals).toMatchObject({ bitsPerByteStandardError: null, interval: null, meanPerplexity: null });
  });

  it.each([1, 2])(
    "is infinite, without an error, when one of %i documents has a token of probability 0",
    (n) => {
      const documents = [entry([-1, Number.NEGATIVE_INFINITY, -2], OURS), entry(A, OURS)].slice(0, n);
      const totals = totalsOf(documents, OURS);
      for (const name of ["perplexity", "nll", "bitsPerByte", "meanPerplexity"] as const)
        expect(totals[name]).toBe(Number.POSITIVE_INFINITY);
      expect(totals).toMatchObject({ standardError: null, interval: null, bitsPerByteStandardError: null });
    },
  );

  it("of the denominator `original` divides by the original's words and bytes", () => {
    const size = { bytes: 50, words: 9, characters: 48 };
    const nll = -[...A, ...B].reduce((sum, x) => sum + x, 0);
    const totals = totalsOf([entry(A, LM_EVAL, size), entry(B, LM_EVAL, size)], LM_EVAL);
    expect(totals.wordPerplexity).toBeCloseTo(Math.exp(nll / 18), 12);
    expect(totals.bytePerplexity).toBeCloseTo(Math.exp(nll / 100), 12);
    const scored = totalsOf([entry(A, OURS, size), entry(B, OURS, size)], OURS);
    expect(scored.wordPerplexity).toBeCloseTo(Math.exp(nll / 11), 12);
  });

  it.each([
    ["ours", OURS, 32],
    ["lm-eval", LM_EVAL, 64],
    ["llama.cpp", LLAMA, 32],
  ] as const)("has one error in two units: %s, one document", (_, recipe, bytes) => {
    const size = { bytes: 64, words: 8, characters: 64 };
    const { perplexity, standardError, bitsPerByteStandardError } = totalsOf(
      [entry(A, recipe, size)],
      recipe,
    );
    // ± of NLL / tokens is standardError / PPL nats; of NLL / bytes in bits, that · tokens / bytes / ln 2
    expect(bitsPerByteStandardError).toBeCloseTo(((standardError! / perplexity!) * 8) / bytes / Math.LN2, 12);
  });

  it("has the perplexity inside its interval", () => {
    for (const documents of [[A], [A, B], [A, B, A.slice(2), B.slice(1)]]) {
      const { interval, perplexity, standardError } = totalsOf(
        documents.map((each) => entry(each, OURS)),
        OURS,
      );
      expect(interval![0]).toBeLessThanOrEqual(perplexity!);
      expect(interval![1]).toBeGreaterThanOrEqual(perplexity!);
      expect(standardError).toBeGreaterThan(0);
    }
  });

  it.each([1, 2])("has no error where exp overflows: %i documents", (documents) => {
    const far = entry(Array(8).fill(-800), OURS);
    const { perplexity, standardError, bitsPerByteStandardError } = totalsOf(
      Array(documents).fill(far),
      OURS,
    );
    expect([perplexity, standardError]).toEqual([Number.POSITIVE_INFINITY, null]);
    expect(bitsPerByteStandardError).not.toBeNaN();
  });
});

/** From what was done, document by document, to the numbers of a model over a corpus. */
import {
  blockBootstrap,
  documentBootstrap,
  emptySums,
  meanPerplexity,
  measures,
  mergeSums,
  perplexityStandardError,
  type ResolvedRecipe,
  type ScoreSums,
  type TextSize,
} from "../../core/index.ts";
import type { DocumentEntry, PerplexityError, RunResult } from "../runs/index.ts";

type DocumentError = Pick<DocumentEntry, "standardError" | "interval">;

/** Of a document among others: enough for its ±, and a fifth of the time, which counts where documents are short. */
const RESAMPLES_AMONG_OTHERS = 200;

/**
 * ± of one document's perplexity: over blocks of its tokens, or by llama.cpp's formula where the recipe is theirs.
 * @param logprobs [n] ln p, nats; NaN = missing.
 * @param alone whether it is the whole corpus.
 */
export function documentError(
  logprobs: Float64Array,
  sums: ScoreSums,
  { standardErrorMethod }: ResolvedRecipe,
  alone: boolean,
): DocumentError {
  if (standardErrorMethod === "llama.cpp")
    return { standardError: perplexityStandardError(sums), interval: null };
  const bootstrap = blockBootstrap(logprobs, alone ? {} : { resamples: RESAMPLES_AMONG_OTHERS });
  return {
    standardError: bootstrap?.standardError ?? null,
    interval: bootstrap && [bootstrap.low, bootstrap.high],
  };
}

/**
 * The numbers of a corpus.
 * @param entries its documents in order; sums are added up in this order, so that the digits are always the same.
 */
export function totalsOf(
  entries: readonly DocumentEntry[],
  recipe: ResolvedRecipe,
): Omit<RunResult, "modelIndex" | "corpusIndex" | "timing"> {
  const scored = entries.filter((entry) => entry.sums !== null && entry.sums.scored > 0);
  const each = scored.map(({ sums }) => sums!);
  const sums = each.reduce((whole, part) => mergeSums(whole, part), emptySums());
  const size = recipe.denominator === "original" ? totalSize(scored) : sums;
  const numbers = measures(sums, size);
  return {
    ...numbers,
    ...totalError(scored, sums, size, recipe),
    documents: scored.length,
    skipped: entries.length - scored.length,
    meanPerplexity: meanPerplexity(each.map((part) => measures(part).perplexity)),
  };
}

function totalSize(entries: readonly DocumentEntry[]): TextSize {
  const size = { bytes: 0, words: 0, characters: 0 };
  for (const entry of entries)
    for (const unit of Object.keys(size) as (keyof TextSize)[]) size[unit] += entry.size[unit];
  return size;
}

function totalError(
  entries: readonly DocumentEntry[],
  sums: ScoreSums,
  size: TextSize,
  recipe: ResolvedRecipe,
): PerplexityError & Pick<RunResult, "bitsPerByteStandardError"> {
  const { standardErrorMethod } = recipe;
  const { perplexity } = measures(sums);
  const isBounded = perplexity !== null && Number.isFinite(perplexity);
  if (standardErrorMethod === "llama.cpp" || entries.length < 2) {
    const { standardError = null, interval = null } =
      entries.length === 1 ? entries[0]! : { standardError: perplexityStandardError(sums) };
    const perToken = standardError === null || !isBounded ? null : standardError / perplexity; // nats
    const bitsPerByteStandardError =
      perToken === null ? null : (perToken * sums.scored) / size.bytes / Math.LN2;
    return { standardError, interval, standardErrorMethod, bitsPerByteStandardError };
  }
  const nll = entries.map((entry) => entry.sums!.totalNll);
  const perToken = documentBootstrap(
    nll,
    entries.map((entry) => entry.sums!.scored),
  );
  const perByte = documentBootstrap(
    nll,
    entries.map((entry) => (recipe.denominator === "original" ? entry.size.bytes : entry.sums!.bytes)),
  );
  return {
    standardError: perToken && isBounded ? perToken.standardError * perplexity : null,
    interval: perToken && [Math.exp(perToken.low), Math.exp(perToken.high)],
    standardErrorMethod: "document-bootstrap",
    bitsPerByteStandardError: perByte && perByte.standardError / Math.LN2,
  };
}

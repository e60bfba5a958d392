/**
 * Baselines: numbers that know nothing of truth. Where a data set's labels leak, they find its wrong answers as well as any
 * method does, so every table should have them. Both are uncertainties: higher = more suspicious.
 */
import { words } from "../samples/index.ts";

/** Words of an answer, 0 ... ∞, in any script: made-up answers of some sets are simply longer. */
export function wordCount(answer: string): number {
  return words(answer).length;
}

/**
 * Share of the answer's words that stand nowhere in the documents, 0 ... 1, each word as often as it stands in the answer.
 * @returns `null` for an answer without words, and without documents.
 */
export function contextOverlap(answer: string, documents: readonly string[]): number | null {
  const own = words(answer);
  if (own.length === 0 || documents.length === 0) return null;
  const known = new Set(documents.flatMap((document) => words(document)));
  return own.filter((word) => !known.has(word)).length / own.length;
}

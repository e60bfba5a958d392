/** From numbers of tokens to numbers of words. Internal to this folder. */
import type { TokenTable } from "../../core/index.ts";
import type { BoundaryRule } from "./boundaries.ts";
import type { ScoredWord, WordScore } from "./score-words.ts";
import type { WordSpan } from "./segment.ts";

/** Scored tokens, and where they lie. */
export interface PlacedTokens {
  table: TokenTable;
  /** The first token of what is scored, behind a context and BOS. */
  first: number;
  /** [n+1] bytes at which the n tokens from there begin, and the end. */
  offsets: ArrayLike<number>;
  /** Bytes there in front of the text: white space that joins it with its context. */
  lead: number;
  /** Nothing of a context stands in front. */
  opens: boolean;
  /** [tokens+1] ln p of a boundary at each place, that behind the last token among them; NaN = missing. `null`: not asked for. */
  lnBoundary: Float64Array | null;
  rule: BoundaryRule;
}

/** Sums the tokens of each word and puts its boundaries right. `shared`: words that share a token with another. */
export function numbersOf(
  spans: readonly WordSpan[],
  placed: PlacedTokens,
): Pick<WordScore, "words" | "rest"> & { shared: number } {
  const { table, first, offsets, lead, opens, lnBoundary, rule } = placed;
  const n = offsets.length - 1;
  const isShared = new Array<boolean>(spans.length).fill(false);
  const sum = (from: number, to: number): number | null => {
    let total = 0;
    for (let i = from; i < to; i++) total -= table.logprobs[first + i]!;
    return Number.isNaN(total) ? null : total + 0;
  };
  let firstScored = 0;
  while (firstScored < n && Number.isNaN(table.logprobs[first + firstScored]!)) firstScored++;

  const words: ScoredWord[] = [];
  let at = 0; // the first token of the next word, white space in front of it included
  let ended = false; // the token before reaches beyond its word: it holds the boundary
  for (const [index, { word, byteStart, byteEnd, start, end }] of spans.entries()) {
    const from = at;
    while (at < n && offsets[at]! < lead + byteEnd) at++;
    const next = spans[index + 1];
    if (next && offsets[at]! > lead + next.byteStart) isShared[index] = isShared[index + 1] = true;
    const follows = offsets[at]! > lead + byteEnd;

    let before: number | null = null;
    let after: number | null = null;
    if (lnBoundary) {
      const glued = index === 0 && !opens && lead + byteStart === 0;
      const undivided = ended || glued || (rule === "minicons" && from === firstScored);
      before = undivided ? 0 : numberOrNull(lnBoundary[first + from]!);
      after = follows ? 0 : numberOrNull(lnBoundary[first + at]!);
    }
    const surprisal = at > from && !isShared[index] ? sum(from, at) : null;
    const isKnown = surprisal !== null && before !== null && after !== null;
    words.push({
      word,
      wordIndex: index,
      start,
      end,
      characters: end - start,
      tokens: at - from,
      surprisalSum: surprisal,
      surprisalCorrected: isKnown ? correctedOf(surprisal, before!, after!) : null,
      entropy: surprisal === null ? null : numberOrNull(table.entropies[first + from]!),
      boundaryBefore: surprisal === null ? null : before,
      boundaryAfter: surprisal === null ? null : after,
    });
    ended = follows;
  }
  return {
    words,
    rest: { tokens: n - at, surprisalSum: sum(at, n) },
    shared: isShared.filter(Boolean).length,
  };
}

/** A word of probability 0 stays one: its boundary behind it may have been impossible too. */
function correctedOf(surprisal: number, before: number, after: number): number | null {
  if (surprisal === Number.POSITIVE_INFINITY || after === Number.NEGATIVE_INFINITY)
    return Number.POSITIVE_INFINITY;
  return numberOrNull(surprisal + before - after);
}

const numberOrNull = (value: number): number | null => (Number.isNaN(value) ? null : value);

/** The course of an answer's log-probabilities in a fixed number of numbers, however long it is. */
import { type EntropyInterval, quantileOf, type TokenRecord } from "../../core/index.ts";

/** Numbers of each token, in the order of the answer; NaN = the source did not say. */
export interface SeriesColumns {
  /** -ln p of the token, nats. */
  surprisal: number[];
  /** Entropy of the distribution that it was drawn from, nats; of a top k the least that it can be. */
  entropy: number[];
  /** ln p of the best token less ln p of the second, nats. */
  margin: number[];
  /** ln p of the best token less ln p of this one, nats; 0 where it is the best. */
  gap: number[];
  /** Mean of -ln p over the most probable tokens, as many as there are, nats. */
  tail: number[];
}

/** One column of numbers. */
export type SeriesChannel = keyof SeriesColumns;
/** All columns. */
export const SERIES_CHANNELS: readonly SeriesChannel[] = ["surprisal", "entropy", "margin", "gap", "tail"];

/** A token of probability 0 counts as this surprising: no number that is fitted to can be infinite. */
const MOST_SURPRISING = 100;
/** The most probable tokens that `tail` is the mean of; HALT has 20. */
const MOST_ALTERNATIVES = 20;

/** The columns, empty. */
export const emptySeries = (): SeriesColumns => ({
  surprisal: [],
  entropy: [],
  margin: [],
  gap: [],
  tail: [],
});

/** Adds a token; those of other parts than the answer are passed over. @returns whether it was added. */
export function addToSeries(columns: SeriesColumns, token: TokenRecord): boolean {
  if ((token.part ?? "answer") !== "answer" || (token.tokenCount ?? 1) < 1) return false;
  const { logprob } = token;
  const surprisal = isNumber(logprob) ? Math.min(MOST_SURPRISING, Math.max(0, -logprob)) : Number.NaN;
  const known = (token.alternatives ?? []).flatMap(({ logprob: each }) =>
    isNumber(each) ? Math.max(-MOST_SURPRISING, each) : [],
  );
  const best = known.toSorted((a, b) => b - a).slice(0, MOST_ALTERNATIVES);
  // A record that stands for several tokens says nothing of the distribution of one.
  const isOne = (token.tokenCount ?? 1) === 1;
  columns.surprisal.push(isOne ? surprisal : Number.NaN);
  columns.entropy.push(isOne ? leastEntropy(token.entropy) : Number.NaN);
  columns.margin.push(isOne && best.length > 1 ? best[0]! - best[1]! : Number.NaN);
  columns.gap.push(isOne ? gapOf(token.rank, surprisal, best[0]) : Number.NaN);
  columns.tail.push(
    isOne && best.length > 1 ? -best.reduce((sum, each) => sum + each, 0) / best.length : Number.NaN,
  );
  return true;
}

/** ln p is a number, or -Infinity. */
const isNumber = (value: number | null | undefined): value is number =>
  typeof value === "number" && !Number.isNaN(value);

function leastEntropy(entropy: number | EntropyInterval | null | undefined): number {
  const least = typeof entropy === "object" ? entropy?.low : entropy;
  return isNumber(least) && Number.isFinite(least) ? least : Number.NaN;
}

function gapOf(rank: number | undefined, surprisal: number, best: number | undefined): number {
  if (rank === 1) return 0;
  return best === undefined ? Number.NaN : Math.max(0, best + surprisal);
}

/** More surprising than this, nats: half of the probability is elsewhere. */
const SURPRISED = Math.LN2;
/** Share of the most extreme tokens whose mean is a number of its own: HALT's pooling. */
const TOP_SHARE = 0.15;

/**
 * Names of the numbers: of each channel "mean", "deviation", "low", "middle", "high" (quantiles 0.1, 0.5, 0.9), "most", "top"
 * (mean of the top 15 %), "first", "last", "begin" and "end" (means of the first and last quarter), "slope" (change over the whole
 * answer, by least squares), "correlation" (of neighbours), "step" (mean |change|); of the series "first-choices" (share of tokens
 * that were the best), "run" (longest run of surprising tokens, as share).
 *
 * `null` where it cannot be said: nothing is known in that channel, or too few tokens.
 */
export function summarise(
  columns: SeriesColumns,
  withLength: boolean = false,
): Record<string, number | null> {
  const found: Record<string, number | null> = {};
  for (const channel of SERIES_CHANNELS)
    for (const [name, value] of Object.entries(summaryOf(columns[channel])))
      found[`${channel}-${name}`] = value;
  const gaps = columns.gap.filter(isNumber);
  found["first-choices"] = gaps.length > 0 ? gaps.filter((gap) => gap === 0).length / gaps.length : null;
  found.run = longestRun(columns.surprisal);
  if (withLength)
    found["ln-tokens"] = columns.surprisal.length > 0 ? Math.log(columns.surprisal.length) : null;
  return found;
}

function summaryOf(column: readonly number[]): Record<string, number | null> {
  const known = column.filter(isNumber);
  const n = known.length;
  const sorted = Float64Array.from(known).sort();
  const mean = meanOf(known);
  const quarter = Math.ceil(n / 4);
  const squares = known.reduce((sum, value) => sum + (value - (mean ?? 0)) ** 2, 0);
  const steps = pairsOf(column).map(([a, b]) => Math.abs(b - a));
  return {
    mean,
    deviation: n > 1 ? Math.sqrt(squares / (n - 1)) : null,
    low: n > 0 ? quantileOf(sorted, 0.1) : null,
    middle: n > 0 ? quantileOf(sorted, 0.5) : null,
    high: n > 0 ? quantileOf(sorted, 0.9) : null,
    most: n > 0 ? sorted[n - 1]! : null,
    top: meanOf(Array.from(sorted.subarray(n - Math.ceil(TOP_SHARE * n)))),
    first: isNumber(column[0]) ? column[0] : null,
    last: isNumber(column.at(-1)) ? column.at(-1)! : null,
    begin: meanOf(known.slice(0, quarter)),
    end: meanOf(known.slice(n - quarter)),
    slope: slopeOf(column),
    correlation: correlationOf(column),
    step: meanOf(steps),
  };
}

const meanOf = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;

/** Neighbours that are both known. */
function pairsOf(column: readonly number[]): [number, number][] {
  const pairs: [number, number][] = [];
  for (let i = 1; i < column.length; i++)
    if (isNumber(column[i - 1]) && isNumber(column[i])) pairs.push([column[i - 1]!, column[i]!]);
  return pairs;
}

/** Change from the first to the last place by least squares; `null` for fewer than 3 known ones. */
function slopeOf(column: readonly number[]): number | null {
  const places = column.flatMap((value, i) => (isNumber(value) ? i : []));
  if (places.length < 3) return null;
  const middle = meanOf(places)!;
  const mean = meanOf(places.map((i) => column[i]!))!;
  let [cross, square] = [0, 0];
  for (const i of places) {
    cross += (i - middle) * (column[i]! - mean);
    square += (i - middle) ** 2;
  }
  return (cross / square) * (column.length - 1);
}

/** Pearson's of neighbours; `null` for fewer than 3 pairs; 0 where nothing varies. */
function correlationOf(column: readonly number[]): number | null {
  const pairs = pairsOf(column);
  if (pairs.length < 3) return null;
  const [meanA, meanB] = [meanOf(pairs.map(([a]) => a))!, meanOf(pairs.map(([, b]) => b))!];
  let [cross, squareA, squareB] = [0, 0, 0];
  for (const [a, b] of pairs) {
    cross += (a - meanA) * (b - meanB);
    squareA += (a - meanA) ** 2;
    squareB += (b - meanB) ** 2;
  }
  const size = Math.sqrt(squareA) * Math.sqrt(squareB);
  return size > 1e-12 ? cross / size : 0;
}

/** Share of the answer in its longest run of surprising tokens; an unknown one ends a run. */
function longestRun(surprisals: readonly number[]): number | null {
  const known = surprisals.filter(isNumber).length;
  if (known === 0) return null;
  let [longest, run] = [0, 0];
  for (const surprisal of surprisals) {
    run = surprisal > SURPRISED ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  return longest / known;
}

/** The course of an answer's log-probabilities in a fixed number of numbers, however long it is. */
import { type EntropyInterval, quantileOf, standardDeviation, type TokenRecord } from "../../core/index.ts";

/** Places among the most probable tokens whose surprisal is a column of its own, as far as the source gives them. */
const PLACES = [1, 2, 5, 10, 20] as const;

/** One column of numbers. */
export type SeriesChannel =
  | "surprisal"
  | "entropy"
  | "margin"
  | "gap"
  | "tail"
  | `place-${(typeof PLACES)[number]}`;

/**
 * All columns: "surprisal", -ln p of the token; "entropy" of the distribution that it was drawn from (of a top k the least that it
 * can be); "margin", ln p of the best token less that of the second; "gap", ln p of the best token less that of this one; "tail",
 * mean of -ln p over up to 20 most probable tokens; "place-k", -ln p of the k-th best token. Nats.
 */
export const SERIES_CHANNELS: readonly SeriesChannel[] = [
  ...(["surprisal", "entropy", "margin", "gap", "tail"] as const),
  ...PLACES.map((place) => `place-${place}` as const),
];

/** Numbers of each token, in the order of the answer; NaN = the source did not say. */
export type SeriesColumns = Record<SeriesChannel, number[]>;

/** A token of probability 0 counts as this surprising: no number that is fitted to can be infinite. */
const MOST_SURPRISING = 100;
/** The most probable tokens that `tail` is the mean of; HALT has 20. */
const MOST_ALTERNATIVES = 20;

/** The columns, empty. */
export const emptySeries = (): SeriesColumns => ({
  ...{ surprisal: [], entropy: [], margin: [], gap: [], tail: [] },
  ...{ "place-1": [], "place-2": [], "place-5": [], "place-10": [], "place-20": [] },
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
  const mean = best.reduce((sum, each) => sum + each, 0) / best.length;
  // A record that stands for several tokens says nothing of the distribution of one.
  const add = (channel: SeriesChannel, value: number) =>
    columns[channel].push((token.tokenCount ?? 1) === 1 ? value : Number.NaN);
  add("surprisal", surprisal);
  add("entropy", leastEntropy(token.entropy));
  add("margin", best.length > 1 ? best[0]! - best[1]! : Number.NaN);
  add("gap", gapOf(token.rank, surprisal, best[0]));
  add("tail", best.length > 1 ? -mean : Number.NaN);
  for (const place of PLACES)
    add(`place-${place}`, best.length >= place ? Math.max(0, -best[place - 1]!) : Number.NaN);
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

/**
 * Names of the numbers: of each channel "channel-mean", "-deviation", "-low" and "-high" (quantiles 0.1 and 0.9), "-most", "-first",
 * "-last", "-slope" (change over the whole answer, by least squares); of the series "first-choices" (share of tokens that were the
 * best) and "run" (longest run of surprising tokens, as share).
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
  const [first, last] = [column[0], column.at(-1)];
  return {
    mean: meanOf(known),
    deviation: n > 1 ? standardDeviation(sorted) : null,
    low: n > 0 ? quantileOf(sorted, 0.1) : null,
    high: n > 0 ? quantileOf(sorted, 0.9) : null,
    most: n > 0 ? sorted[n - 1]! : null,
    first: isNumber(first) ? first : null,
    last: isNumber(last) ? last : null,
    slope: slopeOf(column),
  };
}

const meanOf = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;

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

/** Names of all numbers that a series is summarised in. */
export const SERIES_NUMBERS: ReadonlySet<string> = new Set(Object.keys(summarise(emptySeries(), true)));

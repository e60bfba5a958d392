/** How sure a measure is: the bootstrap over pairs, or over groups of pairs, by other counts over the same sorted scores. */
import { quantileOf, seededRandom, standardDeviation } from "../../core/index.ts";
import { requireCount, requireShare } from "./checks.ts";
import { type Pairs, placeOf, type Tally, TallyRoom } from "./pairs.ts";

/** Options of the bootstrap. */
export interface MeasureBootstrapOptions {
  /** Resamples drawn, at least 2. Default 200. */
  resamples?: number | undefined;
  /** The same seed gives the same result everywhere. Default 0. */
  seed?: number | undefined;
  /** Coverage of the intervals, strictly between 0 and 1. Default 0.95. */
  level?: number | undefined;
}

/** A measure with what the bootstrap says of it. */
export interface MeasureEstimate {
  /** `null`: it cannot be said of these pairs, such as the AUROC of right ones alone. */
  value: number | null;
  /**
   * Standard deviation over the resamples; `null` where it could not be said in 1 of 20 resamples, is infinite, or where there is
   * only one pair, or one group.
   */
  standardError: number | null;
  /** Ends of the interval; `null` as above. */
  low: number | null;
  high: number | null;
}

/** Names of measures and their numbers. */
export type MeasureValues<Name extends string> = Readonly<Record<Name, number | null>>;

/**
 * Draws as many pairs as there are, with replacement (with groups: as many groups, each with all its pairs), and measures
 * again. The interval is that of percentiles, [q, Q]. For the measures named in `centred` it is moved so that the mean of the
 * resamples lies on the value, [value - (mean - q), value + (Q - mean)], within 0 ... 1: errors of calibration grow by the noise
 * of a resample on top of that of the sample, and percentiles alone may leave the value out. It then says where the
 * error of another such sample would lie; how much of it is noise, the noise floor says.
 * Source: Efron & Tibshirani 1993, chapter 13.
 */
export function bootstrapMeasures<Name extends string>(
  tally: Tally,
  slots: ResampleSlots,
  measure: (tally: Tally) => MeasureValues<Name>,
  centred: ReadonlySet<string>,
  options: MeasureBootstrapOptions = {},
): Record<Name, MeasureEstimate> {
  const { resamples = 200, seed = 0, level = 0.95 } = options;
  requireCount(resamples, "resamples", 2);
  requireShare(level, "level");
  const values = measure(tally);
  const names = Object.keys(values) as Name[];
  const draws = new Map(names.map((name) => [name, [] as number[]]));
  const random = seededRandom(seed);
  const counts = new Uint32Array(2 * tally.values.length);
  const room = new TallyRoom(tally.values.length);
  for (let b = 0; b < resamples; b++) {
    drawCounts(slots, counts, random);
    const again = measure(room.tally(tally, counts));
    for (const name of names) {
      const value = again[name];
      if (value !== null && Number.isFinite(value)) draws.get(name)!.push(value);
    }
  }
  const isSingle = (slots.starts?.length ?? slots.slots.length + 1) <= 2; // one of them: nothing varies
  const estimate = (name: Name): MeasureEstimate =>
    estimateOf(values[name], isSingle ? [] : draws.get(name)!, { resamples, level }, centred.has(name));
  return Object.fromEntries(names.map((name) => [name, estimate(name)])) as Record<Name, MeasureEstimate>;
}

/**
 * What resamples say of a value.
 * @param draws the values of the resamples that have one.
 * @param isCentred an error from 0 to 1 that noise only makes larger.
 */
export function estimateOf(
  value: number | null,
  draws: readonly number[],
  { resamples, level }: { resamples: number; level: number },
  isCentred: boolean = false,
): MeasureEstimate {
  if (value === null || !Number.isFinite(value) || draws.length < Math.max(2, 0.95 * resamples))
    return { value, standardError: null, low: null, high: null };
  const drawn = Float64Array.from(draws).sort();
  const mean = drawn.reduce((sum, each) => sum + each, 0) / drawn.length;
  const end = (fraction: number) => {
    const found = quantileOf(drawn, fraction);
    return isCentred ? Math.min(1, Math.max(0, found + value - mean)) : found;
  };
  return {
    value,
    standardError: standardDeviation(drawn),
    low: end((1 - level) / 2),
    high: end((1 + level) / 2),
  };
}

/** Which count each pair adds to, pairs of a group next to each other. */
export interface ResampleSlots {
  /** [n] index into the counts: the place of the pair's score, plus m where it was right. */
  slots: Uint32Array;
  /** [groups + 1] where each group begins; `null`: each pair is a group of its own. */
  starts: Uint32Array | null;
}

/** @param tally of these pairs. */
export function resampleSlots({ scores, correct, groups }: Pairs, tally: Tally): ResampleSlots {
  const m = tally.values.length;
  if (groups === undefined) {
    const slots = new Uint32Array(tally.n);
    let next = 0;
    for (let j = 0; j < m; j++) {
      for (let k = tally.right[j]!; k > 0; k--) slots[next++] = m + j;
      for (let k = tally.wrong[j]!; k > 0; k--) slots[next++] = j;
    }
    return { slots, starts: null };
  }
  const numbers = new Map<string | number, number>();
  const groupOf = new Int32Array(scores.length).fill(-1);
  for (let i = 0; i < scores.length; i++) {
    if (isMissing(scores[i]) || isMissing(correct[i])) continue;
    const group = groups[i]!;
    if (!numbers.has(group)) numbers.set(group, numbers.size);
    groupOf[i] = numbers.get(group)!;
  }
  const starts = new Uint32Array(numbers.size + 1);
  for (const group of groupOf) if (group >= 0) starts[group + 1]!++;
  for (let g = 0; g < numbers.size; g++) starts[g + 1]! += starts[g]!;
  const next = starts.slice();
  const slots = new Uint32Array(tally.n);
  for (let i = 0; i < scores.length; i++) {
    const group = groupOf[i]!;
    if (group < 0) continue;
    const right = correct[i] === true || correct[i] === 1;
    slots[next[group]!++] = placeOf(tally.values, scores[i]!) + (right ? m : 0);
  }
  return { slots, starts };
}

const isMissing = (value: unknown): boolean => value === null || value === undefined;

/** Counts of one resample. */
function drawCounts({ slots, starts }: ResampleSlots, counts: Uint32Array, random: () => number): void {
  counts.fill(0);
  if (starts === null) {
    drawSingly(slots, counts, random);
    return;
  }
  const groups = starts.length - 1;
  for (let drawn = 0; drawn < groups; drawn++) {
    const group = Math.floor(random() * groups);
    for (let i = starts[group]!; i < starts[group + 1]!; i++) counts[slots[i]!]!++;
  }
}

/** Slots that lie in the fastest memory together. */
const BLOCK = 4096;

/**
 * As many draws as there are slots. First how many fall into each block of neighbours, then where within it: the same
 * distribution as drawing one by one, without a walk all over the memory for each.
 */
function drawSingly(slots: Uint32Array, counts: Uint32Array, random: () => number): void {
  const n = slots.length;
  const inBlock = new Uint32Array(Math.ceil(n / BLOCK));
  if (inBlock.length === 1) inBlock[0] = n;
  else for (let drawn = 0; drawn < n; drawn++) inBlock[Math.floor((random() * n) / BLOCK)]!++;
  for (let block = 0; block < inBlock.length; block++) {
    const start = block * BLOCK;
    const size = Math.min(BLOCK, n - start);
    for (let left = inBlock[block]!; left > 0; left--) counts[slots[start + Math.floor(random() * size)]!]!++;
  }
}

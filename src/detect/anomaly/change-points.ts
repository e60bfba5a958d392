/** Where the mean of a series changes: binary segmentation with a penalty. */
import { invalidArgument } from "../../core/index.ts";

/** Options of `changePoints`. */
export interface ChangePointOptions {
  /** Fewest numbers of a segment, at least 1. Default 8. */
  least?: number | undefined;
  /**
   * A change has to lower the sum of squares by more than this many variances. Default 3 ln n: a change has a place and a mean,
   * for which BIC takes 2 ln n; the numbers of a language model have heavier tails than a normal distribution.
   */
  penalty?: number | undefined;
  /**
   * Standard deviation of the noise, > 0. Default: from the median absolute difference of neighbours, which a change of the mean
   * hardly moves.
   */
  deviation?: number | undefined;
  /** Most changes. Default 32, so that the time grows with n. */
  most?: number | undefined;
}

/** A stretch of a series, [start, end). */
export interface Segment {
  start: number;
  end: number;
  mean: number;
  /** Of its beginning: by how many variances this change lowered the sum of squares; `null` of the first segment. */
  gain: number | null;
}

/** Of normally distributed differences d, whose variance is twice that of the numbers: 1.4826 median|d| / √2. */
const OF_DIFFERENCES = 1.4826 / Math.SQRT2;

/**
 * Cuts a series where its mean changes, best cut first (Scott & Knott 1974; Vostrikova 1981). A cut of n numbers into n1 and n2 with
 * means m1 and m2 lowers the sum of squares by n1 n2 / n (m1 - m2)². O(n × changes).
 * @param values finite numbers
 * @returns at least one segment, in order; none of an empty series
 * @throws SurprisalError INVALID_ARGUMENT for options out of range, and for a value that is no finite number
 */
export function changePoints(values: ArrayLike<number>, options: ChangePointOptions = {}): Segment[] {
  const n = values.length;
  if (n === 0) return [];
  const { least = 8, penalty = 3 * Math.log(n), most = 32 } = options;
  const sums = new Float64Array(n + 1);
  for (let i = 0; i < n; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value)) throw invalidArgument(`${value} is no finite number`, `values[${i}]`);
    sums[i + 1] = sums[i]! + value;
  }
  if (!Number.isSafeInteger(least) || least < 1) throw invalidArgument(`${least} is no length`, "least");
  if (!(penalty >= 0))
    throw invalidArgument(`${penalty} is no penalty`, "penalty", "Give a number of at least 0.");
  const deviation = options.deviation ?? deviationOf(values);
  if (!(deviation >= 0))
    throw invalidArgument(`${deviation} is no deviation`, "deviation", "Give a number above 0.");
  const cuts = new Map<number, number>();
  let open: (Cut | null)[] = [bestCut(sums, 0, n, least)];
  while (cuts.size < most) {
    const best = open.reduce((a, b) => (b !== null && (a === null || b.gain > a.gain) ? b : a), null);
    // Without noise every change counts that is more than rounding.
    if (best === null || !(best.gain > Math.max(penalty * deviation ** 2, 1e-9 * n))) break;
    cuts.set(best.at, best.gain / deviation ** 2);
    open = [
      ...open.filter((cut) => cut !== best),
      bestCut(sums, best.start, best.at, least),
      bestCut(sums, best.at, best.end, least),
    ];
  }
  const starts = [0, ...[...cuts.keys()].sort((a, b) => a - b)];
  return starts.map((start, i): Segment => {
    const end = starts[i + 1] ?? n;
    return { start, end, mean: (sums[end]! - sums[start]!) / (end - start), gain: cuts.get(start) ?? null };
  });
}

interface Cut {
  start: number;
  at: number;
  end: number;
  /** What it takes off the sum of squares. */
  gain: number;
}

function bestCut(sums: Float64Array, start: number, end: number, least: number): Cut | null {
  let best: Cut | null = null;
  const n = end - start;
  for (let at = start + least; at <= end - least; at++) {
    const left = (sums[at]! - sums[start]!) / (at - start);
    const right = (sums[end]! - sums[at]!) / (end - at);
    const gain = (((at - start) * (end - at)) / n) * (left - right) ** 2;
    if (best === null || gain > best.gain) best = { start, at, end, gain };
  }
  return best;
}

/** Standard deviation of the noise around a mean that changes now and then; 0 for fewer than two numbers. */
function deviationOf(values: ArrayLike<number>): number {
  const differences = Float64Array.from({ length: Math.max(0, values.length - 1) }, (_, i) =>
    Math.abs(values[i + 1]! - values[i]!),
  ).sort();
  const half = differences.length >> 1;
  if (differences.length === 0) return 0;
  const median =
    differences.length % 2 === 1 ? differences[half]! : (differences[half - 1]! + differences[half]!) / 2;
  return OF_DIFFERENCES * median;
}

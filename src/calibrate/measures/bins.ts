/** Scores in bins. Libraries differ in where an edge belongs, and the numbers with them: it is an option, not a habit. */
import { invalidArgument } from "../../core/index.ts";
import type { Tally } from "./pairs.ts";

/** How scores are put into bins. */
export interface BinningOptions {
  /**
   * "equal-width": edges at i / bins. "equal-mass": as nearly as ties allow the same number of pairs in each, as
   * `numpy.array_split` of the sorted ones; equal scores stay together. Default "equal-width".
   */
  binning?: "equal-width" | "equal-mass" | undefined;
  /** How many, at least 1. "cube-root": n^(1/3) rounded up. Default 15. */
  bins?: number | "cube-root" | undefined;
  /**
   * Which edge belongs to a bin of equal width: "left" [low, high) as in torchmetrics and netcal, "right" (low, high] as in
   * Guo et al. 2017, MAPIE and uqlm. Default "right".
   */
  closed?: "left" | "right" | undefined;
  /**
   * The score on the outer edge that no bin is closed at: 1 of left-closed bins, 0 of right-closed ones. "inside": in the
   * outermost bin, as in netcal; "own-bin": in one of its own, as in torchmetrics (1.0) and MAPIE (0.0). Default "inside".
   */
  outerEdge?: "inside" | "own-bin" | undefined;
}

/** Bins in columns; those without a pair are left out. */
export interface Bins {
  /** [b] Bounds: edges where the width is equal, else the least and largest score within. */
  low: Float64Array;
  high: Float64Array;
  /** [b] pairs in it, at least 1. */
  count: Float64Array;
  /** [b] of these, right. */
  right: Float64Array;
  /** [b] Σ score. */
  claimed: Float64Array;
}

const MOST_BINS = 1_000_000;
/** Guo et al. 2017. */
export const DEFAULT_BINS = 15;

/** @throws SurprisalError INVALID_ARGUMENT */
function numberOfBins({ bins = DEFAULT_BINS }: BinningOptions, n: number): number {
  if (bins === "cube-root") return Math.max(1, Math.ceil(Math.cbrt(n) - 1e-9));
  if (Number.isSafeInteger(bins) && bins >= 1 && bins <= MOST_BINS) return bins;
  throw invalidArgument(
    `${bins} is no number of bins`,
    "bins",
    `Give an integer from 1 to ${MOST_BINS}, or "cube-root".`,
  );
}

/** Puts the pairs into bins. @throws SurprisalError INVALID_ARGUMENT for options that do not go. */
export function binsOf(tally: Tally, options: BinningOptions = {}): Bins {
  const { binning = "equal-width" } = options;
  const bins = numberOfBins(options, tally.n);
  if (binning === "equal-mass") return massBins(tally, bins);
  if (binning === "equal-width") return widthBins(tally, bins, options);
  throw invalidArgument(
    `There is no binning "${String(binning)}"`,
    "binning",
    "Give equal-width or equal-mass.",
  );
}

/** Number of the bin of a score, 0 ... bins - 1; -1 and `bins` are the bins that an outer edge has of its own. */
function widthBin(
  score: number,
  bins: number,
  closed: "left" | "right",
  outerEdge: "inside" | "own-bin",
): number {
  let bin = Math.floor(score * bins); // rounding may be off by one either way
  if (closed === "left") {
    if (bin > 0 && score < bin / bins) bin--;
    else if (score >= (bin + 1) / bins) bin++;
    return outerEdge === "inside" ? Math.min(bin, bins - 1) : bin;
  }
  if (bin >= 0 && score <= bin / bins) bin--;
  else if (score > (bin + 1) / bins) bin++;
  return outerEdge === "inside" ? Math.max(bin, 0) : bin;
}

function widthBins(tally: Tally, bins: number, options: BinningOptions): Bins {
  const { closed = "right", outerEdge = "inside" } = options;
  if (closed !== "left" && closed !== "right")
    throw invalidArgument(`Bins are not closed "${String(closed)}"`, "closed", "Give left or right.");
  if (outerEdge !== "inside" && outerEdge !== "own-bin")
    throw invalidArgument(
      `The outer edge is not "${String(outerEdge)}"`,
      "outerEdge",
      "Give inside or own-bin.",
    );
  const { values, right, wrong } = tally;
  const m = values.length;
  const rows = new BinRows();
  const bound = (i: number) => Math.min(1, Math.max(0, i / bins));
  for (let j = 0; j < m; ) {
    const bin = widthBin(values[j]!, bins, closed, outerEdge);
    const edge = bin === bins - 1 && outerEdge === "inside" ? Infinity : (bin + 1) / bins;
    let [count, hits, claimed] = [0, 0, 0];
    for (; j < m && (closed === "left" ? values[j]! < edge : values[j]! <= edge); j++) {
      const size = right[j]! + wrong[j]!;
      count += size;
      hits += right[j]!;
      claimed += size * values[j]!;
    }
    rows.add(bound(bin), bound(bin + 1), count, hits, claimed);
  }
  return rows.bins();
}

/** The sorted pairs cut into `bins` parts; pairs of one score go where the middle one of them falls. */
function massBins({ values, right, wrong, n }: Tally, bins: number): Bins {
  const m = values.length;
  const rows = new BinRows();
  let [before, j] = [0, 0];
  for (let bin = 0; bin < bins && j < m; bin++) {
    const end = cutAfter(bin, n, bins);
    let [count, hits, claimed, low, high] = [0, 0, 0, 0, 0];
    for (; j < m; j++) {
      const size = right[j]! + wrong[j]!;
      if (size === 0) continue;
      if (before + Math.floor((size - 1) / 2) >= end) break;
      if (count === 0) low = values[j]!;
      high = values[j]!;
      before += size;
      count += size;
      hits += right[j]!;
      claimed += size * values[j]!;
    }
    rows.add(low, high, count, hits, claimed);
  }
  return rows.bins();
}

/** Pairs in the parts 0 ... `part` of `parts` as equal ones as can be, the larger ones first. */
export const cutAfter = (part: number, n: number, parts: number): number =>
  (part + 1) * Math.floor(n / parts) + Math.min(part + 1, n % parts);

/** Rows that become columns. */
class BinRows {
  readonly #rows: [low: number, high: number, count: number, right: number, claimed: number][] = [];

  add(low: number, high: number, count: number, right: number, claimed: number): void {
    if (count > 0) this.#rows.push([low, high, count, right, claimed]);
  }

  bins(): Bins {
    const column = (i: 0 | 1 | 2 | 3 | 4) => Float64Array.from(this.#rows, (row) => row[i]);
    return { low: column(0), high: column(1), count: column(2), right: column(3), claimed: column(4) };
  }
}

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

/** @throws SurprisalError INVALID_ARGUMENT */
export function numberOfBins({ bins = 15 }: BinningOptions, n: number): number {
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
  const count = numberOfBins(options, tally.n);
  if (binning === "equal-mass") return gather(tally, massPlaces(tally, count));
  if (binning === "equal-width") return gather(tally, widthPlaces(tally, count, options), count);
  throw invalidArgument(
    `There is no binning "${String(binning)}"`,
    "binning",
    "Give equal-width or equal-mass.",
  );
}

/** Number of the bin of a score, 0 ... bins - 1; -1 and `bins` are the bins that an outer edge has of its own. */
export function widthBin(
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

type Place = (j: number) => number;

function widthPlaces({ values }: Tally, bins: number, options: BinningOptions): Place {
  const { closed = "right", outerEdge = "inside" } = options;
  if (closed !== "left" && closed !== "right")
    throw invalidArgument(`Bins are not closed "${String(closed)}"`, "closed", "Give left or right.");
  if (outerEdge !== "inside" && outerEdge !== "own-bin")
    throw invalidArgument(
      `The outer edge is not "${String(outerEdge)}"`,
      "outerEdge",
      "Give inside or own-bin.",
    );
  return (j) => widthBin(values[j]!, bins, closed, outerEdge);
}

/** Where the middle one of the pairs of a score falls if the sorted pairs are cut into `bins` parts; asked in order. */
function massPlaces({ right, wrong, n }: Tally, bins: number): Place {
  const least = Math.floor(n / bins);
  const larger = n % bins; // so many have one more
  const border = larger * (least + 1);
  let before = 0;
  return (j) => {
    const size = right[j]! + wrong[j]!;
    const middle = before + Math.floor((size - 1) / 2);
    before += size;
    return middle < border
      ? Math.floor(middle / (least + 1))
      : larger + Math.floor((middle - border) / least);
  };
}

/** @param edges bins between the edges i / edges; undefined: bounds are those of the scores. */
function gather({ values, right, wrong }: Tally, place: Place, edges?: number): Bins {
  const rows: { low: number; high: number; count: number; right: number; claimed: number }[] = [];
  let row: (typeof rows)[number] | undefined;
  let current = Number.NaN;
  for (let j = 0; j < values.length; j++) {
    const size = right[j]! + wrong[j]!;
    if (size === 0) continue;
    const bin = place(j);
    const value = values[j]!;
    if (row === undefined || bin !== current) {
      current = bin;
      const bound = (i: number) => Math.min(1, Math.max(0, i / edges!));
      row = edges
        ? { low: bound(bin), high: bound(bin + 1), count: 0, right: 0, claimed: 0 }
        : { low: value, high: value, count: 0, right: 0, claimed: 0 };
      rows.push(row);
    }
    if (!edges) row.high = value;
    row.count += size;
    row.right += right[j]!;
    row.claimed += size * value;
  }
  const column = (name: keyof (typeof rows)[number]) => Float64Array.from(rows, (each) => each[name]);
  return {
    low: column("low"),
    high: column("high"),
    count: column("count"),
    right: column("right"),
    claimed: column("claimed"),
  };
}

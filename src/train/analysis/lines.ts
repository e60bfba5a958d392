/** Continuous curves of straight pieces, fitted by weighted least squares. */

/** Points of a curve with weights; x rises. */
export interface Weighted {
  x: readonly number[];
  y: readonly number[];
  w: readonly number[];
}

/** A continuous curve of straight pieces. */
export interface PiecewiseFit {
  /** [k+1] x of the ends of its pieces, the first and last included. */
  knots: number[];
  /** [k+1] y there. */
  heights: number[];
  /** Σ w (y - fit)². */
  cost: number;
}

/** Solves A x = b for a symmetric positive definite tridiagonal A (the hat functions overlap with their neighbours only). */
function solve(diagonal: number[], off: number[], right: number[]): number[] | null {
  const n = diagonal.length;
  for (let i = 1; i < n; i++) {
    if (!(diagonal[i - 1]! > 1e-12)) return null;
    const factor = off[i - 1]! / diagonal[i - 1]!;
    diagonal[i]! -= factor * off[i - 1]!;
    right[i]! -= factor * right[i - 1]!;
  }
  if (!(diagonal[n - 1]! > 1e-12)) return null;
  const out = new Array<number>(n);
  out[n - 1] = right[n - 1]! / diagonal[n - 1]!;
  for (let i = n - 2; i >= 0; i--) out[i] = (right[i]! - off[i]! * out[i + 1]!) / diagonal[i]!;
  return out;
}

/** The best curve with these knots; `null`: a piece has too few points. */
export function fitAt({ x, y, w }: Weighted, knots: readonly number[]): PiecewiseFit | null {
  const n = knots.length;
  const [diagonal, off, right] = [
    new Array<number>(n).fill(0),
    new Array<number>(n).fill(0),
    new Array<number>(n).fill(0),
  ];
  let piece = 0;
  let squares = 0;
  for (let i = 0; i < x.length; i++) {
    while (piece < n - 2 && x[i]! > knots[piece + 1]!) piece++;
    const t = (x[i]! - knots[piece]!) / (knots[piece + 1]! - knots[piece]!);
    const [a, b] = [1 - t, t];
    const weight = w[i]!;
    diagonal[piece]! += weight * a * a;
    diagonal[piece + 1]! += weight * b * b;
    off[piece]! += weight * a * b;
    right[piece]! += weight * a * y[i]!;
    right[piece + 1]! += weight * b * y[i]!;
    squares += weight * y[i]! * y[i]!;
  }
  const target = [...right];
  const heights = solve(diagonal, off, right);
  if (heights === null) return null;
  const cost = squares - heights.reduce((sum, height, i) => sum + height * target[i]!, 0);
  return { knots: [...knots], heights, cost: Math.max(0, cost) };
}

/** Least points of a piece. */
const LEAST = 3;

/**
 * The best curve of `pieces` pieces. Knots are first put by dynamic programming over lines that need not meet, then each is
 * moved to its best place in turn until none moves: the continuous least-squares problem has no recursion of its own
 * (Bai & Perron 2003 for the first, Muggeo 2003 for the second).
 * @returns `null`: there are too few points.
 */
export function fitPieces(points: Weighted, pieces: number): PiecewiseFit | null {
  const { x } = points;
  const n = x.length;
  if (n < LEAST * pieces + 1) return null;
  const [first, last] = [x[0]!, x[n - 1]!];
  let inner = cutPoints(points, pieces).map((at) => x[at]!);
  let best = fitAt(points, [first, ...inner, last]);
  for (let round = 0; round < 8; round++) {
    let moved = false;
    for (let k = 0; k < inner.length; k++) {
      const low = k === 0 ? first : inner[k - 1]!;
      const high = k === inner.length - 1 ? last : inner[k + 1]!;
      for (let i = 0; i < n; i++) {
        if (!isBetween(points, i, low, high)) continue;
        const tried = inner.with(k, x[i]!);
        const fit = fitAt(points, [first, ...tried, last]);
        if (fit !== null && (best === null || fit.cost < best.cost - 1e-12)) {
          best = fit;
          inner = tried;
          moved = true;
        }
      }
    }
    if (!moved) break;
  }
  return best;
}

/** Whether enough points lie on both sides of point i between two knots. */
export function isBetween({ x }: Weighted, i: number, low: number, high: number): boolean {
  return (
    i >= LEAST - 1 &&
    i + LEAST <= x.length &&
    x[i - LEAST + 1]! >= low &&
    x[i + LEAST - 1]! <= high &&
    x[i]! > low &&
    x[i]! < high
  );
}

/** Where to cut into pieces, each with a line of its own: [pieces-1] indices. */
function cutPoints({ x, y, w }: Weighted, pieces: number): number[] {
  const n = x.length;
  const sums = [0, 1, 2, 3, 4, 5].map(() => new Float64Array(n + 1));
  for (let i = 0; i < n; i++) {
    const terms = [
      w[i]!,
      w[i]! * x[i]!,
      w[i]! * y[i]!,
      w[i]! * x[i]! ** 2,
      w[i]! * x[i]! * y[i]!,
      w[i]! * y[i]! ** 2,
    ];
    for (const [k, term] of terms.entries()) sums[k]![i + 1] = sums[k]![i]! + term;
  }
  const costOf = (from: number, to: number): number => {
    const [sw, sx, sy, sxx, sxy, syy] = sums.map((sum) => sum[to]! - sum[from]!) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    if (sw <= 0) return 0;
    const [vx, cxy, vy] = [sxx - (sx * sx) / sw, sxy - (sx * sy) / sw, syy - (sy * sy) / sw];
    return Math.max(0, vy - (vx > 1e-15 ? (cxy * cxy) / vx : 0));
  };
  let costs = Float64Array.from({ length: n + 1 }, (_, to) =>
    to < LEAST ? Number.POSITIVE_INFINITY : costOf(0, to),
  );
  const cuts: Int32Array[] = [];
  for (let k = 1; k < pieces; k++) {
    const next = new Float64Array(n + 1).fill(Number.POSITIVE_INFINITY);
    const from = new Int32Array(n + 1);
    for (let to = LEAST * (k + 1); to <= n; to++)
      for (let at = LEAST * k; at + LEAST <= to; at++) {
        const cost = costs[at]! + costOf(at, to);
        if (cost < next[to]!) [next[to], from[to]] = [cost, at];
      }
    cuts.push(from);
    costs = next;
  }
  const out: number[] = [];
  let to = n;
  for (let k = cuts.length - 1; k >= 0; k--) {
    to = cuts[k]![to]!;
    out.unshift(Math.min(n - LEAST, Math.max(LEAST - 1, to)));
  }
  return out;
}

/** Phases of a training run: where the slope of its log-loss changes, and how surely. */
import type { Series } from "../series.ts";
import { fitAt, fitPieces, isBetween, type PiecewiseFit, type Weighted } from "./lines.ts";
import { binned, medianOf } from "./smooth.ts";

/** What a phase is called. */
export type PhaseKind = "fast fall" | "slow fall" | "plateau" | "overfitting" | "rising";

/** One phase. */
export interface Phase {
  kind: PhaseKind;
  /** Steps. */
  from: number;
  to: number;
  /** Change of the loss over the phase as a share of it at its beginning: -0.4 is a fall by 40 %. */
  change: number;
  /** How it began; `null` of the first phase. */
  began: {
    /** Steps within which the change-point lies, at 90 %. */
    low: number;
    high: number;
    /** 0 ... 1: how surely the slope changed there at all. */
    confidence: number;
  } | null;
}

/** Bins of a curve that is cut into pieces. */
const BINS = 160;
/** Fewer points have no phases. */
const LEAST_POINTS = 12;
const MOST_PIECES = 4;
/** Rounds in which what no curve of straight pieces explains (bumps, spikes) loses its weight. */
const ROUNDS = 4;
/** A slope of the log-loss per length of the run that is level: 8 % over the whole of it. */
const LEVEL = 0.08;
/** The level part falls by less than this share of the steepest slope. */
const LEVEL_SHARE = 0.12;
/** A fall is fast where it is so many times as steep as the next. */
const FAST = 1.6;

/**
 * Cuts a curve at the change-points of the slope of its log-loss: a continuous curve of one to four straight pieces over the
 * step, by least squares, their number by the Bayesian information criterion with the errors' scale unknown (Yao 1988; Bai &
 * Perron 2003). Pieces that are called alike are one phase. What sticks out for a short time (a bump, a restart) is
 * left out by Tukey's biweight. A change-point's interval holds the places that are not less likely by more than
 * exp(-1.35) (chi-square, 90 %); confidence is that of the slopes being different, two-sided.
 * @param split of "train" a rise is "rising", of "valid" one at the end is "overfitting".
 * @returns [] for fewer than 12 finite points, or losses that are not above 0.
 */
export function phasesOf(series: Pick<Series, "steps" | "losses">, split: "train" | "valid"): Phase[] {
  const bins = binned(series, BINS);
  const [first, last] = [bins.steps[0], bins.steps.at(-1)];
  if (
    first === undefined ||
    last === undefined ||
    bins.steps.length < LEAST_POINTS ||
    bins.losses.some((loss) => !(loss > 0))
  )
    return [];
  const length = last - first;
  const points = {
    x: bins.steps.map((step) => (step - first) / length),
    y: bins.losses.map(Math.log),
    w: bins.steps.map(() => 1),
  };
  const chosen = chosenFit(points);
  if (chosen === null) return [];
  const { fit, weights, sigma } = chosen;
  const weighted = { ...points, w: weights };
  const slopes = slopesOf(fit);
  const steepest = Math.max(0, ...slopes.map((slope) => -slope));
  const kinds = slopes.map((slope, i): PhaseKind => {
    const rise = fit.heights[i + 1]! - fit.heights[i]!;
    if (slope > LEVEL / 2 && rise > 2 * sigma)
      return split === "valid" && i > 0 && slopes.slice(i).every((each) => each > -LEVEL)
        ? "overfitting"
        : "rising";
    const level = slope > -LEVEL || (slope > -LEVEL_SHARE * steepest && slope > -2 * LEVEL);
    return level ? "plateau" : "slow fall";
  });
  markFast(kinds, slopes);
  const phases: Phase[] = [];
  for (const [i, kind] of kinds.entries()) {
    const [from, to] = [first + fit.knots[i]! * length, first + fit.knots[i + 1]! * length];
    const before = phases.at(-1);
    if (before?.kind === kind) {
      before.to = to;
      before.change = (1 + before.change) * Math.exp(fit.heights[i + 1]! - fit.heights[i]!) - 1;
      continue;
    }
    const began = i === 0 ? null : certainty(weighted, fit, i, sigma);
    phases.push({
      kind,
      ...{ from, to, change: Math.expm1(fit.heights[i + 1]! - fit.heights[i]!) },
      began: began && { ...began, low: first + began.low * length, high: first + began.high * length },
    });
  }
  return phases;
}

/** Of falls that follow each other the first are fast, up to where the slope breaks most. */
function markFast(kinds: PhaseKind[], slopes: readonly number[]): void {
  const from = kinds.indexOf("slow fall");
  let to = from;
  while (kinds[to + 1] === "slow fall") to++;
  let [cut, most] = [-1, FAST];
  for (let i = from; from >= 0 && i < to; i++) {
    const ratio = slopes[i]! / slopes[i + 1]!;
    if (ratio > most) [cut, most] = [i, ratio];
  }
  for (let i = from; i >= 0 && i <= cut; i++) kinds[i] = "fast fall";
}

const slopesOf = ({ knots, heights }: PiecewiseFit): number[] =>
  knots.slice(1).map((knot, i) => (heights[i + 1]! - heights[i]!) / (knot - knots[i]!));

const residuals = ({ x, y }: Weighted, { knots, heights }: PiecewiseFit): number[] => {
  let piece = 0;
  return x.map((at, i) => {
    while (piece < knots.length - 2 && at > knots[piece + 1]!) piece++;
    const t = (at - knots[piece]!) / (knots[piece + 1]! - knots[piece]!);
    return y[i]! - ((1 - t) * heights[piece]! + t * heights[piece + 1]!);
  });
};

/** The number of pieces, the fit, and the weights that bumps have lost. */
function chosenFit(points: Weighted): { fit: PiecewiseFit; weights: number[]; sigma: number } | null {
  let weights = [...points.w];
  let best: { fit: PiecewiseFit; sigma: number } | null = null;
  for (let round = 0; round < ROUNDS; round++) {
    const weighted = { ...points, w: weights };
    // The weights come from the fullest curve, so that they do not prefer few pieces.
    const full = fitPieces(weighted, MOST_PIECES) ?? fitPieces(weighted, 2);
    if (full === null) break;
    const left = residuals(points, full);
    const scale = Math.max(1e-9, 1.4826 * medianOf(left.map(Math.abs)));
    weights = left.map((residual) => {
      const u = residual / (5 * scale);
      return Math.abs(u) >= 1 ? 1e-6 : (1 - u * u) ** 2;
    });
  }
  const weighted = { ...points, w: weights };
  const n = weights.reduce((sum, weight) => sum + weight, 0);
  let least = Number.POSITIVE_INFINITY;
  for (let pieces = 1; pieces <= MOST_PIECES; pieces++) {
    const fit = fitPieces(weighted, pieces);
    if (fit === null) continue;
    const variance = Math.max(fit.cost / n, 1e-12);
    const criterion = n * Math.log(variance) + 1.5 * 2 * pieces * Math.log(n);
    if (criterion < least) {
      least = criterion;
      best = { fit, sigma: Math.sqrt((fit.cost + 1e-15) / Math.max(1, n - 2 * pieces)) };
    }
  }
  return best && { ...best, weights };
}

/** Quantile of chi-square with one degree of freedom at 90 %. */
const CHI_90 = 2.706;

/** Where knot k may lie, and how surely the slope changes there. */
function certainty(
  points: Weighted,
  fit: PiecewiseFit,
  k: number,
  sigma: number,
): { low: number; high: number; confidence: number } {
  const { knots } = fit;
  let [low, high] = [knots[k]!, knots[k]!];
  for (let i = 0; i < points.x.length; i++) {
    if (!isBetween(points, i, knots[k - 1]!, knots[k + 1]!)) continue;
    const moved = fitAt(points, knots.with(k, points.x[i]!));
    if (moved !== null && moved.cost - fit.cost <= CHI_90 * sigma * sigma) {
      // Between two points nothing is known.
      low = Math.min(low, points.x[i - 1]!);
      high = Math.max(high, points.x[i + 1]!);
    }
  }
  // Without the knot: by how much is the fit worse?
  const without = fitAt(points, knots.toSpliced(k, 1));
  const chi = without === null ? Number.POSITIVE_INFINITY : (without.cost - fit.cost) / (sigma * sigma);
  return { low, high, confidence: 1 - Math.exp(-Math.min(700, chi) / 2) };
}

/** Calibrators of one score with two or three parameters: Platt's and beta's, by maximum likelihood. */
import { invalidArgument } from "../../core/index.ts";
import { type Pairs, type Tally, tallyOf } from "../measures/index.ts";
import { type BetaCalibrator, logitOf, logsOf, type PlattCalibrator, sigmoid } from "./calibrator.ts";

/** Options of `fitPlatt`. */
export interface PlattOptions {
  /**
   * "logit": the curve can leave scores as they are (slope 1, intercept 0), netcal's `LogisticCalibration`; "score": Platt's
   * own form, for scores of any scale, scikit-learn's `sigmoid`. Default "logit".
   */
  input?: "logit" | "score" | undefined;
  /**
   * "smoothed": (n₊ + 1)/(n₊ + 2) for right and 1/(n₋ + 2) for wrong, Platt's guard against sets that are told apart without
   * a fault; "plain": 1 and 0. Default "smoothed".
   */
  targets?: "smoothed" | "plain" | undefined;
}

/**
 * Platt scaling: logistic regression of correctness on the score.
 * Sources: Platt 1999, "Probabilistic Outputs for Support Vector Machines"; Lin, Lin & Weng 2007.
 * @throws SurprisalError INVALID_ARGUMENT as `tallyOf`; where all were right or all wrong; with plain targets, where the score
 *   tells right from wrong without a fault.
 */
export function fitPlatt(
  pairs: Pairs,
  { input = "logit", targets = "smoothed" }: PlattOptions = {},
): PlattCalibrator {
  const tally = tallyOf(pairs, input === "score" ? "any" : "probability");
  requireBoth(tally);
  const { values, totalRight, n } = tally;
  const x = input === "logit" ? values.map(logitOf) : values;
  const [high, low] =
    targets === "smoothed" ? [(totalRight + 1) / (totalRight + 2), 1 / (n - totalRight + 2)] : [1, 0];
  const [middle, width] = rangeOf(x); // scores may be of any scale: the fit sees them in -1 ... 1
  const scaled = x.map((each) => (each - middle) / width);
  const [steepness, level] = logisticFit([scaled, x.map(() => 1)], tally, high, low) as [number, number];
  const slope = steepness / width;
  return { kind: "platt", input, slope, intercept: level - slope * middle };
}

/** Middle and half the width of what rising numbers span. */
function rangeOf(x: Float64Array): [middle: number, width: number] {
  const [first, last] = [x[0]!, x.at(-1)!];
  return [(first + last) / 2, (last - first) / 2 || 1];
}

/**
 * Beta calibration: sigmoid(a ln s - b ln(1-s) + c) with a, b >= 0. It can leave scores as they are (a = b = 1, c = 0), and
 * bend either end. Where the best a or b is below 0 it is set to 0 and the rest fitted again.
 * Source: Kull, Silva Filho & Flach 2017, "Beta calibration" (their `betacal`, parameters "abm").
 * @throws SurprisalError as `fitPlatt` with plain targets.
 */
export function fitBeta(pairs: Pairs): BetaCalibrator {
  const tally = tallyOf(pairs);
  requireBoth(tally);
  const logs = tally.values.map((score) => logsOf(score)[0]);
  const rests = tally.values.map((score) => -logsOf(score)[1]);
  const ones = tally.values.map(() => 1);
  const [a, b, c] = logisticFit([logs, rests, ones], tally, 1, 0) as [number, number, number];
  if (a >= 0 && b >= 0) return { kind: "beta", a, b, c };
  const [other, intercept] = logisticFit([a < 0 ? rests : logs, ones], tally, 1, 0) as [number, number];
  if (other < 0) {
    const [only] = logisticFit([ones], tally, 1, 0) as [number];
    return { kind: "beta", a: 0, b: 0, c: only };
  }
  return a < 0
    ? { kind: "beta", a: 0, b: other, c: intercept }
    : { kind: "beta", a: other, b: 0, c: intercept };
}

/** @throws SurprisalError INVALID_ARGUMENT where one class is missing. */
function requireBoth({ totalRight, n }: Tally): void {
  if (totalRight > 0 && totalRight < n) return;
  throw invalidArgument(
    `All ${n} pairs are ${totalRight === 0 ? "wrong" : "right"}: one class determines no curve`,
    "correct",
    "Give pairs of both kinds.",
  );
}

/** Beyond this, nothing but a set without a fault drives a coefficient. */
const LARGEST = 1e5;

/**
 * Logistic regression by Newton's method with halved steps; the loss is convex.
 * @param features [p][m] of each distinct score.
 * @returns [p] coefficients.
 */
function logisticFit(
  features: readonly Float64Array[],
  { right, wrong }: Tally,
  targetRight: number,
  targetWrong: number,
): number[] {
  const p = features.length;
  const m = right.length;
  const lossOf = (w: readonly number[]): number => {
    let loss = 0;
    for (let j = 0; j < m; j++) {
      let x = 0;
      for (let k = 0; k < p; k++) x += w[k]! * features[k]![j]!;
      const softplus = Math.max(0, x) + Math.log1p(Math.exp(-Math.abs(x)));
      loss += (right[j]! + wrong[j]!) * softplus - (right[j]! * targetRight + wrong[j]! * targetWrong) * x;
    }
    return loss;
  };
  let w: number[] = features.map(() => 0);
  let loss = lossOf(w);
  for (let iteration = 0; iteration < 100; iteration++) {
    const gradient = features.map(() => 0);
    const hessian = features.map(() => features.map(() => 0));
    for (let j = 0; j < m; j++) {
      let x = 0;
      for (let k = 0; k < p; k++) x += w[k]! * features[k]![j]!;
      const q = sigmoid(x);
      const count = right[j]! + wrong[j]!;
      const residual = count * q - right[j]! * targetRight - wrong[j]! * targetWrong;
      const weight = count * q * (1 - q);
      for (let k = 0; k < p; k++) {
        gradient[k]! += residual * features[k]![j]!;
        for (let l = 0; l <= k; l++) hessian[k]![l]! += weight * features[k]![j]! * features[l]![j]!;
      }
    }
    const step = solve(hessian, gradient);
    let [scale, next, nextLoss] = [1, w, loss];
    for (; scale > 1e-10; scale /= 2) {
      next = w.map((each, k) => each - scale * step[k]!);
      nextLoss = lossOf(next);
      if (nextLoss <= loss) break;
    }
    const moved = Math.max(...next.map((each, k) => Math.abs(each - w[k]!) / (1 + Math.abs(each))));
    if (nextLoss <= loss) [w, loss] = [next, nextLoss];
    if (!w.every((each) => Math.abs(each) < LARGEST) || (loss < 1e-6 && targetRight === 1))
      throw invalidArgument(
        "The score tells right from wrong without a fault, which drives the curve to a step",
        "pairs",
        'Give more pairs, or take isotonic or Platt\'s calibrator with targets "smoothed".',
      );
    if (moved < 1e-12 || scale <= 1e-10) break;
  }
  return w;
}

/** Solves a symmetric system given by its lower half, with a trace of ridge where it is singular. Cholesky. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const p = right.length;
  const lower = matrix.map((row) => [...row]);
  for (let k = 0; k < p; k++)
    for (let l = 0; l <= k; l++) {
      let sum = matrix[k]![l]!;
      for (let i = 0; i < l; i++) sum -= lower[k]![i]! * lower[l]![i]!;
      lower[k]![l] = k === l ? Math.sqrt(Math.max(sum, 1e-12 * (matrix[k]![k]! || 1))) : sum / lower[l]![l]!;
    }
  const x = [...right];
  for (let k = 0; k < p; k++) {
    for (let l = 0; l < k; l++) x[k]! -= lower[k]![l]! * x[l]!;
    x[k]! /= lower[k]![k]!;
  }
  for (let k = p - 1; k >= 0; k--) {
    for (let l = k + 1; l < p; l++) x[k]! -= lower[l]![k]! * x[l]!;
    x[k]! /= lower[k]![k]!;
  }
  return x;
}

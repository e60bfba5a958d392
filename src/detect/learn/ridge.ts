/** Logistic regression with an L2 penalty: Newton's method on the convex loss. */
import type { Design } from "./design.ts";

/** Weights of columns. */
export interface RidgeFit {
  /** [q] */
  weights: Float64Array;
  intercept: number;
}

/**
 * Least Σ [ln(1 + e^z) - y z] + penalty m / 2 Σ w² with z = intercept + Σ w x over m rows; the intercept is not penalised.
 * The same as scikit-learn's `LogisticRegression(C=1 / (penalty * m))`.
 *
 * Rows of one class alone have no such minimum: weights are 0 then, and the intercept is ln((m₊ + 1) / (m₋ + 1)).
 * @param labels [m] 1 or 0.
 * @param penalty per row, > 0.
 * @param options.start where to begin: the fit of a neighbouring penalty saves steps, and changes nothing else.
 * @param options.tolerance the last step moves no weight by more, relative to 1 + |w|; the error left is about its square.
 */
export function fitRidge(
  { x, columns: q }: Pick<Design, "x" | "columns">,
  labels: Uint8Array,
  penalty: number,
  { start, tolerance = 1e-9 }: { start?: RidgeFit | undefined; tolerance?: number | undefined } = {},
): RidgeFit {
  const m = labels.length;
  const positive = labels.reduce((sum, label) => sum + label, 0);
  if (positive === 0 || positive === m)
    return { weights: new Float64Array(q), intercept: Math.log((positive + 1) / (m - positive + 1)) };
  const lambda = penalty * m;
  const size = q + 1; // the intercept comes last
  let w = new Float64Array(size);
  if (start) w.set(start.weights);
  w[q] = start?.intercept ?? Math.log(positive / (m - positive));
  let loss = ridgeLoss(x, labels, w, lambda);
  const gradient = new Float64Array(size);
  const hessian = new Float64Array(size * size); // lower half
  for (let iteration = 0; iteration < 100; iteration++) {
    ridgeDerivatives(x, labels, w, lambda, gradient, hessian);
    const step = solved(hessian, gradient);
    let [scale, next, nextLoss] = [1, w, loss];
    for (; scale > 1e-8; scale /= 2) {
      next = w.map((each, k) => each - scale * step[k]!);
      nextLoss = ridgeLoss(x, labels, next, lambda);
      if (nextLoss <= loss) break;
    }
    if (!(nextLoss <= loss)) break;
    let moved = 0;
    for (let k = 0; k < size; k++)
      moved = Math.max(moved, Math.abs(next[k]! - w[k]!) / (1 + Math.abs(w[k]!)));
    [w, loss] = [next, nextLoss];
    if (moved < tolerance) break;
  }
  return { weights: w.slice(0, q), intercept: w[q]! };
}

/** Of [q + 1] weights, the intercept last. */
export function ridgeLoss(x: Float64Array, labels: Uint8Array, w: Float64Array, lambda: number): number {
  const q = w.length - 1;
  let loss = 0;
  for (let i = 0; i < labels.length; i++) {
    let z = w[q]!;
    for (let k = 0, at = i * q; k < q; k++) z += w[k]! * x[at + k]!;
    loss += Math.max(0, z) + Math.log1p(Math.exp(-Math.abs(z))) - labels[i]! * z;
  }
  for (let k = 0; k < q; k++) loss += (lambda / 2) * w[k]! * w[k]!;
  return loss;
}

/** Writes the gradient, [q + 1], and the lower half of the matrix of second derivatives, [(q + 1)²]. */
export function ridgeDerivatives(
  x: Float64Array,
  labels: Uint8Array,
  w: Float64Array,
  lambda: number,
  gradient: Float64Array,
  hessian: Float64Array,
): void {
  const q = w.length - 1;
  const size = q + 1;
  gradient.fill(0);
  hessian.fill(0);
  for (let i = 0; i < labels.length; i++) {
    const at = i * q;
    let z = w[q]!;
    for (let k = 0; k < q; k++) z += w[k]! * x[at + k]!;
    const p = sigmoid(z);
    const residual = p - labels[i]!;
    const weight = p * (1 - p);
    for (let k = 0; k < q; k++) {
      gradient[k]! += residual * x[at + k]!;
      const scaled = weight * x[at + k]!;
      if (scaled === 0) continue; // marks are mostly 0
      const row = k * size;
      for (let l = 0; l <= k; l++) hessian[row + l]! += scaled * x[at + l]!;
      hessian[q * size + k]! += scaled;
    }
    gradient[q]! += residual;
    hessian[q * size + q]! += weight;
  }
  for (let k = 0; k < q; k++) {
    gradient[k]! += lambda * w[k]!;
    hessian[k * size + k]! += lambda;
  }
}

/** 1 / (1 + e^-z), exact at both ends. */
export function sigmoid(z: number): number {
  if (z >= 0) return 1 / (1 + Math.exp(-z));
  const e = Math.exp(z);
  return e / (1 + e);
}

/** Solves a symmetric positive system given by its lower half. Cholesky. */
function solved(matrix: Float64Array, right: Float64Array): Float64Array {
  const n = right.length;
  const lower = matrix.slice();
  for (let k = 0; k < n; k++)
    for (let l = 0; l <= k; l++) {
      let sum = lower[k * n + l]!;
      for (let i = 0; i < l; i++) sum -= lower[k * n + i]! * lower[l * n + i]!;
      // Where all are told apart without a fault, second derivatives vanish: a trace keeps the root real.
      lower[k * n + l] = k === l ? Math.sqrt(Math.max(sum, 1e-12)) : sum / lower[l * n + l]!;
    }
  const x = right.slice();
  for (let k = 0; k < n; k++) {
    for (let l = 0; l < k; l++) x[k]! -= lower[k * n + l]! * x[l]!;
    x[k]! /= lower[k * n + k]!;
  }
  for (let k = n - 1; k >= 0; k--) {
    for (let l = k + 1; l < n; l++) x[k]! -= lower[l * n + k]! * x[l]!;
    x[k]! /= lower[k * n + k]!;
  }
  return x;
}

/** Ordinal regression: one direction in the features, and a threshold for each level but the last. */
import { minimise } from "./minimise.ts";

/** What mistakes cost, in steps of the ladder. */
export interface PaqCosts {
  /** A step too low, which costs quality. > 0 */
  under: number;
  /** A step too high, which costs time alone. > 0 */
  over: number;
}

/** A fitted direction with its thresholds. */
export interface OrdinalFit {
  /** [q] what each column adds to the difficulty. */
  weights: Float64Array;
  /** [thresholds] never falling. */
  thresholds: Float64Array;
}

/** Rows to fit to. */
export interface OrdinalRows {
  /** [m*q] standardised columns. */
  x: Float64Array;
  /** [m] number of the label, 0 ... thresholds. */
  labels: Uint8Array;
  columns: number;
  thresholds: number;
}

/**
 * Cumulative logits with one direction for all thresholds, logit P(label <= k) = θ_k - w·x, fitted by the least
 * Σ_i Σ_k c ln(1 + e^(∓(θ_k - w·x_i))) + penalty m / 2 |w|²: the sign is that of label <= k or not, and c is `over` or `under`. Every threshold
 * between label and choice counts, so what a mistake costs grows by the step. The loss is convex; as the costs are the same at every threshold, these
 * come out in order by themselves. With both costs 1 it is mord's `LogisticAT(alpha = penalty m)`.
 * Sources: McCullagh 1980 (the model); Rennie & Srebro 2005, "all-threshold"; Pedregosa, Bach & Gramfort 2017; costs as in Li & Lin 2007.
 *
 * Every threshold needs labels on both sides: others have no finite minimum, and are for the caller to leave out.
 * @param penalty per row, > 0.
 * @param options.start where to begin; it changes nothing else.
 * @param options.tolerance largest component of the gradient at the end, per row.
 */
export function fitOrdinal(
  rows: OrdinalRows,
  penalty: number,
  costs: PaqCosts,
  { start, tolerance = 1e-9 }: { start?: OrdinalFit | undefined; tolerance?: number | undefined } = {},
): OrdinalFit {
  const { columns: q, thresholds: k, labels } = rows;
  const m = labels.length;
  const first = new Float64Array(q + k);
  if (start) {
    first.set(start.weights);
    first.set(start.thresholds, q);
  } else
    for (let t = 0; t < k; t++) {
      let below = 0;
      for (const label of labels) if (label <= t) below++;
      first[q + t] = Math.log((costs.over * below + 0.5) / (costs.under * (m - below) + 0.5));
    }
  const lambda = penalty * m;
  const found = minimise(
    (w, gradient) => ordinalLoss(rows, w, lambda, costs, gradient),
    first,
    tolerance * m * Math.max(costs.under, costs.over),
  );
  return { weights: found.slice(0, q), thresholds: found.slice(q) };
}

/**
 * The loss, and its gradient, [q + thresholds].
 * @param w [q + thresholds] weights, then thresholds.
 */
export function ordinalLoss(
  { x, labels, columns: q, thresholds: k }: OrdinalRows,
  w: Float64Array,
  lambda: number,
  { under, over }: PaqCosts,
  gradient: Float64Array,
): number {
  gradient.fill(0);
  let loss = 0;
  for (let i = 0; i < labels.length; i++) {
    const at = i * q;
    let difficulty = 0;
    for (let j = 0; j < q; j++) difficulty += w[j]! * x[at + j]!;
    let pull = 0;
    for (let t = 0; t < k; t++) {
      const z = w[q + t]! - difficulty;
      const softplus = Math.max(0, z) + Math.log1p(Math.exp(-Math.abs(z))); // ln(1 + e^z)
      const isBelow = labels[i]! <= t;
      loss += isBelow ? over * (softplus - z) : under * softplus;
      const p = sigmoid(z);
      const slope = isBelow ? over * (p - 1) : under * p;
      gradient[q + t]! += slope;
      pull += slope;
    }
    if (pull !== 0) for (let j = 0; j < q; j++) gradient[j]! -= pull * x[at + j]!;
  }
  for (let j = 0; j < q; j++) {
    loss += (lambda / 2) * w[j]! * w[j]!;
    gradient[j]! += lambda * w[j]!;
  }
  return loss;
}

/** 1 / (1 + e^-z) */
export function sigmoid(z: number): number {
  if (z >= 0) return 1 / (1 + Math.exp(-z));
  const e = Math.exp(z);
  return e / (1 + e);
}

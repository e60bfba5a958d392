/** A linear model of named numbers that says how probable it is that an answer is wrong: fitted, calibrated, applied. */
import { applyCalibrator, type Calibrator, fitPlatt, groupFolds, type Pairs } from "../../calibrate/index.ts";
import { SurprisalError } from "../../core/index.ts";
import { type Design, type DroppedFeature, designOf, type ReadFeature, standardised } from "./design.ts";
import { fitRidge, type RidgeFit, sigmoid } from "./ridge.ts";
import type { FeatureTable, NamedNumbers } from "./table.ts";

/** One named number in a fitted model. */
export interface LinearFeature extends Omit<ReadFeature, "hasIndicator"> {
  /** What a standard deviation adds to the log-odds of being wrong. */
  weight: number;
  /** What it adds that this number, and those that are missing with it, are missing; `null`: nothing. */
  missing: number | null;
}

/** A fitted linear model, plain JSON. */
export interface LinearHead {
  /** By name. */
  features: readonly LinearFeature[];
  /** Log-odds of being wrong where every number is at its mean. */
  intercept: number;
  /** Strength of the L2 penalty per answer, chosen on held-out folds. */
  penalty: number;
  /** From the model's probability that an answer is right to a calibrated one, fitted to held-out folds. */
  calibrator: Calibrator;
  /** Names that say nothing in the answers of the fit. */
  dropped: readonly DroppedFeature[];
}

/** Labelled rows of a table. */
export interface LabelledTable extends FeatureTable {
  /** [n] 1 = wrong. */
  wrong: Uint8Array;
  /** [n] answers of one group never stand on both sides of a split. */
  groups: readonly string[];
  /** That a number is missing is a column of its own. */
  indicators: boolean;
}

/** How folds are made. */
export interface FoldOptions {
  /** At least 2. */
  folds: number;
  seed: number;
}

/** Per answer, strongest first: the fit of one is where that of the next begins. */
const PENALTIES: readonly number[] = [10, 1, 0.3, 0.1, 0.03, 0.01, 0.001];

/**
 * Fits a head to some rows: the penalty with the least log loss on held-out folds, the weights on all rows, the calibrator on
 * what the fits of that penalty said of the folds that they had not seen.
 * @throws SurprisalError CALIBRATION_TOO_SMALL where there are fewer than 2 groups.
 */
export function fitHead(table: LabelledTable, rows: readonly number[], options: FoldOptions): LinearHead {
  const parts = foldsOf(table, rows, options);
  const scores = PENALTIES.map(() => new Float64Array(rows.length));
  for (const { inside, outside } of parts) {
    const design = designOf(
      table,
      inside.map((i) => rows[i]!),
      table.indicators,
    );
    const labels = labelsOf(table, design.rows);
    let fit: RidgeFit | undefined;
    for (const [k, penalty] of PENALTIES.entries()) {
      fit = fitRidge(design, labels, penalty, { start: fit, tolerance: 1e-4 });
      const head = headOf(design, fit, penalty);
      for (const i of outside) scores[k]![i] = rowLogit(head, table, rows[i]!);
    }
  }
  const labels = labelsOf(table, rows);
  const losses = scores.map((logits) => logLossOf(logits, labels));
  const best = losses.indexOf(Math.min(...losses));
  const design = designOf(table, rows, table.indicators);
  const head = headOf(design, fitRidge(design, labels, PENALTIES[best]!), PENALTIES[best]!);
  return { ...head, calibrator: calibratorOf(scores[best]!, labels, head.features.length > 0) };
}

/**
 * What a head says of answers that nothing of it was fitted to: each fold by a head whose penalty, weights and calibrator come
 * from the other folds alone.
 * @returns [n] probabilities that each answer is wrong.
 */
export function heldOutProbabilities(table: LabelledTable, options: FoldOptions): Float64Array {
  const rows = Array.from({ length: table.n }, (_, i) => i);
  const found = new Float64Array(table.n);
  for (const { inside, outside } of foldsOf(table, rows, options)) {
    const head = fitHead(table, inside, options);
    for (const i of outside) found[i] = calibrated(head, rowLogit(head, table, i));
  }
  return found;
}

/** Log-odds that an answer is wrong, before calibration. @param values its numbers by name; what is missing adds what it does. */
export function logitOf(head: Pick<LinearHead, "features" | "intercept">, values: NamedNumbers): number {
  let logit = head.intercept;
  for (const feature of head.features) logit += contributionOf(feature, values);
  return logit;
}

/** What one number adds to the log-odds. */
export function contributionOf(feature: LinearFeature, values: NamedNumbers): number {
  const value = Object.hasOwn(values, feature.name) ? (values[feature.name] ?? null) : null;
  return value === null ? (feature.missing ?? 0) : added(feature, value);
}

/** Probability that an answer is wrong, calibrated. */
export function calibrated({ calibrator }: Pick<LinearHead, "calibrator">, logit: number): number {
  return 1 - applyCalibrator(calibrator, sigmoid(-logit));
}

const added = (feature: LinearFeature, value: number): number =>
  feature.weight * standardised(feature, value);

function rowLogit({ features, intercept }: LinearHead, { names, values }: FeatureTable, row: number): number {
  let logit = intercept;
  let k = 0; // both are in the order of names
  for (const feature of features) {
    while (names[k] !== feature.name) k++;
    const value = values[row * names.length + k]!;
    logit += Number.isNaN(value) ? (feature.missing ?? 0) : added(feature, value);
  }
  return logit;
}

function headOf(
  { features, dropped }: Design,
  { weights, intercept }: RidgeFit,
  penalty: number,
): LinearHead {
  let next = features.length;
  return {
    features: features.map(({ hasIndicator, ...feature }, j) => ({
      ...feature,
      weight: weights[j]!,
      missing: hasIndicator ? weights[next++]! : null,
    })),
    intercept,
    penalty,
    calibrator: { kind: "platt", input: "logit", slope: 1, intercept: 0 },
    dropped,
  };
}

/** Steeper than this, a curve goes by what the folds' fits differ in, and not by what answers do. */
const STEEPEST = 20;

/** Platt's; where it would turn the order around, or the logits hardly vary, the base rate: the model tells nothing apart. */
function calibratorOf(logits: Float64Array, wrong: Uint8Array, varies: boolean): Calibrator {
  const pairs: Pairs = {
    scores: Array.from(logits, (logit) => sigmoid(-logit)),
    correct: Array.from(wrong, (label) => label === 0),
  };
  const count = wrong.reduce((sum, label) => sum + label, 0);
  const base = Math.log((wrong.length - count + 1) / (count + 1));
  const flat: Calibrator = { kind: "platt", input: "logit", slope: 0, intercept: base };
  if (!varies || count === 0 || count === wrong.length) return flat;
  const fitted = fitPlatt(pairs);
  return fitted.slope > 0 && fitted.slope <= STEEPEST ? fitted : flat;
}

const labelsOf = ({ wrong }: LabelledTable, rows: readonly number[]): Uint8Array =>
  Uint8Array.from(rows, (row) => wrong[row]!);

function logLossOf(logits: Float64Array, wrong: Uint8Array): number {
  let loss = 0;
  for (const [i, z] of logits.entries())
    loss += Math.max(0, z) + Math.log1p(Math.exp(-Math.abs(z))) - wrong[i]! * z;
  return loss;
}

/** Places among `rows`, inside and outside of each fit. */
function foldsOf(
  { groups }: LabelledTable,
  rows: readonly number[],
  { folds, seed }: FoldOptions,
): { inside: number[]; outside: number[] }[] {
  const own = rows.map((row) => groups[row]!);
  const count = new Set(own).size;
  if (count < 2)
    throw new SurprisalError({
      code: "CALIBRATION_TOO_SMALL",
      what: `The answers are of ${count} group: at least 2 are needed to hold some out`,
      where: "answers",
      wayOut:
        "Label answers to more questions, or give those that do not belong together groups of their own.",
    });
  const fold = groupFolds(own, { folds: Math.min(folds, count), seed });
  return Array.from({ length: Math.min(folds, count) }, (_, f) => {
    const [inside, outside]: [number[], number[]] = [[], []];
    for (const [i, each] of fold.entries()) (each === f ? outside : inside).push(i);
    return { inside, outside };
  });
}

/** From vectors and labels to P(level adequate): standardised, fitted, and calibrated on folds that a fit has not seen. */
import { fitPlatt, groupFolds } from "../../../calibrate/index.ts";
import { fitOrdinal, type OrdinalFit, type PaqCosts, sigmoid } from "./ordinal.ts";

/** How a level's probability follows from a prompt's difficulty d: P = 1 / (1 + exp(-(slope (threshold - d) + intercept))). */
export interface LevelCurve {
  threshold: number;
  /** >= 0; 0: the difficulty tells nothing of this level, and P is the share that it was enough for. */
  slope: number;
  intercept: number;
}

/** A level as a head has it; the top one has no curve: it is always adequate. */
export interface PaqHeadLevel {
  name: string;
  /** `null`: it is never chosen, since fewer prompts than `least` have it, or a smaller level, as their label. */
  curve: LevelCurve | null;
  /** Prompts of the fit that it was enough for, and others. */
  adequate: number;
  inadequate: number;
}

/** A fitted head, plain JSON. */
export interface PaqHead {
  /** [dimensions] of the prompts of the fit. */
  means: readonly number[];
  /** [dimensions] standard deviations, > 0; 1 where a number does not vary. */
  scales: readonly number[];
  /** [dimensions] what a standard deviation adds to the difficulty. */
  weights: readonly number[];
  /** All but the top level, fewest bits first. */
  levels: readonly PaqHeadLevel[];
  /** Strength of the L2 penalty per prompt, chosen on held-out folds. */
  penalty: number;
}

/** Prompts to fit to. */
export interface HeadRows {
  /** [n][dimensions] */
  vectors: readonly Float32Array[];
  /** [n] number of the label's level. */
  labels: Uint8Array;
  /** [levels - 1][n] 1 = the level is enough. */
  adequate: readonly Uint8Array[];
  /** [n] prompts of one group never stand on both sides of a split. */
  groups: readonly string[];
}

/** How a head is fitted. */
export interface HeadOptions {
  costs: PaqCosts;
  /** Fewest labels on either side of a threshold. */
  least: number;
  folds: number;
  seed: number;
}

/** Per prompt, strongest first: the fit of one is where that of the next begins. */
const PENALTIES: readonly number[] = [10, 3, 1, 0.3, 0.1, 0.03, 0.01];

/** Numbers farther from the mean, in standard deviations, are taken for these: what the fit has never seen. */
const FARTHEST = 5;

/** Steeper than this, a curve goes by what the folds' fits differ in, and not by what prompts do. */
const STEEPEST = 20;

/** A head, and the difficulty of each prompt by fits that had not seen it. */
export interface FittedHead {
  head: PaqHead;
  /** [n] */
  heldOut: Float64Array;
}

/**
 * Fits a head: the penalty with the least cost on held-out folds, direction and thresholds on all prompts, the curve of each level on what
 * the fits of that penalty said of the folds that they had not seen. A curve is of the level itself being enough, not of some level up to it.
 * @param names of all levels, fewest bits first.
 * @throws SurprisalError as `groupFolds`
 */
export function fitHead(names: readonly string[], rows: HeadRows, options: HeadOptions): FittedHead {
  const n = rows.labels.length;
  const all = Array.from({ length: n }, (_, i) => i);
  const below = names
    .slice(0, -1)
    .map((_, t) => rows.labels.reduce((sum, label) => sum + Number(label <= t), 0));
  const fitted = below.flatMap((count, t) => (count >= options.least && n - count >= options.least ? t : []));
  const scale = scaleOf(rows.vectors, all);
  const held = heldOutLogits(rows, fitted, options);
  const best = fitted.length === 0 ? 0 : held.losses.indexOf(Math.min(...held.losses));
  const penalty = PENALTIES[best]!;
  const fit = fitSubset(rows, all, scale, fitted, penalty, options.costs);
  const levels = names.slice(0, -1).map((name, t): PaqHeadLevel => {
    const adequate = rows.adequate[t]!.reduce((sum, each) => sum + each, 0);
    const facts = { name, adequate, inadequate: n - adequate };
    if (below[t]! < options.least) return { ...facts, curve: null };
    const at = fitted.indexOf(t);
    const share = { threshold: 0, slope: 0, intercept: Math.log((adequate + 1) / (n - adequate + 1)) };
    if (at < 0 || adequate === 0 || adequate === n) return { ...facts, curve: share };
    const { slope, intercept } = fitPlatt(
      { scores: held.logits[best]![at]!, correct: Array.from(rows.adequate[t]!, (each) => each === 1) },
      { input: "score" },
    );
    const threshold = fit.thresholds[at]!;
    const isUsable = slope > 0 && slope <= STEEPEST && Number.isFinite(intercept);
    return { ...facts, curve: isUsable ? { threshold, slope, intercept } : share };
  });
  return {
    head: {
      means: Array.from(scale.means),
      scales: Array.from(scale.scales),
      weights: Array.from(fit.weights),
      levels,
      penalty,
    },
    heldOut: held.difficulties[best] ?? new Float64Array(n),
  };
}

/** Σ of what each number adds. */
export function difficultyOf(
  { means, scales, weights }: Pick<PaqHead, "means" | "scales" | "weights">,
  vector: Float32Array,
): number {
  let sum = 0;
  for (let j = 0; j < weights.length; j++) sum += weights[j]! * within((vector[j]! - means[j]!) / scales[j]!);
  return sum;
}

/** [levels - 1] P(adequate) of each level but the top one; `null` = it is never chosen. */
export function probabilitiesAt({ levels }: Pick<PaqHead, "levels">, difficulty: number): (number | null)[] {
  return levels.map(({ curve }) =>
    curve === null ? null : sigmoid(curve.slope * (curve.threshold - difficulty) + curve.intercept),
  );
}

const within = (z: number): number => Math.min(FARTHEST, Math.max(-FARTHEST, z));

interface Scale {
  means: Float64Array;
  scales: Float64Array;
}

function scaleOf(vectors: readonly Float32Array[], rows: readonly number[]): Scale {
  const q = vectors[0]?.length ?? 0;
  const means = new Float64Array(q);
  const scales = new Float64Array(q);
  for (const i of rows) for (let j = 0; j < q; j++) means[j]! += vectors[i]![j]! / rows.length;
  for (const i of rows)
    for (let j = 0; j < q; j++) scales[j]! += (vectors[i]![j]! - means[j]!) ** 2 / rows.length;
  for (let j = 0; j < q; j++) {
    const deviation = Math.sqrt(scales[j]!);
    scales[j] = deviation > 1e-7 * Math.max(1e-30, Math.abs(means[j]!)) ? deviation : 1;
  }
  return { means, scales };
}

/** [rows*q] standardised. */
function designOf(
  vectors: readonly Float32Array[],
  rows: readonly number[],
  { means, scales }: Scale,
): Float64Array {
  const q = means.length;
  const x = new Float64Array(rows.length * q);
  for (const [m, i] of rows.entries())
    for (let j = 0; j < q; j++) x[m * q + j] = within((vectors[i]![j]! - means[j]!) / scales[j]!);
  return x;
}

/**
 * Fits the thresholds of `fitted` to some rows. One that has all of these rows on one side is put where the share of all is.
 * @returns thresholds in the order of `fitted`.
 */
function fitSubset(
  { vectors, labels: all }: HeadRows,
  rows: readonly number[],
  scale: Scale,
  fitted: readonly number[],
  penalty: number,
  costs: PaqCosts,
  {
    start,
    x = designOf(vectors, rows, scale),
    tolerance,
  }: { start?: OrdinalFit | undefined; x?: Float64Array; tolerance?: number } = {},
): OrdinalFit {
  const q = scale.means.length;
  const belowOf = (t: number) => rows.reduce((sum, i) => sum + Number(all[i]! <= t), 0);
  const counts = fitted.map(belowOf);
  const isOpen = counts.map((count) => count > 0 && count < rows.length);
  const open = fitted.filter((_, k) => isOpen[k]);
  if (open.length === 0)
    return {
      weights: new Float64Array(q),
      thresholds: Float64Array.from(counts, (count) => smoothed(count, rows.length, costs)),
    };
  // A label becomes the number of the first open threshold that it is not above.
  const labels = Uint8Array.from(rows, (i) => {
    const found = open.findIndex((t) => all[i]! <= t);
    return found < 0 ? open.length : found;
  });
  const from = start && {
    weights: start.weights,
    thresholds: start.thresholds.filter((_, k) => isOpen[k]),
  };
  const found = fitOrdinal({ x, labels, columns: q, thresholds: open.length }, penalty, costs, {
    start: from,
    tolerance,
  });
  let next = 0;
  return {
    weights: found.weights,
    thresholds: Float64Array.from(counts, (count, k) =>
      isOpen[k] ? found.thresholds[next++]! : smoothed(count, rows.length, costs),
    ),
  };
}

const smoothed = (below: number, n: number, { under, over }: PaqCosts): number =>
  Math.log((over * below + 0.5) / (under * (n - below) + 0.5));

/** What fits of every penalty say of the folds that they have not seen. */
function heldOutLogits(
  rows: HeadRows,
  fitted: readonly number[],
  { costs, folds: most, seed }: HeadOptions,
): { logits: number[][][]; difficulties: Float64Array[]; losses: number[] } {
  const n = rows.labels.length;
  const logits = PENALTIES.map(() => fitted.map(() => new Array<number>(n).fill(0)));
  const difficulties = PENALTIES.map(() => new Float64Array(n));
  const losses = PENALTIES.map(() => 0);
  if (fitted.length === 0) return { logits, difficulties, losses };
  const folds = Math.min(most, new Set(rows.groups).size);
  const fold = groupFolds(rows.groups, { folds, seed });
  for (let f = 0; f < folds; f++) {
    const [inside, outside]: [number[], number[]] = [[], []];
    for (const [i, each] of fold.entries()) (each === f ? outside : inside).push(i);
    const scale = scaleOf(rows.vectors, inside);
    const x = designOf(rows.vectors, inside, scale);
    let fit: OrdinalFit | undefined;
    for (const [k, penalty] of PENALTIES.entries()) {
      fit = fitSubset(rows, inside, scale, fitted, penalty, costs, { start: fit, x, tolerance: 1e-6 });
      const head = { means: [...scale.means], scales: [...scale.scales], weights: [...fit.weights] };
      for (const i of outside) {
        const difficulty = difficultyOf(head, rows.vectors[i]!);
        difficulties[k]![i] = difficulty;
        for (const [at, t] of fitted.entries()) {
          const z = fit.thresholds[at]! - difficulty;
          logits[k]![at]![i] = z;
          const softplus = Math.max(0, z) + Math.log1p(Math.exp(-Math.abs(z)));
          losses[k]! += rows.labels[i]! <= t ? costs.over * (softplus - z) : costs.under * softplus;
        }
      }
    }
  }
  return { logits, difficulties, losses };
}

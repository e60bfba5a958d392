/** What is measured: scores and whether each was right, counted by distinct score. */
import { invalidArgument, SurprisalError } from "../../core/index.ts";

/** Scores and what came of them. Columns of one length. */
export interface Pairs {
  /** [n] confidence of each answer, higher = surer; `null` = the source gave none. Measures of calibration take 0 ... 1. */
  scores: ArrayLike<number | null>;
  /** [n] whether it was right: a boolean, 1 or 0; `null` = not known. */
  correct: ArrayLike<boolean | number | null>;
  /**
   * [n] what belongs together, such as paraphrases of one question: resampled as one, and never on both sides of a split.
   * Default: each pair for itself.
   */
  groups?: ArrayLike<string | number> | undefined;
}

/**
 * Pairs as counts: the distinct scores, lowest first, and how many of each were right and wrong. All measures are functions
 * of this, so that there is one sort for all of them, ties are what they are, and a resample is other counts over the same
 * scores.
 */
export interface Tally {
  /** [m] distinct scores, ascending. */
  values: Float64Array;
  /** [m] pairs of that score that were right. */
  right: Uint32Array;
  /** [m] pairs of that score that were wrong. */
  wrong: Uint32Array;
  /** Pairs counted: Σ right + Σ wrong. */
  n: number;
  /** Σ right. */
  totalRight: number;
  /** Pairs left out because their score is `null`. */
  missingScores: number;
  /** Pairs with a score, left out because it is not known whether they were right. */
  missingLabels: number;
}

/** Which scores are allowed. */
export type ScoreRange = "probability" | "any";

/**
 * Counts pairs by their scores.
 * @param range "probability": 0 ... 1; "any": any finite number, enough for AUROC and risk-coverage.
 * @throws SurprisalError INVALID_ARGUMENT for columns of different lengths, NaN, infinite scores, those out of the range,
 *   and labels that are neither right nor wrong; EMPTY_INPUT where no pair is left.
 */
export function tallyOf({ scores, correct, groups }: Pairs, range: ScoreRange = "probability"): Tally {
  const length = scores.length;
  requireLength(correct.length, length, "correct");
  if (groups !== undefined) requireLength(groups.length, length, "groups");
  const rights = new Float64Array(length);
  const wrongs = new Float64Array(length);
  let [totalRight, totalWrong, missingScores, missingLabels] = [0, 0, 0, 0];
  for (let i = 0; i < length; i++) {
    const score = scores[i];
    if (score === null || score === undefined) {
      missingScores++;
      continue;
    }
    requireScore(score, range, i);
    const label = labelOf(correct[i], i);
    if (label === null) missingLabels++;
    else if (label) rights[totalRight++] = score;
    else wrongs[totalWrong++] = score;
  }
  if (totalRight + totalWrong === 0)
    throw new SurprisalError({
      code: "EMPTY_INPUT",
      what:
        length === 0
          ? "There are no pairs"
          : `None of ${length} pairs has both a score and a label: ${missingScores} lack the score, ${missingLabels} the label`,
      where: "pairs",
      wayOut: "Give scores, and whether each was right.",
    });
  const merged = mergeSorted(rights.subarray(0, totalRight).sort(), wrongs.subarray(0, totalWrong).sort());
  return { ...merged, n: totalRight + totalWrong, totalRight, missingScores, missingLabels };
}

/** true, false, or `null` = not known. @throws SurprisalError INVALID_ARGUMENT */
export function labelOf(label: boolean | number | null | undefined, i: number): boolean | null {
  if (label === null || label === undefined) return null;
  if (label === true || label === 1) return true;
  if (label === false || label === 0) return false;
  throw invalidArgument(
    `${String(label)} says neither right nor wrong`,
    `correct[${i}]`,
    "Give true or 1, false or 0, or null where it is not known.",
  );
}

/** @throws SurprisalError INVALID_ARGUMENT */
export function requireScore(score: number, range: ScoreRange, i: number): void {
  if (range === "any" ? Number.isFinite(score) : score >= 0 && score <= 1) return;
  throw invalidArgument(
    range === "any" ? `${score} is no score` : `${score} is no probability`,
    `scores[${i}]`,
    range === "any"
      ? "Give a finite number, or null where there is none."
      : "Give a number from 0 to 1, or null where there is none. Scores of another scale are first calibrated.",
  );
}

/** @throws SurprisalError INVALID_ARGUMENT */
export function requireLength(found: number, wanted: number, where: string): void {
  if (found !== wanted)
    throw invalidArgument(
      `There are ${wanted} scores and ${found} ${where}`,
      where,
      "Give one for each score.",
    );
}

/** Memory for tallies that follow each other: a resample has no more distinct scores than the sample. */
export class TallyRoom {
  readonly #values: Float64Array;
  readonly #right: Uint32Array;
  readonly #wrong: Uint32Array;

  constructor(distinct: number) {
    this.#values = new Float64Array(distinct);
    this.#right = new Uint32Array(distinct);
    this.#wrong = new Uint32Array(distinct);
  }

  /**
   * The scores with other counts; those that have none are left out. It holds until the next one.
   * @param counts [2m] wrong ones of each score, then right ones.
   */
  tally(tally: Tally, counts: Uint32Array): Tally {
    const m = tally.values.length;
    let [kept, totalRight, n] = [0, 0, 0];
    for (let j = 0; j < m; j++) {
      const [wrong, right] = [counts[j]!, counts[m + j]!];
      if (wrong + right === 0) continue;
      this.#values[kept] = tally.values[j]!;
      this.#right[kept] = right;
      this.#wrong[kept] = wrong;
      totalRight += right;
      n += right + wrong;
      kept++;
    }
    return {
      ...tally,
      values: this.#values.subarray(0, kept),
      right: this.#right.subarray(0, kept),
      wrong: this.#wrong.subarray(0, kept),
      totalRight,
      n,
    };
  }
}

/** Place of a score among the distinct ones, by halving. */
export function placeOf(values: Float64Array, score: number): number {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! < score) low = middle + 1;
    else high = middle;
  }
  return low;
}

function mergeSorted(rights: Float64Array, wrongs: Float64Array): Pick<Tally, "values" | "right" | "wrong"> {
  const most = rights.length + wrongs.length;
  const values = new Float64Array(most);
  const right = new Uint32Array(most);
  const wrong = new Uint32Array(most);
  let [m, i, k] = [0, 0, 0];
  while (i < rights.length || k < wrongs.length) {
    const value = k >= wrongs.length || rights[i]! <= wrongs[k]! ? rights[i]! : wrongs[k]!;
    values[m] = value + 0; // -0 is 0
    while (i < rights.length && rights[i] === value) {
      right[m]!++;
      i++;
    }
    while (k < wrongs.length && wrongs[k] === value) {
      wrong[m]!++;
      k++;
    }
    m++;
  }
  return { values: values.slice(0, m), right: right.slice(0, m), wrong: wrong.slice(0, m) };
}

/** Probabilities over options and the right one, as pairs: of the top option, or of each option for itself. */
import { invalidArgument, SurprisalError } from "../../core/index.ts";
import type { Pairs } from "./pairs.ts";

/** Questions with options. Columns of one length; questions may have different numbers of options. */
export interface OptionAnswers {
  /** [n][k] probability of each option, 0 ... 1; `null` = the source gave none for this question. They need not sum to 1. */
  probabilities: readonly (ArrayLike<number> | null)[];
  /** [n] number of the right option, from 0; `null` = not known. */
  labels: readonly (number | null)[];
  /** [n] as in `Pairs`. */
  groups?: readonly (string | number)[] | undefined;
}

/**
 * Checks probabilities and labels.
 * @throws SurprisalError INVALID_ARGUMENT for labels that are no option, NaN, numbers out of 0 ... 1, no options, all 0;
 *   EMPTY_INPUT without questions.
 */
export function checkOptions({ probabilities, labels, groups }: OptionAnswers): void {
  const n = probabilities.length;
  if (n === 0)
    throw new SurprisalError({
      code: "EMPTY_INPUT",
      what: "There are no questions",
      where: "probabilities",
      wayOut: "Give probabilities over options, and the number of the right one.",
    });
  for (const [name, column] of [
    ["labels", labels],
    ["groups", groups],
  ] as const)
    if (column !== undefined && column.length !== n)
      throw invalidArgument(
        `There are ${n} questions and ${column.length} ${name}`,
        name,
        "Give one for each.",
      );
  for (let i = 0; i < n; i++) {
    const row = probabilities[i];
    if (row === null || row === undefined) continue;
    if (row.length === 0)
      throw invalidArgument("The question has no options", `probabilities[${i}]`, "Give at least one.");
    let sum = 0;
    for (let k = 0; k < row.length; k++) {
      const p = row[k]!;
      if (!(p >= 0 && p <= 1))
        throw invalidArgument(
          `${p} is no probability`,
          `probabilities[${i}][${k}]`,
          "Give a number from 0 to 1.",
        );
      sum += p;
    }
    if (sum === 0)
      throw invalidArgument(
        "All options have probability 0",
        `probabilities[${i}]`,
        "Give null where there are none.",
      );
    requireOption(labels[i]!, row.length, `labels[${i}]`);
  }
}

/** @throws SurprisalError INVALID_ARGUMENT */
export function requireOption(label: number | null, options: number, where: string): void {
  if (label === null || (Number.isInteger(label) && label >= 0 && label < options)) return;
  throw invalidArgument(
    `${String(label)} is none of the ${options} options`,
    where,
    `Give a number from 0 to ${options - 1}, or null where the right one is not known.`,
  );
}

/** Number of the most probable option, the first of equals. */
export function topOption(row: ArrayLike<number>): number {
  let best = 0;
  for (let k = 1; k < row.length; k++) if (row[k]! > row[best]!) best = k;
  return best;
}

/** Proper scores of whole distributions over options, means over the questions that have numbers and a label. */
export interface OptionScores {
  /** -ln p of the right option, nats; Infinity where it was given 0. */
  logLoss: number;
  /** Σ over options of (p - 1 where right)², 0 ... 2: Brier's own. */
  brier: number;
  /** ln of the number of options, nats: the log loss of whoever gives each the same. */
  uniformLogLoss: number;
  /** Share of questions whose most probable option is right. */
  accuracy: number;
  /** Questions counted. */
  n: number;
  /** Questions left out for want of numbers or label. */
  missing: number;
}

/**
 * Scores all options of each question, not only the chosen one: what temperature scaling makes least.
 * @throws SurprisalError as `checkOptions`; EMPTY_INPUT where no question counts.
 */
export function optionScores(answers: OptionAnswers): OptionScores {
  checkOptions(answers);
  let [logLoss, brier, uniform, right, n] = [0, 0, 0, 0, 0];
  for (const [i, row] of answers.probabilities.entries()) {
    const label = answers.labels[i] ?? null;
    if (row === null || label === null) continue;
    n++;
    logLoss -= Math.log(row[label]!);
    uniform += Math.log(row.length);
    if (topOption(row) === label) right++;
    for (let k = 0; k < row.length; k++) brier += (row[k]! - (k === label ? 1 : 0)) ** 2;
  }
  if (n === 0)
    throw new SurprisalError({
      code: "EMPTY_INPUT",
      what: `None of ${answers.probabilities.length} questions has both numbers and a label`,
      where: "probabilities",
      wayOut: "Give probabilities over options, and the number of the right one.",
    });
  return {
    logLoss: logLoss / n,
    brier: brier / n,
    uniformLogLoss: uniform / n,
    accuracy: right / n,
    n,
    missing: answers.probabilities.length - n,
  };
}

/**
 * The confidence in the most probable option, and whether it is the right one: what torchmetrics' multiclass calibration error
 * is about ("top-label" or "confidence" calibration, Guo et al. 2017).
 * @throws SurprisalError as `checkOptions`.
 */
export function topLabelPairs(answers: OptionAnswers): Pairs {
  checkOptions(answers);
  const { probabilities, labels, groups } = answers;
  const tops = probabilities.map((row) => (row === null ? null : topOption(row)));
  return {
    scores: tops.map((top, i) => (top === null ? null : probabilities[i]![top]!)),
    correct: tops.map((top, i) => (labels[i] === null || top === null ? null : top === labels[i])),
    groups,
  };
}

/**
 * Each option for itself: its probability, and whether it is the right one; a measure of each, averaged, is class-wise
 * (Kull et al. 2019; MAPIE's `classwise`). Questions without this option are left out of its pairs.
 * @returns [most options] pairs of option 0, 1, ...
 * @throws SurprisalError as `checkOptions`.
 */
export function classWisePairs(answers: OptionAnswers): Pairs[] {
  checkOptions(answers);
  const { probabilities, labels, groups } = answers;
  const most = Math.max(...probabilities.map((row) => row?.length ?? 0));
  return Array.from({ length: most }, (_, option) => {
    const those = probabilities.flatMap((row, i) => (row === null || row.length > option ? [i] : []));
    return {
      scores: those.map((i) => probabilities[i]?.[option] ?? null),
      correct: those.map((i) => (labels[i] === null ? null : labels[i] === option)),
      ...(groups && { groups: those.map((i) => groups[i]!) }),
    };
  });
}

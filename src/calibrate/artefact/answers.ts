/** Labelled answers as a calibration is fitted to them: scores that were right or wrong, or options with the right one. */
import { invalidArgument } from "../../core/index.ts";
import { type OptionLogprobs, temperedProbabilities } from "../calibrators/index.ts";
import { type OptionAnswers, type Pairs, topLabelPairs } from "../measures/index.ts";

/** Labelled answers, in columns of one length: of one claim each, or among options. */
export type LabelledAnswers = (Pairs | OptionLogprobs) & {
  /** [n] as in `Pairs`. */
  groups?: ArrayLike<string | number> | undefined;
  /** [n] kind of each question, such as "predicate", "choice". */
  kinds?: readonly string[] | undefined;
};

/** Whether these are answers among options. */
export function hasOptions(answers: LabelledAnswers): answers is OptionLogprobs & LabelledAnswers {
  return "logprobs" in answers;
}

/** Log-probabilities of options as probabilities that sum to 1. */
export function optionAnswers(
  { logprobs, labels, groups }: OptionLogprobs & LabelledAnswers,
  temperature: (i: number) => number = () => 1,
): OptionAnswers {
  return {
    probabilities: logprobs.map((row, i) =>
      row === null ? null : temperedProbabilities(row, temperature(i)),
    ),
    labels,
    groups: groups && Array.from(groups),
  };
}

/** The confidence of each answer and whether it was right: of options, in the most probable one. */
export function pairsOf(answers: LabelledAnswers): Pairs {
  return hasOptions(answers) ? topLabelPairs(optionAnswers(answers)) : answers;
}

/** Number of answers, scored or not. @throws SurprisalError INVALID_ARGUMENT for columns of other lengths. */
export function lengthOf(answers: LabelledAnswers): number {
  const length = hasOptions(answers) ? answers.logprobs.length : answers.scores.length;
  for (const name of ["groups", "kinds"] as const)
    if (answers[name] !== undefined && answers[name].length !== length)
      throw invalidArgument(
        `There are ${length} answers and ${answers[name].length} ${name}`,
        name,
        "Give one for each.",
      );
  return length;
}

/** The answers with these numbers. */
export function pickAnswers(answers: LabelledAnswers, those: readonly number[]): LabelledAnswers {
  const pick = <T>(column: ArrayLike<T>): T[] => those.map((i) => column[i]!);
  const more = {
    ...(answers.groups && { groups: pick(answers.groups) }),
    ...(answers.kinds && { kinds: pick(answers.kinds) }),
  };
  return hasOptions(answers)
    ? { logprobs: pick(answers.logprobs), labels: pick(answers.labels), ...more }
    : { scores: pick(answers.scores), correct: pick(answers.correct), ...more };
}

/** Rows for a digest. */
export function* answerRowsOf(answers: LabelledAnswers): Generator<readonly unknown[], void, void> {
  for (let i = 0; i < lengthOf(answers); i++) {
    const [given, label] = hasOptions(answers)
      ? [answers.logprobs[i] && Array.from(answers.logprobs[i]!), answers.labels[i]]
      : [answers.scores[i], answers.correct[i] === null ? null : Number(answers.correct[i])];
    yield [given ?? null, label ?? null, answers.groups?.[i] ?? null, answers.kinds?.[i] ?? null];
  }
}

/** How well each method tells right answers from wrong ones, where it is known which are right. */
import { measureRanking } from "../../calibrate/index.ts";
import type { ConfidenceAnswer, MethodRanking } from "../../report/index.ts";
import { finiteOrder } from "../../uncertainty/index.ts";

type Ranked = Pick<ConfidenceAnswer, "estimates" | "correct" | "group">;

/**
 * AUROC and AURC of every method over the answers that it has a number for and that have a label, best first.
 * @returns `null` where no answer has a label, or all the same.
 */
export function rank(answers: readonly Ranked[]): MethodRanking[] | null {
  const labelled = answers.filter(({ correct }) => correct !== null);
  if (new Set(labelled.map(({ correct }) => correct)).size < 2) return null;
  const names = labelled[0]!.estimates.map(({ name }) => name);
  const groups = labelled.every(({ group }) => group !== null)
    ? labelled.map(({ group }) => group!)
    : undefined;
  return names
    .flatMap((name, k): MethodRanking[] => {
      const uncertainties = finiteOrder(labelled.map(({ estimates }) => estimates[k]!.uncertainty));
      if (uncertainties.every((each) => each === null)) return [];
      const { family } = labelled[0]!.estimates[k]!;
      const correct = labelled.map((answer) => answer.correct);
      const { n, right, missingScores, measures } = measureRanking({ uncertainties, correct, groups });
      const { auroc, aurc } = measures;
      return [{ name, family, n, right, missing: missingScores, auroc, aurc }];
    })
    .toSorted((a, b) => (b.auroc.value ?? -1) - (a.auroc.value ?? -1));
}

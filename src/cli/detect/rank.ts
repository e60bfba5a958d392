/** How well each signal tells wrong answers from right ones, and the confident errors, where it is known which are right. */
import { measureRanking } from "../../calibrate/index.ts";
import { type ConfidentErrorReport, confidentErrors, SIGNALS } from "../../detect/index.ts";
import type { DetectedAnswer, SignalRanking } from "../../report/index.ts";

type Ranked = Pick<DetectedAnswer, "score" | "examinations" | "tokens" | "correct" | "group">;

/** Infinity where a token had the probability 0; `null`: no numbers. */
function meanSurprisal({ tokens }: Pick<DetectedAnswer, "tokens">): number | null {
  const known = tokens.flatMap(({ surprisal }) => (surprisal === null ? [] : [surprisal]));
  return known.length === 0 || known.length < tokens.length
    ? null
    : known.reduce((sum, each) => sum + each, 0) / known.length;
}

/**
 * AUROC of every signal, of all fused, and of the mean surprisal, over the answers that it has a number for and that have a label;
 * best first.
 * @returns `null` where no answer has a label, or all the same.
 */
export function rankSignals(answers: readonly Ranked[]): SignalRanking[] | null {
  const labelled = answers.filter(({ correct }) => correct !== null);
  if (new Set(labelled.map(({ correct }) => correct)).size < 2) return null;
  const groups = labelled.every(({ group }) => group !== null)
    ? labelled.map(({ group }) => group!)
    : undefined;
  const correct = labelled.map((answer) => answer.correct);
  const columns: [string, (number | null)[]][] = [
    ["fused", labelled.map(({ score }) => score)],
    ["mean surprisal", labelled.map(meanSurprisal)],
    ...SIGNALS.map((signal): [string, (number | null)[]] => [signal, labelled.map(suspicionOf(signal))]),
  ];
  return columns
    .flatMap(([name, given]): SignalRanking[] => {
      const uncertainties = finite(given);
      if (uncertainties.every((each) => each === null)) return [];
      const { n, right, missingScores, measures } = measureRanking({ uncertainties, correct, groups });
      return [{ name, n, right, missing: missingScores, auroc: measures.auroc }];
    })
    .toSorted((a, b) => (b.auroc.value ?? -1) - (a.auroc.value ?? -1));
}

const suspicionOf =
  (signal: string) =>
  ({ examinations }: Ranked): number | null =>
    examinations.find((each) => each.signal === signal)?.suspicion ?? null;

/** @returns `null` where no answer is right, none is wrong, or none has a perplexity. Ids are places among the answers. */
export function confidentErrorsOf(answers: readonly Ranked[]): ConfidentErrorReport | null {
  const cases = answers.map((answer, i) => {
    const nats = meanSurprisal(answer);
    return {
      id: String(i),
      correct: answer.correct,
      // Rounding may take a sum of certain tokens below 0.
      perplexity: nats === null ? null : Math.max(1, Math.exp(nats)),
      signals: Object.fromEntries(answer.examinations.map(({ signal, suspicion }) => [signal, suspicion])),
      ...(answer.group !== null && { group: String(answer.group) }),
    };
  });
  const known = cases.filter(({ correct, perplexity }) => correct !== null && perplexity !== null);
  return new Set(known.map(({ correct }) => correct)).size < 2 ? null : confidentErrors(cases);
}

/** Infinities as numbers beyond all others: the order is theirs. */
function finite(values: readonly (number | null)[]): (number | null)[] {
  const known = values.filter((value) => value !== null && Number.isFinite(value)) as number[];
  const [least, most] = [Math.min(0, ...known), Math.max(0, ...known)];
  return values.map((value) => (value === Infinity ? most + 1 : value === -Infinity ? least - 1 : value));
}

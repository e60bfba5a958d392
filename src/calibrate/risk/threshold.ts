/** From which score on to answer, so that what is answered is wrong no more often than allowed. */
import { invalidArgument, SurprisalError } from "../../core/index.ts";
import { type Pairs, requireCount, requireShare, requireSingles, tallyOf } from "../measures/index.ts";
import { answersNeeded, clopperPearson, fewestAnswers, type RiskTest, riskPValue } from "./bounds.ts";

/** Options of `fitRiskThreshold`. */
export interface RiskThresholdOptions {
  /** Largest share of wrong ones among the answered, strictly between 0 and 1. */
  risk: number;
  /** Chance that the threshold does not keep to it, strictly between 0 and 1. Default 0.05. */
  delta?: number | undefined;
  /** Default "binomial": exact, and right for answers that are right or wrong. "hoeffding-bentkus" needs about 1.4 times as many. */
  test?: RiskTest | undefined;
  /**
   * Thresholds to be tried, chosen before the data were seen. Default: 1, 0.99, 0.98 ... 0; scores of another scale than 0 ... 1
   * need their own.
   */
  candidates?: readonly number[] | undefined;
  /** A threshold that fewer pairs reach is not tested. Default: as many as could show the risk if all were right. */
  leastAnswered?: number | undefined;
}

/** A threshold with what it promises, as plain JSON. */
export interface RiskThreshold {
  kind: "risk-threshold";
  /** Answer where the score is at least this; `null` = no threshold keeps to the risk as far as these pairs show. */
  threshold: number | null;
  risk: number;
  delta: number;
  test: RiskTest;
  /** At the threshold, of the pairs: answered, and of these wrong; `null` without a threshold. */
  answered: number | null;
  wrong: number | null;
  /** Share answered. */
  coverage: number | null;
  /** Clopper and Pearson's upper bound of the risk at the threshold alone, with probability 1 - delta. */
  upperBound: number | null;
  n: number;
  /** Thresholds tested, the first that failed among them. */
  tested: number;
}

/** 1, 0.99 ... 0 */
const CANDIDATES: readonly number[] = Array.from({ length: 101 }, (_, i) => (100 - i) / 100);

/**
 * The lowest threshold whose selective risk, P(wrong | score >= threshold), is at most `risk` with probability 1 - delta.
 *
 * Learn then Test by a fixed sequence: from the strictest candidate to the loosest, each is tested at the full delta, until the
 * first that fails; nothing after it counts. To choose falsely, the first candidate whose true risk is too large has to pass,
 * which has a chance of at most delta, however many are tried. The candidates must not depend on the pairs, and the pairs
 * must be independent: groups of more than one are refused.
 * Source: Angelopoulos, Bates, Candès, Jordan & Lei 2021, "Learn then Test", section 3.2 (fixed sequence testing).
 * @param pairs scores on any scale, higher = surer.
 * @throws SurprisalError CALIBRATION_TOO_SMALL naming the number that is missing, where even all right answers could not show the
 *   risk; INVALID_ARGUMENT.
 */
export function fitRiskThreshold(pairs: Pairs, options: RiskThresholdOptions): RiskThreshold {
  const { risk, delta = 0.05, test = "binomial", candidates = CANDIDATES } = options;
  requireShare(risk, "risk");
  requireShare(delta, "delta");
  if (test !== "binomial" && test !== "hoeffding-bentkus")
    throw invalidArgument(
      `There is no test "${String(test)}"`,
      "test",
      "Give binomial or hoeffding-bentkus.",
    );
  if (candidates.length === 0 || !candidates.every(Number.isFinite))
    throw invalidArgument("There are no thresholds to try", "candidates", "Give finite numbers.");
  requireSingles(pairs.groups);
  const { values, right, wrong, n } = tallyOf(pairs, "any");
  const fewest = fewestAnswers(risk, delta, { test });
  const { leastAnswered = Math.max(fewest, Math.min(n, fewestAnswers(risk, delta, { wrong: 2, test }))) } =
    options;
  requireCount(leastAnswered, "leastAnswered", 1);
  if (n < fewest)
    throw new SurprisalError({
      code: "CALIBRATION_TOO_SMALL",
      what: `${n} pairs cannot show a risk of ${risk} with probability ${1 - delta}, even if all were right: ${fewest - n} more are needed`,
      where: "pairs",
      wayOut: `Give at least ${fewest}, or allow a larger risk or delta. ${fewest} are enough only if all are right: where half the allowed risk is true, ${answersNeeded({ risk, delta, test }) ?? "more than a million"} show it in 4 of 5 cases.`,
    });
  const result = { kind: "risk-threshold" as const, risk, delta, test, n };
  let best: { threshold: number; answered: number; wrong: number } | null = null;
  let [answered, errors, tested, j] = [0, 0, 0, values.length - 1];
  for (const threshold of candidates.toSorted((a, b) => b - a)) {
    for (; j >= 0 && values[j]! >= threshold; j--) {
      answered += right[j]! + wrong[j]!;
      errors += wrong[j]!;
    }
    if (answered < leastAnswered) continue;
    tested++;
    if (riskPValue(errors, answered, risk, test) > delta) break;
    best = { threshold, answered, wrong: errors };
  }
  if (best === null)
    return {
      ...result,
      threshold: null,
      answered: null,
      wrong: null,
      coverage: null,
      upperBound: null,
      tested,
    };
  const upperBound = clopperPearson(best.wrong, best.answered, { level: 1 - delta, side: "upper" }).high;
  return { ...result, ...best, coverage: best.answered / n, upperBound, tested };
}

/** From which uncertainty on the long way is taken: chosen on questions that nothing else was fitted to. */
import { clopperPearson, fewestAnswers, riskPValue } from "../../calibrate/index.ts";
import { invalidArgument, SurprisalError } from "../../core/index.ts";

/** What the operating point is chosen for. */
export type CarGoal =
  /** The fewest tokens with an accuracy of at least this: a share, or that of always answering long, less `tolerance` (default 0). */
  | { kind: "accuracy"; atLeast: number | "always-long"; tolerance?: number | undefined }
  /** The best accuracy with no more tokens per question than this, those of the short answer included. */
  | { kind: "tokens"; atMost: number }
  /**
   * The most short answers with a risk of at most this, with probability 1 - `delta` (default 0.05). "kept wrong": share of
   * wrong ones among the short answers that are kept. "lost": share of all questions whose short answer is kept and wrong
   * although the long one is right.
   */
  | { kind: "risk"; risk: number; delta?: number | undefined; of?: "kept wrong" | "lost" | undefined }
  /** Kept where P(right) is at least this; 0.5 is CAR's rule. */
  | { kind: "posterior"; atLeast: number };

/** What is known of a question when the point is chosen. */
export interface PointCase {
  /** `null` = missing: it goes the long way whatever the point is. */
  uncertainty: number | null;
  shortRight: boolean;
  longRight: boolean;
  shortTokens: number;
  longTokens: number;
}

/** A point, and what it does to the questions that it was chosen on. */
export interface OperatingPoint {
  /** The short answer is kept where the uncertainty is at most this; `null`: never. */
  threshold: number | null;
  n: number;
  /** Share of questions whose short answer is kept. */
  kept: number;
  accuracy: number;
  /** Per question: those of the short answer, and of the long one where it is needed. */
  tokens: number;
  /** Of always answering long, for comparison. */
  alwaysLong: { accuracy: number; tokens: number };
  /** The goal was reached on these questions; where no point reaches it, the nearest was taken. */
  reached: boolean;
  /** Of a risk: what was counted, out of how many, and the upper bound of Clopper and Pearson at the point alone. */
  risk: { errors: number; outOf: number; upperBound: number } | null;
}

/** Every point that tells the cases apart, from the strictest on, with running sums. */
interface Sums {
  threshold: number | null;
  kept: number;
  keptWrong: number;
  lost: number;
  right: number;
  tokens: number;
}

/**
 * Chooses a point. Between points that are as good the stricter one is taken.
 * @param candidates of a risk: uncertainties to be tried, chosen without these cases.
 * @throws SurprisalError CALIBRATION_TOO_SMALL where even no error at all could not show the risk; INVALID_ARGUMENT.
 */
export function chooseThreshold(
  cases: readonly PointCase[],
  goal: Exclude<CarGoal, { kind: "posterior" }>,
  candidates: readonly number[],
): OperatingPoint {
  const points = sumsOf(cases);
  const [none] = points as [Sums, ...Sums[]];
  const alwaysLong = {
    accuracy: none.right / cases.length,
    tokens: cases.reduce((sum, { longTokens }) => sum + longTokens, 0) / cases.length,
  };
  if (goal.kind === "risk") return byRisk(cases.length, points, goal, candidates, alwaysLong);
  const accuracyOf = ({ right }: Sums) => right / cases.length;
  const tokensOf = ({ tokens }: Sums) => tokens / cases.length;
  let reaching: Sums[];
  let best: (one: Sums, other: Sums) => boolean;
  if (goal.kind === "accuracy") {
    const wanted =
      (goal.atLeast === "always-long" ? alwaysLong.accuracy : goal.atLeast) - (goal.tolerance ?? 0);
    reaching = points.filter((point) => accuracyOf(point) >= wanted - 1e-12);
    best =
      reaching.length > 0
        ? (one, other) => one.tokens < other.tokens
        : (one, other) => one.right > other.right;
  } else {
    reaching = points.filter((point) => tokensOf(point) <= goal.atMost + 1e-9);
    best =
      reaching.length > 0
        ? (one, other) => one.right > other.right
        : (one, other) => one.tokens < other.tokens;
  }
  const chosen = (reaching.length > 0 ? reaching : points).reduce((found, point) =>
    best(point, found) ? point : found,
  );
  return described(chosen, cases.length, alwaysLong, reaching.length > 0, null);
}

/** What a given threshold does to cases. */
export function describeThreshold(cases: readonly PointCase[], threshold: number | null): OperatingPoint {
  const points = sumsOf(cases);
  const alwaysLong = {
    accuracy: points[0]!.right / cases.length,
    tokens: cases.reduce((sum, { longTokens }) => sum + longTokens, 0) / cases.length,
  };
  const point = { ...atThreshold(points, threshold ?? Number.NEGATIVE_INFINITY), threshold };
  return described(point, cases.length, alwaysLong, true, null);
}

function sumsOf(cases: readonly PointCase[]): [Sums, ...Sums[]] {
  const sums: Sums = { threshold: null, kept: 0, keptWrong: 0, lost: 0, right: 0, tokens: 0 };
  for (const { longRight, shortTokens, longTokens } of cases) {
    sums.right += Number(longRight);
    sums.tokens += shortTokens + longTokens;
  }
  const points: [Sums, ...Sums[]] = [{ ...sums }];
  const sorted = cases
    .filter((each): each is PointCase & { uncertainty: number } => each.uncertainty !== null)
    .toSorted((a, b) => a.uncertainty - b.uncertainty);
  for (const [i, { uncertainty, shortRight, longRight, longTokens }] of sorted.entries()) {
    sums.kept++;
    sums.keptWrong += Number(!shortRight);
    sums.lost += Number(!shortRight && longRight);
    sums.right += Number(shortRight) - Number(longRight);
    sums.tokens -= longTokens;
    if (sorted[i + 1]?.uncertainty !== uncertainty) points.push({ ...sums, threshold: uncertainty });
  }
  return points;
}

/** The last point at or below a threshold. */
function atThreshold(points: readonly [Sums, ...Sums[]], threshold: number): Sums {
  let [low, high] = [0, points.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (points[middle]!.threshold! <= threshold) low = middle;
    else high = middle - 1;
  }
  return points[low]!;
}

/**
 * Learn then Test by a fixed sequence: candidates from the strictest to the loosest, each tested at the full delta, until the
 * first that fails. Candidates that fewer are kept by than could show the risk are not tested.
 * Source: Angelopoulos, Bates, Candès, Jordan & Lei 2021, "Learn then Test", section 3.2; "lost" after Wang et al. 2026,
 * "Conformal Thinking", arXiv 2602.03814.
 */
function byRisk(
  n: number,
  points: readonly [Sums, ...Sums[]],
  { risk, delta = 0.05, of = "kept wrong" }: Extract<CarGoal, { kind: "risk" }>,
  candidates: readonly number[],
  alwaysLong: OperatingPoint["alwaysLong"],
): OperatingPoint {
  for (const [where, share] of Object.entries({ risk, delta }))
    if (!(typeof share === "number" && share > 0 && share < 1))
      throw invalidArgument(`${share} is not between 0 and 1`, where, "Give a number such as 0.05.");
  if (of !== "kept wrong" && of !== "lost")
    throw invalidArgument(`There is no risk of "${String(of)}"`, "goal.of", 'Give "kept wrong" or "lost".');
  const fewest = fewestAnswers(risk, delta);
  if (n < fewest)
    throw new SurprisalError({
      code: "CALIBRATION_TOO_SMALL",
      what: `${n} held-out questions cannot show a risk of ${risk} with probability ${1 - delta}, even if all were right: ${fewest - n} more are needed`,
      where: "records",
      wayOut: `Give at least ${fewest} questions beside those that the posterior is fitted to, or allow a larger risk or delta (--risk, --delta).`,
    });
  const errorsOf = ({ keptWrong, lost }: Sums) => (of === "lost" ? lost : keptWrong);
  const outOf = ({ kept }: Sums) => (of === "lost" ? n : kept);
  const least = of === "lost" ? 0 : Math.max(fewest, Math.min(n, fewestAnswers(risk, delta, { wrong: 2 })));
  let chosen: Sums | null = null;
  let passed: { errors: number; outOf: number } | null = null; // what passed once passes again
  for (const threshold of candidates.toSorted((a, b) => a - b)) {
    const point = atThreshold(points, threshold);
    if (point.kept < least) continue;
    const counts = { errors: errorsOf(point), outOf: outOf(point) };
    const known = counts.errors === passed?.errors && counts.outOf === passed.outOf;
    if (!known && riskPValue(counts.errors, counts.outOf, risk) > delta) break;
    passed = counts;
    chosen = { ...point, threshold };
  }
  if (chosen === null) return described(points[0], n, alwaysLong, false, null);
  const upperBound = clopperPearson(errorsOf(chosen), outOf(chosen), {
    level: 1 - delta,
    side: "upper",
  }).high;
  return described(chosen, n, alwaysLong, true, {
    errors: errorsOf(chosen),
    outOf: outOf(chosen),
    upperBound,
  });
}

const described = (
  { threshold, kept, right, tokens }: Sums,
  n: number,
  alwaysLong: OperatingPoint["alwaysLong"],
  reached: boolean,
  risk: OperatingPoint["risk"],
): OperatingPoint => ({
  threshold,
  n,
  kept: kept / n,
  accuracy: right / n,
  tokens: tokens / n,
  alwaysLong,
  reached,
  risk,
});

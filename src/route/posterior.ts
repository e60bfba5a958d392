/** P(right | uncertainty) that never rises with the uncertainty: what routers go by unless told otherwise. */
import { fitPlatt, isotonicSteps, tallyOf } from "../calibrate/index.ts";
import { invalidArgument } from "../core/index.ts";

/** A probability that never rises with the uncertainty, plain JSON. */
export type MonotonePosterior =
  | {
      kind: "logistic";
      /** P = 1 / (1 + exp(slope u - intercept)); >= 0: 0 where the signal does not tell right from wrong. */
      slope: number;
      intercept: number;
    }
  | {
      kind: "isotonic";
      /** Rising. */
      uncertainties: readonly number[];
      /** At each of them, 0 ... 1, never rising; straight between them and flat beyond. */
      probabilities: readonly number[];
    };

/** Kinds of `MonotonePosterior`. */
const POSTERIORS: readonly MonotonePosterior["kind"][] = ["logistic", "isotonic"];

/**
 * Fits a posterior.
 *
 * "logistic" is Platt's, with his guard against sets that are told apart without a fault; where it would rise with the
 * uncertainty, it is the share of right ones. "isotonic" has no form, and wants about a thousand answers.
 * @param uncertainties finite; larger ones than 1e6 are taken for 1e6.
 * @throws SurprisalError INVALID_ARGUMENT for a kind that there is not.
 * @param right of the same length, both kinds among them; where there is one kind only, the posterior is (n₊ + 1)/(n + 2).
 */
export function fitPosterior(
  uncertainties: readonly number[],
  right: readonly boolean[],
  kind: MonotonePosterior["kind"] = "logistic",
): MonotonePosterior {
  if (!POSTERIORS.includes(kind))
    throw invalidArgument(
      `There is no posterior "${String(kind)}"`,
      "posterior",
      `Give ${POSTERIORS.join(", ")}.`,
    );
  const pairs = { scores: uncertainties.map((value) => -within(value)), correct: right };
  const hits = right.filter(Boolean).length;
  const level = Math.log((hits + 1) / (right.length - hits + 1));
  if (hits === 0 || hits === right.length) return { kind: "logistic", slope: 0, intercept: level };
  if (kind === "logistic") {
    const { slope, intercept } = fitPlatt(pairs, { input: "score" });
    if (slope > 0) return { kind: "logistic", slope, intercept };
    return { kind: "logistic", slope: 0, intercept: level };
  }
  const { low, high, value } = isotonicSteps(tallyOf(pairs, "any"));
  const points: [number, number][] = [];
  for (let b = value.length - 1; b >= 0; b--) {
    points.push([-high[b]! + 0, value[b]!]);
    if (low[b] !== high[b]) points.push([-low[b]! + 0, value[b]!]);
  }
  return { kind: "isotonic", uncertainties: points.map(([u]) => u), probabilities: points.map(([, p]) => p) };
}

/** A probability of 0 somewhere makes an infinite uncertainty, which no curve can be fitted through. */
const LARGEST = 1e6;
const within = (value: number): number => Math.max(-LARGEST, Math.min(LARGEST, value));

/** P(right | uncertainty), 0 ... 1. */
export function posteriorAt(posterior: MonotonePosterior, uncertainty: number): number {
  const u = within(uncertainty);
  if (posterior.kind === "logistic") return 1 / (1 + Math.exp(posterior.slope * u - posterior.intercept));
  const { uncertainties, probabilities } = posterior;
  const last = uncertainties.length - 1;
  if (u <= uncertainties[0]!) return probabilities[0]!;
  if (u >= uncertainties[last]!) return probabilities[last]!;
  let [low, high] = [0, last]; // uncertainties[low] <= u < uncertainties[high]
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (uncertainties[middle]! <= u) low = middle;
    else high = middle;
  }
  const share = (u - uncertainties[low]!) / (uncertainties[high]! - uncertainties[low]!);
  return probabilities[low]! + share * (probabilities[high]! - probabilities[low]!);
}

/** The largest uncertainty at which P(right) is at least `probability`; `null`: there is none, Infinity: all of them. */
export function uncertaintyAt(posterior: MonotonePosterior, probability: number): number | null {
  if (posterior.kind === "logistic") {
    const { slope, intercept } = posterior;
    const logit = Math.log(probability) - Math.log1p(-probability);
    if (slope === 0) return intercept >= logit ? Number.POSITIVE_INFINITY : null;
    return (intercept - logit) / slope;
  }
  const { uncertainties, probabilities } = posterior;
  const next = probabilities.findIndex((value) => value < probability);
  if (next < 0) return Number.POSITIVE_INFINITY;
  if (next === 0) return null;
  const [before, after] = [probabilities[next - 1]!, probabilities[next]!];
  const share = (before - probability) / (before - after);
  return uncertainties[next - 1]! + share * (uncertainties[next]! - uncertainties[next - 1]!);
}

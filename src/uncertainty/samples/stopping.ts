/** When further samples can be spared. */
import { invalidArgument } from "../../core/index.ts";
import { logSumExp } from "./estimator-of-samples.ts";

/** Options of `majoritySettled`. */
export interface MajorityOptions {
  /** Stop at this probability that the leader leads, ½ ... 1 exclusive. Default 0.95, the paper's. */
  level?: number | undefined;
  /** Most samples there will be, as many as were seen at least; left out: no end is known. */
  most?: number | undefined;
}

/** What is known of the answer that leads. */
export interface MajorityReading {
  /** No further samples are needed. */
  settled: boolean;
  /** Posterior probability that the leader is more probable than the runner-up; 1 where the lead cannot be made up any more. */
  probability: number;
}

/**
 * The rule of Adaptive-Consistency (Aggarwal et al. 2023, EMNLP, "Let's Sample Step by Step", its Beta criterion): the two leading
 * answers are compared under a uniform prior, P(p₁ > p₂) = P(Beta(v₁+1, v₂+1) > ½), and sampling stops when that is above
 * `level`. Besides, it stops when the runner-up cannot catch up with the samples that are left.
 *
 * It is a Bayesian probability, looked at after every sample: it says how sure the majority is, not that the majority is right,
 * and it does not bound how often one stops too early, as `shareInterval` does.
 * @param votes samples for each answer, in any order
 * @throws SurprisalError INVALID_ARGUMENT for what are no votes, and for options out of their range
 */
export function majoritySettled(
  votes: readonly number[],
  { level = 0.95, most }: MajorityOptions = {},
): MajorityReading {
  if (!(level >= 0.5 && level < 1))
    throw invalidArgument(`${level} is no level`, "level", "Give 0.5 or more, less than 1.");
  for (const [i, count] of votes.entries()) requireCount(count, `votes[${i}]`);
  const seen = votes.reduce((sum, count) => sum + count, 0);
  if (most !== undefined && !(Number.isSafeInteger(most) && most >= seen))
    throw invalidArgument(`There are ${seen} samples, and ${most} are the most`, "most");
  const [first = 0, second = 0] = [...votes].sort((a, b) => b - a);
  const left = most === undefined ? Infinity : most - seen;
  if (seen > 0 && first - second > left) return { settled: true, probability: 1 };
  const probability = leads(first, second);
  return { settled: left === 0 || probability > level, probability };
}

/** P(Beta(a+1, b+1) > ½) = P(at most a of a+b+1 fair coins fall heads). */
function leads(a: number, b: number): number {
  const n = a + b + 1;
  const terms: number[] = [];
  let term = -n * Math.LN2;
  for (let k = 0; k <= a; k++) {
    terms.push(term);
    term += Math.log((n - k) / (k + 1));
  }
  return Math.min(1, Math.exp(logSumExp(terms)));
}

/** Bounds on a share. */
export interface ShareInterval {
  low: number;
  high: number;
}

/**
 * Interval of the share of samples that do something, such as agree with the answer, that holds after every sample at once: with
 * probability `level` the true share is never outside, however often one looks. So sampling may stop as soon as the threshold
 * of a decision lies outside. The prior-posterior-ratio confidence sequence of Waudby-Smith & Ramdas (2020, NeurIPS, "Confidence
 * sequences for sampling without replacement", section 2) with a uniform prior: all p whose posterior density is above 1 - level.
 * @param yes samples that do
 * @param seen all samples
 * @param level strictly between 0 and 1. Default 0.95.
 * @throws SurprisalError INVALID_ARGUMENT for numbers out of their range
 */
export function shareInterval(yes: number, seen: number, level: number = 0.95): ShareInterval {
  requireCount(yes, "yes");
  requireCount(seen, "seen");
  if (yes > seen) throw invalidArgument(`${yes} of ${seen} samples are too many`, "yes");
  if (!(level > 0 && level < 1))
    throw invalidArgument(`${level} is no level`, "level", "Give a number strictly between 0 and 1.");
  const no = seen - yes;
  let beta = -Math.log(seen + 1); // ln B(yes+1, no+1)
  for (let k = 1; k <= no; k++) beta += Math.log(k / (yes + k));
  const floor = Math.log(1 - level) + beta;
  const inside = (p: number) => xlog(yes, p) + xlog(no, 1 - p) >= floor;
  const mode = seen === 0 ? 0.5 : yes / seen;
  return { low: edge(0, mode, inside), high: edge(1, mode, inside) };
}

const xlog = (count: number, p: number): number => (count === 0 ? 0 : count * Math.log(p));

/** The point between `outer` and `inner`, which is inside, where inside begins; `outer` where that is inside too. */
function edge(outer: number, inner: number, inside: (p: number) => boolean): number {
  if (inside(outer)) return outer;
  let [out, within] = [outer, inner];
  for (let step = 0; step < 60; step++) {
    const middle = (out + within) / 2;
    if (inside(middle)) within = middle;
    else out = middle;
  }
  return out;
}

function requireCount(value: number, where: string): void {
  if (!Number.isSafeInteger(value) || value < 0)
    throw invalidArgument(`${value} is no number of samples`, where, "Give a whole number of at least 0.");
}

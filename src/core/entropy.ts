/**
 * Entropies of discrete distributions, in nats.
 *
 * Source of the definitions: Shannon 1948; Cover & Thomas, "Elements of Information Theory", chapter 2. Full
 * distributions are [V] probabilities, or [V] ln p with the scale "logprobs"; 0 ln 0 = 0.
 */

import { logprobsOf, requireSameLength, type Scale, surprisalTerm, tailOf } from "./_distribution.ts";
import { isMissing } from "./_logprob.ts";
import { invalidArgument } from "./errors.ts";
import type { EntropyInterval } from "./token.ts";

export type { Scale } from "./_distribution.ts";

/**
 * H(p) = -Σ p ln p, nats, 0 ... ln V. exp(H) is the perplexity of p.
 * @throws SurprisalError INVALID_ARGUMENT when p is no distribution.
 */
export function entropy(distribution: ArrayLike<number>, scale: Scale = "probabilities"): number {
  const lnP = logprobsOf(distribution, scale);
  let sum = 0;
  for (let i = 0; i < lnP.length; i++) sum += surprisalTerm(lnP[i]!);
  return sum;
}

/**
 * H(p, q) = -Σ p ln q = H(p) + KL(p‖q), nats: the surprise of one who believes q while p is true. Infinity when q
 * rules out what p allows.
 * @throws SurprisalError INVALID_ARGUMENT when p or q is no distribution, or they differ in length.
 */
export function crossEntropy(
  p: ArrayLike<number>,
  q: ArrayLike<number>,
  scale: Scale = "probabilities",
): number {
  requireSameLength(p, q);
  const lnP = logprobsOf(p, scale);
  const lnQ = logprobsOf(q, scale);
  let sum = 0;
  for (let i = 0; i < lnP.length; i++) if (lnP[i]! > -Infinity) sum -= Math.exp(lnP[i]!) * lnQ[i]!;
  return sum;
}

/**
 * H(Y|X) = -Σ p(x,y) ln p(y|x) = H(X,Y) - H(X), nats: what is still open about Y once X is known.
 * @param joint [X][Y] probabilities p(x, y); together they sum to 1.
 * @throws SurprisalError INVALID_ARGUMENT when the table is no joint distribution.
 */
export function conditionalEntropy(joint: readonly ArrayLike<number>[]): number {
  requireJoint(joint);
  let sum = 0;
  for (const row of joint) {
    const px = total(row);
    for (let y = 0; y < row.length; y++) if (row[y]! > 0) sum -= row[y]! * Math.log(row[y]! / px);
  }
  return sum;
}

/**
 * I(X;Y) = Σ p(x,y) ln [p(x,y) / (p(x) p(y))] = H(Y) - H(Y|X), nats, >= 0: what X tells about Y.
 * @param joint [X][Y] probabilities p(x, y); together they sum to 1.
 * @throws SurprisalError INVALID_ARGUMENT when the table is no joint distribution.
 */
export function mutualInformation(joint: readonly ArrayLike<number>[]): number {
  requireJoint(joint);
  const px = joint.map(total);
  const py = Array.from(joint[0]!, (_, y) => joint.reduce((sum, row) => sum + row[y]!, 0));
  let sum = 0;
  for (const [x, row] of joint.entries())
    for (let y = 0; y < row.length; y++)
      if (row[y]! > 0) sum += row[y]! * (Math.log(row[y]!) - Math.log(px[x]!) - Math.log(py[y]!));
  return Math.max(0, sum); // rounding may leave it below 0
}

/**
 * What the k most probable tokens say about the entropy of the whole distribution, nats.
 *
 * With H_k = -Σ p ln p over the known tokens, the mass m of all others, and c the largest probability one of the
 * others can have (the smallest known one):
 * - `high` = H_k - m ln(m / (V-k)): the tail spread evenly, the most even way there is.
 * - `low`: the tail packed into floor(m/c) tokens of c and one with the remainder. -x ln x is concave, so its sum
 *   over { 0 <= x <= c, Σ x = m } is smallest in a corner of that set, and in a corner at most one x is neither 0
 *   nor c.
 * @param logprobs ln p of the k most probable tokens, best first, nats; `null` or NaN = missing (that token joins
 *   the tail). A token that was appended because it was chosen, not because it is probable, must be left out.
 * @param vocabularySize V; `null` when unknown.
 * @throws SurprisalError INVALID_ARGUMENT for what is no log-probability, and when the probabilities sum to more than 1
 *   or are more than V.
 */
export function entropyInterval(
  logprobs: Iterable<number | null>,
  vocabularySize: number | null,
): EntropyInterval {
  const list = [...logprobs];
  const { mass, cap } = tailOf(list);
  const known = list.filter((logprob) => !isMissing(logprob)) as number[];
  const knownEntropy = known.reduce((sum, logprob) => sum + surprisalTerm(logprob), 0); // H_k
  const others = vocabularySize === null ? null : vocabularySize - known.length;
  if (others !== null && !(others >= 0))
    throw invalidArgument(
      `${known.length} tokens of a vocabulary of ${vocabularySize}`,
      "vocabularySize",
      "Give distinct tokens and the size of the whole vocabulary.",
    );
  if (mass === 0 || others === 0) return { low: knownEntropy, high: knownEntropy };
  const even = others === null ? 0 : mass / others; // no cap can be below this
  return {
    low: knownEntropy + packedEntropy(mass, Math.max(cap, even)),
    high: others === null ? null : knownEntropy - mass * Math.log(even),
  };
}

/** Smallest -Σ x ln x over parts x <= cap that sum to the mass. */
function packedEntropy(mass: number, cap: number): number {
  if (cap === 0) return 0; // every other token is impossible: the mass is rounding
  const full = Math.floor(mass / cap);
  const rest = Math.max(0, mass - full * cap);
  return full * surprisalTerm(Math.log(cap)) + surprisalTerm(Math.log(rest));
}

function requireJoint(joint: readonly ArrayLike<number>[]): void {
  const columns = joint[0]?.length ?? 0;
  if (joint.some((row) => row.length !== columns))
    throw invalidArgument(
      "The rows differ in length",
      "joint",
      "Give one probability for every pair (x, y).",
    );
  logprobsOf(
    joint.flatMap((row) => Array.from(row)),
    "probabilities",
  );
}

function total(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum;
}

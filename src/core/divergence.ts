/**
 * How far two distributions over the same tokens are apart, in nats: exactly from full distributions, as an
 * interval from top-k lists.
 *
 * Sources: Kullback & Leibler 1951; Lin 1991, "Divergence measures based on the Shannon entropy"; for the bounds
 * the log-sum inequality (Cover & Thomas, theorem 2.7.1) and Csiszár 1967, "Information-type measures".
 *
 * Both divergences are Σ f(p, q) over the tokens with an f that is >= 0, 0 only for p = q, convex, and homogeneous:
 * f(tp, tq) = t f(p, q). KL is written with the term p ln(p/q) - p + q; the two additions cancel in the sum, and
 * with them every term is >= 0, so that no rounding makes a divergence negative.
 */
import { logprobsOf, requireSameLength, type Scale, type Tail, tailOf } from "./_distribution.ts";
import { isMissing } from "./_logprob.ts";

/**
 * KL(p‖q) = Σ p ln(p/q), nats, 0 ... Infinity; 0 only for p = q; Infinity when q rules out what p allows.
 * @throws SurprisalError INVALID_ARGUMENT when p or q is no distribution, or they differ in length.
 */
export function klDivergence(
  p: ArrayLike<number>,
  q: ArrayLike<number>,
  scale: Scale = "probabilities",
): number {
  return divergence(KL, p, q, scale);
}

/**
 * Jensen-Shannon divergence ½ KL(p‖m) + ½ KL(q‖m) with m = (p + q)/2, nats, 0 ... ln 2; 0 only for p = q.
 * Its square root is a metric.
 * @throws SurprisalError INVALID_ARGUMENT when p or q is no distribution, or they differ in length.
 */
export function jensenShannonDivergence(
  p: ArrayLike<number>,
  q: ArrayLike<number>,
  scale: Scale = "probabilities",
): number {
  return Math.min(Math.LN2, divergence(JENSEN_SHANNON, p, q, scale));
}

/**
 * The most probable tokens, best first: id (or text) -> ln p, nats; `null` = missing. Without any token that was
 * appended because it was chosen.
 */
export type TopTokens = ReadonlyMap<number | string, number | null>;

/** Bounds on a divergence, nats. */
export interface DivergenceInterval {
  /** No larger than the divergence, >= 0. */
  low: number;
  /** No smaller than the divergence; Infinity when nothing known limits it. */
  high: number;
}

/**
 * Bounds on KL(p‖q) from the most probable tokens of each.
 *
 * `low`: see `lowerBound`. `high` is Infinity as long as p may put mass on a token whose probability under q is
 * not known, because nothing keeps q from being as good as 0 there. Otherwise (q is known wherever p can be) it is
 * the worst way to put p's tail on the tokens that q knows: on the least probable ones first, each up to p's
 * smallest known probability. Σ p ln(p/q) is convex in the tail, so its maximum lies in a corner.
 * @param vocabularySize V; `null` when unknown.
 * @throws SurprisalError INVALID_ARGUMENT for what is no log-probability, and when those of a list sum to more than 1.
 */
export function klDivergenceInterval(
  p: TopTokens,
  q: TopTokens,
  vocabularySize: number | null,
): DivergenceInterval {
  const pair = align(p, q);
  const low = lowerBound(KL, pair);
  const pKnowsAll = pair.both.length + pair.onlyP.length === vocabularySize;
  const qKnowsAll = pair.both.length + pair.onlyQ.length === vocabularySize;
  const tailMayMeetZero = !pKnowsAll && (!qKnowsAll || pair.onlyQ.includes(0));
  if (pair.onlyP.some((x) => x > 0) || tailMayMeetZero) return { low, high: Infinity };
  let high = knownPart(KL, pair) + pair.qTail.mass;
  let rest = pKnowsAll ? 0 : pair.pTail.mass;
  for (const y of pair.onlyQ.sort((a, b) => a - b)) {
    const x = Math.min(rest, pair.pTail.cap);
    high += KL.term(x, y);
    rest -= x;
  }
  return { low, high: Math.max(low, high) };
}

/**
 * Bounds on the Jensen-Shannon divergence from the most probable tokens of each.
 *
 * `low`: see `lowerBound`. `high` takes the tails for disjoint: each term is at most ½ (p + q) ln 2, which it
 * reaches where p or q is 0.
 * @throws SurprisalError INVALID_ARGUMENT for what is no log-probability, and when those of a list sum to more than 1.
 */
export function jensenShannonInterval(p: TopTokens, q: TopTokens): DivergenceInterval {
  const pair = align(p, q);
  const apart = ((pair.pRest + pair.qRest) / 2) * Math.LN2;
  const high = Math.min(Math.LN2, knownPart(JENSEN_SHANNON, pair) + apart);
  const low = Math.min(Math.LN2, lowerBound(JENSEN_SHANNON, pair));
  return { low, high: Math.max(low, high) };
}

/** A divergence as the sum of a convex, homogeneous term. */
interface Divergence {
  /** f(p, q) >= 0, nats. `lnRatio` = ln p - ln q, where it is known better than p and q are. */
  term(p: number, q: number, lnRatio?: number): number;
  /** [∂f/∂p, ∂f/∂q] where p/q = ratio; f(p, q) >= p ∂f/∂p + q ∂f/∂q for all p and q, with = at that ratio. */
  tangent(ratio: number): [number, number];
}

const KL: Divergence = {
  /** p ln(p/q) - p + q, written so that it does not cancel to nothing where p and q are nearly equal. */
  term(p, q, lnRatio = Math.log(p / q)) {
    if (p === 0 || lnRatio === -Infinity) return q;
    return Math.abs(lnRatio) < 1 ? p * (lnRatio + Math.expm1(-lnRatio)) : p * lnRatio - p + q;
  },
  tangent: (ratio) => [Math.log(ratio), 1 - ratio],
};

const JENSEN_SHANNON: Divergence = {
  term(p, q) {
    const m = (p + q) / 2;
    if (p === q || m === 0) return 0;
    const off = (p - m) / m;
    return (KL.term(p, m, Math.log1p(off)) + KL.term(q, m, Math.log1p(-off))) / 2;
  },
  tangent: (ratio) => [Math.log((2 * ratio) / (1 + ratio)) / 2, Math.log(2 / (1 + ratio)) / 2],
};

function divergence({ term }: Divergence, p: ArrayLike<number>, q: ArrayLike<number>, scale: Scale): number {
  requireSameLength(p, q);
  const lnP = logprobsOf(p, scale);
  const lnQ = logprobsOf(q, scale);
  let sum = 0;
  for (let i = 0; i < lnP.length; i++) sum += term(Math.exp(lnP[i]!), Math.exp(lnQ[i]!), lnP[i]! - lnQ[i]!);
  return sum;
}

/** Two top-k lists side by side, as probabilities. */
interface AlignedPair {
  /** [p, q, ln p - ln q] of the tokens known in both. */
  both: [number, number, number][];
  /** p of the tokens whose q is not known; such a q is at most `qTail.cap`. */
  onlyP: number[];
  /** q of the tokens whose p is not known; such a p is at most `pTail.cap`. */
  onlyQ: number[];
  /** Mass of p, and of q, on the tokens that are not in `both`. */
  pRest: number;
  qRest: number;
  pTail: Tail;
  qTail: Tail;
}

function align(p: TopTokens, q: TopTokens): AlignedPair {
  const pair: AlignedPair = {
    both: [],
    onlyP: [],
    onlyQ: [],
    pRest: 1,
    qRest: 1,
    pTail: tailOf(p.values()),
    qTail: tailOf(q.values()),
  };
  for (const [token, lnP] of p) {
    if (isMissing(lnP)) continue;
    const x = Math.exp(lnP);
    const lnQ = q.get(token) ?? null;
    if (isMissing(lnQ)) {
      pair.onlyP.push(x);
      continue;
    }
    const y = Math.exp(lnQ);
    pair.both.push([x, y, lnP - lnQ]);
    pair.pRest -= x;
    pair.qRest -= y;
  }
  for (const [token, lnQ] of q) {
    if (isMissing(lnQ)) continue;
    if (isMissing(p.get(token) ?? null)) pair.onlyQ.push(Math.exp(lnQ));
  }
  pair.pRest = Math.max(0, pair.pRest);
  pair.qRest = Math.max(0, pair.qRest);
  return pair;
}

/** Σ f(p, q) over the tokens known in both lists. */
function knownPart({ term }: Divergence, { both }: AlignedPair): number {
  return both.reduce((sum, [x, y, lnRatio]) => sum + term(x, y, lnRatio), 0);
}

/** A remainder 1 - Σ p of single-precision log-probabilities is only known to about this. */
const ROUNDING = 1e-6;

/** Ratios tried for the tangent plane; each one gives a bound, the second is mostly the best already. */
const ROUNDS = 8;

/**
 * A lower bound on Σ f(p, q).
 *
 * The tokens known in both lists are exact. Let P and Q be the masses on all the others. f is convex and
 * homogeneous, so it lies above its tangent plane at any ratio r = p/q, and over the others that plane sums to
 * P ∂f/∂p + Q ∂f/∂q (at r = P/Q this is the log-sum inequality). A token known in one list only has a cap on its
 * other probability; where the cap keeps it from the ratio r, the excess of f over the plane at the cap is added:
 * beyond the cap that excess only grows. Any r gives a valid bound; good is the ratio of the masses that no cap
 * concerns.
 */
function lowerBound(divergence: Divergence, pair: AlignedPair): number {
  const { term, tangent } = divergence;
  const { pRest, qRest, onlyP, onlyQ } = pair;
  let ratio = (pRest + ROUNDING) / (qRest + ROUNDING);
  let best = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const [slopeP, slopeQ] = tangent(ratio);
    let bound = pRest * slopeP + qRest * slopeQ - ROUNDING * (Math.abs(slopeP) + Math.abs(slopeQ));
    let [freeP, freeQ] = [pRest, qRest];
    const capped = (p: number, q: number) => {
      bound += term(p, q) - p * slopeP - q * slopeQ;
      freeP -= p;
      freeQ -= q;
    };
    for (const p of onlyP) if (p > ratio * pair.qTail.cap) capped(p, pair.qTail.cap);
    for (const q of onlyQ) if (ratio * q > pair.pTail.cap) capped(pair.pTail.cap, q);
    best = Math.max(best, bound);
    if (freeP <= ROUNDING || freeQ <= ROUNDING) break;
    ratio = freeP / freeQ;
  }
  return knownPart(divergence, pair) + best;
}

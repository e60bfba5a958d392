/** What a count of errors says about the chance of one. */
import { invalidArgument } from "../../core/index.ts";
import { requireCount, requireShare } from "../measures/index.ts";
import { binomialAtMost, incompleteBeta } from "../special.ts";

/**
 * Clopper and Pearson's exact interval of a binomial chance: it holds the true one with probability at least `level`,
 * whatever that is. With `side` "upper" all that may miss lies below: [0, high].
 * Source: Clopper & Pearson 1934; scipy's `binomtest(k, n).proportion_ci(method="exact")`.
 * @param errors 0 ... n.
 * @throws SurprisalError INVALID_ARGUMENT
 */
export function clopperPearson(
  errors: number,
  n: number,
  { level = 0.95, side = "both" }: { level?: number | undefined; side?: "both" | "upper" | undefined } = {},
): { low: number; high: number } {
  requireCount(n, "n", 1);
  requireCount(errors, "errors", 0);
  requireShare(level, "level");
  const miss = side === "both" ? (1 - level) / 2 : 1 - level;
  return {
    low: side === "upper" || errors === 0 ? 0 : betaQuantile(miss, errors, n - errors + 1),
    high: errors >= n ? 1 : betaQuantile(1 - miss, errors + 1, n - errors),
  };
}

/** The x with I_x(a, b) = share, by halving. */
function betaQuantile(share: number, a: number, b: number): number {
  let [low, high] = [0, 1];
  for (let i = 0; i < 100 && high - low > 1e-16 * high; i++) {
    const middle = (low + high) / 2;
    if (incompleteBeta(middle, a, b) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** How the chance of so few errors is bounded, if the risk were larger than allowed. */
export type RiskTest = "binomial" | "hoeffding-bentkus";

/**
 * p-value of "the risk is above r", after `errors` in n answers: the chance of no more, at most, if it were r.
 * "binomial": P(Bin(n, r) <= errors), exact for answers that are right or wrong. "hoeffding-bentkus":
 * min(exp(-n h(errors/n, r)), e P(Bin(n, r) <= ceil(errors))), h the divergence of Bernoulli's: valid for losses anywhere in
 * 0 ... 1 too, and larger.
 * Source: Bates et al. 2021, "Distribution-Free, Risk-Controlling Prediction Sets"; Angelopoulos et al. 2021, "Learn then Test".
 * @param errors Σ loss, 0 ... n.
 */
export function riskPValue(errors: number, n: number, r: number, test: RiskTest = "binomial"): number {
  if (n === 0) return 1;
  if (test === "binomial") return binomialAtMost(Math.ceil(errors - 1e-9), n, r);
  const share = Math.min(errors / n, r);
  const divergence =
    (share > 0 ? share * Math.log(share / r) : 0) +
    (share < 1 ? (1 - share) * Math.log((1 - share) / (1 - r)) : 0);
  const bentkus = Math.E * binomialAtMost(Math.ceil(errors - 1e-9), n, r);
  return Math.min(1, Math.exp(-n * divergence), bentkus);
}

/**
 * Fewest answers, `wrong` of them wrong, that show a risk of at most r with probability 1 - delta; of all right ones
 * ceil(ln delta / ln(1 - r)) by the binomial test.
 */
export function fewestAnswers(
  r: number,
  delta: number,
  { wrong = 0, test = "binomial" }: { wrong?: number | undefined; test?: RiskTest | undefined } = {},
): number {
  let low = Math.max(1, wrong);
  let high = 2 * low;
  while (riskPValue(wrong, high, r, test) > delta) high *= 2;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (riskPValue(wrong, middle, r, test) <= delta) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Options of `answersNeeded`. */
export interface AnswersNeededOptions {
  /** Share of wrong ones that is allowed, strictly between 0 and 1. */
  risk: number;
  /** Share of wrong ones that is expected, from 0 to below `risk`. Default: half of it. */
  trueRisk?: number | undefined;
  /** Chance of a false promise, strictly between 0 and 1. Default 0.05. */
  delta?: number | undefined;
  /** Chance that the answers show it, strictly between 0 and 1. Default 0.8. */
  power?: number | undefined;
  /** Default "binomial". */
  test?: RiskTest | undefined;
}

const MOST_ANSWERS = 1_000_000;

/**
 * Fewest answers of which it can be expected that they show the risk: with the errors that the true risk makes, and not all right as in
 * `fewestAnswers`. For a risk of 0.1, delta 0.05 and a true risk of 0.05: 179 by the binomial test, 249 by Hoeffding-Bentkus.
 * @returns `null`: more than a million.
 * @throws SurprisalError INVALID_ARGUMENT
 */
export function answersNeeded(options: AnswersNeededOptions): number | null {
  const { risk, trueRisk = risk / 2, delta = 0.05, power = 0.8, test = "binomial" } = options;
  requireShare(risk, "risk");
  requireShare(delta, "delta");
  requireShare(power, "power");
  if (!(trueRisk >= 0 && trueRisk < risk))
    throw invalidArgument(
      `A true risk of ${trueRisk} never shows one of ${risk}`,
      "trueRisk",
      "Give a number from 0 to below risk.",
    );
  let most = 0; // errors that still show it; it rises with n
  for (let n = fewestAnswers(risk, delta, { test }); n <= MOST_ANSWERS; n++) {
    while (riskPValue(most + 1, n, risk, test) <= delta) most++;
    if (binomialAtMost(most, n, trueRisk) >= power) return n;
  }
  return null;
}

/** From probabilities to a level: the smallest that is probably enough; and how probable it has to be. */
import { fewestAnswers, type RiskTest, riskPValue } from "../../calibrate/index.ts";
import { SurprisalError } from "../../core/index.ts";
import { requireShare } from "../checks.ts";

/** What is asked of the probability from which on a level is taken. */
export type PaqGoal =
  /** At least this; default: under / (under + over) of the costs. */
  | { kind: "probability"; atLeast: number }
  /** The fewest bits such that no more than this share of prompts is sent to a level that is not enough, with probability 1 - delta (default 0.05). */
  | { kind: "risk"; risk: number; delta?: number | undefined };

/** A chosen probability, and what it does to the prompts it was chosen on, or judged by. */
export interface PaqPoint {
  /** The smallest level with P(adequate) of at least this is taken; `null`: always the top level. */
  probability: number | null;
  /** Prompts it was looked at on, in so many groups. */
  n: number;
  groups: number;
  /** Share of them that each level gets. */
  shares: Readonly<Record<string, number>>;
  /** Share of them that is sent to a level that is not enough: of groups with several prompts their mean. */
  inadequate: number;
  /** Of a risk: what it is below with probability 1 - delta, at this point alone; `null` = nothing is promised. */
  upperBound: number | null;
  /** Of a risk: the test. */
  test: RiskTest | null;
}

/** A prompt as the choice sees it. */
export interface DecidedCase {
  /** [levels - 1] `null` = never chosen. */
  probabilities: readonly (number | null)[];
  /** [levels] */
  adequate: readonly boolean[];
  group: string;
}

/** Number of the smallest level with a probability of at least `probability`; the top one where there is none, or no bar. */
export function levelAt(probabilities: readonly (number | null)[], probability: number | null): number {
  if (probability === null) return probabilities.length;
  const found = probabilities.findIndex((p) => p !== null && p >= probability);
  return found < 0 ? probabilities.length : found;
}

/** From the strictest to the loosest, chosen without any data. */
const CANDIDATES: readonly number[] = Array.from({ length: 200 }, (_, i) => (200 - i - 0.5) / 200);

/**
 * The lowest probability whose share of prompts on a level that is not enough is at most `risk`, with probability 1 - delta.
 *
 * Learn then Test by a fixed sequence: from the strictest candidate on each is tested at the full delta, until the first that fails. Groups are what
 * is drawn independently: where all have one prompt, the test is the exact binomial one; else a group counts with its share, and the test is
 * Hoeffding-Bentkus. The cases must be none that anything was fitted to.
 * Source: Angelopoulos, Bates, Candès, Jordan & Lei 2021, "Learn then Test", section 3.2.
 * @throws SurprisalError CALIBRATION_TOO_SMALL where even no mistake could show the risk; INVALID_ARGUMENT.
 */
export function chooseProbability(
  levels: readonly string[],
  cases: readonly DecidedCase[],
  { risk, delta = 0.05 }: { risk: number; delta?: number | undefined },
): PaqPoint {
  requireShare(risk, "risk", Number.MIN_VALUE, 1 - Number.EPSILON);
  requireShare(delta, "delta", Number.MIN_VALUE, 1 - Number.EPSILON);
  const sizes = groupSizes(cases);
  const test: RiskTest = sizes.size === cases.length ? "binomial" : "hoeffding-bentkus";
  const fewest = fewestAnswers(risk, delta, { test });
  if (sizes.size < fewest)
    throw new SurprisalError({
      code: "CALIBRATION_TOO_SMALL",
      what: `${sizes.size} held-out groups of prompts cannot show a risk of ${risk} with probability ${1 - delta}, even if every level were enough: ${fewest - sizes.size} more are needed`,
      where: "records",
      wayOut: `Give at least ${fewest} groups beside those that the head is fitted to, or allow a larger risk or delta (--risk, --delta).`,
    });
  let chosen: number | null = null;
  for (const candidate of CANDIDATES) {
    if (riskPValue(mistakes(cases, sizes, candidate), sizes.size, risk, test) > delta) break;
    chosen = candidate;
  }
  const point = describePoint(levels, cases, chosen);
  const bound = chosen === null ? 0 : upperBoundOf(point.inadequate * sizes.size, sizes.size, delta, test);
  return { ...point, upperBound: bound, test };
}

/** What a probability does to cases. */
export function describePoint(
  levels: readonly string[],
  cases: readonly DecidedCase[],
  probability: number | null,
): PaqPoint {
  const sizes = groupSizes(cases);
  const counts = levels.map(() => 0);
  for (const { probabilities } of cases) counts[levelAt(probabilities, probability)]!++;
  return {
    probability,
    n: cases.length,
    groups: sizes.size,
    shares: Object.fromEntries(levels.map((name, i) => [name, counts[i]! / cases.length])),
    inadequate: mistakes(cases, sizes, probability) / sizes.size,
    upperBound: null,
    test: null,
  };
}

function groupSizes(cases: readonly DecidedCase[]): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const { group } of cases) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  return sizes;
}

/** Σ over groups of the share of their prompts that is sent to a level that is not enough. */
function mistakes(
  cases: readonly DecidedCase[],
  sizes: ReadonlyMap<string, number>,
  probability: number | null,
): number {
  let sum = 0;
  for (const { probabilities, adequate, group } of cases)
    if (!adequate[levelAt(probabilities, probability)]) sum += 1 / sizes.get(group)!;
  return sum;
}

/** The smallest risk that the test shows, by halving. */
function upperBoundOf(errors: number, n: number, delta: number, test: RiskTest): number {
  let [low, high] = [errors / n, 1];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (riskPValue(errors, n, middle, test) > delta) low = middle;
    else high = middle;
  }
  return high;
}

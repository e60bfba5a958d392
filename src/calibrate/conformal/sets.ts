/** Prediction sets: options of which one is right with the stated probability. */
import { invalidArgument, SurprisalError, seededRandom } from "../../core/index.ts";
import { checkOptions, type OptionAnswers, requireSingles, topOption } from "../measures/index.ts";
import { type ConformalQuantile, conformalQuantile } from "./quantile.ts";

/**
 * How strange an option is.
 * "lac": 1 - p (Sadinle, Lei & Wasserman 2019): the smallest sets on average.
 * "aps": the probability of all options at least as probable, its own too (Romano, Sesia & Candès 2020, not randomised): adapts to
 * hard questions, sets are too large rather than too small.
 * "aps-randomised": the same less a random share of its own probability: as promised, not more.
 */
export type SetMethod = "lac" | "aps" | "aps-randomised";

/** Options of `fitPredictionSets`. */
export interface PredictionSetOptions {
  /** Share of questions whose right option may be missing from the set, strictly between 0 and 1. */
  alpha: number;
  /** Default "lac". */
  method?: SetMethod | undefined;
  /**
   * [n] of each question, such as its kind or domain: a threshold for each, so that the promise holds within each (Mondrian;
   * Vovk et al. 2005). Not the groups of the answers, which say what belongs together.
   */
  classes?: readonly string[] | undefined;
  /** Of the random shares of "aps-randomised". Default 0. */
  seed?: number | undefined;
}

/** Fitted thresholds, as plain JSON: `predictionSet` applies them. */
export interface PredictionSets {
  kind: "prediction-sets";
  method: SetMethod;
  alpha: number;
  /** Of all questions, or of each class. */
  thresholds: { all: ConformalQuantile } | { byClass: Readonly<Record<string, ConformalQuantile>> };
  /** Questions left out for want of numbers or label. */
  missing: number;
}

/**
 * Fits the thresholds of prediction sets: of a new question, exchangeable with these, the set holds the right option with
 * probability at least 1 - alpha.
 * @throws SurprisalError as `checkOptions`, and for groups of more than one; CALIBRATION_TOO_SMALL naming the class and the number that is missing.
 */
export function fitPredictionSets(answers: OptionAnswers, options: PredictionSetOptions): PredictionSets {
  const { alpha, method = "lac", classes, seed = 0 } = options;
  checkOptions(answers);
  requireSingles(answers.groups);
  requireMethod(method);
  const { probabilities, labels } = answers;
  if (classes !== undefined && classes.length !== probabilities.length)
    throw invalidArgument(
      `There are ${probabilities.length} questions and ${classes.length} classes`,
      "classes",
      "Give one for each.",
    );
  const random = seededRandom(seed);
  const scores = new Map<string, number[]>();
  let missing = 0;
  for (let i = 0; i < probabilities.length; i++) {
    const row = probabilities[i] ?? null;
    const label = labels[i] ?? null;
    const name = classes?.[i] ?? "";
    const list = scores.get(name) ?? [];
    scores.set(name, list);
    if (row === null || label === null) missing++;
    else list.push(strangeness(row, method, random)[label]!);
  }
  const quantiles = [...scores].map(
    ([name, list]) =>
      [name, conformalQuantile(list, alpha, classes ? `class ${name}` : "probabilities")] as const,
  );
  return {
    kind: "prediction-sets",
    method,
    alpha,
    thresholds: classes ? { byClass: Object.fromEntries(quantiles) } : { all: quantiles[0]![1] },
    missing,
  };
}

/** Options of `predictionSet`. */
export interface PredictOptions {
  /** The class of the question, where thresholds are by class. */
  className?: string | undefined;
  /** Uniform in [0, 1), for "aps-randomised". Default: `Math.random`. */
  random?: (() => number) | undefined;
  /** A set without an option gets the most probable one: larger than promised, never emptier than useful. Default false. */
  neverEmpty?: boolean | undefined;
}

/**
 * The options of which one is right with probability at least 1 - alpha, most probable first. It may be empty: no option is
 * as likely as right ones are.
 * @param probabilities [k] of the options.
 * @throws SurprisalError INVALID_ARGUMENT for a class that no threshold was fitted for.
 */
export function predictionSet(
  sets: PredictionSets,
  probabilities: ArrayLike<number>,
  { className, random = Math.random, neverEmpty = false }: PredictOptions = {},
): number[] {
  checkOptions({ probabilities: [probabilities], labels: [null] });
  const { threshold } = thresholdOf(sets, className);
  const scores = strangeness(probabilities, sets.method, random);
  const set = byProbability(probabilities).filter((k) => scores[k]! <= threshold);
  return set.length === 0 && neverEmpty ? [topOption(probabilities)] : set;
}

function thresholdOf({ thresholds }: PredictionSets, className: string | undefined): ConformalQuantile {
  if ("all" in thresholds) return thresholds.all;
  const known = Object.keys(thresholds.byClass);
  if (className !== undefined && known.includes(className)) return thresholds.byClass[className]!;
  throw invalidArgument(
    className === undefined
      ? "The class of the question is missing"
      : `No threshold was fitted for "${className}"`,
    "className",
    `Give one of ${known.join(", ")}: nothing is promised for another.`,
  );
}

/** Options, most probable first, of equal ones the first. */
function byProbability(row: ArrayLike<number>): number[] {
  return Array.from({ length: row.length }, (_, k) => k).sort((a, b) => row[b]! - row[a]! || a - b);
}

/** [k] nonconformity of each option. */
function strangeness(row: ArrayLike<number>, method: SetMethod, random: () => number): Float64Array {
  if (method === "lac") return Float64Array.from(row, (p) => 1 - p);
  const scores = new Float64Array(row.length);
  const share = method === "aps-randomised" ? random() : 0; // one for the question: sets stay nested
  let sum = 0;
  for (const k of byProbability(row)) {
    sum += row[k]!;
    scores[k] = sum - share * row[k]!;
  }
  return scores;
}

function requireMethod(method: string): asserts method is SetMethod {
  if (["lac", "aps", "aps-randomised"].includes(method)) return;
  throw new SurprisalError({
    code: "INVALID_ARGUMENT",
    what: `There is no method "${method}"`,
    where: "method",
    wayOut: "Give lac, aps or aps-randomised.",
  });
}

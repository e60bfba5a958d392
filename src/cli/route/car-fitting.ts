/** Fitting a CAR router by what a person said. */
import {
  type CarArtefact,
  type CarFitOptions,
  type CarGoal,
  car,
  type RouteRecord,
  type RouteRecords,
} from "../../route/index.ts";
import { formatNumber, formatProbability, visible } from "../../text/index.ts";
import { usage } from "../errors.ts";
import { type Declared, decimal, flag, oneOf, option, type Read, text, wholeNumber } from "../parameters.ts";
import { SHARE } from "./options.ts";

const MODES = ["monotone", "faithful", "pilot"] as const;
const POSTERIORS = ["logistic", "isotonic"] as const;
const CLOSED_SHARE = decimal(0, 1);

const accuracyFor: Read<number | "always-long"> = (word, name) =>
  word === "always-long" ? word : CLOSED_SHARE(word, name);

/** How a router is fitted. */
export interface CarFitValues {
  mode: (typeof MODES)[number];
  signal: string | undefined;
  posterior: (typeof POSTERIORS)[number] | undefined;
  accuracy: number | "always-long" | undefined;
  tolerance: number | undefined;
  tokensPerQuestion: number | undefined;
  risk: number | undefined;
  delta: number | undefined;
  lost: boolean;
  probability: number | undefined;
  heldOut: number | undefined;
  percentile: number | undefined;
  least: number;
}

// biome-ignore format: one option a line
export const CAR_FIT: Declared<CarFitValues> = {
  mode: option(oneOf(MODES), { hint: "MODE", description: "monotone (ours), faithful (the paper's two Gaussians), pilot (its percentile rule)", standard: "monotone" }),
  signal: option(text, { hint: "NAME", description: "What it goes by: nll, perplexity, largest-surprisal, first-margin, or another of the records (default: nll; of the paper's rules perplexity)" }),
  posterior: option(oneOf(POSTERIORS), { hint: "KIND", description: "How P(right) follows from the signal: logistic, isotonic (default: logistic)" }),
  accuracy: option(accuracyFor, { hint: "SHARE", description: "Goal: the fewest tokens with this accuracy; always-long: with that of always answering long (this is the default)" }),
  tolerance: option(CLOSED_SHARE, { hint: "SHARE", description: "Of --accuracy: so much less is enough (default: 0; of the default goal 0.005)" }),
  tokensPerQuestion: option(decimal(0.1, 1e9), { hint: "N", formerly: "tokens", description: "Goal: the best accuracy with no more tokens per question, those of the short answer among them" }),
  risk: option(SHARE, { hint: "SHARE", description: "Goal: the most short answers, of which no more than this share is wrong, with probability 1 - delta" }),
  delta: option(SHARE, { hint: "SHARE", description: "Of --risk (default: 0.05)" }),
  lost: flag({ description: "Of --risk: bound answers that are kept and wrong although the long one is right, as a share of all questions" }),
  probability: option(CLOSED_SHARE, { hint: "P", description: "Goal: kept where P(right) is at least this" }),
  heldOut: option(decimal(0.1, 0.9), { hint: "SHARE", description: "Of the groups that the point is chosen on (default: 0.5)" }),
  percentile: option(SHARE, { hint: "SHARE", description: "Of the mode pilot (default: 0.75)" }),
  least: option(wholeNumber(1, 1_000_000), { hint: "N", description: "Fewest right and fewest wrong short answers", standard: "30" }),
};

/** What the options come to. @throws SurprisalError USAGE for those that go with another mode or goal */
export function carFitOptions(given: CarFitValues & { seed: number }): CarFitOptions {
  const { mode, signal, posterior, heldOut, percentile, least, seed } = given;
  const goal = goalOf(given);
  const others: [string, unknown, boolean][] = [
    ["--percentile", percentile, mode === "pilot"],
    ["--posterior", posterior, mode === "monotone"],
    ["--held-out", heldOut, mode === "monotone"],
    ["a goal", goal, mode === "monotone"],
  ];
  const stray = others.find(([, value, fits]) => value !== undefined && !fits);
  if (stray) throw usage(`The mode ${mode} has no use for ${stray[0]}`);
  return { mode, signal, posterior, goal, heldOut, percentile, leastPerClass: least, seed };
}

function goalOf(given: CarFitValues): CarGoal | undefined {
  const { accuracy, tolerance, tokensPerQuestion: tokens, risk, delta, lost, probability } = given;
  const goals = Object.entries({ accuracy, "tokens-per-question": tokens, risk, probability }).filter(
    ([, value]) => value !== undefined,
  );
  if (goals.length > 1)
    throw usage(`Give one goal: ${goals.map(([name]) => `--${name}`).join(" and ")} exclude each other`);
  if (risk === undefined && (delta !== undefined || lost)) throw usage("--delta and --lost need --risk");
  if (tolerance !== undefined && goals.length > 0 && accuracy === undefined)
    throw usage("--tolerance needs --accuracy");
  if (tokens !== undefined) return { kind: "tokens", atMost: tokens };
  if (risk !== undefined)
    return {
      kind: "risk",
      risk,
      ...(delta !== undefined && { delta }),
      ...(lost && { of: "lost" as const }),
    };
  if (probability !== undefined) return { kind: "posterior", atLeast: probability };
  if (accuracy === undefined && tolerance === undefined) return undefined;
  return {
    kind: "accuracy",
    atLeast: accuracy ?? "always-long",
    ...(tolerance !== undefined && { tolerance }),
  };
}

export const fitCar = (records: RouteRecords | readonly RouteRecord[], given: CarFitOptions): CarArtefact =>
  car.fit(records, given).artefact;

/** A router in words. */
export function carSentences({ rule, signal, fittedOn, counting }: CarArtefact): string[] {
  const { n, right, missing } = fittedOn;
  const number = (value: number) => formatNumber(value, 4);
  const name = visible(signal);
  const fitted = `Fitted to ${n} questions, ${right} with a right short answer${missing > 0 ? `; ${missing} more without a label or the signal` : ""}. Tokens that count: ${counting === null ? "not known" : `${counting.formatting}, the end ${counting.endToken}`}.`;
  if (rule.kind === "faithful") {
    const least = signal === "perplexity" ? 1 : 0; // below there is no value of it
    const crossings = car.boundaries(rule.gaussians).filter((crossing) => crossing >= least);
    return [
      `As published: kept where P(right) is above P(wrong), by two Gaussians of ${name}. They meet at ${crossings.length === 0 ? "no value" : crossings.map(number).join(" and ")}${crossings.length > 1 ? ": answers that are surer than the first are sent the long way too" : ""}.`,
      fitted,
    ];
  }
  if (rule.kind === "pilot")
    return [
      `Kept where ${name} is at most ${number(rule.threshold)}, the ${100 * rule.percentile}th percentile.`,
      fitted,
    ];
  const { point, goal } = rule;
  if (point.threshold === null)
    return [
      "No threshold reaches the goal on the questions that it was chosen on: it always answers long.",
      fitted,
    ];
  const bound =
    goal.kind === "risk" && point.risk
      ? ` Risk: ${point.risk.errors} of ${point.risk.outOf}, upper bound ${number(point.risk.upperBound)}; promised: at most ${goal.risk}.`
      : "";
  return [
    `Kept where ${name} is at most ${number(point.threshold)}. On ${point.n} questions the point was chosen on: ${formatProbability(point.kept)} kept, right ${formatProbability(point.accuracy)} with ${number(point.tokens)} tokens; always long ${formatProbability(point.alwaysLong.accuracy)} with ${number(point.alwaysLong.tokens)}.${bound}${point.reached ? "" : " The goal was not reached: this is the nearest."}`,
    fitted,
  ];
}

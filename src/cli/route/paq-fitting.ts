/** Fitting a PAQ router by what a person said. */
import {
  describeLeftOut,
  type PaqArtefact,
  type PaqFitOptions,
  type PaqGoal,
  type PaqTable,
  paq,
  type RouteRecords,
} from "../../route/index.ts";
import { formatCount, formatNumber, formatPlural, formatProbability, visible } from "../../text/index.ts";
import { usage } from "../errors.ts";
import { type Declared, decimal, option, wholeNumber } from "../parameters.ts";
import { startProgress } from "../render/index.ts";
import { SEEDS, SHARE } from "./options.ts";
import { FEATURES_OPTION, openFeatures } from "./paq-features.ts";

/** How a router is fitted. */
export interface PaqFitValues {
  features: string | undefined;
  tau: number | undefined;
  qualityBound: number | undefined;
  probability: number | undefined;
  risk: number | undefined;
  delta: number | undefined;
  under: number | undefined;
  over: number | undefined;
  heldOut: number | undefined;
  least: number | undefined;
  folds: number | undefined;
  seed: number;
}

// biome-ignore format: one option a line
export const PAQ_FIT: Declared<PaqFitValues> = {
  features: FEATURES_OPTION,
  tau: option(decimal(0, 1000), { hint: "SHARE", description: "A level is enough where its perplexity is at most (1 + tau) times that of the most bits (default: 0.1)" }),
  qualityBound: option(decimal(0, 1000), { hint: "SHARE", description: "In the place of --tau: the largest tau with which the mean perplexity stays within this" }),
  probability: option(decimal(0, 1), { hint: "P", description: "Take the fewest bits that are enough with at least this probability (default: under / (under + over))" }),
  risk: option(SHARE, { hint: "SHARE", description: "In the place of --probability: no more than this share of prompts on a level that is not enough, with probability 1 - delta" }),
  delta: option(SHARE, { hint: "SHARE", description: "Of --risk (default: 0.05)" }),
  under: option(decimal(0.001, 1000), { hint: "COST", description: "What a level too low costs, in quality (default: 4)" }),
  over: option(decimal(0.001, 1000), { hint: "COST", description: "What a level too high costs, in time (default: 1)" }),
  heldOut: option(decimal(0.1, 0.9), { hint: "SHARE", description: "Of --risk: share of the groups that the probability is chosen on (default: 0.5)" }),
  least: option(wholeNumber(1, 1_000_000), { hint: "N", description: "Fewest prompts on either side of a level: with fewer it is never chosen, or always enough (default: 5)" }),
  folds: option(wholeNumber(2, 100), { hint: "N", description: "Folds for the penalty and the calibration (default: 5)" }),
  seed: option(wholeNumber(0, SEEDS), { hint: "N", description: "Of everything that is drawn", standard: "0" }),
};

/** Options that only a fit has a use for, as they are called: those given. */
export function strayFitOptions(given: PaqFitValues): string[] {
  const { features, tau, qualityBound, probability, risk, delta, under, over, heldOut, least, folds } = given;
  return Object.entries({
    "--features": features,
    "--tau": tau,
    "--quality-bound": qualityBound,
    "--probability": probability,
    "--risk": risk,
    "--delta": delta,
    "--under": under,
    "--over": over,
    "--held-out": heldOut,
    "--least": least,
    "--folds": folds,
  }).flatMap(([name, value]) => (value === undefined ? [] : [name]));
}

/** What the options come to. @throws SurprisalError USAGE for those that exclude each other */
export function paqFitOptions(given: PaqFitValues): PaqFitOptions {
  const {
    tau,
    qualityBound,
    probability,
    risk,
    delta,
    under = 4,
    over = 1,
    heldOut,
    least,
    folds,
    seed,
  } = given;
  if (tau !== undefined && qualityBound !== undefined)
    throw usage("--tau and --quality-bound exclude each other");
  if (probability !== undefined && risk !== undefined)
    throw usage("--probability and --risk exclude each other");
  if (risk === undefined && (delta !== undefined || heldOut !== undefined))
    throw usage(`${delta === undefined ? "--held-out" : "--delta"} needs --risk`);
  const goal: PaqGoal | undefined =
    risk !== undefined
      ? { kind: "risk", risk, ...(delta !== undefined && { delta }) }
      : probability === undefined
        ? undefined
        : { kind: "probability", atLeast: probability };
  return { tau, qualityBound, goal, costs: { under, over }, heldOut, least, folds, seed };
}

/** Prompts of records as the router sees them, with a line of progress. */
export async function tableFor(
  records: RouteRecords,
  given: PaqFitValues & Parameters<typeof openFeatures>[1],
): Promise<PaqTable> {
  await using opened = await openFeatures(given.features ?? "encoder", given);
  const line = given.quiet ? null : startProgress({ label: "reading prompts", unit: "prompts" });
  try {
    return await paq.table(records, opened.features, { onProgress: (state) => line?.update(state) });
  } finally {
    line?.end();
  }
}

/** A router in words. */
export function paqSentences(artefact: PaqArtefact, table: PaqTable | null): string[] {
  const { levels, tau, qualityBound, labels, features, head, goal, point, fittedOn } = artefact;
  const top = levels.at(-1)!.name;
  const number = (value: number) => formatNumber(value, 3);
  const sharesOf = (shares: Readonly<Record<string, number>>) =>
    levels.map(({ name }) => `${name} ${formatProbability(shares[name]!)}`).join(", ");
  const source = features.identity === null ? features.name : `${features.name} (${features.identity.name})`;
  const never = head.levels.filter(({ curve }) => curve === null);
  const flat = head.levels.filter(({ curve }) => curve !== null && curve.slope === 0);
  return [
    `Fitted to ${formatPlural(fittedOn.n, "prompt")}${fittedOn.groups !== null && fittedOn.groups < fittedOn.n ? ` in ${formatPlural(fittedOn.groups, "group")}` : ""}, by ${visible(source)}.`,
    ...(table && Object.keys(table.leftOut).length > 0
      ? [`Left out: ${describeLeftOut(table.leftOut)}.`]
      : []),
    ...(table ? cutSentences(table) : []),
    `A level is enough up to ${number(1 + tau)} times the perplexity of ${top}${qualityBound === null ? "" : `, the largest tolerance within ${number(qualityBound)} on the mean`}. Labels: ${sharesOf(labels)}.`,
    ...never.map(
      ({ name, adequate }) =>
        `${name} is never chosen: too few prompts need no more bits than that (it is enough for ${formatCount(adequate)} of ${formatCount(fittedOn.n)}).`,
    ),
    ...flat.map(
      ({ name, adequate }) =>
        `Of ${name} the prompts tell nothing: it goes by the share that it is enough for, ${formatCount(adequate)} of ${formatCount(fittedOn.n)}.`,
    ),
    point.probability === null
      ? `No probability keeps to the risk as far as ${formatPlural(point.n, "prompt")} show: it always takes ${top}.`
      : `Takes the fewest bits that are enough with P >= ${number(point.probability)}. On ${formatPlural(point.n, "prompt")} ${goal.kind === "risk" ? "the bar was chosen on" : "held out in folds"}: ${sharesOf(point.shares)}; not enough for ${formatProbability(point.inadequate)}${point.upperBound !== null && goal.kind === "risk" ? `, upper bound ${number(point.upperBound)}; promised: at most ${goal.risk}` : ""}.`,
    "Reconstructed, not the paper's: labels, tolerance, head and decision (--json names all).",
  ];
}

/** What of long prompts was not looked at. */
export function cutSentences({ vectors }: Pick<PaqTable, "vectors">): string[] {
  const cut = vectors.filter(({ leftOut }) => leftOut > 0);
  if (cut.length === 0) return [];
  const most = cut.reduce((found, { leftOut }) => Math.max(found, leftOut), 0);
  return [
    `Of ${formatPlural(cut.length, "prompt")} the encoder read the beginning alone: up to ${formatCount(most)} tokens were cut off.`,
  ];
}

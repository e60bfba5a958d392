/** From records to a router. */
import { type CalibrationIdentity, wordingSha256 } from "../../calibrate/index.ts";
import { invalidArgument, quantileOf, SurprisalError } from "../../core/index.ts";
import { signalOf } from "../answer-signals.ts";
import { type FittedCase, routerFacts } from "../artefact.ts";
import { heldOutOf, recordsOf, requireCount, requireMembers, requireShare } from "../checks.ts";
import { fitPosterior, type MonotonePosterior, uncertaintyAt } from "../posterior.ts";
import { groupOf, type RouteRecord, type RouteRecords } from "../records.ts";
import type { CarArtefact, CarInstructions, CarRule } from "./artefact.ts";
import { fitGaussians } from "./gaussians.ts";
import { type CarGoal, chooseThreshold, describeThreshold, type PointCase } from "./operating-point.ts";

/** Options of `car.fit`. */
export interface CarFitOptions {
  /** Default "monotone"; "faithful" and "pilot" are the paper's rules. */
  mode?: CarRule["kind"] | undefined;
  /** What to go by. Default: "nll"; of the paper's rules "perplexity". */
  signal?: string | undefined;
  /** Of the default mode. Default "logistic". */
  posterior?: MonotonePosterior["kind"] | undefined;
  /** Of the default mode: what the point is chosen for. Default: the fewest tokens with the accuracy of always answering long, less 0.005. */
  goal?: CarGoal | undefined;
  /** Of the default mode: share of the groups that the point is chosen on and nothing else is fitted to, 0.1 ... 0.9. Default 0.5. */
  heldOut?: number | undefined;
  /** Of the mode "pilot", strictly between 0 and 1. Default 0.75. */
  percentile?: number | undefined;
  /** Fewest right and fewest wrong short answers. Default 30. */
  leastPerClass?: number | undefined;
  /** Of the split. Default 0. */
  seed?: number | undefined;
  /** Names of the two paths. Default: short and long. */
  paths?: readonly [short: string, long: string] | undefined;
  /** Default: that of the records' header, else not known. */
  identity?: Partial<CalibrationIdentity> | undefined;
  /** What the records were asked with. Default: what their header says, else not known. */
  instructions?: CarInstructions | undefined;
}

/** A question as the fit sees it. */
type Case = FittedCase & PointCase;

const MODES: readonly CarRule["kind"][] = ["monotone", "faithful", "pilot"];

/**
 * Fits a router to records of questions with their short and long answers.
 *
 * In the default mode the groups are split: a posterior that never rises with the uncertainty is fitted to one part, the
 * operating point is chosen on the other. Rewordings are left out: they serve to count flips. Records without a label are left
 * out; one without the signal has no part in the posterior, and goes the long way where the point is chosen.
 * @throws SurprisalError CALIBRATION_TOO_SMALL naming what is missing: fewer than `leastPerClass` right or wrong short answers,
 *   too few held-out questions for a risk; INVALID_ARGUMENT.
 */
export function fitCar(
  given: RouteRecords | readonly RouteRecord[],
  options: CarFitOptions = {},
): CarArtefact {
  const { mode = "monotone", leastPerClass = 30 } = options;
  if (!MODES.includes(mode))
    throw invalidArgument(`There is no mode "${String(mode)}"`, "mode", `Give ${MODES.join(", ")}.`);
  const { signal = mode === "monotone" ? "nll" : "perplexity" } = options;
  requireCount(leastPerClass, "leastPerClass", 1);
  const paths = checkedPaths(options.paths);
  const { records, header } = recordsOf(given);
  const { instructions = header?.instructions } = options;
  const originals = records.filter(({ rewordingOf }) => rewordingOf === undefined);
  const cases = casesOf(originals, signal, paths, mode === "monotone");
  requireLabels(cases, originals.length, paths, mode === "monotone");
  if (mode !== "pilot") requireEnough(cases, leastPerClass, signal);
  const wording = instructions && { wordingSha256: carWording(instructions) };
  return {
    ...routerFacts(cases, originals.length - cases.length, header?.identity, wording, options.identity),
    kind: "car",
    rule:
      mode === "monotone"
        ? monotone(cases, options)
        : mode === "faithful"
          ? faithful(cases)
          : pilot(cases, options),
    signal,
    counting: header?.counting ?? null,
    instructions: instructions ?? null,
  };
}

/** sha256 of both instructions, with form and examples where they have some, lower-case hex. */
export const carWording = ({ short, long, form, examples = [] }: CarInstructions): string =>
  wordingSha256({
    prompt: JSON.stringify([
      "{question}",
      short,
      long,
      ...(form === undefined && examples.length === 0 ? [] : [form ?? null]),
      ...examples.map((each) => [each.question, each.short, each.long]),
    ]),
  });

function casesOf(
  records: readonly RouteRecord[],
  signal: string,
  [shortPath, longPath]: readonly [string, string],
  needsLong: boolean,
): Case[] {
  return records.flatMap((record) => {
    const [short, long] = [record.paths[shortPath], record.paths[longPath]];
    if (typeof short?.correct !== "boolean" || (needsLong && typeof long?.correct !== "boolean")) return [];
    return {
      id: record.id,
      group: groupOf(record),
      kind: record.kind ?? null,
      uncertainty: signalOf(short.signals ?? {}, signal),
      right: short.correct,
      shortRight: short.correct,
      longRight: long?.correct ?? false,
      shortTokens: short.tokens,
      longTokens: long?.tokens ?? 0,
    };
  });
}

/** @throws SurprisalError INVALID_ARGUMENT */
function checkedPaths(paths: CarFitOptions["paths"] = ["short", "long"]): readonly [string, string] {
  if (Array.isArray(paths) && paths.length === 2 && paths[0] !== paths[1]) return paths;
  throw invalidArgument(
    "These are not two paths",
    "paths",
    'Name two that differ, such as ["short", "long"].',
  );
}

/** Not one label is no matter of too few questions. @throws SurprisalError CALIBRATION_TOO_SMALL */
function requireLabels(
  cases: readonly Case[],
  n: number,
  paths: readonly string[],
  needsLong: boolean,
): void {
  if (cases.length > 0) return;
  const wanted = needsLong ? paths.join(" and ") : paths[0]!;
  throw new SurprisalError({
    code: "CALIBRATION_TOO_SMALL",
    what: `None of ${n} questions has an answer on ${wanted} that is known to be right or wrong`,
    where: "records",
    wayOut:
      "Record questions with known answers (rewordings do not count), or name the paths of these records.",
  });
}

/** @throws SurprisalError CALIBRATION_TOO_SMALL */
function requireEnough(cases: readonly Case[], least: number, signal: string): void {
  const known = cases.filter(({ uncertainty }) => uncertainty !== null);
  const right = known.filter(({ shortRight }) => shortRight).length;
  const lacking = [
    { name: "right", count: right },
    { name: "wrong", count: known.length - right },
  ].filter(({ count }) => count < least);
  if (lacking.length === 0) return;
  const unknown = cases.length - known.length;
  throw new SurprisalError({
    code: "CALIBRATION_TOO_SMALL",
    what: `${lacking
      .map(
        ({ name, count }) =>
          `${count} of ${known.length} short answers are ${name}: ${least - count} more are needed to have ${least}`,
      )
      .join("; ")}${unknown > 0 ? ` (${unknown} more have no "${signal}")` : ""}`,
    where: "records",
    wayOut:
      known.length === 0
        ? `No answer has the signal: give one that the records have, or a model that gives log-probabilities.`
        : right === known.length && right >= least
          ? "Where the short answer is always right there is nothing to choose: always answer short, or record harder questions."
          : right === 0 && known.length >= least
            ? "Where the short answer is never right there is nothing to choose: always answer long, or record questions that it gets right at times."
            : "Record more questions, or ask for fewer (leastPerClass, --least) and trust the result less.",
  });
}

/** CAR as published: all records, no operating point. */
function faithful(cases: readonly Case[]): CarRule {
  const signals = (right: boolean) =>
    cases.flatMap(({ uncertainty, shortRight }) =>
      uncertainty !== null && shortRight === right ? uncertainty : [],
    );
  return { kind: "faithful", gaussians: fitGaussians(signals(true), signals(false)) };
}

function pilot(cases: readonly Case[], { percentile = 0.75 }: CarFitOptions): CarRule {
  if (!(percentile > 0 && percentile < 1))
    throw invalidArgument(`${percentile} is not between 0 and 1`, "percentile", "Give a share such as 0.75.");
  const signals = cases.flatMap(({ uncertainty }) => uncertainty ?? []).toSorted((a, b) => a - b);
  if (signals.length < 2)
    throw new SurprisalError({
      code: "CALIBRATION_TOO_SMALL",
      what: `${signals.length} records have the signal: at least 2 are needed for a percentile`,
      where: "records",
      wayOut: "Record more questions.",
    });
  return { kind: "pilot", percentile, threshold: quantileOf(signals, percentile) };
}

/** Thresholds that a risk is tested at: quantiles of the signals that the posterior was fitted to. */
const CANDIDATES = 100;

function monotone(cases: readonly Case[], options: CarFitOptions): CarRule {
  const { posterior: kind = "logistic", heldOut = 0.5, seed = 0 } = options;
  const { goal = { kind: "accuracy", atLeast: "always-long", tolerance: 0.005 } } = options;
  checkGoal(goal);
  const isHeld = heldOutOf(
    cases.map(({ group }) => group),
    heldOut,
    seed,
  );
  const held = cases.filter((_, i) => isHeld[i]);
  const fitted = cases.filter((each, i) => each.uncertainty !== null && !isHeld[i]);
  const uncertainties = fitted.map(({ uncertainty }) => uncertainty!);
  const posterior = fitPosterior(
    uncertainties,
    fitted.map(({ shortRight }) => shortRight),
    kind,
  );
  if (goal.kind === "posterior") {
    const threshold = uncertaintyAt(posterior, goal.atLeast);
    return { kind: "monotone", posterior, goal, point: describeThreshold(held, threshold) };
  }
  const sorted = uncertainties.toSorted((a, b) => a - b);
  const candidates = Array.from({ length: CANDIDATES }, (_, i) => quantileOf(sorted, (i + 1) / CANDIDATES));
  const chosenOn = goal.kind === "risk" ? oneOfEach(held) : held;
  return { kind: "monotone", posterior, goal, point: chooseThreshold(chosenOn, goal, candidates) };
}

/** A promise holds for questions that are drawn one by one: of each group, the first. */
function oneOfEach(cases: readonly Case[]): Case[] {
  const seen = new Set<string>();
  return cases.filter(({ group }) => !seen.has(group) && seen.add(group));
}

/** What a goal of each kind has. */
const GOAL_MEMBERS: Readonly<Record<CarGoal["kind"], readonly string[]>> = {
  accuracy: ["atLeast", "tolerance"],
  tokens: ["atMost"],
  risk: ["risk", "delta", "of"],
  posterior: ["atLeast"],
};

/** @throws SurprisalError INVALID_ARGUMENT: a goal of a kind that is not known, or on a scale that cannot be. */
function checkGoal(goal: CarGoal): void {
  requireMembers(goal, GOAL_MEMBERS);
  switch (goal.kind) {
    case "accuracy":
      if (goal.atLeast !== "always-long") requireShare(goal.atLeast, "goal.atLeast");
      requireShare(goal.tolerance ?? 0, "goal.tolerance");
      break;
    case "tokens":
      if (!(typeof goal.atMost === "number" && goal.atMost > 0))
        throw invalidArgument(
          `${goal.atMost} is no number of tokens`,
          "goal.atMost",
          "Give a number above 0.",
        );
      break;
    case "posterior":
      requireShare(goal.atLeast, "goal.atLeast");
      break;
    case "risk":
      break; // looked at where it is used
  }
}

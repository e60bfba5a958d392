/** From labelled prompts to a router. */
import { type CalibrationIdentity, groupFolds } from "../../calibrate/index.ts";
import { invalidArgument, SurprisalError } from "../../core/index.ts";
import { routerFacts } from "../artefact.ts";
import { heldOutOf, requireCount, requireMembers, requireShare } from "../checks.ts";
import { PAQ_RECONSTRUCTIONS, type PaqArtefact } from "./artefact.ts";
import {
  chooseProbability,
  type DecidedCase,
  describePoint,
  levelAt,
  type PaqGoal,
  type PaqPoint,
} from "./decide.ts";
import { difficultyOf, fitHead, type PaqCosts, type PaqHead, probabilitiesAt } from "./head/index.ts";
import { chooseTau, isEnough, labelAt, requireTau, tauPoint } from "./labels.ts";
import { type PaqTable, partOf } from "./table.ts";

/** Options of `paq.fit`. */
export interface PaqFitOptions {
  /** A level is enough where PPL_b <= (1 + tau) PPL_top. Give this, or `qualityBound`. Default 0.1, where neither is given. */
  tau?: number | undefined;
  /** The largest tau with which labels keep the mean perplexity within this of the top level's: 0.05 = 5 %. */
  qualityBound?: number | undefined;
  /** Default: P(adequate) of at least under / (under + over). */
  goal?: PaqGoal | undefined;
  /** What mistakes cost. Default: under 4, over 1. */
  costs?: PaqCosts | undefined;
  /** Fewest labels on either side of a level: with fewer it is never chosen, or taken to be always enough. Default 5. */
  least?: number | undefined;
  /** Of the penalty and the calibration. Default 5. */
  folds?: number | undefined;
  /** Of a risk: share of the groups that the probability is chosen on, and nothing is fitted to, 0.1 ... 0.9. Default 0.5. */
  heldOut?: number | undefined;
  seed?: number | undefined;
  /** Of the top level. Default: that of the records' header, else not known. */
  identity?: Partial<CalibrationIdentity> | undefined;
}

const DEFAULT_TAU = 0.1;
const DEFAULT_COSTS: PaqCosts = { under: 4, over: 1 };
/** Fewest groups that a head is fitted to. */
const FEWEST_GROUPS = 20;

const GOALS = { probability: ["atLeast"], risk: ["risk", "delta"] } as const;

/**
 * Fits a router. Under a risk the groups are split: head and calibration are fitted to one part, the probability from which on a level is taken is
 * chosen on the other. Else both are of all prompts, and what the point says of them is by fits that had not seen them.
 * @throws SurprisalError CALIBRATION_TOO_SMALL naming what is missing; INVALID_ARGUMENT.
 */
export function fitTable(table: PaqTable, options: PaqFitOptions = {}): PaqArtefact {
  const { costs = DEFAULT_COSTS, least = 5, folds = 5, seed = 0, heldOut = 0.5 } = options;
  const { under, over } = checkedCosts(costs);
  requireCount(least, "least", 1);
  requireCount(folds, "folds", 2);
  const { goal = { kind: "probability", atLeast: under / (under + over) } } = options;
  requireMembers(goal, GOALS);
  if (goal.kind === "probability") requireShare(goal.atLeast, "goal.atLeast");
  const { levels, header } = table;
  const held = goal.kind === "risk" ? heldOutOf(table.groups, heldOut, seed) : table.groups.map(() => false);
  const rows = (isHeld: boolean) => [...held.keys()].filter((i) => held[i] === isHeld);
  const own = partOf(table, rows(false));
  requireGroups(own.groups);
  const tau = tauOf(own, options);
  const { head, heldOut: difficulties } = fitHead(levels, headRows(own, tau), {
    costs: { under, over },
    least,
    folds,
    seed,
  });
  const fittedCases = own.cases.map((_, i) => decided(own, i, tau, head, difficulties[i]!));
  const point =
    goal.kind === "probability"
      ? describePoint(levels, fittedCases, goal.atLeast)
      : pointUnderRisk(partOf(table, rows(true)), tau, head, goal);
  const signals = own.cases.map(({ record }, i) => ({
    id: record.id,
    group: own.groups[i]!,
    kind: record.kind ?? null,
    uncertainty: difficulties[i]!,
    right: isEnough(own.cases[i]!, 0, tau),
  }));
  const left = Object.values(table.leftOut).reduce((sum, count) => sum + count, 0);
  const top = levels.at(-1)!;
  const facts = routerFacts(signals, left, header?.identities?.[top] ?? header?.identity, options.identity);
  const identityOf = (name: string) => header?.identities?.[name] ?? null;
  return {
    ...facts,
    fittedOn: { ...facts.fittedOn, right: null, wrong: null },
    kind: "paq",
    levels: levels.map((name) => ({ name, identity: identityOf(name) })),
    tau,
    qualityBound: options.tau === undefined ? (options.qualityBound ?? null) : null,
    labels: tauPoint(levels, own.cases, tau).shares,
    features: table.features,
    costs: { under, over },
    head,
    goal,
    point,
    reconstructed: PAQ_RECONSTRUCTIONS,
  };
}

/** What a router of other prompts says of each prompt. */
export interface CrossFitted {
  /** Where each record goes, by its id. */
  decisions: ReadonlyMap<string, { level: string; ms: number; leftOut: number }>;
  /** One for each fold. */
  routers: readonly PaqArtefact[];
}

/**
 * Decides about every prompt by a router that was fitted to the other folds alone: groups, and prompts that are the same, stay together.
 * @param options.parts how many folds. Default 5.
 * @throws SurprisalError as `fitTable`.
 */
export function crossFit(
  table: PaqTable,
  { parts = 5, ...options }: PaqFitOptions & { parts?: number | undefined } = {},
): CrossFitted {
  requireCount(parts, "parts", 2);
  requireGroups(table.groups);
  const fold = groupFolds(table.groups, { folds: parts, seed: options.seed });
  const decisions = new Map<string, { level: string; ms: number; leftOut: number }>();
  const routers: PaqArtefact[] = [];
  for (let part = 0; part < parts; part++) {
    const [inside, outside]: [number[], number[]] = [[], []];
    for (const [i, each] of fold.entries()) (each === part ? outside : inside).push(i);
    const router = fitTable(partOf(table, inside), options);
    routers.push(router);
    for (const i of outside) {
      const start = performance.now();
      const { vector, ms, leftOut } = table.vectors[i]!;
      const level = table.levels[decideVector(router, vector).at]!;
      decisions.set(table.cases[i]!.record.id, { level, ms: ms + performance.now() - start, leftOut });
    }
  }
  for (const id of table.empty) decisions.set(id, { level: table.levels.at(-1)!, ms: 0, leftOut: 0 });
  return { decisions, routers };
}

/** The decision alone: a pure function of a vector. */
export function decideVector(
  { head, point }: Pick<PaqArtefact, "head" | "point">,
  vector: Float32Array,
): { at: number; probabilities: (number | null)[]; difficulty: number } {
  const difficulty = difficultyOf(head, vector);
  const probabilities = probabilitiesAt(head, difficulty);
  return { at: levelAt(probabilities, point.probability), probabilities, difficulty };
}

function pointUnderRisk(
  held: PaqTable,
  tau: number,
  head: PaqHead,
  goal: Extract<PaqGoal, { kind: "risk" }>,
): PaqPoint {
  const cases = held.vectors.map(({ vector }, i) => decided(held, i, tau, head, difficultyOf(head, vector)));
  return chooseProbability(held.levels, cases, goal);
}

function decided(
  { levels, cases, groups }: PaqTable,
  i: number,
  tau: number,
  head: PaqHead,
  difficulty: number,
): DecidedCase {
  return {
    probabilities: probabilitiesAt(head, difficulty),
    adequate: levels.map((_, level) => isEnough(cases[i]!, level, tau)),
    group: groups[i]!,
  };
}

function headRows({ levels, cases, vectors, groups }: PaqTable, tau: number) {
  return {
    vectors: vectors.map(({ vector }) => vector),
    labels: Uint8Array.from(cases, (each) => labelAt(each, tau)),
    adequate: levels
      .slice(0, -1)
      .map((_, level) => Uint8Array.from(cases, (each) => +isEnough(each, level, tau))),
    groups,
  };
}

function tauOf({ levels, cases }: PaqTable, { tau, qualityBound }: PaqFitOptions): number {
  if (tau !== undefined && qualityBound !== undefined)
    throw invalidArgument("tau and qualityBound exclude each other", "tau", "Give one of them.");
  if (qualityBound !== undefined)
    return chooseTau(
      cases.map(({ record }) => record),
      { bound: qualityBound, levels },
    ).tau;
  const given = tau ?? DEFAULT_TAU;
  requireTau(given);
  return given;
}

/** @throws SurprisalError CALIBRATION_TOO_SMALL */
function requireGroups(groups: readonly string[]): void {
  const count = new Set(groups).size;
  if (count >= FEWEST_GROUPS) return;
  throw new SurprisalError({
    code: "CALIBRATION_TOO_SMALL",
    what: `The prompts that a router would be fitted to are of ${count} ${count === 1 ? "group" : "groups"}: ${FEWEST_GROUPS - count} more are needed`,
    where: "records",
    wayOut: 'Record more prompts, or leave out "group" where they do not belong together.',
  });
}

/** @throws SurprisalError INVALID_ARGUMENT */
function checkedCosts(costs: PaqCosts): PaqCosts {
  for (const name of ["under", "over"] as const) {
    const cost: unknown = costs?.[name];
    if (!(typeof cost === "number" && cost >= 1e-3 && cost <= 1e3))
      throw invalidArgument(
        `${String(cost)} is no cost`,
        `costs.${name}`,
        "Give a number from 0.001 to 1,000.",
      );
  }
  return { under: costs.under, over: costs.over };
}

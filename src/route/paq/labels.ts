/** Which level is enough for a prompt: labels from the surprisal of one continuation under every level. Pure functions. */
import { invalidArgument } from "../../core/index.ts";
import { recordsOf, requireShare } from "../checks.ts";
import { groupOf, type RouteRecord, type RouteRecords } from "../records.ts";

/** A record that has a label at any tolerance: every level scored the same tokens. */
export interface PaqCase {
  record: RouteRecord;
  /** As a person wrote it. */
  prompt: string;
  /** Tokens of the continuation. */
  tokens: number;
  /** [levels] Σ -ln p of the continuation, nats, fewest bits first; Infinity at probability 0, of the last level finite. */
  nll: Float64Array;
}

/** Records as labels see them. */
export interface PaqCases {
  /** Names of the levels, fewest bits first; the last is what the others are compared with. */
  levels: readonly string[];
  cases: readonly PaqCase[];
  /** Records left out, by what was amiss: "2-bit: no surprisal" and the like, how many of each. */
  leftOut: Readonly<Record<string, number>>;
}

/** Bits of a level by its name, "4-bit"; `null` = it is no such name. */
export function bitsOf(name: string): number | null {
  const digits = /^([1-9]\d?)-bit$/.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}

/**
 * Names of levels, fewest bits first.
 * @throws SurprisalError INVALID_ARGUMENT for fewer than two, and names that are no levels'.
 */
function checkedLevels(names: readonly string[]): readonly string[] {
  const strange = names.find((name) => bitsOf(name) === null);
  const bits = names.map((name) => bitsOf(name) ?? 0);
  if (names.length >= 2 && strange === undefined && bits.every((each, i) => i === 0 || each > bits[i - 1]!))
    return names;
  throw invalidArgument(
    strange === undefined
      ? `${names.length < 2 ? "There are not two levels" : "The levels do not rise in bits"}: ${names.join(", ") || "none"}`
      : `"${strange}" is no level`,
    "levels",
    'Give at least two, fewest bits first, such as ["4-bit", "16-bit"].',
  );
}

/** Levels of a record by their names, fewest bits first. */
const levelsIn = ({ paths }: RouteRecord): string[] =>
  Object.keys(paths)
    .filter((name) => bitsOf(name) !== null)
    .sort((a, b) => bitsOf(a)! - bitsOf(b)!);

/**
 * Whether a level is enough for a prompt: PPL_b <= (1 + tau) PPL_top over the same continuation, as
 * nll_b - nll_top <= tokens ln(1 + tau). The top level always is. A continuation that is impossible under the level is not.
 * @param tau >= 0; Infinity: whatever is possible at all.
 * @param levels fewest bits first. Default: those that the record has.
 * @returns `null` = it cannot be said: a surprisal of either level is missing, or they scored other tokens.
 * @throws SurprisalError INVALID_ARGUMENT for what is no tolerance.
 */
export function isAdequate(
  record: RouteRecord,
  level: string,
  tau: number,
  levels: readonly string[] = levelsIn(record),
): boolean | null {
  requireTau(tau);
  const top = levels.at(-1);
  if (top === undefined || !levels.includes(level)) return null;
  const found = caseOf(record, [level, top]);
  return typeof found === "string" ? null : isEnough(found, 0, tau);
}

/**
 * The label: the smallest level that is enough. It never rises with tau. Levels need not be nested: a lower one may be enough where
 * a higher one is not.
 * @param levels fewest bits first. Default: those that the record has.
 * @returns `null` = it cannot be said, because a level's surprisal is missing.
 * @throws SurprisalError INVALID_ARGUMENT for what is no tolerance.
 */
export function labelOf(
  record: RouteRecord,
  tau: number,
  levels: readonly string[] = levelsIn(record),
): string | null {
  requireTau(tau);
  const found = caseOf(record, levels);
  return typeof found === "string" ? null : levels[labelAt(found, tau)]!;
}

/** Whether the level of that number is enough. Internal to this room. */
export function isEnough(
  { nll, tokens }: Pick<PaqCase, "nll" | "tokens">,
  level: number,
  tau: number,
): boolean {
  const own = nll[level]!;
  if (level === nll.length - 1) return true;
  if (own === Infinity) return false;
  const top = nll.at(-1)!;
  return own - top <= tokens * Math.log1p(tau) + ROUNDING * (own + top);
}

/** Of two sums of logarithms: what is exactly (1 + tau) times the top level's perplexity is enough, however it was summed. */
const ROUNDING = 1e-12;

/** Number of the smallest level that is enough. Internal to this room. */
export function labelAt(found: Pick<PaqCase, "nll" | "tokens">, tau: number): number {
  let level = 0;
  while (!isEnough(found, level, tau)) level++;
  return level;
}

/**
 * Records that every level has a surprisal of. Rewordings are left out: they serve to count flips.
 * @param names default: the paths of the header, else the levels that any record has.
 * @throws SurprisalError INVALID_ARGUMENT for what is no file of records, and names that are no levels'.
 */
export function casesOf(given: RouteRecords | readonly RouteRecord[], names?: readonly string[]): PaqCases {
  const { records, header } = recordsOf(given);
  const own = () => [...new Set(records.flatMap(levelsIn))].sort((a, b) => bitsOf(a)! - bitsOf(b)!);
  const levels = checkedLevels(names ?? header?.paths ?? own());
  const counts = new Map<string, number>();
  const cases = records.flatMap((record) => {
    if (record.rewordingOf !== undefined) return [];
    const found = caseOf(record, levels);
    const why = typeof found === "string" ? found : record.question === undefined ? "no prompt" : null;
    if (typeof found !== "string" && why === null) return found;
    counts.set(why!, (counts.get(why!) ?? 0) + 1);
    return [];
  });
  return { levels, cases, leftOut: Object.fromEntries(counts) };
}

/** A case, or what is amiss. */
function caseOf(record: RouteRecord, levels: readonly string[]): PaqCase | string {
  const nll = new Float64Array(levels.length);
  for (const [i, level] of levels.entries()) {
    const own = record.paths[level]?.nll;
    if (typeof own !== "number" || !(own >= 0)) return `${level}: no surprisal`;
    nll[i] = own;
  }
  const tokens = record.paths[levels.at(-1)!]!.tokens;
  const other = levels.find((level) => record.paths[level]!.tokens !== tokens);
  if (other !== undefined) return `${other}: other tokens`;
  if (!(tokens > 0)) return "no tokens";
  if (!(nll.at(-1)! < Infinity)) return `${levels.at(-1)}: impossible`;
  return { record, prompt: record.question ?? "", tokens, nll };
}

/** Tolerances that `chooseTau` tries. */
export const TAUS: readonly number[] = [
  0, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1,
];

/** What a tolerance means on records. */
export interface TauPoint {
  tau: number;
  /** Perplexity of all continuations, each under its label's level, as a multiple of the top level's, less 1. */
  increase: number;
  /** Share of prompts whose label each level is. */
  shares: Readonly<Record<string, number>>;
}

/** A tolerance, with what the others would have been. */
export interface ChosenTau extends TauPoint {
  bound: number;
  n: number;
  /** All that were tried, ascending. */
  grid: readonly TauPoint[];
}

/**
 * The largest tolerance with which labels keep the mean quality: Σ nll / Σ tokens under each prompt's label is no more than
 * ln(1 + bound) above that of the top level. As no prompt is above tau itself, tau = bound always keeps it; a larger one may,
 * since most prompts stay far below theirs.
 * @param options.bound >= 0: 0.05 allows a perplexity that is 5 % higher.
 * @param options.taus what is tried. Default `TAUS`; the bound itself is tried as well.
 * @throws SurprisalError INVALID_ARGUMENT, also where no record has a label.
 */
export function chooseTau(
  given: RouteRecords | readonly RouteRecord[],
  {
    bound,
    taus = TAUS,
    levels: names,
  }: { bound: number; taus?: readonly number[] | undefined; levels?: readonly string[] | undefined },
): ChosenTau {
  requireTau(bound, "bound");
  for (const tau of taus) requireTau(tau, "taus");
  const { levels, cases } = casesOf(given, names);
  if (cases.length === 0)
    throw invalidArgument(
      `None of the records has a surprisal of ${levels.join(", ")}`,
      "records",
      "Record the reference under every level.",
    );
  const grid = [...new Set([...taus, bound])]
    .sort((a, b) => a - b)
    .map((tau) => tauPoint(levels, cases, tau));
  const chosen = grid.findLast(({ increase }) => increase <= bound + 1e-12)!;
  return { ...chosen, bound, n: cases.length, grid };
}

/** What a tolerance means. Internal to this room. */
export function tauPoint(levels: readonly string[], cases: readonly PaqCase[], tau: number): TauPoint {
  const counts = levels.map(() => 0);
  let [difference, tokens] = [0, 0];
  for (const each of cases) {
    const label = labelAt(each, tau);
    counts[label]!++;
    difference += each.nll[label]! - each.nll.at(-1)!;
    tokens += each.tokens;
  }
  return {
    tau,
    increase: Math.expm1(difference / tokens),
    shares: Object.fromEntries(levels.map((level, i) => [level, counts[i]! / cases.length])),
  };
}

/** @throws SurprisalError INVALID_ARGUMENT */
export function requireTau(value: unknown, where = "tau"): void {
  requireShare(value, where, 0, Number.POSITIVE_INFINITY, "tolerance");
}

/** Groups that have a prompt in common are one: the same prompt is never fitted to and judged. */
export function joinedGroups(cases: readonly Pick<PaqCase, "record" | "prompt">[]): string[] {
  const parents = new Map<string, string>();
  const rootOf = (name: string): string => {
    let root = name;
    for (let next = parents.get(root); next !== undefined && next !== root; next = parents.get(root))
      root = next;
    parents.set(name, root);
    return root;
  };
  const firstWith = new Map<string, string>();
  const groups = cases.map(({ record }) => groupOf(record));
  for (const [i, { prompt }] of cases.entries()) {
    const root = rootOf(groups[i]!);
    const first = firstWith.get(prompt);
    if (first === undefined) firstWith.set(prompt, root);
    else parents.set(root, rootOf(first));
  }
  return groups.map(rootOf);
}

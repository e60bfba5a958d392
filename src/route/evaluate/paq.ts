/** What choosing the bits of a prompt is worth, on records, without a model. */
import { invalidArgument } from "../../core/index.ts";
import { casesOf, joinedGroups, labelAt, type PaqCases, requireTau } from "../paq/index.ts";
import type { RecordsHeader, RouteRecord, RouteRecords } from "../records.ts";
import { type Interval, PairedBootstrap } from "./bootstrap.ts";
import type { EvaluateRouterOptions } from "./evaluate.ts";
import { allWays, type PromptColumns, type WayColumns } from "./paq-columns.ts";
import { shuffledPValue, unmoved } from "./shuffled.ts";

/** Where a prompt goes: the name of a level, and what choosing it took, milliseconds (left out: nothing). */
export type PaqRoute = string | { level: string; ms?: number | undefined };

/** Options of `evaluatePaq`. */
export interface EvaluatePaqOptions extends Pick<EvaluateRouterOptions, "resamples" | "level" | "seed"> {
  /** A level is enough where PPL_b <= (1 + tau) PPL_top. */
  tau: number;
  /** Names of the levels, fewest bits first. Default: those of the records' header. */
  levels?: readonly string[] | undefined;
  /** Of the p values: how often decisions are shuffled. Default 10,000. */
  shuffles?: number | undefined;
}

/** One way of choosing. */
export interface PaqMethod {
  /**
   * "always 4-bit" and the like; "random": at the router's mix, in closed form; "length": the same mix by the length of the prompt alone, in the direction
   * that is better on these prompts; "oracle": labels, known beforehand; "router".
   */
  name: string;
  /** exp(Σ nll / Σ tokens) over all prompts. */
  perplexity: Interval;
  /** The same over that of the top level, less 1: 0.05 = 5 % above. */
  increase: Interval;
  /** Mean over prompts of PPL_b / PPL_top. */
  ratio: Interval;
  /** Share of prompts whose level is enough. */
  adequate: Interval;
  /** Bits by name, per prompt. */
  bits: number;
  /** Milliseconds per prompt, of the router its own time among them; `null` = not known, or of prompts that were run side by side. */
  ms: Interval | null;
  /** Memory of the levels that are used, side by side, bytes, without an encoder; `null` = not known. */
  memoryBytes: number | null;
  /** Share of prompts by level. */
  shares: Readonly<Record<string, number>>;
  /** The router less this one, on the same prompts; `null` of the router itself. Perplexity as a multiple, less 1. */
  difference: { perplexity: Interval; adequate: Interval; ms: Interval | null } | null;
}

/** What a choice of bits is worth. */
export interface PaqEvaluation {
  /** Prompts judged, in so many groups. */
  n: number;
  groups: number;
  /** Tokens of their continuations. */
  tokens: number;
  /** Records left out, by what was amiss. */
  leftOut: Readonly<Record<string, number>>;
  levels: readonly string[];
  tau: number;
  methods: readonly PaqMethod[];
  /** Prompts by label, and by the level that they were sent to. */
  labels: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Sent to a level that is not enough; and to a higher one than the label. */
  under: number;
  over: number;
  /** The router's mean perplexity is within tau of the top level's: by its value, and by the upper end of its interval. */
  withinTau: { value: boolean; surely: boolean };
  /**
   * Chance that the router's decisions, shuffled among the prompts, would be at least as good: by the mean perplexity, and by the share of prompts whose
   * level is enough. `null`: shuffling changes nothing, as it sends all to one level, or no two groups have as many prompts.
   */
  randomPValue: { perplexity: number; adequate: number } | null;
  /** Milliseconds of the router alone, per prompt. */
  routerMs: number | null;
  /** Prompts that were run side by side; of more than one no times are given. `null` = not known. */
  atOnce: number | null;
  /** What a person should know: levels whose prompts were left out, low bits that are not faster. */
  warnings: readonly string[];
  intervals: { level: number; resamples: number };
}

/**
 * Judges decisions by records.
 * @param routeOf where each prompt goes: `(record) => decisions.get(record.id)`; `undefined`: it is not judged. It is asked once for every record.
 * @throws SurprisalError INVALID_ARGUMENT
 */
export function evaluatePaq(
  given: RouteRecords | readonly RouteRecord[],
  routeOf: (record: RouteRecord) => PaqRoute | undefined,
  options: EvaluatePaqOptions,
): PaqEvaluation {
  const { tau, resamples = 1000, level = 0.95, seed = 0, shuffles } = options;
  requireTau(tau);
  const header: RecordsHeader | null = "header" in given ? given.header : null;
  const set = judgedPrompts(casesOf(given, options.levels), routeOf, tau);
  const { levels, cases, choices, leftOut } = set;
  const { groups, groupCount } = numbered(joinedGroups(cases));
  const bootstrap = new PairedBootstrap(groups, groupCount, resamples, seed, level);
  const ways = allWays(set);
  const tokens = Float64Array.from(cases, (each) => each.tokens);
  const router = ways.at(-1)!;
  const top = ways[levels.length - 1]!;
  const atOnce = header?.atOnce ?? null;
  const timed = (atOnce ?? 1) <= 1;
  const memory = memoryOf(header, levels);
  const methods = ways.map(({ name, columns, shares }): PaqMethod => {
    const difference = {
      perplexity: relative(bootstrap, router.columns, columns, tokens),
      adequate: bootstrap.mean(router.columns.adequate, columns.adequate)!,
      ms: timed ? bootstrap.mean(router.columns.ms, columns.ms) : null,
    };
    return {
      name,
      perplexity: mapped(bootstrap.ratio(columns.nll, tokens), Math.exp),
      increase: relative(bootstrap, columns, top.columns, tokens),
      ratio: bootstrap.ratio(
        columns.ratio,
        tokens.map(() => 1),
      ),
      adequate: bootstrap.mean(columns.adequate)!,
      bits: columns.bits.reduce((sum, each) => sum + each, 0) / cases.length,
      ms: timed ? bootstrap.mean(columns.ms) : null,
      memoryBytes: memory(shares),
      shares: Object.fromEntries(levels.map((each, i) => [each, shares[i]!])),
      difference: name === "router" ? null : difference,
    };
  });
  const own = methods.at(-1)!;
  const labels = Int32Array.from(cases, (each) => labelAt(each, tau));
  const ownMs = set.routerMs.reduce((sum, each) => sum + each, 0) / cases.length;
  return {
    n: cases.length,
    groups: groupCount,
    tokens: tokens.reduce((sum, each) => sum + each, 0),
    leftOut,
    levels,
    tau,
    methods,
    labels: crossTable(levels, labels, choices),
    under: router.columns.adequate.filter((each) => each === 0).length,
    over: choices.filter((choice, i) => choice > labels[i]!).length,
    withinTau: { value: own.increase.value <= tau, surely: own.increase.high <= tau },
    randomPValue: pValues(ways, levels.length, choices, groups, { shuffles, seed }),
    routerMs: Number.isNaN(ownMs) ? null : ownMs,
    atOnce,
    warnings: [...warningsOf(levels, leftOut, methods), ...unmovedWarning(groups, choices)],
    intervals: { level, resamples },
  };
}

function judgedPrompts(
  { levels, cases: labelled, leftOut: amiss }: PaqCases,
  routeOf: (record: RouteRecord) => PaqRoute | undefined,
  tau: number,
) {
  const found = labelled.flatMap((each) => {
    const route = routeOf(each.record);
    if (route === undefined) return [];
    const { level, ms = 0 } = typeof route === "string" ? { level: route } : (route ?? {});
    const choice = levels.indexOf(level);
    if (choice < 0)
      throw invalidArgument(
        `The router names ${typeof level === "string" ? `a level "${level}"` : "no level"}`,
        "route",
        `Levels are ${levels.join(", ")}; have it return one at once: a promise is none.`,
      );
    return { each, choice, ms };
  });
  if (found.length === 0)
    throw invalidArgument(
      `None of the records has a surprisal of ${levels.join(", ")} and a decision`,
      "records",
      "Score the reference of every prompt under every level.",
    );
  const without = labelled.length - found.length;
  return {
    levels,
    tau,
    cases: found.map(({ each }) => each),
    choices: Int32Array.from(found, ({ choice }) => choice),
    routerMs: Float64Array.from(found, ({ ms }) => ms),
    leftOut: without === 0 ? amiss : { ...amiss, "no decision": without },
  };
}

function numbered(names: readonly string[]): { groups: Int32Array; groupCount: number } {
  const numbers = new Map<string, number>();
  const groups = Int32Array.from(names, (name) => {
    const number = numbers.get(name) ?? numbers.size;
    numbers.set(name, number);
    return number;
  });
  return { groups, groupCount: numbers.size };
}

/** exp(Σ (nll - other) / Σ tokens) - 1; where both are impossible on a prompt in the same way, they are alike. */
function relative(
  bootstrap: PairedBootstrap,
  { nll }: PromptColumns,
  other: PromptColumns,
  tokens: Float64Array,
): Interval {
  const less = nll.map((each, i) => (each === other.nll[i] ? 0 : each - other.nll[i]!));
  return mapped(bootstrap.ratio(less, tokens), Math.expm1);
}

const mapped = ({ value, low, high }: Interval, by: (x: number) => number): Interval => ({
  value: by(value),
  low: by(low),
  high: by(high),
});

/** What is impossible counts as much as this, nats, so that two who choose it once and twice are told apart. */
const MOST_NLL = 1e6;

function pValues(
  ways: readonly WayColumns[],
  levels: number,
  choices: Int32Array,
  groups: Int32Array,
  options: { shuffles?: number | undefined; seed?: number | undefined },
): PaqEvaluation["randomPValue"] {
  const fixed = ways.slice(0, levels);
  const losses = fixed.map(({ columns }) => columns.nll.map((each) => Math.min(each, MOST_NLL)));
  const mistakes = fixed.map(({ columns }) => columns.adequate.map((each) => 1 - each));
  const perplexity = shuffledPValue(choices, losses, groups, options);
  const adequate = shuffledPValue(choices, mistakes, groups, options);
  return perplexity === null || adequate === null ? null : { perplexity, adequate };
}

function memoryOf(header: RecordsHeader | null, levels: readonly string[]) {
  const bytes = levels.map((name) => header?.levels?.find((each) => each.name === name)?.memoryBytes ?? null);
  return (shares: readonly number[]): number | null => {
    let sum = 0;
    for (const [i, share] of shares.entries()) {
      if (share === 0) continue;
      const own = bytes[i];
      if (own === null || own === undefined) return null;
      sum += own;
    }
    return sum;
  };
}

function crossTable(levels: readonly string[], labels: Int32Array, choices: Int32Array) {
  return Object.fromEntries(
    levels.map((name, label) => [
      name,
      Object.fromEntries(
        levels.map((level, choice) => [
          level,
          choices.filter((each, i) => each === choice && labels[i] === label).length,
        ]),
      ),
    ]),
  );
}

/** Share of prompts from which on it is said that they stay where they are in shuffles. */
const MANY_UNMOVED = 0.1;

function unmovedWarning(groups: Int32Array, choices: Int32Array): string[] {
  const count = unmoved(groups);
  if (count < MANY_UNMOVED * groups.length || new Set(choices).size < 2) return [];
  return [
    `${count} of ${groups.length} prompts are in groups of a size that no other group has: shuffles leave them where they are, and the p values know of the others alone. The difference to random choice is of all.`,
  ];
}

function warningsOf(
  levels: readonly string[],
  leftOut: Readonly<Record<string, number>>,
  methods: readonly PaqMethod[],
): string[] {
  const msOf = (name: string) =>
    methods.find((method) => method.name === `always ${name}`)?.ms?.value ?? null;
  const top = levels.at(-1)!;
  const topMs = msOf(top);
  const slower = levels.slice(0, -1).filter((name) => {
    const ms = msOf(name);
    return ms !== null && topMs !== null && ms >= topMs;
  });
  return [
    ...Object.entries(leftOut).map(
      ([why, count]) => `${count} ${count === 1 ? "record" : "records"} left out: ${why}.`,
    ),
    ...(slower.length > 0
      ? [
          `${slower.join(", ")} ${slower.length === 1 ? "is" : "are"} no faster than ${top} here: fewer bits save memory, and no time.`,
        ]
      : []),
  ];
}

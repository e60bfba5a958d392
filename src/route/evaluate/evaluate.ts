/** One harness for every router: what it does to recorded questions, beside what is done without one. */
import { wilsonInterval } from "../../core/index.ts";
import { recordsOf } from "../checks.ts";
import type { RouteRecord, RouteRecords } from "../records.ts";
import { type Interval, PairedBootstrap } from "./bootstrap.ts";
import {
  type Columns,
  columnsOf,
  columnsOfPath,
  completed,
  type Judged,
  judged,
  mixture,
  type Route,
  type RouteOf,
} from "./columns.ts";
import { randomRoutingPValue } from "./random-routing.ts";

/** Options of `evaluateRouter`. */
export interface EvaluateRouterOptions {
  /** Names of the paths, cheapest first. Default: those of the records' header, else short and long. */
  paths?: readonly string[] | undefined;
  /** Resamples of the paired bootstrap, at least 100. Default 1,000. */
  resamples?: number | undefined;
  /** Coverage of the intervals. Default 0.95. */
  level?: number | undefined;
  seed?: number | undefined;
}

/** One way of routing. */
export interface MethodResult {
  /**
   * "always short" and the like; "random": at the router's rates; "oracle": the cheapest right answer, known beforehand, and the
   * last path where none is right; "oracle after trying": the same choices, but everything cheaper was paid for too, as a router
   * that looks at the answer must; "router".
   */
  name: string;
  accuracy: Interval;
  /** Written per question. */
  tokens: Interval;
  /** Milliseconds per question; `null` = not known, or of records that were asked for several at once. */
  ms: Interval | null;
  /** The router's less this one's, in pairs; `null` of the router itself. */
  difference: { accuracy: Interval; tokens: Interval } | null;
}

/** What became of a question under a router of two paths; every one is of one class. */
export interface DecisionClasses {
  /** Short answer kept, and right. */
  keptRight: number;
  /** Short answer kept and wrong, although the long one is right. */
  keptWrong: number;
  /** Sent the long way, which mends the answer. */
  longNeeded: number;
  /** Sent the long way, although the short answer is right. */
  longWasted: number;
  /** Neither is right, wherever it went. */
  hopeless: number;
}

/** What a router is worth. */
export interface RouterEvaluation {
  /** Questions judged, in so many groups. */
  n: number;
  groups: number;
  /** Questions that could not be judged. */
  leftOut: number;
  paths: readonly string[];
  methods: readonly MethodResult[];
  /** Share of questions that each path gave the answer to. */
  shares: Readonly<Record<string, number>>;
  /** Of two paths; `null` of more. */
  classes: DecisionClasses | null;
  /** Of two paths, the short answers that are kept, and those of them that are wrong, hopeless ones too: what a risk bounds. `null` of more. */
  kept: { of: number; wrong: number } | null;
  /** Share of the long way's tokens that the router saves, and of what the oracles save. `null` where an oracle saves nothing. */
  saving: { ofLong: number; ofOracle: number | null; ofOracleAfterTrying: number | null };
  /** Chance that random routing at the same rate would be right as often, exact; `null` of more than two paths. */
  randomPValue: number | null;
  /** Questions that were asked in other words too, and of these the share whose decision changed; `null`: there are none. */
  flips: { pairs: number; flipped: number; rate: number; low: number; high: number } | null;
  /** Questions of the records that were asked side by side; of more than one no times are given. `null` = not known. */
  atOnce: number | null;
  intervals: { level: number; resamples: number };
}

/**
 * Judges a router by records, without a model.
 * @param routeOf where each question goes: `(record) => router.route(record.paths.short.signals ?? {})`, `carRoute(router)`,
 *   `cascadeRoute(router)` or anything else. It is asked once for every record.
 * @throws SurprisalError INVALID_ARGUMENT
 */
export function evaluateRouter(
  given: RouteRecords | readonly RouteRecord[],
  routeOf: RouteOf,
  options: EvaluateRouterOptions = {},
): RouterEvaluation {
  const { resamples = 1000, level = 0.95, seed = 0 } = options;
  const { records: all, header } = recordsOf(given);
  const paths = options.paths ?? header?.paths ?? ["short", "long"];
  const set = judged(all, paths);
  const routes = new Map(set.records.map((record) => [record.id, completed(routeOf(record), paths)]));
  const atOnce = header?.atOnce ?? null;
  const bootstrap = new PairedBootstrap(set.groups, set.groupCount, resamples, seed, level);
  const n = set.records.length;
  const shares = Object.fromEntries(
    paths.map((path) => [path, set.records.filter(({ id }) => routes.get(id)!.path === path).length / n]),
  );
  const columns = allColumns(set, (record) => routes.get(record.id)!, shares);
  const router = columns.router!;
  const methods = Object.entries(columns).map(([name, own]): MethodResult => {
    const difference = {
      accuracy: bootstrap.mean(router.right, own.right)!,
      tokens: bootstrap.mean(router.tokens, own.tokens)!,
    };
    return {
      name,
      accuracy: bootstrap.mean(own.right)!,
      tokens: bootstrap.mean(own.tokens)!,
      ms: (atOnce ?? 1) > 1 ? null : bootstrap.mean(own.ms),
      difference: name === "router" ? null : difference,
    };
  });
  const classes = paths.length === 2 ? classesOf(set, routes) : null;
  return {
    n,
    groups: set.groupCount,
    leftOut: set.leftOut,
    paths,
    methods,
    shares,
    classes,
    kept: classes && keptOf(set, routes),
    saving: savingOf(methods, `always ${paths.at(-1)}`),
    randomPValue: classes && pValueOf(set, routes),
    flips: flipsOf(all, routeOf, paths, routes),
    atOnce,
    intervals: { level, resamples },
  };
}

function allColumns(
  set: Judged,
  routeOf: (record: RouteRecord) => Required<Route>,
  shares: Readonly<Record<string, number>>,
): Record<string, Columns> {
  const { paths, records } = set;
  const always = paths.map((path) => ({
    name: `always ${path}`,
    columns: columnsOfPath(set, path),
    share: shares[path]!,
  }));
  const oracle = (record: RouteRecord): string => {
    const right = paths.filter((path) => record.paths[path]!.correct);
    return right.toSorted((a, b) => record.paths[a]!.tokens - record.paths[b]!.tokens)[0] ?? paths.at(-1)!;
  };
  return {
    ...Object.fromEntries(always.map(({ name, columns }) => [name, columns])),
    random: mixture(always),
    oracle: columnsOf(records, (record) => ({ path: oracle(record), tried: [oracle(record)] })),
    "oracle after trying": columnsOf(records, (record) => completed(oracle(record), paths)),
    router: columnsOf(records, routeOf),
  };
}

function classesOf(
  { records, paths }: Judged,
  routes: ReadonlyMap<string, Required<Route>>,
): DecisionClasses {
  const classes: DecisionClasses = { keptRight: 0, keptWrong: 0, longNeeded: 0, longWasted: 0, hopeless: 0 };
  const [short, long] = paths as [string, string];
  for (const record of records) {
    const [shortRight, longRight] = [record.paths[short]!.correct, record.paths[long]!.correct];
    const kept = routes.get(record.id)!.path === short;
    if (shortRight) classes[kept ? "keptRight" : "longWasted"]++;
    else if (longRight) classes[kept ? "keptWrong" : "longNeeded"]++;
    else classes.hopeless++;
  }
  return classes;
}

function keptOf({ records, paths }: Judged, routes: ReadonlyMap<string, Required<Route>>) {
  const kept = records.filter(({ id }) => routes.get(id)!.path === paths[0]);
  return { of: kept.length, wrong: kept.filter((record) => !record.paths[paths[0]!]!.correct).length };
}

function pValueOf({ records, paths }: Judged, routes: ReadonlyMap<string, Required<Route>>): number {
  const [short, long] = paths as [string, string];
  let [mends, spoils, k, gained] = [0, 0, 0, 0];
  for (const record of records) {
    const change = Number(record.paths[long]!.correct) - Number(record.paths[short]!.correct);
    if (change > 0) mends++;
    if (change < 0) spoils++;
    if (routes.get(record.id)!.path === short) continue;
    k++;
    gained += change;
  }
  return randomRoutingPValue(mends, spoils, records.length, k, gained);
}

function savingOf(methods: readonly MethodResult[], last: string): RouterEvaluation["saving"] {
  const tokens = (name: string) => methods.find((method) => method.name === name)!.tokens.value;
  const saved = tokens(last) - tokens("router");
  const shareOf = (oracle: string) => {
    const most = tokens(last) - tokens(oracle);
    return most > 0 ? saved / most : null;
  };
  return {
    ofLong: tokens(last) > 0 ? saved / tokens(last) : 0,
    ofOracle: shareOf("oracle"),
    ofOracleAfterTrying: shareOf("oracle after trying"),
  };
}

/** RouterArena's robustness is 1 - rate. */
function flipsOf(
  all: readonly RouteRecord[],
  routeOf: RouteOf,
  paths: readonly string[],
  known: ReadonlyMap<string, Required<Route>>,
): RouterEvaluation["flips"] {
  const byId = new Map(all.map((record) => [record.id, record]));
  let [pairs, flipped] = [0, 0];
  for (const record of all) {
    const original = record.rewordingOf === undefined ? undefined : byId.get(record.rewordingOf);
    if (original === undefined) continue;
    const before = known.get(original.id) ?? completed(routeOf(original), paths);
    pairs++;
    if (completed(routeOf(record), paths).path !== before.path) flipped++;
  }
  if (pairs === 0) return null;
  return { pairs, flipped, rate: flipped / pairs, ...wilsonInterval(flipped, pairs) };
}

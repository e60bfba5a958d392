/** What ending the thinking is worth, on records, without a model. */
import { invalidArgument, SurprisalError } from "../../core/index.ts";
import { requireCount, requireShare } from "../checks.ts";
import { checkExit, type ExitSettings, type ReplayedExit, replayExit } from "../early-exit/index.ts";
import {
  groupOf,
  type RouteRecord,
  type RouteRecords,
  type ThinkingPlace,
  type ThinkingPlaces,
} from "../records.ts";
import { type Interval, PairedBootstrap } from "./bootstrap.ts";
import type { CurvePoint } from "./curve.ts";
import type { EvaluateRouterOptions } from "./evaluate.ts";

/** Options of `evaluateExit`. */
export interface EvaluateExitOptions extends Pick<EvaluateRouterOptions, "resamples" | "level" | "seed"> {
  /** How the thinking was asked about. Default: as the records' header says; fewer texts in `at` are looked behind alone. */
  places?: ThinkingPlaces | undefined;
}

/** One way of ending the thinking. */
export interface ExitResult {
  /**
   * "never ended"; "fixed budget": ended at the first place behind a number of tokens, with the rule's tokens on average (closed
   * form, between two budgets); "oracle": the earliest place whose answer is right, known beforehand, never where none is; "rule".
   */
  name: string;
  accuracy: Interval;
  /** Written per question, thinking and answer, and what was written for the rule's questions. */
  tokens: Interval;
  /** The rule less this one, in pairs; `null` of the rule itself. */
  difference: { accuracy: Interval; tokens: Interval } | null;
}

/** What a rule is worth. */
export interface ExitEvaluation {
  n: number;
  groups: number;
  /** Questions whose thinking or labels are not known. */
  leftOut: number;
  settings: ExitSettings;
  methods: readonly ExitResult[];
  /** Share of the tokens of never ending it that the rule saves, and of what the oracle saves; `null` where that saves nothing. */
  saving: { ofWhole: number; ofOracle: number | null };
  /** Thinkings that were ended, of so many with a place to end them, and after how many tokens on average; `null`: none was. */
  ended: { of: number; count: number; tokens: number | null };
  /** Ended and wrong, though the whole is right; ended and right, though the whole is wrong. */
  lost: number;
  won: number;
  /** Tokens per question, written to ask the model. */
  probeTokens: number;
  /** Numbers that the rule wanted and that are not known. */
  missing: number;
  /** What a person should know: a rule that can end nothing here. */
  warnings: readonly string[];
  intervals: { level: number; resamples: number };
}

interface Thought extends Pick<RouteRecord, "id"> {
  record: RouteRecord;
  whole: { right: number; tokens: number };
  places: readonly ThinkingPlace[];
}

interface Column {
  right: Float64Array;
  tokens: Float64Array;
}

/**
 * Judges a rule beside never ending the thinking, a fixed budget with the same tokens, and the oracle.
 * @throws SurprisalError INVALID_ARGUMENT where nothing can be judged.
 */
export async function evaluateExit(
  given: RouteRecords,
  settings: ExitSettings,
  options: EvaluateExitOptions = {},
): Promise<ExitEvaluation> {
  const { resamples = 1000, level = 0.95, seed = 0 } = options;
  const how = placesOf(given, options);
  const thoughts = thoughtsOf(given, how);
  const replayed = await replayAll(thoughts, settings, how);
  const numbers = new Map<string, number>();
  const groups = Int32Array.from(thoughts, ({ record }) => {
    const group = groupOf(record);
    const number = numbers.get(group) ?? numbers.size;
    numbers.set(group, number);
    return number;
  });
  const bootstrap = new PairedBootstrap(groups, numbers.size, resamples, seed, level);
  const rule = columnOfRule(thoughts, replayed);
  const columns: Record<string, Column> = {
    "never ended": columnOf(thoughts, () => null),
    "fixed budget": budgetColumn(thoughts, meanOf(rule.tokens)),
    oracle: columnOf(thoughts, ({ places }) => places.find(({ answer }) => answer.correct === true) ?? null),
    rule,
  };
  const mean = (name: string) => meanOf(columns[name]!.tokens);
  const [saved, most] = [mean("never ended") - mean("rule"), mean("never ended") - mean("oracle")];
  const ended = replayed.flatMap(({ place }) => place ?? []);
  const changed = (from: boolean) =>
    replayed.filter(
      ({ place }, i) => place && place.answer.correct !== from && Boolean(thoughts[i]!.whole.right) === from,
    ).length;
  return {
    n: thoughts.length,
    groups: numbers.size,
    leftOut: given.records.filter(({ rewordingOf }) => rewordingOf === undefined).length - thoughts.length,
    settings,
    methods: Object.entries(columns).map(([name, own]) => ({
      name,
      accuracy: bootstrap.mean(own.right)!,
      tokens: bootstrap.mean(own.tokens)!,
      difference:
        name === "rule"
          ? null
          : {
              accuracy: bootstrap.mean(rule.right, own.right)!,
              tokens: bootstrap.mean(rule.tokens, own.tokens)!,
            },
    })),
    saving: {
      ofWhole: mean("never ended") > 0 ? saved / mean("never ended") : 0,
      ofOracle: most > 0 ? saved / most : null,
    },
    ended: {
      of: thoughts.filter(({ places }) => places.length > 0).length,
      count: ended.length,
      tokens: ended.length === 0 ? null : ended.reduce((sum, { tokens }) => sum + tokens, 0) / ended.length,
    },
    lost: changed(true),
    won: changed(false),
    probeTokens: replayed.reduce((sum, { probeTokens }) => sum + probeTokens, 0) / thoughts.length,
    missing: replayed.reduce((sum, { missing }) => sum + missing, 0),
    warnings: warningsOf(thoughts, settings),
    intervals: { level, resamples },
  };
}

/** Thresholds that are tried, from those that end the most on. */
const THRESHOLDS = {
  certain: [0.51, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999, 0.9999],
  eat: [10, 3, 1, 0.3, 0.1, 0.03, 0.01, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 1e-6],
  deer: [0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999, 0.9999],
} as const;

/** One that every rule takes. */
const ANY_THRESHOLD = 0.6;

/** Sets the number of a rule that decides how early it ends: probability, delta or threshold. */
function withThreshold(settings: ExitSettings, threshold: number): ExitSettings {
  if (settings.rule === "certain") return { ...settings, probability: threshold };
  return settings.rule === "eat" ? { ...settings, delta: threshold } : { ...settings, threshold };
}

/** One threshold of a rule; `kept`: the share that it ends. */
export type ExitPoint = CurvePoint & { threshold: number };

/** What a rule gives at each of some thresholds: accuracy against tokens. @throws SurprisalError INVALID_ARGUMENT */
export async function exitCurve(
  given: RouteRecords,
  settings: ExitSettings,
  { thresholds, ...options }: EvaluateExitOptions & { thresholds?: readonly number[] | undefined } = {},
): Promise<ExitPoint[]> {
  const how = placesOf(given, options);
  const thoughts = thoughtsOf(given, how);
  checkExit(withThreshold(settings, ANY_THRESHOLD), how);
  const points: ExitPoint[] = [];
  for (const threshold of thresholds ?? THRESHOLDS[settings.rule]) {
    const replayed = await replayAll(thoughts, withThreshold(settings, threshold), how);
    const { right, tokens } = columnOfRule(thoughts, replayed);
    const kept = replayed.filter(({ place }) => place !== null).length / thoughts.length;
    points.push({ threshold, kept, accuracy: meanOf(right), tokens: meanOf(tokens) });
  }
  return points;
}

/**
 * The threshold with the fewest tokens that is right as often as never ending the thinking, less a tolerance; where none is, the
 * one that is right most often. Of thresholds that are alike, the one that ends less.
 * @param options.least fewest questions. Default 30.
 * @throws SurprisalError CALIBRATION_TOO_SMALL, INVALID_ARGUMENT
 */
export async function chooseExit(
  given: RouteRecords,
  settings: ExitSettings,
  {
    tolerance = 0.005,
    least = 30,
    ...options
  }: EvaluateExitOptions & {
    tolerance?: number | undefined;
    least?: number | undefined;
    thresholds?: readonly number[] | undefined;
  } = {},
): Promise<{ settings: ExitSettings; point: ExitPoint; reached: boolean }> {
  requireShare(tolerance, "tolerance");
  requireCount(least, "least", 1);
  const thoughts = thoughtsOf(given, placesOf(given, options));
  if (thoughts.length < least)
    throw new SurprisalError({
      code: "CALIBRATION_TOO_SMALL",
      what: `${thoughts.length} of ${given.records.length} records have thinking with labels: ${least - thoughts.length} more are needed to have ${least}`,
      where: "records",
      wayOut:
        "Record more questions, ask for fewer (least, --least) and trust the result less, or give the threshold (--threshold).",
    });
  const points = await exitCurve(given, settings, options);
  const wanted = meanOf(columnOf(thoughts, () => null).right) - tolerance - 1e-12;
  const reaching = points.filter(({ accuracy }) => accuracy >= wanted);
  const reached = reaching.length > 0;
  const point = (reached ? reaching : points).reduce((best, each) =>
    (reached ? each.tokens <= best.tokens : each.accuracy >= best.accuracy) ? each : best,
  );
  return { settings: withThreshold(settings, point.threshold), point, reached };
}

function placesOf({ header }: RouteRecords, { places }: EvaluateExitOptions): ThinkingPlaces {
  const found = places ?? header.thinking;
  if (found) return found;
  throw invalidArgument(
    "The records do not say how the thinking was asked about",
    "records",
    "Give records of thinking (recordThinking) with their header, or places.",
  );
}

function thoughtsOf({ records }: RouteRecords, { at }: ThinkingPlaces): Thought[] {
  const thoughts = records.flatMap((record): Thought[] => {
    const { thinking, paths, id, rewordingOf } = record;
    const whole = paths.whole;
    if (!thinking || !whole || rewordingOf !== undefined || whole.correct === null) return [];
    const places = thinking.places.filter(({ marks }) => marks.some((mark) => at.includes(mark)));
    if (places.some(({ answer }) => answer.correct === null)) return [];
    return [{ id, record, whole: { right: Number(whole.correct), tokens: whole.tokens }, places }];
  });
  if (thoughts.length > 0) return thoughts;
  throw invalidArgument(
    `None of ${records.length} records has thinking with labels`,
    "records",
    "Record thinking (recordThinking), and label all answers.",
  );
}

const replayAll = (
  thoughts: readonly Thought[],
  settings: ExitSettings,
  how: ThinkingPlaces,
): Promise<ReplayedExit[]> =>
  Promise.all(thoughts.map(({ record }) => replayExit(record.thinking!, settings, how)));

function columnOf(thoughts: readonly Thought[], placeOf: (thought: Thought) => ThinkingPlace | null): Column {
  const places = thoughts.map(placeOf);
  return {
    right: Float64Array.from(places, (place, i) =>
      place ? Number(place.answer.correct) : thoughts[i]!.whole.right,
    ),
    tokens: Float64Array.from(places, (place, i) =>
      place ? place.tokens + place.answer.tokens : thoughts[i]!.whole.tokens,
    ),
  };
}

function columnOfRule(thoughts: readonly Thought[], replayed: readonly ReplayedExit[]): Column {
  const places = new Map(thoughts.map((thought, i) => [thought, replayed[i]!.place]));
  const { right, tokens } = columnOf(thoughts, (thought) => places.get(thought)!);
  return { right, tokens: tokens.map((value, i) => value + replayed[i]!.probeTokens) };
}

const MOST_BUDGETS = 256;

/** Ended behind a fixed number of tokens, so that it costs as much: between the two budgets that lie on either side. */
function budgetColumn(thoughts: readonly Thought[], tokens: number): Column {
  const all = [...new Set(thoughts.flatMap(({ places }) => places.map((place) => place.tokens)))].toSorted(
    (a, b) => a - b,
  );
  const most = Math.min(all.length, MOST_BUDGETS);
  const budgets = Array.from({ length: most }, (_, i) => all[Math.floor((i * all.length) / most)]!);
  let before: Column | null = null;
  for (const budget of [...budgets, Number.POSITIVE_INFINITY]) {
    const column = columnOf(thoughts, ({ places }) => places.find((each) => each.tokens >= budget) ?? null);
    const [less, more] = [before ? meanOf(before.tokens) : Number.NaN, meanOf(column.tokens)];
    if (more >= tokens) {
      if (before === null || more === less) return column;
      const share = (tokens - less) / (more - less);
      const mixed = (name: keyof Column) =>
        column[name].map((value, i) => share * value + (1 - share) * before![name][i]!);
      return { right: mixed("right"), tokens: mixed("tokens") };
    }
    before = column;
  }
  return before!; // asking cost more than ending saved: never ended
}

function warningsOf(thoughts: readonly Thought[], settings: ExitSettings): string[] {
  const most = thoughts.reduce((found, { places }) => Math.max(found, places.length), 0);
  if (most === 0)
    return ["No thinking has a place where it could be ended: record with other texts (at, --at)."];
  if (settings.rule === "certain") {
    const { after = 400 } = settings;
    const longest = thoughts.reduce((found, { places }) => Math.max(found, places.at(-1)?.seen ?? 0), 0);
    return longest > after
      ? []
      : [
          `The last place of all is after ${longest} tokens, and the first ${after} are left alone: nothing can be ended (after, --after).`,
        ];
  }
  if (settings.rule === "deer") return [];
  const { alpha = 0.2, warmUp = 4 / alpha } = settings;
  // The first at which it may end is the one behind the warm-up and the first variance, which is 0.
  return most >= warmUp + 2
    ? []
    : [
        `No thinking has more than ${most} places, and the first ${Math.ceil(warmUp) + 1} are the warm-up: nothing can be ended (warmUp, --warm-up).`,
      ];
}

const meanOf = (values: Float64Array): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

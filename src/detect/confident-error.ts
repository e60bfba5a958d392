/** The confident error: an answer that is wrong though the model was not surprised by it, and what would have caught it. */
import { clopperPearson, requireCount, requireShare } from "../calibrate/index.ts";
import { invalidArgument, quantileOf, SurprisalError, seededRandom } from "../core/index.ts";

/** A labelled answer with its perplexity and what other signals say of it. */
export interface ConfidentCase {
  id: string;
  /** `null` = not known: it is left out. */
  correct: boolean | null;
  /** Of the answer, >= 1, or Infinity; `null` = not known: it is left out. */
  perplexity: number | null;
  /** By name, higher = more suspicious; `null` = the signal says nothing of this answer. */
  signals: Readonly<Record<string, number | null>>;
  /** Answers of one group, such as those to one question, are resampled as one. Default: each for itself. */
  group?: string | undefined;
}

/** Options of `confidentErrors`. */
export interface ConfidentErrorOptions {
  /** Answers up to this perplexity are confident. Default: by `quantile`. */
  threshold?: number | undefined;
  /** Confident is what is no more surprising than this share of the right answers, strictly between 0 and 1. Default 0.5: their median. */
  quantile?: number | undefined;
  /** Share of right answers that a signal may suspect in vain, 0 ... below 1: its threshold is the lowest that keeps to it. Default 0.1. */
  falseAlarms?: number | undefined;
  /** Coverage of the intervals. Default 0.95. */
  level?: number | undefined;
  /** Of the bootstrap over groups, where groups have more answers than one. Default 1000. */
  resamples?: number | undefined;
  /** Default 0. */
  seed?: number | undefined;
}

/** A share with its interval; `value` is `null` where it is one of none. */
export interface ShareOf {
  count: number;
  of: number;
  value: number | null;
  low: number | null;
  high: number | null;
}

/** What one signal does about confident errors. */
export interface ErrorCatcher {
  signal: string;
  /** It suspects what is above this; `null`: it has a number for no right answer, and so no threshold. */
  threshold: number | null;
  /** Right answers above it, of those with a number: no more than was allowed. */
  falseAlarms: ShareOf;
  /** The same of confident right answers alone: what it costs where perplexity is trusted already. */
  confidentFalseAlarms: ShareOf;
  /** Confident errors above it, of all confident errors. */
  caught: ShareOf;
  /** Confident errors that it has no number for: not caught. */
  unknown: number;
}

/** A confident error. */
export interface ConfidentError {
  id: string;
  perplexity: number;
  signals: Readonly<Record<string, number | null>>;
  /** Names of the signals that suspect it. */
  caughtBy: readonly string[];
}

/** What is known of the confident errors of some answers. */
export interface ConfidentErrorReport {
  /** Answers with a label and a perplexity. */
  n: number;
  right: number;
  wrong: number;
  /** Answers that lack one of them. */
  missing: number;
  /** Up to this perplexity an answer is confident. */
  threshold: number;
  /** Of the right answers, where the threshold is one; else `null`. */
  quantile: number | null;
  /** Share of right answers that is allowed to be suspected by a signal. */
  falseAlarms: number;
  /** Confident errors of all errors. */
  ofErrors: ShareOf;
  /** Confident errors of all confident answers: how much low perplexity is to be trusted. */
  ofConfident: ShareOf;
  /** Those that catch most come first. */
  signals: readonly ErrorCatcher[];
  /** Caught by any signal; right answers that any of them suspects. */
  any: { caught: ShareOf; falseAlarms: ShareOf };
  /** How many confident errors were caught by exactly these signals, `[]` = by none; the most frequent first. */
  combinations: readonly { signals: readonly string[]; count: number }[];
  /** All of them, lowest perplexity first. */
  errors: readonly ConfidentError[];
  /** How intervals were made: Clopper and Pearson's, exact, or where answers share groups the bootstrap over groups (percentiles). */
  intervals: { level: number; by: "clopper-pearson" | "group-bootstrap"; groups: number };
}

/**
 * Finds the confident errors among labelled answers, and which signal would have caught each. Thresholds are those of the same
 * answers: on others, a signal's false alarms scatter around what was allowed.
 * @throws SurprisalError EMPTY_INPUT where no answer has a label and a perplexity, or none is right and no threshold is given;
 *   INVALID_ARGUMENT for ids that are there twice, NaN, perplexities below 1, options out of their range.
 */
export function confidentErrors(
  answers: readonly ConfidentCase[],
  options: ConfidentErrorOptions = {},
): ConfidentErrorReport {
  const { quantile = 0.5, falseAlarms = 0.1, level = 0.95 } = options;
  requireShare(quantile, "quantile");
  requireShare(level, "level");
  if (!(falseAlarms >= 0 && falseAlarms < 1))
    throw invalidArgument(
      `${falseAlarms} is no share of false alarms`,
      "falseAlarms",
      "Give 0 or more, below 1.",
    );
  const cases = knownCases(answers);
  const right = cases.filter(({ correct }) => correct);
  const wrong = cases.filter(({ correct }) => !correct);
  const threshold = options.threshold ?? typicalOf(right, quantile);
  if (!(threshold >= 1))
    throw invalidArgument(`${threshold} is no perplexity`, "threshold", "Give a number from 1 on.");
  const isConfident = ({ perplexity }: Known) => perplexity <= threshold;
  const confidentWrong = wrong.filter(isConfident);
  const confidentRight = right.filter(isConfident);
  const share = shares(cases, options);
  const names = [...new Set(cases.flatMap(({ signals }) => Object.keys(signals)))].toSorted();
  const limits = new Map(names.map((name) => [name, limitOf(right, name, falseAlarms)]));
  const isCaught = (each: Known, name: string) => {
    const [value, limit] = [numberOf(each, name), limits.get(name) ?? null];
    return value !== null && limit !== null && value > limit;
  };
  const isCaughtByAny = (each: Known) => names.some((name) => isCaught(each, name));
  const signals = names.map((name): ErrorCatcher => {
    const has = (each: Known) => numberOf(each, name) !== null;
    return {
      signal: name,
      threshold: limits.get(name) ?? null,
      falseAlarms: share(right.filter(has), (each) => isCaught(each, name)),
      confidentFalseAlarms: share(confidentRight.filter(has), (each) => isCaught(each, name)),
      caught: share(confidentWrong, (each) => isCaught(each, name)),
      unknown: confidentWrong.filter((each) => !has(each)).length,
    };
  });
  const errors = confidentWrong
    .map(
      (each): ConfidentError => ({
        id: each.id,
        perplexity: each.perplexity,
        signals: each.signals,
        caughtBy: names.filter((name) => isCaught(each, name)),
      }),
    )
    .toSorted((a, b) => a.perplexity - b.perplexity || (a.id < b.id ? -1 : 1));
  return {
    n: cases.length,
    right: right.length,
    wrong: wrong.length,
    missing: answers.length - cases.length,
    threshold,
    quantile: options.threshold === undefined ? quantile : null,
    falseAlarms,
    ofErrors: share(wrong, isConfident),
    ofConfident: share([...confidentWrong, ...confidentRight], ({ correct }) => !correct),
    signals: signals.toSorted((a, b) => b.caught.count - a.caught.count || (a.signal < b.signal ? -1 : 1)),
    any: { caught: share(confidentWrong, isCaughtByAny), falseAlarms: share(right, isCaughtByAny) },
    combinations: combinationsOf(errors),
    errors,
    intervals: share.intervals,
  };
}

type Known = Omit<ConfidentCase, "correct" | "perplexity"> & { correct: boolean; perplexity: number };

/** @throws SurprisalError INVALID_ARGUMENT, EMPTY_INPUT */
function knownCases(answers: readonly ConfidentCase[]): Known[] {
  const ids = new Set<string>();
  const known: Known[] = [];
  for (const each of answers) {
    const { id, correct, perplexity, signals } = each;
    const where = `answers, id ${JSON.stringify(id)}`;
    if (ids.has(id))
      throw invalidArgument(
        `The id ${JSON.stringify(id)} is there twice`,
        "answers",
        "Give each answer an id of its own.",
      );
    ids.add(id);
    if (typeof correct !== "boolean" && correct !== null)
      throw invalidArgument(
        `${String(correct)} says neither right nor wrong`,
        where,
        "Give true, false or null.",
      );
    if (perplexity !== null && !(perplexity >= 1))
      throw invalidArgument(`${perplexity} is no perplexity`, where, "Give a number from 1 on, or null.");
    for (const [name, value] of Object.entries(signals))
      if (value !== null && (typeof value !== "number" || Number.isNaN(value)))
        throw invalidArgument(
          `${name} is ${String(value)}, which is no number`,
          where,
          "Give a number, or null.",
        );
    if (correct !== null && perplexity !== null) known.push({ ...each, correct, perplexity });
  }
  if (known.length > 0) return known;
  throw new SurprisalError({
    code: "EMPTY_INPUT",
    what: `None of ${answers.length} answers has both a label and a perplexity`,
    where: "answers",
    wayOut: "Give answers with their perplexity, and whether each was right.",
  });
}

/** @throws SurprisalError EMPTY_INPUT */
function typicalOf(right: readonly Known[], quantile: number): number {
  if (right.length === 0)
    throw new SurprisalError({
      code: "EMPTY_INPUT",
      what: "No answer is right: there is no perplexity of right answers to go by",
      where: "answers",
      wayOut: "Give right answers too, or a threshold.",
    });
  const sorted = right.map(({ perplexity }) => perplexity).toSorted((a, b) => a - b);
  const found = quantileOf(sorted, quantile);
  return Number.isNaN(found) ? Number.POSITIVE_INFINITY : found; // between two infinite ones
}

const numberOf = ({ signals }: Known, name: string): number | null =>
  Object.hasOwn(signals, name) ? (signals[name] ?? null) : null;

/** The lowest of its numbers above which no more than that share of the right answers lies. */
function limitOf(right: readonly Known[], name: string, falseAlarms: number): number | null {
  const values = right.flatMap((each) => numberOf(each, name) ?? []).toSorted((a, b) => b - a);
  if (values.length === 0) return null;
  // At most `most` of them are above the value in that place, ties or not.
  const most = Math.floor(falseAlarms * values.length + 1e-9);
  return values[Math.min(most, values.length - 1)]!;
}

function combinationsOf(errors: readonly ConfidentError[]): { signals: readonly string[]; count: number }[] {
  const counts = new Map<string, { signals: readonly string[]; count: number }>();
  for (const { caughtBy } of errors) {
    const key = JSON.stringify(caughtBy);
    const found = counts.get(key) ?? { signals: caughtBy, count: 0 };
    counts.set(key, found);
    found.count++;
  }
  return [...counts.entries()]
    .toSorted(([a, { count: x }], [b, { count: y }]) => y - x || (a < b ? -1 : 1))
    .map(([, found]) => found);
}

/** Makes shares with intervals, all by the same draws of groups. */
function shares(
  cases: readonly Known[],
  { level = 0.95, resamples = 1000, seed = 0 }: ConfidentErrorOptions,
) {
  requireCount(resamples, "resamples", 2);
  const numbers = new Map<string, number>();
  const groupOf = (each: Known): number => numbers.get(each.group ?? `\0${each.id}`)!;
  for (const each of cases) {
    const group = each.group ?? `\0${each.id}`;
    if (!numbers.has(group)) numbers.set(group, numbers.size);
  }
  const groups = numbers.size;
  const isGrouped = groups < cases.length;
  const of = (among: readonly Known[], is: (each: Known) => boolean): ShareOf => {
    const hits = among.filter(is);
    const counts = { count: hits.length, of: among.length };
    if (among.length === 0) return { ...counts, value: null, low: null, high: null };
    const value = hits.length / among.length;
    if (!isGrouped) return { ...counts, value, ...clopperPearson(hits.length, among.length, { level }) };
    const [all, own] = [new Float64Array(groups), new Float64Array(groups)];
    for (const each of among) all[groupOf(each)]!++;
    for (const each of hits) own[groupOf(each)]!++;
    const random = seededRandom(seed);
    const drawn: number[] = [];
    for (let b = 0; b < resamples; b++) {
      let [count, size] = [0, 0];
      for (let k = 0; k < groups; k++) {
        const group = Math.floor(random() * groups);
        count += own[group]!;
        size += all[group]!;
      }
      if (size > 0) drawn.push(count / size);
    }
    drawn.sort((a, b) => a - b);
    if (drawn.length < 0.95 * resamples) return { ...counts, value, low: null, high: null };
    return {
      ...counts,
      value,
      low: quantileOf(drawn, (1 - level) / 2),
      high: quantileOf(drawn, (1 + level) / 2),
    };
  };
  const intervals: ConfidentErrorReport["intervals"] = {
    level,
    by: isGrouped ? "group-bootstrap" : "clopper-pearson",
    groups,
  };
  return Object.assign(of, { intervals });
}

/** Reliability diagrams: what was claimed against what happened, over confidence and over perplexity. */
import { invalidArgument, wilsonInterval } from "../../core/index.ts";
import { normalTwoSided } from "../special.ts";
import { type BinningOptions, binsOf } from "./bins.ts";
import { requireShare } from "./checks.ts";
import { isotonicSteps } from "./isotonic.ts";
import { labelOf, requireLength, type Tally } from "./pairs.ts";

/** One bin of a reliability diagram. */
export interface ReliabilityBin {
  /** Bounds, in the unit of what is binned. */
  low: number;
  high: number;
  /** Pairs in it. */
  count: number;
  right: number;
  /** Share right, with Wilson's interval. */
  accuracy: number;
  accuracyLow: number;
  accuracyHigh: number;
  /** Mean confidence; `null` where none was given. */
  confidence: number | null;
}

/** The diagram over confidence. */
export interface Reliability {
  /** Bins that hold a pair, in the order of confidence. */
  bins: ReliabilityBin[];
  /** The isotonic curve (CORP): accuracy by confidence, no bins chosen. */
  corp: { low: number; high: number; accuracy: number; count: number }[];
}

/**
 * Accuracy by confidence.
 * @param options.level coverage of the bins' intervals (Wilson 1927), strictly between 0 and 1. Default 0.95.
 * @throws SurprisalError INVALID_ARGUMENT
 */
export function reliability(
  tally: Tally,
  { level = 0.95, ...binning }: BinningOptions & { level?: number | undefined } = {},
): Reliability {
  requireShare(level, "level");
  const { low, high, count, right, claimed } = binsOf(tally, binning);
  const steps = isotonicSteps(tally);
  return {
    bins: Array.from(count, (n, b) => ({
      low: low[b]!,
      high: high[b]!,
      ...accuracyOf(right[b]!, n, level),
      confidence: claimed[b]! / n,
    })),
    corp: Array.from(steps.value, (accuracy, b) => ({
      low: steps.low[b]!,
      high: steps.high[b]!,
      accuracy,
      count: steps.count[b]!,
    })),
  };
}

/** Answers and the perplexity of each, in columns of one length. */
export interface PerplexityPairs {
  /** [n] perplexity of the answer, at least 1; `null` = not known. */
  perplexities: ArrayLike<number | null>;
  /** [n] as in `Pairs`. */
  correct: ArrayLike<boolean | number | null>;
  /** [n] 0 ... 1 or `null`; left out: none. */
  confidences?: ArrayLike<number | null> | undefined;
}

/** The diagram over perplexity. */
export interface PerplexityReliability {
  /** Intervals that hold an answer, lowest perplexity first. */
  bins: ReliabilityBin[];
  /** Answers left out because perplexity or label is not known. */
  missing: number;
}

/**
 * Accuracy by perplexity: how often answers of each interval of perplexity were right, and what confidence they had. Intervals
 * are [low, high); the last holds its upper end too.
 * @param options.edges rising bounds of the intervals, perplexity; what lies outside joins the outermost. Default: as many
 *   answers in each of `bins` intervals as ties allow.
 * @param options.bins 1 ... n. Default 10.
 * @throws SurprisalError INVALID_ARGUMENT for perplexities below 1 or NaN, and edges that do not rise.
 */
export function reliabilityOverPerplexity(
  { perplexities, correct, confidences }: PerplexityPairs,
  options: {
    edges?: readonly number[] | undefined;
    bins?: number | undefined;
    level?: number | undefined;
  } = {},
): PerplexityReliability {
  const { edges, bins = 10, level = 0.95 } = options;
  requireShare(level, "level");
  const length = perplexities.length;
  requireLength(correct.length, length, "correct");
  if (confidences) requireLength(confidences.length, length, "confidences");
  const known: { at: number; right: boolean; confidence: number | null }[] = [];
  for (let i = 0; i < length; i++) {
    const at = perplexities[i];
    if (at !== null && at !== undefined && !(at >= 1))
      throw invalidArgument(
        `${at} is no perplexity`,
        `perplexities[${i}]`,
        "Give a number of at least 1, or null.",
      );
    const right = labelOf(correct[i], i);
    if (at === null || at === undefined || right === null) continue;
    known.push({ at, right, confidence: confidences?.[i] ?? null });
  }
  known.sort((a, b) => a.at - b.at);
  const cuts = edges === undefined ? equalMassEdges(known, bins) : checkedEdges(edges);
  const rows = cuts.slice(1).map((high, b) => ({ low: cuts[b]!, high, members: [] as typeof known }));
  let b = 0;
  for (const each of known) {
    while (b < rows.length - 1 && each.at >= rows[b]!.high) b++;
    rows[b]!.members.push(each);
  }
  return {
    missing: length - known.length,
    bins: rows
      .filter(({ members }) => members.length > 0)
      .map(({ low, high, members }) => {
        const given = members.flatMap(({ confidence }) => confidence ?? []);
        return {
          low,
          high,
          ...accuracyOf(members.filter(({ right }) => right).length, members.length, level),
          confidence: given.length === 0 ? null : given.reduce((sum, value) => sum + value, 0) / given.length,
        };
      }),
  };
}

function equalMassEdges(sorted: readonly { at: number }[], bins: number): number[] {
  if (!(Number.isSafeInteger(bins) && bins >= 1))
    throw invalidArgument(`${bins} is no number of bins`, "bins", "Give an integer of at least 1.");
  const n = sorted.length;
  if (n === 0) return [];
  const inner = Array.from({ length: bins - 1 }, (_, i) => sorted[Math.floor(((i + 1) * n) / bins)]!.at);
  const edges = [sorted[0]!.at, ...inner, sorted[n - 1]!.at];
  return edges.filter((edge, i) => i === 0 || i === edges.length - 1 || edge > edges[i - 1]!);
}

function checkedEdges(edges: readonly number[]): readonly number[] {
  if (edges.length >= 2 && edges.every((edge, i) => edge >= 1 && (i === 0 || edge > edges[i - 1]!)))
    return edges;
  throw invalidArgument(
    "The edges do not rise from 1 on",
    "edges",
    "Give two or more, such as [1, 2, 5, 10].",
  );
}

function accuracyOf(
  right: number,
  count: number,
  level: number,
): Pick<ReliabilityBin, "count" | "right" | "accuracy" | "accuracyLow" | "accuracyHigh"> {
  const { low, high } = wilsonInterval(right, count, normalQuantile(level));
  return { count, right, accuracy: right / count, accuracyLow: low, accuracyHigh: high };
}

/** The z with P(|Z| <= z) = level, by halving. */
function normalQuantile(level: number): number {
  let [low, high] = [0, 40];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (1 - normalTwoSided(middle) < level) low = middle;
    else high = middle;
  }
  return low;
}

/** Whether more or less was claimed than happened. */
export interface Confidence {
  /** Mean score less accuracy: above 0 = over-confident. */
  gap: number;
  /** Of the gap, as if the scores were given: sqrt(Σ s(1-s))/n of a calibrated model. */
  standardError: number;
  verdict: "over-confident" | "under-confident" | "not told apart";
  /** In a sentence. */
  words: string;
}

/** Over- or under-confident, in words; a gap within two standard errors of what a calibrated model shows is neither. */
export function confidenceOf({ values, right, wrong, n, totalRight }: Tally): Confidence {
  let [claimed, variance] = [0, 0];
  for (let j = 0; j < values.length; j++) {
    const count = right[j]! + wrong[j]!;
    claimed += count * values[j]!;
    variance += count * values[j]! * (1 - values[j]!);
  }
  const gap = (claimed - totalRight) / n;
  const standardError = Math.sqrt(variance) / n;
  const verdict =
    Math.abs(gap) <= 2 * standardError || gap === 0
      ? "not told apart"
      : gap > 0
        ? "over-confident"
        : "under-confident";
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const facts = `it claims ${percent(claimed / n)} and is right ${percent(totalRight / n)} of the time`;
  const words =
    verdict === "not told apart"
      ? `Neither over- nor under-confident on average: ${facts}, no further apart than chance makes a calibrated model.`
      : `${verdict === "over-confident" ? "Over" : "Under"}-confident by ${(100 * Math.abs(gap)).toFixed(1)} points on average: ${facts}.`;
  return { gap, standardError, verdict, words };
}

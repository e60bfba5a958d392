/** DeepConf's confidences: of a token, and of a whole trace. */
import {
  tokenConfidence as confidenceOver,
  invalidArgument,
  SlidingMean,
  type TokenRecord,
} from "../../core/index.ts";
import { requireCount, requireShare } from "../checks.ts";

/** Most probable alternatives that a token's confidence is over, as in DeepConf's code. */
export const TOP_K = 20;
/** Tokens of a group, as in the paper: too many for short answers, of which nothing can be stopped then. */
export const GROUP_TOKENS = 2048;

/**
 * DeepConf's confidence of a token, nats, >= 0: -(1/k) Σ ln p over the k most probable alternatives. Alternatives without a
 * number, or of probability 0, are left out; `null` where none is left. Values over different k cannot be compared.
 * Source: Fu, Wang, Tian & Zhao 2025, "Deep Think with Confidence", arXiv 2508.15260, section 3.1.
 */
export function tokenConfidence({ alternatives = [] }: TokenRecord, topK: number = TOP_K): number | null {
  const confidence = confidenceOver(alternatives, topK);
  return Number.isNaN(confidence) ? null : confidence;
}

/** How a trace is scored: the paper's average, tail, bottom-10 % and lowest-group confidence. */
export type TraceMeasure = "mean" | "tail" | "bottom" | "lowest";

/** Options of `traceConfidence` and `groupConfidences`. */
export interface TraceConfidenceOptions {
  /** Tokens of a group, and of the tail. Default 2,048. */
  window?: number | undefined;
  /** Share of the groups that "bottom" averages, the lowest. Default 0.1. */
  bottom?: number | undefined;
  /** Rounds every group to so many decimals, as DeepConf's code rounds to 3. Default: not rounded. */
  decimals?: number | undefined;
}

/**
 * Mean confidence of every group: of each run of `window` tokens. Tokens without a confidence are left out. Of a trace that is
 * shorter than a window, the mean of all, as in DeepConf's code.
 * @returns [groups] nats; empty where no token has a confidence.
 */
export function groupConfidences(
  confidences: readonly (number | null)[],
  { window = GROUP_TOKENS, decimals }: TraceConfidenceOptions = {},
): number[] {
  requireWindow(window);
  if (decimals !== undefined) requireCount(decimals, "decimals", 0);
  const known = confidences.filter(isKnown);
  if (known.length === 0) return [];
  if (known.length < window) return [meanOf(known)];
  if (decimals !== undefined)
    // Summed anew for each group, in order: on which side of a half a sum falls is a matter of its last bit.
    return Array.from({ length: known.length - window + 1 }, (_, i) =>
      rounded(meanOf(known.slice(i, i + window)), decimals),
    );
  const sliding = new SlidingMean(window);
  return known.flatMap((value, i) => {
    sliding.push(value, i);
    return sliding.window?.mean ?? [];
  });
}

/** Confidence of a trace, nats; `null` where no token has one. */
export function traceConfidence(
  confidences: readonly (number | null)[],
  measure: TraceMeasure,
  options: TraceConfidenceOptions = {},
): number | null {
  const known = confidences.filter(isKnown);
  if (known.length === 0) return null;
  const { window = GROUP_TOKENS, bottom = 0.1 } = options;
  requireShare(bottom, "bottom");
  switch (measure) {
    case "mean":
      return meanOf(known);
    case "tail":
      requireWindow(window);
      return meanOf(known.slice(-window));
    case "lowest":
      return groupConfidences(known, options).reduce((least, mean) => Math.min(least, mean));
    case "bottom": {
      const groups = groupConfidences(known, options).toSorted((a, b) => a - b);
      return meanOf(groups.slice(0, Math.max(1, Math.floor(groups.length * bottom))));
    }
    default:
      throw invalidArgument(
        `There is no confidence "${String(measure)}"`,
        "measure",
        "Give mean, tail, bottom or lowest.",
      );
  }
}

/** A confidence that can be reckoned with: NaN and what is infinite would spoil every group that it is in. */
export const isKnown = (value: number | null): value is number => Number.isFinite(value);

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Half to even, as numpy rounds. */
function rounded(value: number, decimals: number): number {
  const scale = 10 ** decimals;
  const scaled = value * scale;
  const below = Math.floor(scaled);
  const half = scaled - below === 0.5;
  return (half ? below + (below % 2) : Math.round(scaled)) / scale;
}

/** @throws SurprisalError INVALID_ARGUMENT */
export const requireWindow = (window: number): void => requireCount(window, "window", 1);

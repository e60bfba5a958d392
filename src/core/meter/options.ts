/** What a meter is told when it is made. */

import { requireInteger } from "../_arguments.ts";
import { invalidArgument } from "../errors.ts";
import type { Resolved } from "../options.ts";

/** Options of a PerplexityMeter. Every length counts the tokens that carry the number in question. */
export interface MeterOptions {
  /** Tokens in the sliding window of perplexity and entropy, at least 1. Default 32, about two sentences. */
  windowLength?: number | undefined;
  /** After this many tokens a token's weight in the exponential average has halved, at least 0.1. Default 16. */
  halfLife?: number | undefined;
  /**
   * Tokens in a DeepConf group, at least 1. Default 128. The paper has 1,024 and 2,048 for chains of thought of ten
   * thousand tokens and more; an answer of a few hundred would never fill such a group.
   */
  groupLength?: number | undefined;
  /** Most alternatives that enter a token's confidence, at least 1. Default 20, as in DeepConf's code. */
  topK?: number | undefined;
  /** V, the upper end of an entropy known from alternatives only; `null` when unknown. Default null. */
  vocabularySize?: number | null | undefined;
  /** A token whose robust z-score is above this is a spike, > 0. Default 6. */
  spikeThreshold?: number | undefined;
  /** Scored tokens before a token that it is compared with, at least 2. Default 64. */
  spikeHistory?: number | undefined;
  /** Scored tokens that must lie behind before a z-score is given, 2 ... spikeHistory. Default 16 or spikeHistory. */
  spikeWarmUp?: number | undefined;
  /**
   * Smallest scale of the z-score, nats, > 0. A text written greedily has a median absolute deviation near 0, under
   * which every small hesitation would stand out: below this, differences do not count as spread. Default 0.5, so that
   * with the default threshold no token less than 3 nats above the median is a spike.
   */
  spikeSmallestScale?: number | undefined;
  /** The latest spikes that are kept with their text, at least 0. The others are only counted. Default 16. */
  spikesKept?: number | undefined;
}

/** Options with every default filled in. */
export type ResolvedMeterOptions = Resolved<MeterOptions>;

/** @throws SurprisalError INVALID_ARGUMENT */
export function resolveMeterOptions(options: MeterOptions): ResolvedMeterOptions {
  const { spikeHistory = 64 } = options;
  const resolved: ResolvedMeterOptions = {
    windowLength: options.windowLength ?? 32,
    halfLife: options.halfLife ?? 16,
    groupLength: options.groupLength ?? 128,
    topK: options.topK ?? 20,
    vocabularySize: options.vocabularySize ?? null,
    spikeThreshold: options.spikeThreshold ?? 6,
    spikeHistory,
    spikeWarmUp: options.spikeWarmUp ?? Math.min(16, spikeHistory),
    spikeSmallestScale: options.spikeSmallestScale ?? 0.5,
    spikesKept: options.spikesKept ?? 16,
  };
  const { windowLength, groupLength, topK, vocabularySize, spikeWarmUp, spikesKept } = resolved;
  requireInteger(windowLength, "windowLength", 1, LONGEST_WINDOW);
  requireInteger(groupLength, "groupLength", 1, LONGEST_WINDOW);
  requireInteger(topK, "topK", 1);
  if (vocabularySize !== null) requireInteger(vocabularySize, "vocabularySize", 1);
  requireInteger(spikeHistory, "spikeHistory", 2, LONGEST_WINDOW);
  requireInteger(spikeWarmUp, "spikeWarmUp", 2, spikeHistory);
  requireInteger(spikesKept, "spikesKept", 0, LONGEST_WINDOW);
  requireAtLeast(0.1, resolved.halfLife, "halfLife");
  requireAtLeast(Number.MIN_VALUE, resolved.spikeThreshold, "spikeThreshold");
  requireAtLeast(Number.MIN_VALUE, resolved.spikeSmallestScale, "spikeSmallestScale");
  return resolved;
}

/** Windows are held in memory, and in the state; a mistyped length must not take a gigabyte. */
const LONGEST_WINDOW = 1_000_000;

function requireAtLeast(least: number, value: number, where: string): void {
  if (Number.isFinite(value) && value >= least) return;
  const allowed = least === Number.MIN_VALUE ? "above 0" : `of at least ${least}`;
  throw invalidArgument(`${value} is not allowed here`, where, `Give a number ${allowed}.`);
}

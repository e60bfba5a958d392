/** What a meter says. Types only. */
import type { EntropyInterval, TokenPart } from "../token.ts";

/** Everything a PerplexityMeter knows after the tokens it has seen. Nats; `null` = not known, or not yet. */
export interface MeterReading extends PartReading {
  /**
   * The same of each part of the answer alone; `null` of one that no token belongs to. Indexes count all tokens; the byte
   * offset of a spike counts the part's own bytes.
   */
  parts: Readonly<Record<TokenPart, PartReading | null>>;
  /** What the windows above are made of, as the meter's options have it. */
  lengths: {
    /** `windowLength`, tokens. */
    window: number;
    /** `halfLife`, tokens. */
    halfLife: number;
    /** `groupLength`, tokens. */
    group: number;
  };
}

/** What is known of some tokens of a stream: of all, or of those of one part. */
export interface PartReading {
  /** Tokens seen, with or without a number. */
  tokens: number;
  /** Tokens that carry a number. */
  scored: number;
  /** Tokens that carry none: in no mean and no sum below. */
  missing: number;
  /** Some token carries no number, so what is said is true of the others only. */
  partial: boolean;
  /** Mean -ln p over the scored tokens, nats, >= 0; Infinity once a token had probability 0. */
  nll: number | null;
  /** exp(nll), 1 ... Infinity. */
  perplexity: number | null;
  /** Σ -log2 p over the scored tokens, bits. */
  bits: number | null;
  /**
   * UTF-8 bytes of the scored tokens; `null` once the size of one is not known: it came without `bytes` and its text
   * has U+FFFD or half a surrogate pair in it, as pieces of characters do.
   */
  bytes: number | null;
  /** bits / bytes; `null` while there are no bytes. */
  bitsPerByte: number | null;
  /** The last `windowLength` scored tokens; `null` until there are as many. */
  window: WindowReading | null;
  /** The window with the lowest perplexity so far, the first of equals. */
  lowestWindow: WindowReading | null;
  /** The window with the highest perplexity so far, the first of equals. */
  highestWindow: WindowReading | null;
  /**
   * Exponential average of -ln p: Σ β^(t-i) x_i / Σ β^(t-i) with β = 2^(-1/halfLife), which has no bias towards where it
   * started from. Infinity once a token had probability 0.
   * Source of the bias correction: Kingma & Ba 2014, "Adam", section 3.
   */
  average: { nll: number; perplexity: number } | null;
  entropy: EntropyReading;
  confidence: ConfidenceReading;
  margin: MarginReading;
  spikes: SpikesReading;
  /** The token pushed last. */
  last: LastToken | null;
}

/** A stretch of the text. A token without a number may stand inside it, but is not in its perplexity. */
export interface WindowReading {
  /** Index of its first token, 0 = the first token seen. */
  start: number;
  /** Index after its last token. */
  end: number;
  /** exp of the mean -ln p of its scored tokens, 1 ... Infinity. */
  perplexity: number;
}

/**
 * Entropies of the distributions that the tokens were drawn from, nats: a number where every one of them is exact,
 * bounds where some are known from alternatives only. The upper bound is `null` where that of any of them is.
 */
export interface EntropyReading {
  /** Tokens whose entropy is known, exactly or within bounds. */
  tokens: number;
  /** Of the token pushed last. */
  last: number | EntropyInterval | null;
  /** Mean over all of them. */
  mean: number | EntropyInterval | null;
  /** Mean over the last `windowLength` of them; `null` until there are as many. */
  window: number | EntropyInterval | null;
}

/**
 * DeepConf's confidences, nats, >= 0, higher = more certain. A token's is C = -(1/k) Σ_j ln p(j) over its k most
 * probable alternatives, the chosen token not added: the further a distribution is from even, the less probable are the
 * runners-up. It grows with k, so values over different k cannot be compared; an alternative of probability 0 makes it
 * Infinity. Tokens without alternatives are left out.
 * Source: Fu, Wang, Tian & Zhao 2025, "Deep Think with Confidence", arXiv 2508.15260, section 3.1; its code takes k = 20.
 */
export interface ConfidenceReading {
  /** Tokens that have a confidence. */
  tokens: number;
  /** Fewest and most alternatives in any token's confidence: equal where the means are over one k. */
  topK: { least: number; most: number } | null;
  /** Of the token pushed last. */
  last: number | null;
  /** Mean over all tokens: the paper's average trace confidence. */
  mean: number | null;
  /** Mean over the last `groupLength` tokens: the paper's group confidence. `null` until there are as many. */
  group: number | null;
  /** The group with the lowest confidence so far, the first of equals: the paper's lowest group confidence. */
  lowestGroup: { start: number; end: number; confidence: number } | null;
  /** Mean over the last `groupLength` tokens, or over all while there are fewer: the paper's tail confidence. */
  tail: number | null;
}

/** Probability of the first choice less that of the second, 0 ... 1: near 0 where two tokens were equally likely. */
export interface MarginReading {
  /** Tokens that have a margin. */
  tokens: number;
  /** Of the token pushed last. */
  last: number | null;
  /** Mean over all of them. */
  mean: number | null;
}

/** Tokens that surprised the model far more than those before them. */
export interface SpikesReading {
  /** Spikes so far. */
  count: number;
  /** The latest of them, oldest first; at most `spikesKept`. */
  recent: readonly Spike[];
  /** The one with the largest z, the first of equals. */
  largest: Spike | null;
}

/** A token far more surprising than those before it. */
export interface Spike {
  /** Index of the token, 0 = the first token seen. */
  index: number;
  /** UTF-8 bytes before it; `null` where a piece before it is of unknown size (see `MeterReading.bytes`). */
  byteOffset: number | null;
  /** The token as text. */
  text: string;
  /** -ln p, nats. */
  surprisal: number;
  /** Robust z-score; see `LastToken.zScore`. */
  zScore: number;
}

/** The token that was pushed last. */
export interface LastToken {
  /** Index of the token, 0 = the first token seen; of a record of several tokens, that of its first. */
  index: number;
  text: string;
  id: number | null;
  /** Left out: "answer". */
  part?: TokenPart | undefined;
  /** -ln p, nats. */
  surprisal: number | null;
  /**
   * Robust z-score of the surprisal against the up to `spikeHistory` scored tokens before it, with m their median and
   * MAD the median of |x - m|: (surprisal - m) / max(1.4826 MAD, spikeSmallestScale). 1.4826 makes the MAD of normally
   * distributed numbers their standard deviation. `null` without a surprisal, before `spikeWarmUp` scored tokens, and
   * where half of those before it had probability 0.
   * Source: Iglewicz & Hoaglin 1993, "How to Detect and Handle Outliers", there without a smallest scale.
   */
  zScore: number | null;
}

/**
 * The token record: what a source of log-probabilities says about one token.
 *
 * Natural logarithms (nats) everywhere. `null` means "the source did not say" and is never averaged.
 */

/** Bounds on an entropy that only a part of the distribution is known of, in nats. */
export interface EntropyInterval {
  /** Smallest entropy compatible with what is known, nats, >= 0. */
  low: number;
  /** Largest entropy compatible with what is known, nats; `null` when the vocabulary size is unknown. */
  high: number | null;
}

/**
 * What a whole distribution says beside its entropy: sums over all of its tokens, which no list of the most probable ones has.
 * Rényi entropy, Fisher-Rao distance and self-certainty are made from them (`surprisal/uncertainty`).
 */
export interface DistributionShape {
  /** V: tokens of the distribution, those of probability 0 among them. */
  vocabularySize: number;
  /** Tokens of a probability above 0. */
  possible: number;
  /** Mean ln p over these, nats, <= -ln `possible`. */
  meanLogprob: number;
  /** Σ √p, 1 ... √V. */
  rootSum: number;
  /** Σ √q of q = softmax((ln p) / 2), 1 ... √V: the same at temperature 2. */
  flatRootSum: number;
}

/** A token the model could have put in this place. */
export interface Alternative {
  /** The token as text; bytes that are not UTF-8 on their own appear as U+FFFD, see `bytes`. */
  text: string;
  /** The exact bytes of the token, where the source gives them. */
  bytes?: Uint8Array | undefined;
  /** Id in the model's vocabulary. */
  id?: number | undefined;
  /** ln p, nats, <= 0; `null` when the source did not say. */
  logprob: number | null;
}

/** What a token is written for: "answer" is what is said, "reasoning" what was thought before, "tool-call" a call's name and arguments. */
export type TokenPart = "answer" | "reasoning" | "tool-call";

/** All parts. */
export const TOKEN_PARTS: readonly TokenPart[] = ["answer", "reasoning", "tool-call"];

/** One token and what the model thought of it. */
export interface TokenRecord extends Alternative {
  /**
   * Which part of the answer it belongs to; left out: "answer". Tokens that mark a part, such as `<think>` and `</think>`,
   * belong to what they mark, not to the answer.
   */
  part?: TokenPart | undefined;
  /** The most probable tokens in this place, best first. */
  alternatives?: Alternative[] | undefined;
  /** 1 = the model's first choice. Number of tokens with a strictly larger probability, plus one. */
  rank?: number | undefined;
  /** More than 1: this record stands for several tokens, so `logprob` is not the whole text's. */
  tokenCount?: number | undefined;
  /** What a stop string cut off this token: `text` and `bytes` are what is left, the numbers are the whole token's. */
  cut?: string | undefined;
  /** Entropy of the distribution this token was drawn from, nats: exact, or an interval from top-k. */
  entropy?: number | EntropyInterval | null | undefined;
  /** Shape of the distribution this token was drawn from, where it was asked for. */
  shape?: DistributionShape | undefined;
}

/** The most probable tokens per position, k columns in one array: entry of position i, place j is at i*k+j. */
export interface AlternativeColumns {
  /** Alternatives kept per position. */
  k: number;
  /** [n*k] token ids, best first; -1 = none. */
  ids: Int32Array;
  /** [n*k] ln p, nats; NaN = missing. */
  logprobs: Float32Array;
}

/**
 * Token records in columns, so that ten million tokens are not ten million objects.
 *
 * Missing numbers are NaN inside the columns (the one in-memory mark a typed array allows; it poisons every
 * sum that forgets to check) and `null` wherever a record or a report leaves the table.
 */
export interface TokenTable {
  /** Number of tokens, n. */
  readonly length: number;
  /** [n] ids in the model's vocabulary. */
  readonly ids: Int32Array;
  /** [n+1] byte offsets into the UTF-8 text: token i is bytes [byteOffsets[i], byteOffsets[i+1]). */
  readonly byteOffsets: Uint32Array;
  /** [n] ln p(token | what it saw), nats; NaN = missing. */
  readonly logprobs: Float64Array;
  /** [n] entropy of the full distribution, nats; NaN = missing. */
  readonly entropies: Float64Array;
  /** [n] rank of the token, 1 = first choice; 0 = missing. */
  readonly ranks: Int32Array;
  /** The most probable tokens per position, when they were asked for. */
  readonly alternatives: AlternativeColumns | null;
}

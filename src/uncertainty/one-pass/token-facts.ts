/** What a token record says, read once for all estimators. */
import {
  type Alternative,
  type DistributionShape,
  type EntropyInterval,
  invalidArgument,
  type SurprisalError,
  TOKEN_PARTS,
  type TokenRecord,
  TopAlternatives,
} from "../../core/index.ts";
import type { CheckedOptions } from "./options.ts";

/** A ln p above 0, or an entropy below 0, by no more than this is rounding, and read as 0; as in `PerplexityMeter`. */
const TOLERANCE = 1e-3;

const NO_ALTERNATIVES: readonly Alternative[] = [];

/**
 * The numbers of the token read last; NaN = not known. One object for all tokens, so that nothing is allocated for each.
 *
 * - A record of several tokens (`tokenCount` > 1) has no number of its own.
 * - Alternatives that are no part of a distribution (the same token twice, a sum above 1 that rounding does not explain) are as if
 *   they were not there, and so is the margin, entropy and confidence that they would have given.
 */
export class TokenFacts {
  /** Tokens that the record stands for. */
  count = 1;
  /** ln p, nats, <= 0. */
  logprob: number = Number.NaN;
  /** Bounds of the entropy, nats; `entropyHigh` Infinity = no bound is known. */
  entropyLow: number = Number.NaN;
  entropyHigh: number = Number.NaN;
  /** Probability of the first choice less that of the second, 0 ... 1. */
  margin: number = Number.NaN;
  /** Best first; none where they are no part of a distribution. */
  alternatives: readonly Alternative[] = NO_ALTERNATIVES;
  /** As they were given, for other libraries' numbers. */
  given: readonly Alternative[] = NO_ALTERNATIVES;
  shape: DistributionShape | null = null;
  text = "";
  id: number | undefined = undefined;

  readonly #top = new TopAlternatives();
  readonly #vocabularySize: number | null;

  constructor({ vocabularySize }: CheckedOptions) {
    this.#vocabularySize = vocabularySize;
  }

  /**
   * @param withAlternatives whether somebody looks at them.
   * @param index of the record, for errors.
   * @throws SurprisalError INVALID_ARGUMENT for what is no log-probability, no entropy, no part, no count of tokens, and for more
   *   alternatives than the vocabulary has tokens.
   */
  read(record: TokenRecord, withAlternatives: boolean, index: number): void {
    const { tokenCount = 1, logprob, alternatives = NO_ALTERNATIVES, entropy } = record;
    if (tokenCount !== 1 && !(Number.isSafeInteger(tokenCount) && tokenCount > 1))
      throw invalidArgument(
        `${tokenCount} is not allowed here`,
        `tokenCount of token ${index}`,
        "Give an integer of at least 1.",
      );
    if (logprob != null && !(typeof logprob === "number" && !(logprob > TOLERANCE)))
      throw noLogprob(logprob, `logprob of token ${index}`);
    if (entropy != null) requireEntropy(entropy, index);
    const single = tokenCount === 1;
    this.count = tokenCount;
    this.text = record.text;
    this.id = record.id;
    this.logprob = single && logprob != null ? Math.min(0, logprob) : Number.NaN;
    this.shape = (single && record.shape) || null;
    this.#readAlternatives(single && withAlternatives ? alternatives : NO_ALTERNATIVES, index);
    if (single) this.#readEntropy(entropy);
  }

  #readAlternatives(alternatives: readonly Alternative[], index: number): void {
    const top = this.#top;
    if (alternatives.length === 0) top.forget();
    else {
      for (let i = 0; i < alternatives.length; i++) {
        const { logprob } = alternatives[i]!;
        if (logprob != null && typeof logprob !== "number")
          throw noLogprob(logprob, `alternative ${i} of token ${index}`);
      }
      top.read(alternatives, 1, this.#vocabularySize);
    }
    this.margin = top.margin;
    this.entropyLow = top.entropyLow;
    this.entropyHigh = top.entropyHigh;
    this.given = alternatives;
    this.alternatives = Number.isNaN(top.entropyLow) ? NO_ALTERNATIVES : alternatives;
  }

  /** What the source says itself goes before what the alternatives say. */
  #readEntropy(entropy: TokenRecord["entropy"]): void {
    if (typeof entropy === "number") {
      if (!Number.isNaN(entropy)) this.entropyLow = this.entropyHigh = Math.max(0, entropy);
    } else if (entropy) {
      this.entropyLow = Math.max(0, entropy.low);
      this.entropyHigh = entropy.high ?? Infinity;
    }
  }
}

function noLogprob(value: unknown, where: string): SurprisalError {
  return invalidArgument(
    `${typeof value === "number" ? value : JSON.stringify(value)} is no log-probability`,
    where,
    "Give ln p, which is never above 0, or null where the source did not say.",
  );
}

function requireEntropy(entropy: number | EntropyInterval, index: number): void {
  const { low, high } = typeof entropy === "number" ? { low: entropy, high: entropy } : entropy;
  if (Number.isNaN(low) && Object.is(high, low)) return; // missing, as in a logprob
  const isBound = high === null || (high >= low - TOLERANCE && high < Infinity);
  if (low >= -TOLERANCE && low < Infinity && isBound) return;
  throw invalidArgument(
    `${JSON.stringify(entropy)} is no entropy`,
    `entropy of token ${index}`,
    "Give nats of at least 0, bounds with low <= high, or null where the source did not say.",
  );
}

/** @throws SurprisalError INVALID_ARGUMENT for what is no part of an answer. */
export function partOf({ part = "answer" }: TokenRecord, index: number): (typeof TOKEN_PARTS)[number] {
  if (TOKEN_PARTS.includes(part)) return part;
  throw invalidArgument(
    `${JSON.stringify(part)} is no part of an answer`,
    `part of token ${index}`,
    `Give one of ${TOKEN_PARTS.join(", ")}, or leave it out for "answer".`,
  );
}

/**
 * Perplexity and its relatives, from sums that can be merged.
 *
 * One quantity behind all of them: the negative log-likelihood, NLL = -Σ ln p(token | what it saw), in nats.
 * Divided by tokens, words, bytes or characters it is a cross-entropy H; exp(H) is the perplexity per that unit
 * (Jelinek, Mercer, Bahl & Baker 1977, "Perplexity, a measure of the difficulty of speech recognition tasks").
 *
 * A token without a number (`null`, or NaN in a column) is never averaged: it adds to `tokens` and to the
 * `unscored...` sizes only.
 */

import { isMissing, isNoLogprob, LOGPROB_TOLERANCE, noLogprob } from "./_logprob.ts";
import { invalidArgument } from "./errors.ts";
import { type TextSize, textSize } from "./text.ts";
import type { TokenTable } from "./token.ts";
import type { TokenRange } from "./windows.ts";

/** Sums over tokens. Sums of parts add up to the sums of the whole, so they can be journalled and merged. */
export interface ScoreSums {
  /** Tokens seen, with or without a number. */
  tokens: number;
  /** Tokens that carry a number. */
  scored: number;
  /** Σ -ln p over the scored tokens, nats; Infinity once a token had probability 0. */
  totalNll: number;
  /** Σ (ln p)² over the scored tokens, nats². */
  totalNllSquared: number;
  /** UTF-8 bytes of the scored tokens. */
  bytes: number;
  /** Words that begin in a scored token. */
  words: number;
  /** Code points that begin in a scored token. */
  characters: number;
  /** UTF-8 bytes of the tokens without a number. */
  unscoredBytes: number;
  /** Words that begin in a token without a number. */
  unscoredWords: number;
  /** Code points that begin in a token without a number. */
  unscoredCharacters: number;
}

/** The sums over no tokens. */
export function emptySums(): ScoreSums {
  return {
    tokens: 0,
    scored: 0,
    totalNll: 0,
    totalNllSquared: 0,
    bytes: 0,
    words: 0,
    characters: 0,
    unscoredBytes: 0,
    unscoredWords: 0,
    unscoredCharacters: 0,
  };
}

/**
 * Adds one token to `sums`, in place.
 * @param logprob ln p, nats; `null` or NaN = missing.
 * @param size of the token's text; nothing where only the perplexity per token is wanted.
 * @throws SurprisalError INVALID_ARGUMENT for what is no log-probability; the sums are then as they were.
 */
export function addToken(
  sums: ScoreSums,
  logprob: number | null | undefined,
  size: TextSize = NO_TEXT,
): void {
  const missing = isMissing(logprob);
  if (!missing && isNoLogprob(logprob)) throw noLogprob(logprob, `logprob of token ${sums.tokens}`);
  sums.tokens++;
  if (missing) {
    sums.unscoredBytes += size.bytes;
    sums.unscoredWords += size.words;
    sums.unscoredCharacters += size.characters;
    return;
  }
  sums.scored++;
  const surprisal = Math.max(0, 0 - logprob); // rounding may leave ln p above 0
  sums.totalNll += surprisal;
  sums.totalNllSquared += surprisal * surprisal;
  sums.bytes += size.bytes;
  sums.words += size.words;
  sums.characters += size.characters;
}

const NO_TEXT: TextSize = { bytes: 0, words: 0, characters: 0 };

/**
 * The sums over the tokens of a table, or over a range of them.
 * @param text UTF-8 bytes of the whole text that the table's offsets point into.
 */
export function sumTokens(
  table: Pick<TokenTable, "length" | "byteOffsets" | "logprobs">,
  text: Uint8Array,
  range: TokenRange = { start: 0, end: table.length },
): ScoreSums {
  const sums = emptySums();
  for (let i = range.start; i < range.end; i++)
    addToken(sums, table.logprobs[i]!, textSize(text, table.byteOffsets[i]!, table.byteOffsets[i + 1]!));
  return sums;
}

/** The sums over the tokens of all parts. */
export function mergeSums(...parts: readonly ScoreSums[]): ScoreSums {
  const whole = emptySums();
  for (const part of parts)
    for (const name of Object.keys(whole) as (keyof ScoreSums)[]) whole[name] += part[name];
  return whole;
}

/** What is read off the sums. `null` where nothing was scored or the unit does not occur. */
export interface Measures {
  /** Tokens seen, with or without a number. */
  tokens: number;
  /** Tokens that carry a number. */
  scored: number;
  /** What carries no number and is in no denominator. */
  unscored: TextSize & { tokens: number };
  /** Mean negative log-likelihood (cross-entropy) per token, nats, >= 0. */
  nll: number | null;
  /**
   * exp(nll), per token, 1 ... Infinity. Also the effective branching factor: a uniform choice among this many
   * tokens would be as hard to predict.
   */
  perplexity: number | null;
  /** exp(NLL / words). Comparable across vocabularies, as are the two below. */
  wordPerplexity: number | null;
  /** exp(NLL / bytes). */
  bytePerplexity: number | null;
  /** exp(NLL / characters), characters = Unicode code points. */
  characterPerplexity: number | null;
  /** Cross-entropy per token, bits: log2(perplexity). */
  bitsPerToken: number | null;
  /** NLL / bytes, bits: what an ideal coder using this model would need per byte of text. */
  bitsPerByte: number | null;
  /** NLL / characters, bits. */
  bitsPerCharacter: number | null;
  /** Geometric mean of the tokens' probabilities, 0 ... 1: 1 / perplexity. */
  geometricMeanProbability: number | null;
}

/**
 * Reads the measures off the sums.
 * @param over what words, bytes and characters are counted in. Default: the text of the scored tokens. A recipe
 *   with the denominator "original" passes the size of the original text (see `originalTextSize`).
 */
export function measures(sums: ScoreSums, over: TextSize = sums): Measures {
  const { tokens, scored, totalNll } = sums;
  const per = (units: number) => (scored > 0 ? perUnit(totalNll, units) : null); // nats
  const perToken = per(scored);
  const perWord = per(over.words);
  const perByte = per(over.bytes);
  const perCharacter = per(over.characters);
  return {
    tokens,
    scored,
    unscored: {
      tokens: tokens - scored,
      bytes: sums.unscoredBytes,
      words: sums.unscoredWords,
      characters: sums.unscoredCharacters,
    },
    nll: perToken,
    perplexity: exp(perToken),
    wordPerplexity: exp(perWord),
    bytePerplexity: exp(perByte),
    characterPerplexity: exp(perCharacter),
    bitsPerToken: bits(perToken),
    bitsPerByte: bits(perByte),
    bitsPerCharacter: bits(perCharacter),
    geometricMeanProbability: perToken === null ? null : Math.exp(-perToken),
  };
}

/**
 * Mean negative log-likelihood per token, nats: -(1/n) Σ ln p. `null` when no token carries a number.
 * @param logprobs ln p per token, nats; missing ones are left out.
 * @throws SurprisalError INVALID_ARGUMENT for what is no log-probability.
 */
export function negativeLogLikelihood(logprobs: Iterable<number | null>): number | null {
  return measuresOf(logprobs).nll;
}

/**
 * Perplexity per token: PPL = exp(-(1/n) Σ ln p) = 2^H with H in bits. 1 = always certain and right; Infinity
 * when a token had probability 0; `null` when no token carries a number.
 * @param logprobs ln p per token, nats; missing ones are left out.
 * @throws SurprisalError INVALID_ARGUMENT for what is no log-probability.
 */
export function perplexity(logprobs: Iterable<number | null>): number | null {
  return measuresOf(logprobs).perplexity;
}

/**
 * Cross-entropy per token, bits: -(1/n) Σ log2 p. `null` when no token carries a number.
 * @param logprobs ln p per token, nats; missing ones are left out.
 * @throws SurprisalError INVALID_ARGUMENT for what is no log-probability.
 */
export function bitsPerToken(logprobs: Iterable<number | null>): number | null {
  return measuresOf(logprobs).bitsPerToken;
}

/**
 * Geometric mean of the tokens' probabilities, (Π p)^(1/n) = 1 / perplexity, 0 ... 1. `null` when none is known.
 * @param logprobs ln p per token, nats; missing ones are left out.
 * @throws SurprisalError INVALID_ARGUMENT for what is no log-probability.
 */
export function geometricMeanProbability(logprobs: Iterable<number | null>): number | null {
  return measuresOf(logprobs).geometricMeanProbability;
}

/**
 * Bits per byte: NLL / (bytes · ln 2). Does not depend on the vocabulary.
 * Source: Gao et al. 2020, "The Pile", section 3.1; lm-evaluation-harness `bits_per_byte`.
 * @param totalNll Σ -ln p over the text, nats.
 * @param bytes UTF-8 bytes of the text; none: `null`.
 * @throws SurprisalError INVALID_ARGUMENT for a sum below 0.
 */
export function bitsPerByte(totalNll: number, bytes: number): number | null {
  return bits(perUnit(requireTotal(totalNll), bytes));
}

/**
 * Perplexity per word, byte or character: exp(NLL / units).
 * Source: lm-evaluation-harness `word_perplexity`, `byte_perplexity`.
 * @param totalNll Σ -ln p over the text, nats.
 * @param units how many of them the text has; none: `null`.
 * @throws SurprisalError INVALID_ARGUMENT for a sum below 0.
 */
export function perplexityPerUnit(totalNll: number, units: number): number | null {
  return exp(perUnit(requireTotal(totalNll), units));
}

/**
 * Arithmetic mean of the perplexities of several texts, as Hugging Face's evaluate reports it (`mean_perplexity`);
 * not the perplexity of the corpus. Texts without one are left out.
 */
export function meanPerplexity(perplexities: Iterable<number | null>): number | null {
  let sum = 0;
  let count = 0;
  for (const value of perplexities) {
    if (isMissing(value)) continue;
    sum += value;
    count++;
  }
  return count === 0 ? null : sum / count;
}

function measuresOf(logprobs: Iterable<number | null>): Measures {
  if (typeof logprobs?.[Symbol.iterator] !== "function")
    throw invalidArgument(
      `${String(logprobs)} is no list`,
      "logprobs",
      "Give ln p of each token, in a list.",
    );
  const sums = emptySums();
  for (const logprob of logprobs) addToken(sums, logprob);
  return measures(sums);
}

function requireTotal(totalNll: number): number {
  if (typeof totalNll === "number" && !(totalNll < -LOGPROB_TOLERANCE)) return totalNll;
  throw invalidArgument(
    `${totalNll} is no sum of -ln p`,
    "totalNll",
    "Give Σ -ln p over the text, which is never below 0.",
  );
}

/** NLL per unit, nats; `null` when there is no such unit. */
function perUnit(totalNll: number, units: number): number | null {
  return units > 0 ? totalNll / units : null;
}

const exp = (nats: number | null): number | null => (nats === null ? null : Math.exp(nats));
const bits = (nats: number | null): number | null => (nats === null ? null : nats / Math.LN2);

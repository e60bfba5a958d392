/**
 * The JSON documents the commands print. Their `schema` names the version; fields are only ever added. An infinite number
 * is a text there, see json.ts.
 */
import { type TokenRecord, tokenRecord } from "../core/index.ts";
import type { TextScore } from "../evaluate/index.ts";

/** `surprisal.score/2` */
export interface ScoreDocument {
  schema: "surprisal.score/2";
  model: TextScore["model"];
  settings: TextScore["settings"];
  recipe: TextScore["recipe"];
  textSha256: string;
  /** Tokens of the text. */
  tokens: number;
  /** Tokens that carry a number. */
  scored: number;
  /** Tokens, bytes, words and characters without a number; they are in no denominator. */
  unscored: TextScore["unscored"];
  /** Mean negative log-likelihood per token, nats. */
  nll: number | null;
  perplexity: number | null;
  /** ± of the perplexity, by the formula `standardErrorMethod`. */
  standardError: number | null;
  standardErrorMethod: string;
  bitsPerToken: number | null;
  bitsPerByte: number | null;
  bitsPerCharacter: number | null;
  bytePerplexity: number | null;
  wordPerplexity: number | null;
  characterPerplexity: number | null;
  geometricMeanProbability: number | null;
  /** Milliseconds; `tokensRun`: tokens run through the model. */
  timing: { totalMs: number; loadMs: number; decodeMs: number | null; tokensRun: number };
  notes: readonly string[];
  /** With --tokens. `bytes` only where a token is not UTF-8 on its own. */
  tokenTable?: JsonToken[] | undefined;
}

type JsonBytes<Record> = Omit<Record, "bytes" | "alternatives"> & { bytes?: number[] | undefined };
type JsonToken = JsonBytes<TokenRecord> & { alternatives?: JsonBytes<TokenRecord>[] | undefined };

export function scoreDocument(
  score: TextScore,
  loadMs: number,
  notes: readonly string[],
  withTokens: boolean,
): ScoreDocument {
  const { timing, table, text, piece } = score;
  const { id, name, ...recipe } = score.recipe;
  return {
    schema: "surprisal.score/2",
    model: score.model,
    settings: score.settings,
    recipe: { id, name, ...recipe },
    textSha256: score.textSha256,
    tokens: score.tokens,
    scored: score.scored,
    unscored: score.unscored,
    nll: score.nll,
    perplexity: score.perplexity,
    standardError: score.standardError,
    standardErrorMethod: score.standardErrorMethod,
    bitsPerToken: score.bitsPerToken,
    bitsPerByte: score.bitsPerByte,
    bitsPerCharacter: score.bitsPerCharacter,
    bytePerplexity: score.bytePerplexity,
    wordPerplexity: score.wordPerplexity,
    characterPerplexity: score.characterPerplexity,
    geometricMeanProbability: score.geometricMeanProbability,
    timing: { ...timing, totalMs: timing.totalMs + loadMs, loadMs },
    notes,
    tokenTable: withTokens
      ? Array.from(table.ids, (_, i) => jsonToken(tokenRecord(table, i, text, piece)))
      : undefined,
  };
}

function jsonToken({ bytes, alternatives, ...record }: TokenRecord): JsonToken {
  return {
    ...record,
    bytes: bytes && [...bytes],
    alternatives: alternatives?.map(jsonToken),
  };
}

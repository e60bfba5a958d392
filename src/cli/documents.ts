/**
 * The JSON documents the commands print. Their `schema` names the version; fields are only ever added. An infinite number
 * is a text there, see json.ts.
 */
import { logInterval, type Measures, type TokenRecord, tokenRecord } from "../core/index.ts";
import type { TextScore } from "../evaluate/index.ts";
import type { ProxyDocument } from "./stand-in.ts";

/** `surprisal.score/2`: the measures and what they were made with; docs/columns.md lists the fields. */
export interface ScoreDocument
  extends Measures,
    Pick<
      TextScore,
      "model" | "settings" | "recipe" | "textSha256" | "standardError" | "standardErrorMethod"
    > {
  schema: "surprisal.score/2";
  /** 95 % interval of the perplexity on the log scale, from its standard error (`logInterval`); `null` without one. */
  low: number | null;
  high: number | null;
  /** Milliseconds; `tokensRun`: tokens run through the model. */
  timing: { totalMs: number; loadMs: number; decodeMs: number | null; tokensRun: number };
  notes: readonly string[];
  /** With --proxy: what is said of the model that it stands for. */
  proxy?: ProxyDocument | undefined;
  /** With --tokens. `bytes` only where a token is not UTF-8 on its own; `logprob` and `entropy` in nats. */
  tokenTable?: JsonToken[] | undefined;
}

type JsonBytes<Record> = Omit<Record, "bytes" | "alternatives"> & { bytes?: number[] | undefined };
type JsonToken = JsonBytes<TokenRecord> & { alternatives?: JsonBytes<TokenRecord>[] | undefined };

export function scoreDocument(
  score: TextScore,
  loadMs: number,
  notes: readonly string[],
  withTokens: boolean,
  proxy: ProxyDocument | null = null,
): ScoreDocument {
  const { model, settings, recipe, textSha256, timing, table, text, piece, sums: _, ...measured } = score;
  const { id, name, ...method } = recipe;
  const interval = logInterval(score.perplexity, score.standardError, undefined, 1);
  return {
    schema: "surprisal.score/2",
    model,
    settings,
    recipe: { id, name, ...method },
    textSha256,
    ...measured,
    low: interval?.low ?? null,
    high: interval?.high ?? null,
    timing: { ...timing, totalMs: timing.totalMs + loadMs, loadMs },
    notes,
    ...(proxy && { proxy }),
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

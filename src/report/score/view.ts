/** What the pictures of a score are made from. */
import type { TokenTable } from "../../core/index.ts";
import type { ModelIdentity } from "../../models/index.ts";

/** A scored text, ready to be shown. Every measure is `null` when it does not exist. */
export interface ScoreView {
  /** Where the text came from, such as a file name. */
  title?: string | undefined;
  model: ModelIdentity;
  /** Settings of the model that can change a number or its speed. */
  settings: Readonly<Record<string, string | number | boolean>>;
  /** Name (`null`: one of the person's own), id and whatever else the recipe consists of; shown field by field. */
  recipe: { readonly id: string; readonly name: string | null };
  /** sha256 of the text, lower-case hex. */
  textSha256: string;
  /** UTF-8 bytes of the scored text. */
  text: Uint8Array;
  table: TokenTable;
  /** Bytes of a token of the vocabulary. */
  pieces: (id: number) => Uint8Array;

  /** Tokens of the text. */
  tokens: number;
  /** Tokens that carry a number. */
  scored: number;
  /** Bytes and words of the tokens without a number; the measures leave them out. */
  unscored: { bytes: number; words: number };
  perplexity: number | null;
  /** ± of the perplexity. */
  standardError: number | null;
  /** Names the formula of `standardError`. */
  standardErrorMethod: string;
  bitsPerToken: number | null;
  bitsPerByte: number | null;
  bytePerplexity: number | null;
  wordPerplexity: number | null;
  characterPerplexity: number | null;
  geometricMeanProbability: number | null;
  timing: { totalMs: number; loadMs?: number | undefined; decodeMs: number | null; tokensRun: number };
  /** What the person should know. */
  notes: readonly string[];
  /** Bits per byte that general-purpose compressors reach on the text; `null` = not installed. */
  compression?: { gzip: number; brotli: number; xz: number | null } | undefined;
}

/** One line of what a score was made with: a heading and its value, both safe to show. */
export interface Detail {
  name: string;
  value: string;
}

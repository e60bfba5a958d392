/** What the pictures of a score are made from. */
import type { Measures, TokenTable } from "../../core/index.ts";
import type { ModelIdentity } from "../../models/index.ts";
import type { StandInView } from "./stand-in.ts";

/** A scored text, ready to be shown. */
export interface ScoreView extends Measures {
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
  /** ± of the perplexity. */
  standardError: number | null;
  /** Names the formula of `standardError`. */
  standardErrorMethod: string;
  timing: { totalMs: number; loadMs?: number | undefined; decodeMs: number | null; tokensRun: number };
  /** What the person should know. */
  notes: readonly string[];
  /** The model reads in the place of another one; left out: for itself. */
  standIn?: StandInView | undefined;
  /** Bits per byte that general-purpose compressors reach on the text; `null` = not installed. */
  compression?: { gzip: number; brotli: number; xz: number | null } | undefined;
}

/** One line of what a score was made with: a heading and its value, both safe to show. */
export interface Detail {
  name: string;
  value: string;
}

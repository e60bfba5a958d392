/**
 * Where a context ends and its continuation begins, in tokens. Both are encoded together, because that is what a model has
 * read in training; a token may then lie across the border. What becomes of it is the border rule.
 */
import { checkWellFormed, pythonTrimEnd } from "../core/index.ts";
import type { Border, BorderRule, ScoreOptions, TokenizedText, TokenizeOptions } from "./language-model.ts";

/** The part of a tokenizer that telling strings apart needs. */
export interface BorderTokenizer {
  /** What stands in front of an empty context, BOS else EOS; `null` = nothing. */
  prefix: number | null;
  /** Its text; "" = none, or it is not known. */
  prefixText: string;
  tokenize(text: string, options: TokenizeOptions): Promise<TokenizedText>;
  /** The exact bytes of tokens, one after the other. */
  bytesOf(ids: Int32Array): Uint8Array | Promise<Uint8Array>;
}

/** Two strings as tokens, told apart. */
export interface EncodedBorder {
  context: Int32Array;
  continuation: Int32Array;
  /** [n+1] of the continuation, from the beginning of what is scored. */
  byteOffsets: Uint32Array;
  border: Border;
}

/** Rules and options with their defaults. */
export function borderOptions({ border: rule = "whole", parseSpecial }: BorderOptions): {
  rule: BorderRule;
  parseSpecial: boolean;
} {
  return { rule, parseSpecial: parseSpecial ?? rule === "lm-eval" };
}

type BorderOptions = Pick<ScoreOptions, "border" | "parseSpecial">;

/**
 * @param where name of the request, for errors.
 * @returns a continuation of no tokens where nothing of it is left.
 * @throws SurprisalError INVALID_ARGUMENT for half a surrogate pair, and what the tokenizer throws.
 */
export async function encodeBorder(
  { context, continuation }: { context: string; continuation: string },
  where: string,
  tokenizer: BorderTokenizer,
  options: BorderOptions,
): Promise<EncodedBorder> {
  checkWellFormed(context, `${where}, context`);
  checkWellFormed(continuation, `${where}, continuation`);
  const { rule, parseSpecial } = borderOptions(options);
  const bare = pythonTrimEnd(context);
  const end = byteLength(bare);
  const encode = (text: string) =>
    tokenizer.tokenize(text, { addSpecial: !(parseSpecial && hasPrefix(text, tokenizer)), parseSpecial });
  const whole = await encode(context + continuation);
  const own = await encode(bare);
  const facts = { rule, moved: byteLength(context) - end };
  const split = Math.min(own.ids.length, whole.ids.length);
  const begins = own.ids.length < whole.ids.length && own.ids.every((id, i) => id === whole.ids[i]);
  if (rule === "lm-eval") {
    // In front of nothing it puts the prefix, unless the continuation begins with it: then that is the context.
    const taken = split === 0 && tokenizer.prefix !== null && whole.ids[0] === tokenizer.prefix ? 1 : 0;
    const at = split + taken;
    const lost = begins && taken === 0 ? NOTHING : lostBefore(whole, at, end);
    const told = { ...cut(whole, at), border: { ...facts, apart: false, lost } };
    return taken > 0 ? told : { ...told, context: own.ids }; // what the continuation is given is the context's own encoding
  }
  const at = begins ? split : nearestCut(whole, end, split);
  if (at !== null) return { ...cut(whole, at), border: { ...facts, apart: false, lost: NOTHING } };
  const alone = await encodeAlone((context + continuation).slice(bare.length), tokenizer, parseSpecial);
  return { context: own.ids, ...alone, border: { ...facts, apart: true, lost: NOTHING } };
}

const NOTHING = { bytes: 0, tokens: 0 };

/** lm-eval 0.4.13, lm_eval/models/utils.py, `has_bos_prefix`. */
const hasPrefix = (text: string, { prefixText }: BorderTokenizer): boolean =>
  prefixText !== "" && text.startsWith(prefixText);

function cut({ ids, byteOffsets }: TokenizedText, at: number): Omit<EncodedBorder, "border"> {
  const start = byteOffsets[at]!;
  return {
    context: ids.slice(0, at),
    continuation: ids.slice(at),
    byteOffsets: byteOffsets.slice(at).map((offset) => offset - start),
  };
}

/** What lies behind the border, byte `end`, in the tokens before `at`. */
export function lostBefore(
  { byteOffsets }: Pick<TokenizedText, "byteOffsets">,
  at: number,
  end: number,
): Border["lost"] {
  let tokens = 0;
  for (let i = 0; i < at; i++) if (byteOffsets[i + 1]! > Math.max(end, byteOffsets[i]!)) tokens++;
  return { bytes: Math.max(0, byteOffsets[at]! - end), tokens };
}

/** The token that begins at byte `end`, of several (some have no bytes) the one nearest to `near`; `null`: none does. */
export function nearestCut(
  { byteOffsets }: Pick<TokenizedText, "byteOffsets">,
  end: number,
  near: number,
): number | null {
  let best: number | null = null;
  for (const [i, offset] of byteOffsets.entries())
    if (offset === end && (best === null || Math.abs(i - near) < Math.abs(best - near))) best = i;
  return best;
}

/**
 * Texts to put in front, one after another: SentencePiece tokenizers begin a text with a space of their own, which they
 * do not behind these.
 */
const GUARDS = ["", "\n", ".", "x", "中"];

/** Tokens of a text by itself whose bytes are the text's, without a space that a tokenizer puts in front. */
async function encodeAlone(
  text: string,
  { tokenize, bytesOf }: BorderTokenizer,
  parseSpecial: boolean,
): Promise<Pick<EncodedBorder, "continuation" | "byteOffsets">> {
  const bytes = new TextEncoder().encode(text);
  for (const guard of GUARDS) {
    const all = await tokenize(guard + text, { addSpecial: false, parseSpecial });
    const at = nearestCut(all, byteLength(guard), 0);
    if (at === null) continue;
    const { continuation, byteOffsets } = cut(all, at);
    if (Buffer.compare(await bytesOf(continuation), bytes) === 0) return { continuation, byteOffsets };
  }
  // A tokenizer that rewrites the text: its own tokens then, whatever their bytes.
  const { ids, byteOffsets } = await tokenize(text, { addSpecial: false, parseSpecial });
  return { continuation: ids, byteOffsets };
}

const byteLength = (text: string): number => new TextEncoder().encode(text).length;

/** Which tokens of a vocabulary begin a new word, and what a distribution says of all of them together. */
import type { LanguageModel, SpanDistributions } from "../../models/index.ts";

/**
 * Which tokens are a boundary.
 * - "whitespace": those that begin with white space, and those that end the text (EOS and the other special tokens). Pimentel &
 *   Meister 2024 (arXiv 2406.14561) with any white space in the place of the space alone. A text's first word, in front of which there
 *   is none, is one of the tokens that begin with no white space, or the end: that is what it is divided by.
 * - "minicons": those that begin with a space, as `bow_correction=True` of minicons 0.3.39 has it (Oh & Schuler 2024, arXiv
 *   2406.10851). The first token that is scored is divided by nothing.
 */
export type BoundaryRule = "whitespace" | "minicons";
/** The names of `BoundaryRule`, the default first. */
export const BOUNDARY_RULES: readonly [BoundaryRule, BoundaryRule] = ["whitespace", "minicons"];

/** Tokens of a vocabulary by what they begin with. */
export interface BoundaryTokens {
  /** Ids of those that are a boundary. */
  boundary: Int32Array;
  /** Ids of those that a text can begin with whose first character is no white space; its end is among them. */
  opening: Int32Array;
  /** [V] 1: begins with white space. */
  isSpaced: Uint8Array;
}

const known = new WeakMap<LanguageModel, Map<BoundaryRule, Promise<BoundaryTokens>>>();

/** Read once for each model. */
export function boundaryTokens(model: LanguageModel, rule: BoundaryRule): Promise<BoundaryTokens> {
  const rules = known.get(model) ?? new Map<BoundaryRule, Promise<BoundaryTokens>>();
  known.set(model, rules);
  const tokens = rules.get(rule) ?? readTokens(model, rule);
  rules.set(rule, tokens);
  tokens.catch(() => rules.delete(rule));
  return tokens;
}

async function readTokens(model: LanguageModel, rule: BoundaryRule): Promise<BoundaryTokens> {
  const V = model.vocabulary.size ?? 0;
  const [boundary, opening]: [number[], number[]] = [[], []];
  const isSpaced = new Uint8Array(V);
  for (let id = 0; id < V; id++) {
    const piece = await model.detokenize([id]);
    isSpaced[id] = beginsWithSpace(piece) ? 1 : 0;
    const isEnd = await isSpecial(model, id, piece);
    if (rule === "minicons" ? piece[0] === SPACE && !isEnd : isSpaced[id] === 1 || isEnd) boundary.push(id);
    if (isEnd || isSpaced[id] === 0) opening.push(id);
  }
  return { boundary: Int32Array.from(boundary), opening: Int32Array.from(opening), isSpaced };
}

const SPACE = 0x20;
const WHITE = /^\s/u;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The piece of a character, such as the first byte of an ideographic space, is none. */
function beginsWithSpace(piece: Uint8Array): boolean {
  const [first] = piece;
  if (first === undefined) return false;
  if (first < 0x80) return WHITE.test(String.fromCharCode(first));
  return WHITE.test(decoder.decode(piece.subarray(0, 4)));
}

/** Special tokens are written so by all tokenizers: <|endoftext|>, </s>, [SEP]. */
const SPECIAL = /^(<[^\s<>]+>|\[[^\s[\]]+\])$/;

/** A control token: no word goes on through it. Read as such it is one token, and as text it is another. */
async function isSpecial(model: LanguageModel, id: number, piece: Uint8Array): Promise<boolean> {
  const { bos, eos } = model.vocabulary;
  if (id === bos || id === eos) return true;
  const name = piece.length <= 64 ? decoder.decode(piece) : "";
  if (!SPECIAL.test(name)) return false;
  const special = await model.tokenize(name, { parseSpecial: true });
  if (!(special.ids.length === 1 && special.ids[0] === id)) return false;
  const plain = await model.tokenize(name);
  return !(plain.ids.length === 1 && plain.ids[0] === id);
}

/** ln Σ p over the tokens `ids`, nats, of row i; at most 0, -Infinity where none of them can follow. */
export function lnSum({ logits, logSumExps }: SpanDistributions, i: number, ids: Int32Array): number {
  const V = logits.length / logSumExps.length;
  const logSumExp = logSumExps[i]!;
  let sum = 0;
  for (const id of ids) sum += Math.exp(logits[i * V + id]! - logSumExp);
  return Math.min(0, Math.log(sum));
}

/** The tokenizer endpoints of servers, and what their tokens are in bytes. */
import { SurprisalError } from "../../core/index.ts";
import {
  field,
  malformed,
  type Piece,
  pieceOf,
  type RemoteClient,
  type RequestOptions,
  readFields,
  tokensMatchText,
} from "../remote/index.ts";
import type { Dialect } from "./dialects.ts";

export interface EncodeOptions extends RequestOptions {
  /** Add what the model's tokenizer adds in front (BOS). */
  addSpecial: boolean;
  /** Read `<|im_end|>` and the like as special tokens. Only llama-server can leave it. */
  parseSpecial: boolean;
}

/** A text as a server's tokens. */
export interface Encoded {
  ids: number[];
  /** One for each id. */
  pieces: Piece[];
}

export type ServerTokenizer = (text: string, options: EncodeOptions) => Promise<Encoded>;

/** The tokenizer of a server that has one. */
export function serverTokenizer(
  client: RemoteClient,
  dialect: Dialect,
  model: string,
): ServerTokenizer | null {
  return dialect.tokenizer === null
    ? null
    : (text, options) => TOKENIZERS[dialect.tokenizer!]({ client, model, text, options });
}

interface Call {
  client: RemoteClient;
  model: string;
  text: string;
  options: EncodeOptions;
}

const id = field.tokenId;
const llamaTokens = field.object({
  tokens: field.array(field.object({ id, piece: field.union(field.string, field.array(field.byte)) })),
});
const vllmTokens = field.object({
  tokens: field.array(id),
  token_strs: field.nullish(field.array(field.string)),
});
const sglangTokens = field.object({ tokens: field.array(id) });
const sglangTexts = field.object({ text: field.array(field.string) });
const tgiTokens = field.array(field.object({ id, text: field.string, start: field.int, stop: field.int }));

const TOKENIZERS: Record<NonNullable<Dialect["tokenizer"]>, (call: Call) => Promise<Encoded>> = {
  async "llama-server"({ client, model, text, options: { addSpecial, parseSpecial, signal } }) {
    const how = { add_special: addSpecial, parse_special: parseSpecial, with_pieces: true };
    const body = { model, content: text, ...how }; // a router passes it on to the model
    const answer = await client.post("/tokenize", body, { signal });
    const { tokens } = readFields(llamaTokens, await answer.json(), answer.where);
    return {
      ids: tokens.map((token) => token.id),
      pieces: tokens.map(({ piece }) =>
        typeof piece === "string" ? pieceOf({ token: piece }) : pieceOf({ token: "", bytes: piece }),
      ),
    };
  },

  async vllm({ client, model, text, options: { addSpecial, signal } }) {
    const body = { model, prompt: text, add_special_tokens: addSpecial, return_token_strs: true };
    const answer = await client.post("/tokenize", body, { signal });
    const { tokens: ids, token_strs: strings } = readFields(vllmTokens, await answer.json(), answer.where);
    if (strings?.length !== ids.length)
      throw malformed("It does not have a string per token", `${answer.where}, token_strs`);
    return { ids, pieces: piecesOf(strings, text, answer.where) };
  },

  async sglang({ client, model, text, options: { addSpecial, signal } }) {
    const body = { model, prompt: text, add_special_tokens: addSpecial };
    const answer = await client.post("/tokenize", body, { signal });
    const { tokens: ids } = readFields(sglangTokens, await answer.json(), answer.where);
    if (ids.length === 0) return { ids, pieces: [] };
    const each = { model, tokens: ids.map((token) => [token]), skip_special_tokens: false };
    const texts = await client.post("/detokenize", each, { signal });
    const { text: strings } = readFields(sglangTexts, await texts.json(), texts.where);
    if (strings.length !== ids.length)
      throw malformed("It does not have a text per token", `${texts.where}, text`);
    return { ids, pieces: piecesOf(strings, text, texts.where) };
  },

  async tgi({ client, text, options: { addSpecial, signal } }) {
    const answer = await client.post("/tokenize", { inputs: text }, { signal });
    const tokens = readFields(tgiTokens, await answer.json(), answer.where);
    const strings = tokens.map((token) => token.text);
    const pieces = piecesOf(strings, text, answer.where);
    const from = !addSpecial && pieces[0]?.special ? 1 : 0; // it always adds them
    return { ids: tokens.slice(from).map((token) => token.id), pieces: pieces.slice(from) };
  },
};

/** A token's text in a tokenizer's own spelling: as it is, byte-level (GPT-2), or SentencePiece. */
const SPELLINGS: readonly ((string: string) => Piece)[] = [
  (string) => pieceOf({ token: string }),
  (string) => pieceOf({ token: string, bytes: byteLevel(string) }),
  (string) => pieceOf({ token: string.replaceAll("▁", " "), bytes: byteFallback(string) }),
];

/** The spelling in which the tokens are the text; all tokenizers but one of a family write one of these. */
function piecesOf(strings: readonly string[], text: string, where: string): Piece[] {
  for (const spelling of SPELLINGS) {
    const pieces = strings.map(spelling);
    if (tokensMatchText(pieces, text)) return pieces;
  }
  throw new SurprisalError({
    code: "UNSUPPORTED_CAPABILITY",
    what: "The server's tokens cannot be found in the text",
    where,
  });
}

/** Bytes of a token in GPT-2's alphabet, where 256 visible characters stand for the bytes; `null` = it is not in it. */
function byteLevel(string: string): number[] | null {
  const bytes = [...string].map((character) => BYTES.get(character));
  return bytes.every((byte) => byte !== undefined) ? bytes : null;
}

/** Source: openai/gpt-2, encoder.py, bytes_to_unicode. */
const BYTES: ReadonlyMap<string, number> = (() => {
  const visible = (byte: number) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad && byte <= 0xff);
  const bytes = new Map<string, number>();
  let others = 0;
  for (let byte = 0; byte < 256; byte++)
    bytes.set(String.fromCodePoint(visible(byte) ? byte : 256 + others++), byte);
  return bytes;
})();

/** SentencePiece writes a byte that is no character of its own as `<0xE4>`. */
function byteFallback(string: string): number[] | null {
  const [, hex] = /^<0x([0-9A-F]{2})>$/.exec(string) ?? [];
  return hex ? [Number.parseInt(hex, 16)] : null;
}

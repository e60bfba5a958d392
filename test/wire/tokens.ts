/** How servers write a token: the same bytes become different strings, and sometimes no record at all. */
import { lossy, pieces, type SpokenToken } from "./utterance.ts";

/**
 * - "escaped": OpenAI; bytes that are no text on their own are written as the seven characters `\xf0\x9f`
 *   (openai/openai-cookbook, examples/Using_logprobs.ipynb)
 * - "carried": vLLM and TGI; nothing until a character is complete, then all of it
 *   (vllm-project/vllm, vllm/v1/engine/logprobs.py `_correct_decoded_token`)
 * - "decoded": llama-cpp-python, SGLang; each token on its own, U+FFFD for what is no text
 * - "cut": llama-server; cut back to whole characters, so it may be empty
 * - "id": vLLM when asked to `return_tokens_as_token_ids`
 */
export type TokenSpelling = "escaped" | "carried" | "decoded" | "cut" | "id";

/** A token to be written down. */
type Written = Pick<SpokenToken, "id" | "bytes">;

/** The texts of written tokens. */
export function spell(tokens: readonly Written[], spelling: TokenSpelling): string[] {
  return spelling === "carried" ? pieces(tokens) : tokens.map((token) => spellOne(token, spelling));
}

/** The text of a token without its neighbours. */
export function spellOne({ id, bytes }: Written, spelling: TokenSpelling): string {
  if (spelling === "id") return `token_id:${id}`;
  if (spelling === "cut") return lossy(bytes.subarray(0, wholeCharacters(bytes)));
  if (spelling === "escaped" && !isText(bytes))
    return Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
  return lossy(bytes);
}

/** The UTF-8 bytes of a text, as servers list them. */
export function bytesOf(text: string): number[] {
  return Array.from(new TextEncoder().encode(text));
}

function isText(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Bytes before a character that is cut off at the end (ggml-org/llama.cpp, tools/server, `validate_utf8`). */
export function wholeCharacters(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(4, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    const length = (byte & 0xe0) === 0xc0 ? 2 : (byte & 0xf0) === 0xe0 ? 3 : (byte & 0xf8) === 0xf0 ? 4 : 0;
    if (back < length) return bytes.length - back;
  }
  return bytes.length;
}

/** A record of llama-server's: one per piece of text that it can send. */
export interface MergedToken extends SpokenToken {
  /** Tokens that this record stands for. */
  tokenCount: number;
  /** Tokens written up to and with this record. */
  predicted: number;
}

/**
 * llama-server holds a token back until its character is complete, and then sends one record, with the bytes of the
 * whole character and the id and number of its last token. An incomplete character at the end has no record.
 */
export function merged(tokens: readonly SpokenToken[]): MergedToken[] {
  const records: MergedToken[] = [];
  let held: SpokenToken[] = [];
  for (const [i, token] of tokens.entries()) {
    held.push(token);
    const bytes = Uint8Array.from(held.flatMap((each) => Array.from(each.bytes)));
    if (wholeCharacters(bytes) < bytes.length) continue;
    records.push({ ...token, bytes, tokenCount: held.length, predicted: i + 1 });
    held = [];
  }
  return records;
}

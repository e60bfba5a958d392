/** A token as a server writes it, and the record it becomes. */
import { textAndBytes } from "../../core/index.ts";

/** What servers say about a token; numbers already normalised (`logprobOf`). */
export interface WireToken {
  /** As text. Bytes that are no whole character are lost in it: "", U+FFFD, or the letters `\xe2\x80` (OpenAI). */
  token: string;
  /** The exact bytes; `null` when the server has none. */
  bytes?: readonly number[] | null | undefined;
  id?: number | null | undefined;
  /** ln p, nats; `null` = missing. */
  logprob: number | null;
  /** 1 = first choice; left out where the server does not say. */
  rank?: number | null | undefined;
  /** A token that steers and is not shown, such as end-of-text; left out where the server does not say. */
  special?: boolean | undefined;
  alternatives?: readonly WireAlternative[] | null | undefined;
  /** Some of the most probable tokens are not among `alternatives`: the server could not name them. */
  incomplete?: boolean | undefined;
}

export type WireAlternative = Pick<WireToken, "token" | "bytes" | "id" | "logprob">;

/** What a token stands for in the text. */
export interface Piece {
  text: string;
  /** Exact, when they say more than the text. */
  bytes?: Uint8Array | undefined;
  /** The text is a lossy rendering: "" or with U+FFFD for bytes that nobody gave. */
  lossy: boolean;
  /** The text may have it or not. The end-of-text token is one. */
  special: boolean;
}

const encoder = new TextEncoder();

/** Tokens that steer: `<|im_end|>`, `</think>`, `[TOOL_CALLS]`. */
const SPECIAL = /^(<[^<>\s]+>|\[[A-Z_/]+\])$/;

/**
 * Bytes are believed before text, unless they only repeat a lossy text (Ollama, vLLM). Half of a surrogate pair, which a
 * server writes that cuts its text by UTF-16 units, is a lossy text too.
 */
export function pieceOf(written: Pick<WireToken, "token" | "bytes" | "special">): Piece {
  const { bytes, special } = written;
  const token = wellFormed(written.token);
  if (bytes && isAscii(token, bytes))
    return { text: token, lossy: false, special: special ?? SPECIAL.test(token) };
  const exact = Uint8Array.from(bytes ?? escapedBytes(token) ?? []);
  const repeated = token.includes("\uFFFD") && sameBytes(exact, encoder.encode(token));
  if (exact.length > 0 && !repeated) {
    const piece = textAndBytes(exact);
    return { ...piece, lossy: false, special: special ?? SPECIAL.test(piece.text) };
  }
  if (token !== "") {
    const lossy = token.includes("\uFFFD");
    return { text: token, lossy, special: special ?? (!lossy && SPECIAL.test(token)) };
  }
  // No bytes at all is what llama-server says of the end-of-text token, and vLLM of a character's first half.
  return { text: "", lossy: true, special: special ?? Boolean(bytes) };
}

/** The text with U+FFFD for every half of a surrogate pair that stands alone. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\uFFFD");
}

/** Most tokens are ASCII, and their bytes say nothing more. */
function isAscii(token: string, bytes: readonly number[]): boolean {
  if (token === "" || token.length !== bytes.length) return false;
  for (let i = 0; i < bytes.length; i++)
    if (bytes[i]! >= 0x80 || token.charCodeAt(i) !== bytes[i]) return false;
  return true;
}

/** OpenAI writes a token that is no text as `\xe2\x80` or `bytes:\xe2\x80`, also where it gives no bytes beside it. */
function escapedBytes(token: string): number[] | null {
  if (!/^(bytes:)?(\\x[0-9a-f]{2})+$/i.test(token) || !/\\x[89a-f]/i.test(token)) return null;
  return Array.from(token.matchAll(/\\x([0-9a-f]{2})/gi), ([, hex]) => Number.parseInt(hex!, 16));
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

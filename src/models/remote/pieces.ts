/** What tokens say together. */
import { TextAlignment } from "./alignment.ts";
import type { Held } from "./steering.ts";
import type { Piece } from "./wire-token.ts";

/** What every way of writing a call has in common. */
export const lettersOf = (text: string): string => text.replaceAll(/[^\p{L}\p{N}]/gu, "");

/** Bytes of a token. */
export const byteLength = ({ text, bytes }: Piece): number =>
  bytes?.length ?? new TextEncoder().encode(text).length;

/** Whether a text is among what tokens spell. */
export function spells(held: readonly Held[], text: string): boolean {
  const words = text.trim();
  return (
    words === "" ||
    held
      .map(({ piece }) => piece.text)
      .join("")
      .includes(words)
  );
}

/** Index of the first token from `start` on whose bytes are certain. */
export function firstFirm(held: readonly Held[], start: number): number | null {
  for (let i = start; i < held.length; i++) if (!held[i]!.piece.lossy && !held[i]!.piece.special) return i;
  return null;
}

/** Whether the tokens of a whole answer are those of its text (DeepSeek), and not those of its thinking too (vLLM). */
export function isOfTextAlone(held: readonly Held[], thinking: string, text: string): boolean {
  const pieces = held.map(({ piece }) => piece);
  return !tokensMatch(pieces, thinking, text) && tokensMatch(pieces, "", text);
}

function tokensMatch(pieces: readonly Piece[], thinking: string, text: string): boolean {
  const trial = new TextAlignment();
  trial.append(thinking, false);
  trial.append(text, true);
  return trial.leadsToEnd(pieces);
}

/** What servers leave away at the end of a text: white space, and the beginning of a character. */
export function isTrimmed(pieces: readonly Piece[]): boolean {
  const shown = pieces.filter((piece) => !piece.special);
  const bytes = shown.flatMap(({ text, bytes }) => [...(bytes ?? new TextEncoder().encode(text))]);
  return /^[\s\uFFFD]*$/.test(new TextDecoder().decode(Uint8Array.from(bytes)));
}

/** For people. */
export function quoted(pieces: readonly Piece[]): string {
  return JSON.stringify(pieces.map(({ text }) => text).join(""));
}

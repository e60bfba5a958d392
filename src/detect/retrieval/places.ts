/** A text as places: its sentences, its claims, and where the tokens of a model stand in it. UTF-16 code units, [start, end). */
import { sentencesOf } from "../../uncertainty/index.ts";
import type { Place } from "../finding.ts";

/** The sentences of a text, as `sentencesOf` cuts them, with their places. */
export function sentencePlaces(text: string): Place[] {
  let from = 0;
  return sentencesOf(text).map((sentence) => {
    const start = text.indexOf(sentence, from);
    from = start + sentence.length;
    return { start, end: from };
  });
}

/**
 * Where a sentence may be cut into claims: behind a comma, semicolon, colon or dash with what closes there, and before a word that
 * adds another statement. A comma between digits is none.
 */
const CLAUSE =
  /(?<=[,;:][\p{Pe}\p{Pf}"']{0,2})\s+|(?<=[，；：、—])|\s+(?=[–—-]\s)|\s+(?=(?:and|but|or|nor|which|who|whose|where|when|while|because|although|though)\s)/giu;
const WORD = /[\p{L}\p{M}\p{N}]+/gu;
const HAN = /\p{Script=Han}/gu;

/** Words of a text, a Han character as half of one. */
const weight = (text: string): number =>
  (text.replace(HAN, " ").match(WORD)?.length ?? 0) + (text.match(HAN)?.length ?? 0) / 2;

/**
 * The claims of a text by a rule: its sentences, cut at commas and the like and before "and", "but", "who", ..., where both sides
 * have two words or more. Together they hold the whole of every sentence but the white space between.
 */
export function claimPlaces(text: string): Place[] {
  return sentencePlaces(text).flatMap(({ start, end }) => {
    const sentence = text.slice(start, end);
    const claims: Place[] = [];
    let from = 0;
    for (const { 0: gap, index } of sentence.matchAll(CLAUSE)) {
      const behind = index + gap.length;
      if (weight(sentence.slice(from, index)) < 2 || weight(sentence.slice(behind)) < 2) continue;
      claims.push({ start: start + from, end: start + index });
      from = behind;
    }
    return [...claims, { start: start + from, end }];
  });
}

/**
 * Places of tokens in a text. A token that holds a part of a character has the place of the whole character.
 * @param byteOffsets [n+1] of the tokens, from the beginning of what was scored
 * @param before bytes of it that stand before the text
 */
export function tokenPlaces(text: string, byteOffsets: ArrayLike<number>, before: number): Place[] {
  const bytes = new TextEncoder().encode(text).length;
  /** [bytes + 1] the character that a byte belongs to. */
  const startOf = new Uint32Array(bytes + 1).fill(text.length);
  const endOf = new Uint32Array(bytes + 1).fill(text.length);
  let byte = 0;
  let unit = 0;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    const length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    startOf.fill(unit, byte, byte + length);
    endOf.fill(unit + character.length, byte, byte + length);
    byte += length;
    unit += character.length;
  }
  const within = (offset: number) => Math.max(0, Math.min(bytes, offset - before));
  return Array.from({ length: byteOffsets.length - 1 }, (_, i) => {
    const [first, behind] = [within(byteOffsets[i]!), within(byteOffsets[i + 1]!)];
    const start = startOf[first]!;
    return { start, end: behind > first ? endOf[behind - 1]! : start };
  });
}

/** Where a token's first character that is no white space stands; of white space alone, its end. */
function headOf(text: string, { start, end }: Place): number {
  const at = text.slice(start, end).search(/\S/u);
  return at < 0 ? end : start + at;
}

/**
 * Which tokens belong to which of places that stand one behind the other: each token to one place, the last that has begun where
 * the token has its first character; so that sums over the places are the sum over all tokens.
 * @returns [places] of token numbers
 */
export function partition(text: string, tokens: readonly Place[], places: readonly Place[]): number[][] {
  const parts = places.map((): number[] => []);
  let place = 0;
  for (const [i, token] of tokens.entries()) {
    const head = headOf(text, token);
    while (place + 1 < places.length && places[place + 1]!.start <= head) place++;
    parts[place]?.push(i);
  }
  return parts;
}

/** Which tokens have their first character within a place. */
export const tokensWithin = (text: string, tokens: readonly Place[], { start, end }: Place): number[] =>
  tokens.flatMap((token, i) => {
    const head = headOf(text, token);
    return head >= start && head < end ? [i] : [];
  });

/** What places that may overlap hold together, in order. */
export function union(places: readonly Place[]): Place[] {
  const joined: Place[] = [];
  for (const { start, end } of [...places].sort((a, b) => a.start - b.start || a.end - b.end)) {
    const last = joined.at(-1);
    if (last && start <= last.end) last.end = Math.max(last.end, end);
    else joined.push({ start, end });
  }
  return joined;
}

/** What of a text is in none of the places, without white space around it. */
export function complement(text: string, places: readonly Place[]): Place[] {
  const gaps: Place[] = [];
  let from = 0;
  for (const { start, end } of [...union(places), { start: text.length, end: text.length }]) {
    const gap = text.slice(from, start);
    const head = from + gap.length - gap.trimStart().length;
    if (gap.trim() !== "") gaps.push({ start: head, end: head + gap.trim().length });
    from = Math.max(from, end);
  }
  return gaps;
}

/** Documents as passages, and which passages are read where not all fit. */
import type { Place } from "../finding.ts";
import { sentencePlaces, union } from "./places.ts";

/** A part of a document. */
export interface Passage extends Place {
  /** Number of the document. */
  document: number;
}

/**
 * UTF-8 bytes of a passage, at most: 200 tokens or so of English, and what the smaller encoders read as a whole. Bytes, since a
 * Chinese character is about as many tokens as its three bytes of English are.
 */
export const PASSAGE_BYTES = 900;
/** Sentences that a passage shares with the one before it. */
export const PASSAGE_OVERLAP = 1;

const bytesOf = (text: string): number => Buffer.byteLength(text);

/**
 * A document as passages of whole sentences, the last sentence of each being the first of the next where both fit. A sentence that is
 * longer than a passage is cut between words, or between characters where there is no space.
 */
export function passagesOf(text: string, document: number, most: number = PASSAGE_BYTES): Passage[] {
  const sentences = sentencePlaces(text).flatMap((place) => shortened(text, place, most));
  const passages: Passage[] = [];
  for (let first = 0; first < sentences.length; ) {
    const { start } = sentences[first]!;
    let last = first;
    while (last + 1 < sentences.length && bytesOf(text.slice(start, sentences[last + 1]!.end)) <= most)
      last++;
    passages.push({ document, start, end: sentences[last]!.end });
    if (last + 1 >= sentences.length) break;
    const again = Math.max(first + 1, last + 1 - PASSAGE_OVERLAP);
    const fits = bytesOf(text.slice(sentences[again]!.start, sentences[last + 1]!.end)) <= most;
    first = fits ? again : last + 1;
  }
  return passages;
}

/** A sentence in pieces of at most `most` bytes. */
function shortened(text: string, { start, end }: Place, most: number): Place[] {
  const pieces: Place[] = [];
  let from = start;
  while (bytesOf(text.slice(from, Math.min(end, from + most))) > most || end - from > most) {
    let to = from;
    let space = from;
    let bytes = 0;
    for (const character of text.slice(from, from + most)) {
      bytes += bytesOf(character);
      if (bytes > most) break;
      to += character.length;
      if (/\s/u.test(character)) space = to;
    }
    const cut = space > from + (to - from) / 2 ? space : to;
    pieces.push({ start: from, end: cut });
    from = cut;
  }
  return from < end ? [...pieces, { start: from, end }] : pieces;
}

/**
 * The order in which passages are taken: for each query in turn the best that is not taken yet, so that every sentence of an answer
 * has its evidence read. Of equals the earlier passage.
 * @param scores [queries][passages]
 */
export function takingOrder(scores: readonly ArrayLike<number>[], passages: number): number[] {
  const all = Array.from({ length: passages }, (_, i) => i);
  const orders = scores.map((row) => [...all].sort((a, b) => row[b]! - row[a]! || a - b));
  const next = orders.map(() => 0);
  const taken = new Set<number>();
  while (taken.size < passages && orders.length > 0)
    for (const [q, order] of orders.entries()) {
      while (next[q]! < passages && taken.has(order[next[q]!]!)) next[q]!++;
      if (next[q]! < passages) taken.add(order[next[q]!]!);
    }
  return [...taken];
}

/** Passages of one document as the places that are read: what overlaps or touches is one, and between two is a line of three points. */
export function readText(text: string, places: readonly Place[]): string {
  return union(places)
    .map(({ start, end }) => text.slice(start, end))
    .join("\n...\n");
}

/** A text cut at the edges of places, for the page and the terminal: no user-perceived character is torn. */
import type { Place } from "../../detect/index.ts";
import { clusters } from "../../text/index.ts";

/** A run of characters, and the place it belongs to. */
export interface MarkedPiece {
  text: string;
  /** Number of the place, from 0; `null`: it belongs to none. */
  mark: number | null;
}

/**
 * The pieces of a text in order; joined, they are the text. A character that reaches into a place belongs to it; of places that
 * share a character the first has it.
 */
export function markedPieces(text: string, places: readonly Place[]): MarkedPiece[] {
  const order = places.map((place, mark) => ({ ...place, mark })).sort((a, b) => a.start - b.start);
  const pieces: MarkedPiece[] = [];
  let at = 0;
  let next = 0;
  for (const cluster of clusters(text)) {
    const end = at + cluster.length;
    while (next < order.length && order[next]!.end <= at) next++;
    const place = order[next];
    const mark = place !== undefined && place.start < end && place.end > at ? place.mark : null;
    const last = pieces.at(-1);
    if (last !== undefined && last.mark === mark) last.text += cluster;
    else pieces.push({ text: cluster, mark });
    at = end;
  }
  return pieces;
}

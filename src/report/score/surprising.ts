/** The most surprising tokens of a text, and what the model expected instead. */

import { visible, visibleToken } from "../../text/index.ts";
import { type Piece, splitSpaces, tokenBits } from "./pieces.ts";
import type { ScoreView } from "./view.ts";

/** A token the model could have put in this place. */
export interface Expected {
  id: number;
  /** Safe to show. */
  label: string;
  /** (0, 1]; `null` = missing. */
  probability: number | null;
}

/** One of the most surprising tokens. All texts are safe to show and on one line. */
export interface SurprisingToken {
  /** Index of the token, from 0. */
  index: number;
  /** Index of the piece it is in. */
  piece: number;
  /** Surprisal, bits. */
  bits: number;
  /** 1 = first choice; 0 = missing. */
  rank: number;
  /** The token by itself. */
  label: string;
  /** The piece below is this token and nothing else. */
  whole: boolean;
  /** The piece of the text it stands in, without spaces in front, and the text around. */
  text: string;
  before: string;
  after: string;
  /** What the model held for likely in this place, best first, without the token itself. */
  expected: Expected[];
}

/** Text shown on either side, characters. The renderers cut it further to their width. */
const CONTEXT = 60;

/** The `count` tokens with the largest surprisal, largest first; equals in the order of the text. */
export function mostSurprising(view: ScoreView, pieces: readonly Piece[], count: number): SurprisingToken[] {
  const { table } = view;
  const label = labelsOf(view);
  const bits = (i: number) => tokenBits(table.logprobs, i);
  const scored = Array.from({ length: table.length }, (_, i) => i).filter((i) => bits(i) !== null);
  const chosen = scored.sort((a, b) => bits(b)! - bits(a)! || a - b).slice(0, count);
  const pieceOf = new Int32Array(table.length);
  for (const [index, { first, end }] of pieces.entries()) pieceOf.fill(index, first, end);
  return chosen.map((index) => {
    const piece = pieceOf[index]!;
    const { text, first, end } = pieces[piece]!;
    const [spaces, rest] = splitSpaces(text);
    return {
      index,
      piece,
      bits: bits(index)!,
      rank: table.ranks[index]!,
      label: label(table.ids[index]!),
      whole: end - first === 1,
      text: visible(rest),
      before: visible(around(pieces, piece, -1) + spaces),
      after: visible(around(pieces, piece, 1)),
      expected: expectedAt(view, index, label).filter(({ id }) => id !== table.ids[index]),
    };
  });
}

/** How a token is shown, by its id; each is worked out once. */
export function labelsOf({ pieces }: Pick<ScoreView, "pieces">): (id: number) => string {
  const known = new Map<number, string>();
  return (id) => {
    const label = known.get(id) ?? visibleToken(pieces(id));
    known.set(id, label);
    return label;
  };
}

/** What the model held for likely at token i, best first; empty when no alternatives were kept. */
export function expectedAt(
  { table }: Pick<ScoreView, "table">,
  i: number,
  label: (id: number) => string,
): Expected[] {
  if (table.alternatives === null) return [];
  const { k, ids, logprobs } = table.alternatives;
  const expected: Expected[] = [];
  for (let at = i * k; at < (i + 1) * k; at++) {
    const id = ids[at]!;
    if (id < 0) continue;
    const logprob = logprobs[at]!;
    expected.push({
      id,
      label: label(id),
      probability: Number.isNaN(logprob) ? null : Math.min(1, Math.exp(logprob)),
    });
  }
  return expected;
}

function around(pieces: readonly Piece[], from: number, direction: 1 | -1): string {
  let text = "";
  for (let i = from + direction; i >= 0 && i < pieces.length && text.length < CONTEXT; i += direction)
    text = direction === 1 ? text + pieces[i]!.text : pieces[i]!.text + text;
  return text;
}

/**
 * What runs in the next decode call. First the single tokens of answers that are being written, all of them, then pieces of
 * what is longer: as much as leaves the answers flowing. Whoever was served longest ago comes first, so nothing starves.
 */

/** Something to be run. */
export interface Waiting {
  /** Tokens left to run, at least 1. */
  readonly left: number;
  /** Number of the decode call that served it last; of one that was not served yet, of its coming. */
  readonly served: number;
}

/** So many tokens of `item`. */
export interface Piece<Item> {
  item: Item;
  count: number;
}

/** Part of a batch that pieces of prompts get while answers wait for it: a prompt is read at nearly full speed then, and an answer goes on several times a second. */
const SHARE_OF_PROMPTS = 1 / 4;
/** A shorter piece costs more than it brings. */
const LEAST_PIECE = 32;

/** @param capacity tokens of a batch. */
export function planBatch<Item extends Waiting>(waiting: readonly Item[], capacity: number): Piece<Item>[] {
  const inOrder = [...waiting].sort((a, b) => a.served - b.served);
  const steps = inOrder.filter(({ left }) => left === 1);
  const prompts = inOrder.filter(({ left }) => left > 1);
  const forPrompts = Math.ceil(capacity * SHARE_OF_PROMPTS);
  if (capacity < 4) return fill(inOrder, capacity, 1);
  const stepsRoom = prompts.length > 0 ? capacity - forPrompts : capacity;
  const pieces = fill(steps, stepsRoom, 1);
  const budget = steps.length > 0 ? forPrompts : capacity;
  return [...pieces, ...fill(prompts, budget, Math.max(LEAST_PIECE, Math.floor(budget / prompts.length)))];
}

/** Gives each its piece, and what is left over to the first. */
function fill<Item extends Waiting>(items: readonly Item[], room: number, share: number): Piece<Item>[] {
  const pieces: Piece<Item>[] = [];
  for (const item of items) {
    const count = Math.min(item.left, share, room);
    if (count === 0) break;
    pieces.push({ item, count });
    room -= count;
  }
  for (const piece of pieces) {
    const more = Math.min(piece.item.left - piece.count, room);
    piece.count += more;
    room -= more;
  }
  return pieces;
}

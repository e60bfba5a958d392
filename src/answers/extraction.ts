/** What is said of a text that was read: the thing and where it stands, or why there is none. Nothing is guessed. */

/** Where in the text something stands. */
export interface Place {
  /** Offset of its first UTF-16 code unit, as in `text.slice(start, end)`. */
  start: number;
  /** Offset behind its last one. */
  end: number;
  /** What stands there, as it is written. */
  text: string;
}

/** Something that was found. */
export interface Found<Value> extends Place {
  value: Value;
  /** By which rule, such as "boxed" or "after a marker": docs/answers.md lists them. */
  rule: string;
}

/**
 * Why nothing was found.
 * - "nothing": the text says none
 * - "ambiguous": it says several, and not which of them holds
 * - "echo": it repeats the placeholder of its prompt, such as "Answer: <number>"
 * - "refusal": it says that it cannot or will not say
 * - "outside": a number that the scale does not have
 */
export type MissingWhy = "nothing" | "ambiguous" | "echo" | "refusal" | "outside";

/** Nothing was found. */
export interface Missing {
  value: null;
  why: MissingWhy;
  /** A sentence for people. */
  reason: string;
}

/** What was read from a text: `value` is `null` where it says none, or not which. */
export type Extraction<Value, More extends object = object> = (Found<Value> & More) | Missing;

export const missing = (why: MissingWhy, reason: string): Missing => ({ value: null, why, reason });

/** A text in a sentence, short. */
export const quoted = (text: string): string =>
  JSON.stringify(text.length > 60 ? `${text.slice(0, 59)}…` : text);

/** Mentions in [start, end), by halving. */
export function within<T extends { start: number; end: number }>(
  mentions: readonly T[],
  start: number,
  end: number,
): T[] {
  let [low, high] = [0, mentions.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (mentions[middle]!.start < start) low = middle + 1;
    else high = middle;
  }
  const inside: T[] = [];
  for (let i = low; i < mentions.length && mentions[i]!.end <= end; i++) inside.push(mentions[i]!);
  return inside;
}

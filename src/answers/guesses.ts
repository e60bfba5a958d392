/** Guesses with a probability each, as Tian et al. ask for them: lines "G1: ...", "P1: ...". */
import { readConfidence, type StatedConfidence } from "./confidence.ts";
import { isEcho, withoutPlaceholders } from "./placeholder.ts";
import { prepare } from "./prepared.ts";
import { spokenOf } from "./spoken.ts";

/** One of several guesses. */
export interface Guess {
  /** 1, 2, ... as the text numbers it; a single "Guess:" is 1. */
  number: number;
  guess: string;
  /** The probability that it is right, 0 ... 1, or why none is known. */
  probability: StatedConfidence;
}

const LINE =
  /(?:^|\n)[ \t*>#-]{0,6}(?:(G|Guess|P|Prob(?:ability)?|猜测|答案|概率)[ \t]?(\d{1,2})?)[ \t*]{0,4}[:：.)][ \t*]{0,4}([^\n]{0,400})/gi;
const isProbability = (word: string): boolean => /^(?:p|概率)/i.test(word);

/**
 * Guesses in the order of their numbers; of a number that stands twice the first counts. Echoes of the prompt's placeholders
 * are none.
 */
export function readGuesses(text: string): Guess[] {
  const prepared = withoutPlaceholders(spokenOf(prepare(text)));
  const guesses = new Map<number, string>();
  const probabilities = new Map<number, string>();
  for (const match of prepared.text.matchAll(LINE)) {
    const [, word, digits, rest] = match;
    const number = digits === undefined ? 1 : Number(digits);
    const value = rest!.trim();
    const list = isProbability(word!) ? probabilities : guesses;
    if (value !== "" && !isEcho(value) && !list.has(number)) list.set(number, value);
  }
  const scale = { min: 0, max: 1 };
  return [...guesses]
    .sort(([a], [b]) => a - b)
    .map(([number, guess]) => ({
      number,
      guess,
      probability: readConfidence(probabilities.get(number) ?? "", { scale }),
    }));
}

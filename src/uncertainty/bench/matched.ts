/** Answers that length does not tell apart. */
import { invalidArgument } from "../../core/index.ts";

/** An answer as far as its length counts. */
export interface LabelledLength {
  /** `null`: it belongs to no other answer. */
  group: string | number | null;
  /** `null`: not known. */
  correct: boolean | null;
  /** In words, as `wordCount`. */
  words: number;
}

/**
 * Which answers have a partner of the other label in their group whose length differs by at most so many words. A right and a
 * wrong answer to one question are a pair; of a group with more answers, every one that has such a partner.
 * @param most words, at least 0.
 * @returns [n] places of these answers, in order.
 * @throws SurprisalError INVALID_ARGUMENT for a number below 0.
 */
export function lengthMatched(answers: readonly LabelledLength[], most: number): number[] {
  if (!(most >= 0))
    throw invalidArgument(`${most} is no number of words`, "lengthMatched", "Give 0 or more, such as 3.");
  const groups = new Map<string | number, number[]>();
  for (const [i, { group, correct }] of answers.entries()) {
    if (group === null || correct === null) continue;
    const members = groups.get(group);
    if (members) members.push(i);
    else groups.set(group, [i]);
  }
  const kept = new Set<number>();
  for (const members of groups.values())
    for (const i of members)
      for (const j of members)
        if (
          answers[i]!.correct === true &&
          answers[j]!.correct === false &&
          Math.abs(answers[i]!.words - answers[j]!.words) <= most
        ) {
          kept.add(i);
          kept.add(j);
        }
  return [...kept].sort((a, b) => a - b);
}

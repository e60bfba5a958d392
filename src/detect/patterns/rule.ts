/** The contract of this folder: what a rule is given, and what it says. */
import type { Sentence } from "../sentences.ts";
import type { Context } from "./context.ts";
import type { PatternKind } from "./kinds.ts";

/** What a rule found. Places count from the beginning of the sentence, or of the answer where a rule says so. */
export interface Found {
  kind: PatternKind;
  start: number;
  end: number;
  /** 0 ... 1 */
  strength: number;
  because: string;
  details?: Readonly<Record<string, string | number | null>> | undefined;
}

/** A sentence with what is not prose made unreadable. All texts have its length, so places are the same in all. */
export interface Prepared extends Sentence {
  /** Code, addresses and identifiers are U+FFFC. */
  prose: string;
  /** Quoted text too: what stands there is somebody else's word. */
  own: string;
  /** Code alone is U+FFFC. */
  open: string;
}

/** A rule that looks at one sentence at a time. */
export type SentenceRule = (sentence: Prepared, context: Context | null) => Found[];

/** A rule that remembers. Places count from the beginning of the answer. */
export interface RunningRule {
  see(sentence: Prepared): Found[];
  /** What can only be said when the answer is over. */
  finish(): Found[];
}

/** A text in a sentence, short. */
export const quote = (text: string): string => {
  const plain = text.trim().replace(/\s+/g, " ");
  return `"${plain.length > 60 ? `${plain.slice(0, 59)}\u2026` : plain}"`;
};

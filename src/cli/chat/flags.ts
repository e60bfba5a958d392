/** What is suspected in an answer while it is written: jumps of surprisal and patterns, which need no further model. */
import { type AnswerWatch, type Finding, watchAnswer } from "../../detect/index.ts";
import { shorten, visible } from "../../text/index.ts";
import type { AnsweredToken } from "./answer.ts";

/** A finding with its number, from 1 in the order in which they come. */
export interface Flag extends Finding {
  number: number;
  /** What stands there. */
  text: string;
}

const LONGEST_QUOTE = 40; // columns
const NUMBERS = "₀₁₂₃₄₅₆₇₈₉";

/** Flags of one answer. Places count in the answer without what it was given to begin with. */
export class AnswerFlags {
  readonly #watch: AnswerWatch;
  readonly #flags: Flag[] = [];
  #text = "";

  constructor(question: string) {
    this.#watch = watchAnswer({ question });
  }

  /** @returns what is sure with this token. */
  observe({ record, part, text }: AnsweredToken): Flag[] {
    if (part !== "answer") return [];
    this.#text += text;
    const { bytes: _, ...rest } = record;
    return this.#keep(this.#watch.observe({ ...rest, text }));
  }

  /** Ends the answer. @returns what only all of it says. */
  finish(): Flag[] {
    return this.#keep(this.#watch.finish());
  }

  /** All of them, as they came. */
  get all(): readonly Flag[] {
    return this.#flags;
  }

  #keep(findings: readonly Finding[]): Flag[] {
    const flags = findings.map((finding, i) => ({
      ...finding,
      number: this.#flags.length + i + 1,
      text: this.#text.slice(finding.start, finding.end),
    }));
    this.#flags.push(...flags);
    return flags;
  }
}

/** "₁₂": stands behind what is flagged, and is no digit of the answer. */
export const flagMark = ({ number }: Pick<Flag, "number">): string =>
  [...String(number)].map((digit) => NUMBERS[Number(digit)]).join("");

/** A line beneath the answer. */
export const flagLine = (flag: Flag): string =>
  `${flagMark(flag)} “${shorten(visible(flag.text.trim()), LONGEST_QUOTE)}”: ${visible(flag.because)} (${flag.signal}, ${flag.kind})`;

/** Whether two answers are the same, and whether an answer is the right one. */
import { invalidArgument } from "../core/index.ts";
import type { Extraction } from "./extraction.ts";
import { type ReadLetterOptions, readLetter } from "./letter.ts";
import { type NumberFacts, type ReadNumberOptions, readNumber } from "./number-answer.ts";
import { prepare } from "./prepared.ts";
import { readYesNo } from "./yes-no.ts";

/** What kind of answer is read. */
export type AnswerKind = "number" | "letter" | "yes-no" | "text";

/** Options of `readAnswer`. */
export interface ReadAnswerOptions extends ReadNumberOptions, ReadLetterOptions {
  kind: AnswerKind;
}

/** An answer with a key by which answers can be counted: the same for the same answer. */
export type ReadAnswer = Extraction<number | string | boolean, { key: string } & Partial<NumberFacts>>;

/**
 * The answer that a text gives, of the kind that is asked for. Keys of numbers are exact: 0.5, 1/2 and 50 % have one key, and
 * units are not part of it. A "text" is the whole text: its key is lower-case, without marks, white space at its ends and a full stop.
 */
export function readAnswer(text: string, options: ReadAnswerOptions): ReadAnswer {
  switch (options.kind) {
    case "number": {
      const read = readNumber(text, options);
      return read.value === null ? read : { ...read, key: read.exact };
    }
    case "letter": {
      const read = readLetter(text, options);
      return read.value === null ? read : { ...read, key: read.value };
    }
    case "yes-no": {
      const read = readYesNo(text, options);
      return read.value === null ? read : { ...read, key: String(read.value) };
    }
    case "text": {
      const value = text.trim();
      const start = text.indexOf(value);
      return value === ""
        ? { value: null, why: "nothing", reason: "It is empty" }
        : { value, start, end: start + value.length, text: value, rule: "whole", key: textKey(value) };
    }
    default:
      throw invalidArgument(
        `There is no kind of answer ${JSON.stringify(options.kind)}`,
        "kind",
        "Give number, letter, yes-no or text.",
      );
  }
}

/** Lower case, one kind of space, nothing invisible, no full stop and no quotes at the ends. */
export function textKey(text: string): string {
  return prepare(text.normalize("NFKC"))
    .text.toLowerCase()
    .replaceAll(/\s+/g, " ")
    .replaceAll(/^[\s"'“”*`]+|[\s"'“”*`.。!]+$/g, "");
}

/** Options of `sameNumber`. */
export interface SameNumberOptions {
  /** Largest difference, relative to the larger of the two. Default 2e-6: six digits. Two whole numbers are compared exactly. */
  tolerance?: number | undefined;
}

/** Whether two numbers are the same answer: 0.333333 is 1/3 by the tolerance, but 1000001 is not 1000000. */
export function sameNumber(a: number, b: number, { tolerance = 2e-6 }: SameNumberOptions = {}): boolean {
  if (!(tolerance >= 0 && tolerance < 1))
    throw invalidArgument(`${tolerance} is no tolerance`, "tolerance", "Give a number from 0 to below 1.");
  if (a === b) return true;
  if (Number.isInteger(a) && Number.isInteger(b)) return false;
  return Math.abs(a - b) <= tolerance * Math.max(Math.abs(a), Math.abs(b));
}

/** Options of `isRight`. */
export interface IsRightOptions extends ReadAnswerOptions, SameNumberOptions {
  /**
   * What "50 %" is beside the key "50". "either", the default: both 50 and 0.5, since keys often leave the sign out, as
   * Math-Verify judges; "share": 0.5 alone.
   */
  percent?: "either" | "share" | undefined;
}

/** Whether a text gives the right answer. */
export interface Judged {
  /** `null`: no answer was read; see `read`. Whoever counts accuracy counts it as wrong. */
  right: boolean | null;
  read: ReadAnswer;
}

/**
 * Judges a text by the right answer.
 * @param key the right answer as it is written: "1,234", "3/4", "#### 42" with its solution, "B", "yes".
 * @throws SurprisalError INVALID_ARGUMENT where no answer of this kind can be read from the key.
 */
export function isRight(text: string, key: string, options: IsRightOptions): Judged {
  const right = readAnswer(key, { ...options, prompt: undefined, fallback: "only" });
  if (right.value === null)
    throw invalidArgument(
      `No ${options.kind === "yes-no" ? "yes or no" : options.kind} can be read from the right answer ${JSON.stringify(key.slice(0, 60))}`,
      "key",
      `${right.reason}.`,
    );
  const read = readAnswer(text, options);
  if (read.value === null) return { right: null, read };
  if (typeof read.value !== "number" || typeof right.value !== "number")
    return { right: read.key === right.key, read };
  if (read.key === right.key) return { right: true, read };
  const areWhole = !read.key.includes("/") && !right.key.includes("/");
  if (!areWhole && sameNumber(read.value, right.value, options)) return { right: true, read };
  const shares = (read.unit === "%" ? 1 : 0) + (right.unit === "%" ? 1 : 0);
  const [share, plain] = read.unit === "%" ? [read.value, right.value] : [right.value, read.value];
  const either = options.percent !== "share" && shares === 1 && sameNumber(100 * share, plain, options);
  return { right: either, read };
}

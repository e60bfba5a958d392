/**
 * Arithmetic that a small language model gets right at times: sums and products of one- and two-digit numbers, to be asked with one
 * example. Some kinds are easy at once (a+c), some only in steps (a+b*c): a router has something to choose.
 */
import { invalidArgument, seededRandom } from "../core/index.ts";
import { integer } from "./random.ts";

/** Kinds of sums; a and c have two digits, b has one. */
export const MIXED_KINDS = ["a+c", "b*c", "a+c+b", "a+b*c"] as const;
/** One of MIXED_KINDS. */
export type MixedKind = (typeof MIXED_KINDS)[number];

/** A question with its answer. */
export interface MixedProblem {
  kind: MixedKind;
  /** "What is 23 + 4 * 57?" */
  question: string;
  /** A whole number in digits. */
  answer: string;
}

/** How the questions are asked: the question first, the instruction last, one example before it. */
export const MIXED_WORDING: {
  short: string;
  long: string;
  form: "chat";
  examples: { question: string; short: string; long: string }[];
} = {
  short: "Output only the number.",
  long: "Work in one line.",
  form: "chat",
  examples: [{ question: "What is 12 + 3 * 15?", short: "57", long: "3 * 15 = 45, 12 + 45 = 57" }],
};

/** Different questions of a kind that has the fewest, b*c with b from 2 on: 8 × 90. */
const MOST_OF_A_KIND = 720;

/** Options of `mixedArithmetic`. */
export interface MixedOptions {
  /** An integer; its low 32 bits count. More problems of the same seed begin with the same ones. Default 0. */
  seed?: number | undefined;
  /** How many, 0 to 2,880, the four kinds in turn. */
  count: number;
}

/**
 * Problems, none of them twice.
 * @throws {SurprisalError} INVALID_ARGUMENT
 */
export function mixedArithmetic({ seed = 0, count }: MixedOptions): MixedProblem[] {
  const most = MOST_OF_A_KIND * MIXED_KINDS.length;
  if (!Number.isSafeInteger(seed)) throw invalidArgument(`${seed} is not a seed`, "seed", "Give an integer.");
  if (!(Number.isSafeInteger(count) && count >= 0 && count <= most))
    throw invalidArgument(
      `${count} is not a number of problems`,
      "count",
      `Give an integer from 0 to ${most}: so many there are without repetition.`,
    );
  const random = seededRandom(seed);
  const known = new Set(MIXED_WORDING.examples.map(({ question }) => question));
  return Array.from({ length: count }, (_, i) => {
    for (;;) {
      const problem = drawn(MIXED_KINDS[i % MIXED_KINDS.length]!, random);
      if (known.has(problem.question)) continue;
      known.add(problem.question);
      return problem;
    }
  });
}

function drawn(kind: MixedKind, random: () => number): MixedProblem {
  const [a, b, c] = [integer(random, 10, 99), integer(random, 2, 9), integer(random, 10, 99)];
  const [text, value] = {
    "a+c": [`${a} + ${c}`, a + c] as const,
    "b*c": [`${b} * ${c}`, b * c] as const,
    "a+c+b": [`${a} + ${c} + ${b}`, a + c + b] as const,
    "a+b*c": [`${a} + ${b} * ${c}`, a + b * c] as const,
  }[kind];
  return { kind, question: `What is ${text}?`, answer: String(value) };
}

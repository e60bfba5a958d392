/** Problems in an endless, reproducible row, and which of them a model may be trained on. */
import { invalidArgument, seededRandom } from "../core/index.ts";
import { DIFFICULTIES, type Difficulty, type Generate, type Problem, TASKS, type Task } from "./problem.ts";
import { pick } from "./random.ts";
import { arithmetic } from "./tasks/arithmetic.ts";
import { baseConversion } from "./tasks/base-conversion.ts";
import { linearEquation } from "./tasks/linear-equation.ts";

const GENERATORS: Record<Task, Generate> = {
  algebra_linear_1d: linearEquation,
  base_conversion: baseConversion,
  arithmetic,
};

/** Parts that no question is in two of. */
export const SPLITS = ["train", "valid", "test"] as const;
/** One of SPLITS. */
export type Split = (typeof SPLITS)[number];

/** Options of `problems`. */
export interface ProblemOptions {
  /** An integer; its low 32 bits count. The same options give the same problems on every machine. Default 0. */
  seed?: number | undefined;
  /** Drawn from with equal chances; say one twice to have it twice as often. Default: all. */
  tasks?: readonly Task[] | undefined;
  /** Drawn from with equal chances. Default: all. */
  difficulties?: readonly Difficulty[] | undefined;
  /** Only problems whose question belongs to this split (`splitOf`). Default: every problem. */
  split?: Split | undefined;
  /** How many, 0 or more. Default: without end. */
  count?: number | undefined;
}

/**
 * Problems drawn one by one; a question may come again, more often at low difficulties.
 * @throws {SurprisalError} INVALID_ARGUMENT
 */
export function problems(options: ProblemOptions = {}): IterableIterator<Problem> {
  const { seed = 0, tasks = TASKS, difficulties = DIFFICULTIES, split, count = Infinity } = options;
  if (!Number.isSafeInteger(seed)) throw invalidArgument(`${seed} is not a seed`, "seed", "Give an integer.");
  if (count !== Infinity && !(Number.isSafeInteger(count) && count >= 0))
    throw invalidArgument(`${count} is not a number of problems`, "count", "Give an integer of at least 0.");
  requireSome(tasks, TASKS, "tasks");
  requireSome(difficulties, DIFFICULTIES, "difficulties");
  if (split !== undefined) requireSome([split], SPLITS, "split");
  return draw(seededRandom(seed), tasks, difficulties, split, count);
}

function* draw(
  random: () => number,
  tasks: readonly Task[],
  difficulties: readonly Difficulty[],
  split: Split | undefined,
  count: number,
): Generator<Problem, undefined> {
  for (let drawn = 0; drawn < count; ) {
    const problem = GENERATORS[pick(random, tasks)](random, pick(random, difficulties));
    if (split !== undefined && splitOf(problem.question) !== split) continue;
    yield problem;
    drawn++;
  }
}

/**
 * The split that a question belongs to, for ever: a tenth each is "valid" and "test", the rest "train". It follows
 * from a hash of the question in which a variable's name does not count: 3*x = 12 and 3*y = 12 are one problem.
 * Source of the hash: FNV-1a, 32 bits (Fowler, Noll, Vo), finished by MurmurHash3's mixer (Appleby).
 */
export function splitOf(question: string): Split {
  const text = question.replace(/\b[a-z]\b/g, "x");
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  const share = ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32; // [0, 1)
  return share < 0.1 ? "test" : share < 0.2 ? "valid" : "train";
}

function requireSome<T>(given: readonly T[], allowed: readonly T[], where: string): void {
  const wrong = given.find((item) => !allowed.includes(item));
  if (given.length === 0 || wrong !== undefined)
    throw invalidArgument(
      given.length === 0 ? "There is nothing to draw from" : `${wrong} is not allowed here`,
      where,
      `Give of: ${allowed.join(", ")}.`,
    );
}

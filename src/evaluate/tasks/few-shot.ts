/** Solved examples in front of a question, as lm-evaluation-harness writes and draws them. */
import { invalidArgument, type Resolved, withDefaults } from "../../core/index.ts";
import type { PromptMessage } from "./prompt.ts";
import { PythonRandom } from "./python-random.ts";
import type { Task, TaskItem } from "./task.ts";

/**
 * How examples are chosen.
 * - "shared": drawn once, the same for every question, so that their tokens are run once per block.
 * - "per-item": drawn anew for every question: lm-eval's "default" sampler. Nothing is shared between questions.
 * - "first": the first ones: lm-eval's "first_n", as for MMLU.
 */
export type FewShotSampler = "shared" | "per-item" | "first";

/** Solved examples in front of every question. */
export interface FewShot {
  /** Examples in front of every question, 1 or more. */
  count: number;
  /** Where they are from, such as the train split. It may be the task itself: a question is never its own example. */
  examples: Task;
  /** Default "shared"; of MMLU "first", as in lm-eval. */
  sampler?: FewShotSampler | undefined;
  /** Seed of Python's generator, a whole number. Default 1234, lm-eval's `--seed` for examples. */
  seed?: number | undefined;
  /** Between an example and what comes next. Default: an empty line, lm-eval's `fewshot_delimiter`. */
  delimiter?: string | undefined;
}

/** How examples are drawn and written. */
type Drawing = Resolved<Pick<FewShot, "sampler" | "seed" | "delimiter">>;

const DEFAULT_FEW_SHOT = { sampler: "shared", seed: 1234, delimiter: "\n\n" } as const;

/** What stands before the question of an item: its description, and the examples. */
export type Head = (item: TaskItem) => PromptMessage[];

/** The description alone. */
export const zeroShot: Head = ({ description }) =>
  description === undefined ? [] : [{ role: "system", content: description, after: "" }];

/**
 * Reads the examples and returns what goes before the questions. It has to be asked for every item of the task in order,
 * also for those of a run that are not scored again: "per-item" draws go on from item to item.
 *
 * An example is `context + delimiter + right choice + "\n\n"`. Of the examples drawn, one more than `count` (of sets with a test
 * split just as many: `SetRules`), the question itself is left out, and what is too many.
 * Source: lm-eval 0.4.13, lm_eval/api/task.py (`fewshot_context`, `build_qa_turn`) and lm_eval/api/samplers.py; the
 * prompts are lm-eval's, but that there a question of a set with a test split may be its own example, where the examples are
 * drawn from the same file.
 * @throws SurprisalError INVALID_ARGUMENT when there are too few examples; and what reading them throws.
 */
export async function fewShotHead(fewShot: FewShot, signal?: AbortSignal): Promise<Head> {
  const { count, examples } = fewShot;
  const {
    answerPrefix = "",
    examplesApart = false,
    sampler: own = DEFAULT_FEW_SHOT.sampler,
  } = examples.rules ?? {};
  const defaults = { ...DEFAULT_FEW_SHOT, sampler: own };
  const { sampler, seed, delimiter } = withDefaults<Drawing>(defaults, fewShot);
  if (!Number.isSafeInteger(count) || count < 1 || !Number.isSafeInteger(seed))
    throw invalidArgument(
      `${count} examples with the seed ${seed} cannot be drawn`,
      "fewShot",
      "Give a number of examples of at least 1 and a whole number as seed.",
    );
  const pool: TaskItem[] = [];
  const keys: string[] = [];
  for await (const item of examples.items({ signal, onBad: () => {} })) {
    pool.push(item);
    keys.push(identity(item));
    if (sampler === "first" && pool.length - mostOften(keys) >= count) break; // enough, whatever the question
  }
  if (pool.length < count)
    throw invalidArgument(
      `There are ${pool.length} examples, fewer than the ${count} wanted`,
      examples.source,
      "Take fewer examples, or draw them from a larger file.",
    );
  const turns = pool.map(({ context, contexts, delimiter: seam, choices, label }): PromptMessage[] => [
    { role: "user", content: contexts?.[label] ?? context, after: seam },
    { role: "assistant", content: answerPrefix + choices[label]!, after: delimiter },
  ]);
  const random = new PythonRandom(seed);
  const drawn = Math.min(count + (examplesApart ? 0 : 1), pool.length);
  const draw = () => (sampler === "first" ? [...pool.keys()] : random.sample(pool.length, drawn));
  const shared = sampler === "per-item" ? null : draw();
  return (item) => {
    const own = identity(item);
    let chosen = (shared ?? draw()).filter((i) => keys[i] !== own);
    if (chosen.length < count) chosen = drawAgain(own);
    return [...zeroShot(item), ...chosen.slice(0, count).flatMap((i) => turns[i]!)];
  };

  /** The question is there more than once: from the others, as lm-eval does then. */
  function drawAgain(own: string): number[] {
    const others = [...keys.keys()].filter((i) => keys[i] !== own);
    if (others.length < count)
      throw invalidArgument(
        `Without the question itself there are ${others.length} examples, fewer than the ${count} wanted`,
        examples.source,
        "Take fewer examples, or draw them from a larger file.",
      );
    const source = sampler === "per-item" && !examplesApart ? random : new PythonRandom(seed);
    return source.sample(others.length, count).map((i) => others[i]!);
  }
}

/** How often the most frequent one of a few is there. */
function mostOften(keys: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return Math.max(...counts.values());
}

function identity({ context, contexts, choices, label }: TaskItem): string {
  return JSON.stringify([context, contexts, choices, label]);
}

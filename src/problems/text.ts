/** Problems as the texts that a model is trained on and asked with, and what it writes back. */
import { invalidArgument, seededRandom } from "../core/index.ts";
import type { Problem, Task } from "./problem.ts";
import { type ProblemOptions, problems } from "./problems.ts";

/** As in CAR (Lu and others 2025): answer at once, or reason first. */
export const MODES = ["direct", "reasoning"] as const;
/** One of MODES. */
export type Mode = (typeof MODES)[number];

/** The instruction comes last, so that both modes of a question share its prefix. */
const INSTRUCTIONS: Record<Mode, string> = { direct: "Answer directly.", reasoning: "Think step by step." };
const ANSWER = "Answer:";

/** The question and the mode's instruction, each on a line; the completion follows without a separator. */
export function prompt(problem: Pick<Problem, "question">, mode: Mode): string {
  return `${problem.question}\n${instruction(mode)}\n`;
}

/**
 * What a model should write after the prompt: the answer's line, in mode "reasoning" after one line per step.
 * @param steps which steps, such as `problem.steps.filter((step) => step.essential)`. Default: all.
 */
export function completion(
  problem: Pick<Problem, "steps" | "answer">,
  mode: Mode,
  steps: readonly { text: string }[] = problem.steps,
): string {
  instruction(mode);
  const chain = mode === "reasoning" ? steps.map(({ text }) => `${text}\n`).join("") : "";
  return `${chain}${ANSWER} ${problem.answer}`;
}

function instruction(mode: Mode): string {
  if (Object.hasOwn(INSTRUCTIONS, mode)) return INSTRUCTIONS[mode];
  throw invalidArgument(`"${mode}" is not a mode`, "mode", `Give one of: ${MODES.join(", ")}.`);
}

/** Options of `documents`. */
export interface DocumentOptions extends ProblemOptions {
  /** Share of documents in mode "direct", 0 ... 1. Default 0.5. */
  direct?: number | undefined;
  /** Chance of each redundant step to be kept, 0 ... 1. Default 0.5: then a chain without it is as usual as one with it. */
  redundant?: number | undefined;
}

/**
 * Documents to train on, prompt and completion, without an end-of-text mark. `split` is "train" by default.
 * @throws {SurprisalError} INVALID_ARGUMENT
 */
export function documents(options: DocumentOptions = {}): IterableIterator<string> {
  const { direct = 0.5, redundant = 0.5, ...rest } = options;
  for (const [where, share] of Object.entries({ direct, redundant }))
    if (!(share >= 0 && share <= 1))
      throw invalidArgument(`${share} is not a share`, where, "Give a number from 0 to 1.");
  const drawn = problems({ split: "train", ...rest });
  return write(drawn, seededRandom((rest.seed ?? 0) ^ 0x5eed), direct, redundant);
}

function* write(drawn: Iterable<Problem>, random: () => number, direct: number, redundant: number) {
  for (const problem of drawn) {
    const mode: Mode = random() < direct ? "direct" : "reasoning";
    const steps = problem.steps.filter((step) => step.essential || random() < redundant);
    yield prompt(problem, mode) + completion(problem, mode, steps);
  }
}

/** What a model wrote, taken apart. */
export interface ParsedOutput {
  /** The lines before the answer's, blank ones left out. */
  steps: string[];
  /** What follows "Answer:" on its line; `null` where there is no such line or nothing follows. */
  answer: string | null;
}

/** Takes any text apart; only its first answer counts, and nothing after it or after an end-of-text mark. */
export function parseOutput(text: string): ParsedOutput {
  const lines = text
    .split("<|endoftext|>", 1)[0]!
    .split(/\r?\n/)
    .map((line) => line.trim());
  const at = lines.findIndex((line) => line.startsWith(ANSWER));
  return {
    steps: (at < 0 ? lines : lines.slice(0, at)).filter((line) => line !== ""),
    answer: at < 0 ? null : lines[at]!.slice(ANSWER.length).trim() || null,
  };
}

/**
 * Whether an answer is the problem's, as a number: case, leading zeros, a plus sign, a full stop, a typographic
 * minus and, for equations, "x =" before it make no difference. `null` (no answer) is wrong.
 */
export function isCorrect(problem: Pick<Problem, "task" | "answer">, answer: string | null): boolean {
  if (answer === null) return false;
  const given = normalise(answer, problem.task);
  return given !== null && given === normalise(problem.answer, problem.task);
}

/** Sign and digits without leading zeros, lower case; `null` when it is not a number. */
function normalise(answer: string, task: Task): string | null {
  const text = answer.trim().toLowerCase().replace("\u2212", "-").replace(/\.$/, "");
  const value = task === "algebra_linear_1d" ? text.replace(/^[a-z]\s*=\s*/, "") : text;
  const digits = task === "base_conversion" ? "[0-9a-z]+" : "[0-9]+";
  const match = new RegExp(`^([+-]?)\\s*0*(${digits})$`).exec(value);
  if (!match) return null;
  const [, sign, size] = match;
  return (sign === "-" && size !== "0" ? "-" : "") + size;
}

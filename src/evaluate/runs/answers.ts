/** What a run's models answered, question by question. */
import { predict, type TaskResult } from "../tasks/index.ts";
import type { ItemEntry } from "./journal.ts";
import { modelLabel } from "./rows.ts";
import type { Run } from "./run.ts";
import { readEntries } from "./whole-run.ts";

/** A model's answer to a question. */
export interface AnswerRow {
  run: string;
  /** `null`: the run does not know it any more. */
  model: string | null;
  task: string | null;
  /** Number of the question in its task, from 0. */
  item: number;
  /** What the set calls it; `null`: nothing. */
  id: string | null;
  /** File and line. */
  place: string;
  /** sha256 of the question alone: the same question in two runs; `null` in runs of older versions. */
  questionSha256: string | null;
  /** Number of the right choice; `null` where it is not known, and of a target. */
  label: number | null;
  /** Number of the choice with the highest ln p; `null` where there is none, and of a target. */
  chosen: number | null;
  /** The answer is right: by ln p; of a target, the model would have written it. `null`: it is not known. */
  correct: boolean | null;
  /** The same by ln p per character (lm-eval's acc_norm). */
  chosenNorm: number | null;
  correctNorm: boolean | null;
  /** ln p of the right choice less that of the best other one, nats; of a target, `null`. */
  margin: number | null;
  /** ln p of the right choice or the target, nats; -Infinity for probability 0. */
  logprob: number | null;
  /** ln p of each choice, nats. */
  logprobs: (number | null)[];
  /** Tokens that were cut off the beginning of the prompt. */
  cutTokens: number;
  /** Why it could not be asked; `null`: it was. */
  problem: string | null;
}

/** Names of the columns of answers. */
export const ANSWER_COLUMNS: readonly (keyof AnswerRow)[] = [
  ...([
    "run",
    "model",
    "task",
    "item",
    "id",
    "place",
    "questionSha256",
    "label",
    "chosen",
    "correct",
  ] as const),
  ...(["chosenNorm", "correctNorm", "margin", "logprob", "logprobs", "cutTokens", "problem"] as const),
];

/** Every answer in a run's journal, each once. @throws SurprisalError RUN_DAMAGED, FILE_UNREADABLE */
export function answerRows(folder: string, run: Run): AnswerRow[] {
  return answersIn(folder).map(({ modelIndex, taskIndex, result }) => ({
    run: run.id,
    model: run.models[modelIndex] ? modelLabel(run, modelIndex) : null,
    task: run.tasks[taskIndex]?.name ?? null,
    ...answerOf(result),
  }));
}

/** Entries of a journal about questions, each question of a model once. @throws SurprisalError RUN_DAMAGED, FILE_UNREADABLE */
export function answersIn(folder: string): ItemEntry[] {
  const seen = new Set<string>();
  const entries: ItemEntry[] = [];
  readEntries(folder, (entry) => {
    if (entry.type !== "item") return;
    const key = `${entry.modelIndex} ${entry.taskIndex} ${entry.result.index}`;
    if (seen.has(key)) return;
    seen.add(key);
    entries.push(entry);
  });
  return entries;
}

function answerOf(result: TaskResult): Omit<AnswerRow, "run" | "model" | "task"> {
  const { index, where, id, questionSha256, label, choices, cutTokens = 0, problem } = result;
  const target = result.kind === "target";
  const [plain, norm] = target ? [null, null] : [predict(result, "acc"), predict(result, "accNorm")];
  const right = choices[label]?.logprob ?? null;
  const others = choices.flatMap(({ logprob }, i) => (i === label ? [] : [logprob]));
  return {
    item: index,
    id: id ?? null,
    place: where,
    questionSha256: questionSha256 ?? null,
    label: target || label < 0 ? null : label,
    chosen: plain?.choice ?? null,
    correct: target ? (choices[0]?.greedy ?? null) : plain && plain.choice === label,
    chosenNorm: norm?.choice ?? null,
    correctNorm: norm && norm.choice === label,
    margin: target ? null : marginOf(right, others),
    logprob: right,
    logprobs: choices.map(({ logprob }) => logprob),
    cutTokens,
    problem: problem ?? null,
  };
}

/** `null` where a number is missing, or both are of probability 0. */
function marginOf(right: number | null, others: readonly (number | null)[]): number | null {
  if (right === null || others.length === 0 || others.includes(null)) return null;
  const margin = right - Math.max(...others.map((value) => value!));
  return Number.isNaN(margin) ? null : margin;
}

/** One model over one task, item by item. */
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { SurprisalError } from "../../core/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import type { RunRecord, RunTask } from "../runs/index.ts";
import {
  type BadItem,
  badText,
  type ChatPrompts,
  type FewShot,
  questionText,
  runTask,
  type Task,
} from "../tasks/index.ts";
import { corpusChanged } from "./describe-corpus.ts";

export interface ScoreTaskOptions {
  /** Indices in run.json. */
  at: { modelIndex: number; taskIndex: number };
  task: Task;
  facts: RunTask;
  model: LanguageModel;
  fewShot: FewShot | null;
  chat: ChatPrompts | null;
  record: RunRecord;
  onItem?: (() => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** Scores the items that the record does not have yet. @throws SurprisalError what model, file and disk throw. */
export async function scoreTask(options: ScoreTaskOptions): Promise<void> {
  const { at, task, facts, model, fewShot, chat, record, onItem, signal } = options;
  const before = record.task(at.modelIndex, at.taskIndex).results;
  const from = firstMissing(before); // after a repair there may be some behind it
  let started = performance.now();
  const asked = { from, limit: facts.items, fewShot: fewShot ?? undefined, chat, signal };
  for await (const result of runTask(model, task, asked)) {
    if (before[result.index]) continue;
    const now = performance.now();
    record.add([{ type: "item", ...at, result, ms: now - started }]);
    started = now;
    onItem?.();
  }
}

/** @returns the index of the first hole, else one past the last. */
function firstMissing(results: readonly unknown[]): number {
  for (const [i, result] of results.entries()) if (!result) return i;
  return results.length;
}

/** What is put around the questions of a task. */
export interface TaskPrompts {
  fewShot: FewShot | null;
  chat: ChatPrompts | null;
}

/**
 * Reads a task once before the long work. A question that cannot be asked is counted, and does not end the others; a file in which
 * every one is such is refused.
 * @throws SurprisalError TASK_INVALID, EMPTY_INPUT, ...
 */
export async function describeTask(
  task: Task,
  { fewShot, chat }: TaskPrompts,
  limit: number | null,
  signal?: AbortSignal,
): Promise<RunTask> {
  const { items, sha256, bad, delimiters } = await readThrough(task, limit, signal);
  if (items === 0)
    throw new SurprisalError({
      code: "EMPTY_INPUT",
      what: "The task has no items",
      where: task.source,
      wayOut: "Give a file with one question on each line.",
    });
  const [first] = bad;
  if (first && bad.length === items)
    throw new SurprisalError({
      code: "TASK_INVALID",
      what: items === 1 ? first.problem : `No question can be asked; of the first: ${first.problem}`,
      where: first.where,
      wayOut: `It was read as "${task.form.name}": correct the file, or name another form (--form).`,
    });
  const { name, source, kind, form } = task;
  const shots = fewShot && {
    ...fewShot,
    examples: fewShot.examples.source,
    sha256: (await readThrough(fewShot.examples, null, signal)).sha256,
  };
  return {
    name,
    source,
    kind,
    form,
    items,
    sha256,
    fewShot: shots,
    chat,
    delimiters: chat ? [""] : delimiters,
  };
}

interface TaskFacts {
  items: number;
  sha256: string;
  bad: BadItem[];
  delimiters: string[];
}

async function readThrough(
  task: Task,
  limit: number | null,
  signal: AbortSignal | undefined,
): Promise<TaskFacts> {
  const most = limit ?? Number.POSITIVE_INFINITY;
  const digest = createHash("sha256");
  const bad: BadItem[] = [];
  const delimiters = new Set<string>();
  let items = 0;
  const count = (question: string) => {
    if (++items <= most) digest.update(question);
    return items <= most;
  };
  const onBad = (item: BadItem) => {
    if (count(badText(item))) bad.push(item);
  };
  for await (const item of task.items({ signal, onBad })) {
    if (count(questionText(item))) delimiters.add(item.delimiter);
    if (items >= most) break;
  }
  return { items: Math.min(items, most), sha256: digest.digest("hex"), bad, delimiters: [...delimiters] };
}

/** @throws SurprisalError CORPUS_CHANGED */
export function assertSameTask(before: RunTask, now: RunTask): void {
  const { source, items, sha256, fewShot, chat = null } = before;
  if (sha256 !== now.sha256 || items !== now.items)
    throw corpusChanged(source, `it had ${items} items, and has ${now.items} or others`);
  if (!isDeepStrictEqual(fewShot, JSON.parse(JSON.stringify(now.fewShot))))
    // as it comes out of run.json
    throw corpusChanged(source, "there are other examples in front of its questions");
  if (!isDeepStrictEqual(chat, now.chat ?? null))
    throw corpusChanged(source, "its questions were put in another way (chat template)");
}

/** One model over one task, item by item. */
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { SurprisalError } from "../../core/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import type { RunRecord, RunTask } from "../runs/index.ts";
import { type FewShot, runTask, type Task, type TaskItem } from "../tasks/index.ts";
import { corpusChanged } from "./describe-corpus.ts";

export interface ScoreTaskOptions {
  /** Indices in run.json. */
  at: { modelIndex: number; taskIndex: number };
  task: Task;
  facts: RunTask;
  model: LanguageModel;
  fewShot: FewShot | null;
  record: RunRecord;
  onItem?: (() => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** Scores the items that the record does not have yet. @throws SurprisalError what model, file and disk throw. */
export async function scoreTask(options: ScoreTaskOptions): Promise<void> {
  const { at, task, facts, model, fewShot, record, onItem, signal } = options;
  const from = record.task(at.modelIndex, at.taskIndex).results.length;
  let before = performance.now();
  const { items: limit } = facts;
  for await (const result of runTask(model, task, { from, limit, fewShot: fewShot ?? undefined, signal })) {
    const now = performance.now();
    record.add([{ type: "item", ...at, result, ms: now - before }]);
    before = now;
    onItem?.();
  }
}

/** Reads a task once before the long work. @throws SurprisalError TASK_INVALID, EMPTY_INPUT, ... */
export async function describeTask(
  task: Task,
  fewShot: FewShot | null,
  limit: number | null,
  signal?: AbortSignal,
): Promise<RunTask> {
  const { items, sha256 } = await digestOf(task, limit, signal);
  if (items === 0)
    throw new SurprisalError({
      code: "EMPTY_INPUT",
      what: "The task has no items",
      where: task.source,
      wayOut: "Give a file with one question on each line.",
    });
  const { name, source, kind, form } = task;
  const shots = fewShot && {
    ...fewShot,
    examples: fewShot.examples.source,
    sha256: (await digestOf(fewShot.examples, null, signal)).sha256,
  };
  return { name, source, kind, form, items, sha256, fewShot: shots };
}

async function digestOf(
  task: Task,
  limit: number | null,
  signal: AbortSignal | undefined,
): Promise<Pick<RunTask, "items" | "sha256">> {
  const digest = createHash("sha256");
  let items = 0;
  for await (const { context, choices, label, delimiter } of itemsOf(task, limit, signal)) {
    digest.update(JSON.stringify([context, choices, label, delimiter]));
    items++;
  }
  return { items, sha256: digest.digest("hex") };
}

/** @throws SurprisalError CORPUS_CHANGED */
export function assertSameTask(before: RunTask, now: RunTask): void {
  const { source, items, sha256, fewShot } = before;
  if (sha256 !== now.sha256 || items !== now.items)
    throw corpusChanged(source, `it had ${items} items, and has ${now.items} or others`);
  if (!isDeepStrictEqual(fewShot, JSON.parse(JSON.stringify(now.fewShot))))
    // as it comes out of run.json
    throw corpusChanged(source, "there are other examples in front of its questions");
}

async function* itemsOf(
  task: Task,
  limit: number | null,
  signal: AbortSignal | undefined,
): AsyncGenerator<TaskItem> {
  let count = 0;
  for await (const item of task.items({ signal })) {
    yield item;
    if (++count === limit) return;
  }
}

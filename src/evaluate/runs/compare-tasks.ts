/** Two runs' answers to the same questions: whether one has more of them right. */
import { mcNemarExact, pairedDifference } from "../../core/index.ts";
import { type AccuracyRule, predict, type TaskResult } from "../tasks/index.ts";
import { answersIn } from "./answers.ts";
import { modelLabel } from "./rows.ts";
import type { Run } from "./run.ts";
import { readRun } from "./run-file.ts";

/** One model of the first run against one of the second, over the questions that both answered. */
export interface TaskDifference {
  task: string;
  /** By what an answer is told: see `AccuracyRule`. Of targets: "acc", the model would have written it. */
  rule: AccuracyRule;
  /** Accuracy over the shared questions. */
  base: { model: string; accuracy: number | null };
  other: { model: string; accuracy: number | null };
  /** Questions that both answered. */
  questions: number;
  /** Of them, those that only one has right. */
  onlyBase: number;
  onlyOther: number;
  /** other - base; `null` without a shared question. */
  difference: number | null;
  /** ± of the difference: sample standard deviation of the questions' differences / sqrt(n); `null` for fewer than two. */
  standardError: number | null;
  /** McNemar's exact test, two-sided: how likely so uneven a split is if neither is better. 0 ... 1; `null` without a question. */
  pValue: number | null;
  /** Why the numbers are not quite comparable, one sentence each. */
  notes: string[];
}

/** A model's answers to a task. */
interface Answers {
  run: Run;
  modelIndex: number;
  taskIndex: number;
  results: TaskResult[];
}

/**
 * Compares every model's answers of `other` with those of `base` to the same questions, told by their digests, whatever stood in
 * front of them. Where the two runs share a model, only that model is compared with itself.
 * @param base, other folders of runs; without `other`, each model of the one run is compared with those before it.
 * @returns by task and model, for each rule that lm-eval reports; nothing where they share no question.
 * @throws SurprisalError RUN_NOT_FOUND, RUN_DAMAGED, FILE_UNREADABLE
 */
export function compareRunTasks(base: string, other?: string): TaskDifference[] {
  const before = load(base);
  const after = other === undefined ? before : load(other);
  return after.flatMap((second) => {
    const alike = before.filter(
      (first) =>
        (other !== undefined ||
          (first.modelIndex < second.modelIndex && first.taskIndex === second.taskIndex)) &&
        pairs(first, second).length > 0,
    );
    if (other === undefined) return alike.flatMap((first) => differences(first, second));
    const same = alike.filter((first) => modelOf(first) === modelOf(second));
    return (same.length > 0 ? same : alike).flatMap((first) => differences(first, second));
  });
}

function load(folder: string): Answers[] {
  const run = readRun(folder);
  if (run.tasks.length === 0) return [];
  const answers = new Map<string, Answers>();
  for (const { modelIndex, taskIndex, result } of answersIn(folder)) {
    if (!run.models[modelIndex] || !run.tasks[taskIndex]) continue;
    const key = `${modelIndex} ${taskIndex}`;
    const known = answers.get(key) ?? { run, modelIndex, taskIndex, results: [] };
    known.results.push(result);
    answers.set(key, known);
  }
  return [...answers.values()];
}

function modelOf({ run, modelIndex }: Answers): string {
  const { sha256, name } = run.models[modelIndex]!.identity;
  return JSON.stringify([sha256, name]);
}

/** Results of one question in both; a question that is there several times is paired in order. */
function pairs(first: Answers, second: Answers): [TaskResult, TaskResult][] {
  const waiting = new Map<string, TaskResult[]>();
  for (const result of first.results) {
    const key = keyOf(first, result);
    const alike = waiting.get(key);
    if (alike) alike.push(result);
    else waiting.set(key, [result]);
  }
  return second.results.flatMap((result): [TaskResult, TaskResult][] => {
    const twin = waiting.get(keyOf(second, result))?.shift();
    return twin ? [[twin, result]] : [];
  });
}

/** Runs of older versions say only of the whole task what it was. */
function keyOf({ run, taskIndex }: Answers, { questionSha256, index }: TaskResult): string {
  return questionSha256 ?? `${run.tasks[taskIndex]!.sha256} ${index}`;
}

function differences(first: Answers, second: Answers): TaskDifference[] {
  const shared = pairs(first, second);
  const rules: AccuracyRule[] = shared[0]![1].kind === "target" ? ["acc"] : ["acc", "accNorm"];
  return rules.map((rule) => difference(first, second, shared, rule));
}

function difference(
  first: Answers,
  second: Answers,
  shared: readonly [TaskResult, TaskResult][],
  rule: AccuracyRule,
): TaskDifference {
  let [onlyBase, onlyOther, rightBase, rightOther] = [0, 0, 0, 0];
  const steps: number[] = [];
  for (const [one, two] of shared) {
    const [before, after] = [isRight(one, rule), isRight(two, rule)];
    if (before === null || after === null) continue;
    if (before) rightBase++;
    if (after) rightOther++;
    if (before && !after) onlyBase++;
    if (after && !before) onlyOther++;
    steps.push(Number(after) - Number(before));
  }
  const mean = pairedDifference(steps);
  const side = ({ run, modelIndex }: Answers, right: number) => ({
    model: modelLabel(run, modelIndex),
    accuracy: steps.length === 0 ? null : right / steps.length,
  });
  return {
    task: second.run.tasks[second.taskIndex]!.name,
    rule,
    base: side(first, rightBase),
    other: side(second, rightOther),
    questions: steps.length,
    onlyBase,
    onlyOther,
    difference: mean?.mean ?? null,
    standardError: mean?.standardError ?? null,
    pValue: mean && mcNemarExact(onlyBase, onlyOther),
    notes: notesOn(first, second, shared.length, steps.length),
  };
}

function isRight(result: TaskResult, rule: AccuracyRule): boolean | null {
  if (result.kind === "target") return result.choices[0]?.greedy ?? null;
  const answer = predict(result, rule);
  return answer && answer.choice === result.label;
}

/** Questions that can be told; of a bad row it is not known which question it would have been. */
const named = ({ results }: Answers): number => results.filter(({ label }) => label >= 0).length;

function notesOn(first: Answers, second: Answers, shared: number, judged: number): string[] {
  const [a, b] = [first, second].map(({ run, taskIndex }) => run.tasks[taskIndex]!);
  const notes: string[] = [];
  const alone = named(first) + named(second) - 2 * shared;
  if (alone > 0)
    notes.push(
      `${b!.name}: ${alone === 1 ? "1 question stands in one run only and is" : `${alone} questions stand in one run only and are`} left out.`,
    );
  const open = shared - judged;
  if (open > 0)
    notes.push(
      `${b!.name}: ${open === 1 ? "1 question has no answer in one run and is" : `${open} questions have no answer in one run and are`} left out.`,
    );
  const prompts = (task: typeof a) =>
    JSON.stringify([task!.fewShot?.count ?? 0, task!.fewShot?.sha256, task!.chat ?? null]);
  if (prompts(a) !== prompts(b))
    notes.push(`${b!.name}: the questions were asked with other examples, or in another template.`);
  return notes;
}

/** A run as tables: a row for each model and corpus, and for each model and task. */
import { bitsPerWeightOf } from "../../models/index.ts";
import { readMeasures } from "../scoring/index.ts";
import { taskRecipe } from "../tasks/index.ts";
import { RUN_MEASURES, type RunValues, TASK_MEASURES, type TaskValues } from "./measures.ts";
import type { Run } from "./run.ts";

/** What a row of results is about. */
interface RunNames {
  run: string;
  model: string;
  corpus: string;
  domain: string | null;
  recipe: string;
  recipeId: string;
  corpusSha256: string;
  modelSha256: string | null;
  /** Size of the model's files, bytes, and its bits per weight; `null` = unknown. */
  modelBytes: number | null;
  bitsPerWeight: number | null;
  standardErrorMethod: string;
  /** When the run began, ISO 8601. */
  created: string;
}

/** A result with the names that belong to it. */
export interface RunRow extends RunNames, RunValues {}

/** A row for every model on every corpus of a run, as tables and SQL have them. */
export function runRows(run: Run): RunRow[] {
  return run.results.map((result) => {
    const model = run.models[result.modelIndex]!;
    const corpus = run.corpora[result.corpusIndex]!;
    return {
      run: run.id,
      model: modelLabel(run, result.modelIndex),
      corpus: corpus.name,
      domain: corpus.domain,
      recipe: model.recipe.name ?? "own",
      recipeId: model.recipe.id,
      corpusSha256: corpus.sha256,
      modelSha256: model.identity.sha256,
      modelBytes: model.identity.bytes,
      bitsPerWeight: bitsPerWeightOf(model.identity),
      standardErrorMethod: result.standardErrorMethod,
      created: run.created,
      ...readMeasures(RUN_MEASURES, result),
    };
  });
}

/** What a row of answers is about. */
interface TaskNames {
  run: string;
  model: string;
  task: string;
  /** "arc (lm-eval)": how its rows are asked, and whose way that is. */
  form: string;
  taskSha256: string;
  modelSha256: string | null;
  /** As in `RunRow`. */
  modelBytes: number | null;
  bitsPerWeight: number | null;
  /** When the run began, ISO 8601. */
  created: string;
}

/** A model's answers to a task. */
export interface TaskRow extends TaskNames, TaskValues {}

/** A row for every model on every task of a run, as tables and SQL have them. */
export function taskRows(run: Run): TaskRow[] {
  return run.taskResults.map(({ modelIndex, taskIndex, summary }) => ({
    run: run.id,
    model: modelLabel(run, modelIndex),
    task: run.tasks[taskIndex]!.name,
    form: taskRecipe(run.tasks[taskIndex]!.form.name, run.tasks[taskIndex]!.form.source),
    taskSha256: run.tasks[taskIndex]!.sha256,
    modelSha256: run.models[modelIndex]!.identity.sha256,
    modelBytes: run.models[modelIndex]!.identity.bytes,
    bitsPerWeight: bitsPerWeightOf(run.models[modelIndex]!.identity),
    created: run.created,
    ...readMeasures(TASK_MEASURES, summary),
  }));
}

/** The model's name, or where several have the same one, the reference that it was asked for by. */
export function modelLabel(run: Run, index: number): string {
  const { identity, reference } = run.models[index]!;
  const alike = run.models.filter((other) => other.identity.name === identity.name);
  return alike.length > 1 ? reference : identity.name;
}

/**
 * Rows with the names of their models; with the run's name too, where a model's name stands for several files or
 * recipes, or for several runs' scores of one corpus or task: those are not one model's numbers. Runs of one name, in
 * two folders, have the time of their creation beside it.
 */
export function labelled<Row extends RunRow | TaskRow>(rows: readonly Row[]): { label: string; row: Row }[] {
  const ambiguous = new Set<string>();
  const methods = new Map<string, string>();
  const scores = new Map<string, string>();
  const runs = new Map<string, Set<string>>(); // by name, when they were created
  for (const row of rows) {
    const { run, created, model, modelSha256 } = row;
    const method = JSON.stringify([modelSha256, "recipeId" in row ? row.recipeId : null]);
    const score = JSON.stringify([model, "corpus" in row ? row.corpus : row.task]);
    const origin = JSON.stringify([run, created]);
    if ((methods.get(model) ?? method) !== method || (scores.get(score) ?? origin) !== origin)
      ambiguous.add(model);
    methods.set(model, method);
    scores.set(score, origin);
    runs.set(run, (runs.get(run) ?? new Set()).add(created));
  }
  const nameOf = ({ run, created }: Row) => (runs.get(run)!.size > 1 ? `${run}, ${created}` : run);
  return rows.map((row) => ({
    label: ambiguous.has(row.model) ? `${row.model} (${nameOf(row)})` : row.model,
    row,
  }));
}

/**
 * Labelled rows with the domain of each: what the corpus says it is, else the corpus. A domain in which one model has
 * several corpora, such as news.txt of two folders, is none for a map: there each corpus stands under its own name.
 */
export function withDomains(rows: readonly RunRow[]): { label: string; domain: string; row: RunRow }[] {
  const scored = labelled(rows).map(({ label, row }) => ({ label, domain: row.domain ?? row.corpus, row }));
  const corpora = new Map<string, string>(); // by label and domain
  const shared = new Set<string>();
  for (const { label, domain, row } of scored) {
    const place = JSON.stringify([label, domain]);
    if ((corpora.get(place) ?? row.corpus) !== row.corpus) shared.add(domain);
    corpora.set(place, row.corpus);
  }
  return scored.map(({ label, domain, row }) => ({
    label,
    domain: shared.has(domain) ? row.corpus : domain,
    row,
  }));
}

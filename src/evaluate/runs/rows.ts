/** A run as a table: a row for each model and corpus. */
import type { Run, RunResult } from "./run.ts";

/** A result with the names that belong to it. */
export interface RunRow {
  run: string;
  model: string;
  corpus: string;
  domain: string | null;
  recipe: string;
  recipeId: string;
  corpusSha256: string;
  modelSha256: string | null;
  documents: number;
  skipped: number;
  tokens: number;
  scored: number;
  nll: number | null;
  perplexity: number | null;
  standardError: number | null;
  standardErrorMethod: string;
  low: number | null;
  high: number | null;
  meanPerplexity: number | null;
  wordPerplexity: number | null;
  bytePerplexity: number | null;
  bitsPerToken: number | null;
  bitsPerByte: number | null;
  bitsPerByteStandardError: number | null;
  bitsPerCharacter: number | null;
  tokensRun: number;
  totalMs: number;
  created: string;
}

/** A row for every model on every corpus of a run, as tables and SQL have them. */
export function runRows(run: Run): RunRow[] {
  return run.results.map((result) => {
    const model = run.models[result.model]!;
    const corpus = run.corpora[result.corpus]!;
    const { interval, timing } = result;
    return {
      run: run.id,
      model: modelLabel(run, result.model),
      corpus: corpus.name,
      domain: corpus.domain,
      recipe: model.recipe.name ?? "own",
      recipeId: model.recipe.id,
      corpusSha256: corpus.sha256,
      modelSha256: model.identity.sha256,
      ...numbersOf(result),
      low: interval?.[0] ?? null,
      high: interval?.[1] ?? null,
      ...timing,
      created: run.created,
    };
  });
}

/** A model's answers to a task. Shares are 0 ... 1, with lm-eval's sample standard error. */
export interface TaskRow {
  run: string;
  model: string;
  task: string;
  questions: number;
  acc: number | null;
  accStandardError: number | null;
  /** By characters (lm-eval). */
  accNorm: number | null;
  accNormStandardError: number | null;
  /** By tokens (llama.cpp). */
  accNormTokens: number | null;
  accNormTokensStandardError: number | null;
  /** What guessing would give. */
  chance: number | null;
  /** Per target (lm-eval's LAMBADA). */
  perplexity: number | null;
  perplexityStandardError: number | null;
  taskSha256: string;
  modelSha256: string | null;
  created: string;
}

/** A row for every model on every task of a run, as tables and SQL have them. */
export function taskRows(run: Run): TaskRow[] {
  return run.taskResults.map(({ model, task, summary }) => {
    const choices = summary.kind === "multiple-choice" ? summary.accuracies : null;
    const acc = summary.kind === "target" ? summary.accuracy : summary.accuracies.acc;
    const target = summary.kind === "target" ? summary.perplexity : null;
    return {
      run: run.id,
      model: modelLabel(run, model),
      task: run.tasks[task]!.name,
      questions: summary.items,
      acc: acc.value,
      accStandardError: acc.standardError,
      accNorm: choices?.acc_norm.value ?? null,
      accNormStandardError: choices?.acc_norm.standardError ?? null,
      accNormTokens: choices?.acc_norm_tokens.value ?? null,
      accNormTokensStandardError: choices?.acc_norm_tokens.standardError ?? null,
      chance: summary.kind === "multiple-choice" ? summary.chance : null,
      perplexity: target?.value ?? null,
      perplexityStandardError: target?.standardError ?? null,
      taskSha256: run.tasks[task]!.sha256,
      modelSha256: run.models[model]!.identity.sha256,
      created: run.created,
    };
  });
}

function numbersOf(result: RunResult) {
  const {
    documents,
    skipped,
    tokens,
    scored,
    nll,
    perplexity,
    standardError,
    standardErrorMethod,
    meanPerplexity,
  } = result;
  const {
    wordPerplexity,
    bytePerplexity,
    bitsPerToken,
    bitsPerByte,
    bitsPerByteStandardError,
    bitsPerCharacter,
  } = result;
  return {
    documents,
    skipped,
    tokens,
    scored,
    nll,
    perplexity,
    standardError,
    standardErrorMethod,
    meanPerplexity,
    // Over a text of few "words", such as a Chinese one, it passes 1.8e308, which is not infinite but no number either.
    wordPerplexity:
      wordPerplexity === Number.POSITIVE_INFINITY && Number.isFinite(nll) ? null : wordPerplexity,
    bytePerplexity,
    bitsPerToken,
    bitsPerByte,
    bitsPerByteStandardError,
    bitsPerCharacter,
  };
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

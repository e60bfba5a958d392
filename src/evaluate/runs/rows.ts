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
  stderr: number | null;
  stderrMethod: string;
  low: number | null;
  high: number | null;
  meanPerplexity: number | null;
  wordPerplexity: number | null;
  bytePerplexity: number | null;
  bitsPerToken: number | null;
  bitsPerByte: number | null;
  bitsPerByteStderr: number | null;
  bitsPerCharacter: number | null;
  tokensRun: number;
  totalMs: number;
  created: string;
}

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

function numbersOf(result: RunResult) {
  const { documents, skipped, tokens, scored, nll, perplexity, stderr, stderrMethod, meanPerplexity } =
    result;
  const { wordPerplexity, bytePerplexity, bitsPerToken, bitsPerByte, bitsPerByteStderr, bitsPerCharacter } =
    result;
  return {
    ...{ documents, skipped, tokens, scored, nll, perplexity, stderr, stderrMethod, meanPerplexity },
    ...{ wordPerplexity, bytePerplexity, bitsPerToken, bitsPerByte, bitsPerByteStderr, bitsPerCharacter },
  };
}

/** The model's name, or where several have the same one, the reference that it was asked for by. */
export function modelLabel(run: Run, index: number): string {
  const { identity, reference } = run.models[index]!;
  const alike = run.models.filter((other) => other.identity.name === identity.name);
  return alike.length > 1 ? reference : identity.name;
}

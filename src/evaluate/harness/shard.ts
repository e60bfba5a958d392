/**
 * Scoring in pieces that can be done in any order, anywhere, and again, with the same digits.
 *
 * How texts are cut into shards depends on the texts, the recipe and the model's vocabulary only, never on what was done
 * before or on who does it; so the model runs the same batches in a resumed run and on another machine.
 */
import {
  emptyColumns,
  fillColumns,
  type ResolvedRecipe,
  type TokenColumns,
  type TokenRange,
  tokensRun,
  type WindowPlan,
  type WindowStep,
} from "../../core/index.ts";
import type { LanguageModel, ScoredSpan, ScoreOptions } from "../../models/index.ts";

/** A document, or some windows of one. */
export interface ShardPart {
  /** Index of the document in its corpus. */
  documentIndex: number;
  /** [n] ids of the document's tokens. */
  ids: Int32Array;
  /** What to do with them: all of the document's plan, or some of its steps. */
  plan: WindowPlan;
  /** Document tokens that get a number, [start, end); between them some may have none. */
  range: TokenRange;
}

/** What is scored in one go: a document, several short ones, or some windows of a long one. */
export interface Shard {
  parts: readonly ShardPart[];
}

/** The numbers of a part. */
export interface PartScore {
  documentIndex: number;
  /** Document index of the first token in `columns`. */
  start: number;
  columns: TokenColumns;
}

export interface ShardScore {
  parts: PartScore[];
  /** Tokens run through the model. */
  tokensRun: number;
}

/** Windows that are scored in one go run at least so many tokens. */
const LEAST_TOKENS = 512;
/** Short documents scored in one go have at most so many tokens together. */
const MOST_TOGETHER = 2048;

/**
 * Cuts a document into shards: its windows where they do not depend on each other, else the whole.
 * @param plan of the whole document.
 */
export function* shardsOf(documentIndex: number, ids: Int32Array, plan: WindowPlan): Generator<ShardPart> {
  let steps: WindowStep[] = [];
  let run = 0;
  const part = (): ShardPart => ({ documentIndex, ids, plan: { ...plan, steps }, range: scoredRange(steps) });
  for (const [i, step] of plan.steps.entries()) {
    steps.push(step);
    run += step.prefix.length + step.run.end - step.run.start;
    const next = plan.steps[i + 1];
    if (next?.forget !== "all" || run < LEAST_TOKENS) continue;
    yield part();
    steps = [];
    run = 0;
  }
  yield part();
}

function scoredRange(steps: readonly WindowStep[]): TokenRange {
  return { start: steps[0]!.score.start, end: steps.at(-1)!.score.end };
}

/** Puts neighbouring short documents together, which then share the model's batches. */
export class ShortDocuments {
  #parts: ShardPart[] = [];
  #tokens = 0;

  /** @returns the shards that are complete, in order. */
  add(part: ShardPart): Shard[] {
    const tokens = tokensRun(part.plan);
    if (part.plan.steps.length > 1 || tokens >= MOST_TOGETHER / 2)
      return [...this.flush(), { parts: [part] }];
    const full = this.#tokens + tokens > MOST_TOGETHER ? this.flush() : [];
    this.#parts.push(part);
    this.#tokens += tokens;
    return full;
  }

  /** @returns what is left, at the end of a corpus. */
  flush(): Shard[] {
    const parts = this.#parts;
    this.#parts = [];
    this.#tokens = 0;
    return parts.length > 0 ? [{ parts }] : [];
  }
}

/** Whether documents of one window may share batches: where forks cost nothing. */
export function canScoreTogether({ capabilities }: LanguageModel, { method }: ResolvedRecipe): boolean {
  return capabilities.fork && method !== "half"; // llama.cpp's chunks overwrite their first token
}

export interface ScoreShardOptions {
  /** Called for every piece of a document that is scored by itself. */
  onSpan?: ((span: Pick<ScoredSpan, "logprobs" | "tokensRun">) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** @throws SurprisalError as the model does. */
export async function scoreShard(
  model: LanguageModel,
  { parts }: Shard,
  { onSpan, signal }: ScoreShardOptions = {},
): Promise<ShardScore> {
  return parts.length === 1
    ? scorePart(model, parts[0]!, { signal }, onSpan)
    : scoreTogether(model, parts, { signal });
}

async function scorePart(
  model: LanguageModel,
  { documentIndex, ids, plan, range: { start, end } }: ShardPart,
  options: ScoreOptions,
  onSpan: ScoreShardOptions["onSpan"],
): Promise<ShardScore> {
  const columns = emptyColumns(end - start, 0);
  let run = 0;
  for await (const span of model.scoreTokens(ids, plan, options)) {
    fillColumns(columns, span.start - start, span);
    run += span.tokensRun;
    onSpan?.(span);
  }
  return { parts: [{ documentIndex, start, columns }], tokensRun: run };
}

async function scoreTogether(
  model: LanguageModel,
  parts: readonly ShardPart[],
  options: ScoreOptions,
): Promise<ShardScore> {
  const requests = parts.map(({ ids, plan }) => {
    const { prefix } = plan.steps[0]!;
    return prefix.length > 0
      ? { context: prefix, continuation: ids }
      : { context: ids.subarray(0, 1), continuation: ids.subarray(1) };
  });
  const scores: PartScore[] = [];
  let run = 0;
  for await (const { index, tokens, tokensRun } of model.score(requests, options)) {
    const { documentIndex, range } = parts[index]!;
    scores.push({ documentIndex, start: range.end - tokens.length, columns: tokens });
    run += tokensRun;
  }
  return { parts: scores, tokensRun: run };
}

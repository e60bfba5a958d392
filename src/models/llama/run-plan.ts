/** Carrying out a window plan over one document. */
import { emptyColumns, type WindowPlan, type WindowStep } from "../../core/index.ts";
import type { ScoredSpan, ScoreTokensOptions, SpanDistributions } from "../language-model.ts";
import type { LlamaContext } from "./context.ts";
import type { RowReader } from "./row-reader.ts";

const SEQUENCE = [0];
/** The first decode call of a document is short, so that the first numbers are there at once. */
const FIRST_BATCH = 64;
/** Rows of logits handed out at a time, bytes: llama.cpp's own are freed with the model, so these are copies. */
const DISTRIBUTION_BYTES = 8 * 2 ** 20;

/**
 * Spans arrive batch by batch, in document order; with distributions, in pieces of a batch.
 * @param context made for at least `plan.context` positions; its contents are dropped.
 */
export async function* runPlan(
  context: LlamaContext,
  reader: RowReader,
  ids: ArrayLike<number>,
  plan: WindowPlan,
  { alternatives: k = 0, distributions = false, signal }: ScoreTokensOptions,
): AsyncGenerator<ScoredSpan> {
  context.clear();
  const rows = distributions ? new LogitRows(context.shape.rowLength) : null;
  let kept = 0;
  let before = { tokensRun: context.tokensRun, decodeMs: context.decodeMs };
  for (const [index, step] of plan.steps.entries()) {
    kept = forget(context, kept, step);
    const scoreEnd = lastTarget(step, plan.steps[index + 1]);
    const firstBatch = index === 0 ? FIRST_BATCH : Number.POSITIVE_INFINITY;
    for (const targets of fillBatches(context, ids, step, kept, scoreEnd, firstBatch)) {
      await context.decode(signal);
      const size = rows?.capacity ?? targets.length;
      for (let first = 0; first < targets.length; first += size) {
        const count = Math.min(size, targets.length - first);
        const columns = emptyColumns(count, k);
        const reads = Array.from({ length: count }, (_, index) => ({
          logits: rows?.keep(index, context.row(first + index)) ?? context.row(first + index),
          token: ids[targets[first + index]!]!,
          columns,
          index,
        }));
        reader.readAll(reads, k, rows?.logSumExps);
        const { tokensRun, decodeMs } = context;
        yield {
          start: targets[first]!,
          ...columns,
          distributions: rows?.first(count),
          tokensRun: tokensRun - before.tokensRun,
          decodeMs: decodeMs - before.decodeMs,
        };
        before = { tokensRun, decodeMs };
      }
    }
    kept += step.prefix.length + step.run.end - step.run.start;
  }
}

/** A few rows of logits in memory of our own, used again and again. */
class LogitRows {
  readonly capacity: number;
  readonly #rowLength: number;
  readonly #logits: Float32Array;
  /** [capacity] ln Σ e^logit, nats, of the rows kept. */
  readonly logSumExps: Float64Array;

  constructor(rowLength: number) {
    this.capacity = Math.max(1, Math.floor(DISTRIBUTION_BYTES / (4 * rowLength)));
    this.#rowLength = rowLength;
    this.#logits = new Float32Array(this.capacity * rowLength);
    this.logSumExps = new Float64Array(this.capacity);
  }

  /** @returns [V] the copy. */
  keep(index: number, logits: Float32Array): Float32Array {
    this.#logits.set(logits, index * this.#rowLength);
    return this.#logits.subarray(index * this.#rowLength, (index + 1) * this.#rowLength);
  }

  first(count: number): SpanDistributions {
    return {
      logits: this.#logits.subarray(0, count * this.#rowLength),
      logSumExps: this.logSumExps.subarray(0, count),
    };
  }
}

/** Drops what the step drops, lets the rest close up, and returns how many positions are kept. */
function forget(context: LlamaContext, kept: number, { forget }: WindowStep): number {
  if (forget === "none") return kept;
  if (forget === "all") {
    context.clear();
    return 0;
  }
  const { start, end } = forget;
  context.closeGap(0, start, end);
  return kept - (end - start);
}

/**
 * One past the last document token whose prediction must be read while this step runs: the step's own, and the
 * first one of the next step when that step continues this one (its prediction comes from this step's last input).
 */
function lastTarget(step: WindowStep, next: WindowStep | undefined): number {
  const continues =
    next && next.forget !== "all" && next.prefix.length === 0 && next.run.start === step.run.end;
  return continues && next.score.start === step.run.end ? step.run.end + 1 : step.score.end;
}

/**
 * Puts the step's inputs into the batch; whenever it is full, after `firstBatch` inputs, and at the end yields the
 * document indices of the tokens that its output rows predict.
 */
function* fillBatches(
  context: LlamaContext,
  ids: ArrayLike<number>,
  step: WindowStep,
  kept: number,
  scoreEnd: number,
  firstBatch: number,
): Generator<number[]> {
  let targets: number[] = [];
  const { prefix, run, overwriteFirst } = step;
  const length = prefix.length + run.end - run.start;
  for (let i = 0; i < length; i++) {
    const index = run.start + i - prefix.length; // document index of this input; < run.start for the prefix
    const token =
      i < prefix.length
        ? prefix[i]!
        : index === run.start && overwriteFirst !== null
          ? overwriteFirst
          : ids[index]!;
    const target = index + 1;
    const wanted = i >= prefix.length - 1 && target >= step.score.start && target < scoreEnd;
    context.add(token, kept + i, SEQUENCE, wanted);
    if (wanted) targets.push(target);
    if (context.room === 0 || i === length - 1 || i + 1 === firstBatch) {
      yield targets;
      targets = [];
    }
  }
}

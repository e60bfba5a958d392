/** How far a run is, and how long it will still take. */
import type { RunCorpus, RunRecord } from "../runs/index.ts";
import type { EvaluateProgress } from "./options.ts";
import { type CorpusProgress, textBytes } from "./score-corpus.ts";

/** Share of a model's work that has to be done in this session before anything is said of the rest. */
const LEAST_SHARE = 0.001;

/** What is left, milliseconds. */
type TimeLeft = Pick<EvaluateProgress, "tokensRun" | "tokensPerSecond" | "modelRemainingMs" | "remainingMs">;

/**
 * Every model reads every corpus. A byte of text takes each model its own time: that of the model at work is measured, over what it has
 * done in this session; that of the models to come is taken to stand to it as their numbers of weights do, and is not guessed where
 * those are unknown.
 */
export class ProgressEstimate {
  /** Share of the whole that was done before this session, 0 ... 1. */
  readonly doneBefore: number;
  readonly #corpora: readonly RunCorpus[];
  /** [models][corpora] UTF-8 bytes that were done before this session. */
  readonly #before: readonly (readonly number[])[];
  readonly #parameters: (number | null)[];
  readonly #now: () => number;
  /** Tokens run in this session by the model at work: for the corpora before, and for the one at work. */
  #ranBefore = 0;
  #ran = 0;
  /** The model at work, since when, and the bytes that it has done in this session over the corpora before. */
  #model = -1;
  #started = 0;
  #doneInModel = 0;
  #doneInCorpus = 0;
  /** Of the models before. */
  #ranByOthers = 0;

  /** @param parameters weights of each model; `null` = not known (yet). @param now milliseconds of a monotonic clock. */
  constructor(
    parameters: readonly (number | null)[],
    corpora: readonly RunCorpus[],
    record: Pick<RunRecord, "corpus">,
    now: () => number = () => performance.now(),
  ) {
    this.#parameters = [...parameters];
    this.#corpora = corpora;
    this.#now = now;
    this.#before = parameters.map((_, model) =>
      corpora.map((_, corpus) =>
        record
          .corpus(model, corpus)
          .documents.reduce((sum, entry) => sum + (entry ? textBytes(entry) : 0), 0),
      ),
    );
    const all = this.#before.flat().reduce((sum, bytes) => sum + bytes, 0);
    this.doneBefore = all / Math.max(1, bytesOf(corpora) * parameters.length);
  }

  /** A model is at work now: its clock starts. @param parameters its weights. */
  modelBegins(modelIndex: number, parameters: number | null): void {
    this.#ranByOthers += this.#ranBefore;
    this.#parameters[modelIndex] = parameters ?? this.#parameters[modelIndex] ?? null;
    this.#model = modelIndex;
    this.#started = this.#now();
    this.#ranBefore = 0;
    this.#doneInModel = 0;
  }

  /** The corpus at work is done with, or was given up. */
  corpusEnds(): void {
    this.#ranBefore += this.#ran;
    this.#doneInModel += this.#doneInCorpus;
    this.#ran = 0;
    this.#doneInCorpus = 0;
  }

  /** @param progress of the corpus at work; those before it are done. */
  of(
    { modelIndex, corpusIndex }: Pick<EvaluateProgress, "modelIndex" | "corpusIndex">,
    progress: Pick<CorpusProgress, "bytes" | "tokensRun">,
  ): TimeLeft {
    if (modelIndex !== this.#model) this.modelBegins(modelIndex, null);
    const elapsed = this.#now() - this.#started;
    // What was done before is met first, and takes no time.
    this.#doneInCorpus = Math.max(0, progress.bytes - this.#before[modelIndex]![corpusIndex]!);
    this.#ran = progress.tokensRun;
    const done = this.#doneInModel + this.#doneInCorpus;
    const todo = this.#todo(modelIndex, corpusIndex);
    const ran = this.#ranBefore + this.#ran;
    const perByte = todo > 0 && done > LEAST_SHARE * todo ? elapsed / done : null;
    const modelRemainingMs = perByte === null ? null : perByte * Math.max(0, todo - done);
    return {
      tokensRun: this.#ranByOthers + ran,
      tokensPerSecond: ran > 0 && elapsed > 0 ? (1000 * ran) / elapsed : null,
      modelRemainingMs,
      remainingMs:
        modelRemainingMs === null || perByte === null
          ? null
          : this.#withOthers(modelIndex, modelRemainingMs, perByte),
    };
  }

  /** Bytes that this session has to do of a model; of the corpora before the one at work, those that it did. */
  #todo(modelIndex: number, corpusIndex: number): number {
    const ahead = this.#corpora.slice(corpusIndex).reduce((sum, { bytes }, i) => {
      return sum + Math.max(0, bytes - this.#before[modelIndex]![corpusIndex + i]!);
    }, 0);
    return this.#doneInModel + ahead;
  }

  #withOthers(modelIndex: number, own: number, perByte: number): number | null {
    let left = own;
    const weights = this.#parameters[modelIndex] ?? null;
    for (let other = modelIndex + 1; other < this.#parameters.length; other++) {
      const todo = this.#corpora.reduce(
        (sum, { bytes }, corpus) => sum + Math.max(0, bytes - this.#before[other]![corpus]!),
        0,
      );
      if (todo === 0) continue;
      const others = this.#parameters[other] ?? null;
      if (weights === null || others === null || weights === 0) return null;
      left += todo * perByte * (others / weights);
    }
    return left;
  }
}

function bytesOf(corpora: readonly RunCorpus[]): number {
  return corpora.reduce((sum, { bytes }) => sum + bytes, 0);
}

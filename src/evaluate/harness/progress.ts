/** How far a run is, and how long it will still take. */
import type { RunCorpus, RunRecord } from "../runs/index.ts";
import type { EvaluateProgress } from "./options.ts";
import { type CorpusProgress, textBytes } from "./score-corpus.ts";

/** Share of the whole that has to be done in this session before anything is said of the rest. */
const LEAST_SHARE = 0.001;

/** Every model reads every corpus, and every byte of text is taken to cost the same time. */
export class ProgressEstimate {
  /** Share of the whole that was done before this session, 0 ... 1. */
  readonly doneBefore: number;
  readonly #models: number;
  readonly #corpora: readonly RunCorpus[];
  readonly #started = performance.now();
  /** Tokens run in this session: for the corpora before, and for the one at work. */
  #ranBefore = 0;
  #ran = 0;

  constructor(models: number, corpora: readonly RunCorpus[], record: RunRecord) {
    this.#models = models;
    this.#corpora = corpora;
    let done = 0;
    for (let model = 0; model < models; model++)
      for (const corpus of corpora.keys())
        record.corpus(model, corpus).documents.forEach((entry) => {
          done += textBytes(entry);
        });
    this.doneBefore = this.#shareOf(done);
  }

  /** The corpus at work is done with, or was given up. */
  corpusEnds(): void {
    this.#ranBefore += this.#ran;
    this.#ran = 0;
  }

  /** @param progress of the corpus at work; those before it are done. */
  of(
    { modelIndex, corpusIndex }: Pick<EvaluateProgress, "modelIndex" | "corpusIndex">,
    progress: CorpusProgress,
  ): Pick<EvaluateProgress, "tokensRun" | "tokensPerSecond" | "remainingMs"> {
    const elapsed = performance.now() - this.#started;
    const before = modelIndex * bytesOf(this.#corpora) + bytesOf(this.#corpora.slice(0, corpusIndex));
    const share = this.#shareOf(before + progress.bytes);
    const done = share - this.doneBefore;
    this.#ran = progress.tokensRun;
    const tokensRun = this.#ranBefore + this.#ran;
    return {
      tokensRun,
      tokensPerSecond: tokensRun > 0 ? (1000 * tokensRun) / elapsed : null,
      remainingMs: done > LEAST_SHARE ? (elapsed * (1 - share)) / done : null,
    };
  }

  #shareOf(bytes: number): number {
    return bytes / Math.max(1, bytesOf(this.#corpora) * this.#models);
  }
}

function bytesOf(corpora: readonly RunCorpus[]): number {
  return corpora.reduce((sum, { bytes }) => sum + bytes, 0);
}

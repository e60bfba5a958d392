/** Several estimators over the same samples, with whatever they have to ask. */
import { abortError } from "../../core/index.ts";
import type { AnswerSample, Estimate, RunningEstimate } from "../estimator.ts";
import type { ComparingEstimator, PrepareOptions } from "./estimator-of-samples.ts";

/**
 * Feeds samples to estimators: what has to be asked about a sample is asked first, then all observe it. Estimators that share an
 * `EntailmentTable` or a similarity ask about a pair once.
 */
export class SampleWatch {
  readonly #estimators: readonly ComparingEstimator[];
  #running: RunningEstimate<AnswerSample>[];
  readonly #samples: AnswerSample[] = [];
  /** Samples are observed one after the other, in the order they were given. */
  #last: Promise<void> = Promise.resolve();

  constructor(estimators: readonly ComparingEstimator[]) {
    this.#estimators = [...estimators];
    this.#running = estimators.map((estimator) => estimator.start());
  }

  /** Samples that were observed. */
  get count(): number {
    return this.#samples.length;
  }

  /**
   * Observes one more sample. When it rejects, because something could not be asked or the sample is none, nobody has observed
   * it, and it may be given again.
   * @throws SurprisalError INVALID_ARGUMENT for what is no sample; ABORTED; whatever a judge or an encoder throws
   */
  observe(sample: AnswerSample, options: PrepareOptions = {}): Promise<void> {
    const mine = this.#last.then(() => this.#observe(sample, options));
    this.#last = mine.catch(() => {});
    return mine;
  }

  async #observe(sample: AnswerSample, options: PrepareOptions): Promise<void> {
    if (options.signal?.aborted) throw abortError("Observing a sample", options.signal);
    if (typeof sample.text === "string")
      for (const { prepare } of this.#estimators) await prepare?.(this.#texts, sample.text, options);
    try {
      for (const running of this.#running) running.observe(sample);
    } catch (error) {
      // Some have observed it: all begin again without it.
      this.#running = this.#estimators.map((estimator) => estimator.start());
      for (const running of this.#running) for (const earlier of this.#samples) running.observe(earlier);
      throw error;
    }
    this.#samples.push({ ...sample });
  }

  get #texts(): string[] {
    return this.#samples.map(({ text }) => text);
  }

  /** What each estimator says of the samples up to now, in the order the estimators were given. */
  estimates(): Estimate[] {
    return this.#running.map((running) => running.estimate());
  }
}

/**
 * What estimators say of samples that are there already; the first is the answer.
 * @throws SurprisalError as `SampleWatch.observe`
 */
export async function estimateSamples(
  estimators: readonly ComparingEstimator[],
  samples: readonly AnswerSample[],
  options: PrepareOptions = {},
): Promise<Estimate[]> {
  const watch = new SampleWatch(estimators);
  for (const sample of samples) await watch.observe(sample, options);
  return watch.estimates();
}

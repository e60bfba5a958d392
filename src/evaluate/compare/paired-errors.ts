/**
 * The standard errors of a comparison by the bootstrap: the formula that the recipe has, as `scoreText` and `evaluate` use
 * it, so that one text under one recipe has one ±.
 */
import {
  blockBootstrapMean,
  documentBootstrap,
  type Estimate,
  type PairedMeasures,
  type Recipe,
} from "../../core/index.ts";

/** How the ± of a comparison per token are made. */
export type PairedErrorMethod = Recipe["standardErrorMethod"] | "document-bootstrap";

/** [n] what is kept of every token that has a number in both models. */
export interface PairedColumns {
  /** -ln p under the base, nats. */
  baseNll: ArrayLike<number>;
  /** ln p under the model - ln p under the base, nats. */
  differences: ArrayLike<number>;
  /** KL(base‖model), nats. */
  divergences: ArrayLike<number>;
  /** Change of the probability. */
  deltaP: ArrayLike<number>;
  /** 1 where both hold the same token for the most probable. */
  sameTop: ArrayLike<number>;
}

/** A mean's ± and 95 % interval. */
interface MeanError {
  standardError: number;
  low: number;
  high: number;
  level: number;
  resamples: number;
  /** Neighbouring tokens drawn together; `null`: whole documents were. */
  blockLength: number | null;
}

type ErrorOfMean = (series: Float64Array) => MeanError | null;

/**
 * How the error of a mean over tokens is estimated: over documents where there are two or more, as a run does, else over
 * blocks of neighbouring tokens, as one text's is.
 * @param documentEnds tokens before the end of each document; a document without any adds none.
 */
export function errorOfMeans(documentEnds: readonly number[]): {
  method: PairedErrorMethod;
  errorOf: ErrorOfMean;
} {
  if (documentEnds.length < 2)
    return { method: "block-bootstrap", errorOf: (series) => blockBootstrapMean(series) };
  const sizes = documentEnds.map((end, i) => end - (documentEnds[i - 1] ?? 0));
  const errorOf: ErrorOfMean = (series) => {
    const sums = documentEnds.map((end, i) =>
      series.subarray(documentEnds[i - 1] ?? 0, end).reduce((sum, value) => sum + value, 0),
    );
    const bootstrap = documentBootstrap(sums, sizes);
    return bootstrap && { ...bootstrap, blockLength: null };
  };
  return { method: "document-bootstrap", errorOf };
}

/**
 * The measures with these errors in place of llama.cpp's. Functions of means have theirs by the delta method; what both
 * models find hard cancels, since a resample holds the same tokens for both.
 */
export function withErrors(
  measures: PairedMeasures,
  columns: PairedColumns,
  errorOf: ErrorOfMean,
): PairedMeasures {
  const { basePerplexity, perplexity, logRatio, ratio, difference, rmsDeltaP } = measures;
  const n = columns.baseNll.length;
  const error = (value: (i: number) => number, factor = 1): number | null => {
    const found = Number.isFinite(factor)
      ? errorOf(Float64Array.from({ length: n }, (_, i) => value(i)))
      : null;
    return found && found.standardError * factor;
  };
  const base = (i: number) => columns.baseNll[i]!;
  const worse = (i: number) => 0 - columns.differences[i]!;
  const model = (i: number) => base(i) + worse(i);
  const of = ({ value }: Estimate, standardError: number | null): Estimate => ({ value, standardError });
  const finite = Number.isFinite(perplexity.value) && Number.isFinite(basePerplexity.value);
  return {
    ...measures,
    basePerplexity: of(basePerplexity, error(base, basePerplexity.value)),
    perplexity: of(perplexity, error(model, perplexity.value)),
    logRatio: of(logRatio, error(worse)),
    ratio: of(ratio, error(worse, ratio.value)),
    difference: of(
      difference,
      finite ? error((i) => perplexity.value * model(i) - basePerplexity.value * base(i)) : null,
    ),
    divergence: of(
      measures.divergence,
      error((i) => columns.divergences[i]!),
    ),
    deltaP: of(
      measures.deltaP,
      error((i) => columns.deltaP[i]!),
    ),
    rmsDeltaP: of(
      rmsDeltaP,
      error((i) => columns.deltaP[i]! ** 2, rmsDeltaP.value === 0 ? 1 : 0.5 / rmsDeltaP.value),
    ),
    sameTop: of(
      measures.sameTop,
      error((i) => columns.sameTop[i]!),
    ),
  };
}

/** Two models with the same tokens: divergence of their distributions, and what they give the tokens that are there. */
import {
  addPairedToken,
  DivergenceKernel,
  emptyPairedSums,
  type PairedMeasures,
  type Percentiles,
  pairedMeasures,
  percentilesOf,
  type Recipe,
  ratioBootstrap,
} from "../../core/index.ts";
import type { LanguageModel, ScoredSpan } from "../../models/index.ts";
import { GrowingColumn } from "./growing-column.ts";
import { Largest, type Place, placeAt } from "./most-changed.ts";
import { errorOfMeans, type PairedErrorMethod, withErrors } from "./paired-errors.ts";
import type { SharedTokens } from "./same-tokens.ts";

/** A token whose distribution changed much. */
export interface ChangedToken extends Place {
  /** Its id. */
  id: number;
  /** KL(base‖model) in its place, nats. */
  divergence: number;
  /** ln p of the token under the base and the model, nats. */
  baseLogprob: number;
  logprob: number;
  /** The token that each holds for the most probable in its place, as text. */
  baseTop: string;
  top: string;
}

/** What a comparison per token says. */
export interface TokenMeasures extends PairedMeasures {
  /**
   * 95% interval of the ratio of the perplexities by the bootstrap over the tokens' differences, which does not take
   * neighbours for independent (under llama.cpp's recipe too, then over blocks); `null` where it cannot be made.
   */
  ratioInterval: {
    low: number;
    high: number;
    level: number;
    /** Neighbouring tokens drawn together; `null`: whole documents were. */
    blockLength: number | null;
    resamples: number;
  } | null;
  /**
   * How every ± here is made: by the formula that the recipe has, as in a score or a run of the same texts. llama.cpp's takes
   * tokens for independent; the bootstrap is over documents where there are two or more, else over blocks of tokens.
   */
  standardErrorMethod: PairedErrorMethod;
  /** Percentiles of KL(base‖model) per token, nats: exact, of all tokens in single precision. */
  divergencePercentiles: Percentiles;
  /** Percentiles of the change of the probability of the token that is there. */
  deltaPPercentiles: Percentiles;
  /** The tokens with the largest divergence, largest first. */
  mostChanged: ChangedToken[];
}

/** A document's tokens and text. */
export interface ComparedDocument {
  name: string;
  /** UTF-8. */
  bytes: Uint8Array;
  ids: Int32Array;
  byteOffsets: Uint32Array;
}

/** One model against the base, while the documents go by. Keeps 20 bytes per token. */
export class TokenComparison {
  readonly base: LanguageModel;
  readonly model: LanguageModel;
  readonly shared: SharedTokens;
  readonly #kernel: DivergenceKernel;
  #sums = emptyPairedSums();
  readonly #divergences = new GrowingColumn();
  readonly #deltaP = new GrowingColumn();
  readonly #differences = new GrowingColumn();
  readonly #baseNll = new GrowingColumn();
  readonly #sameTop = new GrowingColumn();
  /** Tokens before the end of each document that has some. */
  readonly #documentEnds: number[] = [];
  readonly #largest: Largest<Omit<ChangedToken, "baseTop" | "top"> & { topIds: [number, number] }>;

  private constructor(
    models: { base: LanguageModel; model: LanguageModel },
    shared: SharedTokens,
    kernel: DivergenceKernel,
    mostChanged: number,
  ) {
    this.base = models.base;
    this.model = models.model;
    this.shared = shared;
    this.#kernel = kernel;
    this.#largest = new Largest(mostChanged);
  }

  static async create(
    models: { base: LanguageModel; model: LanguageModel },
    shared: SharedTokens,
    mostChanged: number,
  ): Promise<TokenComparison> {
    return new TokenComparison(models, shared, await DivergenceKernel.create(shared.size), mostChanged);
  }

  /** Token `index` of a document, at place `i` of the base's span and place `j` of the model's. */
  add(
    document: ComparedDocument,
    index: number,
    base: ScoredSpan,
    i: number,
    model: ScoredSpan,
    j: number,
  ): void {
    const kernel = this.#kernel;
    kernel.measure(loadRow(kernel.p, base, i), loadRow(kernel.q, model, j));
    const { divergence, topOfP, topOfQ } = kernel;
    const baseLogprob = base.logprobs[i]!;
    const logprob = model.logprobs[j]!;
    if (Number.isNaN(baseLogprob) || Number.isNaN(logprob)) return;
    addPairedToken(this.#sums, { baseLogprob, logprob, divergence, sameTop: topOfP === topOfQ });
    this.#divergences.push(divergence);
    this.#deltaP.push(Math.exp(logprob) - Math.exp(baseLogprob));
    this.#differences.push(logprob === baseLogprob ? 0 : logprob - baseLogprob);
    this.#baseNll.push(0 - baseLogprob);
    this.#sameTop.push(topOfP === topOfQ ? 1 : 0);
    this.#largest.offer(divergence, () => ({
      ...placeAt(
        document.name,
        document.bytes,
        document.byteOffsets[index]!,
        document.byteOffsets[index + 1]!,
      ),
      id: document.ids[index]!,
      divergence,
      baseLogprob,
      logprob,
      topIds: [topOfP, topOfQ],
    }));
  }

  /** No more tokens of this document come. */
  endDocument(): void {
    const end = this.#baseNll.length;
    if (end > (this.#documentEnds.at(-1) ?? 0)) this.#documentEnds.push(end);
  }

  /** Perplexities so far; `null` before anything was scored. */
  get measures(): PairedMeasures | null {
    return pairedMeasures(this.#sums);
  }

  /**
   * What all documents say; `null` when no token had a number in both.
   * @param method of the recipe's standard error.
   */
  async result(method: Recipe["standardErrorMethod"]): Promise<TokenMeasures | null> {
    const sums = pairedMeasures(this.#sums);
    if (sums === null) return null;
    const { measures, ratioInterval, standardErrorMethod } = this.#withErrors(sums, method);
    const mostChanged: ChangedToken[] = [];
    for (const { topIds, ...changed } of this.#largest.items)
      mostChanged.push({
        ...changed,
        baseTop: await piece(this.base, topIds[0]),
        top: await piece(this.model, topIds[1]),
      });
    return {
      ...measures,
      ratioInterval,
      standardErrorMethod,
      divergencePercentiles: percentilesOf(this.#divergences.values.toSorted()),
      deltaPPercentiles: percentilesOf(this.#deltaP.values.toSorted()),
      mostChanged,
    };
  }

  #withErrors(sums: PairedMeasures, recipeMethod: Recipe["standardErrorMethod"]) {
    const differences = this.#differences.values;
    if (recipeMethod === "llama.cpp") {
      const bootstrap = ratioBootstrap(differences);
      return {
        measures: sums,
        ratioInterval: bootstrap && intervalOf(bootstrap),
        standardErrorMethod: recipeMethod,
      };
    }
    const { method, errorOf } = errorOfMeans(this.#documentEnds);
    const columns = {
      baseNll: this.#baseNll.values,
      differences,
      divergences: this.#divergences.values,
      deltaP: this.#deltaP.values,
      sameTop: this.#sameTop.values,
    };
    const logRatio = errorOf(Float64Array.from(differences, (difference) => 0 - difference));
    const [low, high] = [Math.exp(logRatio?.low ?? Number.NaN), Math.exp(logRatio?.high ?? Number.NaN)];
    return {
      measures: withErrors(sums, columns, errorOf),
      ratioInterval: logRatio && Number.isFinite(high) ? intervalOf({ ...logRatio, low, high }) : null,
      standardErrorMethod: method,
    };
  }
}

const intervalOf = ({
  low,
  high,
  level,
  blockLength,
  resamples,
}: NonNullable<TokenMeasures["ratioInterval"]>) => ({
  low,
  high,
  level,
  blockLength,
  resamples,
});

async function piece(model: LanguageModel, id: number): Promise<string> {
  return id < 0 ? "" : new TextDecoder("utf-8", { ignoreBOM: true }).decode(await model.detokenize([id]));
}

/**
 * Copies place `i` of a span into a row of the kernel, and returns its log-sum-exp over the tokens of the row: those a
 * larger vocabulary has behind them are taken out of it.
 */
function loadRow(row: Float32Array, { distributions, logprobs }: ScoredSpan, i: number): number {
  const { logits, logSumExps } = distributions!;
  const size = logits.length / logprobs.length;
  row.set(logits.subarray(i * size, i * size + row.length));
  let beyond = 0; // probability
  for (let at = i * size + row.length; at < (i + 1) * size; at++)
    beyond += Math.exp(logits[at]! - logSumExps[i]!);
  return beyond === 0 ? logSumExps[i]! : logSumExps[i]! + Math.log1p(-beyond);
}

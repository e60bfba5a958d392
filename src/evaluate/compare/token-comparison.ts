/** Two models with the same tokens: divergence of their distributions, and what they give the tokens that are there. */
import {
  addPairedToken,
  emptyPairedSums,
  type PairedMeasures,
  type Percentiles,
  pairedMeasures,
  percentilesOf,
  type Recipe,
  ratioBootstrap,
} from "../../core/index.ts";
import type { LanguageModel, ScoredSpan } from "../../models/index.ts";
import { type DifferenceBlocks, differenceBlocks } from "./blocks.ts";
import { GrowingColumn } from "./growing-column.ts";
import { Largest, type Place, placeAt } from "./most-changed.ts";
import { PairDivergences } from "./pair-divergences.ts";
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
  /** Differences block by block: what two of the compared models differ by, in pairs (`pairedRatio`). */
  blocks: DifferenceBlocks;
}

/** A document's tokens and text. */
export interface ComparedDocument {
  name: string;
  /** UTF-8. */
  bytes: Uint8Array;
  ids: Int32Array;
  byteOffsets: Uint32Array;
}

interface PairedToken {
  baseLogprob: number;
  logprob: number;
  divergence: number;
  topOfP: number;
  topOfQ: number;
}

/** One model against the base, while the documents go by. Keeps 20 bytes per token. */
export class TokenComparison {
  readonly base: LanguageModel;
  readonly model: LanguageModel;
  readonly shared: SharedTokens;
  readonly #pairs: PairDivergences;
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
    pairs: PairDivergences,
    mostChanged: number,
  ) {
    this.base = models.base;
    this.model = models.model;
    this.shared = shared;
    this.#pairs = pairs;
    this.#largest = new Largest(mostChanged);
  }

  static async create(
    models: { base: LanguageModel; model: LanguageModel },
    shared: SharedTokens,
    mostChanged: number,
  ): Promise<TokenComparison> {
    const pairs = await PairDivergences.create([models.base, models.model], shared.size);
    return new TokenComparison(models, shared, pairs, mostChanged);
  }

  /** Tokens [start, start + length) of a document, from place `i` of the base's span and place `j` of the model's on. */
  add(
    document: ComparedDocument,
    { start, length }: { start: number; length: number },
    base: ScoredSpan,
    i: number,
    model: ScoredSpan,
    j: number,
  ): void {
    const { divergences, topOfP, topOfQ } = this.#pairs.measure(base, i, model, j, length);
    for (let at = 0; at < length; at++)
      this.#add(document, start + at, {
        baseLogprob: base.logprobs[i + at]!,
        logprob: model.logprobs[j + at]!,
        divergence: divergences[at]!,
        topOfP: topOfP[at]!,
        topOfQ: topOfQ[at]!,
      });
  }

  #add(
    document: ComparedDocument,
    index: number,
    { baseLogprob, logprob, divergence, topOfP, topOfQ }: PairedToken,
  ): void {
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
      blocks: differenceBlocks(this.#differences.values, this.#documentEnds),
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

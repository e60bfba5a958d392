/**
 * Cross-entropy, taken apart on a real pair of models: H(p, q) = H(p) + KL(p‖q), in every place of a text, each of the three
 * summed by itself over the whole vocabulary.
 */
import { blockBootstrapMean, planFor, SurprisalError } from "../core/index.ts";
import { factsOf, lockstep, sharedTokens } from "../evaluate/index.ts";
import type { LanguageModel } from "../models/index.ts";
import {
  type ModelOfRun,
  type ModelRunOptions,
  modelOf,
  recipeOf,
  requireCapability,
  type TextOrTokens,
  tokensOf,
} from "./model-run.ts";

/** A mean over the places of a text, nats. */
export interface MeanNats {
  value: number;
  /** Circular block bootstrap over neighbouring places; `null` below two, or where it is infinite. */
  interval: { low: number; high: number; level: number } | null;
}

/** What q costs one who could have p. */
export interface CrossEntropyReport {
  p: ModelOfRun;
  q: ModelOfRun;
  recipe: { name: string | null; id: string };
  /** Places with both distributions. */
  places: number;
  /** Tokens of the vocabulary that were summed over. */
  vocabulary: number;
  /** H(p), H(q), nats per token. */
  entropyP: MeanNats;
  entropyQ: MeanNats;
  /** KL(p‖q), and KL(q‖p). */
  divergence: MeanNats;
  reverseDivergence: MeanNats;
  /** H(p, q) = -Σ p ln q. */
  crossEntropy: MeanNats;
  /** Largest |H(p, q) - H(p) - KL(p‖q)| of a place: rounding. */
  largestResidual: number;
  /** Mean -ln of the token that is there under each, nats: the cross-entropy of the text itself, whose base 2 or e power is the perplexity. */
  textP: MeanNats;
  textQ: MeanNats;
  notes: readonly string[];
}

/**
 * Takes the cross-entropy of two models with the same tokens apart.
 * @throws SurprisalError UNSUPPORTED_CAPABILITY without whole distributions; INVALID_ARGUMENT where the models have other
 *   tokens; EMPTY_INPUT, NOTHING_TO_SCORE.
 */
export async function crossEntropyOf(
  p: LanguageModel,
  q: LanguageModel,
  text: TextOrTokens,
  { tokens, level = 0.95, seed = 0, onProgress, signal }: ModelRunOptions = {},
): Promise<CrossEntropyReport> {
  for (const model of [p, q])
    requireCapability(model, "distribution", "This model does not give whole distributions of given text");
  const shared = await sharedTokens(p, q);
  if (shared === null)
    throw new SurprisalError({
      code: "INVALID_ARGUMENT",
      what: "The two models have different tokens: there is no cross-entropy between distributions over different things",
      where: `${p.identity.name}, ${q.identity.name}`,
      wayOut:
        "Give models of one family, such as a model and a quantisation of it; `surprisal compare` compares others per byte.",
    });
  const ids = await tokensOf(p, text, tokens);
  const recipe = recipeOf(p);
  const plan = planFor(recipe, ids.length, factsOf(p));
  const columns = Array.from({ length: 7 }, () => [] as number[]) as Columns;
  let largestResidual = 0;
  let run = 0;
  const streams = [p, q].map((model) => model.scoreTokens(ids, plan, { distributions: true, signal }));
  for await (const { length, places, tokensRun } of lockstep(streams)) {
    for (let i = 0; i < length; i++) {
      const rows = places.map(({ span, offset }) =>
        rowOf(span.distributions!.logits, offset + i, span.logprobs.length, shared.size),
      );
      const logprobs = places.map(({ span, offset }) => span.logprobs[offset + i]!);
      if (logprobs.some(Number.isNaN)) continue;
      const sums = sumsOf(rows[0]!, rows[1]!);
      if (Number.isFinite(sums.cross))
        largestResidual = Math.max(largestResidual, Math.abs(sums.cross - sums.entropyP - sums.divergence));
      for (const [column, value] of [
        sums.entropyP,
        sums.entropyQ,
        sums.divergence,
        sums.reverse,
        sums.cross,
        -logprobs[0]!,
        -logprobs[1]!,
      ].entries())
        columns[column]!.push(value);
    }
    run += tokensRun;
    onProgress?.(Math.min(run, 2 * ids.length), 2 * ids.length);
  }
  const measured = (values: readonly number[]): MeanNats => {
    const drawn = blockBootstrapMean(values, { level, seed });
    return {
      value: values.reduce((sum, value) => sum + value, 0) / values.length,
      interval: drawn && { low: drawn.low, high: drawn.high, level },
    };
  };
  const [entropyP, entropyQ, divergence, reverseDivergence, crossEntropy, textP, textQ] = columns.map(
    measured,
  ) as Means;
  return {
    p: modelOf(p),
    q: modelOf(q),
    recipe: { name: recipe.name, id: recipe.id },
    places: columns[0].length,
    vocabulary: shared.size,
    ...{ entropyP, entropyQ, divergence, reverseDivergence, crossEntropy, largestResidual, textP, textQ },
    notes: [...new Set([...(p.notes ?? []), ...(q.notes ?? []), ...recipe.notes, ...shared.notes])],
  };
}

type Seven<Each> = [Each, Each, Each, Each, Each, Each, Each];
type Columns = Seven<number[]>;
type Means = Seven<MeanNats>;

/** The logits of a place, of the tokens that both models have. */
function rowOf(logits: Float32Array, place: number, places: number, size: number): Float32Array {
  const vocabulary = logits.length / places;
  return logits.subarray(place * vocabulary, place * vocabulary + size);
}

/** ln Σ e^logit. */
function logSumExp(row: Float32Array): number {
  let highest = -Infinity;
  for (const logit of row) if (logit > highest) highest = logit;
  let sum = 0;
  for (const logit of row) sum += Math.exp(logit - highest);
  return highest + Math.log(sum);
}

/** Every sum by itself, in double precision: the identity is checked, not used. */
function sumsOf(p: Float32Array, q: Float32Array) {
  const [sumP, sumQ] = [logSumExp(p), logSumExp(q)];
  let [entropyP, entropyQ, divergence, reverse, cross] = [0, 0, 0, 0, 0];
  for (let i = 0; i < p.length; i++) {
    const [lnP, lnQ] = [p[i]! - sumP, q[i]! - sumQ];
    const [chanceP, chanceQ] = [Math.exp(lnP), Math.exp(lnQ)];
    if (chanceP > 0) {
      entropyP -= chanceP * lnP;
      cross -= chanceP * lnQ;
      // With - p + q, which cancel in the sum, no term is below 0: see core/divergence.ts.
      divergence += chanceP * (lnP - lnQ) - chanceP + chanceQ;
    } else divergence += chanceQ;
    if (chanceQ > 0) {
      entropyQ -= chanceQ * lnQ;
      reverse += chanceQ * (lnQ - lnP) - chanceQ + chanceP;
    } else reverse += chanceP;
  }
  return { entropyP, entropyQ, divergence: Math.max(0, divergence), reverse: Math.max(0, reverse), cross };
}

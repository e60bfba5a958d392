/** A model's own temperature: over its whole vocabulary, from the logits as it computes them, or from the top k that a server gives. */
import {
  invalidArgument,
  planFor,
  type RecipeOption,
  type RecipeOverrides,
  resolveRecipe,
  SurprisalError,
} from "../../core/index.ts";
import { factsOf, recipeTokens } from "../../evaluate/scoring/index.ts";
import type { LanguageModel, ModelIdentity } from "../../models/index.ts";
import type { TemperatureCalibrator } from "./calibrator.ts";
import { leastLoss } from "./temperature.ts";

/** β = 1/T at which each row is summed: 1/8, 2/8 ... 4, so T from 8 to 1/4. */
const STEP = 1 / 8;
const PLACES = 32;

/** The loss of a temperature over whole distributions, summed row by row: no row is kept. */
export class LogitTemperature {
  /** [PLACES] slope of Σ -ln p(target) at each β, and its curvature. */
  readonly #slopes = new Float64Array(PLACES);
  readonly #curvatures = new Float64Array(PLACES);
  #rows = 0;

  /** Rows taken so far. */
  get rows(): number {
    return this.#rows;
  }

  /**
   * Takes the distribution before one token.
   * @param logits [V] ln p up to a constant; -Infinity = probability 0.
   * @param target id of the token that stands there.
   * @throws SurprisalError INVALID_ARGUMENT for a target outside, or of probability 0.
   */
  add(logits: ArrayLike<number>, target: number): void {
    if (!(logits[target]! > -Infinity))
      throw invalidArgument(
        `The token ${target} has probability 0, which no temperature can help, or is none of ${logits.length}`,
        "target",
        "Leave it out, and count it.",
      );
    let most = -Infinity;
    for (let i = 0; i < logits.length; i++) if (logits[i]! > most) most = logits[i]!;
    const sums = new Float64Array(PLACES);
    const first = new Float64Array(PLACES);
    const second = new Float64Array(PLACES);
    for (let i = 0; i < logits.length; i++) {
      const off = logits[i]! - most;
      const ratio = Math.exp(STEP * off); // e^(β off) of the next β is this times the last
      if (ratio === 0) continue;
      let weight = ratio;
      for (let k = 0; k < PLACES && weight > 1e-30; k++, weight *= ratio) {
        sums[k]! += weight;
        first[k]! += weight * off;
        second[k]! += weight * off * off;
      }
    }
    const own = logits[target]! - most;
    for (let k = 0; k < PLACES; k++) {
      const mean = first[k]! / sums[k]!;
      this.#slopes[k]! += mean - own;
      this.#curvatures[k]! += Math.max(0, second[k]! / sums[k]! - mean * mean);
    }
    this.#rows++;
  }

  /**
   * The temperature with the least log loss, 1/4 ... 8. Between the places the slope is a cubic through slopes and curvatures:
   * off by about 1e-4 of T.
   * @throws SurprisalError EMPTY_INPUT before the first row.
   */
  fit(): TemperatureCalibrator {
    if (this.#rows === 0)
      throw new SurprisalError({
        code: "EMPTY_INPUT",
        what: "There are no rows to fit a temperature to",
        where: "logits",
      });
    const [slopes, curvatures] = [this.#slopes, this.#curvatures];
    if (slopes[0]! >= 0) return { kind: "temperature", temperature: 1 / STEP, atBound: true };
    if (slopes[PLACES - 1]! <= 0)
      return { kind: "temperature", temperature: 1 / (PLACES * STEP), atBound: true };
    const k = slopes.findIndex((slope) => slope > 0) - 1; // the slope rises with β
    const [y0, y1, d0, d1] = [slopes[k]!, slopes[k + 1]!, curvatures[k]! * STEP, curvatures[k + 1]! * STEP];
    const slopeAt = (t: number) =>
      y0 * (1 + 2 * t) * (1 - t) ** 2 +
      d0 * t * (1 - t) ** 2 +
      y1 * t * t * (3 - 2 * t) +
      d1 * t * t * (t - 1);
    let [low, high] = [0, 1];
    for (let i = 0; i < 50; i++) {
      const middle = (low + high) / 2;
      if (slopeAt(middle) < 0) low = middle;
      else high = middle;
    }
    return { kind: "temperature", temperature: 1 / ((k + 1 + low) * STEP), atBound: false };
  }
}

/** Options of `fitModelTemperature`. */
export interface ModelTemperatureOptions extends RecipeOverrides {
  /** A named recipe, or one of your own. Default "cached". */
  recipe?: RecipeOption | undefined;
  signal?: AbortSignal | undefined;
}

/** A model's own temperature on some texts. */
export interface ModelTemperature {
  model: ModelIdentity;
  calibrator: TemperatureCalibrator;
  /** Tokens it was fitted to. */
  tokens: number;
  /** Tokens of probability 0, which do not count. */
  impossible: number;
}

/**
 * The temperature at which a local model predicts texts best, over its whole vocabulary: above 1, it is over-confident of what
 * people write. T scales its logits before the softmax.
 * @param texts such as held-out prose of the kind that it is for.
 * @throws SurprisalError UNSUPPORTED_CAPABILITY for a model that does not give whole distributions; EMPTY_INPUT; what scoring throws.
 */
export async function fitModelTemperature(
  model: LanguageModel,
  texts: readonly string[],
  { recipe = "cached", signal, ...overrides }: ModelTemperatureOptions = {},
): Promise<ModelTemperature> {
  if (!model.capabilities.distribution)
    throw new SurprisalError({
      code: "UNSUPPORTED_CAPABILITY",
      what: "The model does not give whole distributions",
      where: model.identity.name,
      wayOut: "Take a model in process, or fit to the top k alternatives: fitTopKTemperature.",
    });
  const facts = factsOf(model);
  const resolved = resolveRecipe(recipe, overrides, facts);
  const sums = new LogitTemperature();
  let impossible = 0;
  for (const text of texts) {
    if (text === "") continue;
    const { ids } = await recipeTokens(model, resolved, text);
    const plan = planFor(resolved, ids.length, facts);
    for await (const { start, logprobs, distributions } of model.scoreTokens(ids, plan, {
      distributions: true,
      signal,
    })) {
      const { logits } = distributions!;
      const size = logits.length / logprobs.length;
      for (const [i, logprob] of logprobs.entries()) {
        if (Number.isNaN(logprob)) continue;
        if (logprob === -Infinity) impossible++;
        else sums.add(logits.subarray(i * size, (i + 1) * size), ids[start + i]!);
      }
    }
  }
  return { model: model.identity, calibrator: sums.fit(), tokens: sums.rows, impossible };
}

/** The most probable tokens of a distribution, as servers give them. */
export interface TopK {
  /** [k] ln p, nats. */
  logprobs: ArrayLike<number>;
  /** V, of the whole vocabulary; at least k. The V - k others are taken to share the rest of the mass evenly. */
  vocabulary: number;
}

/** Mass of the tokens that are not among the top k, and ln p of each if they share it. */
function tailOf({ logprobs, vocabulary }: TopK): { others: number; logprob: number } {
  const others = vocabulary - logprobs.length;
  if (!(Number.isSafeInteger(others) && others >= 0))
    throw invalidArgument(
      `${vocabulary} is no size of a vocabulary here`,
      "vocabulary",
      "Give V, at least k.",
    );
  let mass = 1;
  for (let i = 0; i < logprobs.length; i++) {
    if (!(logprobs[i]! <= 1e-6))
      throw invalidArgument(
        `${logprobs[i]} is no log-probability`,
        `logprobs[${i}]`,
        "Give numbers of at most 0.",
      );
    mass -= Math.exp(logprobs[i]!);
  }
  return { others, logprob: others === 0 || mass <= 1e-12 ? -Infinity : Math.log(mass / others) };
}

/**
 * The top k at another temperature. The mass beyond them grows with T: it is not spread over the known ones.
 * @returns [k] probabilities, and the mass of all others.
 * @throws SurprisalError INVALID_ARGUMENT
 */
export function temperedTopK(top: TopK, temperature: number): { probabilities: Float64Array; tail: number } {
  if (!(temperature > 0 && temperature < Infinity))
    throw invalidArgument(`${temperature} is no temperature`, "temperature", "Give a number above 0.");
  const { others, logprob } = tailOf(top);
  const most = Math.max(logprob, ...Array.from(top.logprobs));
  const weigh = (x: number) => Math.exp((x - most) / temperature);
  const weights = Float64Array.from(top.logprobs, weigh);
  const tail = others * weigh(logprob);
  const sum = weights.reduce((total, weight) => total + weight, 0) + tail;
  return { probabilities: weights.map((weight) => weight / sum), tail: tail / sum };
}

/**
 * The temperature with the least log loss on tokens of which only the top k alternatives are known. A token that is not among
 * them counts as one of the others.
 * @param tokens each with its place among its top k, from 0; `null` = it is not among them.
 * @throws SurprisalError INVALID_ARGUMENT; EMPTY_INPUT without tokens.
 */
export function fitTopKTemperature(
  tokens: readonly (TopK & { place: number | null })[],
): TemperatureCalibrator {
  if (tokens.length === 0)
    throw new SurprisalError({
      code: "EMPTY_INPUT",
      what: "There are no tokens to fit a temperature to",
      where: "tokens",
    });
  const rows = tokens.map(({ place, ...top }, i) => {
    const { others, logprob } = tailOf(top);
    const own = place === null ? logprob : top.logprobs[place];
    if (own === undefined || own === -Infinity)
      throw invalidArgument(
        own === undefined
          ? `${place} is none of the ${top.logprobs.length} alternatives`
          : "The token has probability 0",
        `tokens[${i}]`,
        "Give its place from 0, or null where it is not among them.",
      );
    return { logprobs: top.logprobs, others, logprob, own };
  });
  return leastLoss((beta) => {
    let [slope, curvature] = [0, 0];
    for (const { logprobs, others, logprob, own } of rows) {
      let [sum, first, second] = [0, 0, 0];
      const add = (x: number, times: number) => {
        if (x === -Infinity) return;
        const weight = times * Math.exp(beta * (x - own));
        sum += weight;
        first += weight * (x - own);
        second += weight * (x - own) ** 2;
      };
      for (let k = 0; k < logprobs.length; k++) add(logprobs[k]!, 1);
      add(logprob, others);
      const mean = first / sum;
      slope += mean;
      curvature += Math.max(0, second / sum - mean * mean);
    }
    return { slope, curvature };
  });
}

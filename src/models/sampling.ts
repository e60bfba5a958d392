/**
 * Choosing the next token from a distribution.
 *
 * The order is llama.cpp's default: penalties (penalties.ts), top-k, then top-p over what top-k left (renormalised), min-p,
 * then temperature. So the temperature does not change which tokens are kept. (Hugging Face Transformers applies it first.)
 */
import { SurprisalError, seededRandom } from "../core/index.ts";
import { checkNumber as check } from "./checks.ts";
import type { GenerateOptions } from "./language-model.ts";

/** The options of `generate` that decide how a token is chosen; see GenerateOptions. */
export type SamplingOptions = Pick<GenerateOptions, "temperature" | "topK" | "topP" | "minP" | "seed">;

/** What is left to choose from. */
export interface Candidates {
  /** Token ids; best first, the lower id first among equals, unless nothing was cut away: then in their own order. */
  ids: Int32Array;
  /** Their probabilities after temperature; they sum to 1. */
  probabilities: Float64Array;
}

/**
 * A chooser of next tokens with a random generator of its own: the same seed and the same distributions give the
 * same tokens. It takes [V] ln p or logits (a constant added to all changes nothing) and gives a token id.
 * @throws SurprisalError INVALID_ARGUMENT, here for the options, later for a row that is no distribution.
 */
export function createSampler(options: SamplingOptions = {}): (logprobs: Float32Array) => number {
  const { temperature = 0, topK = 0, topP = 1, minP = 0, seed = 0 } = options;
  checkSampling(options);
  if (temperature === 0) return mostProbable;
  const random = seededRandom(seed);
  if (topK === 0 && topP === 1 && minP === 0) {
    let weights = new Float64Array(0);
    return (logprobs) => {
      if (weights.length !== logprobs.length) weights = new Float64Array(logprobs.length);
      return drawFromAll(logprobs, temperature, random(), weights);
    };
  }
  return (logprobs) => draw(samplingDistribution(logprobs, options), random());
}

/**
 * The distribution that a token is drawn from.
 * @param logprobs [V] ln p or logits.
 * @throws SurprisalError INVALID_ARGUMENT.
 */
export function samplingDistribution(logprobs: Float32Array, options: SamplingOptions = {}): Candidates {
  const { temperature = 0, topK = 0, topP = 1, minP = 0 } = options;
  checkSampling(options);
  const best = mostProbable(logprobs);
  if (temperature === 0) return { ids: Int32Array.of(best), probabilities: Float64Array.of(1) };
  const highest = logprobs[best]!;
  let ids = topK > 0 ? take(descending(logprobs), topK) : null; // null: all
  if (topP < 1) ids = nucleus(logprobs, highest, ids, topP);
  ids ??= allIds(logprobs.length);
  if (minP > 0) ids = ids.filter((id) => logprobs[id]! >= leastLogit(highest, minP));
  const probabilities = new Float64Array(ids.length);
  let total = 0;
  for (let i = 0; i < ids.length; i++) {
    probabilities[i] = Math.exp((logprobs[ids[i]!]! - highest) / temperature);
    total += probabilities[i]!;
  }
  for (let i = 0; i < ids.length; i++) probabilities[i]! /= total;
  return { ids, probabilities };
}

/** Id of the most probable token, the lowest among equals. */
function mostProbable(logprobs: Float32Array): number {
  let best = 0;
  let highest = Number.NEGATIVE_INFINITY;
  for (let id = 0; id < logprobs.length; id++) {
    const logprob = logprobs[id]!;
    if (Number.isNaN(logprob)) throw noDistribution();
    if (logprob <= highest) continue;
    best = id;
    highest = logprob;
  }
  if (!Number.isFinite(highest)) throw noDistribution();
  return best;
}

/** @param uniform in [0, 1). */
function draw({ ids, probabilities }: Candidates, uniform: number): number {
  let chosen = 0;
  for (let i = 0; i < ids.length && uniform >= 0; i++) {
    if (probabilities[i] === 0) continue; // also when rounding leaves a crumb of `uniform` at the end
    chosen = ids[i]!;
    uniform -= probabilities[i]!;
  }
  return chosen;
}

/**
 * What `draw` gives where nothing is cut away, to the digit, without arrays of its own for every token.
 * @param weights [V] is written over.
 */
function drawFromAll(
  logprobs: Float32Array,
  temperature: number,
  uniform: number,
  weights: Float64Array,
): number {
  const highest = logprobs[mostProbable(logprobs)]!;
  let total = 0;
  for (let id = 0; id < logprobs.length; id++) {
    const weight = Math.exp((logprobs[id]! - highest) / temperature);
    weights[id] = weight;
    total += weight;
  }
  let chosen = 0;
  for (let id = 0; id < weights.length && uniform >= 0; id++) {
    const probability = weights[id]! / total;
    if (probability === 0) continue;
    chosen = id;
    uniform -= probability;
  }
  return chosen;
}

/**
 * The smallest set of most probable tokens with at least the share `topP` of the mass (Holtzman et al. 2020, "The
 * curious case of neural text degeneration").
 * @param ids what is left so far, best first; `null` = all.
 */
function nucleus(logprobs: Float32Array, highest: number, ids: Int32Array | null, topP: number): Int32Array {
  const weight = (id: number) => Math.exp(logprobs[id]! - highest);
  let total = 0;
  for (const id of ids ?? allIds(logprobs.length)) total += weight(id);
  const kept: number[] = [];
  let mass = 0;
  for (const id of ids ?? descending(logprobs)) {
    kept.push(id);
    mass += weight(id);
    if (mass >= topP * total) break;
  }
  return Int32Array.from(kept);
}

/** All ids, best first. Lazy, from a heap: asking for a few of a large vocabulary does not sort the rest. */
function* descending(logprobs: Float32Array): Generator<number> {
  const heap = allIds(logprobs.length);
  const before = (a: number, b: number) =>
    logprobs[a]! > logprobs[b]! || (logprobs[a]! === logprobs[b]! && a < b);
  const siftDown = (place: number, size: number) => {
    const id = heap[place]!;
    for (let child = 2 * place + 1; child < size; child = 2 * place + 1) {
      if (child + 1 < size && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, id)) break;
      heap[place] = heap[child]!;
      place = child;
    }
    heap[place] = id;
  };
  for (let place = heap.length >> 1; place > 0; ) siftDown(--place, heap.length);
  for (let size = heap.length; size > 0; ) {
    yield heap[0]!;
    heap[0] = heap[--size]!;
    siftDown(0, size);
  }
}

/** In single precision, as llama.cpp: which of two neighbours is kept is then the same. */
function leastLogit(highest: number, minP: number): number {
  return Math.fround(highest + Math.fround(Math.log(Math.fround(minP))));
}

function allIds(count: number): Int32Array {
  const ids = new Int32Array(count);
  for (let id = 0; id < count; id++) ids[id] = id;
  return ids;
}

function take(ids: Iterable<number>, count: number): Int32Array {
  const taken: number[] = [];
  for (const id of ids) if (taken.push(id) === count) break;
  return Int32Array.from(taken);
}

/** @throws SurprisalError INVALID_ARGUMENT */
export function checkSampling({
  temperature = 0,
  topK = 0,
  topP = 1,
  minP = 0,
  seed = 0,
}: SamplingOptions): void {
  check(temperature >= 0 && temperature < Number.POSITIVE_INFINITY, "temperature", temperature, "0 or more");
  check(Number.isInteger(topK) && topK >= 0, "topK", topK, "a whole number, 0 or more");
  check(topP > 0 && topP <= 1, "topP", topP, "more than 0, at most 1");
  check(minP >= 0 && minP <= 1, "minP", minP, "a number from 0 to 1");
  check(
    Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32,
    "seed",
    seed,
    "a whole number from 0 to 2^32 - 1",
  );
}

function noDistribution(): SurprisalError {
  return new SurprisalError({
    code: "INVALID_ARGUMENT",
    what: "The logits are no distribution: there is NaN or +Infinity among them, or all are -Infinity",
    wayOut: "Check the model: its weights or its numeric precision may be broken.",
  });
}

/** Finite Markov chains: what is known of them in closed form. */
import { entropy, invalidArgument } from "../../core/index.ts";

/** What a chain says after one token. */
export interface Prediction {
  /** [V] ln p(next | previous), nats; -Infinity for what cannot follow. */
  logprobs: Float64Array;
  /** -Σ p ln p, nats. */
  entropy: number;
  /** [V] ids, best first, the lower id first among equals. */
  order: Int32Array;
}

/** A chain of order 1: the next token depends on the last one only. */
export class MarkovChain {
  /** Number of tokens V. */
  readonly size: number;
  readonly #transitions: readonly Float64Array[];
  readonly #predictions: (Prediction | undefined)[] = [];

  /**
   * @param transitions [V][V] p(next | previous), each row summing to 1.
   * @throws SurprisalError INVALID_ARGUMENT when a row is no distribution over V tokens.
   */
  constructor(transitions: readonly ArrayLike<number>[]) {
    this.size = transitions.length;
    this.#transitions = transitions.map((row, previous) => normalised(row, previous, this.size));
  }

  /** p(next | previous), 0 ... 1. */
  probability(previous: number, next: number): number {
    return this.#transitions[previous]![next]!;
  }

  /** What may follow `previous`. */
  prediction(previous: number): Prediction {
    const known = this.#predictions[previous];
    if (known) return known;
    const row = this.#transitions[previous]!;
    const order = Int32Array.from(row.keys()).sort((a, b) => row[b]! - row[a]! || a - b);
    const prediction = { logprobs: row.map(Math.log), entropy: entropy(row), order };
    this.#predictions[previous] = prediction;
    return prediction;
  }

  /**
   * [V] the distribution π with π = πP: the share of each token in an endless text.
   * @throws SurprisalError INVALID_ARGUMENT when there is more than one (the chain falls into separate parts).
   */
  stationaryDistribution(): Float64Array {
    // The V equations Σ_i π_i (P_ij - δ_ij) = 0 hold one too many: the last gives way to Σ_i π_i = 1.
    const last = this.size - 1;
    const equations = Array.from({ length: this.size }, (_, j) =>
      Float64Array.from({ length: this.size + 1 }, (_, i) => {
        if (j === last) return 1;
        return i === this.size ? 0 : this.probability(i, j) - (i === j ? 1 : 0);
      }),
    );
    return solve(equations).map((share) => Math.max(0, share)); // rounding may leave a share below 0
  }

  /**
   * Entropy per token of an endless text, nats: H = Σ_i π_i H(P_i). exp(H) is the chain's true perplexity, the limit
   * that the perplexity of any text it writes tends to (Cover & Thomas, theorem 4.2.4).
   * @throws SurprisalError INVALID_ARGUMENT when the stationary distribution is not unique.
   */
  entropyRate(): number {
    return this.stationaryDistribution().reduce(
      (sum, share, previous) => sum + share * this.prediction(previous).entropy,
      0,
    );
  }
}

function normalised(row: ArrayLike<number>, previous: number, size: number): Float64Array {
  const probabilities = Float64Array.from(row);
  const total = probabilities.reduce((sum, p) => sum + p, 0);
  if (row.length === size && probabilities.every((p) => p >= 0) && Math.abs(total - 1) < 1e-6)
    return probabilities.map((p) => p / total);
  throw invalidArgument(
    `Row ${previous} is no distribution over ${size} tokens`,
    "transitions",
    `Give ${size} probabilities that sum to 1.`,
  );
}

/** Gaussian elimination with the largest pivot first. @param equations [n][n+1], the right side last; changed. */
function solve(equations: Float64Array[]): Float64Array {
  const n = equations.length;
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let row = column + 1; row < n; row++)
      if (Math.abs(equations[row]![column]!) > Math.abs(equations[pivot]![column]!)) pivot = row;
    [equations[column], equations[pivot]] = [equations[pivot]!, equations[column]!];
    const head = equations[column]!;
    if (Math.abs(head[column]!) < 1e-12)
      throw invalidArgument(
        "The chain falls into parts that never meet, so its stationary distribution is not unique",
        "transitions",
        "Let every token lead, over some others, to one common token.",
      );
    for (let row = 0; row < n; row++) {
      const factor = row === column ? 0 : equations[row]![column]! / head[column]!;
      if (factor !== 0) for (let i = column; i <= n; i++) equations[row]![i]! -= factor * head[i]!;
    }
  }
  return Float64Array.from(equations, (equation, i) => equation[n]! / equation[i]!);
}

/** All samples beside each other: distinct texts are compared once, however often they are sampled. */
import type { Need } from "../../estimator.ts";
import type { ComparingEstimator, TextPair } from "../estimator-of-samples.ts";
import type { TextSimilarity } from "./similarity.ts";

/** Samples as numbers of distinct texts. */
export class DistinctTexts {
  /** In the order of first coming. */
  readonly texts: string[] = [];
  /** [n] which text each sample has. */
  readonly ids: number[] = [];
  readonly #known = new Map<string, number>();

  has(text: string): boolean {
    return this.#known.has(text);
  }

  add(text: string): void {
    const known = this.#known.get(text);
    this.ids.push(known ?? this.texts.length);
    if (known !== undefined) return;
    this.#known.set(text, this.texts.length);
    this.texts.push(text);
  }

  /** Samples in an order that does not depend on how they came: by text, code unit by code unit. */
  get canonical(): number[] {
    const rank = this.texts
      .map((text, id) => ({ text, id }))
      .sort((a, b) => (a.text < b.text ? -1 : 1))
      .map(({ id }) => id);
    const place = new Int32Array(rank.length);
    for (const [i, id] of rank.entries()) place[id] = i;
    return this.ids.map((_, i) => i).sort((a, b) => place[this.ids[a]!]! - place[this.ids[b]!]! || a - b);
  }
}

/** Similarities of all samples to each other. An arriving sample costs one comparison with each distinct text before it. */
export class PairMatrix {
  readonly distinct: DistinctTexts = new DistinctTexts();
  readonly #rows: number[][] = [];
  readonly #similarity: TextSimilarity;
  readonly #compare: (a: string, b: string) => number;

  constructor(similarity: TextSimilarity) {
    this.#similarity = similarity;
    this.#compare = similarity.open();
  }

  get size(): number {
    return this.distinct.ids.length;
  }

  add(text: string): void {
    // Compared first: when that throws, the sample is not there.
    if (!this.distinct.has(text))
      this.#rows.push(this.distinct.texts.map((earlier) => this.#compare(earlier, text)));
    this.distinct.add(text);
  }

  /** Similarity of samples i and j. */
  between(i: number, j: number): number {
    const { ids, texts } = this.distinct;
    const [a, b] = [ids[i]!, ids[j]!];
    if (i === j) return this.#similarity.itself?.(texts[a]!) ?? 1;
    if (a === b) return this.#similarity.repeated?.(texts[a]!) ?? 1;
    return a > b ? this.#rows[a]![b]! : this.#rows[b]![a]!;
  }

  /** [n·n], samples in the canonical order. */
  matrix(): Float64Array {
    const order = this.distinct.canonical;
    const n = order.length;
    const matrix = new Float64Array(n * n);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) matrix[i * n + j] = this.between(order[i]!, order[j]!);
    return matrix;
  }
}

/** Every text before with the next one, both ways. */
export function pairsWith(before: readonly string[], next: string): TextPair[] {
  return [...new Set(before)]
    .filter((text) => text !== next)
    .flatMap((text): TextPair[] => [
      [text, next],
      [next, text],
    ]);
}

/** What is asked about n texts that are all compared with each other, or only the first with the others. */
export function asksOf(
  { needs, repeated }: { needs: readonly Need[]; repeated?: TextSimilarity["repeated"] },
  compared: "all" | "answer" = "all",
): ComparingEstimator["asks"] {
  if (needs.includes("entailment"))
    return compared === "all" ? (n) => n * (repeated ? n : n - 1) : (n) => 2 * Math.max(0, n - 1);
  return needs.includes("embeddings") ? (n) => n : () => 0;
}

/** The `prepare` of an estimator that compares all samples with each other by something that asks. */
export function preparePairs(
  asker: Pick<TextSimilarity, "prepare" | "repeated">,
): ComparingEstimator["prepare"] {
  if (!asker.prepare) return undefined;
  return async (before, next, options) => {
    const own: TextPair[] = asker.repeated ? [[next, next]] : [];
    await asker.prepare!([...own, ...pairsWith(before, next)], options);
  };
}

/** The same where only the first text, the answer, is compared with the others. */
export function prepareWithAnswer(asker: Pick<TextSimilarity, "prepare">): ComparingEstimator["prepare"] {
  if (!asker.prepare) return undefined;
  return async (before, next, options) => {
    await asker.prepare!(pairsWith(before.slice(0, 1), next), options);
  };
}

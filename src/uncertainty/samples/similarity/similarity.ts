/** How alike two texts are: 0 = nothing in common, 1 = the same. */
import { invalidArgument } from "../../../core/index.ts";
import type { Need } from "../../estimator.ts";
import { isProbability, type PrepareOptions, type TextPair } from "../estimator-of-samples.ts";

/** A way to compare two texts. */
export interface TextSimilarity {
  /** As variants name it, such as "Jaccard of words". */
  readonly name: string;
  readonly needs: readonly Need[];
  /** Asks somebody about pairs of texts, before they are compared; what is known already is not asked again. */
  prepare?(pairs: readonly TextPair[], options?: PrepareOptions): Promise<void>;
  /**
   * A comparer, which remembers what it made of each text for as long as it lives. It is not asked about two texts that are the
   * same. @returns 0 ... 1; the order of the two texts does not matter
   */
  open(): (a: string, b: string) => number;
  /** What two samples with the same text are to each other. Default 1. */
  repeated?(text: string): number;
  /** What a sample is to itself, on the diagonal of a matrix. Default 1. */
  itself?(text: string): number;
}

/** A similarity that compares what it makes of each text, once per text. */
export function lexicalSimilarity<Made>(
  name: string,
  make: (text: string) => Made,
  compare: (a: Made, b: Made) => number,
  repeated?: (text: string) => number,
): TextSimilarity {
  const open = () => {
    const made = new Map<string, Made>();
    const of = (text: string): Made => {
      if (!made.has(text)) made.set(text, make(text));
      return made.get(text)!;
    };
    return (a: string, b: string) => compare(of(a), of(b));
  };
  return { name, needs: [], open, ...(repeated && { repeated }) };
}

/**
 * A similarity that a function of yours says. It is asked in both directions, and the mean of the two is taken.
 * @throws SurprisalError INVALID_ARGUMENT (when it is used) for what is no number from 0 to 1
 */
export function similarityBy(
  name: string,
  compare: (a: string, b: string) => number,
  needs: readonly Need[] = [],
): TextSimilarity {
  const checked = (a: string, b: string) => {
    const value = compare(a, b);
    if (isProbability(value)) return value;
    throw invalidArgument(
      `${String(value)} is no similarity`,
      name,
      "A similarity is a number from 0 (nothing in common) to 1 (the same).",
    );
  };
  return { name, needs, open: () => (a, b) => (checked(a, b) + checked(b, a)) / 2 };
}

/**
 * Similarities that are known already. The mean of both directions is taken.
 * @param texts [n], no two of them the same
 * @param matrix [n][n], 0 ... 1; its diagonal is not read
 * @throws SurprisalError INVALID_ARGUMENT for a matrix of another size, NaN or numbers outside 0 ... 1, and (when it is used) for
 *   a text that is not among them
 */
export function similarityFrom(
  name: string,
  texts: readonly string[],
  matrix: readonly ArrayLike<number>[],
): TextSimilarity {
  const at = rowsOf(texts, matrix, "matrix");
  for (const [i, row] of matrix.entries())
    for (let j = 0; j < texts.length; j++)
      if (i !== j && !isProbability(row[j]))
        throw invalidArgument(
          `${String(row[j])} is no similarity`,
          `matrix[${i}][${j}]`,
          "A similarity is a number from 0 (nothing in common) to 1 (the same).",
        );
  const open = () => (a: string, b: string) => {
    const [i, j] = [at(a), at(b)];
    return (matrix[i]![j]! + matrix[j]![i]!) / 2;
  };
  return { name, needs: [], open };
}

/** Where each text stands in a square matrix over texts. @throws SurprisalError INVALID_ARGUMENT for a matrix of another size */
export function rowsOf(
  texts: readonly string[],
  matrix: readonly ArrayLike<number>[],
  what: string,
): (text: string) => number {
  const n = texts.length;
  const index = new Map(texts.map((text, i) => [text, i]));
  if (index.size < n)
    throw invalidArgument("A text stands twice among them", "texts", "Give every text once.");
  const wrong = matrix.findIndex((row) => row.length !== n);
  if (matrix.length !== n || wrong >= 0) {
    const size = matrix.length === n ? `row ${wrong} of ${matrix[wrong]!.length}` : `${matrix.length} rows`;
    throw invalidArgument(
      `${n} texts need a matrix of ${n} by ${n}, and it has ${size}`,
      what,
      "Give a row and a column for every text.",
    );
  }
  return (text) => {
    const i = index.get(text);
    if (i !== undefined) return i;
    throw invalidArgument(
      "A sample's text is not among the texts of the matrix",
      JSON.stringify(text.slice(0, 60)),
      "Give the matrix over the texts of all samples.",
    );
  };
}

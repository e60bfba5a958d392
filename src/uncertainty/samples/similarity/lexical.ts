/** Similarities that count words. No model is needed. */
import { invalidArgument } from "../../../core/index.ts";
import { longestCommon } from "../text/longest-common.ts";
import { normalisedText } from "../text/normalise.ts";
import { porterStem } from "../text/porter.ts";
import { asciiWords, splitAtSpaces, words } from "../text/words.ts";
import { lexicalSimilarity, type TextSimilarity } from "./similarity.ts";

/** Two texts without a word: the same if they differ in white space only. */
const wordless = (a: string, b: string): number => (a.trim() === b.trim() ? 1 : 0);

/** Options of `jaccard`. */
export interface JaccardOptions {
  /** What the words of a text are. Default `words`: Unicode words in lower case. */
  words?: ((text: string) => readonly string[]) | undefined;
  /**
   * "lm-polygraph": as lm-polygraph 0.7 and UQ-NLG count: pieces between white space, so that a Chinese text is one word, and
   * "Paris" is not "Paris."; of two samples that are both empty the similarity is 0.
   */
  as?: "lm-polygraph" | undefined;
}

/** |A ∩ B| / |A ∪ B| of the sets of words of two texts (Jaccard 1901; Lin et al. 2024, "Generating with confidence"). */
export function jaccard(options: JaccardOptions = {}): TextSimilarity {
  const peer = options.as === "lm-polygraph";
  const split = options.words ?? words;
  const sets = peer
    ? (text: string) => ({ text, set: new Set(splitAtSpaces(text.toLowerCase())) })
    : (text: string) => ({ text, set: new Set(split(text)) });
  const own = options.words ? "own words" : "words";
  return lexicalSimilarity(
    peer ? "Jaccard as in lm-polygraph" : `Jaccard of ${own}`,
    sets,
    (a, b) => {
      let common = 0;
      for (const word of a.set) if (b.set.has(word)) common++;
      const union = a.set.size + b.set.size - common;
      if (union === 0) return peer ? 0 : wordless(a.text, b.text);
      return common / union;
    },
    peer ? (text) => (splitAtSpaces(text).length === 0 ? 0 : 1) : undefined,
  );
}

/** Which ROUGE. */
export type RougeKind = "rouge-1" | "rouge-2" | "rouge-l";

/** Options of `rouge`. */
export interface RougeOptions {
  /** What the words of a text are. Default `words`: Unicode words in lower case. */
  words?: ((text: string) => readonly string[]) | undefined;
  /**
   * "lm-polygraph": as rouge-score 0.1.2 with Porter stems, which lm-polygraph 0.7 uses: only a-z and 0-9 are read, so a Chinese
   * text has no words at all, and two of them nothing in common, even if they are the same.
   */
  as?: "lm-polygraph" | undefined;
}

const ROUGE_NAMES: Readonly<Record<RougeKind, string>> = {
  "rouge-1": "ROUGE-1",
  "rouge-2": "ROUGE-2",
  "rouge-l": "ROUGE-L",
};

/**
 * ROUGE as F1 (Lin 2004): words in common ("rouge-1"), pairs of neighbouring words ("rouge-2"), or the longest common
 * subsequence ("rouge-l").
 */
export function rouge(kind: RougeKind, options: RougeOptions = {}): TextSimilarity {
  if (!Object.hasOwn(ROUGE_NAMES, kind))
    throw invalidArgument(
      `There is no "${kind}"`,
      "kind",
      `Give one of ${Object.keys(ROUGE_NAMES).join(", ")}.`,
    );
  const peer = options.as === "lm-polygraph";
  const split = options.words ?? words;
  const stems = (text: string) => asciiWords(text).map((word) => (word.length > 3 ? porterStem(word) : word));
  const make = (text: string) => ({ text, ...gramsOf(peer ? stems(text) : [...split(text)]) });
  const name = peer
    ? `${ROUGE_NAMES[kind]} as in lm-polygraph`
    : `${ROUGE_NAMES[kind]} of ${options.words ? "own words" : "words"}`;
  const scored = peer ? (text: string) => (gramsIn(kind, stems(text)) === 0 ? 0 : 1) : undefined;
  return lexicalSimilarity(
    name,
    make,
    (a, b) => {
      if (!peer && a.words.length === 0 && b.words.length === 0) return wordless(a.text, b.text);
      if (kind !== "rouge-l") {
        const n = kind === "rouge-1" ? 1 : 2;
        // One word has no neighbour: then the words themselves are compared.
        const order = !peer && Math.min(a.words.length, b.words.length) < n ? 1 : n;
        const [x, y] = [a.grams(order), b.grams(order)];
        return harmonic(overlap(x, y), total(x), total(y));
      }
      return harmonic(longestCommon(a.words, b.words), a.words.length, b.words.length);
    },
    scored,
  );
}

const gramsIn = (kind: RougeKind, list: readonly string[]): number =>
  Math.max(0, list.length - (kind === "rouge-2" ? 1 : 0));

/** F1 of precision common/m and recall common/n. */
const harmonic = (common: number, m: number, n: number): number => (m + n === 0 ? 0 : (2 * common) / (m + n));

/** Words, and their n-grams counted once each. */
interface Grams {
  words: readonly string[];
  grams(n: number): ReadonlyMap<string, number>;
}

function gramsOf(list: readonly string[]): Grams {
  const counted = new Map<number, Map<string, number>>();
  return {
    words: list,
    grams(n) {
      const known = counted.get(n) ?? gramCounts(list, n);
      counted.set(n, known);
      return known;
    },
  };
}

function gramCounts(list: readonly string[], n: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i + n <= list.length; i++) {
    const gram = n === 1 ? list[i]! : list.slice(i, i + n).join("\0");
    counts.set(gram, (counts.get(gram) ?? 0) + 1);
  }
  return counts;
}

function overlap(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  let common = 0;
  for (const [gram, count] of a) common += Math.min(count, b.get(gram) ?? 0);
  return common;
}

const total = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((sum, count) => sum + count, 0);

/** 1 for texts that are the same when normalised as `normalisedText` does, else 0. */
export function sameText(normalise: (text: string) => string = normalisedText): TextSimilarity {
  const name = normalise === normalisedText ? "same normalised text" : "same text by own rule";
  return lexicalSimilarity(name, normalise, (a, b) => (a === b ? 1 : 0));
}

/** Options of `bleu`. */
export interface BleuOptions {
  /** What the words of a text are. Default `words`. */
  words?: ((text: string) => readonly string[]) | undefined;
  /**
   * "lm-polygraph": NLTK's sentence_bleu with the weights of lm-polygraph 0.7, between white space and with capitals. There the
   * earlier sample is the reference, so that the order of the samples matters; here the mean of both directions is taken, and
   * `bleuOf` is what one direction gives.
   */
  as?: "lm-polygraph" | undefined;
}

/** BLEU up to four words (Papineni et al. 2002), without smoothing: the mean of both directions, 0 ... 1. */
export function bleu(options: BleuOptions = {}): TextSimilarity {
  const peer = options.as === "lm-polygraph";
  const split = peer ? splitAtSpaces : (options.words ?? words);
  const own = options.words ? "own words" : "words";
  return lexicalSimilarity(
    peer ? "BLEU as in lm-polygraph, both directions" : `BLEU of ${own}`,
    (text) => ({ text, ...gramsOf([...split(text)]) }),
    (a, b) =>
      a.words.length === 0 && b.words.length === 0 && !peer
        ? wordless(a.text, b.text)
        : (bleuBetween(a, b) + bleuBetween(b, a)) / 2,
    peer ? (text) => (splitAtSpaces(text).length === 0 ? 0 : 1) : undefined,
  );
}

/** lm-polygraph's weights for texts of up to three words; its 0.33 do not sum to 1. */
const WEIGHTS = [[], [1], [0.5, 0.5], [0.33, 0.33, 0.33], [0.25, 0.25, 0.25, 0.25]] as const;
/** What NLTK puts in the place of a precision of 0. */
const SMALLEST = 2.2250738585072014e-308;

/** BLEU of one text against one reference, as NLTK 3.10 has it with lm-polygraph's weights. */
export function bleuOf(reference: readonly string[], hypothesis: readonly string[]): number {
  return bleuBetween(gramsOf(reference), gramsOf(hypothesis));
}

function bleuBetween(reference: Grams, hypothesis: Grams): number {
  const [m, n] = [reference.words.length, hypothesis.words.length];
  if (n === 0) return 0;
  const weights = WEIGHTS[Math.min(4, m, n) || 4]!;
  let exponent = 0;
  for (const [i, weight] of weights.entries()) {
    const counts = hypothesis.grams(i + 1);
    const matched = overlap(counts, reference.grams(i + 1));
    if (i === 0 && matched === 0) return 0;
    exponent += weight * Math.log(matched === 0 ? SMALLEST : matched / Math.max(1, total(counts)));
  }
  return (n > m ? 1 : Math.exp(1 - m / n)) * Math.exp(exponent);
}

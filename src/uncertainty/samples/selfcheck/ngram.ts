/** SelfCheckGPT by n-grams: is what the answer says also what the samples say? (Manakul, Liusie & Gales 2023, EMNLP). No model is needed. */
import { invalidArgument } from "../../../core/index.ts";
import { type ComparingEstimator, cannotSay, defineEstimator, meanOf } from "../estimator-of-samples.ts";
import { sentencesOf } from "../text/sentences.ts";
import { wordsAndMarks } from "../text/words.ts";

/** Options of `selfCheckNgram`. */
export interface SelfCheckNgramOptions {
  /** Words of one n-gram, 1 ... 10. Default 1: a unigram counter, which did better than BERTScore in the paper. */
  n?: number | undefined;
  /**
   * "mean", the default: of -ln p over all n-grams of the answer. "max": the mean over its sentences of the greatest -ln p in
   * each.
   */
  statistic?: "mean" | "max" | undefined;
  /** What the words of a text are. Default `wordsAndMarks`, which cuts ordinary English as the paper's spaCy does. */
  words?: ((text: string) => readonly string[]) | undefined;
  /** Default `sentencesOf`; the paper's come from spaCy. Read for "max", and where n is more than 1. */
  sentences?: ((text: string) => readonly string[]) | undefined;
}

/** How well the samples bear out one sentence of an answer. */
export interface CheckedSentence {
  sentence: string;
  /** Mean of -ln p over its n-grams, nats, 0 ... ∞. */
  mean: number;
  /** The greatest of them. */
  max: number;
}

/**
 * -ln p of the answer, the first that is observed, under the n-grams counted in it and in the samples together; nats, 0 ... ∞. It
 * is not bounded, and grows with the wealth of words: compare answers of one kind. An n-gram begins with marks for the
 * sentence's beginning, as selfcheckgpt pads it, and p is its share of all n-grams, not a conditional probability. An arriving
 * sample costs its own length.
 *
 * A further sample with the answer's own words never raises the mean; it may raise the "max", where it makes the rarest word
 * rarer.
 * @throws SurprisalError INVALID_ARGUMENT for another n
 */
export function selfCheckNgram(options: SelfCheckNgramOptions = {}): ComparingEstimator {
  const { n, statistic, words, sentences } = resolve(options);
  const own = words === wordsAndMarks ? "words and marks" : "own words";
  return defineEstimator({
    method: "selfcheck-ngram",
    variant: `${n === 1 ? "unigram" : `${n}-gram`}, ${statistic}, ${own}`,
    needs: ["samples"],
    least: 2,
    begin() {
      const counter = new NgramCounter(n, words, sentences);
      let answer: string[][] = [];
      return {
        add({ text }, index) {
          const grams = counter.add(text, index === 0);
          if (index === 0) answer = grams;
        },
        say() {
          const scores = answer.map((grams) => counter.score(grams));
          if (scores.length === 0) return cannotSay("The answer, which is the first sample, has no words.");
          if (statistic === "max") return { uncertainty: meanOf(scores.map(({ max }) => max)) };
          const all = scores.reduce((sum, { mean, count }) => sum + mean * count, 0);
          return { uncertainty: all / scores.reduce((sum, { count }) => sum + count, 0) };
        },
      };
    },
  });
}

/**
 * The same for each sentence of an answer, to show where it is not borne out. Sentences without a word are left out.
 * @throws SurprisalError INVALID_ARGUMENT for another n
 */
export function selfCheckSentences(
  answer: string,
  samples: readonly string[],
  options: Omit<SelfCheckNgramOptions, "statistic"> = {},
): CheckedSentence[] {
  const { n, words, sentences } = resolve(options);
  const counter = new NgramCounter(n, words, sentences);
  counter.add(answer, false);
  for (const sample of samples) counter.add(sample, false);
  return sentences(answer).flatMap((sentence) => {
    const grams = counter.grams(sentence);
    if (grams.length === 0) return [];
    const { mean, max } = counter.score(grams);
    return [{ sentence, mean, max }];
  });
}

type Resolved = Required<{ [Name in keyof SelfCheckNgramOptions]: NonNullable<SelfCheckNgramOptions[Name]> }>;

function resolve({
  n = 1,
  statistic = "mean",
  words = wordsAndMarks,
  sentences = sentencesOf,
}: SelfCheckNgramOptions): Resolved {
  if (!Number.isSafeInteger(n) || n < 1 || n > 10)
    throw invalidArgument(`There are no ${n}-grams`, "n", "Give a whole number from 1 to 10.");
  if (statistic !== "mean" && statistic !== "max")
    throw invalidArgument(
      `There is no statistic "${String(statistic)}"`,
      "statistic",
      'Give "mean" or "max".',
    );
  return { n, statistic, words, sentences };
}

/** What stands before the first word of a sentence. No word is it: words have no control characters. */
const PAD = "\u0002";

class NgramCounter {
  readonly #counts = new Map<string, number>();
  #total = 0;
  readonly #n: number;
  readonly #words: (text: string) => readonly string[];
  readonly #sentences: (text: string) => readonly string[];

  constructor(
    n: number,
    words: (text: string) => readonly string[],
    sentences: (text: string) => readonly string[],
  ) {
    this.#n = n;
    this.#words = words;
    this.#sentences = sentences;
  }

  /** Counts a text. Single words are the same whether it is cut into sentences or not, which costs more than the counting. */
  add(text: string, bySentence: boolean): string[][] {
    const parts = bySentence || this.#n > 1 ? this.#sentences(text) : [text];
    const grams = parts.map((part) => this.grams(part)).filter((list) => list.length > 0);
    for (const list of grams) {
      this.#total += list.length;
      for (const gram of list) this.#counts.set(gram, (this.#counts.get(gram) ?? 0) + 1);
    }
    return grams;
  }

  /** [words] one n-gram per word, with what stands before it. */
  grams(sentence: string): string[] {
    const list = this.#words(sentence);
    if (this.#n === 1) return [...list];
    const padded = [...Array.from({ length: this.#n - 1 }, () => PAD), ...list];
    return list.map((_, i) => padded.slice(i, i + this.#n).join("\0"));
  }

  score(grams: readonly string[]): { mean: number; max: number; count: number } {
    const surprisals = grams.map((gram) => Math.log(this.#total / (this.#counts.get(gram) ?? 0)));
    return { mean: meanOf(surprisals), max: Math.max(...surprisals), count: grams.length };
  }
}

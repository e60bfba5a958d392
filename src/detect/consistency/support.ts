/** Whether a sample says a sentence: by its words, by an encoder, by a judge of entailment. */
import { type EntailmentTable, sentencesOf, type TextSimilarity, words } from "../../uncertainty/index.ts";

/** How far samples say a sentence. */
export interface SentenceSupport {
  readonly name: string;
  /** At or above this a sample says it. */
  readonly threshold: number;
  /** Asks what has to be asked about sentences and samples; each pair once. */
  prepare?(
    sentences: readonly string[],
    samples: readonly string[],
    options: { signal?: AbortSignal | undefined },
  ): Promise<void>;
  /** 0 ... 1; `null`: it cannot be said. */
  support(sentence: string, sample: string): number | null;
}

/** Words that every answer has. */
const SMALL = new Set(
  "a an the of to in on at by for from with and or but is are was were be been it its this that these those as he she they his her their i you we not no do does did has have had which who what when where there then than so if also".split(
    " ",
  ),
);

/** What a sentence is about; of one with small words only, all of them. */
function contentOf(text: string): string[] {
  const all = words(text);
  const own = all.filter(
    (word) => !SMALL.has(word) && /[\p{L}\p{N}]/u.test(word) && !/^[的是在了和也就都而及与]$/u.test(word),
  );
  return own.length > 0 ? own : all;
}

/**
 * By words: the share of the sentence's content words that the sample has, the least of them being `threshold`, default 0.7. A number
 * of the sentence has to be there: other numbers are another answer. Needs nothing, and knows no synonyms.
 */
export function bySharedWords(threshold: number = 0.7): SentenceSupport {
  const known = new Map<string, ReadonlySet<string>>();
  const wordsOf = (sample: string): ReadonlySet<string> => {
    let found = known.get(sample);
    if (!found) {
      found = new Set(words(sample));
      known.set(sample, found);
    }
    return found;
  };
  return {
    name: "shared words",
    threshold,
    support(sentence, sample) {
      const content = [...new Set(contentOf(sentence))];
      if (content.length === 0) return null;
      const there = wordsOf(sample);
      const missing = content.filter((word) => !there.has(word));
      if (missing.some((word) => /\p{N}/u.test(word))) return 0;
      return 1 - missing.length / content.length;
    },
  };
}

/** By an encoder: the sentence of the sample that is most like it. Default threshold 0.75. */
export function byLikeness(similarity: TextSimilarity, threshold: number = 0.75): SentenceSupport {
  return {
    name: similarity.name,
    threshold,
    async prepare(sentences, samples, options) {
      const parts = samples.flatMap((sample) => sentencesOf(sample));
      await similarity.prepare?.(
        sentences.flatMap((sentence) =>
          parts.filter((part) => part !== sentence).map((part) => [sentence, part] as const),
        ),
        options,
      );
    },
    support(sentence, sample) {
      const between = similarity.open();
      const scores = sentencesOf(sample).map((part) => (part === sentence ? 1 : between(sentence, part)));
      return scores.length === 0 ? 0 : Math.max(...scores);
    },
  };
}

/** By a judge: P(entailment) of the sentence, the sample being the premise. Default threshold 0.5. */
export function byJudge(entailment: EntailmentTable, threshold: number = 0.5): SentenceSupport {
  return {
    name: "entailment",
    threshold,
    async prepare(sentences, samples, options) {
      const pairs = sentences.flatMap((sentence) => samples.map((sample) => [sample, sentence] as const));
      await entailment.prepare(
        pairs.filter(([sample, sentence]) => sample !== sentence),
        options,
      );
    },
    support: (sentence, sample) => entailment.between(sample, sentence).entailment,
  };
}

/** Every estimator over samples, samples to give it, and a judge without a model. */
import fc from "fast-check";
import { expect } from "vitest";
import type { AnswerSample } from "../src/uncertainty/estimator.ts";
import {
  answerDisagreement,
  bleu,
  byAnswer,
  byEntailment,
  bySimilarity,
  type ComparingEstimator,
  cocoa,
  degreeMatrix,
  distinctAnswers,
  type EntailmentProbabilities,
  EntailmentTable,
  eccentricity,
  embeddingSimilarity,
  entailmentSimilarity,
  estimateSamples,
  jaccard,
  kernelLanguageEntropy,
  laplacianEigenvalues,
  luq,
  pairwiseDisagreement,
  rouge,
  sampleProbability,
  selfCheckEntailment,
  selfCheckNgram,
  selfCheckPrompt,
  selfConsistency,
  semanticDensity,
  semanticEntropy,
  sentenceSar,
  sequenceEntropy,
} from "../src/uncertainty/samples/index.ts";

/** A judge without a model: probabilities that depend on the two texts only, and on their order. */
export const judge = async (premise: string, hypothesis: string): Promise<EntailmentProbabilities> => {
  const hash = (text: string, seed: number) => {
    let state = seed;
    for (const unit of text) state = (state * 31 + unit.codePointAt(0)!) % 1_000_003;
    return 1 + (state % 97);
  };
  const text = `${premise}>${hypothesis}`;
  const [e, n, c] = [hash(text, 1), hash(text, 7), hash(text, 13)];
  const sum = e + n + c;
  return { entailment: e / sum, neutral: n / sum, contradiction: c / sum };
};

/** Every estimator, and whether the first sample has a place of its own. */
export function everyEstimator(): { estimator: ComparingEstimator; hasAnswer: boolean }[] {
  const table = new EntailmentTable(judge);
  const nli = entailmentSimilarity(table);
  const nonContradiction = entailmentSimilarity(table, { of: "non-contradiction" });
  const embed = embeddingSimilarity(async (texts) =>
    texts.map((text) => [text.length + 1, (text.codePointAt(0) ?? 0) % 17, 3]),
  );
  const similarities = [jaccard(), rouge("rouge-1"), rouge("rouge-2"), rouge("rouge-l"), bleu(), nli, embed];
  const clusters = [
    byAnswer(),
    byEntailment(table),
    byEntailment(table, "non-contradiction"),
    byEntailment(table, "no-contradiction-at-all"),
    byEntailment(table, "entailment-above-contradiction"),
    bySimilarity(jaccard(), 0.5),
    bySimilarity(embed, 0.9),
  ];
  const sets = [
    ...clusters.flatMap((rule) => [
      selfConsistency({ clusters: rule }),
      distinctAnswers({ clusters: rule }),
      ...(["discrete", "rao", "monte-carlo", "per-cluster", "direct"] as const).map((formula) =>
        semanticEntropy({ clusters: rule, formula }),
      ),
    ]),
    ...[...similarities, nonContradiction].flatMap((similarity) => [
      pairwiseDisagreement({ similarity }),
      degreeMatrix({ similarity }),
      laplacianEigenvalues({ similarity }),
      eccentricity({ similarity }),
      sentenceSar({ similarity }),
    ]),
    kernelLanguageEntropy({ entailment: table }),
    luq({ entailment: table }),
    sequenceEntropy(),
    sequenceEntropy({ perToken: true }),
    sampleProbability(),
  ];
  const besideAnswer = [
    ...similarities.flatMap((similarity) => [
      answerDisagreement({ similarity }),
      cocoa({ similarity, base: "msp" }),
      cocoa({ similarity, base: "ppl" }),
      cocoa({ similarity, base: "mte" }),
    ]),
    semanticDensity({ entailment: table }),
    ...[1, 2, 3].flatMap((n) => [selfCheckNgram({ n }), selfCheckNgram({ n, statistic: "max" })]),
    selfCheckEntailment({ entailment: table }),
    selfCheckPrompt({ ask: async (prompt) => (prompt.length % 3 ? "Yes" : "No") }),
  ];
  return [
    ...sets.map((estimator) => ({ estimator, hasAnswer: false })),
    ...besideAnswer.map((estimator) => ({ estimator, hasAnswer: true })),
  ];
}

const word = fc.constantFrom(
  "Paris",
  "is",
  "Lyon",
  "not",
  "the",
  "capital",
  "42",
  "巴黎",
  "首都",
  "👍",
  "didn't",
  ".",
);
const text = fc.array(word, { maxLength: 8 }).map((parts) => parts.join(" "));
/** One text has one likelihood, as a model gives it. */
export const sampleOf = (value: string): AnswerSample => {
  const tokens = 1 + (value.length % 5);
  return {
    text: value,
    logprob: -0.1 - (value.length % 11) * 0.7,
    tokens,
    entropy: 0.3 + (value.length % 3),
  };
};
/** Up to seven samples, repeats among them. */
export const samples: fc.Arbitrary<AnswerSample[]> = fc.array(text.map(sampleOf), {
  minLength: 2,
  maxLength: 7,
});

/** What each says of the samples. */
export const numbers = async (
  list: readonly { estimator: ComparingEstimator }[],
  given: readonly AnswerSample[],
): Promise<(number | null)[]> =>
  (
    await estimateSamples(
      list.map(({ estimator }) => estimator),
      given,
    )
  ).map(({ uncertainty }) => uncertainty);

/** To 12 digits. */
export function expectSame(
  found: readonly (number | null)[],
  expected: readonly (number | null)[],
  names: string[],
): void {
  for (const [i, value] of expected.entries()) {
    if (value === null || !Number.isFinite(value)) expect(found[i], names[i]).toBe(value);
    else
      expect(Math.abs(found[i]! - value), names[i]).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(value)));
  }
}
/** Method and variant. */
export const namesOf = (list: readonly { estimator: ComparingEstimator }[]): string[] =>
  list.map(({ estimator: { method, variant } }) => `${method}: ${variant}`);

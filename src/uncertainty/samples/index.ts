/** Estimators that compare several answers to one question. docs/confidence.md has their table. */

export type { EntailmentProbabilities } from "../entails.ts";
export {
  byAnswer,
  byEntailment,
  bySimilarity,
  type ClusterRule,
  type EntailmentRule,
  type RunningClusters,
} from "./clusters/clusters.ts";
export { byPeer, type PeerClusters } from "./clusters/peers.ts";
export { type CocoaBase, type CocoaOptions, cocoa } from "./cocoa.ts";
export {
  answerDisagreement,
  type ClusterOptions,
  distinctAnswers,
  type PairwiseOptions,
  pairwiseDisagreement,
  type SimilarityOptions,
  selfConsistency,
} from "./consistency.ts";
export type { ComparingEstimator, PrepareOptions, TextPair } from "./estimator-of-samples.ts";
export { type KernelEntropyOptions, kernelLanguageEntropy } from "./graph/kernel-entropy.ts";
export {
  type DegreeOptions,
  degreeMatrix,
  type EccentricityOptions,
  eccentricity,
  type GraphOptions,
  laplacianEigenvalues,
} from "./graph/spectral.ts";
export { type LuqOptions, luq } from "./luq.ts";
export {
  priceOfSampling,
  type SampledAnswer,
  type SampledAnswers,
  sampleAnswers,
} from "./sample-answers.ts";
export { type SentenceSarOptions, sentenceSar, tokenSar } from "./sar.ts";
export { type SelfCheckEntailmentOptions, selfCheckEntailment } from "./selfcheck/entailment.ts";
export {
  type CheckedSentence,
  type SelfCheckNgramOptions,
  selfCheckNgram,
  selfCheckSentences,
} from "./selfcheck/ngram.ts";
export {
  readSupport,
  type SelfCheckPromptOptions,
  selfCheckPrompt,
  selfCheckPromptText,
} from "./selfcheck/prompt.ts";
export { type SemanticDensityOptions, semanticDensity } from "./semantic-density.ts";
export {
  type SemanticEntropyFormula,
  type SemanticEntropyOptions,
  type SemanticEntropyPeer,
  semanticEntropy,
} from "./semantic-entropy.ts";
export { type SequenceEntropyOptions, sampleProbability, sequenceEntropy } from "./sequence-entropy.ts";
export { type Embed, type EmbeddingSimilarityOptions, embeddingSimilarity } from "./similarity/embedding.ts";
export {
  type EntailmentSimilarityOptions,
  EntailmentTable,
  type EntailmentTableOptions,
  entailmentSimilarity,
} from "./similarity/entailment.ts";
export {
  type BleuOptions,
  bleu,
  bleuOf,
  type JaccardOptions,
  jaccard,
  type RougeKind,
  type RougeOptions,
  rouge,
  sameText,
} from "./similarity/lexical.ts";
export { similarityBy, similarityFrom, type TextSimilarity } from "./similarity/similarity.ts";
export {
  type MajorityOptions,
  type MajorityReading,
  majoritySettled,
  type ShareInterval,
  shareInterval,
} from "./stopping.ts";
export { normalisedText } from "./text/normalise.ts";
export { sentencesOf } from "./text/sentences.ts";
export { splitAtSpaces, words, wordsAndMarks } from "./text/words.ts";
export { estimateSamples, SampleWatch } from "./watch.ts";

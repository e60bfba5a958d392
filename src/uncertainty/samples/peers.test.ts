/** What other libraries' own code says of the same samples: tools/peers/record_samples.py. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { AnswerSample, Estimate } from "../estimator.ts";
import { symmetricEigen } from "./graph/eigen.ts";
import {
  answerDisagreement,
  bleuOf,
  byEntailment,
  byPeer,
  type ComparingEstimator,
  cocoa,
  degreeMatrix,
  distinctAnswers,
  EntailmentTable,
  eccentricity,
  embeddingSimilarity,
  entailmentSimilarity,
  estimateSamples,
  jaccard,
  kernelLanguageEntropy,
  laplacianEigenvalues,
  luq,
  type PeerClusters,
  pairwiseDisagreement,
  rouge,
  type SemanticEntropyOptions,
  sameText,
  sampleProbability,
  selfCheckNgram,
  selfCheckSentences,
  selfConsistency,
  semanticDensity,
  semanticEntropy,
  sentenceSar,
  sequenceEntropy,
  similarityFrom,
  splitAtSpaces,
  tokenSar,
} from "./index.ts";
import { porterStem } from "./text/porter.ts";

/** torch computes them in 32 bits. */
const IN_32_BITS = ["kuhn entropy", "uq-nlg entropy"];

interface Case {
  name: string;
  texts: string[];
  logprobs: number[];
  tokens: number[];
  meanEntropy: number;
  unique: string[];
  entailment: number[][];
  contradiction: number[][];
  vectors: number[][];
  similarity: number[][];
  tokenLogprobs: number[][];
  tokenSimilarities: number[][];
  results: Record<string, number> & {
    "uqlm clusters": number[][];
    "jlko ids": number[];
    "jlko strict ids": number[];
    "uq-nlg ids": number[];
    "lm-polygraph BLEU matrix": number[][];
  };
}
interface SelfCheckCase {
  name: string;
  answer: string;
  samples: string[];
  cut: Record<string, { sentences: string[]; words: string[][] }>;
  results: Record<string, { mean: number; max: number; sentences: number[] }>;
}
interface Fixture {
  cases: Case[];
  selfcheck: SelfCheckCase[];
  stems: Record<string, string>;
  eigen: { matrix: number[][]; values: number[] }[];
}

const fixture = JSON.parse(
  readFileSync(new URL("./fixtures/peers.json", import.meta.url), "utf8"),
) as Fixture;

const samplesOf = ({ texts, logprobs, tokens, meanEntropy }: Case): AnswerSample[] =>
  texts.map((text, i) => ({
    text,
    logprob: logprobs[i]!,
    tokens: tokens[i]!,
    entropy: i === 0 ? meanEntropy : null,
  }));

async function estimateOf(estimator: ComparingEstimator, one: Case): Promise<Estimate> {
  return (await estimateSamples([estimator], samplesOf(one)))[0]!;
}

/** To 1e-9 of the number: they compute in another order, and partly in 32 bits (where told). */
function expectClose(found: number | null | undefined, expected: number, relative = 1e-9): void {
  expect(found).not.toBeNull();
  expect(Math.abs(found! - expected)).toBeLessThanOrEqual(relative * Math.max(1, Math.abs(expected)));
}

describe.each(fixture.cases)("samples as other libraries see them: $name", (one) => {
  const { results, unique } = one;
  const table = EntailmentTable.from(unique, one);
  const embeddings = embeddingSimilarity(
    async (texts) => texts.map((text) => one.vectors[unique.indexOf(text)]!),
    { scale: "halved" },
  );
  const similarity = similarityFrom("recorded", unique, one.similarity);
  const entail = entailmentSimilarity(table, { as: "lm-polygraph" });
  const contra = entailmentSimilarity(table, { of: "non-contradiction", as: "lm-polygraph" });
  const as = "lm-polygraph";
  const polygraph = byPeer(as, table);

  it.each<[string, ComparingEstimator]>([
    ["DegMat jaccard", degreeMatrix({ similarity: jaccard({ as }) })],
    ["DegMat entail", degreeMatrix({ similarity: entail })],
    ["DegMat contra", degreeMatrix({ similarity: contra })],
    ["EigValLaplacian jaccard", laplacianEigenvalues({ similarity: jaccard({ as }) })],
    ["EigValLaplacian entail", laplacianEigenvalues({ similarity: entail })],
    ["EigValLaplacian contra", laplacianEigenvalues({ similarity: contra })],
    ["Eccentricity jaccard", eccentricity({ similarity: jaccard({ as }) })],
    ["Eccentricity entail", eccentricity({ similarity: entail })],
    ["Eccentricity contra", eccentricity({ similarity: contra })],
    ["NumSemSets", distinctAnswers({ clusters: byEntailment(table, "entailment-above-contradiction") })],
    ["KernelLanguageEntropy", kernelLanguageEntropy({ entailment: table, as })],
    ["LexicalSimilarity rouge1", pairwiseDisagreement({ similarity: rouge("rouge-1", { as }), as })],
    ["LexicalSimilarity rouge2", pairwiseDisagreement({ similarity: rouge("rouge-2", { as }), as })],
    ["LexicalSimilarity rougeL", pairwiseDisagreement({ similarity: rouge("rouge-l", { as }), as })],
    ["LUQ", luq({ entailment: table, as })],
    ["LabelProb", selfConsistency({ clusters: polygraph })],
    ["SemanticEntropy", semanticEntropy({ as, clusters: polygraph })],
    ["SemanticEntropy unique", semanticEntropy({ formula: "monte-carlo", clusters: polygraph })],
    ["SemanticEntropy direct", semanticEntropy({ as: "lm-polygraph-direct", clusters: polygraph })],
    ["MonteCarloSequenceEntropy", sequenceEntropy()],
    ["MonteCarloNormalizedSequenceEntropy", sequenceEntropy({ perToken: true })],
    ["SentenceSAR", sentenceSar({ similarity })],
    ["CocoaMSP", cocoa({ similarity, base: "msp" })],
    ["CocoaPPL", cocoa({ similarity, base: "ppl" })],
    ["CocoaMTE", cocoa({ similarity, base: "mte" })],
    ["SemanticDensity", semanticDensity({ entailment: table, as })],
  ])("lm-polygraph's %s", async (name, estimator) => {
    const { uncertainty, peer } = await estimateOf(estimator, one);
    const expected = results[`lm-polygraph ${name}`]!;
    expectClose(uncertainty, expected);
    if (peer) expectClose(peer.value, expected);
  });

  it("lm-polygraph's BLEU, in one direction", () => {
    for (const [i, a] of one.texts.entries())
      for (const [j, b] of one.texts.entries())
        expectClose(bleuOf(splitAtSpaces(a), splitAtSpaces(b)), results["lm-polygraph BLEU matrix"][i]![j]!);
  });

  it("lm-polygraph's TokenSAR, and SAR from it", async () => {
    const tokenSars = one.tokenLogprobs.map((logprobs, i) => tokenSar(logprobs, one.tokenSimilarities[i]!)!);
    expectClose(tokenSars[0], results["lm-polygraph TokenSAR"]!);
    const samples = samplesOf(one).map((sample, i) => ({ ...sample, logprob: -tokenSars[i]! }));
    const [sar] = await estimateSamples([sentenceSar({ similarity })], samples);
    expectClose(sar!.uncertainty, results["lm-polygraph SAR"]!);
  });

  it.each<[string, ComparingEstimator]>([
    ["discrete", semanticEntropy({ as: "uqlm-discrete", clusters: byPeer("uqlm", table) })],
    ["tokenprob", semanticEntropy({ as: "uqlm", clusters: byPeer("uqlm", table) })],
    ["monte_carlo_probability", sampleProbability()],
    ["exact_match", answerDisagreement({ similarity: sameText((text) => text) })],
    [
      "noncontradiction",
      answerDisagreement({ similarity: entailmentSimilarity(table, { of: "non-contradiction" }) }),
    ],
    ["entailment", answerDisagreement({ similarity: entailmentSimilarity(table) })],
    ["cosine_sim", answerDisagreement({ similarity: embeddings })],
    ["consistency_and_confidence", cocoa({ similarity: embeddings, as: "uqlm" })],
    ["semantic_density", semanticDensity({ entailment: table, as: "uqlm" })],
  ])("uqlm's %s, as confidence", async (name, estimator) => {
    const { uncertainty, confidence, peer } = await estimateOf(estimator, one);
    const expected = results[`uqlm ${name}`]!;
    const found = peer?.value ?? confidence;
    expectClose(found, expected);
    if (expected >= 0 && !name.match(/discrete|tokenprob/)) expectClose(uncertainty, 1 - expected);
  });

  it.each<[string, SemanticEntropyOptions, PeerClusters]>([
    ["jlko rao", { as: "jlko" }, "jlko"],
    ["jlko discrete", {}, "jlko"],
    ["jlko strict rao", { as: "jlko" }, "jlko-strict"],
    ["jlko strict discrete", {}, "jlko-strict"],
    ["lm-polygraph SemanticEntropy frequency", {}, "lm-polygraph"],
    ["uq-nlg entropy", { as: "uq-nlg" }, "uq-nlg"],
    ["kuhn entropy", { as: "lorenzkuhn" }, "uq-nlg"],
  ])("%s", async (name, options, peer) => {
    const { uncertainty } = await estimateOf(
      semanticEntropy({ ...options, clusters: byPeer(peer, table) }),
      one,
    );
    expectClose(uncertainty, results[name]!, IN_32_BITS.includes(name) ? 1e-6 : 1e-9);
  });

  it("UQ-NLG's graph", async () => {
    const options = { similarity: jaccard({ as }) };
    const found = await estimateSamples(
      [degreeMatrix({ ...options, as: "uq-nlg" }), laplacianEigenvalues(options), eccentricity(options)],
      samplesOf(one),
    );
    const names = ["degree", "eigv", "eccentricity"];
    for (const [i, name] of names.entries())
      expectClose(found[i]!.uncertainty, results[`uq-nlg ${name} jaccard`]!);
  });

  it("has the clusters of other libraries", () => {
    const clusters = (peer: PeerClusters) => {
      const running = byPeer(peer, table).open();
      for (const text of one.texts) running.add(text);
      return running.clusters();
    };
    const idsOf = (groups: number[][]) =>
      one.texts.map((_, i) => groups.findIndex((group) => group.includes(i)));
    const canonical = (ids: number[]) => ids.map((id) => ids.indexOf(id));
    expect(clusters("uqlm")).toEqual(results["uqlm clusters"]);
    for (const [peer, name] of [
      ["jlko", "jlko ids"],
      ["jlko-strict", "jlko strict ids"],
      ["uq-nlg", "uq-nlg ids"],
    ] as const)
      expect(canonical(idsOf(clusters(peer)))).toEqual(canonical(results[name]));
  });
});

describe.each(fixture.selfcheck)("selfcheckgpt's n-grams: $name", ({ answer, samples, cut, results }) => {
  const own = {
    words: (text: string) =>
      (cut[text] ?? Object.values(cut).find(({ sentences }) => sentences.includes(text)))!.words.flat(),
    sentences: (text: string) => cut[text]!.sentences,
  };
  /** Of a sentence only its own words. */
  const words = (text: string): string[] => {
    for (const { sentences, words: lists } of Object.values(cut)) {
      const i = sentences.indexOf(text);
      if (i >= 0) return lists[i]!;
    }
    return cut[text]!.words.flat();
  };

  it.each(["1", "2", "3"])("n = %s, with its words and with ours", async (n) => {
    for (const cutting of [{ ...own, words }, {}])
      for (const statistic of ["mean", "max"] as const) {
        const estimator = selfCheckNgram({ n: Number(n), statistic, ...cutting });
        const texts = [answer, ...samples].map((text) => ({ text }));
        const [found] = await estimateSamples([estimator], texts);
        expectClose(found!.uncertainty, results[n]![statistic]);
      }
    const parts = selfCheckSentences(answer, samples, { n: Number(n) });
    for (const [i, part] of parts.entries()) expectClose(part.mean, results[n]!.sentences[i]!);
    expect(parts.length).toBe(results[n]!.sentences.length);
  });
});

it("stems as NLTK's PorterStemmer", () => {
  expect(Object.fromEntries(Object.keys(fixture.stems).map((word) => [word, porterStem(word)]))).toEqual(
    fixture.stems,
  );
});

it.each(fixture.eigen)("has numpy's eigenvalues ($matrix.length)", ({ matrix, values }) => {
  const n = matrix.length;
  const eigen = symmetricEigen(Float64Array.from(matrix.flat()), n);
  for (const [i, value] of values.entries()) {
    expectClose(eigen.values[i], value, 1e-12);
    for (let row = 0; row < n; row++) {
      const product = matrix[row]!.reduce((sum, entry, k) => sum + entry * eigen.vectors[i]![k]!, 0);
      expectClose(product, value * eigen.vectors[i]![row]!, 1e-12);
    }
  }
});

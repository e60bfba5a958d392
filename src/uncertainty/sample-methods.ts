/** The methods that compare samples, by name: with which similarity and which clusters, and over which texts. */
import { invalidArgument } from "../core/index.ts";
import type { Need } from "./estimator.ts";
import {
  answerDisagreement,
  byAnswer,
  byEntailment,
  bySimilarity,
  type ClusterRule,
  type ComparingEstimator,
  cocoa,
  degreeMatrix,
  distinctAnswers,
  type Embed,
  EntailmentTable,
  eccentricity,
  embeddingSimilarity,
  entailmentSimilarity,
  jaccard,
  kernelLanguageEntropy,
  laplacianEigenvalues,
  luq,
  pairwiseDisagreement,
  rouge,
  sampleProbability,
  selfCheckEntailment,
  selfCheckNgram,
  selfConsistency,
  semanticDensity,
  semanticEntropy,
  sentenceSar,
  sequenceEntropy,
  type TextSimilarity,
} from "./samples/index.ts";

/** What compares texts. Estimators of one question share it. */
export interface SampleTools {
  /** Which answers say the same. Default `byAnswer()`. */
  clusters?: ClusterRule | undefined;
  /** An encoder's vectors; `undefined`: there is none. */
  embed?: Embed | undefined;
  /** What follows from what; `undefined`: there is no judge. */
  entailment?: EntailmentTable | undefined;
}

/** A method that compares samples. */
export interface SampleMethod {
  readonly name: string;
  readonly variant: string;
  readonly needs: readonly Need[];
  /**
   * What it is fed: the samples alone, which is what formulas over draws mean; or first the answer, which the samples judge.
   */
  readonly of: "samples" | "answer, samples";
  /** What it cannot do without, beside samples. */
  readonly tool: "embeddings" | "entailment" | null;
  /** What it asks of the tool, at most, about so many samples; `null`: it depends on the answer. */
  asks(samples: number): number | null;
  /** @throws SurprisalError INVALID_ARGUMENT without its tool. */
  make(tools: SampleTools): ComparingEstimator;
}

/** From so much cosine on two answers say the same: what MiniLM gives paraphrases; not tuned to any data. */
const SAME_COSINE = 0.8;

interface Tools {
  clusters: ClusterRule;
  embedding: TextSimilarity;
  table: EntailmentTable;
}
type Make = (tools: Tools) => ComparingEstimator;

const OF_SAMPLES: Readonly<Record<string, Make>> = {
  "self-consistency": ({ clusters }) => selfConsistency({ clusters }),
  "distinct-answers": ({ clusters }) => distinctAnswers({ clusters }),
  "semantic-entropy": ({ clusters }) => semanticEntropy({ clusters }),
  "semantic-entropy/rao": ({ clusters }) => semanticEntropy({ clusters, formula: "rao" }),
  "semantic-entropy/monte-carlo": ({ clusters }) => semanticEntropy({ clusters, formula: "monte-carlo" }),
  "pairwise-disagreement": () => pairwiseDisagreement({ similarity: jaccard() }),
  "pairwise-disagreement/rouge-l": () => pairwiseDisagreement({ similarity: rouge("rouge-l") }),
  "degree-matrix": () => degreeMatrix({ similarity: jaccard() }),
  "laplacian-eigenvalues": () => laplacianEigenvalues({ similarity: jaccard() }),
  eccentricity: () => eccentricity({ similarity: jaccard() }),
  "sentence-sar": () => sentenceSar({ similarity: jaccard() }),
  "sequence-entropy": () => sequenceEntropy(),
  "sequence-entropy/per-token": () => sequenceEntropy({ perToken: true }),
  "sample-probability": () => sampleProbability(),
};
const OF_ANSWER: Readonly<Record<string, Make>> = {
  "answer-disagreement": () => answerDisagreement({ similarity: jaccard() }),
  "selfcheck-ngram": () => selfCheckNgram(),
  "selfcheck-ngram/max": () => selfCheckNgram({ statistic: "max" }),
  cocoa: () => cocoa({ similarity: jaccard() }),
};
const EMBEDDED: Readonly<Record<string, Make>> = {
  "semantic-entropy/embeddings": ({ embedding }) =>
    semanticEntropy({ clusters: bySimilarity(embedding, SAME_COSINE) }),
  "pairwise-disagreement/embeddings": ({ embedding }) => pairwiseDisagreement({ similarity: embedding }),
  "degree-matrix/embeddings": ({ embedding }) => degreeMatrix({ similarity: embedding }),
};
const EMBEDDED_ANSWER: Readonly<Record<string, Make>> = {
  "answer-disagreement/embeddings": ({ embedding }) => answerDisagreement({ similarity: embedding }),
  "cocoa/embeddings": ({ embedding }) => cocoa({ similarity: embedding }),
};
const JUDGED: Readonly<Record<string, Make>> = {
  "semantic-entropy/strict": ({ table }) => semanticEntropy({ clusters: byEntailment(table) }),
  "semantic-entropy/non-contradiction": ({ table }) =>
    semanticEntropy({ clusters: byEntailment(table, "non-contradiction") }),
  "semantic-entropy/rao-strict": ({ table }) =>
    semanticEntropy({ clusters: byEntailment(table), formula: "rao" }),
  "semantic-sets": ({ table }) =>
    distinctAnswers({ clusters: byEntailment(table, "entailment-above-contradiction") }),
  "degree-matrix/entailment": ({ table }) => degreeMatrix({ similarity: entailmentSimilarity(table) }),
  "kernel-language-entropy": ({ table }) => kernelLanguageEntropy({ entailment: table }),
  luq: ({ table }) => luq({ entailment: table }),
};
const JUDGED_ANSWER: Readonly<Record<string, Make>> = {
  "semantic-density": ({ table }) => semanticDensity({ entailment: table }),
  "selfcheck-entailment": ({ table }) => selfCheckEntailment({ entailment: table }),
};

/** Methods that compare samples, in the order of the list. */
export const SAMPLE_METHODS: readonly SampleMethod[] = [
  ...methods(OF_SAMPLES, "samples", null),
  ...methods(OF_ANSWER, "answer, samples", null),
  ...methods(EMBEDDED, "samples", "embeddings"),
  ...methods(EMBEDDED_ANSWER, "answer, samples", "embeddings"),
  ...methods(JUDGED, "samples", "entailment"),
  ...methods(JUDGED_ANSWER, "answer, samples", "entailment"),
];

function methods(
  makes: Readonly<Record<string, Make>>,
  of: SampleMethod["of"],
  tool: SampleMethod["tool"],
): SampleMethod[] {
  return Object.entries(makes).map(([name, make]) => {
    const shown = make(toolsOf({}));
    return {
      name,
      variant: shown.variant,
      needs: shown.needs,
      of,
      tool,
      asks: (samples) => (tool === null ? 0 : shown.asks(of === "samples" ? samples : samples + 1)),
      make(tools) {
        const has = { embeddings: tools.embed, entailment: tools.entailment };
        if (tool !== null && has[tool] === undefined)
          throw invalidArgument(`${name} needs ${tool}`, "tools", "Give it, or take another method.");
        return make(toolsOf(tools));
      },
    };
  });
}

/** Where there is none, one that is only good for saying what a method is called. */
function toolsOf({ clusters = byAnswer(), embed, entailment }: SampleTools): Tools {
  return {
    clusters,
    embedding: embeddingSimilarity(embed ?? (async () => [])),
    table:
      entailment ??
      new EntailmentTable(async () => {
        throw invalidArgument("There is no judge of entailment", "entailment");
      }),
  };
}

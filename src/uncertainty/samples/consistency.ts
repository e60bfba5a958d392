/** How many of the answers agree. */

import { byAnswer, type ClusterRule } from "./clusters/clusters.ts";
import {
  type ComparingEstimator,
  cannotSay,
  defineEstimator,
  meanOf,
  type Said,
} from "./estimator-of-samples.ts";
import { asksOf, PairMatrix, preparePairs, prepareWithAnswer } from "./similarity/pairs.ts";
import type { TextSimilarity } from "./similarity/similarity.ts";

/** Options of the estimators that count clusters. */
export interface ClusterOptions {
  /** Which answers say the same. Default `byAnswer()`: those with the same normalised text. */
  clusters?: ClusterRule | undefined;
}

/**
 * Self-consistency: 1 minus the share of the answer that is given most often (Wang et al. 2023), 0 ... 1 - 1/n; confidence is
 * that share. With clusters by entailment it is lm-polygraph's LabelProb. An answer that cannot be read agrees with no other.
 */
export function selfConsistency({ clusters = byAnswer() }: ClusterOptions = {}): ComparingEstimator {
  return onClusters("self-consistency", "1 - majority share", clusters, (groups, n) => {
    const share = Math.max(...groups.map((group) => group.length)) / n;
    return { uncertainty: 1 - share, confidence: share };
  });
}

/**
 * Number of distinct answers, 1 ... n; with clusters by "entailment-above-contradiction" lm-polygraph's NumSemSets, with "uq-nlg"
 * UQ-NLG's numsets.
 */
export function distinctAnswers({ clusters = byAnswer() }: ClusterOptions = {}): ComparingEstimator {
  const method = clusters.needs.includes("entailment") ? "semantic-sets" : "distinct-answers";
  return onClusters(method, "number", clusters, (groups) => ({ uncertainty: groups.length }));
}

function onClusters(
  method: string,
  what: string,
  rule: ClusterRule,
  say: (groups: number[][], n: number) => Said,
): ComparingEstimator {
  return defineEstimator({
    method,
    variant: `${what}, ${rule.name}`,
    needs: ["samples", ...rule.needs],
    least: 1,
    prepare: rule.prepare,
    asks: asksOf(rule),
    begin() {
      const running = rule.open();
      return {
        add: ({ text }) => running.add(text),
        say(samples) {
          const silent = running.silent ?? 0;
          if (silent === samples.length) return cannotSay("No answer could be read out of any sample.");
          const said = say(running.clusters(), samples.length);
          return silent === 0
            ? said
            : { ...said, reason: `Out of ${silent} of ${samples.length} samples no answer could be read.` };
        },
      };
    },
  });
}

/** Options of the estimators that compare texts. */
export interface SimilarityOptions {
  similarity: TextSimilarity;
}

/** Options of `pairwiseDisagreement`. */
export interface PairwiseOptions extends SimilarityOptions {
  /** "lm-polygraph": minus the mean similarity, as LexicalSimilarity has it, -1 ... 0. */
  as?: "lm-polygraph" | undefined;
}

/**
 * 1 minus the mean similarity of all pairs of samples, 0 ... 1: Kuhn et al.'s lexical similarity with ROUGE, the mean Jaccard
 * distance with `jaccard`. It does not depend on the number of samples, as the degree matrix does.
 */
export function pairwiseDisagreement({ similarity, as: peer }: PairwiseOptions): ComparingEstimator {
  return defineEstimator({
    method: "pairwise-disagreement",
    variant: peer
      ? `-mean pairwise similarity, ${similarity.name}`
      : `1 - mean pairwise similarity, ${similarity.name}`,
    needs: ["samples", ...similarity.needs],
    least: 2,
    prepare: preparePairs(similarity),
    asks: asksOf(similarity),
    begin() {
      const pairs = new PairMatrix(similarity);
      let sum = 0;
      return {
        add({ text }, index) {
          pairs.add(text);
          for (let i = 0; i < index; i++) sum += pairs.between(i, index);
        },
        say({ length: n }) {
          const mean = sum / ((n * (n - 1)) / 2);
          if (!peer) return { uncertainty: 1 - mean, confidence: mean };
          const name = `LexicalSimilarity, ${similarity.name}`;
          return {
            uncertainty: -mean,
            peer: { library: "lm-polygraph 0.7.0", name, value: -mean, higher: "more uncertain" },
          };
        },
      };
    },
  });
}

/**
 * 1 minus the mean similarity of the answer, the first that is observed, to the other samples, 0 ... 1; confidence is that mean. uqlm's
 * black-box scorers: exact_match with `sameText((text) => text)`, noncontradiction and entailment with `entailmentSimilarity`,
 * cosine_sim with embeddings "halved".
 */
export function answerDisagreement({ similarity }: SimilarityOptions): ComparingEstimator {
  return defineEstimator({
    method: "answer-disagreement",
    variant: `1 - mean similarity to the answer, ${similarity.name}`,
    needs: ["samples", ...similarity.needs],
    least: 2,
    prepare: prepareWithAnswer(similarity),
    asks: asksOf(similarity, "answer"),
    begin() {
      const similarities = toAnswer(similarity);
      return {
        add: ({ text }) => similarities.add(text),
        say() {
          const mean = meanOf(similarities.values);
          return { uncertainty: 1 - mean, confidence: mean };
        },
      };
    },
  });
}

/** Similarities of the samples to the first text; a text is compared once. */
export function toAnswer(similarity: TextSimilarity): { add(text: string): void; values: readonly number[] } {
  const compare = similarity.open();
  const known = new Map<string, number>();
  const values: number[] = [];
  let answer: string | null = null;
  return {
    values,
    add(text) {
      if (answer === null) {
        answer = text;
        known.set(text, similarity.repeated?.(text) ?? 1);
        return;
      }
      if (!known.has(text)) known.set(text, compare(answer, text));
      values.push(known.get(text)!);
    },
  };
}

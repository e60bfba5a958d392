/** Which answers say the same. */

import { invalidArgument } from "../../../core/index.ts";
import { type EntailmentProbabilities, verdictOf } from "../../entails.ts";
import type { Need } from "../../estimator.ts";
import type { ComparingEstimator } from "../estimator-of-samples.ts";
import type { EntailmentTable } from "../similarity/entailment.ts";
import { DistinctTexts, pairsWith } from "../similarity/pairs.ts";
import type { TextSimilarity } from "../similarity/similarity.ts";
import { normalisedText } from "../text/normalise.ts";

/** A rule that sorts answers into groups that say the same. */
export interface ClusterRule {
  /** As variants name it, such as "strict entailment". */
  readonly name: string;
  readonly needs: readonly Need[];
  readonly prepare?: ComparingEstimator["prepare"];
  open(): RunningClusters;
}

/** Clusters that grow. */
export interface RunningClusters {
  add(text: string): void;
  /**
   * The samples of each cluster, by number, in the order of first coming; every sample in one, but in uqlm's rule, where one
   * may stand in several.
   */
  clusters(): number[][];
  /** Samples that gave no answer: each is a cluster of its own. */
  silent?: number;
}

/**
 * Answers are the same where `answerOf` makes the same of them.
 * @param answerOf takes the answer out of a text, as the readers of `surprisal/answers` do; `null`: it gave none, and agrees with no
 *   other. Default: the text, normalised.
 */
export function byAnswer(
  answerOf: (text: string) => string | null = normalisedText,
  name: string = answerOf === normalisedText ? "same normalised text" : "same answer",
): ClusterRule {
  return {
    name,
    needs: [],
    open() {
      const groups = new Map<string, number[]>();
      const alone: number[][] = [];
      let count = 0;
      return {
        add(text) {
          const answer = answerOf(text);
          const group = (answer === null ? undefined : groups.get(answer)) ?? [];
          group.push(count++);
          if (answer === null) alone.push(group);
          else groups.set(answer, group);
        },
        clusters: () => [...groups.values(), ...alone].sort((a, b) => a[0]! - b[0]!),
        get silent() {
          return alone.length;
        },
      };
    },
  };
}

/**
 * Answers are the same where a chain of pairs leads from one to the other: the connected components of "says the same", which
 * do not depend on the order in which they came, as the greedy clusters of every peer do. An arriving answer is compared
 * with each distinct one before it.
 */
function byChains(
  name: string,
  needs: readonly Need[],
  prepare: ComparingEstimator["prepare"],
  open: () => (a: string, b: string) => boolean,
): ClusterRule {
  return {
    name,
    needs,
    ...(prepare && { prepare }),
    open() {
      const same = open();
      const distinct = new DistinctTexts();
      const parent: number[] = [];
      const root = (id: number): number => {
        let top = id;
        while (parent[top] !== top) top = parent[top]!;
        return top;
      };
      return {
        add(text) {
          if (!distinct.has(text)) {
            // Compared first: when that throws, the sample is not there.
            const alike = distinct.texts.map((other) => same(other, text));
            const id = parent.push(parent.length) - 1;
            for (let other = 0; other < id; other++) if (alike[other]) parent[root(id)] = root(other);
          }
          distinct.add(text);
        },
        clusters: () => grouped(distinct.ids.map(root)),
      };
    },
  };
}

/** [n] names to the samples of each, in the order of first coming. */
export function grouped(names: readonly number[]): number[][] {
  const groups = new Map<number, number[]>();
  for (const [i, name] of names.entries()) {
    const group = groups.get(name) ?? [];
    group.push(i);
    groups.set(name, group);
  }
  return [...groups.values()];
}

/** The `prepare` of every rule that asks about entailment. */
export const askBothWays =
  (table: EntailmentTable): NonNullable<ComparingEstimator["prepare"]> =>
  (before, next, options) =>
    table.prepare(pairsWith(before, next), options);

/** Which verdicts make two answers the same. */
export type EntailmentRule =
  /** Each follows from the other (Kuhn et al. 2023 and Farquhar et al. 2024 as their papers say it; lm-polygraph). */
  | "strict"
  /** Neither contradicts the other, and one at least follows: what Farquhar et al.'s code does by default. */
  | "non-contradiction"
  /** Neither contradicts the other; two answers that have nothing to do with each other are the same: Kuhn et al.'s code, UQ-NLG. */
  | "no-contradiction-at-all"
  /** Both ways, entailment is more probable than contradiction: the semantic sets of Lin et al. 2024, lm-polygraph's NumSemSets. */
  | "entailment-above-contradiction";

const RULES: Readonly<
  Record<EntailmentRule, (there: EntailmentProbabilities, back: EntailmentProbabilities) => boolean>
> = {
  strict: (there, back) => verdictOf(there) === "entailment" && verdictOf(back) === "entailment",
  "non-contradiction": (there, back) => {
    const labels = [verdictOf(there), verdictOf(back)];
    return !labels.includes("contradiction") && labels.includes("entailment");
  },
  "no-contradiction-at-all": (there, back) =>
    verdictOf(there) !== "contradiction" && verdictOf(back) !== "contradiction",
  "entailment-above-contradiction": (there, back) =>
    there.entailment > there.contradiction && back.entailment > back.contradiction,
};

const RULE_NAMES: Readonly<Record<EntailmentRule, string>> = {
  strict: "strict entailment",
  "non-contradiction": "non-contradiction",
  "no-contradiction-at-all": "no contradiction at all",
  "entailment-above-contradiction": "entailment above contradiction",
};

/** Whether two texts say the same by a rule. */
export const sameBy =
  (table: EntailmentTable, rule: EntailmentRule) =>
  (a: string, b: string): boolean =>
    RULES[rule](table.between(a, b), table.between(b, a));

/**
 * Clusters by what follows from what.
 * @throws SurprisalError INVALID_ARGUMENT for another rule
 */
export function byEntailment(table: EntailmentTable, rule: EntailmentRule = "strict"): ClusterRule {
  if (!Object.hasOwn(RULES, rule))
    throw invalidArgument(
      `There is no rule "${rule}"`,
      "rule",
      `Give one of ${Object.keys(RULES).join(", ")}.`,
    );
  return byChains(RULE_NAMES[rule], ["entailment"], askBothWays(table), () => sameBy(table, rule));
}

/**
 * Clusters of answers whose similarity is at least a threshold, such as cosines of embeddings.
 * @throws SurprisalError INVALID_ARGUMENT for a threshold outside (0, 1]
 */
export function bySimilarity(similarity: TextSimilarity, threshold: number): ClusterRule {
  if (!(threshold > 0 && threshold <= 1))
    throw invalidArgument(
      `${threshold} is no similarity at which answers are the same`,
      "threshold",
      "Give more than 0, at most 1.",
    );
  const prepare: ComparingEstimator["prepare"] = similarity.prepare
    ? (before, next, options) => similarity.prepare!(pairsWith(before, next), options)
    : undefined;
  return byChains(`${similarity.name} of at least ${threshold}`, similarity.needs, prepare, () => {
    const compare = similarity.open();
    return (a, b) => compare(a, b) >= threshold;
  });
}

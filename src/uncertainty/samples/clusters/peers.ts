/** Clusters as other libraries make them: greedily, so that the order of the samples decides. */
import { invalidArgument } from "../../../core/index.ts";
import { verdictOf } from "../../entails.ts";
import type { EntailmentTable } from "../similarity/entailment.ts";
import { askBothWays, type ClusterRule, grouped, type RunningClusters, sameBy } from "./clusters.ts";

/**
 * - "lm-polygraph": strict entailment with the first member of a cluster; the first cluster that fits (semantic_classes.py, 0.7)
 * - "jlko": Farquhar et al.'s code, get_semantic_ids: each text that has no cluster yet takes all later ones that are like it by
 *   its rule "non-contradiction", also from clusters before
 * - "jlko-strict": the same with strict_entailment
 * - "lorenzkuhn": Kuhn et al.'s code: no contradiction at all, distinct texts in the order of first coming (their own order, that of
 *   a Python set, differs from run to run); a later match overwrites an earlier one
 * - "uq-nlg": the same with distinct texts in alphabetical order
 * - "uqlm": entailment in *either* direction with the first member, and a text goes to *every* cluster that fits (0.6.7)
 */
export type PeerClusters = "lm-polygraph" | "jlko" | "jlko-strict" | "lorenzkuhn" | "uq-nlg" | "uqlm";

type Same = (a: string, b: string) => boolean;

const NAMES: Readonly<Record<PeerClusters, true>> = {
  "lm-polygraph": true,
  jlko: true,
  "jlko-strict": true,
  lorenzkuhn: true,
  "uq-nlg": true,
  uqlm: true,
};

/**
 * Another library's clusters, for its numbers. All texts are asked about beside all others, which is more than greedy clusters
 * need.
 * @throws SurprisalError INVALID_ARGUMENT for another library
 */
export function byPeer(peer: PeerClusters, table: EntailmentTable): ClusterRule {
  if (!Object.hasOwn(NAMES, peer))
    throw invalidArgument(
      `There are no clusters of "${peer}"`,
      "peer",
      `Give one of ${Object.keys(NAMES).join(", ")}.`,
    );
  return {
    name: `clusters as in ${peer}`,
    needs: ["entailment"],
    prepare: askBothWays(table),
    open: (): RunningClusters => {
      const texts: string[] = [];
      return {
        add: (text) => void texts.push(text),
        clusters: () => clustersOf(peer, texts, table),
      };
    },
  };
}

function clustersOf(peer: PeerClusters, texts: readonly string[], table: EntailmentTable): number[][] {
  const by =
    (same: Same): Same =>
    (a, b) =>
      a === b || same(a, b);
  switch (peer) {
    case "lm-polygraph":
      return firstThatFits(texts, by(sameBy(table, "strict")));
    case "jlko":
      return takingAllLater(texts, by(sameBy(table, "non-contradiction")));
    case "jlko-strict":
      return takingAllLater(texts, by(sameBy(table, "strict")));
    case "lorenzkuhn":
      return overwriting(texts, [...new Set(texts)], by(sameBy(table, "no-contradiction-at-all")));
    case "uq-nlg":
      return overwriting(texts, [...new Set(texts)].sort(), by(sameBy(table, "no-contradiction-at-all")));
    case "uqlm": {
      const follows: Same = (a, b) => verdictOf(table.between(a, b)) === "entailment";
      return allThatFit(
        texts,
        by((a, b) => follows(a, b) || follows(b, a)),
      );
    }
  }
}

function firstThatFits(texts: readonly string[], same: Same): number[][] {
  const clusters: number[][] = [];
  for (const [i, text] of texts.entries()) {
    const fitting = clusters.find((cluster) => same(texts[cluster[0]!]!, text));
    if (fitting) fitting.push(i);
    else clusters.push([i]);
  }
  return clusters;
}

function allThatFit(texts: readonly string[], same: Same): number[][] {
  const clusters: number[][] = [];
  for (const [i, text] of texts.entries()) {
    const fitting = clusters.filter((cluster) => same(texts[cluster[0]!]!, text));
    for (const cluster of fitting) cluster.push(i);
    if (fitting.length === 0) clusters.push([i]);
  }
  return clusters;
}

function takingAllLater(texts: readonly string[], same: Same): number[][] {
  const ids = texts.map(() => -1);
  let next = 0;
  for (const [i, text] of texts.entries()) {
    if (ids[i] !== -1) continue;
    ids[i] = next;
    for (let j = i + 1; j < texts.length; j++) if (same(text, texts[j]!)) ids[j] = next;
    next++;
  }
  return grouped(ids);
}

function overwriting(texts: readonly string[], unique: readonly string[], same: Same): number[][] {
  const ids = new Map(unique.map((text, i) => [text, i]));
  for (const [i, text] of unique.entries())
    for (const other of unique.slice(i + 1)) if (same(text, other)) ids.set(other, ids.get(text)!);
  return grouped(texts.map((text) => ids.get(text)!));
}

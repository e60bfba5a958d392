/** Semantic entropy: how the answers' probability is spread over what they say. One name, seven formulas. */
import { invalidArgument } from "../../core/index.ts";
import type { PeerScore } from "../estimator.ts";
import { byAnswer, type ClusterRule } from "./clusters/clusters.ts";
import {
  type ComparingEstimator,
  cannotSay,
  defineEstimator,
  loglikelihoods,
  logSumExp,
  meanOf,
  type Said,
  type Sample,
  sumOf,
} from "./estimator-of-samples.ts";
import { asksOf } from "./similarity/pairs.ts";

/**
 * With p(c) the probability of cluster c, made from the samples s in it:
 * - "discrete": p(c) = members / n, -Σ p ln p. Needs no log-probabilities. Farquhar et al. 2024's cluster_assignment_entropy.
 * - "rao": p(c) = Σ p(s) over c, made to sum to 1, -Σ p ln p. Farquhar et al. 2024, with p(s) per token.
 * - "monte-carlo": p(c) = Σ p(s) over c as it is, -mean over *samples* of ln p(c). Kuhn et al. 2023's estimate; lm-polygraph's
 *   default.
 * - "per-cluster": the same, -mean over *clusters* of ln p(c): what Kuhn et al.'s code does.
 * - "direct": p(c) as it is, -Σ p ln p over clusters (Aichberger et al. 2024).
 */
export type SemanticEntropyFormula = "discrete" | "rao" | "monte-carlo" | "per-cluster" | "direct";

/** Another library's number, beside clusters by `byPeer` or any other rule. */
export type SemanticEntropyPeer =
  /** Rao over likelihoods per token, repeated texts counted as often as they come. */
  | "jlko"
  /** Monte Carlo over whole likelihoods, repeated texts counted as often as they come. */
  | "lm-polygraph"
  /** Its "direct", which sums once per *sample* and not once per cluster. */
  | "lm-polygraph-direct"
  /** "per-cluster" over likelihoods per token, plus the 5 that the code adds. */
  | "lorenzkuhn"
  /** -ln of the *mean* probability of the clusters, per token. */
  | "uq-nlg"
  /** Rao over likelihoods per token (tokenprob); confidence 1 - H / ln n. */
  | "uqlm"
  /** Discrete; confidence 1 - H / ln n. */
  | "uqlm-discrete";

/** Options of `semanticEntropy`. */
export interface SemanticEntropyOptions {
  /** Which answers say the same. Default `byAnswer()`: those with the same normalised text. */
  clusters?: ClusterRule | undefined;
  /** Default "discrete". */
  formula?: SemanticEntropyFormula | undefined;
  /** p(s) = exp(mean ln p of its tokens) in place of the whole text's probability. Default: true for "rao" and "per-cluster". */
  perToken?: boolean | undefined;
  /**
   * How a text that is sampled again counts in p(c): "once", as it is one text with one probability, so that no probability is
   * above 1; or "each-time". Default "once"; the means over samples and "discrete" count every sample.
   */
  repeats?: "once" | "each-time" | undefined;
  /** The number of another library; then the three options above are its. */
  as?: SemanticEntropyPeer | undefined;
}

interface Resolved {
  formula: SemanticEntropyFormula | "per-sample" | "mean-cluster";
  perToken: boolean;
  repeats: "once" | "each-time";
  /** Added at the end. */
  shift: number;
  peer: Omit<PeerScore, "value"> | null;
}

const uncertain = (library: string, name: string): Omit<PeerScore, "value"> => ({
  library,
  name,
  higher: "more uncertain",
});
const JLKO = uncertain("jlko/semantic_uncertainty a8d9aa8", "semantic_entropy");
const KUHN = uncertain("lorenzkuhn/semantic_uncertainty 20e0ee1", "predictive_entropy_over_concepts");
const UQ_NLG = uncertain("UQ-NLG ecaea91", "semanticEntropy|norm");
const LM_POLYGRAPH = "lm-polygraph 0.7.0";
const UQLM = { library: "uqlm 0.6.7", higher: "more confident" } as const;

const each = { perToken: true, repeats: "each-time", shift: 0 } as const;
const PEERS: Readonly<Record<SemanticEntropyPeer, Resolved>> = {
  jlko: { ...each, formula: "rao", peer: JLKO },
  "lm-polygraph": {
    ...each,
    formula: "monte-carlo",
    perToken: false,
    peer: uncertain(LM_POLYGRAPH, "SemanticEntropy"),
  },
  "lm-polygraph-direct": {
    ...each,
    formula: "per-sample",
    perToken: false,
    peer: uncertain(LM_POLYGRAPH, "SemanticEntropy (Direct)"),
  },
  lorenzkuhn: { ...each, formula: "per-cluster", shift: 5, peer: KUHN },
  "uq-nlg": { ...each, formula: "mean-cluster", peer: UQ_NLG },
  uqlm: { ...each, formula: "rao", peer: { ...UQLM, name: "semantic_negentropy (tokenprob)" } },
  "uqlm-discrete": {
    ...each,
    formula: "discrete",
    peer: { ...UQLM, name: "semantic_negentropy (discrete)" },
  },
};

const FORMULAS: Readonly<Record<SemanticEntropyFormula, { perToken: boolean }>> = {
  discrete: { perToken: false },
  rao: { perToken: true },
  "monte-carlo": { perToken: false },
  "per-cluster": { perToken: true },
  direct: { perToken: false },
};

/**
 * Semantic entropy, nats; 0 ... ln n for "discrete" and "rao", which also say confidence = 1 - H / ln n, while the others use
 * probabilities that need not sum to 1: "per-cluster" and "monte-carlo" are 0 ... ∞ for likelihoods of whole texts, and may be
 * below 0 for likelihoods per token.
 * @throws SurprisalError INVALID_ARGUMENT for another formula or library
 */
export function semanticEntropy(options: SemanticEntropyOptions = {}): ComparingEstimator {
  const { clusters = byAnswer() } = options;
  const resolved = resolve(options);
  const withLikelihoods = resolved.formula !== "discrete";
  return defineEstimator({
    method: "semantic-entropy",
    variant: `${variantOf(options, resolved)}, ${clusters.name}`,
    needs: ["samples", ...(withLikelihoods ? (["logprobs"] as const) : []), ...clusters.needs],
    least: 2,
    prepare: clusters.prepare,
    asks: asksOf(clusters),
    begin() {
      const running = clusters.open();
      return {
        add: ({ text }) => running.add(text),
        say(samples) {
          const silent = running.silent ?? 0;
          if (silent === samples.length) return cannotSay("No answer could be read out of any sample.");
          return entropyOf(samples, running.clusters(), resolved);
        },
      };
    },
  });
}

function resolve({ formula = "discrete", as: peer, ...options }: SemanticEntropyOptions): Resolved {
  if (peer !== undefined) {
    if (Object.hasOwn(PEERS, peer)) return PEERS[peer];
    throw invalidArgument(
      `There is no semantic entropy of "${peer}"`,
      "as",
      `Give one of ${Object.keys(PEERS).join(", ")}.`,
    );
  }
  if (!Object.hasOwn(FORMULAS, formula))
    throw invalidArgument(
      `There is no formula "${formula}"`,
      "formula",
      `Give one of ${Object.keys(FORMULAS).join(", ")}.`,
    );
  const { perToken = FORMULAS[formula].perToken, repeats = "once" } = options;
  return { formula, perToken, repeats, shift: 0, peer: null };
}

function variantOf({ as: peer }: SemanticEntropyOptions, { formula, perToken, repeats }: Resolved): string {
  if (peer !== undefined) return `as in ${peer}`;
  if (formula === "discrete") return formula;
  return `${formula}, ${perToken ? "per token" : "whole texts"}${repeats === "once" ? "" : ", repeats each time"}`;
}

function entropyOf(samples: readonly Sample[], clusters: readonly number[][], resolved: Resolved): Said {
  const { formula, perToken, repeats, shift, peer } = resolved;
  const n = samples.length;
  if (formula === "discrete") {
    const shares = clusters.map((cluster) => cluster.length);
    const entropy = plogp(shares.map((share) => share / sumOf(shares)));
    return bounded(entropy, n, peer);
  }
  const likelihoods = loglikelihoods(samples, perToken);
  if ("reason" in likelihoods)
    return { ...cannotSay(likelihoods.reason), ...(peer && { peer: { ...peer, value: null } }) };
  const members =
    repeats === "once" ? clusters.map((cluster) => once(cluster, samples, likelihoods.values)) : clusters;
  const logprobs = members.map((cluster) => logSumExp(cluster.map((i) => likelihoods.values[i]!)));
  if (formula === "rao") {
    const total = logSumExp(logprobs);
    if (total === -Infinity) return cannotSay("Every sample has probability 0.");
    return bounded(plogp(logprobs.map((logprob) => Math.exp(logprob - total))), n, peer);
  }
  const entropy = ((): number => {
    switch (formula) {
      case "monte-carlo":
        return -meanOf(clusters.flatMap((cluster, c) => cluster.map(() => logprobs[c]!)));
      case "per-cluster":
        return -meanOf(logprobs);
      case "direct":
        return plogp(logprobs.map(Math.exp));
      case "per-sample":
        return plogp(clusters.flatMap((cluster, c) => cluster.map(() => Math.exp(logprobs[c]!))));
      case "mean-cluster":
        return Math.log(logprobs.length) - logSumExp(logprobs);
    }
  })();
  const uncertainty = entropy + shift;
  return peer ? { uncertainty, peer: { ...peer, value: uncertainty } } : { uncertainty };
}

/** One sample of each text: of several log-probabilities of the same text, the greatest. */
function once(cluster: readonly number[], samples: readonly Sample[], values: readonly number[]): number[] {
  const best = new Map<string, number>();
  for (const i of cluster) {
    const held = best.get(samples[i]!.text);
    if (held === undefined || values[i]! > values[held]!) best.set(samples[i]!.text, i);
  }
  return [...best.values()];
}

/** -Σ p ln p. */
const plogp = (probabilities: readonly number[]): number =>
  sumOf(probabilities.map((p) => (p > 0 ? -p * Math.log(p) : 0)));

/** An entropy of at most ln n, with the confidence that uqlm makes of it. */
function bounded(entropy: number, n: number, peer: Resolved["peer"]): Said {
  const uncertainty = Math.max(0, entropy);
  const confidence = Math.max(0, 1 - uncertainty / Math.log(n));
  if (!peer) return { uncertainty, confidence };
  const value = peer.higher === "more confident" ? 1 - uncertainty / Math.log(n) : uncertainty;
  return { uncertainty, confidence, peer: { ...peer, value } };
}

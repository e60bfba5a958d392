/** Numbers of TruthTorchLM, truth_methods/confidence.py: higher = more truthful. */
import { NllTally } from "../logprobs.ts";
import type { OnePassMethod } from "../method.ts";
import { everyToken, peerMethod } from "./peer.ts";

const confidence = (name: string, formula: string, differs: string, value: (tally: NllTally) => number) =>
  peerMethod("truthtorchlm", "TruthTorchLM 0.1.19", {
    name,
    needs: ["logprobs"],
    unit: "nats, 0 ... Infinity",
    formula,
    higher: "more confident",
    differs,
    uncertainty: (score) => 0 - score,
    begin(tallies) {
      const tally = tallies.of(NllTally);
      return () => everyToken(tally.nll.count, tally.missing, "log-probability") ?? 0 - value(tally);
    },
  });

/** TruthTorchLM's numbers. */
export const TRUTHTORCHLM: readonly OnePassMethod[] = [
  confidence(
    "Confidence",
    "(1/T) Σ ln p",
    "- mean-nll: a log-probability, not a confidence",
    (tally) => tally.nll.mean,
  ),
  confidence("Confidence(LogProbScoring)", "Σ ln p", "- sequence-logprob", (tally) => tally.nll.total),
];

/** A fitted PAQ router as plain data: how it decides, what it was fitted to, and beside what it may be used. */
import type { CalibrationIdentity } from "../../calibrate/index.ts";
import type { RouterFacts } from "../artefact.ts";
import type { PaqGoal, PaqPoint } from "./decide.ts";
import type { PaqCosts, PaqHead } from "./head/index.ts";

/** A level that a router sends prompts to. */
export interface PaqArtefactLevel {
  /** "4-bit" */
  name: string;
  /** What gave the surprisal that labels were made of; `null` = not known, and not compared. */
  identity: CalibrationIdentity | null;
}

/** A PAQ router, plain JSON: `saveRouter`, `loadRouter`. */
export interface PaqArtefact extends RouterFacts {
  kind: "paq";
  /** Fewest bits first; the last is what the others are compared with. */
  levels: readonly PaqArtefactLevel[];
  /** A level is enough for a prompt where its perplexity is at most (1 + tau) times that of the top level. */
  tau: number;
  /** Bound of the mean perplexity that tau was chosen for; `null`: tau was given. */
  qualityBound: number | null;
  /** Share of prompts whose label each level was. */
  labels: Readonly<Record<string, number>>;
  features: {
    name: string;
    dimensions: number;
    identity: { name: string; sha256: string | null } | null;
  };
  costs: PaqCosts;
  head: PaqHead;
  goal: PaqGoal;
  point: PaqPoint;
  /** What of this is not the paper's, but reconstructed. */
  reconstructed: readonly string[];
}

/** What is ours where the paper's text and figures could not be had; stands in every router. */
export const PAQ_RECONSTRUCTIONS: readonly string[] = [
  "labels: the smallest level with PPL_b <= (1 + tau) PPL_top over one continuation; rule and tolerance of the paper are not known",
  "tau: chosen by a bound of the mean perplexity, unless it is given",
  "router: the paper's is a light BERT that was trained for it; ours is an encoder as it is, with an ordinal head of ours, and costs of ours",
  "decision: the smallest level with a calibrated P(adequate) >= p*, p* from the costs or a bound of the risk",
];

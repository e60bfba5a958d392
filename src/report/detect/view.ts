/** What is shown of examined answers; also what stands in the rows of `surprisal detect`. */
import type { MeasureEstimate } from "../../calibrate/index.ts";
import type { Examination, Finding, Place, Signal } from "../../detect/index.ts";

/** Signals, for people. */
export const SIGNAL_NAMES: Readonly<Record<Signal, string>> = {
  anomaly: "surprisal that jumps",
  retrieval: "what documents do not explain",
  consistency: "what samples do not say again",
  patterns: "what is wrong by its form",
  series: "course of the log-probabilities",
};

/** A place in the answer, and all that speaks against it. Those of one answer do not overlap. */
export interface SuspectedSpan extends Place {
  /** 0 ... 1; a probability only where the answer's `fusion` is "fitted". */
  score: number;
  /** Strongest first; at least one. */
  because: readonly Finding[];
}

/** A token of the answer by what the documents do to its probability. */
export interface LiftToken extends Place {
  /** -ln p without documents, nats; `null`: not known. */
  surprisal: number | null;
  /** ln p with all documents - ln p without, nats; `null`: not known. */
  lift: number | null;
}

/** A sentence of the answer by what the documents do to its probability. */
export interface LiftSentence extends Place {
  tokens: number;
  /** Sum over its tokens, nats. */
  lift: number | null;
  /** The same when one document is left out: how much of the lift is lost then, nats, by place among the documents. */
  byDocument: readonly (number | null)[];
}

/** A document that the answer was held against. */
export interface ShownDocument {
  name: string;
  /** How much of the answer's lift is lost without it, nats; `null`: not known. */
  support: number | null;
  /** What was not read of it, in words; `null`: all was read, or nobody read it with a model. */
  notRead: string | null;
}

/** An answer with what all detectors say of it. */
export interface DetectedAnswer {
  /** The line's own name, where it has one. */
  id: string | number | null;
  /** As text; of a chat its messages. `null`: not known. */
  question: string | null;
  answer: string;
  answerFrom: "given" | "written" | "first sample";
  /** Where the numbers of its tokens are from; `null`: it has none. */
  numbersFrom: "given" | "scored" | "written" | null;
  /** 0 ... 1, how suspicious the answer is; `null`: no detector could say it. */
  score: number | null;
  /** "fitted": scores are calibrated probabilities of a fitted detector; "plain": they only order. */
  fusion: "fitted" | "plain";
  spans: readonly SuspectedSpan[];
  examinations: readonly Examination[];
  tokens: readonly LiftToken[];
  sentences: readonly LiftSentence[];
  documents: readonly ShownDocument[];
  /** How many further answers it was compared with. */
  samples: number;
  /** Whether the answer is right; `null`: nobody said. */
  correct: boolean | null;
  group: string | number | null;
  notes: readonly string[];
}

/** How well a signal tells wrong answers from right ones. */
export interface SignalRanking {
  /** Name of the signal, or "fused". */
  name: string;
  /** Answers with a label and a number of this signal; of these, right. */
  n: number;
  right: number;
  /** Answers with a label that it has no number for. */
  missing: number;
  /** 0.5 says nothing, 1 orders all wrong answers before all right ones. */
  auroc: MeasureEstimate;
}

/** Wrong answers that the model found likely, and what else would have caught them. */
export interface ConfidentErrors {
  /** Answers with a label and a perplexity, and of these, wrong. */
  answers: number;
  wrong: number;
  /** Wrong ones below the bound. */
  confident: number;
  /** An answer is confident below this; its mean surprisal, nats per token. */
  bound: number;
  /** Of the confident errors, caught by each other signal: suspicious above the bound of that signal. */
  caughtBy: readonly { name: string; caught: number }[];
  /** Places of the confident errors among the answers. */
  places: readonly number[];
}

/** All that a page shows. */
export interface DetectionView {
  title: string;
  /** Name of the model; `null`: none was used. */
  model: string | null;
  answers: readonly DetectedAnswer[];
  /** `null`: too few answers have a label. Best first. */
  ranking: readonly SignalRanking[] | null;
  /** `null`: no label, or no perplexities. */
  confidentErrors: ConfidentErrors | null;
  /** Names and values of how it was made. */
  details: readonly (readonly [name: string, value: string])[];
  notes: readonly string[];
}

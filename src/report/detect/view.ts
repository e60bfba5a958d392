/** What is shown of examined answers; also what stands in the rows of `surprisal detect`. */
import type { MeasureEstimate } from "../../calibrate/index.ts";
import type { ConfidentErrorReport, Examination, FusedSpan, Place, Signal } from "../../detect/index.ts";

/** Signals, for people. */
export const SIGNAL_NAMES: Readonly<Record<Signal, string>> = {
  anomaly: "surprisal that jumps",
  retrieval: "what documents do not explain",
  consistency: "what samples do not say again",
  patterns: "what is wrong by its form",
  series: "course of the log-probabilities",
};

/** A token of the answer by what the documents do to its probability. */
export interface LiftToken extends Place {
  /** -ln p without documents, nats; `null`: not known. */
  surprisal: number | null;
  /** ln p with all documents - ln p without, nats; `null`: not known. */
  lift: number | null;
  /** Without documents: entropy of its place, nats; its rank, from 1; ln p of the most probable tokens there, best first. */
  entropy?: number | undefined;
  rank?: number | undefined;
  top?: readonly number[] | undefined;
}

/** A sentence of the answer by what the documents do to its probability. */
export interface LiftSentence extends Place {
  tokens: number;
  /** Sum over its tokens, nats. */
  lift: number | null;
  /** The same when one document is left out: how much of the lift is lost then, nats, by place among the documents. */
  byDocument: readonly (number | null)[];
}

/** A suspected span by what the documents do to it: sums over the tokens that begin in it. */
export interface SpanLift {
  /** Nats; `null`: not known. */
  lift: number | null;
  /** How much of that is lost when one document is left out, nats, by place among the documents. */
  byDocument: readonly (number | null)[];
}

/** A document that the answer was held against. */
export interface ShownDocument {
  name: string;
  /** How much of the answer's lift is lost without it, nats; `null`: not known. */
  support: number | null;
  /** Share of its characters that a model read, 0 ... 1; `null`: no model looked at it. */
  read: number | null;
  /** What should be known of that, in words. */
  note?: string | undefined;
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
  spans: readonly FusedSpan[];
  /** Of each span, in their order; none where there is no lift. */
  spanLifts: readonly SpanLift[];
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

/** All that a page shows. */
export interface DetectionView {
  title: string;
  /** Name of the model; `null`: none was used. */
  model: string | null;
  answers: readonly DetectedAnswer[];
  /** `null`: too few answers have a label. Best first. */
  ranking: readonly SignalRanking[] | null;
  /** `null`: no label, or no perplexities. The id of an error is its answer's place, as text. */
  confidentErrors: ConfidentErrorReport | null;
  /** Names and values of how it was made. */
  details: readonly (readonly [name: string, value: string])[];
  notes: readonly string[];
}

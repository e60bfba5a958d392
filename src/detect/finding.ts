/**
 * The contract of this room: what a detector of hallucination is given, and what it says.
 *
 * One direction for all: a higher number is more suspicious. `null` where a number cannot be said, with the reason; never a
 * stand-in. Places in a text are UTF-16 code units, [start, end), as in `String.prototype.slice`.
 */
import type { TokenRecord } from "../core/index.ts";
import type { AnswerSample } from "../uncertainty/index.ts";

/**
 * What an answer is suspected by.
 * - "anomaly": surprisal that jumps or shifts within the answer
 * - "retrieval": what the documents do not explain
 * - "consistency": what further samples do not say again
 * - "patterns": what is wrong by its form alone, or against the context
 * - "series": the course of the log-probabilities, by a small model that learned from labelled answers
 */
export const SIGNALS = ["anomaly", "retrieval", "consistency", "patterns", "series"] as const;
/** One of SIGNALS. */
export type Signal = (typeof SIGNALS)[number];

/** A place in a text, UTF-16 code units. */
export interface Place {
  start: number;
  /** Exclusive, >= `start`. */
  end: number;
}

/** A text that the answer should rest on. */
export interface SourceDocument {
  /** What it is called in reports, such as its path. */
  name: string;
  text: string;
}

/** One answer with all that detectors may look at. What is left out is not known; a detector that needs it says so. */
export interface ExaminedAnswer {
  answer: string;
  question?: string | undefined;
  documents?: readonly SourceDocument[] | undefined;
  /** The answer's tokens; their texts in order are the answer. */
  tokens?: readonly TokenRecord[] | undefined;
  /** Further answers to the same question. */
  samples?: readonly AnswerSample[] | undefined;
}

/** A place in the answer, and why it is suspected. */
export interface Finding extends Place {
  signal: Signal;
  /** Which kind of fault, such as "spike" or "number-not-in-context"; a closed list per signal, in docs/hallucination.md. */
  kind: string;
  /** 0 ... 1, the detector's own scale: it orders its findings, and is no probability. */
  strength: number;
  /** Why, in one sentence for people. Quotes of the answer are as they are: who draws it makes hidden characters visible. */
  because: string;
  /** Numbers and names beside the sentence, such as the document that says otherwise. */
  details?: Readonly<Record<string, string | number | null>> | undefined;
}

/** What a detector says of one answer. */
export interface Examination {
  signal: Signal;
  /** Of the whole answer; unit and range are the detector's own, see `unit`. */
  suspicion: number | null;
  /** Such as "nats per token" or "share of samples". */
  unit: string;
  /** Why `suspicion` is `null`, or what was left out of it, for people. */
  reason?: string | undefined;
  /** In order of their place. */
  findings: readonly Finding[];
  /** Numbers that a fused model can be fitted to, by name, such as "mean-surprisal"; names do not depend on the answer. */
  features: Readonly<Record<string, number | null>>;
  price: DetectionPrice;
}

/** What a detector spent beyond writing the answer itself. */
export interface DetectionPrice {
  /** Tokens that a model had to run, shared prefixes once. */
  tokensRun: number;
  /** Tokens written by a model. */
  tokensWritten: number;
  /** Milliseconds. */
  ms: number;
}

/** A detector: which signal, and how it looks at an answer. Answers that it cannot judge are no errors: `suspicion` is `null`. */
export interface Detector {
  readonly signal: Signal;
  examine(answer: ExaminedAnswer, options?: { signal?: AbortSignal | undefined }): Promise<Examination>;
}

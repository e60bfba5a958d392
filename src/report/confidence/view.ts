/** What is shown of answers whose confidence was estimated; also what stands in the rows of `surprisal confidence`. */
import type { MeasureEstimate } from "../../calibrate/index.ts";
import type { Alternative, TokenPart } from "../../core/index.ts";
import type { AnswerSample, Estimate, MethodFamily } from "../../uncertainty/index.ts";

/** Families of methods, for people. */
export const FAMILY_NAMES: Readonly<Record<MethodFamily, string>> = {
  "one-pass": "one pass",
  samples: "samples",
  asking: "asking the model",
  peers: "other libraries",
};

/** What one method says of one answer, and what it did cost. */
export interface MethodEstimate extends Estimate {
  /** Its name in the list of methods, such as "semantic-entropy/rao". */
  name: string;
  family: MethodFamily;
  price: {
    /** Samples it was made from that were drawn for this answer; all methods share them. */
    samples: number;
    /** Requests to the model about the answer. */
    calls: number;
    tokensWritten: number | null;
    tokensRead: number | null;
  };
  /** Of methods that ask: what the model said, word for word. */
  replies?: readonly string[] | undefined;
  /** Of methods that ask: sha256 of what it was asked with. */
  wordingSha256?: string | undefined;
}

/** A token of the answer. */
export interface AnswerToken {
  text: string;
  /** Its bytes, where they are not `text`. */
  bytes?: readonly number[] | undefined;
  /** ln p, nats; `null`: not known. */
  logprob: number | null;
  part?: TokenPart | undefined;
  /** The most probable ones in its place, best first. */
  alternatives?: readonly Pick<Alternative, "text" | "logprob">[] | undefined;
}

/** An answer with what all methods say of it. */
export interface ConfidenceAnswer {
  /** The line's own name, where it has one. */
  id: string | number | null;
  /** As text; of a chat its messages. `null`: not known. */
  question: string | null;
  answer: string;
  /** Where the answer is from, and where its numbers are from; `null`: it has none. */
  answerFrom: "given" | "written" | "first sample";
  numbersFrom: "given" | "scored" | "written" | null;
  tokens: readonly AnswerToken[];
  samples: readonly AnswerSample[];
  /** Samples that say the same, by the cluster rule of the methods that need no judge: numbers of samples, most first. */
  clusters: readonly (readonly number[])[];
  estimates: readonly MethodEstimate[];
  /** Whether the answer is right; `null`: nobody said. */
  correct: boolean | null;
  group: string | number | null;
  notes: readonly string[];
}

/** How well a method tells right answers from wrong ones. */
export interface MethodRanking {
  name: string;
  family: MethodFamily;
  /** Answers with a label and a number of this method; of these, right. */
  n: number;
  right: number;
  /** Answers with a label that it has no number for. */
  missing: number;
  /** 0.5 says nothing, 1 orders all right before all wrong. */
  auroc: MeasureEstimate;
  /** Area under the risk-coverage curve; lower is better. */
  aurc: MeasureEstimate;
}

/** All that a page shows. */
export interface ConfidenceView {
  title: string;
  /** Name of the model; `null`: none was used. */
  model: string | null;
  answers: readonly ConfidenceAnswer[];
  /** `null`: no answer has a label. Best first. */
  ranking: readonly MethodRanking[] | null;
  /** Names and values of how it was made. */
  details: readonly (readonly [name: string, value: string])[];
  notes: readonly string[];
}

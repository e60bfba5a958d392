/** Retrieval confidence as a detector: which claims of an answer its documents do not explain. */

import { invalidArgument, SurprisalError } from "../../core/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import type { Entails } from "../../uncertainty/index.ts";
import type { Detector, Examination, ExaminedAnswer } from "../finding.ts";
import { AGREEMENTS, type DocumentAgreement, documentAgreement } from "./agreement.ts";
import { DEFAULT_THRESHOLDS, type FindingThresholds, findingsOf } from "./findings.ts";
import { type LiftOptions, type LiftSpan, type RetrievalLift, retrievalLift } from "./lift.ts";
import type { Embedder } from "./relevance.ts";
import { suspicionOf } from "./suspicion.ts";

/** Options of `retrievalDetector`. */
export interface RetrievalDetectorOptions
  extends Pick<LiftOptions, "leaveOneOut" | "chat" | "order" | "contextTokens"> {
  /** Scores texts. */
  model: LanguageModel;
  /** Chooses passages of documents that are too long, and compares sentences with them. */
  embedder?: Embedder | undefined;
  /** Judges whether a sentence follows from the passage nearest to it. What that costs is not in the price. */
  entailment?: Entails | undefined;
  /** The lift of the very answer that is looked at, where it is known: the model is not run again. */
  lift?: RetrievalLift | undefined;
  /** From where on words are found. Default: suspicion 0.75, surprisal 3 nats. */
  thresholds?: Partial<FindingThresholds> | undefined;
}

/**
 * The answer is run twice, with the documents and without; `leaveOneOut` runs it once more for each document.
 * @throws SurprisalError INVALID_ARGUMENT for a threshold that is no number from 0
 */
export function retrievalDetector(options: RetrievalDetectorOptions): Detector {
  const { model, embedder, entailment, lift: ready, thresholds: asked, ...asking } = options;
  const thresholds = { ...DEFAULT_THRESHOLDS, ...asked };
  for (const [name, value] of Object.entries(thresholds))
    if (!(value >= 0))
      throw invalidArgument(`${value} is no threshold`, `thresholds.${name}`, "Give a number from 0.");
  return {
    signal: "retrieval",
    async examine(given, { signal } = {}) {
      const began = performance.now();
      const { question, documents = [], answer } = given;
      const agreement = await documentAgreement(answer, documents, {
        question,
        embedder,
        entailment,
        signal,
      });
      if (ready !== undefined) checkLift(ready, given);
      const lift =
        ready ??
        (await retrievalLift(model, { question, documents, answer }, { ...asking, embedder, signal }).catch(
          refused,
        ));
      const ms = performance.now() - began;
      return examination(given, lift, agreement, { thresholds, ms });
    },
  };
}

/** @throws SurprisalError INVALID_ARGUMENT for a lift of something else, as far as its length and its documents show it. */
function checkLift({ answer: { end }, documents: read }: RetrievalLift, given: ExaminedAnswer): void {
  const { answer, documents = [] } = given;
  if (
    end === answer.length &&
    read.map(({ name }) => name).join() === documents.map(({ name }) => name).join()
  )
    return;
  throw invalidArgument(
    "The lift is that of another answer, or of other documents",
    "lift",
    "Give the lift of the answer that is examined, or leave it out.",
  );
}

/** An answer that this model cannot judge is no error. */
function refused(error: unknown): string {
  const { code, message } = error instanceof SurprisalError ? error : { code: null, message: "" };
  if (code === "UNSUPPORTED_CAPABILITY" || code === "CONTEXT_EXCEEDED") return message;
  throw error;
}

function examination(
  given: ExaminedAnswer,
  lift: RetrievalLift | string,
  agreement: DocumentAgreement,
  { thresholds, ms }: { thresholds: FindingThresholds; ms: number },
): Examination {
  const read = typeof lift === "string" ? null : lift;
  const suspicion = read && suspicionOf(read.answer);
  const reason = typeof lift === "string" ? lift : reasonOf(lift, suspicion);
  return {
    signal: "retrieval",
    suspicion,
    unit: "share of surprisal left by the documents",
    ...(reason !== undefined && { reason }),
    findings: read ? findingsOf(given, read, agreement.sentences, thresholds) : [],
    features: featuresOf(read, agreement),
    price: { tokensRun: read?.price.tokensRun ?? 0, tokensWritten: 0, ms },
  };
}

function reasonOf({ reason, documents }: RetrievalLift, suspicion: number | null): string | undefined {
  if (reason !== undefined) return reason;
  if (suspicion === null) return "The model gave no number for some of the answer's tokens.";
  const cut = documents.filter(({ unread }) => unread.length > 0).map(({ name }) => name);
  return cut.length > 0 ? `Not all was read of ${cut.join(", ")}.` : undefined;
}

function featuresOf(
  read: RetrievalLift | null,
  { mean, worst }: DocumentAgreement,
): Record<string, number | null> {
  const perToken = (of: "lift" | "withDocuments" | "withoutDocuments") => (span: LiftSpan) =>
    span[of] === null || span.tokens === 0 ? null : span[of] / span.tokens;
  const lift = perToken("lift");
  const negative = (value: number | null) => value && -value;
  const least = (spans: readonly LiftSpan[], of: (span: LiftSpan) => number | null) =>
    extreme(spans.map(of), Math.min);
  const answer = read?.answer;
  const [sentences, claims, tokens] = [read?.sentences ?? [], read?.claims ?? [], read?.tokens ?? []];
  return {
    "lift-mean": answer ? lift(answer) : null,
    "lift-sum": answer?.lift ?? null,
    "lift-min-sentence": least(sentences, lift),
    "lift-min-claim": least(claims, lift),
    "lift-min-token": least(tokens, lift),
    "nll-with": answer ? negative(perToken("withDocuments")(answer)) : null,
    "nll-without": answer ? negative(perToken("withoutDocuments")(answer)) : null,
    "nll-with-max-token": negative(least(tokens, perToken("withDocuments"))),
    suspicion: answer ? suspicionOf(answer) : null,
    "suspicion-max-sentence": extreme(sentences.map(suspicionOf), Math.max),
    "suspicion-max-claim": extreme(claims.map(suspicionOf), Math.max),
    ...Object.fromEntries(
      AGREEMENTS.flatMap((kind) => [
        [`agreement-${kind}`, mean[kind]],
        [`agreement-${kind}-worst`, worst[kind]],
      ]),
    ),
  };
}

/** Of an answer of any length: no spread of its tokens. */
function extreme(values: readonly (number | null)[], of: (a: number, b: number) => number): number | null {
  const known = values.filter((value) => value !== null);
  return known.length > 0 ? known.reduce((a, b) => of(a, b)) : null;
}

/** Retrieval confidence as a detector: which claims of an answer its documents do not explain. */

import { invalidArgument, SurprisalError } from "../../core/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import type { Entails } from "../../uncertainty/index.ts";
import type { Detector, Examination, ExaminedAnswer, Finding } from "../finding.ts";
import {
  AGREEMENTS,
  type DocumentAgreement,
  documentAgreement,
  type SentenceAgreement,
} from "./agreement.ts";
import { type LiftOptions, type LiftSpan, type RetrievalLift, retrievalLift } from "./lift.ts";
import type { Embedder } from "./relevance.ts";
import { strengthOf, suspicionOf } from "./suspicion.ts";

/** Options of `retrievalDetector`. */
export interface RetrievalDetectorOptions
  extends Pick<LiftOptions, "leaveOneOut" | "chat" | "order" | "contextTokens"> {
  /** Scores texts. */
  model: LanguageModel;
  /** Chooses passages of documents that are too long, and compares sentences with them. */
  embedder?: Embedder | undefined;
  /** Judges whether a sentence follows from the passage nearest to it. What that costs is not in the price. */
  entailment?: Entails | undefined;
  /** Claims are found from this suspicion on, nats per token, > 0. Default 3. */
  least?: number | undefined;
}

/** Kinds of its findings. */
export const RETRIEVAL_FINDINGS = ["unsupported", "less-probable"] as const;

/** Suspicion from which claims are found, nats per token. */
const LEAST = 3;

/**
 * The answer is run twice, with the documents and without; `leaveOneOut` runs it once more for each document.
 * @throws SurprisalError INVALID_ARGUMENT for `least`
 */
export function retrievalDetector(options: RetrievalDetectorOptions): Detector {
  const { model, embedder, entailment, least = LEAST, ...asking } = options;
  if (!(least > 0) || least === Number.POSITIVE_INFINITY)
    throw invalidArgument(`${least} nats are no least suspicion`, "least", "Give a number above 0.");
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
      const lift = await retrievalLift(
        model,
        { question, documents, answer },
        { ...asking, embedder, signal },
      ).catch(refused);
      const ms = performance.now() - began;
      return examination(given, lift, agreement, { least, ms });
    },
  };
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
  { least, ms }: { least: number; ms: number },
): Examination {
  const read = typeof lift === "string" ? null : lift;
  const suspicion = read && suspicionOf(read.answer);
  const reason = typeof lift === "string" ? lift : reasonOf(lift, suspicion);
  return {
    signal: "retrieval",
    suspicion,
    unit: "nats per token",
    ...(reason !== undefined && { reason }),
    findings: read ? findingsOf(given, read, agreement, least) : [],
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

function findingsOf(
  { answer, documents = [] }: ExaminedAnswer,
  { claims }: RetrievalLift,
  { sentences }: DocumentAgreement,
  least: number,
): Finding[] {
  return claims.flatMap((claim) => {
    const suspicion = suspicionOf(claim);
    const { withDocuments, withoutDocuments, lift, tokens } = claim;
    if (suspicion === null || suspicion < least || withDocuments === null || lift === null) return [];
    const [perToken, remaining] = [lift / tokens, -withDocuments / tokens];
    const sentence = sentences.find(({ start, end }) => claim.start >= start && claim.end <= end);
    const best = bestDocument(claim, sentence);
    return {
      start: claim.start,
      end: claim.end,
      signal: "retrieval" as const,
      kind: perToken < 0 ? "less-probable" : "unsupported",
      strength: strengthOf(suspicion, least),
      because: because(answer.slice(claim.start, claim.end), perToken, remaining),
      details: {
        suspicion,
        "lift-per-token": perToken,
        "surprisal-with": remaining,
        "surprisal-without": withoutDocuments === null ? null : -withoutDocuments / tokens,
        document: best === null ? null : documents[best]!.name,
        missing: sentence && sentence.missing.length > 0 ? sentence.missing.join(", ") : null,
      },
    };
  });
}

/** The document that adds most to a claim; where that was not asked, the one that is nearest to its sentence. */
function bestDocument({ byDocument }: LiftSpan, sentence: SentenceAgreement | undefined): number | null {
  let best: number | null = null;
  for (const [i, value] of (byDocument ?? []).entries())
    if (value !== null && (best === null || value > byDocument![best]!)) best = i;
  return best ?? sentence?.nearest?.document ?? null;
}

function because(quote: string, lift: number, remaining: number): string {
  const shown = quote.length > 80 ? `${quote.slice(0, 79)}…` : quote;
  const change =
    lift < 0
      ? `the documents make it less probable (${lift.toFixed(2)} nats per token)`
      : `the documents hardly make it more probable (+${lift.toFixed(2)} nats per token)`;
  return `"${shown}" is improbable with the documents (${remaining.toFixed(2)} nats per token), and ${change}.`;
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

function extreme(values: readonly (number | null)[], of: (...values: number[]) => number): number | null {
  const known = values.filter((value) => value !== null);
  return known.length > 0 ? of(...known) : null;
}

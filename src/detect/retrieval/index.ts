/** Retrieval confidence: what documents explain of an answer, and what they do not. */

export {
  AGREEMENTS,
  type AgreementKind,
  type AgreementOptions,
  type AgreementValues,
  type DocumentAgreement,
  documentAgreement,
  type SentenceAgreement,
} from "./agreement.ts";
export { type RetrievalDetectorOptions, retrievalDetector } from "./detector.ts";
export { type FindingThresholds, RETRIEVAL_FINDINGS } from "./findings.ts";
export {
  type LiftOptions,
  type LiftPrice,
  type LiftRecipe,
  type LiftRequest,
  type LiftSpan,
  type RetrievalLift,
  retrievalLift,
  type TokenLift,
} from "./lift.ts";
export type { DocumentOrder, DocumentReading, PassageChoice } from "./reading.ts";
export type { Embedder } from "./relevance.ts";

/** What answers are examined with. */
import type {
  Examination,
  FusionArtefact,
  LiftOptions,
  SeriesArtefact,
  Signal,
  SourceDocument,
} from "../../detect/index.ts";
import type { EmbeddingModel, LanguageModel } from "../../models/index.ts";

/** What an answer is examined with. */
export interface DetectSetup {
  /** `null`: no model is loaded. */
  model: LanguageModel | null;
  signals: readonly Signal[];
  /** Behind those of the line itself. */
  documents: readonly SourceDocument[];
  /** Samples to draw beside each answer; 0 = none. */
  samples: number;
  maxTokens: number;
  /** Of the answer, and of the samples. */
  temperature: number;
  sampleTemperature: number;
  seed: number | undefined;
  /** Prompts are given to the model as they stand, though it has a chat template. */
  plain: boolean;
  system: string | undefined;
  /** Tokens of documents and answer, at most. */
  contextTokens: number | undefined;
  /** Also what each document adds: a pass for each. */
  byDocument: boolean;
  embedder: EmbeddingModel | null;
  fusion: FusionArtefact | null;
  series: SeriesArtefact | null;
}

/** The same for the detector and for what is shown, so that both are read from one pass. */
export const liftOptions = ({
  contextTokens,
  plain,
  byDocument,
}: Pick<DetectSetup, "contextTokens" | "plain" | "byDocument">): Pick<
  LiftOptions,
  "leaveOneOut" | "contextTokens" | "chat"
> => ({ leaveOneOut: byDocument, contextTokens, chat: plain ? false : undefined });

/** What a detector that could not look says. */
export const silent = (signal: Signal, reason: string): Examination => ({
  ...{ signal, suspicion: null, unit: "", reason, findings: [], features: {} },
  price: { tokensRun: 0, tokensWritten: 0, ms: 0 },
});

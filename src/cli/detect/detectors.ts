/** The detectors of one answer, and which of those that were asked for have nothing to look at. */
import {
  type Detector,
  detectAnomaly,
  detectConsistency,
  detectPatterns,
  type Examination,
  type ExaminedAnswer,
  type RetrievalLift,
  retrievalDetector,
  type Signal,
  seriesDetector,
} from "../../detect/index.ts";
import { type Embed, embeddingSimilarity } from "../../uncertainty/index.ts";
import { identityOf } from "./fit.ts";
import { type DetectSetup, liftOptions, silent } from "./setup.ts";

/** Who looks, and who cannot. */
export interface ChosenDetectors {
  detectors: Detector[];
  missing: Examination[];
}

/** @param lift of the answer, so that no pass is run twice; `null`: there is none. */
export function detectorsFor(
  setup: DetectSetup,
  answer: ExaminedAnswer,
  lift: RetrievalLift | null,
  embed: Embed | null,
): ChosenDetectors {
  const made = setup.signals.map((signal): Detector | Examination => {
    const why = whyNot(signal, setup, answer);
    return why === null ? make(signal, setup, lift, embed) : silent(signal, why);
  });
  return {
    detectors: made.filter((each): each is Detector => "examine" in each),
    missing: made.filter((each): each is Examination => "findings" in each),
  };
}

function whyNot(signal: Signal, { model, series }: DetectSetup, answer: ExaminedAnswer): string | null {
  const { documents = [], samples = [], tokens } = answer;
  switch (signal) {
    case "patterns":
      return null;
    case "retrieval":
      if (documents.length === 0)
        return "There are no documents: --context names some, or the line has them.";
      return model === null ? "No model is loaded that could read the documents." : null;
    case "consistency":
      return samples.length === 0
        ? "There are no samples: --samples N draws some, or the line has them."
        : null;
    case "series":
      if (series === null) return "There is no detector of series: -a FILE, made with --fit-series.";
  }
  return tokens === undefined ? NO_NUMBERS : null;
}

const NO_NUMBERS =
  "The answer has no numbers of tokens: a model in process or one that scores texts gives them.";

function make(signal: Signal, setup: DetectSetup, lift: RetrievalLift | null, embed: Embed | null): Detector {
  switch (signal) {
    case "anomaly":
      return detectAnomaly();
    case "patterns":
      return detectPatterns();
    case "consistency":
      return detectConsistency({ similarity: embed === null ? undefined : embeddingSimilarity(embed) });
    case "series":
      return seriesDetector(setup.series!, { identity: identityOf(setup.model) });
    case "retrieval":
      return retrievalDetector({
        ...{ model: setup.model!, embedder: embed ?? undefined, lift: lift ?? undefined },
        ...liftOptions(setup),
      });
  }
}

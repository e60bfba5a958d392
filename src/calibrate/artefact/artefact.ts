/** What a calibration is on disk: how it was fitted, to what, how good it is, and beside what it may be used. */
import type { Calibrator } from "../calibrators/index.ts";
import type { PredictionSets } from "../conformal/sets.ts";
import type { CalibrationReport } from "../measures/index.ts";
import type { ProxyLine } from "../proxy/proxy-calibration.ts";
import type { RiskThreshold } from "../risk/threshold.ts";

/** The form of this version. A file of a higher number is refused. */
export const CALIBRATION_SCHEMA = "surprisal.calibration/1";

/** What may be kept as an artefact; `kind` tells them apart. */
export type CalibrationParameters = Calibrator | PredictionSets | RiskThreshold | ProxyLine;

/** What gave the answers that a calibration was fitted to, or is used beside. `null` = not known, and not compared. */
export interface CalibrationIdentity {
  /** The model: name for people, sha256 of its weights, lower-case hex. */
  model: { name: string; sha256: string | null } | null;
  /** Of the tokenizer: any text that tells it from others, such as a sha256. */
  tokenizer: string | null;
  /** sha256 of the wording of prompt and options, lower-case hex: see `wordingSha256`. */
  wordingSha256: string | null;
  /** Id of the recipe, or the name of the rule that options are scored by. */
  recipe: string | null;
  /** What multiplied the weights, such as "avx512" or "CUDA". */
  kernels: string | null;
}

/** What a calibration was fitted to. */
export interface FittedOn {
  /** Answers with a score and a label. */
  n: number;
  /** Of these, right and wrong; `null` where that is not asked, as of a proxy. */
  right: number | null;
  wrong: number | null;
  /** Answers that lacked a score or a label, and were left out. */
  missing: number;
  /** Groups of answers that belong together; `null`: each for itself. */
  groups: number | null;
  /** Kinds of question and how many of each; `null`: they were not told apart. */
  kinds: Readonly<Record<string, number>> | null;
  /** sha256 of the answers, in their order, lower-case hex. */
  sha256: string;
}

/** The measures that an artefact keeps: no curves. */
export type KeptMeasures = Pick<CalibrationReport, "n" | "measures" | "noiseFloor" | "intervals"> &
  Partial<Pick<CalibrationReport, "binning">>;

/** A fitted calibration with all that is known of it, plain JSON: `saveCalibration`, `loadCalibration`. */
export interface CalibrationArtefact<Parameters extends CalibrationParameters = CalibrationParameters> {
  schema: typeof CALIBRATION_SCHEMA;
  kind: Parameters["kind"];
  parameters: Parameters;
  fittedOn: FittedOn;
  /**
   * Before, and after by calibrators fitted to other folds, so that no answer was measured by what it was fitted to; `null`
   * where there are none, as of a threshold.
   */
  measures: { before: KeptMeasures; after: KeptMeasures; folds: number } | null;
  identity: CalibrationIdentity;
  /** From which confidence on to answer so that a risk is kept to, fitted to other answers calibrated by this. Left out: none. */
  threshold?: CalibrationArtefact<RiskThreshold> | undefined;
  /** Up to 1,000 of the scores it was fitted to, ascending, evenly picked: what `DriftWatch` and `twoSampleTest` compare with. */
  reference: readonly number[];
  /** Version of surprisal that made it. */
  madeBy: string;
}

/** Nothing is known. */
export const UNKNOWN_IDENTITY: CalibrationIdentity = {
  model: null,
  tokenizer: null,
  wordingSha256: null,
  recipe: null,
  kernels: null,
};

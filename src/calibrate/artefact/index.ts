/** The artefact: a calibration with all that is known of it, as a file. */
export { type LabelledAnswers, pairsOf } from "./answers.ts";
export { calibratedOptions, calibratedScore, isCalibrator } from "./apply.ts";
export {
  CALIBRATION_SCHEMA,
  type CalibrationArtefact,
  type CalibrationIdentity,
  type CalibrationParameters,
  type FittedOn,
  type KeptMeasures,
} from "./artefact.ts";
export { calibrationText, loadCalibration, parseCalibration, saveCalibration } from "./file.ts";
export {
  type ArtefactOptions,
  CALIBRATOR_KINDS,
  calibratedPairs,
  describeAnswers,
  type FitCalibrationOptions,
  type FittedCalibration,
  fitCalibration,
  makeArtefact,
} from "./fit.ts";
export { rowsSha256, sha256Of, type Wording, wordingSha256 } from "./hash.ts";
export { checkIdentity, type IdentityMismatch, type IdentityOptions } from "./identity.ts";
export { parseVersioned, type VersionedForm } from "./versioned.ts";

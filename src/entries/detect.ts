/** `surprisal/detect`: what in an answer is suspected to be made up, and why. */
export {
  type DetectionPrice,
  type Detector,
  type Examination,
  type ExaminedAnswer,
  type Finding,
  type Place,
  SIGNALS,
  type Signal,
  type SourceDocument,
} from "../detect/index.ts";

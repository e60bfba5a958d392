export { readContext } from "./context.ts";
export {
  fitDetectors,
  fittedText,
  identityNotes,
  readArtefacts,
  requireLabels,
} from "./fit.ts";
export { type DetectRow, knownOf, readDetectItems } from "./given.ts";
export { type Detected, detect } from "./measure.ts";
export { detectPlanOf, detectPlanText } from "./plan.ts";
export { confidentErrorsOf, rankSignals } from "./rank.ts";
export type { DetectSetup } from "./setup.ts";
export { chosenSignals, listedSignals } from "./signals.ts";
export { detectionViewOf, numberFromText } from "./view.ts";

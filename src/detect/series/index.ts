/** What the course of the log-probabilities says of an answer, learned from labelled ones. */
export {
  PROBABILITY_WRONG,
  readSeries,
  type SeriesDetectorOptions,
  type SeriesReader,
  type SeriesReading,
  seriesDetector,
} from "./detector.ts";
export {
  fitSeries,
  heldOutSeries,
  type LabelledSeries,
  type SeriesArtefact,
  type SeriesFitOptions,
} from "./fit.ts";
export { SERIES_NUMBERS } from "./summary.ts";

/** A model at several weight formats: made, measured and compared, to choose one of them. */
export { paretoFront, quantisationResolution } from "./choice.ts";
export {
  type CompareQuantisationsOptions,
  compareQuantisations,
  type MadeQuantisations,
  type QuantisationProgress,
} from "./compare-quantisations.ts";
export { type MeasureCostsOptions, type ModelCosts, measureCosts } from "./costs.ts";
export { type FallbackCount, fallbackCounts, hashOfFiles, isWholeFile } from "./model-file.ts";
export {
  QUANTISATIONS_SCHEMA,
  type QuantisationMeasures,
  type Quantisations,
  type QuantisedFile,
  readQuantisations,
  recordFile,
} from "./record.ts";

/** Pictures: plain data in, SVG out, alone or as a figure for a page (pages are made in report/). In Node import `server.ts`, which brings a document. */
export { type AccuracyTokensInput, accuracyTokensChart } from "./accuracy-tokens.ts";
export { barsChart } from "./bars.ts";
export {
  type CalibrationColumns,
  type CalibrationInput,
  calibrationByRank,
  topChoiceReliability,
} from "./calibration.ts";
export { type CapabilityCell, type CapabilityMapOptions, capabilityMap } from "./capability-map.ts";
export type { Chart, ChartTable } from "./chart.ts";
export { type ConvergenceSeries, convergence } from "./convergence.ts";
export { type Course, type CoursesInput, coursesChart } from "./courses.ts";
export {
  type DivergenceOptions,
  divergencePercentiles,
  type ModelDivergence,
} from "./divergence-percentiles.ts";
export type { ChartDocument, ChartElement } from "./dom.ts";
export { type FigureOptions, renderFigure, renderTable } from "./figure.ts";
export { FIGURE_STYLE } from "./figure-style.ts";
export {
  type PerplexityIntervalsOptions,
  type PerplexityResult,
  perplexityIntervals,
} from "./perplexity-intervals.ts";
export { type PerplexityTimeInput, perplexityTimeChart } from "./perplexity-time.ts";
export { type PruningCurveInput, type PruningPoint, pruningCurve } from "./pruning-curve.ts";
export { type RankedRow, rankingChart } from "./ranking.ts";
export {
  accuracyByPerplexity,
  type ReliabilityChartBin,
  type ReliabilityDiagramInput,
  reliabilityDiagram,
} from "./reliability.ts";
export {
  type NoiseFloorRow,
  noiseFloorChart,
  type RiskCoverageInput,
  riskCoverageChart,
} from "./risk-coverage.ts";
export { type SharesInput, type SharesPanel, sharesChart } from "./shares.ts";
export { type SizedModel, type SizeQualityOptions, sizeQuality } from "./size-quality.ts";
export { type SurprisalAlongInput, surprisalAlong } from "./surprisal-along.ts";
export { type SurprisalOfModel, surprisalDistribution } from "./surprisal-distribution.ts";
export { drawChart, renderSvg, type SvgOptions } from "./svg.ts";
export type { Theme } from "./theme.ts";
export { type TokensSaved, tokensSavedChart } from "./tokens-saved.ts";
export { type TrainingCurve, trainingCurves } from "./training-curves.ts";

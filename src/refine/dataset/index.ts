/** Data sets of reasoning: read in the layouts that people have, refined, written for trainers. */
export { demonstrationOf, type RefinePromptOptions, refinePrompt } from "./demonstrations.ts";
export { finalExpression, type SolutionParts, solutionParts } from "./final.ts";
export { DATASET_FORMATS, type DatasetFormat } from "./formats.ts";
export { type ReadSampleOptions, readSample, SAMPLE_LAYOUTS, type SampleLayout } from "./layouts.ts";
export { type ReadDataset, readDataset } from "./lines.ts";
export { datasetReport, type RefineDatasetOptions, refineDataset, refinedLine } from "./refine-dataset.ts";
export { type RefineSampleOptions, refineSample } from "./refine-sample.ts";
export type {
  BaselineTotal,
  DatasetReport,
  DatasetTotals,
  DemonstrationReport,
  Estimate,
  RefinedSample,
  RefinedStep,
  RefineReport,
  RefineReportHead,
  RefineRound,
  SampleHead,
  SampleReport,
  UnrefinedSample,
} from "./report.ts";
export type { AskOptions, ReasoningPlace, ReasoningSample, SampleRow } from "./sample.ts";
export type { JsonPath } from "./splice.ts";

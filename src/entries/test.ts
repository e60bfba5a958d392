/** `surprisal/test`: what tests of models, and tests that need a model, are made with. */
export {
  type ConformanceCase,
  type ConformanceContext,
  type ConformanceOptions,
  type ConformanceSettings,
  type ConformanceSkip,
  conformanceCases,
  MarkovChain,
  type Prediction,
  TableModel,
  type TableModelOptions,
  testConformance,
} from "../models/test/index.ts";

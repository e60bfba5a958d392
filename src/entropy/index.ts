/** Entropies of texts and of models: blocks, rates, next tokens, and what a context is worth. */
export * from "./blocks.ts";
export { type ContextOptions, type ContextPoint, type ContextWorth, contextWorth } from "./context.ts";
export {
  type Convergence,
  type ConvergenceOptions,
  type ConvergencePoint,
  convergenceOf,
  type FittedLimit,
} from "./converge.ts";
export * from "./counts.ts";
export { type CrossEntropyReport, crossEntropyOf, type MeanNats } from "./cross.ts";
export { type DistanceInformation, informationByDistance } from "./distance.ts";
export type { RateInterval } from "./interval.ts";
export * from "./lab.ts";
export * from "./lempel-ziv.ts";
export type { ModelOfRun, ModelRunOptions, TextOrTokens } from "./model-run.ts";
export { type NextOptions, type NextToken, type NextTokens, nextTokens, withoutBlank } from "./next.ts";
export { type CoursePoint, fitPowerLaw, type PowerLaw } from "./power-law.ts";
export { type Suffixes, suffixesOf } from "./suffix-array.ts";
export * from "./symbols.ts";

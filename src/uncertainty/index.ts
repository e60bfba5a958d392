/** How sure a model is of what it says: many estimators, one signature. estimator.ts is the contract. */

export * from "./asking/index.ts";
export * from "./bench/index.ts";
export * from "./entailment/index.ts";
export type * from "./estimator.ts";
export {
  CONFIDENCE_METHODS,
  type ConfidenceMethod,
  METHOD_FAMILIES,
  type MethodFamily,
  type MethodPrice,
  priceOfMethod,
  selectMethods,
} from "./methods.ts";
export * from "./one-pass/index.ts";
export type { SampleMethod, SampleTools } from "./sample-methods.ts";
export * from "./samples/index.ts";

/** What a conformance case is. */
import type { LanguageModel, ModelCapabilities } from "../language-model.ts";

/** What the cases may expect of the model. */
export interface ConformanceSettings {
  /**
   * How far two computations of one number may lie apart: nats for numbers up to 1, of the value beyond. Default
   * 1e-4, which suits an engine that computes in single precision. Give it such a model to conform with: where weights
   * or activations are quantised, or attention is in half precision, a batch of another shape moves single tokens by
   * tenths of a nat, and no tolerance tells that from a mistake.
   */
  tolerance?: number | undefined;
}

/** One thing every model does that says it can. */
export interface ConformanceCase {
  name: string;
  /** Capabilities without which the case says nothing. */
  needs: readonly (keyof ModelCapabilities)[];
  /** Throws an Error that says what is wrong. */
  run(model: LanguageModel, settings?: ConformanceSettings): Promise<void>;
}

/** Fills in the defaults, so that the cases need not. */
export function conformanceCase(
  name: string,
  needs: readonly (keyof ModelCapabilities)[],
  run: (model: LanguageModel, tolerance: number) => Promise<void>,
): ConformanceCase {
  return { name, needs, run: (model, { tolerance = 1e-4 } = {}) => run(model, tolerance) };
}

/**
 * The conformance suite: in code, what the LanguageModel contract says in words. Every source of log-probabilities
 * runs it, in any test runner that has `describe` and `it`.
 */
import type { LanguageModel } from "../language-model.ts";
import type { ConformanceCase, ConformanceSettings } from "./_case.ts";
import { disposeCase, lifeCases } from "./cases-life.ts";
import { planCases } from "./cases-plan.ts";
import { scoreCases } from "./cases-score.ts";
import { textCases } from "./cases-text.ts";
import { writeCases } from "./cases-write.ts";

export type { ConformanceCase, ConformanceSettings } from "./_case.ts";

/** All cases, in the order they are run. The last disposes the model. */
export const conformanceCases: readonly ConformanceCase[] = [
  ...textCases,
  ...scoreCases,
  ...planCases,
  ...writeCases,
  ...lifeCases,
  disposeCase,
];

/** Cases that a model does not pass, and why. */
export interface ConformanceSkip {
  /** Not empty. It is shown beside the names of the cases. */
  reason: string;
  /** Names of cases. */
  tests: readonly string[];
}

/** `it` of vitest, node:test, Mocha, Jest or Bun. */
export interface ConformanceIt {
  (name: string, run: () => Promise<void>): unknown;
  skip(name: string, run: () => Promise<void>): unknown;
}

export interface ConformanceOptions extends ConformanceSettings {
  describe(name: string, register: () => void): unknown;
  it: ConformanceIt;
  /** Makes the model that all cases share. The last case disposes it. */
  create(): Promise<LanguageModel>;
  skip?: readonly ConformanceSkip[];
}

/**
 * Makes the model, then registers one test per case. A case that needs what the model says it cannot do is
 * registered as skipped, with that as the reason.
 *
 * `await` it at the top level of a test file: which cases apply is known only once the model is there.
 * @throws Error when a skip has no reason, or names a case that does not exist.
 */
export async function testConformance(options: ConformanceOptions): Promise<void> {
  const { describe, it, create, skip = [], ...settings } = options;
  const reasons = skipReasons(skip);
  const model = await create();
  describe(`${model.identity.name} conforms to LanguageModel`, () => {
    for (const conformance of conformanceCases) {
      const { name, needs } = conformance;
      const lacking = needs.filter((capability) => !model.capabilities[capability]);
      const reason = lacking.length > 0 ? `the model lacks ${lacking.join(", ")}` : reasons.get(name);
      const run = () => conformance.run(model, settings);
      if (reason === undefined) it(name, run);
      else it.skip(`${name} (skipped: ${reason})`, run);
    }
  });
}

/** Reason per case name. */
function skipReasons(skips: readonly ConformanceSkip[]): Map<string, string> {
  const names = new Set(conformanceCases.map(({ name }) => name));
  const reasons = new Map<string, string>();
  for (const { reason, tests } of skips) {
    if (reason.trim() === "") throw new Error(`A skip needs a reason: ${tests.join("; ")}`);
    for (const name of tests) {
      if (!names.has(name)) throw new Error(`The conformance suite has no case named "${name}"`);
      reasons.set(name, reason);
    }
  }
  return reasons;
}

/**
 * The conformance suite: in code, what the LanguageModel contract says in words. Every source of log-probabilities
 * runs it, under vitest or node:test; `conformanceCases` run anywhere.
 */
import type { LanguageModel } from "../language-model.ts";
import type { ConformanceCase, ConformanceSettings } from "./_case.ts";
import { generateCases } from "./cases-generate.ts";
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
  ...generateCases,
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

/** What vitest and node:test hand to a test. */
export interface ConformanceContext {
  skip(reason: string): unknown;
}

/** Options of `testConformance`: the functions of the test runner, and how a model is made. */
export interface ConformanceOptions extends ConformanceSettings {
  describe(name: string, register: () => void): unknown;
  it(name: string, run: (context: ConformanceContext) => Promise<void>): unknown;
  /** Makes the model that all cases share, when the first of them runs. The last disposes it. */
  create(): Promise<LanguageModel>;
  skip?: readonly ConformanceSkip[] | undefined;
}

/**
 * Registers one test per case. A case that needs what the model says it cannot do skips itself, with that as the
 * reason.
 * @throws Error when a skip has no reason, or names a case that does not exist.
 */
export function testConformance({ describe, it, create, skip = [], ...settings }: ConformanceOptions): void {
  const reasons = skipReasons(skip);
  let shared: Promise<LanguageModel> | undefined;
  describe("conforms to LanguageModel", () => {
    for (const conformance of conformanceCases)
      it(conformance.name, async (context) => {
        shared ??= create();
        const model = await shared;
        const reason = reasons.get(conformance.name) ?? lacks(model, conformance);
        if (reason === undefined) await conformance.run(model, settings);
        else context.skip(reason);
      });
  });
}

function lacks({ capabilities }: LanguageModel, { needs }: ConformanceCase): string | undefined {
  const lacking = needs.filter((capability) => !capabilities[capability]);
  return lacking.length > 0 ? `the model lacks ${lacking.join(", ")}` : undefined;
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

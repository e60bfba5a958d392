/** All checks of a configuration, model by model: each is opened once. */
import { SurprisalError } from "../../core/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import type { Baseline } from "./baseline.ts";
import type { Check, PlacedCondition } from "./config.ts";
import { judge, notJudged, type State, type Verdict } from "./judge.ts";
import { type Measurement, measure, surprisalsOf } from "./measure.ts";

interface JudgedCondition extends PlacedCondition {
  verdict: Verdict;
}

export interface CheckResult {
  check: Check;
  /** Name of the model. */
  model: string;
  /** `null`: it could not be measured, `problem` says why. */
  measurement: Measurement | null;
  problem: string | null;
  conditions: readonly JudgedCondition[];
  /** Milliseconds. */
  ms: number;
}

export interface RunChecks {
  checks: readonly Check[];
  defaultModel: string;
  open(reference: string): Promise<LanguageModel>;
  /** Called before each check. */
  onCheck(check: Check, index: number): void;
}

/** Measures all; what fails is kept as that check's problem. @returns measurements by the name of the check. */
export async function measureAll({ checks, defaultModel, open, onCheck }: RunChecks): Promise<Measuring[]> {
  const references = [...new Set(checks.map(({ model }) => model ?? defaultModel))];
  const done = new Map<Check, Measuring>();
  let index = 0;
  for (const reference of references) {
    const own = checks.filter(({ model }) => (model ?? defaultModel) === reference);
    const opened = await open(reference).catch((error: unknown) => said(error));
    if (typeof opened === "string") {
      for (const check of own) done.set(check, { ...empty(check, reference), problem: opened });
      continue;
    }
    await using model = opened;
    for (const check of own) {
      onCheck(check, index++);
      done.set(check, await measureOne(model, check));
    }
  }
  return checks.map((check) => done.get(check)!);
}

/** A check that was measured, and the surprisals of the continuations that its conditions name. */
export interface Measuring extends Omit<CheckResult, "conditions"> {
  surprisals: ReadonlyMap<string, number | null>;
  /** Why there are none; `null`: there are. */
  surprisalProblem: string | null;
}

const empty = (check: Check, model: string): Measuring => ({
  check,
  model,
  measurement: null,
  problem: null,
  ms: 0,
  surprisals: new Map(),
  surprisalProblem: null,
});

async function measureOne(model: LanguageModel, check: Check): Promise<Measuring> {
  const start = performance.now();
  const one = empty(check, model.identity.name);
  try {
    one.measurement = await measure(model, check);
  } catch (error) {
    one.problem = said(error);
  }
  const named = check.conditions.flatMap(({ condition }) =>
    condition.kind === "likelier"
      ? [condition.first, condition.second]
      : condition.kind === "surprisal"
        ? [condition.of]
        : [],
  );
  const continuations = [...new Set(named)];
  if (continuations.length > 0 && check.subject.kind === "answer")
    try {
      const bits = await surprisalsOf(model, check.subject, continuations);
      one.surprisals = new Map(continuations.map((text, i) => [text, bits[i] ?? null]));
    } catch (error) {
      one.surprisalProblem = said(error);
    }
  return { ...one, ms: performance.now() - start };
}

function said(error: unknown): string {
  if (!SurprisalError.isInstance(error) || error.code === "ABORTED") throw error;
  return `${error.message.replaceAll("\n", " ")} [${error.code}]`;
}

export async function judgeAll(
  all: readonly Measuring[],
  baselineOf: (path: string | null) => Baseline | null,
): Promise<CheckResult[]> {
  return Promise.all(
    all.map(async ({ surprisals, surprisalProblem, ...one }) => {
      const { check, measurement, problem } = one;
      const conditions = check.conditions.map(async (placed): Promise<JudgedCondition> => {
        if (measurement === null) return { ...placed, verdict: notJudged(problem ?? "It was not measured.") };
        const { kind } = placed.condition;
        if (surprisalProblem !== null && (kind === "likelier" || kind === "surprisal"))
          return { ...placed, verdict: notJudged(surprisalProblem) };
        const bits = async (texts: readonly string[]) => texts.map((text) => surprisals.get(text) ?? null);
        return {
          ...placed,
          verdict: await judge(check.name, placed.condition, measurement, baselineOf, bits),
        };
      });
      return { ...one, conditions: await Promise.all(conditions) };
    }),
  );
}

/** 0: all hold; 1: one fails; 2: none fails, and one could not be judged. */
export function exitCodeFor(results: readonly CheckResult[], strict: boolean): 0 | 1 | 2 {
  const states = results.flatMap(({ conditions }) =>
    conditions.map(({ verdict }) => stateOf(verdict, strict)),
  );
  return states.includes("fails") ? 1 : states.includes("not judged") ? 2 : 0;
}

/** Where it is strict, what holds only within the error fails. */
export const stateOf = ({ state, withinError }: Verdict, strict: boolean): State =>
  strict && state === "holds" && withinError ? "fails" : state;

/** Carrying out a window plan for a model that sees only the last token it was given. */
import { invalidArgument, type SurprisalError, type WindowPlan, type WindowStep } from "../../core/index.ts";

/** The scored tokens of one step. */
export interface PlanSpan {
  /** Document index of the first. */
  start: number;
  /** [m] the input that each is predicted from. */
  previous: number[];
  /** Inputs run since the span before. */
  tokensRun: number;
}

/**
 * One span for each step that scores.
 * @throws SurprisalError INVALID_ARGUMENT when the plan scores a token that nothing predicts, or holds more
 *   positions than its context.
 */
export function* spansOf(ids: ArrayLike<number>, plan: WindowPlan): Generator<PlanSpan> {
  let held: number[] = [];
  let before: { target: number; input: number } | null = null; // what the step before predicts with its last input
  let tokensRun = 0;
  for (const [index, step] of plan.steps.entries()) {
    held = forget(held, step);
    if (step.forget === "all") before = null;
    const inputs = inputsOf(ids, step);
    const firstTarget = step.run.start - step.prefix.length + 1; // what inputs[0] predicts
    held = [...held, ...inputs];
    tokensRun += inputs.length;
    if (held.length > plan.context)
      throw impossible(`holds ${held.length} positions in ${plan.context}`, index);
    const previous: number[] = [];
    for (let target = step.score.start; target < step.score.end; target++) {
      const own = target >= step.run.start ? inputs[target - firstTarget] : undefined;
      const input = own ?? (before?.target === target ? before.input : undefined);
      if (input === undefined) throw impossible(`scores token ${target}, which nothing predicts`, index);
      previous.push(input);
    }
    before = { target: step.run.end, input: held.at(-1)! };
    if (previous.length === 0) continue;
    yield { start: step.score.start, previous, tokensRun };
    tokensRun = 0;
  }
}

function forget(held: number[], { forget }: WindowStep): number[] {
  if (forget === "none") return held;
  if (forget === "all") return [];
  return [...held.slice(0, forget.start), ...held.slice(forget.end)];
}

function inputsOf(ids: ArrayLike<number>, { prefix, run, overwriteFirst }: WindowStep): number[] {
  const inputs = [...prefix];
  for (let t = run.start; t < run.end; t++)
    inputs.push(t === run.start && overwriteFirst !== null ? overwriteFirst : ids[t]!);
  return inputs;
}

function impossible(what: string, step: number): SurprisalError {
  return invalidArgument(`The window plan ${what}`, `step ${step}`, "Make plans with planWindows.");
}

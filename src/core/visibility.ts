/** What each scored token of a window plan sees: the plan carried out on a list instead of a model. */
import { invalidArgument, type SurprisalError } from "./errors.ts";
import type { TokenRange, WindowPlan, WindowStep } from "./windows.ts";

/** What the prediction of one scored token is made from. */
export interface Sight {
  /** Document index of the scored token. */
  token: number;
  /** Index of the step that scores it. */
  step: number;
  /** Ids it sees that are no tokens of the document (BOS or EOS), in order. */
  prefix: readonly number[];
  /** Document tokens it sees, as ranges in the order they are held. */
  document: readonly TokenRange[];
  /** Positions it sees, prefix included. */
  count: number;
}

/** A position of the model's memory: a token of the document, or an id from outside. */
type Position = { document: number } | { id: number };

/**
 * Carries out a plan step by step and notes, for every scored token, what the model holds at the moment it
 * predicts that token. Slow and plain on purpose: the tests and the documentation measure plans by it.
 * @returns one entry per scored token, in the order they are scored.
 * @throws SurprisalError INVALID_ARGUMENT when the plan cannot be carried out: more positions than its context,
 *   or a token that nothing predicts.
 */
export function visibility(plan: WindowPlan): Sight[] {
  const sights: Sight[] = [];
  let held: Position[] = [];
  let next: { token: number; held: Position[] } | null = null; // what the last input of the step before predicts
  for (const [index, step] of plan.steps.entries()) {
    held = forget(held, step);
    const predictions = new Map<number, Position[]>();
    if (next && step.forget !== "all") predictions.set(next.token, next.held);
    for (const [position, target] of inputs(step)) {
      held = [...held, position];
      if (target !== null) predictions.set(target, held);
    }
    if (held.length > plan.context)
      throw impossible(`holds ${held.length} positions in a context of ${plan.context}`, index);
    next = { token: step.run.end, held };
    for (let token = step.score.start; token < step.score.end; token++) {
      const seen = predictions.get(token);
      if (!seen) throw impossible(`scores token ${token}, which nothing predicts`, index);
      sights.push({ token, step: index, ...summarise(seen) });
    }
  }
  return sights;
}

function forget(held: Position[], { forget }: WindowStep): Position[] {
  if (forget === "none") return held;
  if (forget === "all") return [];
  return [...held.slice(0, forget.start), ...held.slice(forget.end)];
}

/** The inputs of a step in order, each with the document token it predicts. */
function inputs({ prefix, run, overwriteFirst }: WindowStep): [Position, number | null][] {
  const list: [Position, number | null][] = prefix.map((id, i) => [
    { id },
    i === prefix.length - 1 ? run.start : null,
  ]);
  for (let t = run.start; t < run.end; t++)
    list.push([t === run.start && overwriteFirst !== null ? { id: overwriteFirst } : { document: t }, t + 1]);
  return list;
}

function summarise(seen: Position[]): Pick<Sight, "prefix" | "document" | "count"> {
  const prefix: number[] = [];
  const document: TokenRange[] = [];
  for (const position of seen) {
    const last = document.at(-1);
    if ("id" in position) prefix.push(position.id);
    else if (last?.end === position.document) last.end++;
    else document.push({ start: position.document, end: position.document + 1 });
  }
  return { prefix, document, count: seen.length };
}

function impossible(what: string, step: number): SurprisalError {
  return invalidArgument(`The window plan ${what}`, `step ${step}`, "Make plans with planWindows.");
}

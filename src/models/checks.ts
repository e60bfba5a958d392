/** What every model refuses, in the same words. */
import { invalidArgument, SurprisalError } from "../core/index.ts";
import type { Border, LanguageModel, ScoreRequest } from "./language-model.ts";

/** @throws SurprisalError INVALID_ARGUMENT for more alternatives per token than the model gives. */
export function checkAlternatives({ capabilities }: LanguageModel, k = 0): void {
  const most = capabilities.alternatives;
  if (Number.isInteger(k) && k >= 0 && k <= most) return;
  const wayOut = `Ask for a whole number from 0 to ${most}.`;
  throw invalidArgument(`${k} alternatives per token cannot be given`, "alternatives", wayOut);
}

/** @throws SurprisalError CONTEXT_EXCEEDED for more tokens in one window than the model was trained for. */
export function checkLength({ trainedContext }: LanguageModel, tokens: number, where: string): void {
  if (trainedContext === null || tokens <= trainedContext) return;
  throw new SurprisalError({
    code: "CONTEXT_EXCEEDED",
    what: `${tokens} tokens are more than the ${trainedContext} this model was trained for`,
    where,
    wayOut: "Shorten the text, or score it with windows (recipe cached, strided or disjoint).",
  });
}

/** @throws SurprisalError MODEL_DISPOSED */
export function checkOpen(isOpen: boolean, what = "The model", wayOut?: string): void {
  if (!isOpen) throw new SurprisalError({ code: "MODEL_DISPOSED", what: `${what} was disposed`, wayOut });
}

/**
 * A copy that nobody else can change while it waits for its turn.
 * @param size V; `null` = unknown.
 * @param where default: the token.
 * @throws SurprisalError INVALID_ARGUMENT for an id outside the vocabulary.
 */
export function checkedIds(ids: ArrayLike<number>, size: number | null, where?: string): Int32Array {
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]!;
    if (Number.isInteger(id) && id >= 0 && id < (size ?? 2 ** 31 - 1)) continue;
    const range = size === null ? "" : ` (0 ... ${size - 1})`;
    throw invalidArgument(`${id} is not a token id of this model${range}`, where ?? `token ${i}`);
  }
  return Int32Array.from(ids);
}

/** @throws SurprisalError INVALID_ARGUMENT for a request of a text and ids */
export function checkKinds({ context, continuation }: ScoreRequest, where: string): void {
  if ((typeof context === "string") === (typeof continuation === "string")) return;
  const wayOut = "Give both as strings or both as token ids.";
  throw invalidArgument("Context and continuation are of different kinds", where, wayOut);
}

/**
 * @param border how it was told apart from its context.
 * @throws SurprisalError NOTHING_TO_SCORE
 */
export function checkContinuation(tokens: number, where: string, border: Border | null = null): void {
  if (tokens > 0) return;
  const lost = border !== null && border.lost.bytes > 0;
  throw new SurprisalError({
    code: "NOTHING_TO_SCORE",
    what: lost
      ? `The continuation has no tokens of its own: its ${border.lost.bytes} bytes are in tokens that lm-eval's rule counts to the context`
      : "The continuation has no tokens",
    where,
    wayOut: lost
      ? 'Use the border rule "whole", which scores all of it.'
      : "Give a continuation of at least one token.",
  });
}

/** @throws SurprisalError INVALID_ARGUMENT */
export function checkNumber(valid: boolean, where: string, value: number, allowed: string): void {
  if (!valid) throw invalidArgument(`${value} is not allowed here`, where, `Give ${allowed}.`);
}

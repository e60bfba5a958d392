/** What every model refuses, in the same words. */
import { invalidArgument, SurprisalError } from "../core/index.ts";
import type { LanguageModel } from "./language-model.ts";

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

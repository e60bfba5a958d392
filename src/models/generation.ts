/** Token records as they are written, and what is known at their end. */
import { SurprisalError, type TokenRecord } from "../core/index.ts";
import type {
  ChatMessage,
  FinishReason,
  Generation,
  GenerationEnd,
  Prompt,
  Provenance,
} from "./language-model.ts";

/** A generator whose return value is the end, as a Generation. */
export function generationOf(source: AsyncGenerator<TokenRecord, GenerationEnd, void>): Generation {
  let end: GenerationEnd | null = null;
  return {
    get end() {
      return end;
    },
    async next() {
      const result = await source.next();
      if (!result.done) return result;
      end ??= result.value ?? null; // after an early return() there is none
      return { done: true, value: undefined };
    },
    async return() {
      await source.return(undefined as never);
      return { done: true, value: undefined };
    },
    async throw(error) {
      await source.throw(error);
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** The end of a generation in process, where every token has its number. */
export function completeEnd(
  finishReason: FinishReason,
  tokens: number,
  provenance: Provenance,
): GenerationEnd {
  return { finishReason, tokens, scored: tokens, partial: false, provenance, warnings: [] };
}

/** Whether a prompt is a chat. */
export function isChat(prompt: Prompt): prompt is readonly ChatMessage[] {
  return typeof prompt !== "string" && prompt.length > 0 && typeof prompt[0] === "object";
}

/** @throws SurprisalError EMPTY_INPUT */
export function checkNotEmpty(prompt: { readonly length: number }): void {
  if (prompt.length === 0)
    throw new SurprisalError({
      code: "EMPTY_INPUT",
      what: "The prompt is empty",
      wayOut: "Give some text to continue.",
    });
}

/** @throws SurprisalError INVALID_ARGUMENT */
export function checkMaxTokens(maxTokens: number): void {
  if (!(maxTokens >= 0))
    throw new SurprisalError({
      code: "INVALID_ARGUMENT",
      what: `${maxTokens} is no number of tokens`,
      where: "maxTokens",
      wayOut: "Give 0 or more.",
    });
}

/** Token records as they are written, and what is known at their end. */
import { checkWellFormed, invalidArgument, SurprisalError, type TokenRecord } from "../core/index.ts";
import type {
  ChatMessage,
  FinishReason,
  GenerateOptions,
  Generation,
  GenerationEnd,
  LanguageModel,
  Prompt,
  Provenance,
  TextOrIds,
} from "./language-model.ts";

/**
 * Thrown into a source whose loop is left early. One that knows something about its numbers catches it and returns that,
 * as at an end; the others pass it on.
 */
export class LoopLeft extends Error {}

/**
 * A generator whose return value is the end, as a Generation.
 * @param closed called when the loop was left, or never entered.
 */
export function generationOf(
  source: AsyncGenerator<TokenRecord, GenerationEnd, void>,
  closed: () => Promise<void> = async () => {},
): Generation {
  let end: GenerationEnd | null = null;
  let doubts: NonNullable<Generation["doubts"]> | null = null;
  return {
    get end() {
      return end;
    },
    get doubts() {
      return doubts;
    },
    async next() {
      const result = await source.next();
      if (!result.done) return result;
      end ??= result.value ?? null; // after an early return() there is none
      return { done: true, value: undefined };
    },
    async return() {
      const known = await leave(source);
      if (known) doubts = { partial: known.partial, warnings: known.warnings };
      await closed();
      return { done: true, value: undefined };
    },
    async throw(error) {
      try {
        await source.throw(error);
      } finally {
        await closed();
      }
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** @returns what the source knows, as if its last record were that of the answer. */
async function leave(
  source: AsyncGenerator<TokenRecord, GenerationEnd, void>,
): Promise<GenerationEnd | null> {
  const left = new LoopLeft();
  try {
    const { done, value } = await source.throw(left);
    return done ? value : null;
  } catch (error) {
    // In the middle of `yield* list` nothing can be thrown in: the source is closed with a TypeError instead.
    if (error !== left && !(error instanceof TypeError)) throw error;
    return null;
  }
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
  return typeof prompt === "object" && prompt !== null && prompt.length > 0 && typeof prompt[0] === "object";
}

/** @throws SurprisalError INVALID_ARGUMENT for what is neither a text, a chat nor token ids, and for half a surrogate pair */
export function checkPrompt(prompt: Prompt): void {
  if (typeof prompt === "string") checkWellFormed(prompt, "prompt");
  else if (!Number.isSafeInteger((prompt as ArrayLike<unknown> | null | undefined)?.length))
    throw invalidArgument(
      "The prompt is neither a text, a chat nor token ids",
      "prompt",
      'Give "a text", [{ role: "user", content: "a text" }] or a list of token ids.',
    );
  else if (isChat(prompt)) checkMessages(prompt);
}

/** @throws SurprisalError INVALID_ARGUMENT for a message with half a surrogate pair */
export function checkMessages(messages: readonly ChatMessage[]): void {
  for (const [i, { content }] of messages.entries())
    if (typeof content === "string") checkWellFormed(content, `message ${i}`);
}

/**
 * Token ids of a prompt with its prefill. Two texts are encoded together, as one text would be; no token is taken back
 * afterwards, so the answer begins exactly where the prefill's last token ends.
 */
export async function promptIds(
  prompt: TextOrIds,
  { prefill = "", parseSpecial = true }: GenerateOptions,
  tokenize: LanguageModel["tokenize"],
): Promise<ArrayLike<number>> {
  if (typeof prompt === "string")
    return (await tokenize(prompt + prefill, { addSpecial: true, parseSpecial })).ids;
  if (prefill === "") return prompt;
  const { ids } = await tokenize(prefill, { parseSpecial });
  return [...Array.from(prompt), ...ids];
}

/** What a prompt that does not fit is refused with. */
export function promptTooLong(tokens: number, cause?: unknown): SurprisalError {
  return new SurprisalError({
    code: "CONTEXT_EXCEEDED",
    what: `The ${tokens} tokens of the prompt do not fit into the model's context`,
    wayOut:
      "Shorten the prompt, its prefill or the conversation, or load the model with a larger contextSize.",
    cause,
  });
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
  if (!(maxTokens >= 0 && (Number.isInteger(maxTokens) || maxTokens === Infinity)))
    throw invalidArgument(
      `${maxTokens} is no number of tokens`,
      "maxTokens",
      "Give a whole number of at least 0.",
    );
}

/** One call: what a model writes to a prompt, and what it took. */
import { type EntropyInterval, SurprisalError, type TokenRecord } from "../../core/index.ts";
import type { ProbabilityInterval } from "../../decide/index.ts";
import type { LanguageModel, Prompt } from "../../models/index.ts";
import type { Reply } from "./contract.ts";

/** What one call came to. */
export interface Written extends Reply {
  /** The first token of the answer, with its alternatives; `null`: nothing was written, or only thought. */
  first: TokenRecord | null;
  tokensRead: number | null;
  tokensWritten: number | null;
}

/** Options of one call. */
export interface WriteOptions {
  maxTokens: number;
  temperature: number;
  /** `undefined`: the source's own; some servers take none. */
  seed: number | undefined;
  alternatives?: number | undefined;
  signal: AbortSignal | undefined;
}

/** What is thought before the answer is no part of it. */
export async function write(model: LanguageModel, prompt: Prompt, options: WriteOptions): Promise<Written> {
  const generation = model.generate(prompt, options);
  const decoder = new TextDecoder();
  let text = "";
  let first: TokenRecord | null = null;
  for await (const record of generation) {
    if ((record.part ?? "answer") !== "answer") continue;
    first ??= record;
    text += record.bytes ? decoder.decode(record.bytes, { stream: true }) : record.text;
  }
  const { end } = generation;
  return {
    text: text + decoder.decode(),
    first,
    cut: end?.finishReason === "length",
    tokensRead: end?.prompt?.tokens ?? null,
    tokensWritten: end?.tokens ?? null,
  };
}

/** @throws SurprisalError UNSUPPORTED_CAPABILITY for a model that writes nothing. */
export function requireWriting({ capabilities, identity }: LanguageModel): void {
  if (capabilities.generate) return;
  throw new SurprisalError({
    code: "UNSUPPORTED_CAPABILITY",
    what: `${identity.name} does not write, so it cannot be asked`,
    where: identity.source,
    wayOut: "Take a model that generates text.",
  });
}

/** Tokens of a prompt; `null`: no tokenizer here, or a server fills in the template. */
export async function tokensOf(model: LanguageModel | undefined, prompt: Prompt): Promise<number | null> {
  if (!model?.capabilities.tokenize || !(typeof prompt === "string" || isChat(prompt))) return null;
  if (typeof prompt !== "string" && !model.capabilities.chatTemplate) return null;
  const text =
    typeof prompt === "string" ? prompt : model.applyChatTemplate(prompt, { addGenerationPrompt: true });
  const { ids } = await model.tokenize(text, { parseSpecial: true, addSpecial: true });
  return ids.length;
}

const isChat = (prompt: Exclude<Prompt, string>): prompt is Extract<Prompt, readonly { role: string }[]> =>
  Array.isArray(prompt) && typeof prompt[0] === "object";

/** Sums what is known; `null` where a part is not. */
export const sum = (parts: readonly (number | null)[]): number | null =>
  parts.some((part) => part === null) ? null : parts.reduce<number>((total, part) => total + part!, 0);

/** Bounds of 1 - p, from those of p. */
export const uncertaintyBounds = (interval: ProbabilityInterval | null): EntropyInterval | undefined =>
  interval === null ? undefined : { low: 1 - interval.high, high: 1 - interval.low };

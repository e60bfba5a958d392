/** One answer of a model, read to its end. */
import type { TokenRecord } from "../core/index.ts";
import type { FinishReason, GenerateOptions, LanguageModel, Prompt } from "../models/index.ts";

/** An answer with what it took. */
export interface WrittenAnswer {
  /** The answer alone, without what was thought before it. */
  text: string;
  /** What was thought before it; "" where nothing was. */
  reasoning: string;
  /** As they were written, of all parts. */
  tokens: readonly TokenRecord[];
  /** Tokens written, as the source counts them; where it does not say, as many as have arrived. */
  written: number;
  /** Tokens of the prompt, and those of them that lay in memory already; `null` = the source does not say. */
  prompt: { tokens: number; shared: number } | null;
  finishReason: FinishReason;
  /** It ended by its end-of-text token, not by a stop string. */
  endedItself: boolean;
  /** Milliseconds. */
  ms: number;
  warnings: readonly string[];
}

/**
 * Has a model write one answer.
 * @param onToken is shown every token as it comes.
 * @throws SurprisalError as `LanguageModel.generate`.
 */
export async function writeAnswer(
  model: LanguageModel,
  prompt: Prompt,
  options: GenerateOptions,
  onToken?: (token: TokenRecord) => void,
): Promise<WrittenAnswer> {
  const start = performance.now();
  const generation = model.generate(prompt, options);
  const tokens: TokenRecord[] = [];
  for await (const token of generation) {
    tokens.push(token);
    onToken?.(token);
  }
  const { end } = generation;
  return {
    text: textOf(tokens, "answer"),
    reasoning: textOf(tokens, "reasoning"),
    tokens,
    written: end?.tokens ?? countOf(tokens),
    prompt: end?.prompt ?? null,
    finishReason: end?.finishReason ?? "other",
    endedItself: end?.finishReason === "stop" && end.stop === undefined,
    ms: performance.now() - start,
    warnings: end?.warnings ?? [],
  };
}

/** Tokens that records stand for. */
export const countOf = (tokens: readonly TokenRecord[]): number =>
  tokens.reduce((sum, { tokenCount = 1 }) => sum + tokenCount, 0);

/** The text of tokens: from their bytes where they have some, since a character may lie in two of them. */
export function textOf(tokens: readonly TokenRecord[], part?: TokenRecord["part"]): string {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let text = "";
  for (const token of tokens) {
    if (part !== undefined && (token.part ?? "answer") !== part) continue;
    text += token.bytes ? decoder.decode(token.bytes, { stream: true }) : decoder.decode() + token.text;
  }
  return text + decoder.decode();
}

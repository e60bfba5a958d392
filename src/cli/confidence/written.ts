/** An answer that a model writes, with its numbers. */
import { SurprisalError, type TokenRecord } from "../../core/index.ts";
import type { GenerateOptions, LanguageModel, Prompt, Provenance } from "../../models/index.ts";
import { PartTexts } from "../chat/index.ts";

/** What was written. */
export interface WrittenAnswer {
  answer: string;
  /** `null`: the source gave no number at all. */
  records: TokenRecord[] | null;
  why: string;
  tokensWritten: number;
  provenance: Provenance | null;
  notes: readonly string[];
}

/** @throws SurprisalError MODEL_FAILED where nothing was answered, and what the model throws. */
export async function writeOne(
  model: LanguageModel,
  prompt: Prompt,
  options: GenerateOptions,
): Promise<WrittenAnswer> {
  const generation = model.generate(prompt, options);
  const records: TokenRecord[] = [];
  const texts = new PartTexts();
  const encoder = new TextEncoder();
  for await (const record of generation) {
    records.push(record);
    texts.add(record.part ?? "answer", record.bytes ?? encoder.encode(record.text));
  }
  const { end } = generation;
  const { answer } = texts;
  if (answer.trim() === "")
    throw new SurprisalError({
      code: "MODEL_FAILED",
      what: `${model.identity.name} wrote no answer${texts.reasoning === null ? "" : ", only thoughts"}`,
      where: model.identity.source,
      wayOut: "Ask in other words, raise --max-tokens, or give the answer.",
    });
  const numbers = records.some(({ logprob }) => logprob !== null);
  const cut = end?.finishReason === "length";
  return {
    answer,
    records: numbers ? records : null,
    why: `${model.identity.name} gives no log-probabilities.`,
    tokensWritten: end?.tokens ?? records.length,
    provenance: end?.provenance ?? null,
    notes: [
      ...(cut ? [`The answer was cut off after ${records.length} tokens: --max-tokens.`] : []),
      ...(end?.warnings ?? []),
    ],
  };
}

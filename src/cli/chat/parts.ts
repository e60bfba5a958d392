/** What the parts of an answer are called in front of a person. */
import type { MeterReading, TokenPart } from "../../core/index.ts";

export const PART_NAMES: Readonly<Record<TokenPart, string>> = {
  answer: "answer",
  reasoning: "thinking",
  "tool-call": "tool call",
};

/** Names and perplexities of the parts; empty where there is only the answer. */
export function partsOf({ parts }: MeterReading): { name: string; perplexity: number | null }[] {
  if (!parts.reasoning && !parts["tool-call"]) return [];
  const all = [parts.answer, parts.reasoning, parts["tool-call"]];
  return Object.values(PART_NAMES).flatMap((name, i) => {
    const part = all[i];
    return part ? [{ name, perplexity: part.perplexity }] : [];
  });
}

/** A step merged into its neighbour by a model that writes it anew. */
import { invalidArgument, SurprisalError } from "../../core/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import type { MergeRequest, Merger } from "./merger.ts";

/**
 * What the model is asked. A **reconstruction**: SPIRIT (Cui and others 2025) merges by a model, and its wording is not public.
 */
export const MERGE_PROMPT: string = `Two neighbouring steps of a solution are to become one step.
Keep every number, name and condition that other steps need. Change no result. Add nothing.

Problem: {problem}

Step A: {first}
Step B: {second}

Write only the one step that says both, in the language and form of the steps.`;

/** Options of `rewriteMerger`. */
export interface RewriteOptions {
  /** With {problem}, {first} and {second}. Default `MERGE_PROMPT`. */
  wording?: string | undefined;
  /** Default 256. */
  maxTokens?: number | undefined;
}

/**
 * A merger that asks a model, greedily, in a chat where the model takes one. An answer that is empty, cut off, or longer than both steps
 * together merges nothing.
 * @throws {SurprisalError} INVALID_ARGUMENT, UNSUPPORTED_CAPABILITY
 */
export function rewriteMerger(model: LanguageModel, options: RewriteOptions = {}): Merger {
  const { wording = MERGE_PROMPT, maxTokens = 256 } = options;
  if (!wording.includes("{first}") || !wording.includes("{second}"))
    throw invalidArgument(
      "The wording does not say where the steps stand",
      "wording",
      "Put {first} and {second} into it.",
    );
  if (!model.capabilities.generate)
    throw new SurprisalError({
      code: "UNSUPPORTED_CAPABILITY",
      what: "This model cannot write",
      where: model.identity.name,
    });
  return async ({ prompt, steps, step, into, signal }: MergeRequest) => {
    const [first, second] = step < into ? [steps[step]!, steps[into]!] : [steps[into]!, steps[step]!];
    const parts: Readonly<Record<string, string>> = { problem: prompt.trim(), first, second };
    const asked = wording.replace(/\{(problem|first|second)\}/g, (_, name: string) => parts[name] ?? "");
    const writing = model.generate(
      model.capabilities.chat ? [{ role: "user", content: asked }] : `${asked}\n\n`,
      { maxTokens, signal, ...(model.capabilities.chat ? {} : { stop: ["\n\n"] }) },
    );
    let text = "";
    for await (const record of writing) if (record.part !== "reasoning") text += record.text;
    if (writing.end?.finishReason !== "stop") return null;
    const merged = text.trim().replace(/^Step [AB]\s*[:.]\s*/, "");
    return merged === "" || merged.length > first.length + second.length + 20 ? null : merged;
  };
}

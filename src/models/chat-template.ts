/** Filling in a model's own chat template (Jinja, as GGUF and Hugging Face files carry it). */
import { SurprisalError } from "../core/index.ts";
import { renderBounded, TemplateBound } from "./bounded-template.ts";
import { checkMessages } from "./generation.ts";
import type { ChatMessage } from "./language-model.ts";

export interface ChatTemplateOptions {
  /** End with the words that make the model answer. Default true. */
  addGenerationPrompt?: boolean | undefined;
}

/**
 * @param special texts of the special tokens the template may name; "" when the model has none.
 * @throws SurprisalError INVALID_ARGUMENT when the template refuses these messages or does not come to an end, or one holds half a surrogate pair.
 */
export function fillChatTemplate(
  template: string,
  messages: readonly ChatMessage[],
  special: { bos: string; eos: string },
  { addGenerationPrompt = true }: ChatTemplateOptions = {},
): string {
  checkMessages(messages);
  try {
    return renderBounded(template, {
      messages: messages.map((message) => ({ ...message })),
      add_generation_prompt: addGenerationPrompt,
      bos_token: special.bos,
      eos_token: special.eos,
    });
  } catch (cause) {
    throw new SurprisalError({
      code: "INVALID_ARGUMENT",
      what: `The model's chat template cannot be filled in: ${cause instanceof Error ? cause.message : cause}`,
      wayOut:
        cause instanceof TemplateBound
          ? "The template is damaged or meant to harm: write the prompt yourself, as plain text."
          : "Check the roles and their order (system, user, assistant, ...), or write the prompt yourself.",
      cause,
    });
  }
}

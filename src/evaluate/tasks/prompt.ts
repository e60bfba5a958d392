/** A prompt as turns, and as one text: plain, or in a model's chat template. */
import type { ChatMessage, LanguageModel } from "../../models/index.ts";

/** A turn, and what follows it in a plain text. */
export interface PromptMessage {
  role: "system" | "user" | "assistant";
  content: string;
  after: string;
}

/** How prompts are put into the model's chat template. */
export interface ChatPrompts {
  /** Each example is a turn of the user and one of the assistant; otherwise all of it is one turn of the user. */
  multiturn: boolean;
}

/** Turns to the text that the model reads. */
export type Render = (messages: readonly PromptMessage[]) => string;

/** One after another: lm-eval's `Message.to_text`. */
export const plainText: Render = (messages) => messages.map(({ content, after }) => content + after).join("");

/**
 * In the model's chat template, with the beginning of its answer behind.
 * Source: lm-eval 0.4.13, lm_eval/api/task.py (`fewshot_context`) and lm_eval/api/utils.py (`multiturn_to_singleturn`).
 * @throws SurprisalError UNSUPPORTED_CAPABILITY where the model has no template.
 */
export function inChatTemplate(model: LanguageModel, { multiturn }: ChatPrompts): Render {
  return (messages) =>
    model.applyChatTemplate(multiturn ? messages.map(turn) : asOneTurn(messages), {
      addGenerationPrompt: true,
    });
}

const turn = ({ role, content }: PromptMessage): ChatMessage => ({ role, content });

function asOneTurn(messages: readonly PromptMessage[]): ChatMessage[] {
  const system = messages.filter(({ role }) => role === "system");
  const others = messages.filter(({ role }) => role !== "system");
  return [...system.map(turn), { role: "user", content: plainText(others) }];
}

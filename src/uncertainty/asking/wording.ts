/** What a model is asked with, word for word, and the hash that stands for it. */
import { wordingSha256 } from "../../calibrate/index.ts";
import { invalidArgument, SurprisalError } from "../../core/index.ts";
import type { ChatMessage, LanguageModel, Prompt } from "../../models/index.ts";
import type { AskedQuestion } from "./contract.ts";

/**
 * Words to ask with. In the messages {question}, {answer}, {samples} and {k} are filled in; behind a message of the role "reply"
 * stands what the model said to the messages before it, and each such message is one call more.
 */
export interface Wording {
  name: string;
  language: "en" | "zh";
  /** Paper, tool and version that the words are from; "ours". */
  source: string;
  messages: readonly ChatMessage[];
  /** What a model without a chat template goes on from: it stands at the end of a plain prompt. */
  cue: string;
}

/** A wording beside a result. */
export interface UsedWording extends Wording {
  /** sha256 of the messages and the cue, lower-case hex. */
  sha256: string;
}

/** What is said to the model in place of what it said itself. */
export const REPLY = "reply";

/** @throws SurprisalError INVALID_ARGUMENT for messages that cannot be asked. */
export function usedWording(wording: Wording): UsedWording {
  const { messages, cue } = wording;
  const last = messages.at(-1);
  if (last?.role !== "user")
    throw invalidArgument(
      "A wording ends with what the user says",
      `wording ${wording.name}`,
      "Add a message of the role user.",
    );
  return {
    ...wording,
    sha256: wordingSha256({
      prompt: JSON.stringify([messages.map(({ role, content }) => [role, content]), cue]),
    }),
  };
}

/** What is filled in. */
export type Filling = Readonly<Record<string, string>>;

/** @throws SurprisalError EMPTY_INPUT */
export function fillingOf({ question, answer, samples = [] }: AskedQuestion, more: Filling = {}): Filling {
  for (const [name, text] of Object.entries({ question, answer }))
    if (text.trim() === "")
      throw new SurprisalError({
        code: "EMPTY_INPUT",
        what: `The ${name} is empty`,
        where: name,
        wayOut: "Give the question and the answer that is to be judged.",
      });
  return { question, answer, samples: samples.join("\n"), ...more };
}

/** In one pass, so that braces in a question are not filled in. */
export const filled = (text: string, filling: Filling): string =>
  text.replaceAll(/\{([a-z]+)\}/g, (all, name: string) => filling[name] ?? all);

/** The messages up to each place where the model speaks: one list for each call. */
export function turnsOf({ messages }: Wording): ChatMessage[][] {
  const ends = messages.flatMap(({ role }, i) => (role === REPLY ? [i] : []));
  return [...ends, messages.length].map((end) => messages.slice(0, end));
}

/** The prompt of one call. @param replies what the model said before, in place of the messages of the role "reply". */
export function promptOf(
  model: LanguageModel | undefined,
  messages: readonly ChatMessage[],
  cue: string,
  filling: Filling,
  replies: readonly string[],
): Prompt {
  let next = 0;
  const said = messages.map(({ role, content }) =>
    role === REPLY
      ? { role: "assistant", content: replies[next++] ?? "" }
      : { role, content: filled(content, filling) },
  );
  if (model?.capabilities.chat) return withSystem(model, said);
  return plainOf(said, cue);
}

/** Some templates know no system message: it is then said at the beginning of the user's. */
function withSystem(model: LanguageModel, messages: ChatMessage[]): ChatMessage[] {
  const [system, user, ...rest] = messages;
  if (system?.role !== "system" || !user || !model.capabilities.chatTemplate) return messages;
  try {
    model.applyChatTemplate(messages, { addGenerationPrompt: true });
    return messages;
  } catch {
    return [{ role: user.role, content: `${system.content}\n\n${user.content}` }, ...rest];
  }
}

/** One message after the other, named by who speaks where there are several turns, and the cue. */
export function plainOf(messages: readonly ChatMessage[], cue: string): string {
  const named = messages.some(({ role }) => role === "assistant");
  const name: Readonly<Record<string, string>> = { user: "Question: ", assistant: "Answer: " };
  const lines = messages.map(({ role, content }, i) =>
    named && i < messages.length - 1 ? `${name[role] ?? ""}${content}` : content,
  );
  return [...lines, cue].filter((line) => line !== "").join("\n");
}

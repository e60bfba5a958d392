/** Questions with documents, as a model is asked for an answer or for samples of one. */
import type { RetrievalLift, SourceDocument } from "../../detect/index.ts";
import type { LanguageModel, Prompt } from "../../models/index.ts";
import { type Item, promptFor } from "../confidence/index.ts";

/**
 * The question behind the texts, in the words that lift is read with; without texts as it stands. In a chat of several messages the
 * texts stand in the last one.
 */
export function promptWith(
  question: NonNullable<Item["question"]>,
  texts: readonly string[],
  how: { plain: boolean; system: string | undefined },
  model: LanguageModel,
): Prompt {
  if (texts.length === 0) return promptFor(question, how, model);
  const behind = (asked: string) => `Documents:\n\n${texts.join("\n\n")}\n\n${asked}`;
  if (typeof question !== "string")
    return promptFor(
      question.map((message, i) =>
        i === question.length - 1 && typeof message.content === "string"
          ? { ...message, content: behind(message.content) }
          : message,
      ),
      how,
      model,
    );
  const isChat = model.capabilities.chat && !how.plain;
  return promptFor(behind(isChat ? `Question: ${question}` : `Question: ${question}\nAnswer:`), how, model);
}

/** What of the documents was read, a text each; all of them where nobody chose. */
export function textsRead(documents: readonly SourceDocument[], lift: RetrievalLift | null): string[] {
  if (lift === null || lift.documents.length !== documents.length) return documents.map(({ text }) => text);
  return lift.documents.flatMap(({ read }, i) =>
    read.length === 0
      ? []
      : [read.map(({ start, end }) => documents[i]!.text.slice(start, end)).join("\n...\n")],
  );
}

/** A question as one text: for people, and for methods that put it into words of their own. */
import type { Item } from "./given.ts";

/** Of a chat with one question, that; of a longer one, all that was said. */
export function textOfQuestion(question: NonNullable<Item["question"]>): string {
  if (typeof question === "string") return question;
  const said = question.filter(({ role }) => role !== "system");
  if (said.length === 1) return said[0]!.content;
  return said.map(({ role, content }) => `${role}: ${content}`).join("\n\n");
}

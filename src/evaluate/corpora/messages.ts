/**
 * Chats in a column: OpenAI's `[{ role, content }]` and ShareGPT's `[{ from, value }]`. What a model reads of one is its own
 * chat template's work; without a model a chat is its roles and contents.
 */
import type { ChatMessage } from "../../models/index.ts";

/** ShareGPT's names of roles. */
const ROLES: Readonly<Record<string, string>> = {
  human: "user",
  gpt: "assistant",
  chatgpt: "assistant",
  bard: "assistant",
  bing: "assistant",
};

/** Whether a value is a chat: a list of at least one message. */
export function isMessages(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((message) => readMessage(message) !== null);
}

/** A chat as messages; `null` when the value is none. */
export function readMessages(value: unknown): ChatMessage[] | null {
  if (!Array.isArray(value)) return null;
  const messages = value.map(readMessage);
  return messages.every((message) => message !== null) ? messages : null;
}

function readMessage(value: unknown): ChatMessage | null {
  if (typeof value !== "object" || value === null) return null;
  const fields = new Map<string, unknown>(Object.entries(value));
  const role = fields.get("role") ?? fields.get("from");
  if (typeof role !== "string") return null;
  const content = contentOf(fields.has("content") ? fields.get("content") : fields.get("value"));
  return content === null ? null : { role: fields.has("role") ? role : (ROLES[role] ?? role), content };
}

/** A text, nothing (a call of a tool), or a list of parts of which only texts are allowed. */
function contentOf(value: unknown): string | null {
  if (typeof value === "string") return value;
  if (value === null) return "";
  if (!Array.isArray(value)) return null;
  const parts = value.map((part) => {
    const { type, text } = (part ?? {}) as { type?: unknown; text?: unknown };
    return (type === undefined || type === "text") && typeof text === "string" ? text : null;
  });
  return parts.every((part) => part !== null) ? parts.join("") : null;
}

/** A chat without anybody's template, for its name in hashes and sizes: a paragraph for each message. */
export function plainChat(messages: readonly ChatMessage[]): string {
  return messages.map(({ role, content }) => `${role}: ${content}`).join("\n\n");
}

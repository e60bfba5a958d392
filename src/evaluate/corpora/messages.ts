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

/** Whether a value looks like a chat: a list of at least one thing with a role, whatever it says. */
export function isMessages(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((message) => roleOf(message) !== null);
}

/** A chat as messages; `null` when the value is none; a text: why its messages are none that can be read. */
export function readMessages(value: unknown): ChatMessage[] | string | null {
  if (!Array.isArray(value) || (value.length > 0 && !isMessages(value))) return null;
  const messages: ChatMessage[] = [];
  for (const [i, message] of value.entries()) {
    const read = readMessage(message);
    if (typeof read === "string") return `Message ${i + 1} of the chat ${read}`;
    messages.push(read);
  }
  return messages;
}

function roleOf(value: unknown): string | null {
  if (typeof value !== "object" || value === null) return null;
  const { role, from } = value as { role?: unknown; from?: unknown };
  const name = role ?? from;
  return typeof name === "string" ? name : null;
}

/** Parts of a message that a template would write, and that we have no place for. */
const CALLS = ["tool_calls", "function_call"];

function readMessage(value: unknown): ChatMessage | string {
  const fields = new Map<string, unknown>(Object.entries(value as object));
  const calls = CALLS.find((name) => !isNothing(fields.get(name)));
  if (calls !== undefined)
    return `calls a tool (${calls}), which is not read: without the call it would be another chat`;
  const given = fields.has("content") ? fields.get("content") : fields.get("value");
  const content = contentOf(given);
  if (content === null)
    return `holds ${Array.isArray(given) ? "a list of other parts than texts" : "no text"}`;
  const role = roleOf(value)!;
  return { role: typeof fields.get("role") === "string" ? role : (ROLES[role] ?? role), content };
}

const isNothing = (value: unknown): boolean =>
  value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);

/** A text, nothing, or a list of parts of which only texts are allowed. */
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

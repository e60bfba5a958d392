/** A sample as a line for training, in the layouts that trainers read. */
import type { ChatMessage } from "../../models/index.ts";
import { malformed } from "./final.ts";
import type { ReasoningSample } from "./sample.ts";

/**
 * - "same": the layout that it came in, every other byte of the line as it was
 * - "openai": {"messages": [...]}, which TRL reads too
 * - "trl": {"prompt": [...], "completion": [...]}, lists of messages: the loss is on the completion alone
 * - "llamafactory": {"conversations": [{"from", "value"}], "system"}: "formatting": "sharegpt" in dataset_info.json
 * - "alpaca": {"instruction", "input", "output", "system", "history"}: LLaMA-Factory's default
 */
export const DATASET_FORMATS = ["same", "openai", "trl", "llamafactory", "alpaca"] as const;
/** One of DATASET_FORMATS. */
export type DatasetFormat = (typeof DATASET_FORMATS)[number];

/**
 * The line, without a newline.
 * @param said what the assistant says, see `assistantText`.
 * @throws {SurprisalError} CORPUS_MALFORMED where the layout has no room for the chat, such as alpaca's for two questions one after the other
 */
export function trainingLine(
  { asked, tools: given }: Pick<ReasoningSample, "asked" | "tools">,
  said: string,
  format: Exclude<DatasetFormat, "same">,
  where: string,
): string {
  const messages: ChatMessage[] = typeof asked === "string" ? [{ role: "user", content: asked }] : [...asked];
  const answer = { role: "assistant", content: said };
  const tools = toolsOf(given, where);
  const isLlamaFactory = format === "llamafactory" || format === "alpaca";
  const other = messages.find(({ role }) => !ROLES.includes(role));
  if (other !== undefined)
    throw malformed(
      `What "${other.role}" says is carried into no other layout`,
      where,
      "Write it as same: --format same.",
    );
  const beside = tools.length === 0 ? {} : { tools: isLlamaFactory ? JSON.stringify(tools) : tools };
  switch (format) {
    case "openai":
      return JSON.stringify({ messages: [...messages, answer], ...beside });
    case "trl":
      return JSON.stringify({ prompt: messages, completion: [answer], ...beside });
    default: {
      const { system, turns } = turnsOf(messages, where);
      const chat = format === "alpaca" ? alpaca(system, turns, said) : shareGpt(system, turns, said);
      return JSON.stringify({ ...chat, ...beside });
    }
  }
}

/** Whose words every layout has a place for. */
const ROLES: readonly string[] = ["system", "developer", "user", "assistant"];

/** Tools as OpenAI's and TRL's lists have them, each within "function". */
function toolsOf(given: unknown, where: string): unknown[] {
  if (given === undefined || given === null || given === "") return [];
  let list: unknown = given;
  try {
    if (typeof given === "string") list = JSON.parse(given);
  } catch {
    list = null;
  }
  if (!Array.isArray(list))
    throw malformed("The chat's tools are no list", where, "Write it as same: --format same.");
  return list.map((tool: unknown) =>
    typeof tool === "object" && tool !== null && !("type" in tool)
      ? { type: "function", function: tool }
      : tool,
  );
}

/** A question, and what was answered before; the last has no answer yet. */
interface Turn {
  user: string;
  assistant: string;
}

/** LLaMA-Factory wants questions and answers by turns, and the system's words apart. */
function turnsOf(
  messages: readonly ChatMessage[],
  where: string,
): { system: string | null; turns: { before: Turn[]; last: string } } {
  const texts = messages.map(({ role, content }) => ({
    role,
    text: typeof content === "string" ? content : "",
  }));
  const system = ["system", "developer"].includes(texts[0]?.role ?? "") ? texts[0]!.text : null;
  const rest = system === null ? texts : texts.slice(1);
  const isByTurns =
    rest.length % 2 === 1 && rest.every(({ role }, i) => role === (i % 2 === 0 ? "user" : "assistant"));
  if (!isByTurns)
    throw malformed(
      "LLaMA-Factory's layouts need questions and answers by turns",
      where,
      "Write it as openai, trl or same.",
    );
  const before = Array.from({ length: (rest.length - 1) / 2 }, (_, i) => ({
    user: rest[2 * i]!.text,
    assistant: rest[2 * i + 1]!.text,
  }));
  return { system, turns: { before, last: rest.at(-1)!.text } };
}

function shareGpt(
  system: string | null,
  { before, last }: { before: Turn[]; last: string },
  said: string,
): object {
  const pairs = [...before, { user: last, assistant: said }];
  const conversations = pairs.flatMap(({ user, assistant }) => [
    { from: "human", value: user },
    { from: "gpt", value: assistant },
  ]);
  return { conversations, ...(system === null ? {} : { system }) };
}

function alpaca(
  system: string | null,
  { before, last }: { before: Turn[]; last: string },
  said: string,
): object {
  return {
    ...{ instruction: last, input: "", output: said },
    ...(system === null ? {} : { system }),
    ...(before.length > 0 && { history: before.map(({ user, assistant }) => [user, assistant]) }),
  };
}

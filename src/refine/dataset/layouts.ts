/** The layouts in which people keep reasoning: chats, prompts with completions, alpaca's, and fields. What fits several is refused. */
import { SurprisalError } from "../../core/index.ts";
import { readMessages } from "../../evaluate/corpora/index.ts";
import type { ChatMessage } from "../../models/index.ts";
import { readFields } from "./fields.ts";
import { malformed, solutionParts } from "./final.ts";
import type { ReasoningSample } from "./sample.ts";
import type { JsonPath } from "./splice.ts";

/**
 * - "chat": `messages` (OpenAI, TRL), `conversations` (ShareGPT, LLaMA-Factory), or `prompt` and `completion` as lists of messages (TRL)
 * - "completion": `prompt` and `completion` as texts (TRL)
 * - "alpaca": `instruction`, `input`, `output` (LLaMA-Factory)
 * - "fields": a question, the reasoning, the answer, in fields of their own, or reasoning and answer in one
 */
export const SAMPLE_LAYOUTS = ["chat", "completion", "alpaca", "fields"] as const;
/** One of SAMPLE_LAYOUTS. */
export type SampleLayout = (typeof SAMPLE_LAYOUTS)[number];

/** What the line's own names and words are, where they are others than the usual ones. */
export interface ReadSampleOptions {
  /** Default: what the line looks like. */
  layout?: SampleLayout | undefined;
  /** Names of fields; a.b is a field within another. Any of these makes the layout "fields". */
  promptField?: string | undefined;
  reasoningField?: string | undefined;
  answerField?: string | undefined;
  /** Name of the list of messages. */
  messagesField?: string | undefined;
  /** Introduces the answer where it has a field of its own. Default "Answer: ". */
  frame?: string | undefined;
  /** Introduces the answer within a text, instead of the usual ways. */
  final?: RegExp | undefined;
  /** A question with its answer and no reasoning is a sample too, one without steps: to try demonstrations on. Default false. */
  answerAlone?: boolean | undefined;
}

/** A line of a data set as an object. */
export type Line = Readonly<Record<string, unknown>>;

/** Lists of messages, by their usual names. */
const MESSAGES = ["messages", "conversations", "conversation"];
/** Reasoning beside the content of a message: DeepSeek's and vLLM's, OpenRouter's, gpt-oss's. */
const MESSAGE_REASONING = ["reasoning_content", "reasoning", "thinking"];

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);
export const isObject = (value: unknown): value is Line =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === "string";
const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(", ");

/**
 * The sample that a line holds.
 * @param where for errors.
 * @throws {SurprisalError} CORPUS_MALFORMED where it holds none, or may be read in several ways; EMPTY_INPUT, NOTHING_TO_SCORE
 */
export function readSample(line: Line, where: string, options: ReadSampleOptions = {}): ReasoningSample {
  const { promptField, reasoningField, answerField, messagesField } = options;
  const areNamed = [promptField, reasoningField, answerField].some((name) => name !== undefined);
  if (areNamed && options.layout !== undefined && options.layout !== "fields")
    throw malformed(
      `Fields are named, and the layout is "${options.layout}"`,
      where,
      'Leave the layout out, or let it be "fields".',
    );
  const fitting = fittingLayouts(line, messagesField);
  const [layout = "fields"] =
    options.layout !== undefined ? [options.layout] : areNamed ? ["fields" as const] : fitting;
  if (options.layout === undefined && !areNamed && fitting.length > 1)
    throw malformed(
      `The line may be read in ${fitting.length} ways: ${fitting.join(", ")}`,
      where,
      "Say which is meant: --layout NAME.",
    );
  switch (layout) {
    case "chat":
      return {
        ...readChat(line, where, options),
        ...(Object.hasOwn(line, "tools") && { tools: line.tools }),
      };
    case "completion":
      return readWhole(
        ["completion"],
        textAt(line, "completion", where),
        "prompt and completion",
        where,
        options,
        {
          asked: textAt(line, "prompt", where),
          isPlain: true,
        },
      );
    case "alpaca":
      return readAlpaca(line, where, options);
    default:
      return readFields(line, where, options);
  }
}

function fittingLayouts(line: Line, messagesField: string | undefined): SampleLayout[] {
  const { prompt, completion, instruction, output } = line;
  const found: SampleLayout[] = [];
  if (
    messagesField !== undefined ||
    MESSAGES.some((name) => isList(line[name])) ||
    (isList(prompt) && isList(completion))
  )
    found.push("chat");
  if (isText(prompt) && isText(completion)) found.push("completion");
  if (isText(instruction) && isText(output)) found.push("alpaca");
  const areFields = ["question", "problem", "query", "prompt", "instruction"].some((name) =>
    isText(line[name]),
  );
  const hasReasoning = ["reasoning", "reasoning_content", "rationale", "cot", "steps", "thinking"].some(
    (name) => isText(line[name]) || isList(line[name]),
  );
  // A chat without messages is a chat that lacks something, not fields of other names.
  if (found.length === 0 && !areFields && MESSAGES.some((name) => Object.hasOwn(line, name))) return ["chat"];
  if (found.length === 0 || (areFields && hasReasoning)) found.push("fields");
  return found;
}

function textAt(line: Line, name: string, where: string): string {
  const value = line[name];
  if (isText(value)) return value;
  throw malformed(
    value === undefined
      ? `The line has no "${name}"; its fields are ${quoted(Object.keys(line))}`
      : `"${name}" is no text`,
    where,
    "See docs/refining.md for the layouts.",
  );
}

/** A text that holds reasoning and answer. */
function readWhole(
  path: JsonPath,
  text: string,
  layout: string,
  where: string,
  { final }: ReadSampleOptions,
  asked: Pick<ReasoningSample, "asked" | "isPlain">,
): ReasoningSample {
  const parts = solutionParts(text, where, final);
  return { ...asked, ...parts, layout: `${layout}, answer ${parts.found}`, place: { path, kind: "whole" } };
}

function readAlpaca(line: Line, where: string, options: ReadSampleOptions): ReasoningSample {
  const { input, system, history } = line;
  const instruction = textAt(line, "instruction", where);
  const question = isText(input) && input !== "" ? `${instruction}\n${input}` : instruction;
  const before: ChatMessage[] = isText(system) && system !== "" ? [{ role: "system", content: system }] : [];
  for (const turn of isList(history) ? history : []) {
    const [user, assistant] = isList(turn) ? turn : [];
    if (!isText(user) || !isText(assistant))
      throw malformed(
        "The history is no list of pairs of texts",
        where,
        'Pairs look like ["question", "answer"].',
      );
    before.push({ role: "user", content: user }, { role: "assistant", content: assistant });
  }
  const asked = before.length > 0 ? [...before, { role: "user", content: question }] : question;
  const output = textAt(line, "output", where);
  return readWhole(["output"], output, "alpaca", where, options, { asked, isPlain: false });
}

/** The list of messages, and where it stands; of TRL's prompt and completion both. */
function messagesOf(
  line: Line,
  where: string,
  named: string | undefined,
): { before: readonly unknown[]; list: readonly unknown[]; name: string } {
  const names = named === undefined ? MESSAGES.filter((name) => isList(line[name])) : [named];
  const isPair = named === undefined && isList(line.prompt) && isList(line.completion);
  if (names.length + Number(isPair) > 1)
    throw malformed(
      `The line has several chats: ${quoted([...names, ...(isPair ? ["completion"] : [])])}`,
      where,
      "Say which is meant: --messages-field NAME.",
    );
  if (isPair)
    return { before: line.prompt as unknown[], list: line.completion as unknown[], name: "completion" };
  const [name] = names;
  const list = name === undefined ? undefined : line[name];
  const other = MESSAGES.find((each) => Object.hasOwn(line, each));
  if (!isList(list) && name === undefined && other !== undefined)
    throw malformed(
      `"${other}" is no list of messages`,
      where,
      'Messages look like [{"role": "user", "content": "..."}, {"role": "assistant", "content": "..."}].',
    );
  if (!isList(list))
    throw malformed(
      `The line has no list of messages${name === undefined ? "" : ` "${name}"`}; its fields are ${quoted(Object.keys(line))}`,
      where,
      "Name it: --messages-field NAME.",
    );
  return { before: [], list, name: name! };
}

function readChat(line: Line, where: string, options: ReadSampleOptions): ReasoningSample {
  const { before, list, name } = messagesOf(line, where, options.messagesField);
  const messages = readMessages([...before, ...list]);
  if (messages === null || isText(messages))
    throw malformed(
      messages ?? `"${name}" is no list of messages`,
      where,
      'Messages look like {"role": "user", "content": "..."}.',
    );
  const last = list.at(-1);
  if (messages.at(-1)?.role !== "assistant" || !isObject(last))
    throw malformed(
      "The chat does not end with what the assistant says",
      where,
      "Give the answer as its last message.",
    );
  const asked = messages.slice(0, -1);
  if (!asked.some(({ role }) => role === "user"))
    throw malformed(
      "The chat asks nothing: it has no message of a user",
      where,
      "Give the question before the answer.",
    );
  const system = line.system;
  if (isText(system) && system !== "" && asked[0]!.role !== "system")
    asked.unshift({ role: "system", content: system });
  const at = [name, list.length - 1];
  const beside = MESSAGE_REASONING.filter((key) => isText(last[key]) && String(last[key]).trim() !== "");
  const content = contentAt(last, where);
  if (beside.length === 0)
    return readWhole([...at, ...content.path], content.text, name, where, options, { asked, isPlain: false });
  if (beside.length > 1 || /<\/think(?:ing)?>/.test(content.text))
    throw malformed(
      `The last message has its reasoning in several places: ${quoted(beside)}${/<\/think/.test(content.text) ? " and the text" : ""}`,
      where,
      "Leave one of them.",
    );
  return besideContent(last, beside[0]!, [...at, beside[0]!], content.text, name, asked, where);
}

/** Reasoning beside the text of a message; scored, and written into other layouts, as models write it. */
function besideContent(
  message: Line,
  key: string,
  path: JsonPath,
  content: string,
  name: string,
  asked: readonly ChatMessage[],
  where: string,
): ReasoningSample {
  const reasoning = String(message[key]);
  const answer = content.trim();
  if (answer === "")
    throw new SurprisalError({
      code: "NOTHING_TO_SCORE",
      what: `There is no answer beside "${key}"`,
      where,
      wayOut: "Give the final answer as the content of the message.",
    });
  const from = content.indexOf(answer);
  return {
    ...{ layout: `${name}, ${key} beside the content`, asked, isPlain: false, reasoning },
    ...{
      head: "<think>\n",
      frame: `${/\n\s*$/.test(reasoning) ? "" : "\n"}</think>\n\n`,
      found: `beside "${key}"`,
    },
    ...{ answer, tail: content.slice(from + answer.length), place: { path, kind: "own" } },
  };
}

/** The text of a message: its content, or the only part of it. */
function contentAt(message: Line, where: string): { text: string; path: JsonPath } {
  const key = Object.hasOwn(message, "content") ? "content" : "value";
  const content = message[key];
  if (isText(content)) return { text: content, path: [key] };
  const parts = isList(content) ? content : [];
  const [part] = parts;
  if (parts.length === 1 && isObject(part) && isText(part.text))
    return { text: part.text, path: [key, 0, "text"] };
  throw malformed(
    "The last message is in several parts, so that it is not clear which is the reasoning",
    where,
    "Give it as one text.",
  );
}

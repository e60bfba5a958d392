/**
 * Reads Ollama's own `/api/generate` and `/api/chat`: whole answers, and streams of a line each. Fields that are not named
 * here are let through. Source: ollama/ollama, api/types.go.
 */
import type { TokenRecord } from "../../core/index.ts";
import type { FinishReason } from "../language-model.ts";
import {
  AnswerAssembler,
  type AnswerReaderOptions,
  callText,
  field,
  logprobOf,
  malformed,
  readFields,
  type WireReader,
  type WireToken,
  wireReader,
} from "../remote/wire.ts";

const alternative = field.object({
  token: field.string,
  logprob: field.nullish(field.number),
  bytes: field.nullish(field.array(field.byte)),
});

const entry = field.extend(alternative, { top_logprobs: field.nullish(field.array(alternative)) });

/** A line of `/api/generate` or `/api/chat`, or their whole answers. */
const line = field.object({
  response: field.nullish(field.string),
  thinking: field.nullish(field.string),
  message: field.nullish(
    field.object({
      content: field.nullish(field.string),
      thinking: field.nullish(field.string),
      tool_calls: field.nullish(field.array(field.unknown)),
    }),
  ),
  tool_calls: field.nullish(field.array(field.unknown)),
  /** Left out by gateways, but in the last line. */
  done: field.nullish(field.boolean),
  done_reason: field.nullish(field.string),
  eval_count: field.fallback(field.nullish(field.count), null),
  logprobs: field.nullish(field.array(entry)),
});

/** What lines of an answer have, and a sign that the server is still there does not. */
const SPEAKS = ["message", "response", "model", "logprobs"];
const LACKING = "A line lacks the text that it should have.";

/**
 * Ollama counts the end-of-text token in `eval_count` and gives no record for it. Its `bytes` are those of the text, so
 * a token that is a part of a character is lost (ollama/ollama issue 13497).
 */
export function ollamaReader(options: AnswerReaderOptions = {}): WireReader {
  const { server = "the server" } = options;
  const answer = new AnswerAssembler(options);
  let finishReason: FinishReason | null = null;
  let count: number | null = null;

  function push(json: unknown): TokenRecord[] {
    if (json === null || (typeof json === "object" && Object.keys(json).length === 0)) return []; // says nothing
    const said = readFields(line, json, server);
    if (finishReason !== null) throw malformed("The answer goes on after its last line", server);
    const { message } = said;
    const isSilent = typeof said.response !== "string" && !message;
    if (isSilent && !said.done && SPEAKS.some((name) => name in said)) answer.doubt(LACKING);
    if (isSilent && !said.done) return [];
    const thinking = message?.thinking || said.thinking || "";
    const text = message?.content || said.response || "";
    const called = message?.tool_calls?.length ? message.tool_calls : (said.tool_calls ?? []);
    const calls = called.map((call) => callText((call as { function?: unknown } | null)?.function ?? call));
    if (called.length > 0) answer.stopComparing();
    const tokens = (said.logprobs ?? []).map((entry, i) => wireToken(entry, `${server}, logprobs[${i}]`));
    const records = answer.add({ text, tokens, thinking, calls: calls.join("") });
    if (said.done) {
      finishReason = finishReasonOf(said.done_reason ?? "");
      count = said.eval_count ?? null;
    }
    return records;
  }

  return wireReader(answer, server, push, () => ({ finishReason, tokens: count }));
}

/** "load" and "unload" end answers to empty prompts. */
function finishReasonOf(reason: string): FinishReason {
  return reason === "stop" || reason === "length" ? reason : "other";
}

function wireToken({ top_logprobs: others, ...own }: ReturnType<typeof entry>, where: string): WireToken {
  const one = ({ token, bytes, logprob }: ReturnType<typeof alternative>, place: string) => ({
    token,
    bytes,
    logprob: logprobOf(logprob, `${place}.logprob`),
  });
  return {
    ...one(own, where),
    alternatives: others?.map((other, i) => one(other, `${where}.top_logprobs[${i}]`)),
  };
}

/** Reads Ollama's own `/api/generate` and `/api/chat`: whole answers, and streams of a line each. */
import type { TokenRecord } from "../../core/index.ts";
import type { FinishReason, GenerationEnd } from "../language-model.ts";
import {
  AnswerAssembler,
  type AnswerOptions,
  complaintIn,
  logprobOf,
  malformed,
  serverError,
  streamCut,
  type WireToken,
} from "../remote/index.ts";
import { type OllamaEntry, readLine } from "./schema.ts";

export interface OllamaReaderOptions extends AnswerOptions {
  /** Names the server in errors. Default "the server". */
  server?: string | undefined;
}

export interface OllamaReader {
  /**
   * @param json the whole answer, or a line of a stream.
   * @returns the records that are complete with this.
   * @throws SurprisalError WIRE_MALFORMED; SERVER_ERROR for an error the server reports in its answer.
   */
  push(json: unknown): TokenRecord[];
  /**
   * @returns the last records, and what is known at the end.
   * @throws SurprisalError STREAM_CUT when no line said that it is the last.
   */
  finish(): { records: TokenRecord[]; end: Omit<GenerationEnd, "provenance"> };
}

/**
 * Ollama counts the end-of-text token in `eval_count` and gives no record for it. Its `bytes` are those of the text, so
 * a token that is a part of a character is lost (ollama/ollama issue 13497).
 */
export function ollamaReader(options: OllamaReaderOptions = {}): OllamaReader {
  const { server = "the server" } = options;
  const answer = new AnswerAssembler(options);
  let end: { finishReason: FinishReason; tokens: number | null } | null = null;

  function push(json: unknown): TokenRecord[] {
    if (typeof json === "object" && json !== null && "error" in json && json.error)
      throw serverError(complaintIn(json) ?? { message: JSON.stringify(json.error), field: null }, server);
    const said = readLine(json, server);
    if (end) throw malformed("The answer goes on after its last line", server);
    const { message } = said;
    if (said.response === undefined && !message)
      throw malformed("A line without a text", `${server}, response`);
    const thinking = message?.thinking ?? said.thinking ?? "";
    const text = message?.content ?? said.response ?? "";
    const calls = message?.tool_calls ?? said.tool_calls;
    if (calls && calls.length > 0) answer.stopComparing();
    const tokens = (said.logprobs ?? []).map((entry, i) => wireToken(entry, `${server}, logprobs[${i}]`));
    const records = answer.add({ text, tokens, thinking });
    if (said.done)
      end = { finishReason: finishReasonOf(said.done_reason ?? ""), tokens: said.eval_count ?? null };
    return records;
  }

  return {
    push,
    finish() {
      if (!end) throw streamCut("The answer ended before the line that says so", server);
      return answer.finish(end);
    },
  };
}

/** "load" and "unload" end answers to empty prompts. */
function finishReasonOf(reason: string): FinishReason {
  return reason === "stop" || reason === "length" ? reason : "other";
}

function wireToken({ token, bytes, logprob, top_logprobs: others }: OllamaEntry, where: string): WireToken {
  return {
    token,
    bytes,
    logprob: logprobOf(logprob, `${where}.logprob`),
    alternatives: others?.map((other, i) => ({
      token: other.token,
      bytes: other.bytes,
      logprob: logprobOf(other.logprob, `${where}.top_logprobs[${i}].logprob`),
    })),
  };
}

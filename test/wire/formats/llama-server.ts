/** llama-server: `/completion`, and its `/v1/completions`, which is chat-like. */
import type { WireAnswer, WireEvent } from "../answer.ts";
import type { Json } from "../pick.ts";
import { merged, spellOne } from "../tokens.ts";
import {
  lossy,
  type SpokenAlternative,
  type SpokenToken,
  type Utterance,
  writtenText,
} from "../utterance.ts";
import { logprobEntry } from "./chat.ts";

export interface NativeRequest {
  nProbs: number;
  postSampling: boolean;
}

/** `/completion`: `completion_probabilities`, one record per complete character. */
export function nativeAnswer(said: Utterance, request: NativeRequest): WireAnswer {
  const records = merged(said.tokens);
  const predicted = said.tokens.length + (said.endOfText ? 1 : 0);
  const [value, top] = request.postSampling ? ["prob", "top_probs"] : ["logprob", "top_logprobs"];
  const numberOf = (logprob: number) => (request.postSampling ? Math.exp(logprob) : logprob);
  const one = (each: SpokenToken | SpokenAlternative) => ({
    id: each.id,
    token: spellOne(each, "cut"),
    bytes: Array.from(each.bytes),
    [value!]: numberOf(each.logprob!),
  });
  const entry = (token: SpokenToken): Json => ({
    ...one(token),
    [top!]: token.alternatives.slice(0, request.nProbs).map(one),
  });
  const end = said.endOfText && { ...entry(said.endOfText), token: "", bytes: [] };
  const counts = (tokens: number) => ({ tokens_predicted: tokens, tokens_evaluated: said.prompt.length });
  const final = (content: string): Json => ({
    index: 0,
    content,
    tokens: [],
    id_slot: 0,
    stop: true,
    model: said.model,
    ...counts(predicted),
    prompt: said.promptText,
    truncated: false,
    stop_type: said.finish === "stop" ? "eos" : "limit",
    stopping_word: "",
    tokens_cached: said.prompt.length + predicted - 1,
  });
  const asked = request.nProbs > 0;
  const probabilities = [...records.map(entry), ...(end ? [end] : [])];
  return {
    body: {
      ...final(writtenText(said.tokens)),
      ...(asked && { completion_probabilities: probabilities }),
    },
    events: [
      ...records.map(
        (record): WireEvent => ({
          data: {
            index: 0,
            content: lossy(record.bytes),
            tokens: [record.id],
            stop: false,
            id_slot: -1,
            ...counts(record.predicted),
            ...(asked && { completion_probabilities: [entry(record)] }),
          },
        }),
      ),
      { data: final("") },
    ],
  };
}

export interface LlamaCompletionsRequest {
  logprobs: number | null;
  includeUsage: boolean;
}

/** `/v1/completions`: `logprobs.content` as in a chat; no echo. */
export function llamaCompletionsAnswer(
  said: Utterance,
  head: { id: string; created: number },
  request: LlamaCompletionsRequest,
): WireAnswer {
  const records = merged(said.tokens);
  const style = { spelling: "cut", bytes: "exact", ids: true } as const;
  const entry = (token: SpokenToken) =>
    logprobEntry(token, spellOne(token, "cut"), style, request.logprobs ?? 0);
  const end = said.endOfText && { ...entry(said.endOfText), token: "", bytes: [] };
  const asked = request.logprobs !== null;
  const choice = (text: string, entries: Json[] | null, finish: string | null) => ({
    text,
    index: 0,
    ...(entries && asked ? { logprobs: { content: entries } } : { logprobs: null }),
    finish_reason: finish,
  });
  const completion = said.tokens.length + (said.endOfText ? 1 : 0);
  const usage = {
    completion_tokens: completion,
    prompt_tokens: said.prompt.length,
    total_tokens: completion + said.prompt.length,
  };
  const about = {
    created: head.created,
    model: said.model,
    system_fingerprint: "b1-de3ff81",
    object: "text_completion",
    id: head.id,
  };
  const chunk = (choices: Json[], more: Json = {}): WireEvent => ({ data: { choices, ...about, ...more } });
  const entries = records.map(entry);
  return {
    body: {
      choices: [choice(writtenText(said.tokens), end ? [...entries, end] : entries, said.finish)],
      ...about,
      usage,
    },
    events: [
      ...records.map((record, i) => chunk([choice(lossy(record.bytes), [entries[i]!], null)])),
      chunk([choice("", null, said.finish)], request.includeUsage ? { usage } : {}),
      { data: "[DONE]" },
    ],
  };
}

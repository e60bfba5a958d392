/** Reads llama-server's own `/completion`: whole answers and events. */
import type { TokenRecord } from "../../../core/index.ts";
import type { FinishReason, Provenance } from "../../language-model.ts";
import {
  AnswerAssembler,
  field,
  logprobOf,
  logprobOfProbability,
  readFields,
  type WireAlternative,
  type WireReader,
  type WireToken,
  wireReader,
} from "../../remote/wire.ts";
import type { ReaderOptions } from "./reader.ts";
import { isEmptyObject } from "./schema.ts";

const alternative = field.object({
  id: field.nullish(field.int),
  token: field.nullish(field.string),
  /** Builds before December 2024. */
  content: field.nullish(field.string),
  bytes: field.nullish(field.array(field.byte)),
  logprob: field.nullish(field.number),
  /** With `post_sampling_probs`. */
  prob: field.nullish(field.number),
});
const entry = field.extend(alternative, {
  top_logprobs: field.nullish(field.array(alternative)),
  top_probs: field.nullish(field.array(alternative)),
});
const completion = field.object({
  content: field.string,
  completion_probabilities: field.nullish(field.array(entry)),
  stop: field.boolean,
  stop_type: field.nullish(field.string),
  tokens_predicted: field.fallback(field.nullish(field.count), null),
});

const STOP_TYPES: Record<string, FinishReason> = { eos: "stop", word: "stop", limit: "length" };

/**
 * A character of several tokens has one record, with the number of its last token: then the count is larger than the
 * records, and the answer partial. The record has no `tokenCount`: its number is a true one, that of one token, and only
 * the events of a stream say how many tokens stand behind each, so that the same answer in one piece would have other
 * records. Source: llama.cpp, tools/server, and a real server's answers.
 */
export function llamaServerReader(options: ReaderOptions = {}): WireReader {
  const { server = "the server" } = options;
  const answer = new AnswerAssembler(options);
  let probabilities: Provenance["probabilities"] = "raw";
  let finishReason: FinishReason | null = null;
  let count: number | null = null;

  function push(json: unknown): TokenRecord[] {
    if (json === null || isEmptyObject(json)) return []; // what says nothing is passed over
    const fields = readFields(completion, json, server);
    count = fields.tokens_predicted ?? count;
    const entries = fields.completion_probabilities ?? [];
    if (entries.some(({ prob }) => typeof prob === "number")) probabilities = "post-sampling";
    const tokens = entries.map(
      (each, i): WireToken => ({
        ...wireAlternative(each, `${server}, completion_probabilities[${i}]`),
        alternatives: (each.top_logprobs ?? each.top_probs)?.map((other, j) =>
          wireAlternative(other, `${server}, completion_probabilities[${i}], alternative ${j}`),
        ),
      }),
    );
    const records = answer.add({ text: fields.content, tokens });
    if (fields.stop) {
      finishReason = STOP_TYPES[fields.stop_type ?? ""] ?? "other";
      answer.markEnd();
    }
    return records;
  }

  return wireReader(answer, server, push, () => ({ finishReason, tokens: count, probabilities }));
}

function wireAlternative(fields: ReturnType<typeof alternative>, where: string): WireAlternative {
  const { token, content, bytes, id, logprob, prob } = fields;
  return {
    token: token ?? content ?? "",
    bytes,
    id,
    logprob:
      typeof prob === "number"
        ? logprobOfProbability(prob, `${where}.prob`)
        : logprobOf(logprob, `${where}.logprob`),
  };
}

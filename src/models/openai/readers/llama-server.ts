/** Reads llama-server's own `/completion`: whole answers and events. */
import { z } from "zod";
import type { TokenRecord } from "../../../core/index.ts";
import type { FinishReason, Provenance } from "../../language-model.ts";
import {
  AnswerAssembler,
  finishAnswer,
  logprobOf,
  logprobOfProbability,
  readFields,
  throwComplaint,
  type WireAlternative,
  type WireReader,
  type WireToken,
  wireNumber,
} from "../../remote/index.ts";
import type { ReaderOptions } from "./reader.ts";

const alternative = z.looseObject({
  id: z.int().nullish(),
  token: z.string().nullish(),
  /** Builds before December 2024. */
  content: z.string().nullish(),
  bytes: z.array(z.int().min(0).max(255)).nullish(),
  logprob: wireNumber.nullish(),
  /** With `post_sampling_probs`. */
  prob: wireNumber.nullish(),
});
const entry = alternative.extend({
  top_logprobs: z.array(alternative).nullish(),
  top_probs: z.array(alternative).nullish(),
});
const completion = z.looseObject({
  content: z.string(),
  completion_probabilities: z.array(entry).nullish(),
  stop: z.boolean(),
  stop_type: z.string().nullish(),
  tokens_predicted: z.int().min(0).nullish(),
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
    throwComplaint(json, server);
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

  return {
    push,
    finish: () => ({ ...finishAnswer(answer, finishReason, count, server), probabilities }),
    get doubts() {
      return answer.doubts;
    },
  };
}

function wireAlternative(fields: z.infer<typeof alternative>, where: string): WireAlternative {
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

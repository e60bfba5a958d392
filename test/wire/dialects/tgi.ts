/** Text Generation Inference. */
import { tgiAnswer } from "../formats/tgi.ts";
import { type Json, number, object, Refusal } from "../pick.ts";
import { lossy } from "../utterance.ts";
import { type Call, type Dialect, promptOf, type Reply, say, shifted } from "./dialect.ts";
import { chatRoute, modelsRoute, refuseLogprobs } from "./openai.ts";

const CREATED = 1795514236;
const MOST = 5;
const error = (_status: number, message: string): Json => ({
  error: `Input validation error: ${message}`,
  error_type: "validation",
});

async function generate(call: Call, stream: boolean, inList: boolean): Promise<Reply> {
  const { body, misbehave, model } = call;
  const parameters = object(body.parameters);
  const top = number(parameters.top_n_tokens) ?? 0;
  if (top > MOST)
    throw new Refusal(422, error(422, `\`top_n_tokens\` must be >= 0 and <= ${MOST}. Given: ${top}`));
  const prefill = parameters.decoder_input_details === true;
  if (prefill && stream)
    throw new Refusal(
      422,
      error(422, "`decoder_input_details` == true is not supported when streaming tokens"),
    );
  refuseLogprobs(call, parameters.details === true, error);
  const temperature = number(parameters.temperature);
  const sampled = parameters.do_sample === true || temperature !== undefined;
  const said = await say(call, {
    prompt: promptOf(body.inputs),
    maxTokens: number(parameters.max_new_tokens) ?? 100,
    temperature: sampled ? (temperature ?? 1) : 0,
    topK: number(parameters.top_k) ?? 0,
    topP: number(parameters.top_p) ?? 1,
    seed: number(parameters.seed) ?? 0,
    alternatives: top,
    scorePrompt: prefill,
  });
  const prompt = misbehave.shiftedEcho ? await shifted(model, said.prompt, 0) : said.prompt;
  const answer = tgiAnswer(
    { ...said, prompt },
    {
      details: parameters.details === true || prefill,
      prefill: prefill && !misbehave.ignoredEcho && !misbehave.emptyEcho,
      topTokens: top,
      seed: number(parameters.seed) ?? null,
    },
  );
  return {
    answer: inList && !Array.isArray(answer.body) ? { ...answer, body: [answer.body] } : answer,
    stream,
    framing: "sse-tight",
  };
}

export const tgi: Dialect = {
  base: "/v1",
  error,
  errorEvent: { error: "Request failed during generation: out of memory", error_type: "generation" },
  routes: [
    { method: "POST", path: /^\/generate$/, reply: (call) => generate(call, false, false) },
    { method: "POST", path: /^\/generate_stream$/, reply: (call) => generate(call, true, false) },
    { method: "POST", path: /^\/$/, reply: (call) => generate(call, call.body.stream === true, true) },
    chatRoute(/^\/v1\/chat\/completions$/, {
      most: MOST,
      error,
      style: () => ({
        id: "",
        created: CREATED,
        spelling: "carried",
        bytes: "none",
        endOfText: "always",
        countsEndOfText: true,
        emptyLogprobs: null,
        finish: "last token",
        usage: "own chunk",
        chunk: { system_fingerprint: "3.3.5-native", usage: null },
        body: { system_fingerprint: "3.3.5-native" },
      }),
    }),
    modelsRoute(/^\/v1\/models$/, (id) => ({ id, object: "model", created: CREATED, owned_by: id })),
    {
      method: "GET",
      path: /^\/info$/,
      reply: ({ model }) => ({
        json: {
          model_id: model.identity.name,
          model_sha: null,
          model_pipeline_tag: "text-generation",
          max_concurrent_requests: 128,
          max_best_of: 2,
          max_stop_sequences: 4,
          max_input_tokens: 4095,
          max_total_tokens: 4096,
          validation_workers: 2,
          max_client_batch_size: 4,
          router: "text-generation-router",
          version: "3.3.5",
          sha: null,
          docker_label: null,
        },
      }),
    },
    {
      method: "POST",
      path: /^\/tokenize$/,
      async reply({ model, body }) {
        const { ids, byteOffsets } = await model.tokenize(String(body.inputs), { addSpecial: true });
        const json = [];
        for (const [i, id] of ids.entries())
          json.push({
            id,
            text: lossy(await model.detokenize([id])),
            start: byteOffsets[i],
            stop: byteOffsets[i + 1],
          });
        return { json };
      },
    },
  ],
};

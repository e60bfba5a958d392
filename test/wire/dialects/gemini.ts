/** The Gemini API. */
import { geminiAnswer } from "../formats/gemini.ts";
import { type Json, number, object, Refusal, text } from "../pick.ts";
import { type Call, type Dialect, type Reply, say } from "./dialect.ts";
import { refuseLogprobs } from "./openai.ts";

const STATUS: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  429: "RESOURCE_EXHAUSTED",
  500: "INTERNAL",
  503: "UNAVAILABLE",
};
const error = (status: number, message: string): Json => ({
  error: { code: status, message, status: STATUS[status] ?? "UNKNOWN" },
});

async function generate(call: Call, stream: boolean): Promise<Reply> {
  const { body, model, path } = call;
  if (path.model !== model.identity.name)
    throw new Refusal(
      404,
      error(
        404,
        `models/${path.model} is not found for API version v1beta, or is not supported for generateContent.`,
      ),
    );
  const config = object(body.generationConfig);
  const logprobs = config.responseLogprobs === true;
  refuseLogprobs(call, logprobs, error);
  const top = number(config.logprobs) ?? 0;
  if (top < 0 || top > 20) throw new Refusal(400, error(400, "logprobs must be in the range [0, 20]"));
  const contents = Array.isArray(body.contents) ? body.contents : [];
  if (contents.length === 0)
    throw new Refusal(400, error(400, "* GenerateContentRequest.contents: contents is not specified"));
  const textOf = (content: unknown): string => {
    const { parts } = object(content);
    return Array.isArray(parts) ? parts.map((part) => text(object(part).text) ?? "").join("") : "";
  };
  const system =
    body.systemInstruction === undefined ? [] : [{ role: "system", content: textOf(body.systemInstruction) }];
  const said = await say(call, {
    prompt: [
      ...system,
      ...contents.map((content) => ({
        role: text(object(content).role) ?? "user",
        content: textOf(content),
      })),
    ],
    maxTokens: number(config.maxOutputTokens) ?? 64,
    temperature: number(config.temperature) ?? 1,
    topK: number(config.topK) ?? 0,
    topP: number(config.topP) ?? 1,
    seed: number(config.seed) ?? 12345,
    alternatives: logprobs ? top : 0,
  });
  return {
    answer: geminiAnswer(
      said,
      { id: "pdSfaOurIPqAm9IPucqbqA4", version: model.identity.name, tokensPerEvent: 3 },
      { logprobs, topLogprobs: top },
    ),
    stream,
    framing: "sse",
  };
}

export const gemini: Dialect = {
  base: "/v1beta",
  keyHeader: "x-goog-api-key",
  error,
  routes: [
    {
      method: "POST",
      path: /^\/v1beta\/models\/(?<model>[^:/]+):generateContent$/,
      reply: (call) => generate(call, false),
    },
    {
      method: "POST",
      path: /^\/v1beta\/models\/(?<model>[^:/]+):streamGenerateContent$/,
      reply: (call) => generate(call, true),
    },
    {
      method: "GET",
      path: /^\/v1beta\/models$/,
      reply: ({ model }) => ({ json: { models: [describe(model.identity.name)] } }),
    },
    {
      method: "GET",
      path: /^\/v1beta\/models\/(?<model>[^:/]+)$/,
      reply({ model, path }) {
        if (path.model !== model.identity.name)
          throw new Refusal(404, error(404, `models/${path.model} is not found`));
        return { json: describe(model.identity.name) };
      },
    },
  ],
};

const describe = (name: string): Json => ({
  name: `models/${name}`,
  version: "001",
  displayName: name,
  inputTokenLimit: 1048576,
  outputTokenLimit: 8192,
  supportedGenerationMethods: ["generateContent", "countTokens"],
});

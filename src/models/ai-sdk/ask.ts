/** How each provider of the AI SDK is asked for log-probabilities. */
import type { GivenMetadata, Metadata, ModelName } from "./types.ts";

/** What is to be asked for, and of whom. */
export interface AskedCall extends ModelName {
  type: "generate" | "stream";
  /** Alternatives per token. */
  alternatives: number;
}

/** Providers whose packages have no option for log-probabilities: asking would at best be ignored. */
const SILENT: readonly string[] = [
  ...["alibaba", "amazon-bedrock", "anthropic", "cohere", "google", "googleVertex", "groq", "huggingface"],
  ...["minimax", "mistral", "perplexity", "vertex"],
];

/**
 * The provider's options. Its name and API stand in `provider`: "openai.responses", "my-server.chat"; behind the AI Gateway
 * the provider is the beginning of the model's name. What is not known here is asked as an OpenAI-compatible server is:
 * @ai-sdk/openai-compatible, and the packages made of it (baseten, deepinfra, fireworks, moonshotai), put options that they
 * do not know into the body. Together takes a number for `logprobs`.
 *
 * Source: vercel/ai @ed857f50f112e23930b0c2dd8d532cc8bebbc911, packages/*\/src (options of the language models), and its
 * issue 19379 for @ai-sdk/deepseek.
 */
export function providerOptionsFor({ provider, modelId, type, alternatives }: AskedCall): Metadata {
  const [name = "", api] = provider.split(".").map((part) => part.trim());
  if (SILENT.includes(name)) return {};
  const named = { logprobs: true, topLogprobs: Math.min(alternatives, 20) };
  switch (name) {
    case "openai":
      return { openai: { logprobs: alternatives || true } };
    case "azure":
      if (api === "deepseek") return { deepseek: named, azure: named };
      return { openai: { logprobs: alternatives || true }, azure: { logprobs: alternatives || true } };
    case "xai":
      return { xai: { logprobs: true, topLogprobs: Math.min(alternatives, 8) } };
    case "deepseek":
    case "cerebras":
      return { [name]: named };
    case "togetherai":
      return { togetherai: { logprobs: Math.max(1, alternatives) } };
    case "fireworks":
      if (api === "completion") return { fireworks: { logprobs: Math.min(alternatives, 5) } };
      return { fireworks: { logprobs: true, top_logprobs: Math.min(alternatives, 5) } };
    case "gateway": {
      const [behind, ...rest] = modelId.split("/");
      if (rest.length === 0 || behind === "gateway") return {};
      return providerOptionsFor({ provider: behind!, modelId: rest.join("/"), type, alternatives });
    }
    case "surprisal":
      return { surprisal: { alternatives } };
    default:
      if (api === "completion") return { [name]: { logprobs: alternatives } };
      return { [name]: { logprobs: true, top_logprobs: alternatives } };
  }
}

/** What a person has asked for stays. */
export function withOptions(given: GivenMetadata | undefined, asked: Metadata): GivenMetadata {
  const merged: GivenMetadata = { ...given };
  for (const [provider, options] of Object.entries(asked))
    merged[provider] = { ...options, ...given?.[provider] };
  return merged;
}

/** How each provider of the AI SDK is asked for log-probabilities. */
import type { GivenMetadata, Metadata, ModelName } from "./types.ts";

/** What is to be asked for, and of whom. */
export interface AskedCall extends ModelName {
  type: "generate" | "stream";
  /** Alternatives per token. */
  alternatives: number;
}

/**
 * The provider's options. Its name and API stand in `provider`: "openai.responses", "my-server.chat". What is not known
 * here is asked as an OpenAI-compatible server is: @ai-sdk/openai-compatible puts options it does not know into the body.
 * Source: @ai-sdk/openai 4, @ai-sdk/xai, @ai-sdk/openai-compatible 2 and 3.
 */
export function providerOptionsFor({ provider, alternatives }: AskedCall): Metadata {
  const [name = "", api] = provider.split(".").map((part) => part.trim());
  switch (name) {
    case "openai":
      return { openai: { logprobs: alternatives || true } };
    case "azure":
      return { openai: { logprobs: alternatives || true }, azure: { logprobs: alternatives || true } };
    case "xai":
      return { xai: { logprobs: true, topLogprobs: Math.min(alternatives, 8) } };
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

/** What a server really gives. */
import type { OpenAIOptions, ProbeReport } from "./openai/index.ts";

/**
 * Asks a server a few short questions, once per process, and compares what it gives with what it says it gives.
 * @param reference `http://host:port/v1#model` (the model may be left out where there is only one), or `openai:name`,
 *   `azure:deployment`, `deepseek:name`, `openrouter:name`, `xai:name`. Keys are read from the environment.
 * @throws SurprisalError INVALID_ARGUMENT, SERVER_UNREACHABLE, UNAUTHORIZED, UNKNOWN_MODEL, ...
 */
export async function probe(reference: string | URL, options: OpenAIOptions = {}): Promise<ProbeReport> {
  const { probeRemote } = await import("./open-remote.ts"); // not loaded with every command
  return probeRemote(String(reference), options);
}

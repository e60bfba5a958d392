/** From what a person writes ("mini", a path, "hf:...", "http://host/v1#model") to a model ready to score or to write. */
import { SurprisalError } from "../core/index.ts";
import type { LanguageModel } from "./language-model.ts";
import { type LlamaLoadOptions, LlamaModel } from "./llama/index.ts";
import {
  assertKind,
  assertUnchanged,
  DEFAULT_MODEL,
  isOffline,
  type LocateOptions,
  locate,
} from "./registry/index.ts";
import type { RemoteClientOptions } from "./remote/index.ts";

/** How servers are asked: patience, attempts, requests at once, and what one answer may take. */
export type ServerOptions = Pick<
  RemoteClientOptions,
  "patience" | "attempts" | "backoffMs" | "concurrency" | "mostAnswerBytes" | "followRedirects"
>;

/** Options of `resolve`: where the model is looked for, how it is loaded, and how a server is asked for it. */
export interface ResolveOptions extends LocateOptions, LlamaLoadOptions {
  /** Of a model behind a server. */
  server?: ServerOptions | undefined;
}

/**
 * Gets the model (from this package, the cache, a file, or the network) and loads it, or connects to its server.
 *
 * `await using model = await resolve()` frees its memory at the end of the block.
 * @param reference as for `locate`; or `http://host:port/v1#model` (the model may be left out where there is only one),
 *   `ollama:name[@host:port]`, `gemini:name`, `openai:name`, `azure:deployment`, `deepseek:name`, `openrouter:name`,
 *   `xai:name`. Keys are read from the environment: OPENAI_API_KEY and the like, SURPRISAL_API_KEY for an address.
 *   Default: "mini", the small English model of this package, which needs no network.
 * @throws SurprisalError UNKNOWN_MODEL, MODEL_UNAVAILABLE, TERMS_NOT_ACCEPTED, DOWNLOAD_FAILED, GGUF_*,
 *   SERVER_UNREACHABLE, UNAUTHORIZED, ...
 */
export async function resolve(
  reference: string = DEFAULT_MODEL,
  options: ResolveOptions = {},
): Promise<LanguageModel> {
  const { environment = process.env, signal } = options;
  const offline = options.offline ?? isOffline(environment);
  if (SCHEME.test(reference)) {
    const { openRemote } = await import("./open-remote.ts");
    const remote = await openRemote(reference, { offline, signal, server: options.server });
    if (remote) return remote;
  }
  assertGenerative(reference);
  const located = await locate(reference, options).catch(async (error: unknown) => {
    throw await withRemoteForms(error);
  });
  const { path, name, sha256, files, notes } = located;
  const identity = { source: reference, name, sha256, ...(files && { files }) };
  const model = await LlamaModel.load(path, options, identity, notes);
  try {
    await assertUnchanged(located, options);
    return model;
  } catch (error) {
    await model[Symbol.asyncDispose]();
    throw error;
  }
}

/** An embedding model is refused before it is fetched; a reference that is none is refused by `locate`. */
function assertGenerative(reference: string): void {
  try {
    assertKind(reference, "generative");
  } catch (error) {
    if (SurprisalError.isInstance(error) && error.code === "GGUF_UNSUPPORTED") throw error;
  }
}

/** What talks to servers takes longer to load than a small model: only for a reference that may need it. */
const SCHEME = /^[a-z]+:/i;

/** What `locate` does not know: a reference may also be to a server. */
async function withRemoteForms(error: unknown): Promise<unknown> {
  if (!SurprisalError.isInstance(error) || error.code !== "UNKNOWN_MODEL") return error;
  const { REMOTE_FORMS } = await import("./open-remote.ts");
  const { code, what, where, wayOut, cause } = error;
  return new SurprisalError({
    code,
    what,
    where,
    wayOut: `${wayOut} ${REMOTE_FORMS}`,
    cause,
  });
}

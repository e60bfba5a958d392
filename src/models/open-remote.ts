/** Models on servers, by the references that people write. */
import { invalidArgument, SurprisalError } from "../core/index.ts";
import { isLoopback } from "../net/index.ts";
import { GeminiModel } from "./gemini/index.ts";
import type { LanguageModel } from "./language-model.ts";
import { OllamaModel, ollamaAddress } from "./ollama/index.ts";
import {
  OpenAIModel,
  type OpenAIOptions,
  PROVIDERS,
  type ProbeReport,
  type Provider,
  probe,
  providerAddress,
} from "./openai/index.ts";
import { isOffline } from "./registry/index.ts";
import { ApiKey } from "./remote/index.ts";
import type { ServerOptions } from "./resolve.ts";

/** The forms of a reference to a server's model, for messages. */
export const REMOTE_FORMS: string = `A model on a server: http://host:port/v1#model, ollama:name[@host:port], gemini:name, ${providerForms()}.`;

function providerForms(): string {
  return Object.keys(PROVIDERS)
    .map((name) => `${name}:name`)
    .join(", ");
}

export interface OpenRemoteOptions {
  /** Only servers on this machine. */
  offline: boolean;
  server?: ServerOptions | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * @returns `null` when the reference is not to a server.
 * @throws SurprisalError SERVER_UNREACHABLE, UNAUTHORIZED, UNKNOWN_MODEL, MODEL_UNAVAILABLE (offline), ...
 */
export async function openRemote(
  reference: string,
  { offline, server, signal }: OpenRemoteOptions,
): Promise<LanguageModel | null> {
  const [, scheme = "", rest = ""] = /^([a-z]+):(.*)$/i.exec(reference) ?? [];
  const options = { ...server, source: reference, signal };
  if (/^https?$/i.test(scheme) && URL.canParse(reference)) {
    const url = new URL(reference);
    if (/\.gguf$/i.test(url.pathname)) return null; // a file, not a server
    assertOnline(url, offline);
    return openServer(url, reference, options);
  }
  if (scheme === "ollama") {
    const [name, address] = ollamaPlace(rest);
    assertOnline(URL.canParse(address) ? new URL(address) : null, offline);
    return OllamaModel.open(named(name, reference), { ...options, address });
  }
  if (scheme === "gemini") {
    assertOnline(null, offline);
    return GeminiModel.open(named(rest, reference), options);
  }
  const provider = providerOf(scheme);
  if (!provider) return null;
  assertOnline(null, offline);
  const { dialect } = provider;
  return OpenAIModel.open(providerAddress(provider), { ...options, dialect, model: named(rest, reference) });
}

/** Ollama's own API says more than its OpenAI-compatible one. */
async function openServer(
  url: URL,
  reference: string,
  options: ServerOptions & { signal: AbortSignal | undefined },
): Promise<LanguageModel> {
  const [source] = reference.split(/[?]/); // a query may hold a secret
  const model = await OpenAIModel.open(url, { ...options, source });
  if (model.dialect.name !== "ollama") return model;
  await model[Symbol.asyncDispose]();
  const key = ApiKey.fromEnvironment("SURPRISAL_API_KEY"); // for a proxy in front of it
  return OllamaModel.open(model.identity.name, { ...options, address: url.origin, key, source });
}

/**
 * What a server really gives; reference as for `openRemote`.
 * @throws SurprisalError INVALID_ARGUMENT, SERVER_UNREACHABLE, UNAUTHORIZED, UNKNOWN_MODEL, ...
 */
export async function probeRemote(reference: string, options: OpenAIOptions): Promise<ProbeReport> {
  const offline = isOffline(process.env);
  if (/^https?:\/\//i.test(reference)) {
    if (URL.canParse(reference)) assertOnline(new URL(reference), offline);
    return probe(reference, options);
  }
  const [, scheme = "", rest = ""] = /^([a-z]+):(.*)$/i.exec(reference) ?? [];
  const provider = providerOf(scheme);
  if (provider) {
    assertOnline(null, offline);
    const { dialect } = provider;
    return probe(providerAddress(provider), { ...options, dialect, model: named(rest, reference) });
  }
  throw invalidArgument(
    "This is not the address of a server with OpenAI's API",
    reference,
    `Give http://host:port/v1#model, or ${providerForms()}.`,
  );
}

function providerOf(scheme: string): Provider | undefined {
  return Object.hasOwn(PROVIDERS, scheme) ? PROVIDERS[scheme] : undefined;
}

/** "name@host:port", where Ollama listens unless told otherwise. */
function ollamaPlace(rest: string): [name: string, address: string] {
  const at = rest.lastIndexOf("@");
  if (at < 0) return [rest, ollamaAddress()];
  return [rest.slice(0, at), ollamaAddress(rest.slice(at + 1))];
}

function named(name: string, reference: string): string {
  if (name !== "") return name;
  throw invalidArgument("The reference names no model", reference, REMOTE_FORMS);
}

/** @param url `null`: a service somewhere else. */
function assertOnline(url: URL | null, offline: boolean): void {
  if (!offline || (url && isLoopback(url))) return;
  throw new SurprisalError({
    code: "MODEL_UNAVAILABLE",
    what: "The network is not to be used",
    where: url?.host,
    wayOut: "Unset SURPRISAL_OFFLINE, or use a model on this machine.",
  });
}

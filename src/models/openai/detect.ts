/** Which server this is, and which models it has. */
import { SurprisalError } from "../../core/index.ts";
import { field, type RemoteClient, readFields, ServerRefusal } from "../remote/index.ts";
import type { DialectName } from "./dialects.ts";

/** A model as a server lists it. */
export interface ListedModel {
  id: string;
  /** Longest context, tokens; `null` when the server does not say. */
  context: number | null;
  /** Number of tokens in the vocabulary. */
  vocabulary: number | null;
  parameters: number | null;
  quantisation: string | null;
  /** Size of the weights, bytes. */
  bytes: number | null;
}

export interface Detected {
  dialect: DialectName;
  /** What gave the server away, for people. */
  evidence: string;
  models: readonly ListedModel[];
}

const count = field.fallback(field.nullish(field.count), null);

const list = field.object({
  data: field.array(
    field.object({
      id: field.string,
      owned_by: field.fallback(field.nullish(field.string), null),
      max_model_len: count,
      context_length: count,
      meta: field.fallback(
        field.nullish(
          field.object({
            n_vocab: count,
            n_ctx_train: count,
            n_params: count,
            size: count,
            ftype: field.fallback(field.nullish(field.string), null),
          }),
        ),
        null,
      ),
    }),
  ),
});

const HOSTS: readonly [host: RegExp, dialect: DialectName][] = [
  [/^api\.openai\.com$/, "openai"],
  [/\.(openai|cognitiveservices|services\.ai)\.azure\.com$/, "azure"],
  [/^api\.deepseek\.com$/, "deepseek"],
  [/^openrouter\.ai$/, "openrouter"],
  [/^api\.x\.ai$/, "xai"],
];

/** `owned_by` in the list of models. */
const OWNERS: Readonly<Record<string, DialectName>> = {
  llamacpp: "llama-server",
  vllm: "vllm",
  sglang: "sglang",
  library: "ollama",
  organization_owner: "lmstudio",
  me: "llama-cpp-python",
  xai: "xai",
  deepseek: "deepseek",
};

/** Routes that one kind of server has, asked one after the other. */
const ROUTES: readonly [path: string, field: string, dialect: DialectName][] = [
  ["/info", "docker_label", "tgi"],
  ["/get_model_info", "is_generation", "sglang"],
  ["/props", "default_generation_settings", "llama-server"],
  ["/api/v0/models", "data", "lmstudio"],
  ["/api/tags", "models", "ollama"],
  ["/version", "version", "vllm"],
];

/** What a list of models says, and the server's name in its header. */
interface Listing {
  models: readonly ListedModel[];
  owners: readonly string[];
  server: string | null;
}

const known = new Map<string, Promise<Omit<Detected, "models">>>();

/**
 * The list of models is asked for each time; what else gives a server away is asked once per address, list and process,
 * so that another server at the same address is found out anew.
 * @throws SurprisalError SERVER_UNREACHABLE, UNAUTHORIZED, WIRE_MALFORMED, ...
 */
export async function detect(client: RemoteClient, signal?: AbortSignal): Promise<Detected> {
  const listing = await listModels(client, signal);
  const key = `${client.address.href} ${JSON.stringify(listing)}`;
  let recognising = known.get(key);
  if (!recognising) {
    recognising = recognise(client, listing, signal);
    known.set(key, recognising);
    recognising.catch(() => known.delete(key)); // may be tried again
  }
  return { ...(await recognising), models: listing.models };
}

async function listModels(client: RemoteClient, signal: AbortSignal | undefined): Promise<Listing> {
  const answer = await client.get("models", { signal }).catch((error: unknown) => {
    if (error instanceof ServerRefusal && (error.status === 404 || error.status === 405)) return null;
    throw error;
  });
  const listed = answer ? readFields(list, await answer.json(), answer.where).data : [];
  return {
    models: listed.map(({ id, max_model_len, context_length, meta }) => ({
      id,
      context: meta?.n_ctx_train ?? max_model_len ?? context_length ?? null,
      vocabulary: meta?.n_vocab ?? null,
      parameters: meta?.n_params ?? null,
      quantisation: meta?.ftype ?? null,
      bytes: meta?.size ?? null,
    })),
    owners: listed.flatMap(({ owned_by: owner }) => (owner ? [owner] : [])),
    server: answer?.header("server") ?? null,
  };
}

async function recognise(
  client: RemoteClient,
  { owners, server }: Listing,
  signal: AbortSignal | undefined,
): Promise<Omit<Detected, "models">> {
  const { hostname } = client.address;
  const host = HOSTS.find(([pattern]) => pattern.test(hostname));
  if (host) return { dialect: host[1], evidence: `its host ${hostname}` };
  for (const owner of owners) {
    const dialect = OWNERS[owner];
    if (dialect) return { dialect, evidence: `models owned by "${owner}"` };
  }
  if (server === "llama.cpp") return { dialect: "llama-server", evidence: 'the header "server: llama.cpp"' };
  for (const [path, field, dialect] of ROUTES)
    if (await has(client, path, field, signal)) return { dialect, evidence: `its route ${path}` };
  return { dialect: "other", evidence: "nothing that gives it away" };
}

async function has(
  client: RemoteClient,
  path: string,
  field: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    const json = await (await client.get(path, { signal })).json();
    return typeof json === "object" && json !== null && field in json;
  } catch (error) {
    if (SurprisalError.isInstance(error) && error.code === "ABORTED") throw error;
    return false;
  }
}

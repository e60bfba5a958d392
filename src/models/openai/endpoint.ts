/** From an address to everything that is known about the server and the model behind it. */
import { invalidArgument, SurprisalError } from "../../core/index.ts";
import type { ModelIdentity } from "../language-model.ts";
import { ApiKey, RemoteClient, type RemoteClientOptions, shownAddress } from "../remote/index.ts";
import { type AlignmentProof, proveAlignment } from "./alignment-proof.ts";
import { type Detected, detect, type ListedModel } from "./detect.ts";
import { type Dialect, type DialectName, dialectOf, echoesPrompts } from "./dialects.ts";
import { type PromptNumbers, promptNumbers } from "./prompt-numbers.ts";
import { keyVariableOf } from "./providers.ts";
import { serverTokenizer } from "./tokenizer.ts";
import { RemoteVocabulary } from "./vocabulary.ts";

/** Options of a server that speaks OpenAI's API. */
export interface OpenAIOptions extends Omit<RemoteClientOptions, "address" | "key" | "keyHeader"> {
  /** Name of the model on the server. Default: what stands behind # in the address, else the only one there is. */
  model?: string | undefined;
  /** Default: found out. */
  dialect?: DialectName | undefined;
  /**
   * Environment variable with the key. Default: the provider's own for its own address, such as OPENAI_API_KEY, else
   * SURPRISAL_API_KEY.
   */
  keyVariable?: string | undefined;
  /** API for chats. Default "chat"; a model that only has the other is asked there. */
  api?: "chat" | "responses" | undefined;
  /** Answers come as they are written, and stop when they are left. Default true. */
  stream?: boolean | undefined;
  /** Find out whether the numbers of a prompt are right, which takes a few short requests. Default true. */
  prove?: boolean | undefined;
  /** What the person asked for, shown as the identity's source. Default: the address. */
  source?: string | undefined;
  signal?: AbortSignal | undefined;
}

export interface Endpoint {
  client: RemoteClient;
  dialect: Dialect;
  detected: Detected | null;
  identity: ModelIdentity;
  tokenizer: RemoteVocabulary | null;
  /** Why there is none, where the dialect has one. */
  tokenizerProblem: string | null;
  vocabularySize: number | null;
  /** Longest text the server takes, tokens. */
  context: number | null;
  numbers: PromptNumbers | null;
  proof: AlignmentProof | null;
  api: "chat" | "responses";
  stream: boolean;
}

/** Models named in an error, at most. */
const MOST_NAMED = 10;

/** @throws SurprisalError SERVER_UNREACHABLE, UNAUTHORIZED, UNKNOWN_MODEL, INVALID_ARGUMENT, ... */
export async function openEndpoint(address: string | URL, options: OpenAIOptions = {}): Promise<Endpoint> {
  const { dialect: name, signal, api = "chat", stream = true, prove = true } = options;
  const url = parsed(address);
  const client = clientFor(url, options);
  const named = options.model ?? decoded(url.hash.slice(1));
  const detected = name && named ? null : await detect(client, signal);
  const dialect = dialectOf(name ?? detected!.dialect);
  const listed = chosenModel(named, detected?.models ?? [], client.name);
  const encode = serverTokenizer(client, dialect, listed.id);
  const facts = { dialect, model: listed.id, size: listed.vocabulary, signal };
  const opened = encode && (await RemoteVocabulary.open(encode, client, facts));
  const tokenizer = opened instanceof RemoteVocabulary ? opened : null;
  const tokenizerProblem = opened && "problem" in opened ? opened.problem : null;
  const method = echoesPrompts(dialect, listed.id) ? "echo" : dialect.prompt;
  const numbers =
    method && promptNumbers(method, { client, model: listed.id, dialect, vocabulary: tokenizer });
  const proof =
    numbers && prove ? await proven(client, listed, { numbers, tokenizer, tokenizerProblem }, signal) : null;
  return {
    client,
    dialect,
    detected,
    identity: identityOf(listed, options.source ?? `${shownAddress(new URL(address))}${url.hash}`),
    tokenizer,
    tokenizerProblem,
    vocabularySize: listed.vocabulary,
    // A server writes a token after the prompt, and a scored text has one more than what is run.
    context: listed.context === null ? null : Math.max(1, listed.context - (numbers ? 2 : 0)),
    numbers,
    proof,
    api,
    stream,
  };
}

/** A name with a % of its own is what it says. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function parsed(address: string | URL): URL {
  if (URL.canParse(String(address))) {
    const url = new URL(address);
    // An address of a server alone means its OpenAI-compatible API.
    if (url.pathname === "/") url.pathname = "/v1";
    return url;
  }
  throw invalidArgument("This is not an address", String(address));
}

function clientFor(url: URL, options: OpenAIOptions): RemoteClient {
  const { variable, header } = keyVariableOf(url);
  const keyVariable = options.keyVariable ?? variable;
  const key = ApiKey.fromEnvironment(keyVariable);
  const keyHeader = options.dialect === "azure" ? "api-key" : header;
  return new RemoteClient({ ...options, address: url, key, keyVariable, keyHeader });
}

/** What a proof needs. */
interface Provable extends Pick<Endpoint, "tokenizer" | "tokenizerProblem"> {
  numbers: PromptNumbers;
}

/** What stands in the way of a proof: numbers that come by token id need the ids. */
export function unprovable({ numbers, tokenizer, tokenizerProblem }: Provable): AlignmentProof | null {
  if (tokenizer !== null || !numbers.needsTokenizer) return null;
  const why = tokenizerProblem === null ? "" : `: ${tokenizerProblem}`;
  return {
    verdict: "refused",
    seen: `${numbers.method} needs the server's tokenizer, which cannot be asked${why}`,
  };
}

const proofs = new Map<string, Promise<AlignmentProof>>();

/** How a server fails that was there a moment ago. */
const BROKEN: readonly string[] = ["STREAM_CUT", "ANSWER_TOO_LONG", "SERVER_UNREACHABLE", "SERVER_ERROR"];

/** Once per server, model and process; a model that is listed otherwise than before is another one. */
function proven(
  client: RemoteClient,
  model: ListedModel,
  { numbers, tokenizer, tokenizerProblem }: Provable,
  signal: AbortSignal | undefined,
): Promise<AlignmentProof> {
  const obstacle = unprovable({ numbers, tokenizer, tokenizerProblem });
  if (obstacle) return Promise.resolve(obstacle);
  const name = `${client.address.href} ${JSON.stringify(model)} ${numbers.method}`;
  const before = proofs.get(name);
  if (before) return before;
  const proving = proveAlignment(numbers, tokenizer?.encode ?? null, { signal });
  proofs.set(name, proving);
  proving.catch(() => proofs.delete(name)); // may be tried again
  return proving.catch((error: unknown) => {
    // It may still write: a chat needs no proof.
    if (!SurprisalError.isInstance(error) || !BROKEN.includes(error.code)) throw error;
    return { verdict: "refused", seen: `it could not be tried: ${error.what}` };
  });
}

/** @throws SurprisalError UNKNOWN_MODEL when it is not clear which model is meant. */
function chosenModel(name: string, models: readonly ListedModel[], server: string): ListedModel {
  const [first] = models;
  if (name === "" && first && models.length === 1) return first;
  const found = models.find(({ id }) => id === name);
  if (found) return found;
  if (name !== "")
    return { id: name, context: null, vocabulary: null, parameters: null, quantisation: null, bytes: null };
  const names = models.map(({ id }) => id);
  const shown = names.slice(0, MOST_NAMED).join(", ");
  const listed = names.length > MOST_NAMED ? `${shown} and ${names.length - MOST_NAMED} more` : shown;
  throw new SurprisalError({
    code: "UNKNOWN_MODEL",
    what:
      names.length === 0 ? "The server does not list its models" : `The server has ${names.length} models`,
    where: server,
    wayOut: `Name one behind #, such as ${server}#${encodeURIComponent(names[0] ?? "MODEL")
      .replaceAll("%2F", "/")
      .replaceAll("%3A", ":")}.${names.length > 0 ? ` It has ${listed}.` : ""}`,
  });
}

function identityOf({ id, parameters, quantisation, bytes }: ListedModel, source: string): ModelIdentity {
  return { name: id, source, sha256: null, architecture: null, parameters, quantisation, bytes };
}

/** Models of an Ollama server, over its own API. */
import { SurprisalError, type TokenRecord } from "../../core/index.ts";
import type {
  GenerateOptions,
  GenerationEnd,
  ModelIdentity,
  ModelVocabulary,
  Prompt,
} from "../language-model.ts";
import {
  field,
  RemoteClient,
  type RemoteClientOptions,
  readFields,
  readRecords,
  ServerRefusal,
} from "../remote/index.ts";
import { ServerModel } from "../server-model.ts";
import { ollamaReader } from "./reader.ts";

/** `/api/tags`, as far as it is read here. Source: ollama/ollama, api/types.go. */
const tags = field.object({
  models: field.nullish(
    field.array(
      field.object({
        name: field.string,
        size: field.nullish(field.count),
        digest: field.nullish(field.string),
      }),
    ),
  ),
});

/** `/api/show`. */
const show = field.object({
  details: field.nullish(
    field.object({ family: field.nullish(field.string), quantization_level: field.nullish(field.string) }),
  ),
  model_info: field.nullish(field.record(field.unknown)),
});

/** Where Ollama listens unless told otherwise. */
const HOST = "127.0.0.1";
const PORT = "11434";

/** Most alternatives Ollama gives (server/routes.go). */
const MOST_ALTERNATIVES = 20;

/** Ollama has them by llama.cpp's names (api/types.go, Options). */
const PENALTIES = ["repeatPenalty", "presencePenalty", "frequencyPenalty"] as const;

/** Options of `OllamaModel.open`. */
export interface OllamaOptions extends Omit<RemoteClientOptions, "address"> {
  /** `http://box:11434`, or `box` alone. Default: OLLAMA_HOST, which Ollama's own client reads too, else this machine. */
  address?: string | URL | undefined;
  /** What the person asked for, shown as the identity's source. Default "ollama:NAME". */
  source?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** As Ollama reads it (envconfig/config.go): http and port 11434 unless given; what listens everywhere is here too. */
export function ollamaAddress(address: string = process.env.OLLAMA_HOST || HOST): string {
  const given = /^https?:\/\//i.test(address);
  const text = given ? address : `http://${address}`;
  if (!URL.canParse(text)) return text; // the client says what is wrong
  const url = new URL(text);
  if (!given && url.port === "") url.port = PORT;
  if (url.hostname === "0.0.0.0" || url.hostname === "[::]") url.hostname = HOST;
  return url.href;
}

/** Everything that `/api/tags` and `/api/show` say. */
interface Description {
  identity: ModelIdentity;
  vocabulary: ModelVocabulary;
  trainedContext: number | null;
  settings: Record<string, string>;
}

/**
 * A model of an Ollama server. It writes, with the numbers of what it wrote; of a prompt it gives none. Numbers are those
 * of the model itself, before temperature and the like.
 */
export class OllamaModel extends ServerModel {
  readonly identity: ModelIdentity;
  readonly vocabulary: ModelVocabulary;
  readonly trainedContext: number | null;
  readonly settings: Readonly<Record<string, string>>;
  protected readonly source = "Ollama";
  readonly #client: RemoteClient;
  readonly #name: string;

  private constructor(client: RemoteClient, name: string, description: Description) {
    super({ alternatives: MOST_ALTERNATIVES });
    this.#client = client;
    this.#name = name;
    this.identity = description.identity;
    this.vocabulary = description.vocabulary;
    this.trainedContext = description.trainedContext;
    this.settings = description.settings;
  }

  /**
   * @param name as `ollama list` shows it; ":latest" may be left out.
   * @throws SurprisalError UNKNOWN_MODEL when the server has no such model; SERVER_UNREACHABLE, SERVER_ERROR, ...
   */
  static async open(name: string, options: OllamaOptions = {}): Promise<OllamaModel> {
    const { address, source = `ollama:${name}`, signal, ...rest } = options;
    const client = new RemoteClient({ ...rest, address: ollamaAddress(address && String(address)) });
    return new OllamaModel(client, name, await describe(client, name, source, signal));
  }

  protected override async *write(
    given: Prompt,
    options: GenerateOptions,
  ): AsyncGenerator<TokenRecord, GenerationEnd, void> {
    const isText = typeof given === "string";
    this.refuseOptions(options, ["stop", "minP", ...PENALTIES, ...(isText ? (["prefill"] as const) : [])]);
    const prompt = this.textOrChat(isText ? given + (options.prefill ?? "") : given, options);
    const {
      maxTokens = 256,
      alternatives = 0,
      temperature = 0,
      topK = 0,
      topP = 1,
      seed = 0,
      minP = 0,
      repeatPenalty = 1,
      repeatLastN = 64,
      presencePenalty = 0,
      frequencyPenalty = 0,
      stop = [],
      signal,
    } = options;
    const body = {
      model: this.#name,
      stream: true,
      logprobs: true,
      top_logprobs: alternatives,
      options: {
        num_predict: maxTokens,
        temperature,
        top_k: topK,
        top_p: topP,
        seed,
        // Ollama's own defaults, or a model file's, would change what is chosen.
        min_p: minP,
        repeat_penalty: repeatPenalty,
        ...(repeatLastN !== 64 && { repeat_last_n: repeatLastN }),
        presence_penalty: presencePenalty,
        frequency_penalty: frequencyPenalty,
        ...(stop.length > 0 && { stop }),
      },
    };
    const asked = { signal, tokens: maxTokens, alternatives };
    const answer =
      typeof prompt === "string"
        ? await this.#client.post("api/generate", { ...body, prompt, raw: true }, asked)
        : await this.#client.post("api/chat", { ...body, messages: prompt }, asked);
    const reader = ollamaReader({ server: answer.where, alternatives, maxTokens });
    const { end } = yield* readRecords(answer, reader, signal);
    const provenance = { model: this.identity, probabilities: "raw" as const, eosCounted: false };
    const silent = end.scored === 0 && end.tokens !== 0;
    return {
      ...end,
      provenance,
      warnings: silent
        ? [
            ...end.warnings,
            "The server gave no log-probabilities. Ollama has them from version 0.12.11 on, of models that it runs itself.",
          ]
        : end.warnings,
    };
  }
}

async function describe(
  client: RemoteClient,
  name: string,
  source: string,
  signal: AbortSignal | undefined,
): Promise<Description> {
  const listed = await client.get("api/tags", { signal });
  const models = readFields(tags, await listed.json(), listed.where).models ?? [];
  const known = models.find((model) => [name, `${name}:latest`].includes(model.name));
  const answer = await client.post("api/show", { model: name }, { signal }).catch((error: unknown) => {
    if (error instanceof ServerRefusal && error.status === 404) throw unknownModel(name, client.name, models);
    throw error;
  });
  const { details, model_info: info = {} } = readFields(show, await answer.json(), answer.where);
  const architecture = text(info?.["general.architecture"]) ?? details?.family ?? null;
  const ofArchitecture = (field: string) => whole(info?.[`${architecture}.${field}`]);
  const bos = whole(info?.["tokenizer.ggml.bos_token_id"]);
  return {
    identity: {
      name,
      source,
      sha256: null, // the digest that the server lists is that of a manifest, not of the weights
      architecture,
      parameters: whole(info?.["general.parameter_count"]),
      quantisation: details?.quantization_level || null,
      bytes: known?.size ?? null,
    },
    vocabulary: {
      size: ofArchitecture("vocab_size"),
      bos,
      eos: whole(info?.["tokenizer.ggml.eos_token_id"]),
      addsBos: bos !== null && info?.["tokenizer.ggml.add_bos_token"] === true,
    },
    trainedContext: ofArchitecture("context_length"),
    settings: { server: client.name, ...(known?.digest && { digest: known.digest }) },
  };
}

function unknownModel(name: string, server: string, models: readonly { name: string }[]): SurprisalError {
  const names = models.map((model) => model.name).join(", ");
  return new SurprisalError({
    code: "UNKNOWN_MODEL",
    what: `The server has no model "${name}"`,
    where: server,
    wayOut:
      names === ""
        ? `Get it with \`ollama pull ${name}\`.`
        : `It has: ${names}. Others come with \`ollama pull\`.`,
  });
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function whole(value: unknown): number | null {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 ? value : null;
}

/** Gemini models, over Google's API. */
import { SurprisalError, type TokenRecord } from "../../core/index.ts";
import type {
  ChatMessage,
  GenerateOptions,
  GenerationEnd,
  ModelIdentity,
  ModelVocabulary,
  Prompt,
} from "../language-model.ts";
import {
  ApiKey,
  field,
  type RemoteAnswer,
  RemoteClient,
  type RemoteClientOptions,
  type RequestOptions,
  readFields,
  readRecords,
  ServerRefusal,
} from "../remote/index.ts";
import { ServerModel, type TextOrChat } from "../server-model.ts";
import { geminiReader } from "./reader.ts";

/** `models/NAME`, as far as it is read here. */
const description = field.object({
  name: field.string,
  version: field.nullish(field.string),
  inputTokenLimit: field.nullish(field.count),
});

const ADDRESS = "https://generativelanguage.googleapis.com/v1beta";

/** Where the key is looked for, in this order. */
const KEY_VARIABLES = ["GEMINI_API_KEY", "GOOGLE_API_KEY"];

/** Most alternatives Gemini gives. */
const MOST_ALTERNATIVES = 20;

/** Stop strings that the API takes (GenerationConfig.stopSequences); the others are looked for here. */
const MOST_STOPS = 5;

/** Options of `GeminiModel.open`. */
export interface GeminiOptions extends Omit<RemoteClientOptions, "address" | "keyHeader"> {
  /** Default "https://generativelanguage.googleapis.com/v1beta". */
  address?: string | URL | undefined;
  /** What the person asked for, shown as the identity's source. Default "gemini:NAME". */
  source?: string | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * A Gemini model. It answers chats; a text is sent as a user's message. Which models give numbers changes from month to
 * month: one that refuses is asked again without, and its records then carry none.
 */
export class GeminiModel extends ServerModel {
  readonly identity: ModelIdentity;
  readonly vocabulary: ModelVocabulary = { size: null, bos: null, eos: null, addsBos: false };
  readonly trainedContext: number | null;
  readonly settings: Readonly<Record<string, string>>;
  protected readonly source = "Gemini";
  readonly #client: RemoteClient;
  readonly #path: string;
  /** What the server said when it was asked for numbers, once it refused. */
  #refusal: string | null = null;
  /** What it said when it was asked for numbers in a stream, and gives them with a whole answer. */
  #streamRefusal: string | null = null;

  private constructor(
    client: RemoteClient,
    name: string,
    source: string,
    { version, inputTokenLimit }: ReturnType<typeof description>,
  ) {
    super({ alternatives: MOST_ALTERNATIVES });
    this.#client = client;
    this.#path = modelPath(name);
    this.trainedContext = inputTokenLimit ?? null;
    this.settings = { server: client.name, ...(version && { version }) };
    this.identity = {
      name,
      source,
      sha256: null,
      architecture: null,
      parameters: null,
      quantisation: null,
      bytes: null,
    };
  }

  /**
   * The key comes from GEMINI_API_KEY, else GOOGLE_API_KEY.
   * @param name such as "gemini-2.0-flash".
   * @throws SurprisalError UNKNOWN_MODEL, UNAUTHORIZED, SERVER_UNREACHABLE, SERVER_ERROR, ...
   */
  static async open(name: string, options: GeminiOptions = {}): Promise<GeminiModel> {
    const { address = ADDRESS, source = `gemini:${name}`, signal, key, ...rest } = options;
    const given = key === undefined ? keyFor(address) : key;
    const client = new RemoteClient({ ...rest, address, key: given, keyHeader: "x-goog-api-key" });
    const answer = await client.get(modelPath(name), { signal }).catch((error: unknown) => {
      if (error instanceof ServerRefusal && error.status === 404) throw unknownModel(name, error);
      throw error;
    });
    return new GeminiModel(client, name, source, readFields(description, await answer.json(), answer.where));
  }

  protected override async *write(
    given: Prompt,
    options: GenerateOptions,
  ): AsyncGenerator<TokenRecord, GenerationEnd, void> {
    this.refuseOptions(options, ["stop"]);
    const prompt = this.textOrChat(given, options);
    const { maxTokens = 256, alternatives = 0 } = options;
    const answer = await this.#ask(requestOf(prompt, options), {
      signal: options.signal,
      tokens: maxTokens,
      alternatives,
    });
    const reader = geminiReader({ server: answer.where, alternatives, maxTokens });
    const { end } = yield* readRecords(answer, reader, options.signal);
    const warnings = [...end.warnings];
    if (typeof prompt === "string")
      warnings.push("Gemini answers chats only: the prompt was sent as a user's message.");
    if (this.#refusal !== null) warnings.push(`The server refuses log-probabilities: ${this.#refusal}`);
    else if (this.#streamRefusal !== null)
      warnings.push(
        `The answer came in one piece: the server refuses log-probabilities in a stream: ${this.#streamRefusal}`,
      );
    if (this.#refusal === null && end.scored === 0 && end.tokens !== 0)
      warnings.push("The server gave no log-probabilities.");
    return {
      ...end,
      warnings,
      provenance: { model: this.identity, probabilities: "raw", eosCounted: false },
    };
  }

  /** With numbers in a stream, else with numbers in one piece, else without when they are refused both ways. */
  async #ask(request: Request, asked: RequestOptions & { alternatives: number }): Promise<RemoteAnswer> {
    const { alternatives } = asked;
    const stream = `${this.#path}:streamGenerateContent?alt=sse`;
    const numbers = { responseLogprobs: true, ...(alternatives > 0 && { logprobs: alternatives }) };
    const body = { ...request, generationConfig: { ...request.generationConfig, ...numbers } };
    const whole = () => this.#client.post(`${this.#path}:generateContent`, body, asked);
    if (this.#refusal === null && this.#streamRefusal === null)
      try {
        return await this.#client.post(stream, body, asked);
      } catch (error) {
        const words = refusalOf(error);
        if (words === null) throw error;
        if (isOfModel(words)) this.#refusal = words;
        else this.#streamRefusal = words;
      }
    if (this.#refusal === null)
      try {
        return await whole();
      } catch (error) {
        const words = refusalOf(error);
        if (words === null && !isNotThere(error)) throw error;
        this.#refusal = words ?? this.#streamRefusal;
      }
    return await this.#client.post(stream, request, asked);
  }
}

/** A refusal that is about the model holds for whole answers too. */
function isOfModel(words: string): boolean {
  return /\bmodels?\b/i.test(words) && !/stream/i.test(words);
}

/** A gateway may have the one route only. */
function isNotThere(error: unknown): boolean {
  return error instanceof ServerRefusal && (error.status === 404 || error.status === 405);
}

/** What a server said that refuses log-probabilities; `null` for any other error. */
function refusalOf(error: unknown): string | null {
  if (!(error instanceof ServerRefusal) || error.status !== 400) return null;
  const { message } = error.complaint;
  return /logprobs/i.test(message) ? message : null;
}

interface Request {
  contents: { role: string; parts: { text: string }[] }[];
  systemInstruction?: { parts: { text: string }[] } | undefined;
  generationConfig: Record<string, unknown>;
}

/** System messages go together to where Gemini has a place for them; the assistant is "model" there. */
function requestOf(prompt: TextOrChat, options: GenerateOptions): Request {
  const { maxTokens = 256, temperature = 0, topK = 0, topP = 1, seed = 0, stop = [] } = options;
  const chat: readonly ChatMessage[] =
    typeof prompt === "string" ? [{ role: "user", content: prompt }] : prompt;
  const parts = ({ content }: ChatMessage) => [{ text: content }];
  const system = chat.filter(({ role }) => role === "system");
  return {
    contents: chat
      .filter(({ role }) => role !== "system")
      .map((message) => ({
        role: message.role === "assistant" ? "model" : message.role,
        parts: parts(message),
      })),
    ...(system.length > 0 && { systemInstruction: { parts: system.flatMap(parts) } }),
    generationConfig: {
      maxOutputTokens: maxTokens,
      temperature,
      topP,
      seed,
      ...(topK > 0 && { topK }),
      ...(stop.length > 0 && { stopSequences: stop.slice(0, MOST_STOPS) }),
    },
  };
}

function modelPath(name: string): string {
  return `models/${name.replace(/^models\//, "")}`;
}

/** Google's key goes to Google only; another address has a key of its own, or none. */
function keyFor(address: string | URL): ApiKey | null {
  if (new URL(address).origin !== new URL(ADDRESS).origin) return null;
  for (const variable of KEY_VARIABLES) {
    const key = ApiKey.fromEnvironment(variable);
    if (key) return key;
  }
  return null;
}

function unknownModel(name: string, cause: ServerRefusal): SurprisalError {
  return new SurprisalError({
    code: "UNKNOWN_MODEL",
    what: `Gemini has no model "${name}"`,
    wayOut: "See https://ai.google.dev/gemini-api/docs/models for the names.",
    cause,
  });
}

/** A model behind a server that speaks OpenAI's API, in one of its dialects. */
import {
  abortError,
  invalidArgument,
  SurprisalError,
  type TokenRecord,
  type WindowPlan,
} from "../../core/index.ts";
import { checkMaxTokens, checkNotEmpty, completeEnd, generationOf, isChat } from "../generation.ts";
import type {
  ChatMessage,
  GenerateOptions,
  Generation,
  GenerationEnd,
  LanguageModel,
  Loss,
  ModelCapabilities,
  ModelExecution,
  ModelIdentity,
  ModelSequence,
  ModelVocabulary,
  Prompt,
  ScoredSpan,
  ScoredText,
  ScoreOptions,
  ScoreRequest,
  ScoreTokensOptions,
  TokenizedText,
  TokenizeOptions,
} from "../language-model.ts";
import { lossOf } from "../loss.ts";
import { createSampler } from "../sampling.ts";
import type { AlignmentProof } from "./alignment-proof.ts";
import { Asking } from "./asking.ts";
import type { Dialect } from "./dialects.ts";
import { type Endpoint, type OpenAIOptions, openEndpoint } from "./endpoint.ts";
import { PromptScoring } from "./scoring.ts";
import type { RemoteVocabulary } from "./vocabulary.ts";
import { writeTokens } from "./writing.ts";

const NO_VOCABULARY: ModelVocabulary = { size: null, bos: null, eos: null, addsBos: false };

/** A model behind a server that speaks OpenAI's API, in that server's dialect. */
export class OpenAIModel implements LanguageModel {
  readonly specVersion = "1";
  readonly identity: ModelIdentity;
  readonly vocabulary: ModelVocabulary;
  readonly capabilities: ModelCapabilities;
  readonly execution: ModelExecution = { place: "server", threads: null };
  readonly trainedContext: number | null;
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  readonly dialect: Dialect;
  /** Whether the numbers of a prompt are right, and what was seen; `null` when the server gives none at all. */
  readonly proof: AlignmentProof | null;
  readonly #asking: Asking;
  readonly #tokenizer: RemoteVocabulary | null;
  readonly #scoring: PromptScoring | null;
  readonly #disposal = new AbortController();

  private constructor(endpoint: Endpoint) {
    const { client, dialect, identity, tokenizer, numbers, proof } = endpoint;
    this.dialect = dialect;
    this.identity = identity;
    this.proof = proof;
    this.#tokenizer = tokenizer;
    this.vocabulary = tokenizer ?? { ...NO_VOCABULARY, size: endpoint.vocabularySize };
    this.trainedContext = endpoint.context;
    this.settings = { server: client.name, dialect: dialect.name };
    const scores = numbers !== null && proof?.verdict === "proven";
    this.capabilities = {
      score: scores,
      alternatives: Math.min(dialect.mostAlternatives, this.vocabulary.size ?? Number.POSITIVE_INFINITY),
      distribution: false,
      tokenize: tokenizer !== null,
      generate: true,
      fork: false,
      shift: false,
      embed: false,
      chat: true,
      chatTemplate: false,
    };
    this.#asking = new Asking({ ...endpoint, model: identity.name });
    this.#scoring = scores
      ? new PromptScoring({
          numbers,
          tokenizer: tokenizer?.encode ?? null,
          identity,
          vocabulary: this.vocabulary,
          trainedContext: this.trainedContext,
        })
      : null;
  }

  /**
   * Finds out which server it is and what it really gives.
   * @param address `http://host:port/v1#model`; the model may be left out where there is only one.
   * @throws SurprisalError SERVER_UNREACHABLE, UNAUTHORIZED, UNKNOWN_MODEL, INVALID_ARGUMENT, ...
   */
  static async open(address: string | URL, options: OpenAIOptions = {}): Promise<OpenAIModel> {
    return new OpenAIModel(await openEndpoint(address, options));
  }

  async tokenize(text: string, options?: TokenizeOptions): Promise<TokenizedText> {
    this.#assertOpen();
    if (!this.#tokenizer) throw this.#unsupported("does not show its tokenizer");
    return this.#tokenizer.tokenize(text, options);
  }

  async detokenize(ids: ArrayLike<number>): Promise<Uint8Array> {
    this.#assertOpen();
    if (!this.#tokenizer) throw this.#unsupported("does not show its tokenizer");
    return this.#tokenizer.detokenize(Array.from(ids));
  }

  async *score(requests: Iterable<ScoreRequest>, options: ScoreOptions = {}): AsyncGenerator<ScoredText> {
    this.#assertOpen();
    this.#checkAlternatives(options.alternatives);
    yield* this.#scorer().score(requests, this.#stoppable(options));
  }

  async *scoreTokens(
    ids: ArrayLike<number>,
    plan: WindowPlan,
    options: ScoreTokensOptions = {},
  ): AsyncGenerator<ScoredSpan> {
    this.#assertOpen();
    if (options.distributions) throw this.#unsupported("gives no whole distributions");
    this.#checkAlternatives(options.alternatives);
    yield* this.#scorer().scoreTokens(Array.from(ids), plan, this.#stoppable(options));
  }

  async loss(text: string, options: { signal?: AbortSignal | undefined } = {}): Promise<Loss> {
    this.#assertOpen();
    this.#scorer();
    return lossOf(this, text, options);
  }

  generate(prompt: Prompt, options: GenerateOptions = {}): Generation {
    return generationOf(this.#generate(prompt, options));
  }

  async *#generate(
    given: Prompt,
    options: GenerateOptions,
  ): AsyncGenerator<TokenRecord, GenerationEnd, void> {
    this.#assertOpen();
    const { maxTokens = 256 } = this.#checked(given, options);
    if (maxTokens === 0)
      return completeEnd("length", 0, { model: this.identity, probabilities: "raw", eosCounted: false });
    const prompt = await this.#fitting(given, options);
    return yield* writeTokens(this.#asking, this, prompt, this.#stoppable({ ...options, maxTokens }));
  }

  async open(): Promise<ModelSequence> {
    this.#assertOpen();
    throw this.#unsupported("holds no sequences for others");
  }

  applyChatTemplate(_messages: readonly ChatMessage[]): string {
    this.#assertOpen();
    throw this.#unsupported("fills in the chat template itself: give the chat to `generate`");
  }

  async embed(_texts: readonly string[]): Promise<Float32Array[]> {
    this.#assertOpen();
    throw this.#unsupported("is not asked for embeddings here");
  }

  /** Stops what is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposal.abort();
  }

  #checked(prompt: Prompt, options: GenerateOptions): GenerateOptions {
    this.#checkAlternatives(options.alternatives);
    checkMaxTokens(options.maxTokens ?? 256);
    createSampler(options); // only to check them
    checkNotEmpty(prompt);
    if (options.signal?.aborted) throw abortError("Generating", options.signal);
    return options;
  }

  /** A text whose special tokens are only text has to be sent as ids; ids as a text where the server takes no ids. */
  async #fitting(prompt: Prompt, { parseSpecial = true, signal }: GenerateOptions): Promise<Prompt> {
    const tokenizer = this.#tokenizer;
    if (isChat(prompt)) return prompt;
    if (typeof prompt !== "string") {
      const ids = Array.from(prompt as ArrayLike<number>);
      return tokenizer && !this.dialect.takesIds ? tokenizer.textOf(ids, { signal }) : ids;
    }
    if (parseSpecial) return prompt;
    if (!tokenizer || !this.dialect.takesIds)
      throw this.#unsupported("reads special tokens in a prompt, always");
    return (await tokenizer.encode(prompt, { addSpecial: true, parseSpecial, signal })).ids;
  }

  #scorer(): PromptScoring {
    if (this.#scoring) return this.#scoring;
    throw this.#unsupported(
      this.proof ? `cannot score a text: ${this.proof.seen}` : "gives no log-probabilities of a prompt",
    );
  }

  #checkAlternatives(k = 0): void {
    const most = this.capabilities.alternatives;
    if (Number.isInteger(k) && k >= 0 && k <= most) return;
    throw invalidArgument(
      `${k} alternatives per token cannot be given`,
      "alternatives",
      `Ask for a whole number from 0 to ${most}.`,
    );
  }

  /** Options whose signal also stops when the model is disposed. */
  #stoppable<Options extends { signal?: AbortSignal | undefined }>(options: Options): Options {
    const { signal } = this.#disposal;
    return { ...options, signal: options.signal ? AbortSignal.any([options.signal, signal]) : signal };
  }

  #assertOpen(): void {
    if (this.#disposal.signal.aborted)
      throw new SurprisalError({ code: "MODEL_DISPOSED", what: "The model was disposed" });
  }

  #unsupported(what: string): SurprisalError {
    return new SurprisalError({
      code: "UNSUPPORTED_CAPABILITY",
      what: `${this.dialect.title} ${what}`,
      where: this.identity.source,
      wayOut: "Use a model in process (a GGUF file), or a server that can, such as vLLM.",
    });
  }
}

/** What every model behind a server has in common: it writes, with numbers, and the rest it does or refuses. */
import { abortError, firstOf, SurprisalError, type TokenRecord, type WindowPlan } from "../core/index.ts";
import { checkAlternatives, checkOpen } from "./checks.ts";
import {
  checkMaxTokens,
  checkNotEmpty,
  checkPromptText,
  completeEnd,
  generationOf,
  isChat,
} from "./generation.ts";
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
} from "./language-model.ts";
import { createSampler } from "./sampling.ts";

/** What is left of a prompt that no token ids are taken for. */
export type TextOrChat = string | readonly ChatMessage[];

/**
 * A model behind a server. Subclasses say in `write` how a prompt is answered, and do what else their server can;
 * everything else is refused, with the reason.
 */
export abstract class ServerModel implements LanguageModel {
  readonly specVersion = "1";
  abstract readonly identity: ModelIdentity;
  abstract readonly vocabulary: ModelVocabulary;
  readonly capabilities: ModelCapabilities;
  readonly execution: ModelExecution = { place: "server", threads: null };
  abstract readonly trainedContext: number | null;
  abstract readonly settings: Readonly<Record<string, string | number | boolean>>;
  /** How the source is called in messages, such as "Ollama". */
  protected abstract readonly source: string;
  readonly #disposal = new AbortController();

  /** @param capabilities what the source can do besides writing, and the most alternatives it gives per token. */
  constructor(capabilities: Partial<ModelCapabilities> & Pick<ModelCapabilities, "alternatives">) {
    this.capabilities = {
      score: false,
      distribution: false,
      tokenize: false,
      generate: true,
      fork: false,
      shift: false,
      embed: false,
      chat: true,
      chatTemplate: false,
      ...capabilities,
    };
  }

  /** Writes at least one token; the options are checked, and the signal stops when the model is disposed. */
  protected abstract write(
    prompt: Prompt,
    options: GenerateOptions,
  ): AsyncGenerator<TokenRecord, GenerationEnd, void>;

  generate(prompt: Prompt, options: GenerateOptions = {}): Generation {
    return generationOf(this.#generate(prompt, options));
  }

  async *#generate(
    prompt: Prompt,
    options: GenerateOptions,
  ): AsyncGenerator<TokenRecord, GenerationEnd, void> {
    this.assertOpen();
    checkAlternatives(this, options.alternatives);
    const { maxTokens = 256, signal } = options;
    checkMaxTokens(maxTokens);
    createSampler(options); // only to check them
    checkNotEmpty(prompt);
    checkPromptText(prompt);
    if (signal?.aborted) throw abortError("Generating", signal);
    if (maxTokens === 0)
      return completeEnd("length", 0, { model: this.identity, probabilities: "raw", eosCounted: false });
    return yield* this.stoppable({ ...options, maxTokens }, (stopped) => this.write(prompt, stopped));
  }

  async tokenize(_text: string, _options?: TokenizeOptions): Promise<TokenizedText> {
    return this.refuse("does not show its tokenizer");
  }

  async detokenize(_ids: ArrayLike<number>): Promise<Uint8Array> {
    return this.refuse("does not show its tokenizer");
  }

  async *score(_requests: Iterable<ScoreRequest>, _options?: ScoreOptions): AsyncGenerator<ScoredText> {
    yield this.refuse("gives no log-probabilities of a prompt");
  }

  async *scoreTokens(
    _ids: ArrayLike<number>,
    _plan: WindowPlan,
    _options?: ScoreTokensOptions,
  ): AsyncGenerator<ScoredSpan> {
    yield this.refuse("gives no log-probabilities of a prompt");
  }

  async loss(_text: string, _options?: { signal?: AbortSignal | undefined }): Promise<Loss> {
    return this.refuse("gives no log-probabilities of a prompt");
  }

  async open(): Promise<ModelSequence> {
    return this.refuse("holds no sequences for others");
  }

  applyChatTemplate(_messages: readonly ChatMessage[]): string {
    return this.refuse("fills in the chat template itself: give the chat to `generate`");
  }

  async embed(_texts: readonly string[]): Promise<Float32Array[]> {
    return this.refuse("is not asked for embeddings here");
  }

  /** Stops what is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposal.abort();
  }

  /** For a server that takes no token ids, and reads special tokens. @throws SurprisalError UNSUPPORTED_CAPABILITY */
  protected textOrChat(prompt: Prompt, { parseSpecial = true }: GenerateOptions): TextOrChat {
    if (typeof prompt !== "string" && !isChat(prompt)) return this.refuse("takes no token ids");
    return parseSpecial ? prompt : this.refuse("reads special tokens in a prompt, always");
  }

  /** Where the source is, for errors. */
  protected get place(): string {
    return this.identity.name;
  }

  /** @throws SurprisalError MODEL_DISPOSED, else UNSUPPORTED_CAPABILITY. */
  protected refuse(what: string): never {
    this.assertOpen();
    throw new SurprisalError({
      code: "UNSUPPORTED_CAPABILITY",
      what: `${this.source} ${what}`,
      where: this.place,
      wayOut:
        "Use a model in process (a GGUF file), or a server that can: `surprisal probe` shows what one does.",
    });
  }

  protected assertOpen(): void {
    checkOpen(!this.#disposal.signal.aborted);
  }

  /** Runs `act` with options whose signal also stops when the model is disposed. */
  protected async *stoppable<Options extends { signal?: AbortSignal | undefined }, Item, End>(
    options: Options,
    act: (options: Options) => AsyncGenerator<Item, End, void>,
  ): AsyncGenerator<Item, End, void> {
    const { signal, letGo } = firstOf(options.signal, this.#disposal.signal);
    try {
      return yield* act({ ...options, signal });
    } finally {
      letGo();
    }
  }
}

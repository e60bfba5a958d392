/** What every source has in common that can write, with numbers, and do nothing else: servers of closed models. */
import {
  abortError,
  invalidArgument,
  SurprisalError,
  type TokenRecord,
  type WindowPlan,
} from "../core/index.ts";
import { checkMaxTokens, checkNotEmpty, completeEnd, generationOf, isChat } from "./generation.ts";
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
  ScoreRequest,
  TokenizedText,
} from "./language-model.ts";
import { createSampler } from "./sampling.ts";

/** What is left of a prompt that no token ids are taken for. */
export type TextOrChat = string | readonly ChatMessage[];

/** A model behind a server that only writes. Subclasses say in `write` how a prompt is answered; everything else is refused, with the reason. */
export abstract class GenerateOnlyModel implements LanguageModel {
  readonly specVersion = "1";
  abstract readonly identity: ModelIdentity;
  abstract readonly vocabulary: ModelVocabulary;
  readonly capabilities: ModelCapabilities;
  readonly execution: ModelExecution = { place: "server", threads: null };
  abstract readonly trainedContext: number | null;
  abstract readonly settings: Readonly<Record<string, string | number | boolean>>;
  /** How the source is called in messages, such as "Ollama". */
  protected abstract readonly source: string;
  #disposed = false;

  /** @param alternatives most that the source gives per token. */
  constructor(alternatives: number) {
    this.capabilities = {
      score: false,
      alternatives,
      distribution: false,
      tokenize: false,
      generate: true,
      fork: false,
      shift: false,
      embed: false,
      chat: true,
      chatTemplate: false,
    };
  }

  /** Writes at least one token; the options are checked. */
  protected abstract write(
    prompt: TextOrChat,
    options: GenerateOptions,
  ): AsyncGenerator<TokenRecord, GenerationEnd, void>;

  generate(prompt: Prompt, options: GenerateOptions = {}): Generation {
    return generationOf(this.#generate(prompt, options));
  }

  async *#generate(
    prompt: Prompt,
    options: GenerateOptions,
  ): AsyncGenerator<TokenRecord, GenerationEnd, void> {
    this.#assertOpen();
    const { alternatives = 0, maxTokens = 256, parseSpecial = true } = options;
    const most = this.capabilities.alternatives;
    if (!Number.isInteger(alternatives) || alternatives < 0 || alternatives > most)
      throw invalidArgument(`${alternatives} alternatives of at most ${most}`, "alternatives");
    checkMaxTokens(maxTokens);
    createSampler(options); // only to check them
    checkNotEmpty(prompt);
    if (typeof prompt !== "string" && !isChat(prompt)) return this.#refuse("takes no token ids");
    if (!parseSpecial) return this.#refuse("reads special tokens in a prompt, always");
    if (options.signal?.aborted) throw abortError("Generating", options.signal);
    if (maxTokens === 0)
      return completeEnd("length", 0, { model: this.identity, probabilities: "raw", eosCounted: false });
    return yield* this.write(prompt, options);
  }

  async tokenize(_text: string): Promise<TokenizedText> {
    return this.#refuse("does not show its tokenizer");
  }

  async detokenize(_ids: ArrayLike<number>): Promise<Uint8Array> {
    return this.#refuse("does not show its tokenizer");
  }

  async *score(_requests: Iterable<ScoreRequest>): AsyncGenerator<ScoredText> {
    yield this.#refuse("gives no log-probabilities of a prompt");
  }

  async *scoreTokens(_ids: ArrayLike<number>, _plan: WindowPlan): AsyncGenerator<ScoredSpan> {
    yield this.#refuse("gives no log-probabilities of a prompt");
  }

  async loss(_text: string): Promise<Loss> {
    return this.#refuse("gives no log-probabilities of a prompt");
  }

  async open(): Promise<ModelSequence> {
    return this.#refuse("holds no sequences for others");
  }

  applyChatTemplate(_messages: readonly ChatMessage[]): string {
    return this.#refuse("fills in the chat template itself: give the chat to `generate`");
  }

  async embed(_texts: readonly string[]): Promise<Float32Array[]> {
    return this.#refuse("is not asked for embeddings here");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
  }

  /** @throws SurprisalError MODEL_DISPOSED, else UNSUPPORTED_CAPABILITY. */
  #refuse(what: string): never {
    this.#assertOpen();
    throw new SurprisalError({
      code: "UNSUPPORTED_CAPABILITY",
      what: `${this.source} ${what}`,
      where: this.identity.name,
      wayOut: "Use a model in process (a GGUF file), or a server that can, such as vLLM.",
    });
  }

  #assertOpen(): void {
    if (this.#disposed) throw new SurprisalError({ code: "MODEL_DISPOSED", what: "The model was disposed" });
  }
}

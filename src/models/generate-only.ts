/** What every source has in common that can write, with numbers, and do nothing else: servers of closed models. */
import { SurprisalError, type TokenRecord, type WindowPlan } from "../core/index.ts";
import { checkMaxTokens, generationOf, isChat } from "./generation.ts";
import type {
  ChatMessage,
  GenerateOptions,
  Generation,
  GenerationEnd,
  LanguageModel,
  Loss,
  ModelCapabilities,
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

/** Subclasses say in `write` how a prompt is answered; everything else is refused, with the reason. */
export abstract class GenerateOnlyModel implements LanguageModel {
  readonly specVersion = "1";
  abstract readonly identity: ModelIdentity;
  abstract readonly vocabulary: ModelVocabulary;
  abstract readonly capabilities: ModelCapabilities;
  abstract readonly trainedContext: number | null;
  abstract readonly settings: Readonly<Record<string, string | number | boolean>>;
  /** How the source is called in messages, such as "Ollama". */
  protected abstract readonly source: string;
  #disposed = false;

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
      throw new SurprisalError({
        code: "INVALID_ARGUMENT",
        what: `${alternatives} alternatives of at most ${most}`,
        where: "alternatives",
      });
    checkMaxTokens(maxTokens);
    createSampler(options); // only to check them
    if (prompt.length === 0)
      throw new SurprisalError({
        code: "EMPTY_INPUT",
        what: "The prompt is empty",
        wayOut: "Give some text to continue.",
      });
    if (typeof prompt !== "string" && !isChat(prompt)) throw this.unsupported("takes no token ids");
    if (!parseSpecial) throw this.unsupported("reads special tokens in a prompt, always");
    if (options.signal?.aborted)
      throw new SurprisalError({
        code: "ABORTED",
        what: "Generating was aborted",
        cause: options.signal.reason,
      });
    if (maxTokens === 0) return this.#nothing();
    return yield* this.write(prompt, options);
  }

  async tokenize(_text: string): Promise<TokenizedText> {
    this.#assertOpen();
    throw this.unsupported("does not show its tokenizer");
  }

  async detokenize(_ids: ArrayLike<number>): Promise<Uint8Array> {
    this.#assertOpen();
    throw this.unsupported("does not show its tokenizer");
  }

  // biome-ignore lint/correctness/useYield: it has nothing to give
  async *score(_requests: Iterable<ScoreRequest>): AsyncGenerator<ScoredText> {
    this.#assertOpen();
    throw this.unsupported("gives no log-probabilities of a prompt");
  }

  // biome-ignore lint/correctness/useYield: it has nothing to give
  async *scoreTokens(_ids: ArrayLike<number>, _plan: WindowPlan): AsyncGenerator<ScoredSpan> {
    this.#assertOpen();
    throw this.unsupported("gives no log-probabilities of a prompt");
  }

  async loss(_text: string): Promise<Loss> {
    this.#assertOpen();
    throw this.unsupported("gives no log-probabilities of a prompt");
  }

  async open(): Promise<ModelSequence> {
    this.#assertOpen();
    throw this.unsupported("holds no sequences for others");
  }

  applyChatTemplate(_messages: readonly ChatMessage[]): string {
    this.#assertOpen();
    throw this.unsupported("fills in the chat template itself: give the chat to `generate`");
  }

  async embed(_texts: readonly string[]): Promise<Float32Array[]> {
    this.#assertOpen();
    throw this.unsupported("is not asked for embeddings here");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
  }

  protected unsupported(what: string): SurprisalError {
    return new SurprisalError({
      code: "UNSUPPORTED_CAPABILITY",
      what: `${this.source} ${what}`,
      where: this.identity.name,
      wayOut: "Use a model in process (a GGUF file), or a server that can, such as vLLM.",
    });
  }

  #nothing(): GenerationEnd {
    return {
      finishReason: "length",
      tokens: 0,
      scored: 0,
      partial: false,
      provenance: { model: this.identity, probabilities: "raw", eosCounted: false },
      warnings: [],
    };
  }

  #assertOpen(): void {
    if (this.#disposed) throw new SurprisalError({ code: "MODEL_DISPOSED", what: "The model was disposed" });
  }
}

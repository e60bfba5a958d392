/** What every model behind a server has in common: it writes, with numbers, and the rest it does or refuses. */
import { abortError, firstOf, SurprisalError, type TokenRecord, type WindowPlan } from "../core/index.ts";
import { askedFor } from "./asked-options.ts";
import { checkAlternatives, checkOpen } from "./checks.ts";
import { checkGenerateOptions } from "./generate-options.ts";
import { checkNotEmpty, checkPrompt, completeEnd, generationOf, isChat, LoopLeft } from "./generation.ts";
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
  SampleOptions,
  ScoredSpan,
  ScoredText,
  ScoreOptions,
  ScoreRequest,
  ScoreTokensOptions,
  StopMatch,
  TokenizedText,
  TokenizeOptions,
} from "./language-model.ts";
import { MOST_SAMPLES, sampleWith } from "./sample.ts";
import { StopStrings } from "./stop-strings.ts";

/** Answers of one request. */
export interface SharedWriting {
  /** @param index which of them. */
  write(
    index: number,
    prompt: Prompt,
    options: GenerateOptions,
  ): AsyncGenerator<TokenRecord, GenerationEnd, void>;
  /** One is not begun. */
  leave(index: number): void;
}

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
    write: (prompt: Prompt, options: GenerateOptions) => ReturnType<ServerModel["write"]> = (...given) =>
      this.write(...given),
  ): AsyncGenerator<TokenRecord, GenerationEnd, void> {
    this.assertOpen();
    checkAlternatives(this, options.alternatives);
    checkGenerateOptions(options);
    const { maxTokens = 256, signal } = options;
    checkPrompt(prompt);
    checkNotEmpty(prompt);
    if (signal?.aborted) throw abortError("Generating", signal);
    if (maxTokens === 0)
      return completeEnd("length", 0, { model: this.identity, probabilities: "raw", eosCounted: false });
    const writing = this.stoppable({ ...options, maxTokens }, (stopped) => write(prompt, stopped));
    const { stop = [] } = options;
    return yield* stop.length > 0 ? stopped(writing, new StopStrings(stop)) : writing;
  }

  /**
   * One request where the server gives several answers to one, which then draws them with seeds of its own making; else one
   * for each.
   */
  sample(prompt: Prompt, options: SampleOptions): readonly Generation[] {
    let shared: SharedWriting | null | undefined;
    const sharing = () => {
      if (shared === undefined) shared = options.n > 1 ? this.share(prompt, options) : null;
      return shared;
    };
    return sampleWith(
      options,
      MOST_SAMPLES,
      (own, i) =>
        this.#generate(
          prompt,
          this.takesSeed ? own : { ...own, seed: options.seed },
          sharing() ? (...given) => sharing()!.write(i, ...given) : undefined,
        ),
      async (i) => sharing()?.leave(i),
    );
  }

  /** For a server that gives several answers to one request. @returns `null`: it gives one. */
  protected share(_prompt: Prompt, _options: SampleOptions): SharedWriting | null {
    return null;
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

  /** Requests may say a seed. */
  protected get takesSeed(): boolean {
    return true;
  }

  /** @param taken those of `askedFor` that the server has. @throws SurprisalError UNSUPPORTED_CAPABILITY, by name */
  protected refuseOptions(options: GenerateOptions, taken: readonly (keyof GenerateOptions)[]): void {
    const name = askedFor(options).find((asked) => !taken.includes(asked));
    if (name) this.refuse(`takes no ${name}`);
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

/** Some servers give the tokens of the stop string too, or go on behind it: those are not the answer's. */
async function* stopped(
  source: AsyncGenerator<TokenRecord, GenerationEnd, void>,
  stops: StopStrings,
): AsyncGenerator<TokenRecord, GenerationEnd, void> {
  let stop: StopMatch | null = null;
  let [tokens, scored] = [0, 0];
  const count = (record: TokenRecord) => {
    tokens += record.tokenCount ?? 1;
    if (record.logprob !== null && (record.tokenCount ?? 1) === 1) scored++;
    return record;
  };
  try {
    for (;;) {
      let { done, value } = await source.next();
      // A server that goes on behind the stop string is told to end: what it writes is nobody's, and costs.
      if (stop && !done && (value as TokenRecord).text !== "")
        ({ done, value } = await source.throw(new LoopLeft()));
      if (done) {
        if (!stop) for (const record of stops.flush()) yield record;
        const cut = stop && { stop, finishReason: "stop" as const, tokens, scored, partial: scored < tokens };
        return { ...(value as GenerationEnd), ...cut };
      }
      if (stop) continue;
      const { records, match } = stops.push(value as TokenRecord);
      stop = match;
      for (const record of records) yield count(record);
    }
  } catch (error) {
    if (error instanceof LoopLeft) {
      const { done, value } = await source.throw(error);
      if (done) return value;
    } else if (!stop) for (const record of stops.flush()) yield record;
    throw error;
  }
}

/** A GGUF model in this process: the LanguageModel contract over llama.cpp. */
import { abortError, LogitKernel, SurprisalError, type WindowPlan } from "../../core/index.ts";
import { type ChatTemplateOptions, fillChatTemplate } from "../chat-template.ts";
import { checkAlternatives, checkedIds, checkLength } from "../checks.ts";
import { type EncodedRequest, encodeRequest } from "../encode-request.ts";
import { modelNotes } from "../gguf/index.ts";
import type {
  ChatMessage,
  GenerateOptions,
  Generation,
  LanguageModel,
  Loss,
  ModelCapabilities,
  ModelExecution,
  ModelIdentity,
  Prompt,
  SampleOptions,
  ScoredSpan,
  ScoredText,
  ScoreOptions,
  ScoreRequest,
  ScoreTokensOptions,
  TokenizedText,
  TokenizeOptions,
} from "../language-model.ts";
import { lossOf } from "../loss.ts";
import { KernelThreads } from "../threads/kernel-threads.ts";
import { Answers } from "./answers.ts";
import { ContextPool } from "./context-pool.ts";
import { embedTexts } from "./embed.ts";
import { checkExact, type ExactOptions } from "./exact.ts";
import { describeFloatCache, type FloatCache, floatCache } from "./float-cache.ts";
import { canShift, identify } from "./identify.ts";
import type { Pointer } from "./layout.ts";
import type { LlamaLibrary } from "./library.ts";
import { Lifetime } from "./lifetime.ts";
import { loadChecked } from "./load-checked.ts";
import { Lockstep, type LockstepOptions } from "./lockstep.ts";
import type { MappedFiles } from "./mapping.ts";
import { call } from "./native-call.ts";
import type { LlamaLoadOptions, Placement } from "./placement.ts";
import { Queue } from "./queue.ts";
import { RowReader } from "./row-reader.ts";
import { runPlan } from "./run-plan.ts";
import { scoreEncoded } from "./score-requests.ts";
import { ScoringContexts } from "./scoring-contexts.ts";
import type { LlamaSequence } from "./sequence.ts";
import { giveBackMemory } from "./trim.ts";
import { LlamaVocabulary } from "./vocabulary.ts";

/** Most alternatives per token. */
const MAX_ALTERNATIVES = 100;
/** Size of the requests whose prefix tree is built at once: enough to find what they share, bounded in memory. */
const TREE_TOKENS = 2 ** 22;
/** What a request takes besides its tokens, in tokens. */
const REQUEST_TOKENS = 256;

/** What `load` puts together. */
interface LoadedModel {
  library: LlamaLibrary;
  pointer: Pointer;
  placement: Placement;
  floatCache: FloatCache | null;
  lifetime: Lifetime;
  vocabulary: LlamaVocabulary;
  reader: RowReader;
  identity: ModelIdentity;
  /** Computed with floats throughout. */
  exact: boolean;
  /** Its files, where they are mapped. */
  mapped: MappedFiles | null;
  notes: readonly string[];
  load: LlamaLoadOptions;
}

/** A GGUF model in this process, run by llama.cpp. `resolve` makes one of a name; `LlamaModel.load` of a path. */
export class LlamaModel implements LanguageModel {
  readonly specVersion = "1";
  readonly identity: ModelIdentity;
  readonly vocabulary: LlamaVocabulary;
  readonly capabilities: ModelCapabilities;
  readonly execution: ModelExecution;
  readonly trainedContext: number;
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  readonly notes: readonly string[];
  readonly #model: LoadedModel;
  readonly #chatTemplate: string | null;
  readonly #recurrent: boolean;
  /** For calls that make a context and free it: as many contexts as callers would not fit into memory. */
  readonly #queue = new Queue();
  readonly #contexts: ContextPool;
  /** For short texts. */
  readonly #floatContexts: ContextPool | null;
  readonly #scoring: ScoringContexts;
  readonly #answers: Answers;
  #disposed: Promise<void> | null = null;

  private constructor(model: LoadedModel) {
    const { library, pointer, placement, vocabulary, lifetime } = model;
    const { functions } = library;
    this.#model = model;
    this.#contexts = new ContextPool(functions, pointer, placement.context, lifetime);
    this.#floatContexts =
      model.floatCache && new ContextPool(functions, pointer, model.floatCache.context, lifetime);
    const short = model.floatCache && { tokens: model.floatCache.tokens, pool: this.#floatContexts! };
    this.identity = model.identity;
    this.notes = model.notes;
    this.vocabulary = vocabulary;
    this.trainedContext = functions.llama_model_n_ctx_train(pointer);
    this.#chatTemplate = functions.llama_model_chat_template(pointer, null);
    this.#recurrent = functions.llama_model_is_recurrent(pointer) || functions.llama_model_is_hybrid(pointer);
    this.#scoring = new ScoringContexts(this.#contexts, short, {
      rowLength: vocabulary.size,
      recurrent: this.#recurrent,
    });
    this.capabilities = {
      score: true,
      alternatives: Math.min(MAX_ALTERNATIVES, vocabulary.size),
      distribution: true,
      tokenize: true,
      generate: true,
      fork: true,
      shift:
        !this.#recurrent && canShift(functions.llama_model_rope_type(pointer), model.identity.architecture),
      embed: true,
      chat: this.#chatTemplate !== null,
      chatTemplate: this.#chatTemplate !== null,
    };
    this.execution = { place: "process", threads: placement.context.threads };
    this.settings = {
      engine: `llama.cpp ${library.version}`,
      device: placement.device,
      kernels: placement.kernels,
      gpuLayers: placement.gpuLayers,
      threads: placement.context.threads,
      batchSize: placement.context.batch,
      cacheType: placement.cacheType,
      flashAttention: placement.flashAttention,
      ...(model.exact && { exact: true }),
      ...(model.floatCache && { floatCache: describeFloatCache(model.floatCache) }),
    };
    const { reader, load } = model;
    const [contexts, recurrent] = [this.#contexts, this.#recurrent];
    this.#answers = new Answers(this, {
      contexts,
      lifetime,
      reader,
      vocabulary,
      recurrent,
      bounded: !functions.llama_model_is_recurrent(pointer),
      load,
    });
  }

  /**
   * Checks a GGUF file and loads it.
   * @param identity what the caller knows already, such as the sha256 and the name a person uses.
   * @param notes what the caller knows of how the file came here.
   * @throws SurprisalError GGUF_*, MODEL_LOAD_FAILED, OUT_OF_MEMORY, DEVICE_UNAVAILABLE, ENGINE_*, KERNELS_*, ABORTED.
   */
  static async load(
    path: string,
    options: LlamaLoadOptions & ExactOptions = {},
    identity: Partial<ModelIdentity> = {},
    notes: readonly string[] = [],
  ): Promise<LlamaModel> {
    checkExact(options);
    const loaded = await loadChecked(path, "generative", options, identity);
    const { file, library, placement, pointer, mapped, warnings, own } = loaded;
    const { exact = false } = options;
    try {
      const lifetime = new Lifetime();
      const vocabulary = new LlamaVocabulary(library.functions, pointer, file, lifetime);
      const alternatives = Math.min(MAX_ALTERNATIVES, vocabulary.size);
      const kernel = await LogitKernel.create(vocabulary.size, alternatives);
      const threads = KernelThreads.of("logits", placement.context.threads, vocabulary.size, alternatives);
      return new LlamaModel({
        library,
        pointer,
        placement,
        floatCache: exact ? null : floatCache(options, placement.context, file),
        lifetime,
        vocabulary,
        reader: new RowReader(kernel, threads),
        identity: { ...identify(library.functions, pointer, file), ...own, ...identity },
        exact,
        mapped,
        notes: [...modelNotes(file, warnings), ...notes],
        load: options,
      });
    } catch (error) {
      await call<void>((done) => library.functions.llama_model_free.async(pointer, done));
      throw error;
    }
  }

  async tokenize(text: string, options?: TokenizeOptions): Promise<TokenizedText> {
    this.#assertOpen();
    return this.vocabulary.tokenize(text, options);
  }

  async detokenize(ids: ArrayLike<number>): Promise<Uint8Array> {
    this.#assertOpen();
    return this.vocabulary.detokenize(checkedIds(ids, this.vocabulary.size));
  }

  async *score(requests: Iterable<ScoreRequest>, options: ScoreOptions = {}): AsyncGenerator<ScoredText> {
    this.#assertOpen();
    checkAlternatives(this, options.alternatives);
    let firstIndex = 0;
    for await (const encoded of this.#encodeInGroups(requests, options)) {
      const first = firstIndex;
      yield* this.#scoring.forRequests(
        encoded,
        (context, some, indices) =>
          scoreEncoded(
            context,
            !this.#recurrent,
            this.#model.reader,
            some,
            this,
            this.vocabulary.eos,
            indices.map((i) => first + i),
            options,
          ),
        options.signal,
      );
      firstIndex += encoded.length;
    }
  }

  async *#encodeInGroups(
    requests: Iterable<ScoreRequest>,
    options: ScoreOptions,
  ): AsyncGenerator<EncodedRequest[]> {
    const { signal } = options;
    let group: EncodedRequest[] = [];
    let tokens = 0;
    let index = 0;
    for (const request of requests) {
      if (signal?.aborted) throw abortError("Scoring", signal);
      const encoded = await encodeRequest(request, index, this.vocabulary, options);
      checkLength(this, encoded.input.length, `request ${index++}`);
      group.push(encoded);
      tokens += REQUEST_TOKENS + encoded.input.length;
      if (tokens < TREE_TOKENS) continue;
      yield group;
      group = [];
      tokens = 0;
    }
    if (group.length > 0) yield group;
  }

  async *scoreTokens(
    ids: ArrayLike<number>,
    plan: WindowPlan,
    options: ScoreTokensOptions = {},
  ): AsyncGenerator<ScoredSpan> {
    this.#assertOpen();
    checkAlternatives(this, options.alternatives);
    const document = checkedIds(ids, this.vocabulary.size);
    checkLength(this, plan.context, "the plan's context");
    yield* this.#scoring.forPlan(
      plan,
      document.length,
      (context) => runPlan(context, this.#model.reader, document, plan, options),
      options.signal,
    );
  }

  async loss(text: string, options: { signal?: AbortSignal | undefined } = {}): Promise<Loss> {
    return this.#queue.run(() => lossOf(this, text, options));
  }

  generate(prompt: Prompt, options: GenerateOptions = {}): Generation {
    return this.#answers.generate(prompt, options);
  }

  sample(prompt: Prompt, options: SampleOptions): readonly Generation[] {
    return this.#answers.sample(prompt, options);
  }

  async open(): Promise<LlamaSequence> {
    this.#assertOpen();
    return this.#answers.open();
  }

  /**
   * Reads several texts side by side, in calls that can be made again in the same shape: see `Lockstep`.
   * @throws SurprisalError INVALID_ARGUMENT, CONTEXT_EXCEEDED, UNSUPPORTED_CAPABILITY, OUT_OF_MEMORY, ABORTED
   */
  async lockstep(options: LockstepOptions): Promise<Lockstep> {
    this.#assertOpen();
    checkLength(this, options.context, "the codec's context");
    return Lockstep.open(this.#contexts, this.vocabulary.size, options);
  }

  applyChatTemplate(messages: readonly ChatMessage[], options?: ChatTemplateOptions): string {
    this.#assertOpen();
    if (this.#chatTemplate === null)
      throw new SurprisalError({
        code: "UNSUPPORTED_CAPABILITY",
        what: "This model has no chat template",
        where: this.identity.name,
        wayOut: "It is a base model: write the prompt as plain text, or use an instruction-tuned model.",
      });
    const text = (id: number | null) =>
      id === null ? "" : new TextDecoder().decode(this.vocabulary.piece(id));
    const special = { bos: text(this.vocabulary.bos), eos: text(this.vocabulary.eos) };
    return fillChatTemplate(this.#chatTemplate, messages, special, options);
  }

  async embed(
    texts: readonly string[],
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<Float32Array[]> {
    this.#assertOpen();
    const width = this.#model.library.functions.llama_model_n_embd_out(this.#model.pointer);
    return this.#queue.run(() => embedTexts(this, this.#contexts, width, texts, options));
  }

  /** Stops what is running, waits for it, and frees the model's memory. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed ??= this.#dispose();
    await this.#disposed;
  }

  async #dispose(): Promise<void> {
    const { library, pointer, lifetime } = this.#model;
    await lifetime.close();
    await this.#contexts.dispose();
    await this.#floatContexts?.dispose();
    await call<void>((done) => library.functions.llama_model_free.async(pointer, done));
    giveBackMemory();
  }

  #assertOpen(): void {
    this.#model.lifetime.assertOpen();
    this.#model.mapped?.assertWhole();
  }
}

/** An encoder in this process: the EmbeddingModel contract over llama.cpp. */
import { availableParallelism } from "node:os";
import { abortError } from "../../../core/index.ts";
import { MOST_TOKENS_KEY } from "../../convert/index.ts";
import type { Embedding, EmbeddingModel, EmbedOptions } from "../../embedding-model.ts";
import { type GgufFile, modelNotes, type Pooling, poolingOf } from "../../gguf/index.ts";
import type { ModelExecution, ModelIdentity } from "../../language-model.ts";
import { MAX_SEQUENCES } from "../context.ts";
import { ContextPool } from "../context-pool.ts";
import type { ExactOptions } from "../exact.ts";
import { identify } from "../identify.ts";
import type { Pointer } from "../layout.ts";
import type { LlamaLibrary } from "../library.ts";
import { Lifetime } from "../lifetime.ts";
import { loadChecked } from "../load-checked.ts";
import type { MappedFiles } from "../mapping.ts";
import { call } from "../native-call.ts";
import { FLASH_ATTENTION, integer, type LlamaLoadOptions, type Placement } from "../placement.ts";
import { giveBackMemory } from "../trim.ts";
import { LlamaVocabulary } from "../vocabulary.ts";
import { EncoderContexts } from "./contexts.ts";
import { batchesOf, runBatch } from "./run-batch.ts";
import { type EncodedText, TextEncoderOfModel } from "./text-encoder.ts";

/** How an encoder is loaded. */
export interface EncoderLoadOptions
  extends Pick<
    LlamaLoadOptions,
    "device" | "repack" | "mmap" | "onLoad" | "signal" | "cpuBuild" | "kernels"
  > {
  /**
   * Longest text, tokens, those that begin and end it included; the rest is left out. Default: what the file says, else the context
   * the model was trained for.
   */
  maxTokens?: number | undefined;
  /** Batches that are run at once, each on one thread of the CPU. Default: one per available core, at most 4. */
  threads?: number | undefined;
  /** Tokens that short texts are put together to, 1 ... 4096. Default 256; 128 without flash attention; 512 on a GPU. */
  batchSize?: number | undefined;
  /**
   * Attention in tiles, with keys and values in half precision. Default "off" where the weights are F32, which keeps their
   * precision; "auto" for all others, which is up to twice as fast with long texts.
   */
  flashAttention?: LlamaLoadOptions["flashAttention"];
}

/** Texts whose tokens are made at once: enough for many batches, bounded in memory. */
const GROUP_TEXTS = 1024;
/** Attention in tiles leaves out those of other texts. */
const DEFAULT_BATCH = 256;
/** It begins with so many tokens on a CPU: below, half precision alone is left of it, which takes nearly twice as long as without. */
const FEWEST_TILED = 64;
/** Without, it costs the square of a batch's tokens, whatever texts they are of. */
const DEFAULT_UNTILED_BATCH = 128;
const DEFAULT_GPU_BATCH = 512;
/** libuv's threads, unless UV_THREADPOOL_SIZE says otherwise. */
const MOST_DEFAULT_THREADS = 4;

/** An encoder (BERT and the like, or a decoder that was trained to be pooled) in this process. `resolveEmbedding` makes one of a name; `LlamaEncoder.load` of a path. */
export class LlamaEncoder implements EmbeddingModel {
  readonly specVersion = "1";
  readonly identity: ModelIdentity;
  readonly execution: ModelExecution;
  readonly dimensions: number;
  readonly maxTokens: number;
  readonly pooling: EmbeddingModel["pooling"];
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  readonly notes: readonly string[];
  readonly #library: LlamaLibrary;
  readonly #pointer: Pointer;
  readonly #lifetime = new Lifetime();
  readonly #mapped: MappedFiles | null;
  readonly #encoder: TextEncoderOfModel;
  readonly #pool: ContextPool;
  readonly #contexts: EncoderContexts;
  /** For batches of fewer than FEWEST_TILED tokens; `null`: the others do. */
  readonly #short: { pool: ContextPool; contexts: EncoderContexts } | null;
  readonly #batch: number;
  #disposed: Promise<void> | null = null;

  private constructor(
    loaded: {
      file: GgufFile;
      library: LlamaLibrary;
      pointer: Pointer;
      placement: Placement;
      mapped: MappedFiles | null;
    },
    options: EncoderLoadOptions,
    identity: Partial<ModelIdentity>,
    notes: readonly string[],
  ) {
    const { file, library, pointer, placement, mapped } = loaded;
    const { functions } = library;
    this.#library = library;
    this.#pointer = pointer;
    this.#mapped = mapped;
    this.identity = { ...identify(functions, pointer, file), ...identity };
    this.dimensions = functions.llama_model_n_embd_out(pointer);
    const vocabulary = new LlamaVocabulary(functions, pointer, file, this.#lifetime);
    this.#encoder = TextEncoderOfModel.of(file, vocabulary);
    const trained = functions.llama_model_n_ctx_train(pointer);
    const { maxTokens = mostTokensOf(file, trained) } = options;
    integer("maxTokens", maxTokens, this.#encoder.added + 1, trained);
    this.maxTokens = maxTokens;
    const onGpu = placement.gpuLayers !== 0;
    const untiled = placement.flashAttention === "off";
    this.#batch =
      options.batchSize ?? (onGpu ? DEFAULT_GPU_BATCH : untiled ? DEFAULT_UNTILED_BATCH : DEFAULT_BATCH);
    const threads = onGpu ? 1 : (options.threads ?? Math.min(availableParallelism(), MOST_DEFAULT_THREADS));
    const stated = poolingOf(file);
    this.pooling = stated === null || stated === "rank" ? "mean" : (stated satisfies Pooling);
    this.notes = [
      ...notes,
      ...(stated === null
        ? ["The file does not say how the vectors of tokens become one of a text: it is their mean here."]
        : []),
    ];
    this.execution = { place: "process", threads };
    this.settings = {
      engine: `llama.cpp ${library.version}`,
      device: placement.device,
      kernels: placement.kernels,
      gpuLayers: placement.gpuLayers,
      threads,
      batchSize: this.#batch,
      flashAttention: placement.flashAttention,
    };
    // A context is as large as the batches it gets; this is the bound.
    const settings = { ...placement.context, batch: Math.max(this.#batch, maxTokens) };
    this.#pool = new ContextPool(functions, pointer, settings, this.#lifetime);
    const shape = { cells: this.#batch, sequences: MAX_SEQUENCES, rowLength: this.dimensions };
    this.#contexts = new EncoderContexts(this.#pool, shape, threads);
    if (placement.flashAttention === "auto" && !onGpu) {
      const pool = new ContextPool(
        functions,
        pointer,
        { ...settings, batch: FEWEST_TILED, flashAttention: FLASH_ATTENTION.off },
        this.#lifetime,
      );
      this.#short = { pool, contexts: new EncoderContexts(pool, { ...shape, cells: FEWEST_TILED }, threads) };
    } else this.#short = null;
  }

  /**
   * Checks a GGUF file and loads it.
   * @param identity what the caller knows already, such as the sha256 and the name a person uses.
   * @param notes what the caller knows of how the file came here.
   * @throws SurprisalError GGUF_*, MODEL_LOAD_FAILED, OUT_OF_MEMORY, DEVICE_UNAVAILABLE, ENGINE_*, KERNELS_*, ABORTED,
   *   INVALID_ARGUMENT.
   */
  static async load(
    path: string,
    options: EncoderLoadOptions & Omit<ExactOptions, "exact"> = {},
    identity: Partial<ModelIdentity> = {},
    notes: readonly string[] = [],
  ): Promise<LlamaEncoder> {
    integer("threads", options.threads ?? 1, 1, 1024);
    const loaded = await loadChecked(
      path,
      "encoder",
      ({ tensors }) => ({
        ...options,
        threads: 1,
        // With a float cache flash attention is off by default; encoders have none, and decoders that are pooled do.
        cacheType: tensors.every(({ type }) => type === "F32") ? "f32" : "f16",
      }),
      identity,
    );
    try {
      return new LlamaEncoder(loaded, options, identity, [
        ...modelNotes(loaded.file, loaded.warnings),
        ...notes,
      ]);
    } catch (error) {
      await call<void>((done) => loaded.library.functions.llama_model_free.async(loaded.pointer, done));
      throw error;
    }
  }

  async tokenize(text: string): Promise<Int32Array> {
    this.#assertOpen();
    return (await this.#encoder.encode(text)).ids;
  }

  async embed(texts: readonly string[], options: EmbedOptions = {}): Promise<Embedding[]> {
    const { normalise = true, onProgress, signal } = options;
    const embeddings: Embedding[] = [];
    const given = [...texts]; // nobody changes it while others have their turn
    for (let first = 0; first < given.length; first += GROUP_TEXTS) {
      const encoded = [];
      for (const text of given.slice(first, first + GROUP_TEXTS)) {
        if (signal?.aborted) throw abortError("Embedding", signal);
        this.#assertOpen();
        encoded.push(await this.#encoder.encode(text, this.maxTokens));
      }
      const vectors = await this.#run(encoded, normalise, signal, (done) =>
        onProgress?.({ done: first + done, total: given.length }),
      );
      for (const [i, vector] of vectors.entries())
        embeddings.push({ vector, tokens: encoded[i]!.ids.length, tokensLeftOut: encoded[i]!.leftOut });
    }
    this.#assertOpen();
    return embeddings;
  }

  /** Batches of texts side by side, as many as there are contexts. @returns [texts][dimensions] */
  async #run(
    texts: readonly EncodedText[],
    normalise: boolean,
    signal: AbortSignal | undefined,
    onDone: (texts: number) => void,
  ): Promise<Float32Array[]> {
    const vectors: Float32Array[] = new Array(texts.length);
    const lengths = texts.map(({ ids }) => ids.length);
    const batches = batchesOf(lengths, {
      most: this.#batch,
      texts: MAX_SEQUENCES,
      places: this.#contexts.count,
    });
    let done = 0;
    let failure: { error: unknown } | null = null;
    const work = async () => {
      for (const { first, end } of batches) {
        const ids = texts.slice(first, end).map((text) => text.ids);
        const tokens = ids.reduce((sum, { length }) => sum + length, 0);
        const contexts = tokens < FEWEST_TILED && this.#short ? this.#short.contexts : this.#contexts;
        const own = await contexts.run(tokens, (context) => {
          if (signal?.aborted) throw abortError("Embedding", signal);
          this.#assertOpen();
          return runBatch(context, ids, this.pooling, normalise, signal);
        });
        for (const [i, vector] of own.entries()) vectors[first + i] = vector;
        done += own.length;
        onDone(done);
        if (failure) return;
      }
    };
    const working = Array.from({ length: this.#contexts.count }, () =>
      work().catch((error: unknown) => {
        failure ??= { error };
      }),
    );
    await Promise.all(working);
    const failed = failure as { error: unknown } | null; // set in a callback
    if (failed) throw failed.error;
    return vectors;
  }

  /** Stops what is running, waits for it, and frees the model's memory. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed ??= this.#dispose();
    await this.#disposed;
  }

  async #dispose(): Promise<void> {
    await this.#lifetime.close();
    await this.#pool.dispose();
    await this.#short?.pool.dispose();
    await call<void>((done) => this.#library.functions.llama_model_free.async(this.#pointer, done));
    giveBackMemory();
  }

  #assertOpen(): void {
    this.#lifetime.assertOpen();
    this.#mapped?.assertWhole();
  }
}

/** What sentence-transformers gives the model at most, where the file says it. */
function mostTokensOf({ metadata }: GgufFile, trained: number): number {
  const entry = metadata.get(MOST_TOKENS_KEY);
  return entry?.type === "u32" && entry.value > 0 ? Math.min(entry.value, trained) : trained;
}

/**
 * One llama.cpp context: the key-value cache, the batch being composed, and the decode call.
 *
 * The batch's arrays live in JavaScript memory that llama.cpp reads in place; the logits live in llama.cpp's
 * memory and are viewed in place. Nothing is copied but one row at a time, into the kernel.
 */
import koffi from "koffi";
import { abortError, SurprisalError, whenAborted } from "../../core/index.ts";
import type { LlamaFunctions } from "./bindings.ts";
import type { Batch, ContextParams, Pointer } from "./layout.ts";
import type { Lifetime } from "./lifetime.ts";
import { call } from "./native-call.ts";

/** What a context is made for. */
export interface ContextShape {
  /** Positions its cache holds. */
  cells: number;
  /** Sequences it tells apart, at most MAX_SEQUENCES. */
  sequences: number;
  /** Values per output row. */
  rowLength: number;
  /** What a row is: the logits [V], or the final hidden state [n_embd]. */
  output: "logits" | "embeddings";
  /** Each sequence has `cells` positions of its own, and reads no others: faster where they share nothing. Default false. */
  separate?: boolean | undefined;
}

/** Settings every context of a model shares. */
export interface ContextSettings {
  threads: number;
  /** Most tokens per decode call, which is one micro-batch. */
  batch: number;
  /** ggml type of the cached keys and values. */
  cacheType: number;
  /** enum llama_flash_attn_type */
  flashAttention: number;
  /** Keep the cache and every operation off the GPU. */
  cpuOnly: boolean;
}

/** llama.cpp's LLAMA_MAX_SEQ. */
export const MAX_SEQUENCES = 256;
/** llama.cpp rounds the cache up to this many cells. */
const CELL_ALIGNMENT = 256;

export class LlamaContext {
  readonly shape: ContextShape;
  /** Milliseconds spent inside llama_decode since the context was made. */
  decodeMs = 0;
  /** Tokens decoded since the context was made. */
  tokensRun = 0;
  readonly #functions: LlamaFunctions;
  readonly #pointer: Pointer;
  readonly #nativeMemory: Pointer;
  readonly #batch: NativeBatch;
  /** A ggml context whose one flag, no_alloc, llama.cpp's workers read as "abort": a callback without JavaScript. */
  readonly #abortFlag: Pointer;
  readonly #lifetime: Lifetime;
  #rows: { address: Pointer; count: number; values: Float32Array } | null = null;

  private constructor(
    functions: LlamaFunctions,
    pointers: { context: Pointer; abortFlag: Pointer },
    shape: ContextShape,
    batch: number,
    lifetime: Lifetime,
  ) {
    this.#functions = functions;
    this.#pointer = pointers.context;
    this.#abortFlag = pointers.abortFlag;
    this.#nativeMemory = functions.llama_get_memory(pointers.context);
    this.#batch = new NativeBatch(batch, shape.sequences);
    this.#lifetime = lifetime;
    this.shape = shape;
  }

  /**
   * To be run within `lifetime`.
   * @throws SurprisalError OUT_OF_MEMORY when llama.cpp cannot have the memory.
   */
  static async create(
    functions: LlamaFunctions,
    model: Pointer,
    wanted: ContextShape,
    settings: ContextSettings,
    lifetime: Lifetime,
  ): Promise<LlamaContext> {
    const cells = Math.ceil(wanted.cells / CELL_ALIGNMENT) * CELL_ALIGNMENT;
    const shape = { ...wanted, cells };
    const allCells = wanted.separate ? cells * wanted.sequences : cells;
    const batch = Math.min(settings.batch, allCells); // llama.cpp takes no more, and ends the process when it gets more
    const abortFlag = functions.ggml_init({ mem_size: 1024, mem_buffer: null, no_alloc: false });
    const params: ContextParams = {
      ...functions.llama_context_default_params(),
      n_ctx: allCells,
      n_batch: batch,
      n_ubatch: batch,
      n_seq_max: shape.sequences,
      n_outputs_max: Math.max(batch, shape.sequences), // llama.cpp keeps one row per sequence at least
      n_outputs_max_per_seq: batch,
      n_threads: settings.threads,
      n_threads_batch: settings.threads,
      flash_attn_type: settings.flashAttention,
      type_k: settings.cacheType,
      type_v: settings.cacheType,
      abort_callback: functions.symbols.ggml_get_no_alloc,
      abort_callback_data: abortFlag,
      embeddings: shape.output === "embeddings",
      pooling_type: 0, // none: one vector per token
      offload_kqv: !settings.cpuOnly,
      op_offload: !settings.cpuOnly,
      swa_full: true, // truncating and forking beyond the attention window needs the whole cache
      kv_unified: !wanted.separate, // sequences share the cells of a common prefix
    };
    const context = await call<Pointer>((done) => functions.llama_init_from_model.async(model, params, done));
    if (!context) {
      functions.ggml_free(abortFlag);
      throw new SurprisalError({
        code: "OUT_OF_MEMORY",
        what: `llama.cpp could not make a context of ${cells} tokens with batches of ${batch}`,
        wayOut: 'Use a smaller context or batch size, or a cache of lower precision (cacheType: "q8_0").',
      });
    }
    return new LlamaContext(functions, { context, abortFlag }, shape, batch, lifetime);
  }

  /** Tokens in the batch being composed. */
  get pending(): number {
    return this.#batch.size;
  }

  /** Tokens the batch can still take. */
  get room(): number {
    return this.#batch.capacity - this.#batch.size;
  }

  /**
   * Puts one token into the batch.
   * @returns index of its row of outputs after the next decode, or -1 when `output` is false.
   */
  add(token: number, position: number, sequences: ArrayLike<number>, output: boolean): number {
    return this.#batch.add(token, position, sequences, output);
  }

  /**
   * Runs the batch on llama.cpp's threads; the event loop stays free.
   * @throws SurprisalError CONTEXT_EXCEEDED when the cache has no room, its contents unchanged; ABORTED,
   *   ENGINE_FAILED, MODEL_DISPOSED: what was decoded is undefined then, remove it.
   */
  async decode(signal?: AbortSignal): Promise<void> {
    const { size, outputs } = this.#batch;
    if (size === 0) return;
    if (signal?.aborted) {
      this.#batch.reset();
      throw abortError("Scoring", signal);
    }
    const abort = () => this.#functions.ggml_set_no_alloc(this.#abortFlag, true);
    const callOff = [signal, this.#lifetime.closing].map((each) => whenAborted(each, abort));
    const start = performance.now();
    let status: number;
    try {
      status = await this.#lifetime.run(() =>
        call<number>((done) => this.#functions.llama_decode.async(this.#pointer, this.#batch.struct(), done)),
      );
    } finally {
      this.decodeMs += performance.now() - start;
      for (const off of callOff) off();
      this.#functions.ggml_set_no_alloc(this.#abortFlag, false);
      this.#batch.reset();
    }
    this.#lifetime.assertOpen();
    if (signal?.aborted) throw abortError("Scoring", signal);
    if (status === 1)
      throw new SurprisalError({
        code: "CONTEXT_EXCEEDED",
        what: `${size} more tokens do not fit into a cache of ${this.shape.cells}`,
        wayOut: "Truncate or dispose open sequences, or load the model with a larger contextSize.",
      });
    if (status !== 0)
      throw new SurprisalError({
        code: "ENGINE_FAILED",
        what: `llama_decode failed with status ${status}`,
        wayOut:
          "Set SURPRISAL_LLAMA_LOG=1 to see llama.cpp's own messages, and report this with the model's name.",
      });
    this.tokensRun += size;
    this.#viewRows(outputs);
  }

  /** [rowLength] output row `index` of the last decode; valid until the next one. */
  row(index: number): Float32Array {
    this.#lifetime.assertOpen();
    const length = this.shape.rowLength;
    return this.#rows!.values.subarray(index * length, (index + 1) * length);
  }

  #viewRows(count: number): void {
    if (count === 0) return;
    const address =
      this.shape.output === "embeddings"
        ? this.#functions.llama_get_embeddings(this.#pointer)
        : this.#functions.llama_get_logits(this.#pointer);
    if (this.#rows?.address === address && this.#rows.count >= count) return;
    const values = new Float32Array(koffi.view(address, count * this.shape.rowLength * 4));
    this.#rows = { address, count, values };
  }

  /** The model was disposed, and this with it. */
  get closed(): boolean {
    return this.#lifetime.closing.aborted;
  }

  /** @throws SurprisalError MODEL_DISPOSED */
  assertOpen(): void {
    this.#lifetime.assertOpen();
  }

  get #memory(): Pointer {
    this.#lifetime.assertOpen();
    return this.#nativeMemory;
  }

  /** Forgets everything. */
  clear(): void {
    this.#batch.reset();
    this.#functions.llama_memory_clear(this.#memory, false);
  }

  /**
   * Forgets positions [from, to) of a sequence; to = -1: to the end.
   * @returns whether it could: a recurrent memory forgets a whole sequence only.
   */
  remove(sequence: number, from: number, to = -1): boolean {
    return this.#functions.llama_memory_seq_rm(this.#memory, sequence, from, to);
  }

  /**
   * Forgets positions [from, to) of a sequence and moves the later ones down.
   * @throws SurprisalError UNSUPPORTED_CAPABILITY: llama.cpp would end the process instead.
   */
  closeGap(sequence: number, from: number, to: number): void {
    const memory = this.#memory;
    if (!this.#functions.llama_memory_can_shift(memory) || !this.remove(sequence, from, to))
      throw new SurprisalError({
        code: "UNSUPPORTED_CAPABILITY",
        what: "This model's memory cannot forget a part of a sequence",
        wayOut: "Use a recipe whose windows start afresh: disjoint, strided or half.",
      });
    this.#functions.llama_memory_seq_add(memory, sequence, to, -1, from - to);
  }

  /** Lets `target` share positions [0, to) of `source`; costs no memory and no time. */
  share(source: number, target: number, to: number): void {
    this.#functions.llama_memory_seq_cp(this.#memory, source, target, 0, to);
  }

  /** Bytes that `save` gives. */
  bytesOf(sequence: number): number {
    this.#lifetime.assertOpen();
    return Number(this.#functions.llama_state_seq_get_size(this.#pointer, sequence));
  }

  /** What a sequence has in memory, for `restore`. */
  save(sequence: number): Uint8Array {
    const bytes = new Uint8Array(this.bytesOf(sequence));
    this.#functions.llama_state_seq_get_data(this.#pointer, bytes, bytes.length, sequence);
    return bytes;
  }

  /** @param sequence an empty one, in a memory with room for it: after `clear` it lies there as it did. */
  restore(sequence: number, saved: Uint8Array): void {
    this.#lifetime.assertOpen();
    if (this.#functions.llama_state_seq_set_data(this.#pointer, saved, saved.length, sequence) > 0) return;
    throw new SurprisalError({ code: "ENGINE_FAILED", what: "A saved sequence could not be restored" });
  }

  /** Forgets every sequence but one. */
  keepOnly(sequence: number): void {
    this.#functions.llama_memory_seq_keep(this.#memory, sequence);
  }

  /** Frees it; nothing may run on it any more. */
  async dispose(): Promise<void> {
    await call<void>((done) => this.#functions.llama_free.async(this.#pointer, done));
    this.#functions.ggml_free(this.#abortFlag);
    this.#rows = null;
  }
}

/** The arrays of a llama_batch, in ArrayBuffers (which the garbage collector never moves). */
class NativeBatch {
  readonly capacity: number;
  size = 0;
  outputs = 0;
  readonly #width: number;
  readonly #tokens: Int32Array;
  readonly #positions: Int32Array;
  readonly #sequenceCounts: Int32Array;
  readonly #sequences: Int32Array;
  readonly #sequencePointers: BigUint64Array;
  readonly #outputFlags: Int8Array;
  readonly #addresses: Omit<Batch, "n_tokens">;

  constructor(capacity: number, sequences: number) {
    this.capacity = capacity;
    this.#width = sequences;
    this.#tokens = new Int32Array(new ArrayBuffer(capacity * 4));
    this.#positions = new Int32Array(new ArrayBuffer(capacity * 4));
    this.#sequenceCounts = new Int32Array(new ArrayBuffer(capacity * 4));
    this.#sequences = new Int32Array(new ArrayBuffer(capacity * sequences * 4));
    this.#sequencePointers = new BigUint64Array(new ArrayBuffer(capacity * 8));
    this.#outputFlags = new Int8Array(new ArrayBuffer(capacity));
    const base = koffi.address(this.#sequences.buffer);
    for (let i = 0; i < capacity; i++) this.#sequencePointers[i] = base + BigInt(i * sequences * 4);
    this.#addresses = {
      token: koffi.address(this.#tokens.buffer),
      embd: null,
      pos: koffi.address(this.#positions.buffer),
      n_seq_id: koffi.address(this.#sequenceCounts.buffer),
      seq_id: koffi.address(this.#sequencePointers.buffer),
      logits: koffi.address(this.#outputFlags.buffer),
    };
  }

  add(token: number, position: number, sequences: ArrayLike<number>, output: boolean): number {
    const i = this.size++;
    this.#tokens[i] = token;
    this.#positions[i] = position;
    this.#sequenceCounts[i] = sequences.length;
    for (let s = 0; s < sequences.length; s++) this.#sequences[i * this.#width + s] = sequences[s]!;
    this.#outputFlags[i] = output ? 1 : 0;
    return output ? this.outputs++ : -1;
  }

  reset(): void {
    this.size = 0;
    this.outputs = 0;
  }

  struct(): Batch {
    return { n_tokens: this.size, ...this.#addresses };
  }
}

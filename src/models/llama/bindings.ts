/** llama.cpp's C API, as typed functions. Only declarations: what is declared here is what we use. */
import koffi, { type LibraryHandle } from "koffi";
import type { Batch, ContextParams, Layout, ModelParams, Pointer, QuantizeParams } from "./layout.ts";

/** A function that can also run on a worker thread, so that the event loop stays alive. */
type Async<Arguments extends unknown[], Result> = ((...args: Arguments) => Result) & {
  async: (...args: [...Arguments, (error: Error | null, result: Result) => void]) => void;
};

export interface LlamaFunctions {
  llama_model_default_params(): ModelParams;
  llama_context_default_params(): ContextParams;
  llama_model_quantize_default_params(): QuantizeParams;
  llama_backend_init(): void;
  llama_log_set(callback: Pointer, data: Pointer): void;

  llama_model_load_from_file: Async<[path: string, params: ModelParams], Pointer>;
  llama_model_free: Async<[model: Pointer], void>;
  llama_init_from_model: Async<[model: Pointer, params: ContextParams], Pointer>;
  llama_free: Async<[context: Pointer], void>;
  llama_model_quantize: Async<[input: string, output: string, params: QuantizeParams], number>;

  llama_get_memory(context: Pointer): Pointer;
  llama_model_get_vocab(model: Pointer): Pointer;
  llama_model_n_ctx_train(model: Pointer): number;
  llama_model_n_embd_out(model: Pointer): number;
  llama_model_rope_type(model: Pointer): number;
  llama_model_size(model: Pointer): number;
  llama_model_n_params(model: Pointer): number;
  llama_model_ftype(model: Pointer): number;
  llama_ftype_name(ftype: number): string | null;
  llama_model_is_recurrent(model: Pointer): boolean;
  llama_model_is_hybrid(model: Pointer): boolean;
  llama_model_chat_template(model: Pointer, name: string | null): string | null;

  llama_memory_clear(memory: Pointer, data: boolean): void;
  llama_memory_seq_rm(memory: Pointer, sequence: number, from: number, to: number): boolean;
  llama_memory_seq_cp(memory: Pointer, source: number, target: number, from: number, to: number): void;
  llama_memory_seq_keep(memory: Pointer, sequence: number): void;
  llama_memory_can_shift(memory: Pointer): boolean;
  llama_memory_seq_add(memory: Pointer, sequence: number, from: number, to: number, delta: number): void;

  llama_state_seq_get_size(context: Pointer, sequence: number): number;
  llama_state_seq_get_data(context: Pointer, bytes: Uint8Array, size: number, sequence: number): number;
  llama_state_seq_set_data(context: Pointer, bytes: Uint8Array, size: number, sequence: number): number;

  llama_decode: Async<[context: Pointer, batch: Batch], number>;
  llama_get_logits(context: Pointer): Pointer;
  llama_get_embeddings(context: Pointer): Pointer;

  llama_vocab_type(vocab: Pointer): number;
  llama_vocab_n_tokens(vocab: Pointer): number;
  llama_vocab_bos(vocab: Pointer): number;
  llama_vocab_eos(vocab: Pointer): number;
  llama_vocab_get_add_bos(vocab: Pointer): boolean;
  llama_vocab_is_eog(vocab: Pointer, token: number): boolean;
  llama_tokenize: Async<
    [
      vocab: Pointer,
      text: Uint8Array,
      length: number,
      tokens: Int32Array,
      capacity: number,
      addSpecial: boolean,
      parseSpecial: boolean,
    ],
    number
  >;
  llama_token_to_piece(
    vocab: Pointer,
    token: number,
    buffer: Uint8Array,
    length: number,
    lstrip: number,
    special: boolean,
  ): number;

  ggml_init(params: { mem_size: number; mem_buffer: Pointer; no_alloc: boolean }): Pointer;
  ggml_free(context: Pointer): void;
  ggml_set_no_alloc(context: Pointer, value: boolean): void;
  ggml_backend_load(file: string): Pointer;
  ggml_backend_dev_count(): number;
  ggml_backend_dev_get(index: number): Pointer;
  ggml_backend_dev_name(device: Pointer): string;
  ggml_backend_dev_description(device: Pointer): string;
  ggml_backend_dev_type(device: Pointer): number;
  ggml_backend_dev_memory(device: Pointer, free: number[], total: number[]): void;
  ggml_backend_dev_backend_reg(device: Pointer): Pointer;
  ggml_backend_reg_get_proc_address(registry: Pointer, name: string): Pointer;
  ggml_backend_buft_name(buffer: Pointer): string;

  /** Addresses of native functions that are handed back to the library as callbacks. */
  symbols: { ggml_time_us: Pointer; ggml_get_no_alloc: Pointer };
  /** Layout of the structs above, where koffi needs it. */
  layout: Layout;
}

interface Libraries {
  ggmlBase: LibraryHandle;
  ggml: LibraryHandle;
  llama: LibraryHandle;
}

/** Binds every function; throws when the library lacks one. */
export function bindLlama({ ggmlBase, ggml, llama }: Libraries, layout: Layout): LlamaFunctions {
  const { ModelParams, ContextParams, QuantizeParams, Batch, GgmlInitParams } = layout;
  const sizeOut = koffi.out(koffi.pointer("size_t"));
  const pointer = "void *";
  // biome-ignore format: one function a line reads like the header
  const table = {
    llama_model_default_params: llama.func("llama_model_default_params", ModelParams, []),
    llama_context_default_params: llama.func("llama_context_default_params", ContextParams, []),
    llama_model_quantize_default_params: llama.func("llama_model_quantize_default_params", QuantizeParams, []),
    llama_backend_init: llama.func("void llama_backend_init()"),
    llama_log_set: llama.func("void llama_log_set(void *callback, void *data)"),

    llama_model_load_from_file: llama.func("llama_model_load_from_file", pointer, ["str", ModelParams]),
    llama_model_free: llama.func("void llama_model_free(void *model)"),
    llama_init_from_model: llama.func("llama_init_from_model", pointer, [pointer, ContextParams]),
    llama_free: llama.func("void llama_free(void *context)"),
    llama_model_quantize: llama.func("llama_model_quantize", "uint32", ["str", "str", koffi.pointer(QuantizeParams)]),

    llama_get_memory: llama.func("void *llama_get_memory(void *context)"),
    llama_model_get_vocab: llama.func("void *llama_model_get_vocab(void *model)"),
    llama_model_n_ctx_train: llama.func("int32 llama_model_n_ctx_train(void *model)"),
    llama_model_n_embd_out: llama.func("int32 llama_model_n_embd_out(void *model)"),
    llama_model_rope_type: llama.func("int32 llama_model_rope_type(void *model)"),
    llama_model_size: llama.func("uint64 llama_model_size(void *model)"),
    llama_model_n_params: llama.func("uint64 llama_model_n_params(void *model)"),
    llama_model_ftype: llama.func("int32 llama_model_ftype(void *model)"),
    llama_ftype_name: llama.func("const char *llama_ftype_name(int32 ftype)"),
    llama_model_is_recurrent: llama.func("bool llama_model_is_recurrent(void *model)"),
    llama_model_is_hybrid: llama.func("bool llama_model_is_hybrid(void *model)"),
    llama_model_chat_template: llama.func("const char *llama_model_chat_template(void *model, const char *name)"),

    llama_memory_clear: llama.func("void llama_memory_clear(void *memory, bool data)"),
    llama_memory_seq_rm: llama.func("bool llama_memory_seq_rm(void *memory, int32 seq, int32 p0, int32 p1)"),
    llama_memory_seq_cp: llama.func("void llama_memory_seq_cp(void *memory, int32 src, int32 dst, int32 p0, int32 p1)"),
    llama_memory_seq_keep: llama.func("void llama_memory_seq_keep(void *memory, int32 seq)"),
    llama_memory_can_shift: llama.func("bool llama_memory_can_shift(void *memory)"),
    llama_memory_seq_add: llama.func("void llama_memory_seq_add(void *memory, int32 seq, int32 p0, int32 p1, int32 delta)"),

    llama_state_seq_get_size: llama.func("size_t llama_state_seq_get_size(void *context, int32 sequence)"),
    llama_state_seq_get_data: llama.func("size_t llama_state_seq_get_data(void *context, _Out_ uint8_t *bytes, size_t size, int32 sequence)"),
    llama_state_seq_set_data: llama.func("size_t llama_state_seq_set_data(void *context, const uint8_t *bytes, size_t size, int32 sequence)"),

    llama_decode: llama.func("llama_decode", "int32", [pointer, Batch]),
    llama_get_logits: llama.func("void *llama_get_logits(void *context)"),
    llama_get_embeddings: llama.func("void *llama_get_embeddings(void *context)"),

    llama_vocab_type: llama.func("int32 llama_vocab_type(void *vocab)"),
    llama_vocab_n_tokens: llama.func("int32 llama_vocab_n_tokens(void *vocab)"),
    llama_vocab_bos: llama.func("int32 llama_vocab_bos(void *vocab)"),
    llama_vocab_eos: llama.func("int32 llama_vocab_eos(void *vocab)"),
    llama_vocab_get_add_bos: llama.func("bool llama_vocab_get_add_bos(void *vocab)"),
    llama_vocab_is_eog: llama.func("bool llama_vocab_is_eog(void *vocab, int32 token)"),
    llama_tokenize: llama.func("int32 llama_tokenize(void *vocab, const uint8_t *text, int32 length, _Out_ int32_t *tokens, int32 capacity, bool add_special, bool parse_special)"),
    llama_token_to_piece: llama.func("int32 llama_token_to_piece(void *vocab, int32 token, _Out_ uint8_t *buffer, int32 length, int32 lstrip, bool special)"),

    ggml_init: ggmlBase.func("ggml_init", pointer, [GgmlInitParams]),
    ggml_free: ggmlBase.func("void ggml_free(void *context)"),
    ggml_set_no_alloc: ggmlBase.func("void ggml_set_no_alloc(void *context, bool value)"),
    ggml_backend_load: ggml.func("void *ggml_backend_load(const char *file)"),
    ggml_backend_dev_count: ggml.func("size_t ggml_backend_dev_count()"),
    ggml_backend_dev_get: ggml.func("void *ggml_backend_dev_get(size_t index)"),
    ggml_backend_dev_name: ggmlBase.func("const char *ggml_backend_dev_name(void *device)"),
    ggml_backend_dev_description: ggmlBase.func("const char *ggml_backend_dev_description(void *device)"),
    ggml_backend_dev_type: ggmlBase.func("int32 ggml_backend_dev_type(void *device)"),
    ggml_backend_dev_memory: ggmlBase.func("ggml_backend_dev_memory", "void", [pointer, sizeOut, sizeOut]),
    ggml_backend_dev_backend_reg: ggmlBase.func("void *ggml_backend_dev_backend_reg(void *device)"),
    ggml_backend_reg_get_proc_address: ggmlBase.func("void *ggml_backend_reg_get_proc_address(void *registry, const char *name)"),
    ggml_backend_buft_name: ggmlBase.func("const char *ggml_backend_buft_name(void *buffer)"),

    symbols: { ggml_time_us: ggmlBase.symbol("ggml_time_us"), ggml_get_no_alloc: ggmlBase.symbol("ggml_get_no_alloc") },
    layout,
  };
  return table as LlamaFunctions;
}

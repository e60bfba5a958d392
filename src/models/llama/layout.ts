/**
 * The C structs of llama.h and ggml.h that we pass by value, tied to the library's version.
 *
 * A struct that is one field off is read as garbage, silently. So: only versions whose header was compared with
 * this table are accepted, and `checkDefaults` proves the table at every load by asking the library for its
 * default parameters and comparing all of them with what its source says.
 *
 * Source: include/llama.h and ggml/include/ggml.h of the llama.cpp tags v0.4.0 and v0.5.0 (the structs below are
 * the same in both).
 */
import koffi, { type TypeObject } from "koffi";
import { SurprisalError } from "../../core/index.ts";

/** `llama_version()` of the libraries this table is right for, without the "-dev" that builds from source add. */
export const SUPPORTED_LIBRARY_VERSIONS: readonly string[] = ["0.4.0", "0.5.0"];

/** Anything koffi can turn into a `void *`: an address, 0n, or null. */
export type Pointer = bigint | null;

/** struct llama_model_params */
export interface ModelParams {
  devices: Pointer;
  tensor_buft_overrides: Pointer;
  n_gpu_layers: number;
  split_mode: number;
  load_mode: number;
  lazy_mode: number;
  main_gpu: number;
  tensor_split: Pointer;
  progress_callback: Pointer;
  progress_callback_user_data: Pointer;
  kv_overrides: Pointer;
  vocab_only: boolean;
  check_tensors: boolean;
  use_extra_bufts: boolean;
  no_host: boolean;
  no_alloc: boolean;
  load_mtp: boolean;
}

/** struct llama_context_params */
export interface ContextParams {
  n_ctx: number;
  n_batch: number;
  n_ubatch: number;
  n_seq_max: number;
  n_rs_seq: number;
  n_outputs_max: number;
  n_outputs_max_per_seq: number;
  n_threads: number;
  n_threads_batch: number;
  ctx_type: number;
  rope_scaling_type: number;
  pooling_type: number;
  attention_type: number;
  flash_attn_type: number;
  rope_freq_base: number;
  rope_freq_scale: number;
  yarn_ext_factor: number;
  yarn_attn_factor: number;
  yarn_beta_fast: number;
  yarn_beta_slow: number;
  yarn_orig_ctx: number;
  defrag_thold: number;
  cb_eval: Pointer;
  cb_eval_user_data: Pointer;
  type_k: number;
  type_v: number;
  abort_callback: Pointer;
  abort_callback_data: Pointer;
  embeddings: boolean;
  offload_kqv: boolean;
  no_perf: boolean;
  op_offload: boolean;
  swa_full: boolean;
  kv_unified: boolean;
  samplers: Pointer;
  n_samplers: number;
  ctx_other: Pointer;
}

/** struct llama_model_quantize_params */
export interface QuantizeParams {
  nthread: number;
  ftype: number;
  output_tensor_type: number;
  token_embedding_type: number;
  allow_requantize: boolean;
  quantize_output_tensor: boolean;
  only_copy: boolean;
  pure: boolean;
  keep_split: boolean;
  dry_run: boolean;
  imatrix: Pointer;
  kv_overrides: Pointer;
  tt_overrides: Pointer;
  prune_layers: Pointer;
  max_buf_size: number;
}

/** struct llama_batch; the members are addresses of arrays that llama_batch_init allocated. */
export interface Batch {
  n_tokens: number;
  token: Pointer;
  embd: Pointer;
  pos: Pointer;
  n_seq_id: Pointer;
  seq_id: Pointer;
  logits: Pointer;
}

export interface Layout {
  ModelParams: TypeObject;
  ContextParams: TypeObject;
  QuantizeParams: TypeObject;
  Batch: TypeObject;
  /** struct ggml_init_params */
  GgmlInitParams: TypeObject;
}

/** The structs, in declaration order of the header. */
export function defineLayout(): Layout {
  return {
    ModelParams: koffi.struct({
      devices: "void *",
      tensor_buft_overrides: "void *",
      n_gpu_layers: "int32",
      split_mode: "int32",
      load_mode: "int32",
      lazy_mode: "int32",
      main_gpu: "int32",
      tensor_split: "void *",
      progress_callback: "void *",
      progress_callback_user_data: "void *",
      kv_overrides: "void *",
      vocab_only: "bool",
      check_tensors: "bool",
      use_extra_bufts: "bool",
      no_host: "bool",
      no_alloc: "bool",
      load_mtp: "bool",
    }),
    ContextParams: koffi.struct({
      n_ctx: "uint32",
      n_batch: "uint32",
      n_ubatch: "uint32",
      n_seq_max: "uint32",
      n_rs_seq: "uint32",
      n_outputs_max: "uint32",
      n_outputs_max_per_seq: "uint32",
      n_threads: "int32",
      n_threads_batch: "int32",
      ctx_type: "int32",
      rope_scaling_type: "int32",
      pooling_type: "int32",
      attention_type: "int32",
      flash_attn_type: "int32",
      rope_freq_base: "float",
      rope_freq_scale: "float",
      yarn_ext_factor: "float",
      yarn_attn_factor: "float",
      yarn_beta_fast: "float",
      yarn_beta_slow: "float",
      yarn_orig_ctx: "uint32",
      defrag_thold: "float",
      cb_eval: "void *",
      cb_eval_user_data: "void *",
      type_k: "int32",
      type_v: "int32",
      abort_callback: "void *",
      abort_callback_data: "void *",
      embeddings: "bool",
      offload_kqv: "bool",
      no_perf: "bool",
      op_offload: "bool",
      swa_full: "bool",
      kv_unified: "bool",
      samplers: "void *",
      n_samplers: "size_t",
      ctx_other: "void *",
    }),
    QuantizeParams: koffi.struct({
      nthread: "int32",
      ftype: "int32",
      output_tensor_type: "int32",
      token_embedding_type: "int32",
      allow_requantize: "bool",
      quantize_output_tensor: "bool",
      only_copy: "bool",
      pure: "bool",
      keep_split: "bool",
      dry_run: "bool",
      imatrix: "void *",
      kv_overrides: "void *",
      tt_overrides: "void *",
      prune_layers: "void *",
      max_buf_size: "size_t",
    }),
    Batch: koffi.struct({
      n_tokens: "int32",
      token: "void *",
      embd: "void *",
      pos: "void *",
      n_seq_id: "void *",
      seq_id: "void *",
      logits: "void *",
    }),
    GgmlInitParams: koffi.struct({ mem_size: "size_t", mem_buffer: "void *", no_alloc: "bool" }),
  };
}

const GGML_TYPE_F16 = 1;
/** One past the last ggml type; differs between versions, so only its range is known. */
const GGML_TYPE_COUNT_RANGE = { from: 39, to: 64 };

/** What llama.cpp's source initialises the parameters with. */
const MODEL_DEFAULTS: ModelParams = {
  devices: null,
  tensor_buft_overrides: null,
  n_gpu_layers: -1,
  split_mode: 1,
  load_mode: -1,
  lazy_mode: 1,
  main_gpu: 0,
  tensor_split: null,
  progress_callback: null,
  progress_callback_user_data: null,
  kv_overrides: null,
  vocab_only: false,
  check_tensors: false,
  use_extra_bufts: true,
  no_host: false,
  no_alloc: false,
  load_mtp: false,
};

const CONTEXT_DEFAULTS: ContextParams = {
  n_ctx: 512,
  n_batch: 2048,
  n_ubatch: 512,
  n_seq_max: 1,
  n_rs_seq: 0,
  n_outputs_max: 0,
  n_outputs_max_per_seq: 1,
  n_threads: 4,
  n_threads_batch: 4,
  ctx_type: 0,
  rope_scaling_type: -1,
  pooling_type: -1,
  attention_type: -1,
  flash_attn_type: -1,
  rope_freq_base: 0,
  rope_freq_scale: 0,
  yarn_ext_factor: -1,
  yarn_attn_factor: -1,
  yarn_beta_fast: -1,
  yarn_beta_slow: -1,
  yarn_orig_ctx: 0,
  defrag_thold: -1,
  cb_eval: null,
  cb_eval_user_data: null,
  type_k: GGML_TYPE_F16,
  type_v: GGML_TYPE_F16,
  abort_callback: null,
  abort_callback_data: null,
  embeddings: false,
  offload_kqv: true,
  no_perf: true,
  op_offload: true,
  swa_full: true,
  kv_unified: false,
  samplers: null,
  n_samplers: 0,
  ctx_other: null,
};

const QUANTIZE_DEFAULTS: Partial<QuantizeParams> = {
  nthread: 0,
  ftype: 7,
  allow_requantize: false,
  quantize_output_tensor: true,
  only_copy: false,
  pure: false,
  keep_split: false,
  dry_run: false,
  imatrix: null,
  kv_overrides: null,
  tt_overrides: null,
  prune_layers: null,
};

function differences(name: string, expected: object, actual: object): string[] {
  const got = actual as Record<string, unknown>;
  return Object.entries(expected)
    .filter(([field, value]) => (value === null ? Boolean(got[field]) : got[field] !== value))
    .map(([field, value]) => `${name}.${field} is ${String(got[field])}, expected ${String(value)}`);
}

/**
 * Proves the struct table against a loaded library.
 * @throws SurprisalError ENGINE_LAYOUT naming every field that came back with another value.
 */
export function checkDefaults(
  defaults: { model: ModelParams; context: ContextParams; quantize: QuantizeParams },
  library: string,
): void {
  const wrong = [
    ...differences("llama_model_params", MODEL_DEFAULTS, defaults.model),
    ...differences("llama_context_params", CONTEXT_DEFAULTS, defaults.context),
    ...differences("llama_model_quantize_params", QUANTIZE_DEFAULTS, defaults.quantize),
  ];
  const { output_tensor_type: count, token_embedding_type, max_buf_size } = defaults.quantize;
  if (
    count !== token_embedding_type ||
    count < GGML_TYPE_COUNT_RANGE.from ||
    count > GGML_TYPE_COUNT_RANGE.to
  )
    wrong.push(`llama_model_quantize_params.output_tensor_type is ${count}`);
  if (max_buf_size < 2 ** 20) wrong.push(`llama_model_quantize_params.max_buf_size is ${max_buf_size}`);
  if (wrong.length === 0) return;
  throw new SurprisalError({
    code: "ENGINE_LAYOUT",
    what: `The library's default parameters are not those of a supported llama.cpp: ${wrong.slice(0, 4).join("; ")}${wrong.length > 4 ? `; and ${wrong.length - 4} more` : ""}`,
    where: library,
    wayOut: `Use an unmodified libllama ${SUPPORTED_LIBRARY_VERSIONS.join(" or ")}, or unset SURPRISAL_LLAMA_LIB to use the packaged one.`,
  });
}

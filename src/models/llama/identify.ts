/** What a loaded model says about itself. */
import { basename } from "node:path";
import type { GgufFile } from "../gguf/index.ts";
import type { ModelIdentity } from "../language-model.ts";
import type { LlamaFunctions } from "./bindings.ts";
import type { Pointer } from "./layout.ts";

/** The sha256 of the file is not computed here: whoever fetched the file knows it. */
export function identify(functions: LlamaFunctions, model: Pointer, file: GgufFile): ModelIdentity {
  const fileName = basename(file.path);
  const weights = file.tensors.reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    name: file.name ?? fileName,
    source: fileName,
    sha256: null,
    architecture: file.architecture,
    parameters: Number(functions.llama_model_n_params(model)),
    quantisation: functions.llama_ftype_name(functions.llama_model_ftype(model)),
    bytes: file.fileBytes,
    bitsPerWeight: file.parameters > 0 ? (8 * weights) / file.parameters : null,
  };
}

const ROPE_MULTIPLE_POSITIONS = [8, 40]; // LLAMA_ROPE_TYPE_MROPE, _IMROPE
const UNSHIFTABLE: readonly (string | null)[] = ["step35", "deepseek4"];

/** llama.cpp's own rule (`get_can_shift` of llama_kv_cache and llama_kv_cache_dsv4), which takes a context to ask. */
export function canShift(ropeType: number, architecture: string | null): boolean {
  return !ROPE_MULTIPLE_POSITIONS.includes(ropeType) && !UNSHIFTABLE.includes(architecture);
}

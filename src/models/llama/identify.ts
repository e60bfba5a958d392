/** What a loaded model says about itself. */
import { basename } from "node:path";
import type { ModelIdentity } from "../language-model.ts";
import type { LlamaFunctions } from "./bindings.ts";
import type { GgufFile } from "./gguf.ts";
import type { Pointer } from "./layout.ts";

/** The sha256 of the file is not computed here: whoever fetched the file knows it. */
export function identify(functions: LlamaFunctions, model: Pointer, file: GgufFile): ModelIdentity {
  const fileName = basename(file.path);
  return {
    name: file.name ?? fileName,
    source: fileName,
    sha256: null,
    architecture: file.architecture,
    parameters: Number(functions.llama_model_n_params(model)),
    quantisation: functions.llama_ftype_name(functions.llama_model_ftype(model)),
    bytes: file.fileBytes,
  };
}

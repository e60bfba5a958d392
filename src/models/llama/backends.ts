/**
 * ggml's backends as libraries: what `ggml_backend_load_all_from_path` does, but for the CPU build, which is named.
 * Source: ggml/src/ggml-backend-reg.cpp of llama.cpp 0.4.0 and 0.5.0.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import koffi from "koffi";
import type { LlamaFunctions } from "./bindings.ts";
import { type CpuBuild, scoreOf } from "./cpu-builds.ts";
import type { Pointer } from "./layout.ts";

/** In ggml's order, which is the order of its devices. The CPU comes last. */
const OTHERS = [
  "blas",
  "zendnn",
  "cann",
  "cuda",
  "hip",
  "metal",
  "rpc",
  "sycl",
  "vulkan",
  "virtgpu",
  "opencl",
  "hexagon",
  "musa",
  "openvino",
];

/**
 * Loads every backend in the folder that this machine can use.
 * @param cpu build of the CPU code; `null`: the folder's only one, or one that is a part of libggml.
 */
export function loadBackends(functions: LlamaFunctions, folder: string, cpu: CpuBuild | null): void {
  const files = readdirSync(folder);
  for (const name of OTHERS) {
    const file = bestOf(files, folder, name);
    if (file) functions.ggml_backend_load(file);
  }
  const file = cpu?.file ?? baseFile(files, folder, "cpu");
  if (file) functions.ggml_backend_load(file);
  const outOfTree = process.env.GGML_BACKEND_PATH;
  if (outOfTree) functions.ggml_backend_load(outOfTree);
}

/** Of several builds the one that ggml rates highest, else the only one. */
function bestOf(files: readonly string[], folder: string, name: string): string | undefined {
  const pattern = new RegExp(`^(lib)?ggml-${name}-.+\\.(so|dll)$`);
  const rated = files
    .filter((file) => pattern.test(file))
    .map((file) => ({ file: join(folder, file), score: scoreOf(join(folder, file)) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score);
  return rated[0]?.file ?? baseFile(files, folder, name);
}

function baseFile(files: readonly string[], folder: string, name: string): string | undefined {
  const file = files.find((each) => new RegExp(`^(lib)?ggml-${name}\\.(so|dll)$`).test(each));
  return file && join(folder, file);
}

/** What the CPU backend in use says of itself. */
export interface CpuFacts {
  /** Names of what it was compiled for, such as "AVX2"; empty when it does not say. */
  features: ReadonlySet<string>;
  /** It multiplies by AMX: compiled for it, and the system lets it. */
  amx: boolean;
}

/** @param device of the CPU */
export function cpuFacts(functions: LlamaFunctions, device: Pointer): CpuFacts {
  const registry = functions.ggml_backend_dev_backend_reg(device);
  const ask = (name: string) => functions.ggml_backend_reg_get_proc_address(registry, name);
  return {
    features: features(ask("ggml_backend_get_features"), registry),
    amx: extraBuffers(functions, ask("ggml_backend_dev_get_extra_bufts"), device).includes("AMX"),
  };
}

const POINTER_BYTES = 8;
const LIST_OF = "void * (void *of)";

/** struct ggml_backend_feature { const char * name; const char * value; }, ended by a name that is null. */
function features(list: Pointer, registry: Pointer): Set<string> {
  const found = new Set<string>();
  if (!list) return found;
  const array: Pointer = koffi.call(list, koffi.proto(LIST_OF), registry);
  for (let at = array; at; at += BigInt(2 * POINTER_BYTES)) {
    const name = textAt(at);
    if (name === null) break;
    if (textAt(at + BigInt(POINTER_BYTES)) !== "0") found.add(name);
  }
  return found;
}

function textAt(address: bigint): string | null {
  return koffi.decode(address, "const char *");
}

/** Names of the memory that weights are put into so that special kernels work on them. */
function extraBuffers(functions: LlamaFunctions, list: Pointer, device: Pointer): string[] {
  const names: string[] = [];
  if (!list) return names;
  const array: Pointer = koffi.call(list, koffi.proto(LIST_OF), device);
  for (let at = array; at; at += BigInt(POINTER_BYTES)) {
    const buffer: Pointer = koffi.decode(at, "void *");
    if (!buffer) break;
    names.push(functions.ggml_backend_buft_name(buffer));
  }
  return names;
}

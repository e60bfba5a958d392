/** From a path to weights in memory: nothing reaches llama.cpp before its file was checked. */
import { resolve } from "node:path";
import {
  type CheckGgufOptions,
  checkGguf,
  checkValues,
  type GgufFile,
  inspectGguf,
  isFullyChecked,
  machineMemory,
} from "../gguf/index.ts";
import type { ModelIdentity } from "../language-model.ts";
import { cacheFolder, isKnownFinite, rememberFinite } from "../registry/index.ts";
import { type ExactOptions, floatWeights } from "./exact.ts";
import type { Pointer } from "./layout.ts";
import { type LlamaLibrary, loadLlamaLibrary } from "./library.ts";
import { checkedByEngine, loadWeights } from "./load-weights.ts";
import { isMapped, MappedFiles } from "./mapping.ts";
import { gpuMemory, type LlamaLoadOptions, type Placement, placeModel } from "./placement.ts";
import { tryInChild } from "./trial.ts";

type CheckedLoadOptions = LlamaLoadOptions & ExactOptions;

/** A model's weights in memory. */
export interface CheckedWeights {
  file: GgufFile;
  library: LlamaLibrary;
  placement: Placement;
  /** To be freed by the caller. */
  pointer: Pointer;
  /** The file, where it is mapped. */
  mapped: MappedFiles | null;
  /** What llama.cpp warned of. */
  warnings: readonly string[];
  /** What is other than in the file: of weights made floats. */
  own: Partial<ModelIdentity>;
}

/**
 * @param kind what the model is wanted for.
 * @param given options, or a function that chooses them by the file.
 * @throws SurprisalError GGUF_*, MODEL_LOAD_FAILED, OUT_OF_MEMORY, DEVICE_UNAVAILABLE, ENGINE_*, KERNELS_*, ABORTED.
 */
export async function loadChecked(
  path: string,
  kind: NonNullable<CheckGgufOptions["kind"]>,
  given: CheckedLoadOptions | ((file: GgufFile) => CheckedLoadOptions),
  identity: Partial<ModelIdentity>,
): Promise<CheckedWeights> {
  const file = await inspectGguf(path);
  const options = typeof given === "function" ? given(file) : given;
  const library = loadLlamaLibrary(options);
  checkGguf(file, { memoryBytes: machineMemory() + gpuMemory(library), kind });
  const placement = placeModel(options, library, file);
  const known = await isKnownFinite(file.parts, options);
  const byEngine = !known && checkedByEngine(placement, file);
  if (!known && !isFullyChecked(file)) await tryInChild({ ...file, path: resolve(path) }, options);
  if (!known) await checkValues(file, byEngine ? "unchecked" : "all", options.signal);
  const { exact = false } = options;
  const { path: weights, ...own } = exact ? await floatWeights(library, file, identity, options) : { path };
  // A float copy lies in the cache.
  const mmap = exact || isMapped(file, options.cache ?? cacheFolder(options.environment), options.mmap);
  const warnings: string[] = [];
  const pointer = await loadWeights(library, weights, placement, { ...options, mmap }, warnings, byEngine);
  if (!known) await rememberFinite(file.parts, options);
  const mapped = mmap && !exact ? new MappedFiles(file.parts) : null;
  return { file, library, placement, pointer, mapped, warnings, own };
}

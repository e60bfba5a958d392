/** Handing a checked file to llama.cpp, with progress, abort, and its own words when it refuses. */
import koffi from "koffi";
import { abortError, SurprisalError } from "../../core/index.ts";
import { type GgufFile, notFinite } from "../gguf/index.ts";
import { withExitGuard } from "./exit-guard.ts";
import type { Pointer } from "./layout.ts";
import type { LlamaLibrary } from "./library.ts";
import { LlamaLog, LOG_WARNING } from "./log.ts";
import { call } from "./native-call.ts";
import type { LlamaLoadOptions, Placement } from "./placement.ts";
import { Queue } from "./queue.ts";

/** One load after the other: llama.cpp has one log, and its warnings are to be told with the right model. */
const loads = new Queue();

/** enum llama_load_mode: read the weights into memory; map them where the device can use them so. */
const READ = 0;
const AUTOMATIC = -1;

/**
 * @param warnings what llama.cpp warns of is added here, as it says it.
 * @param check llama.cpp looks at every weight: see `checkedByEngine`.
 * @throws SurprisalError ABORTED, MODEL_LOAD_FAILED, OUT_OF_MEMORY, GGUF_INVALID (weights that are not finite); what
 *   `onLoad` throws, which stops the load.
 */
export async function loadWeights(
  library: LlamaLibrary,
  path: string,
  placement: Placement,
  options: LlamaLoadOptions,
  warnings: string[] = [],
  check = false,
): Promise<Pointer> {
  return loads.run(() => load(library, path, placement, options, warnings, check));
}

async function load(
  { functions }: LlamaLibrary,
  path: string,
  placement: Placement,
  { onLoad, signal, repack = true, mmap }: LlamaLoadOptions,
  warnings: string[],
  check: boolean,
): Promise<Pointer> {
  if (signal?.aborted) throw abortError("Loading the model", signal);
  let failure: { error: unknown } | undefined;
  const progress = koffi.register(
    (fraction: number) => {
      try {
        if (!failure) onLoad?.(fraction);
      } catch (error) {
        failure = { error };
      }
      return !failure && !signal?.aborted;
    },
    koffi.pointer(koffi.proto("bool (float fraction, void *data)")),
  );
  const log = new LlamaLog(functions, LOG_WARNING);
  const params = {
    ...functions.llama_model_default_params(),
    n_gpu_layers: placement.gpuLayers,
    load_mode: mmap === false ? READ : AUTOMATIC,
    lazy_mode: mmap === false ? 0 : 1,
    use_extra_bufts: repack,
    progress_callback: progress,
    check_tensors: check,
  };
  try {
    const pointer = await withExitGuard(() =>
      call<Pointer>((done) => functions.llama_model_load_from_file.async(path, params, done)),
    );
    if (pointer) {
      warnings.push(...log.text(LOG_WARNING).split("\n"));
      return pointer;
    }
  } finally {
    log.dispose();
    koffi.unregister(progress);
  }
  if (failure) throw failure.error;
  if (signal?.aborted) throw abortError("Loading the model", signal);
  const spoilt = /tensor '(.+?)' has invalid data/.exec(log.errors)?.[1];
  if (spoilt !== undefined) throw notFinite(path, spoilt);
  const said = log.errors;
  const memory = /alloc|memory/i.test(said.replaceAll(path, ""));
  throw new SurprisalError({
    code: memory ? "OUT_OF_MEMORY" : "MODEL_LOAD_FAILED",
    what: `llama.cpp could not load the model${said ? `: ${said}` : ""}`,
    where: path,
    wayOut: memory
      ? "Close other programs or use a smaller quantisation of the model."
      : "Check that the file is complete (compare its sha256) and that this llama.cpp knows its architecture (`surprisal doctor`).",
  });
}

/** llama.cpp starts a thread for each tensor it looks at, all at once, and containers have limits. */
const MOST_THREADS = 400;

/**
 * Whether llama.cpp can look at every weight while it loads them, which costs 0.2 s per gigabyte. What goes to a GPU in
 * pieces it does not look at.
 */
export function checkedByEngine(
  { gpuLayers }: Pick<Placement, "gpuLayers">,
  { tensors }: Pick<GgufFile, "tensors">,
): boolean {
  return gpuLayers === 0 && tensors.length <= MOST_THREADS;
}

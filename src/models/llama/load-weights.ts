/** Handing a checked file to llama.cpp, with progress, abort, and its own words when it refuses. */
import koffi from "koffi";
import { abortError, SurprisalError } from "../../core/index.ts";
import type { LlamaFunctions } from "./bindings.ts";
import { call } from "./context.ts";
import { withExitGuard } from "./exit-guard.ts";
import type { Pointer } from "./layout.ts";
import { type LlamaLibrary, silence } from "./library.ts";
import type { LlamaLoadOptions, Placement } from "./placement.ts";

/**
 * @throws SurprisalError ABORTED, MODEL_LOAD_FAILED, OUT_OF_MEMORY; what `onLoad` throws, which stops the load.
 */
export async function loadWeights(
  { functions }: LlamaLibrary,
  path: string,
  placement: Placement,
  { onLoad, signal, repack = true }: LlamaLoadOptions,
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
  const log = new LoadLog(functions);
  const params = {
    ...functions.llama_model_default_params(),
    n_gpu_layers: placement.gpuLayers,
    use_extra_bufts: repack,
    progress_callback: progress,
  };
  try {
    const pointer = await withExitGuard(() =>
      call<Pointer>((done) => functions.llama_model_load_from_file.async(path, params, done)),
    );
    if (pointer) return pointer;
  } finally {
    log.dispose();
    koffi.unregister(progress);
  }
  if (failure) throw failure.error;
  if (signal?.aborted) throw abortError("Loading the model", signal);
  const memory = /alloc|memory/i.test(log.text.replaceAll(path, ""));
  throw new SurprisalError({
    code: memory ? "OUT_OF_MEMORY" : "MODEL_LOAD_FAILED",
    what: `llama.cpp could not load the model${log.text ? `: ${log.text}` : ""}`,
    where: path,
    wayOut: memory
      ? "Close other programs or use a smaller quantisation of the model."
      : "Check that the file is complete (compare its sha256) and that this llama.cpp knows its architecture (`surprisal doctor`).",
  });
}

const LEVEL_ERROR = 4;
const LEVEL_CONTINUED = 5;

/** Collects llama.cpp's error messages while a model is loaded. */
class LoadLog {
  /** Those of every load under way: llama.cpp has one log and does not say what a message is about. */
  static readonly #open = new Set<LoadLog>();
  /** Never unregistered: a thread of another model may be about to call it. */
  static #callback: bigint | undefined;
  static #level = 0;
  readonly #functions: LlamaFunctions;
  readonly #lines: string[] = [];

  constructor(functions: LlamaFunctions) {
    this.#functions = functions;
    LoadLog.#open.add(this);
    if (process.env.SURPRISAL_LLAMA_LOG) return;
    LoadLog.#callback ??= koffi.register(
      LoadLog.#write,
      koffi.pointer(koffi.proto("void (int level, const char *text, void *data)")),
    );
    functions.llama_log_set(LoadLog.#callback, null);
  }

  static #write(level: number, text: string): void {
    if (level !== LEVEL_CONTINUED) LoadLog.#level = level;
    if (LoadLog.#level < LEVEL_ERROR) return;
    for (const log of LoadLog.#open) log.#lines.push(text.trim());
  }

  get text(): string {
    return this.#lines.join(" ").slice(0, 500);
  }

  dispose(): void {
    LoadLog.#open.delete(this);
    if (LoadLog.#open.size === 0 && !process.env.SURPRISAL_LLAMA_LOG) silence(this.#functions);
  }
}

/** Handing a checked file to llama.cpp, with progress, abort, and its own words when it refuses. */
import koffi from "koffi";
import { abortError, SurprisalError } from "../../core/index.ts";
import { call } from "./context.ts";
import type { Pointer } from "./layout.ts";
import { type LlamaLibrary, silence } from "./library.ts";
import type { LlamaLoadOptions, Placement } from "./placement.ts";

/** @throws SurprisalError ABORTED, MODEL_LOAD_FAILED, OUT_OF_MEMORY. */
export async function loadWeights(
  { functions }: LlamaLibrary,
  path: string,
  placement: Placement,
  { onLoad, signal }: LlamaLoadOptions,
): Promise<Pointer> {
  if (signal?.aborted) throw abortError("Loading the model", signal);
  // Both callbacks are called from the thread that loads, and koffi runs them on ours.
  const progress = koffi.register(
    (fraction: number) => {
      onLoad?.(fraction);
      return !signal?.aborted;
    },
    koffi.pointer(koffi.proto("bool (float fraction, void *data)")),
  );
  const log = new LoadLog();
  if (!process.env.SURPRISAL_LLAMA_LOG) functions.llama_log_set(log.callback, null);
  const params = {
    ...functions.llama_model_default_params(),
    n_gpu_layers: placement.gpuLayers,
    progress_callback: progress,
  };
  try {
    const pointer = await call<Pointer>((done) =>
      functions.llama_model_load_from_file.async(path, params, done),
    );
    if (pointer) return pointer;
  } finally {
    if (!process.env.SURPRISAL_LLAMA_LOG) silence(functions);
    log.dispose();
    koffi.unregister(progress);
  }
  if (signal?.aborted) throw abortError("Loading the model", signal);
  const memory = /alloc|memory/i.test(log.text);
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
  readonly callback: bigint;
  #lines: string[] = [];
  #level = 0;

  constructor() {
    this.callback = koffi.register(
      (level: number, text: string) => {
        if (level !== LEVEL_CONTINUED) this.#level = level;
        if (this.#level >= LEVEL_ERROR) this.#lines.push(text.trim());
      },
      koffi.pointer(koffi.proto("void (int level, const char *text, void *data)")),
    );
  }

  get text(): string {
    return this.#lines.join(" ").slice(0, 500);
  }

  dispose(): void {
    koffi.unregister(this.callback);
  }
}

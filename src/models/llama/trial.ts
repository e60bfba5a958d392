/**
 * A first load in a process of its own, which may die of it.
 *
 * llama.cpp ends the process where a file breaks one of the some thousand assertions of its loaders, graphs and kernels
 * (SIGABRT), divides by a number of the file (SIGFPE), or reads what is not there (SIGSEGV). For the architectures of
 * `TENSOR_LAYOUTS` every tensor and number that matters is compared beforehand; of the some hundred others `checkGguf` knows the
 * assertions that were found, which is not to say all. So a file of theirs that never was loaded here is first loaded by a
 * child: weights mapped, a context made (llama.cpp builds and reserves its largest graphs then), a few tokens decoded. If
 * the child dies the file is refused, and this process lives. A file that was loaded once is not tried again.
 */
import { abortError, SurprisalError } from "../../core/index.ts";
import type { GgufFile } from "../gguf/index.ts";
import { startChild } from "./child.ts";
import type { CpuBuildOptions } from "./cpu-builds.ts";
import type { LlamaLoadOptions } from "./placement.ts";

/** What the child is told. */
export interface TrialOrder extends CpuBuildOptions {
  /** Absolute. */
  path: string;
  load: Pick<LlamaLoadOptions, "threads" | "batchSize" | "cacheType" | "flashAttention" | "repack">;
}

/** What the child says when it has lived. */
export const FINISHED = "finished";

/** From here on the trial maps the weights and re-orders none: it costs the time of reading them, and no memory. */
const LARGE_BYTES = 2 ** 31;

/**
 * Loads a file in a child process, and decodes a few tokens. Where no child can be started (in a bundle, from the
 * sources) nothing is tried.
 * @throws SurprisalError MODEL_LOAD_FAILED: the child died; ABORTED.
 */
export async function tryInChild(
  { path, fileBytes }: Pick<GgufFile, "path" | "fileBytes">,
  options: LlamaLoadOptions,
): Promise<void> {
  const { signal } = options;
  if (signal?.aborted) throw abortError("Loading the model", signal);
  let finished = false;
  const child = await startChild<TrialOrder, typeof FINISHED>(new URL("./trial-child.js", import.meta.url), {
    signal,
    onMessage() {
      finished = true;
    },
  });
  child?.send(order(path, fileBytes, options));
  const how = await child?.ended;
  if (signal?.aborted) throw abortError("Loading the model", signal);
  if (how !== undefined && !finished) throw died(path, how);
}

function order(path: string, fileBytes: number, options: LlamaLoadOptions): TrialOrder {
  const { threads, batchSize, cacheType, flashAttention, repack, kernels, cpuBuild } = options;
  const load = { threads, batchSize, cacheType, flashAttention };
  return { path, kernels, cpuBuild, load: { ...load, repack: fileBytes < LARGE_BYTES ? repack : false } };
}

function died(path: string, how: string): SurprisalError {
  return new SurprisalError({
    code: "MODEL_LOAD_FAILED",
    what: `llama.cpp ends its process on this file (${how}), as a trial in another process shows`,
    where: path,
    wayOut:
      "The file contradicts itself, or was changed during the trial: compare its sha256 with its source's, or get another conversion of the model.",
  });
}

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
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { abortError, SurprisalError, whenAborted } from "../../core/index.ts";
import type { GgufFile } from "../gguf/index.ts";
import type { CpuBuildOptions } from "./cpu-builds.ts";
import type { LlamaLoadOptions } from "./placement.ts";

/** What the child is told. */
export interface TrialOrder extends CpuBuildOptions {
  path: string;
  load: Pick<LlamaLoadOptions, "threads" | "batchSize" | "cacheType" | "flashAttention" | "repack">;
}

/** From here on the trial maps the weights and re-orders none: it costs the time of reading them, and no memory. */
const LARGE_BYTES = 2 ** 31;
/** Of what the child writes, the end is kept: llama.cpp's last words. */
const KEPT_CHARACTERS = 4000;

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
  if (!import.meta.url.endsWith(".js")) return;
  if (signal?.aborted) throw abortError("Loading the model", signal);
  const child = start();
  if (!child) return;
  const stop = () => child.kill("SIGKILL");
  const callOff = whenAborted(signal, stop);
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-KEPT_CHARACTERS);
  });
  let ready = false;
  let finished = false;
  child.on("message", (message) => {
    if (message === "finished") finished = true;
    if (message !== "ready") return;
    ready = true;
    child.send(order(path, fileBytes, options), () => {}); // it may be dead already
  });
  try {
    const [code, reason] = await ended(child);
    if (signal?.aborted) throw abortError("Loading the model", signal);
    // Without "ready" it never came to the file: a program that cannot start itself a second time.
    if (ready && !finished) throw died(path, reason ?? `exit code ${code}`, said);
  } finally {
    callOff();
  }
}

function start(): ChildProcess | null {
  try {
    return fork(fileURLToPath(new URL("./trial-child.js", import.meta.url)), {
      // Without GGML_NO_BACKTRACE an abort would first call a debugger.
      env: { ...process.env, GGML_NO_BACKTRACE: "1", NODE_OPTIONS: "" },
      cwd: tmpdir(), // a relative path is made absolute beforehand
      execArgv: [],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
  } catch {
    return null;
  }
}

function order(path: string, fileBytes: number, options: LlamaLoadOptions): TrialOrder {
  const { threads, batchSize, cacheType, flashAttention, repack, kernels, cpuBuild } = options;
  const load = { threads, batchSize, cacheType, flashAttention };
  return { path, kernels, cpuBuild, load: { ...load, repack: fileBytes < LARGE_BYTES ? repack : false } };
}

/** How it ended; [null, "..."] where it never began. */
async function ended(child: ChildProcess): Promise<[code: number | null, signal: string | null]> {
  try {
    const [code, signal] = await once(child, "close");
    return [code as number | null, signal as string | null];
  } catch {
    return [null, null]; // "error": it could not be started
  }
}

function died(path: string, how: string, said: string): SurprisalError {
  const words = said
    .split("\n")
    .filter((line) => /assert|error|abort|terminate|what\(\)/i.test(line))
    .slice(0, 2)
    .join("; ");
  return new SurprisalError({
    code: "MODEL_LOAD_FAILED",
    what: `llama.cpp ends its process on this file (${how}${words ? `: ${words}` : ""}), as a trial in another process shows`,
    where: path,
    wayOut:
      "The file contradicts itself, or was changed during the trial: compare its sha256 with its source's, or get another conversion of the model.",
  });
}

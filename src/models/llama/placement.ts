/** Where a model's layers go, and with what settings, as options handed to llama.cpp. */
import { availableParallelism } from "node:os";
import { invalidArgument, SurprisalError } from "../../core/index.ts";
import type { GgufFile } from "../gguf/index.ts";
import { withoutRepacking } from "../kernels.ts";
import type { ContextSettings } from "./context.ts";
import type { CpuBuildOptions } from "./cpu-builds.ts";
import type { LlamaLibrary } from "./library.ts";

/** ggml types the key-value cache can have. */
const CACHE_TYPES = {
  f32: 0,
  f16: 1,
  bf16: 30,
  q8_0: 8,
  q4_0: 2,
  q4_1: 3,
  q5_0: 6,
  q5_1: 7,
  iq4_nl: 20,
} as const;

/** Precision of the cached keys and values. */
export type CacheType = keyof typeof CACHE_TYPES;

/** Where and how a GGUF model is loaded. */
export interface LlamaLoadOptions extends CpuBuildOptions {
  /**
   * "auto": every layer on a GPU if there is one, else the CPU. "cpu": nothing on a GPU. A number: that many
   * layers on the GPU. Default "auto".
   */
  device?: "auto" | "cpu" | number | undefined;
  /**
   * Threads of the CPU backend. Default: one per available core, at most 16; one for a model under 32 MB, where
   * waiting for each other would cost more than the work. The number was never seen to change a digit.
   */
  threads?: number | undefined;
  /**
   * Most tokens per decode call (llama.cpp's micro-batch), 1 ... 4096. Default 512, or less for a vocabulary so
   * large that a batch of logits would pass 128 MiB.
   */
  batchSize?: number | undefined;
  /** Precision of the cached keys and values. Default "f16". */
  cacheType?: CacheType | undefined;
  /**
   * llama.cpp's flash attention, which saves memory and time and computes in half precision on CPUs: a token's
   * log-probability moves by about 1e-3 nats. Default "auto", llama.cpp's own choice; "off" with cacheType "f32",
   * which asks for exactness.
   */
  flashAttention?: "auto" | "on" | "off" | undefined;
  /**
   * The same weights as 32-bit floats, float activations, a cache of type "f32", no flash attention, on the CPU: what the
   * model is without what kernels round, the same to 1e-5 with every build. A copy with the floats is made in the cache at
   * the first use (4 bytes per weight, on disk and in memory). Default false.
   */
  exact?: boolean | undefined;
  /**
   * Weights re-ordered in memory for the CPU's fastest kernels, AMX's among them (llama.cpp's `use_extra_bufts`), which
   * moves numbers of some formats (Q4_0 by 0.5 %). Default true.
   */
  repack?: boolean | undefined;
  /**
   * true: the file is mapped into memory, which saves time and memory and ends the process if another program shortens the
   * file in the meantime. false: it is read whole. "auto", the default: models in the cache are mapped, and those that would take
   * more than half of the free memory; all others are read.
   */
  mmap?: boolean | "auto" | undefined;
  /** Tokens that the sequences of `open`, `generate` and `sample` may hold, all together. Default: 4,096, and each no more than the trained context. */
  contextSize?: number | undefined;
  /**
   * "on": sequences of `open`, `generate` and `sample` that wait at the same moment are run together, which is faster, and with
   * quantised weights moves single tokens with whatever else is run. "off": each by itself, with the digits and the tokens of one
   * at a time. Scoring is the same with both. Default "on".
   */
  batching?: "on" | "off" | undefined;
  /**
   * Memory that the keys and values of ended sequences may take, bytes: prompts of `generate` and `sample` that begin as one
   * of them are not run again. It is a part of the context's memory, and is given up where that is needed; 0: nothing is kept.
   * Default: half of the context. Without effect with `batching: "off"`.
   */
  prefixCacheBytes?: number | undefined;
  /** Called while the weights are read, with the fraction done, 0 ... 1. */
  onLoad?: ((fraction: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

export interface Placement {
  gpuLayers: number;
  context: ContextSettings;
  /** For people: "cpu (zen4)", "gpu: NVIDIA ...". */
  device: string;
  /** What multiplies the matrices: see `kernelsOf`. */
  kernels: string;
  cacheType: CacheType;
  flashAttention: keyof typeof FLASH_ATTENTION;
}

/** enum llama_flash_attn_type */
export const FLASH_ATTENTION = { auto: -1, off: 0, on: 1 } as const;
const MOST_DEFAULT_THREADS = 16;
/**
 * Threads wait for each other after every operation, spinning. With a small model that is thousands of times a second,
 * and each time one of them has lost its core to another program all wait for it: ten tokens of a 6.7 MB model took
 * 2.7 ms on one thread, and 1,440 ms on two of two busy cores.
 */
const ONE_THREAD_BYTES = 32e6;
const DEFAULT_BATCH = 512;
const BATCH_LOGITS_BYTES = 128 * 2 ** 20;

/** @throws SurprisalError DEVICE_UNAVAILABLE when a GPU is asked for and there is none; INVALID_ARGUMENT. */
export function placeModel(
  options: LlamaLoadOptions,
  library: LlamaLibrary,
  {
    fileBytes,
    vocabularySize,
    tensors,
  }: Pick<GgufFile, "fileBytes" | "vocabularySize"> & Partial<Pick<GgufFile, "tensors">>,
): Placement {
  const { exact = false, device = "auto", cacheType = exact ? "f32" : "f16" } = options;
  const threads = options.threads ?? defaultThreads(fileBytes);
  integer("threads", threads, 1, 1024);
  const batch = options.batchSize ?? defaultBatch(vocabularySize);
  integer("batchSize", batch, 1, 4096);
  integer("contextSize", options.contextSize ?? 1, 1, 2 ** 31 - 256);
  oneOf("batching", options.batching ?? "on", ["on", "off"]);
  integer("prefixCacheBytes", options.prefixCacheBytes ?? 0, 0, Number.MAX_SAFE_INTEGER);
  oneOf("cacheType", cacheType, Object.keys(CACHE_TYPES));
  const flashAttention = options.flashAttention ?? (cacheType === "f32" ? "off" : "auto");
  oneOf("flashAttention", flashAttention, Object.keys(FLASH_ATTENTION));
  const gpu = library.devices.find(({ kind }) => kind === "gpu" || kind === "integrated-gpu");
  const gpuLayers = layersOnGpu(exact ? "cpu" : device, gpu !== undefined);
  if (gpuLayers !== 0 && !gpu)
    throw new SurprisalError({
      code: "DEVICE_UNAVAILABLE",
      what: `${device} layers were asked for on a GPU, and llama.cpp finds none here (it finds: ${library.devices.map(({ name }) => name).join(", ")})`,
      where: library.origin,
      wayOut:
        'Use device "cpu" or "auto"; or install a GPU build, such as @node-llama-cpp/linux-x64-cuda or -vulkan, and check the driver with `surprisal doctor`.',
    });
  const hasBf16 = !exact && tensors?.some(({ type }) => type === "BF16");
  const own = hasBf16 ? library.bf16Kernels : library.kernels;
  const onCpu = options.repack === false ? withoutRepacking(own) : own;
  return {
    gpuLayers,
    context: {
      threads,
      batch,
      cacheType: CACHE_TYPES[cacheType],
      flashAttention: FLASH_ATTENTION[flashAttention],
      cpuOnly: gpuLayers === 0,
    },
    device:
      gpuLayers === 0
        ? `cpu${library.cpuBuild ? ` (${library.cpuBuild})` : ""}`
        : `gpu (${gpu!.description})`,
    kernels: gpuLayers === 0 ? onCpu : kernelsWithGpu(gpu!.name, gpuLayers, onCpu),
    cacheType,
    flashAttention,
  };
}

/** "CUDA", or "CUDA and portable" where some layers stay on the CPU. */
function kernelsWithGpu(name: string, layers: number, cpu: string): string {
  const backend = name.replace(/\d+$/, "");
  return layers < 0 ? backend : `${backend} and ${cpu}`;
}

/** Memory of the GPUs, bytes: weights may lie there too. */
export function gpuMemory({ devices }: LlamaLibrary): number {
  return devices.reduce((sum, { kind, totalBytes }) => (kind === "gpu" ? sum + totalBytes : sum), 0);
}

function defaultThreads(fileBytes: number): number {
  return fileBytes < ONE_THREAD_BYTES ? 1 : Math.min(availableParallelism(), MOST_DEFAULT_THREADS);
}

/** Largest power of two up to 512 whose rows of logits stay under 128 MiB. */
function defaultBatch(vocabularySize: number | null): number {
  let batch = DEFAULT_BATCH;
  while (vocabularySize && batch > 32 && batch * vocabularySize * 4 > BATCH_LOGITS_BYTES) batch /= 2;
  return batch;
}

function layersOnGpu(device: "auto" | "cpu" | number, found: boolean): number {
  if (device === "cpu") return 0;
  if (device === "auto") return found ? -1 : 0; // -1: all
  integer("device", device, 0, 10_000);
  return device;
}

function oneOf(name: string, value: string, allowed: readonly string[]): void {
  if (allowed.includes(value)) return;
  throw invalidArgument(`"${value}" is not a value of ${name}`, name, `Use one of ${allowed.join(", ")}.`);
}

/** @throws SurprisalError INVALID_ARGUMENT */
export function integer(name: string, value: unknown, from: number, to: number): void {
  if (typeof value === "number" && Number.isInteger(value) && value >= from && value <= to) return;
  throw invalidArgument(
    `${String(value)} is not a value of ${name}`,
    name,
    name === "device"
      ? 'Use "auto", "cpu", or a number of GPU layers.'
      : `Give a whole number from ${from} to ${to}.`,
  );
}

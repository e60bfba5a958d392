/**
 * Exact arithmetic: the same weights, each as the 32-bit float that its block stands for, with float activations, a float
 * cache and no half-precision attention. What a quantised model "is", without what its kernels round on the way.
 */
import { freemem } from "node:os";
import { resolve } from "node:path";
import { invalidArgument, SurprisalError } from "../../core/index.ts";
import { formatBytes } from "../../text/index.ts";
import { type GgufFile, holdsWeights, inspectGguf, machineMemory } from "../gguf/index.ts";
import { type LocatedModel, type LocateOptions, locate, makeExactCopy } from "../registry/index.ts";
import type { LlamaLibrary } from "./library.ts";
import type { LlamaLoadOptions } from "./placement.ts";
import { quantize } from "./quantize/index.ts";

/** Bytes of a 32-bit float. */
const FLOAT_BYTES = 4;

/** Where copies are kept, and who hears of them. */
export type ExactOptions = Pick<LocateOptions, "cache" | "environment" | "onMessage" | "signal">;

/** A file with float weights, and what the model's own file says of itself. */
export interface FloatWeights {
  path: string;
  sha256: string;
  /** Weight format of the model's own file, such as "Q4_1". */
  quantisation: string;
  /** Size of the model's own file, bytes. */
  bytes: number;
}

/** @throws SurprisalError INVALID_ARGUMENT for what contradicts `exact` */
export function checkExact({ exact, cacheType, flashAttention, device }: LlamaLoadOptions): void {
  if (!exact) return;
  const refuse = (name: string, value: string, wayOut: string) =>
    invalidArgument(`exact and ${name} "${value}" contradict each other`, name, wayOut);
  if (cacheType !== undefined && cacheType !== "f32")
    throw refuse("cacheType", cacheType, "Leave out one of them: exact keeps keys and values as f32.");
  if (flashAttention !== undefined && flashAttention !== "off")
    throw refuse(
      "flashAttention",
      flashAttention,
      "Leave out one of them: flash attention is half precision.",
    );
  if (device !== undefined && device !== "auto" && device !== "cpu" && device !== 0)
    throw refuse(
      "device",
      `${device}`,
      "Leave out one of them: GPUs round floats, so exact runs on the CPU.",
    );
}

/**
 * The weights of a model as 32-bit floats: its own file where they are that already, else a copy in the cache, made when
 * it is asked for the first time. Disk and memory are told before, through `onMessage`.
 * @param known what is known of the file; its sha256 is computed where it is not.
 * @throws SurprisalError OUT_OF_MEMORY, DISK_FULL, FILE_UNWRITABLE, UNSUPPORTED_CAPABILITY, ABORTED
 */
export async function floatWeights(
  { functions }: LlamaLibrary,
  file: GgufFile,
  known: { name?: string | undefined; sha256?: string | null | undefined },
  options: ExactOptions,
): Promise<FloatWeights> {
  const type = file.metadata.get("general.file_type");
  const number = type && type.type !== "arr" ? type.value : null;
  const named = typeof number === "number" ? functions.llama_ftype_name(number) : null;
  const sha256 = known.sha256 ?? (await locate(file.path, options)).sha256;
  const about = { sha256, quantisation: named ?? file.weightType, bytes: file.fileBytes };
  if (notFloat(file).length === 0) return { path: file.path, ...about };
  const model = { path: file.path, name: known.name ?? file.name ?? file.path };
  const bytes = sizeAsFloats(file);
  const source = { name: model.name, source: resolve(file.path), sha256 };
  const copy = await makeExactCopy(source, bytes, options, async (path) => {
    assertFits(bytes, file.path);
    options.onMessage?.(
      `exact: writing the weights of ${model.name} as F32 to ${path}, ${formatBytes(bytes)}, once. They take as much memory, of which ${formatBytes(freemem())} are free; \`surprisal models remove\` deletes them.`,
    );
    await asFloats(model, path, options.signal);
  });
  return { path: copy.path, ...about };
}

/** Tensors with other weights than 32-bit floats. */
function notFloat({ tensors }: GgufFile): GgufFile["tensors"] {
  return tensors.filter(({ type }) => holdsWeights(type) && type !== "F32");
}

function sizeAsFloats({ tensors, fileBytes }: GgufFile): number {
  const header = fileBytes - tensors.reduce((sum, { bytes }) => sum + bytes, 0);
  const weights = tensors.reduce((sum, { shape }) => sum + shape.reduce((all, size) => all * size, 1), 0);
  return header + FLOAT_BYTES * weights;
}

function assertFits(bytes: number, path: string): void {
  const memory = machineMemory();
  if (bytes <= memory) return;
  throw new SurprisalError({
    code: "OUT_OF_MEMORY",
    what: `As F32 the weights take ${formatBytes(bytes)}, and there are ${formatBytes(memory)} of memory`,
    where: path,
    wayOut: "Leave out exact, or use a machine with more memory.",
  });
}

async function asFloats(
  { path, name }: Pick<LocatedModel, "path" | "name">,
  target: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await quantize(path, target, "F32", { allowRequantize: true, allowLarger: true, signal });
  } catch (error) {
    if (!SurprisalError.isInstance(error) || error.code !== "ENGINE_FAILED") throw error;
    const types = [...new Set(notFloat(await inspectGguf(path)).map(({ type }) => type))];
    throw unsupported(`llama.cpp could not turn the weights of ${name} (${types.join(", ")}) into F32`, path);
  }
  const left = notFloat(await inspectGguf(target));
  if (left.length > 0) {
    const [{ name: first, type }] = left as [GgufFile["tensors"][number]];
    throw unsupported(
      `llama.cpp leaves ${left.length} of the tensors of ${name} as they are (${first}: ${type}), so it cannot be computed exactly`,
      path,
    );
  }
}

function unsupported(what: string, where: string): SurprisalError {
  return new SurprisalError({
    code: "UNSUPPORTED_CAPABILITY",
    what,
    where,
    wayOut:
      "Leave out exact (--exact); or start from a file with F32 weights. SURPRISAL_LLAMA_LOG=1 shows llama.cpp's own message.",
  });
}

/**
 * What `llama_model_quantize` would make of a model: asked beforehand, by its dry run, and read from its log, which says of
 * every tensor what it becomes and why. Source: src/llama-quant.cpp.
 */
import { formatPlural } from "../../../text/index.ts";
import { fileType, type GgufFile, type GgufTensor, tensorTypeNamed } from "../../gguf/index.ts";

/** What becomes of a tensor. */
export interface PlannedTensor {
  name: string;
  /** Sizes, the fastest-running dimension first. */
  shape: readonly number[];
  /** ggml types, such as "F16" and "Q4_K". */
  from: string;
  to: string;
  /** Size of the data, bytes. */
  bytesBefore: number;
  bytes: number;
}

/** A tensor that cannot have the type it should, because its rows are no multiple of what the type stores at a time. */
export interface TensorFallback {
  tensor: string;
  wanted: string;
  used: string;
  /** Weights of a row, and of a block of the wanted type. */
  columns: number;
  blockSize: number;
}

/** What a quantisation would make, before anything is written. */
export interface QuantizePlan {
  /** One of `quantizationTypes`. */
  type: string;
  tensors: readonly PlannedTensor[];
  fallbacks: readonly TensorFallback[];
  /** Size of all tensors, before and after, bytes. The files are some megabytes larger. */
  bytesBefore: number;
  bytes: number;
  /** Bits per weight, over all tensors. */
  bitsPerWeight: number;
  /** What a person should know about the result. */
  notes: readonly string[];
}

const TENSOR =
  /\[ *\d+\/ *\d+\] (\S+) +- \[[^\]]*\], type = +(\w+), size = +[\d.]+ MiB(?: -> +[\d.]+ MiB \((\w+)\))?/g;
const UNFIT = /warning: (\S+) +- ncols +(\d+) not divisible by +(\d+) \(required for type +(\w+)\)/g;
const FALLBACK = new RegExp(`${UNFIT.source}[^\\n]*?-> falling back to +(\\w+)`, "g");

/**
 * @param log of the dry run.
 * @returns `null` when the log does not speak of all tensors: it is that of a llama.cpp that writes it otherwise.
 */
export function readPlan(log: string, file: GgufFile, type: string): Omit<QuantizePlan, "notes"> | null {
  const tensors = new Map(file.tensors.map((tensor) => [tensor.name, tensor]));
  const planned: PlannedTensor[] = [];
  for (const [, name = "", from = "", to = from] of log.matchAll(TENSOR)) {
    const tensor = tensors.get(name);
    if (!tensor) return null;
    const used = to.toUpperCase();
    const { shape, bytes: bytesBefore } = tensor;
    planned.push({ name, shape, from: tensor.type, to: used, bytesBefore, bytes: bytesAs(tensor, used) });
  }
  if (planned.length !== tensors.size) return null;
  const fallbacks = [...log.matchAll(FALLBACK)].map(
    ([, tensor = "", columns, blockSize, wanted = "", used = ""]) => ({
      tensor,
      wanted: wanted.toUpperCase(),
      used: used.toUpperCase(),
      columns: Number(columns),
      blockSize: Number(blockSize),
    }),
  );
  const sum = (size: (tensor: PlannedTensor) => number) => planned.reduce((all, one) => all + size(one), 0);
  const bytes = sum((tensor) => tensor.bytes);
  return {
    type,
    tensors: planned,
    fallbacks,
    bytesBefore: sum((tensor) => tensor.bytesBefore),
    bytes,
    bitsPerWeight: (8 * bytes) / file.parameters,
  };
}

/** A tensor whose rows are no multiple of a type's block. */
export type UnfitTensor = Omit<TensorFallback, "used">;

/** The last tensor that the log says does not fit, where llama.cpp knew no other type for it. */
export function lastUnfit(log: string): UnfitTensor | null {
  const [, tensor = "", columns, blockSize, wanted = ""] = [...log.matchAll(UNFIT)].at(-1) ?? [];
  if (tensor === "") return null;
  return { tensor, wanted: wanted.toUpperCase(), columns: Number(columns), blockSize: Number(blockSize) };
}

/** Size of a tensor's data in another type; rows that do not fit are rounded up. */
function bytesAs({ shape }: GgufTensor, type: string): number {
  const known = tensorTypeNamed(type);
  const [columns = 1, ...others] = shape;
  const rows = others.reduce((a, b) => a * b, 1);
  return known ? Math.ceil(columns / known.blockSize) * known.blockBytes * rows : 0;
}

/** What of a plan a person would not expect from the name of the format. */
export function fallbackNotes({
  type,
  tensors,
  fallbacks,
}: Pick<QuantizePlan, "type" | "tensors" | "fallbacks">): string[] {
  const notes: string[] = [];
  const kinds = new Map<string, TensorFallback[]>();
  for (const fallback of fallbacks) {
    const key = `${fallback.wanted} ${fallback.used} ${fallback.columns}`;
    kinds.set(key, [...(kinds.get(key) ?? []), fallback]);
  }
  for (const [first, ...more] of kinds.values())
    notes.push(
      `${formatPlural(more.length + 1, "tensor")} cannot be ${first!.wanted}, because rows of ${first!.columns} weights are no multiple of ${first!.blockSize}: ${first!.used} instead (${first!.tensor}${more.length > 0 ? ", ..." : ""}).`,
    );
  const { tensorType } = fileType(type);
  if (type !== "COPY" && !tensors.some(({ to }) => to === tensorType))
    notes.push(`Not one tensor of the result is ${tensorType}, though it calls itself ${type}.`);
  return notes;
}

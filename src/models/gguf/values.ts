/**
 * NaN and infinity among the weights of a file: in a matrix or a norm they spread through every logit, or cancel to a
 * number that looks like one (the vocabulary's size as perplexity).
 * Source: ggml/src/ggml-common.h (the blocks), ggml/src/ggml-quants.c (`ggml_validate_row_data`).
 */
import { closeSync } from "node:fs";
import { abortError } from "../../core/index.ts";
import { openModel, readFully } from "./reader.ts";
import { type GgufFile, type GgufTensor, ggufError, tensorTypeNamed } from "./types.ts";

const CHUNK_BYTES = 1 << 22;

/** Where a block's half-precision scales are, bytes from its beginning. Quantised weights themselves are always finite. */
const SCALES: Readonly<Record<string, readonly number[]>> = {
  Q1_0: [0],
  Q2_0: [0],
  Q4_0: [0],
  Q4_1: [0, 2],
  Q5_0: [0],
  Q5_1: [0, 2],
  Q8_0: [0],
  Q2_K: [80, 82],
  Q3_K: [108],
  Q4_K: [0, 2],
  Q5_K: [0, 2],
  Q6_K: [208],
  IQ1_S: [0],
  IQ2_XXS: [0],
  IQ2_XS: [0],
  IQ2_S: [0],
  IQ3_XXS: [0],
  IQ3_S: [0],
  IQ4_NL: [0],
  IQ4_XS: [0],
  TQ1_0: [52],
  TQ2_0: [64],
};

/** Types in which llama.cpp's own check (`check_tensors`) lets infinity pass. */
const UNCHECKED = new Set(["BF16"]);

/** Index of the first unit with NaN or infinity, or -1. A unit is a weight, or a block of them. */
type Scan = (bytes: Buffer, units: number) => number;

function scanOf(type: string): Scan | null {
  if (type === "F32") return scanF32;
  if (type === "F16") return (bytes, units) => scanHalves(bytes, units, 2, [0], 0x7c00);
  if (type === "BF16") return (bytes, units) => scanHalves(bytes, units, 2, [0], 0x7f80);
  const { blockBytes = 0 } = tensorTypeNamed(type) ?? {};
  const scales = SCALES[type];
  if (scales) return (bytes, units) => scanHalves(bytes, units, blockBytes, scales, 0x7c00);
  if (type === "IQ1_M") return scanIq1M;
  if (type === "MXFP4") return scanMxfp4;
  return null;
}

function scanF32(bytes: Buffer, units: number): number {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, units);
  for (let i = 0; i < units; i++) if ((words[i]! & 0x7f800000) === 0x7f800000) return i;
  return -1;
}

/** @param exponent the bits that are all set in NaN and infinity. */
function scanHalves(
  bytes: Buffer,
  units: number,
  unitBytes: number,
  places: readonly number[],
  exponent: number,
): number {
  const words = new Uint16Array(bytes.buffer, bytes.byteOffset, (units * unitBytes) / 2);
  for (const place of places)
    for (let i = 0, at = place / 2; i < units; i++, at += unitBytes / 2)
      if ((words[at]! & exponent) === exponent) return i;
  return -1;
}

/** The scale of IQ1_M lies in the upper four bits of four words. */
function scanIq1M(bytes: Buffer, units: number): number {
  for (let i = 0; i < units; i++) {
    const at = i * 56 + 48;
    const word = (index: number) => bytes.readUInt16LE(at + 2 * index);
    const scale = (word(0) >> 12) | ((word(1) >> 8) & 0xf0) | ((word(2) >> 4) & 0xf00) | (word(3) & 0xf000);
    if ((scale & 0x7c00) === 0x7c00) return i;
  }
  return -1;
}

/** An exponent of all ones is no number (OCP Microscaling, E8M0). */
function scanMxfp4(bytes: Buffer, units: number): number {
  for (let i = 0; i < units; i++) if (bytes[17 * i] === 0xff) return i;
  return -1;
}

/**
 * Reads weights and refuses the file when one is not a number, or infinite.
 * @param which "unchecked": only those that llama.cpp's own check leaves out.
 * @throws SurprisalError GGUF_INVALID naming the tensor; ABORTED.
 */
export async function checkValues(
  file: GgufFile,
  which: "all" | "unchecked",
  signal?: AbortSignal,
): Promise<void> {
  const buffer = Buffer.from(new ArrayBuffer(CHUNK_BYTES));
  for (const [part, path] of file.parts.entries()) {
    const tensors = file.tensors.filter(
      (tensor) => tensor.part === part && (which === "all" || UNCHECKED.has(tensor.type)),
    );
    if (tensors.length === 0) continue;
    const descriptor = openModel(path);
    try {
      for (const tensor of tensors) await checkTensor(descriptor, path, tensor, buffer, signal);
    } finally {
      closeSync(descriptor);
    }
  }
}

async function checkTensor(
  descriptor: number,
  path: string,
  tensor: GgufTensor,
  buffer: Buffer,
  signal: AbortSignal | undefined,
): Promise<void> {
  const scan = scanOf(tensor.type);
  if (!scan) return;
  const unitBytes = tensorTypeNamed(tensor.type)!.blockBytes;
  const most = Math.floor(CHUNK_BYTES / unitBytes) * unitBytes;
  for (let at = 0; at < tensor.bytes; at += most) {
    const chunk = buffer.subarray(0, Math.min(most, tensor.bytes - at));
    readFully(descriptor, chunk, tensor.offset + at);
    if (scan(chunk, chunk.length / unitBytes) >= 0) throw notFinite(path, tensor.name);
    await new Promise((resolve) => setImmediate(resolve));
    if (signal?.aborted) throw abortError("Loading the model", signal);
  }
}

/** What is said of a tensor with NaN or infinity. */
export function notFinite(path: string, tensor: string): Error {
  return ggufError(
    "GGUF_INVALID",
    path,
    `tensor ${tensor}`,
    "Among its weights are some that are not numbers (NaN) or infinite, so whatever the model computes means nothing",
    "The file is damaged, or the weights overflowed in training or conversion: fetch it again and compare its sha256, or get another conversion or quantisation of the model.",
  );
}

/**
 * The header of a safetensors file: eight bytes with the length of a JSON object, that object with the type, shape and place
 * of every tensor, and the data.
 *
 * Nothing in it is believed: no memory is taken for a size that the file does not have, and the tensors must cover the data
 * without gap or overlap, as the format demands.
 * Source: https://github.com/huggingface/safetensors (README, "Format"; safetensors/src/tensor.rs).
 */
import { closeSync, fstatSync } from "node:fs";
import { basename } from "node:path";
import { readFully } from "../gguf/index.ts";
import { conversionFailure, openPublished } from "./failure.ts";
import { isJson, parseJson } from "./json-file.ts";

/** The format's own limit (MAX_HEADER_SIZE). */
const MOST_HEADER_BYTES = 100_000_000;
const MOST_TENSORS = 100_000;
const MOST_DIMENSIONS = 8;

/** Bytes of an element. */
const DTYPES: ReadonlyMap<unknown, number> = new Map([
  ["BOOL", 1],
  ["U8", 1],
  ["I8", 1],
  ["F8_E5M2", 1],
  ["F8_E4M3", 1],
  ["I16", 2],
  ["U16", 2],
  ["F16", 2],
  ["BF16", 2],
  ["I32", 4],
  ["U32", 4],
  ["F32", 4],
  ["F64", 8],
  ["I64", 8],
  ["U64", 8],
]);

/** A tensor as the header describes it. */
export interface SafeTensor {
  name: string;
  /** "F32", "F16", "BF16", "I64" ... */
  dtype: string;
  /** The slowest-running dimension first, as in PyTorch. */
  shape: readonly number[];
  /** Where its data begin in the file, bytes. */
  offset: number;
  bytes: number;
}

/**
 * The tensors of a file by name. Data are not read.
 * @throws SurprisalError CONVERSION_FAILED
 */
export function readSafetensors(path: string): ReadonlyMap<string, SafeTensor> {
  const file = basename(path);
  const descriptor = openPublished(path);
  try {
    const { size } = fstatSync(descriptor);
    if (size < 8) throw conversionFailure(`It has only ${size} bytes`, file);
    const start = Buffer.alloc(8);
    readFully(descriptor, start, 0);
    const announced = start.readBigUInt64LE(0);
    if (announced > BigInt(Math.min(MOST_HEADER_BYTES, size - 8)))
      throw conversionFailure(`Its header is said to have ${announced} bytes, of ${size} in the file`, file);
    const header = Buffer.alloc(Number(announced));
    readFully(descriptor, header, 8);
    return placed(describe(parseJson(header, file), file), 8 + header.length, size, file);
  } finally {
    closeSync(descriptor);
  }
}

/** @returns tensors with their offsets from the beginning of the data. */
function describe(header: unknown, file: string): SafeTensor[] {
  if (!isJson(header)) throw conversionFailure("Its header is no JSON object", file);
  const entries = Object.entries(header).filter(([name]) => name !== "__metadata__");
  if (entries.length > MOST_TENSORS) throw conversionFailure(`It has ${entries.length} tensors`, file);
  return entries.map(([name, entry]) => {
    const fail = (what: string) =>
      conversionFailure(what, `${file}, tensor ${JSON.stringify(name.slice(0, 200))}`);
    if (!isJson(entry)) throw fail("It is not described");
    const { dtype, shape, data_offsets: offsets } = entry;
    const elementBytes = DTYPES.get(dtype);
    if (typeof dtype !== "string" || elementBytes === undefined)
      throw fail(`Elements of type ${JSON.stringify(dtype)} are not known`);
    if (!isCounts(shape) || shape.length > MOST_DIMENSIONS) throw fail("Its shape is none");
    if (!isCounts(offsets) || offsets.length !== 2) throw fail("Its place is none");
    const [begin = 0, end = 0] = offsets;
    const elements = shape.reduce((product, length) => product * length, 1);
    if (!Number.isSafeInteger(elements * elementBytes) || end - begin !== elements * elementBytes)
      throw fail(`Its place has ${end - begin} bytes, and its shape is [${shape.join(", ")}] of ${dtype}`);
    return { name, dtype, shape, offset: begin, bytes: end - begin };
  });
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((each) => Number.isSafeInteger(each) && each >= 0);
}

/** Checks that the data are covered once. */
function placed(
  tensors: SafeTensor[],
  dataOffset: number,
  size: number,
  file: string,
): ReadonlyMap<string, SafeTensor> {
  let expected = 0;
  const byName = new Map<string, SafeTensor>();
  for (const tensor of tensors.sort((a, b) => a.offset - b.offset || a.bytes - b.bytes)) {
    if (tensor.offset !== expected)
      throw conversionFailure(
        `The data of ${tensor.name} are said to begin at ${tensor.offset}, and those before end at ${expected}`,
        file,
      );
    expected += tensor.bytes;
    byName.set(tensor.name, { ...tensor, offset: dataOffset + tensor.offset });
  }
  if (dataOffset + expected !== size)
    throw conversionFailure(
      `Its tensors end at byte ${dataOffset + expected}, and the file has ${size}`,
      file,
    );
  return byName;
}

/**
 * The weights of a tensor as floats.
 * @throws SurprisalError CONVERSION_FAILED for other elements than floats, and for NaN and infinity.
 */
export function readFloats(path: string, { name, dtype, offset, bytes }: SafeTensor): Float32Array {
  const where = `${basename(path)}, tensor ${name}`;
  if (dtype !== "F32" && dtype !== "BF16")
    throw conversionFailure(`Weights of type ${dtype} are not converted here`, where);
  const data = new Uint8Array(new ArrayBuffer(bytes));
  const descriptor = openPublished(path);
  try {
    if (readFully(descriptor, Buffer.from(data.buffer), offset) < bytes)
      throw conversionFailure("The file became shorter while it was read", where);
  } finally {
    closeSync(descriptor);
  }
  const floats = dtype === "F32" ? new Float32Array(data.buffer) : ofBf16(new Uint16Array(data.buffer));
  if (!floats.every(Number.isFinite)) throw conversionFailure("A weight is not a finite number", where);
  return floats;
}

/** BF16 is the upper half of a 32-bit float. */
function ofBf16(halves: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(halves, (half) => half << 16).buffer);
}

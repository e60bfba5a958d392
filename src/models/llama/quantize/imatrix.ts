/**
 * Importance matrices: how much each column of a matrix matters, measured by `llama-imatrix` on a text. Both formats that
 * `llama-quantize` reads: GGUF, and the older one of its own (.dat).
 * Source: common/imatrix-loader.cpp, tools/quantize/quantize.cpp (`load_imatrix`).
 */
import { closeSync, readFileSync, statSync } from "node:fs";
import type { SurprisalError } from "../../../core/index.ts";
import {
  type GgufFile,
  type GgufTensor,
  ggufError,
  inspectGguf,
  openModel,
  readArrayBytes,
  readFully,
} from "../../gguf/index.ts";

export interface ImportanceMatrix {
  /** As the person named it; it is written into the file that is made, as `llama-quantize` does. */
  file: string;
  /** Name of a tensor to the importance of its columns, [columns * experts], mean of squared activations. */
  entries: ReadonlyMap<string, Float32Array>;
  /** Name of the text it was measured on, bytes of the file; `null` when it does not say. */
  dataset: Buffer | null;
  /** Chunks of that text. */
  chunks: number;
}

const MOST_BYTES = 2 ** 31;
const SUMS = ".in_sum2";
const COUNTS = ".counts";

/** @throws SurprisalError FILE_NOT_FOUND, FILE_UNREADABLE, GGUF_* */
export async function readImatrix(path: string): Promise<ImportanceMatrix> {
  const descriptor = openModel(path);
  const start = Buffer.alloc(4);
  try {
    readFully(descriptor, start, 0);
  } finally {
    closeSync(descriptor);
  }
  const matrix = start.toString("latin1") === "GGUF" ? await readGguf(path) : readLegacy(path);
  if (matrix.entries.size === 0) throw malformed(path, "It holds no entries");
  for (const [name, values] of matrix.entries)
    if (!values.every(Number.isFinite)) throw malformed(path, `The entry ${name} holds NaN or infinity`);
  return matrix;
}

async function readGguf(path: string): Promise<ImportanceMatrix> {
  const file = await inspectGguf(path);
  const number = (key: string): number => {
    const entry = file.metadata.get(key);
    if (entry?.type === "u32") return entry.value;
    throw malformed(path, `It is no importance matrix: ${key} is missing`);
  };
  number("imatrix.chunk_size");
  const chunks = number("imatrix.chunk_count");
  const tensors = new Map(file.tensors.map((tensor) => [tensor.name, tensor]));
  const entries = new Map<string, Float32Array>();
  for (const [name, sums] of tensors) {
    if (name.endsWith(COUNTS) && !tensors.has(name.slice(0, -COUNTS.length) + SUMS))
      throw malformed(path, `The entry ${name} has no sums`);
    if (!name.endsWith(SUMS)) continue;
    const entry = name.slice(0, -SUMS.length);
    const counts = tensors.get(entry + COUNTS);
    if (!counts) throw malformed(path, `The entry ${entry} has no counts`);
    entries.set(entry, means(path, entry, floats(file, sums), floats(file, counts)));
  }
  return { file: path, entries, dataset: firstDataset(file), chunks };
}

/** Sums over the tokens that each expert saw, as means; an expert that saw none counts 1 for every column. */
function means(path: string, name: string, sums: Float32Array, counts: Float32Array): Float32Array {
  const columns = sums.length / counts.length;
  if (!Number.isInteger(columns))
    throw malformed(path, `The entry ${name} has sums and counts that do not fit`);
  return sums.map((sum, i) => {
    const count = Math.round(counts[Math.floor(i / columns)]!);
    return count > 0 ? sum / count : 1;
  });
}

function floats({ path, parts }: GgufFile, { name, type, offset, bytes, part }: GgufTensor): Float32Array {
  if (type !== "F32") throw malformed(path, `${name} is not F32`);
  const descriptor = openModel(parts[part]!);
  try {
    const content = new Float32Array(bytes / 4);
    readFully(descriptor, new Uint8Array(content.buffer), offset);
    return content;
  } finally {
    closeSync(descriptor);
  }
}

function firstDataset({ path, metadata }: GgufFile): Buffer | null {
  const entry = metadata.get("imatrix.datasets");
  if (entry?.type !== "arr" || entry.elementType !== "str")
    throw malformed(path, "It is no importance matrix: imatrix.datasets is missing");
  if (entry.length === 0) return null;
  const bytes = readArrayBytes(path, entry);
  return bytes.subarray(8, 8 + bytes.readUInt32LE(0));
}

/**
 * The older format: a count of entries, each { length of the name, name, calls, count of values, values }; then, where
 * there is more, the chunks and the data set's name. All numbers are 32 bits, little-endian.
 */
function readLegacy(path: string): ImportanceMatrix {
  if (statSync(path).size > MOST_BYTES)
    throw malformed(path, "It is larger than an importance matrix can be");
  const bytes = readFileSync(path);
  let at = 0;
  const take = (length: number, what: string): Buffer => {
    if (length < 0 || at + length > bytes.length) throw malformed(path, `It ends inside ${what}`);
    at += length;
    return bytes.subarray(at - length, at);
  };
  const int = (what: string): number => take(4, what).readInt32LE(0);
  const count = int("the number of entries");
  if (count < 1 || count > bytes.length / 12) throw malformed(path, "It is no importance matrix");
  const entries = new Map<string, Float32Array>();
  for (let i = 0; i < count; i++) {
    const name = take(int(`entry ${i}`), `entry ${i}`)
      .toString("utf8")
      .split("\0")[0]!;
    const calls = int(name);
    const values = int(name);
    if (values < 1) throw malformed(path, `The entry ${name} has no values`);
    const own = Float32Array.from({ length: values }, floatsOf(take(4 * values, name)));
    entries.set(name, calls > 0 ? own.map((value) => value / Math.fround(calls)) : own);
  }
  if (at === bytes.length) return { file: path, entries, dataset: null, chunks: 0 };
  const chunks = int("the number of chunks");
  const named = at + 4 <= bytes.length ? int("the data set's name") : 0;
  const dataset = named > 0 && at + named <= bytes.length ? take(named, "the data set's name") : null;
  return { file: path, entries, dataset, chunks };
}

const floatsOf =
  (bytes: Buffer) =>
  (_: unknown, index: number): number =>
    bytes.readFloatLE(4 * index);

function malformed(path: string, what: string): SurprisalError {
  return ggufError(
    "GGUF_INVALID",
    path,
    null,
    `The importance matrix cannot be used: ${what}`,
    "Make one with `llama-imatrix -m MODEL -f TEXT -o FILE.gguf`, or fetch the one that belongs to the model.",
  );
}

/**
 * Importance matrices: how much each column of a matrix matters, measured by `llama-imatrix` on a text. Both formats that
 * `llama-quantize` reads: GGUF, and the older one of its own (.dat).
 * Source: common/imatrix-loader.cpp, tools/quantize/quantize.cpp (`load_imatrix`).
 */
import { closeSync, fstatSync, openSync, statSync } from "node:fs";
import { SurprisalError } from "../../../core/index.ts";
import { readFailure } from "../../../files/index.ts";
import { formatBytes } from "../../../text/index.ts";
import {
  type GgufFile,
  type GgufTensor,
  ggufError,
  inspectGguf,
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

const SUMS = ".in_sum2";
const COUNTS = ".counts";

/** The most that the description of one entry takes, beside its name: two tensors of GGUF, and what fills them up. */
const ENTRY_BYTES = 256;
/** Keys, the names of data sets, and a few entries of tensors that this conversion of the model lacks. */
const OTHER_BYTES = 2 ** 20;

/**
 * The most that an importance matrix of a model has in bytes: a number of 4 bytes for each column and expert of each tensor, and
 * one for each expert; and as much again, for a model some of whose blocks were left out.
 */
export function mostImatrixBytes({ tensors }: Pick<GgufFile, "tensors">): number {
  const bytes = tensors.map(({ name, shape: [columns = 1, , experts = 1] }) => {
    return 4 * (columns + 1) * experts + 2 * Buffer.byteLength(name) + ENTRY_BYTES;
  });
  return 2 * bytes.reduce((sum, each) => sum + each, 0) + OTHER_BYTES;
}

/**
 * @param mostBytes see `mostImatrixBytes`.
 * @throws SurprisalError FILE_NOT_FOUND, FILE_UNREADABLE (also: no regular file), GGUF_* (also: larger than `mostBytes`)
 */
export async function readImatrix(path: string, mostBytes: number): Promise<ImportanceMatrix> {
  const descriptor = openImatrix(path);
  let matrix: ImportanceMatrix;
  try {
    const { size } = fstatSync(descriptor);
    const assertSize = () => {
      if (size > mostBytes) throw tooLarge(path, size, mostBytes);
    };
    const start = Buffer.alloc(4);
    readFully(descriptor, start, 0);
    if (start.toString("latin1") === "GGUF") matrix = await readGguf(path, descriptor, assertSize);
    else {
      assertSize();
      matrix = readLegacy(path, new Numbers(descriptor, path, size));
    }
  } finally {
    closeSync(descriptor);
  }
  if (matrix.entries.size === 0) throw malformed(path, "It holds no entries");
  for (const [name, values] of matrix.entries)
    if (!values.every(Number.isFinite)) throw malformed(path, `The entry ${name} holds NaN or infinity`);
  return matrix;
}

function openImatrix(path: string): number {
  try {
    // A named pipe or a device would block for ever on opening or reading.
    if (statSync(path).isFile()) return openSync(path, "r");
  } catch (error) {
    const failure = readFailure(error, path);
    throw failure.code === "FILE_NOT_FOUND" ? missing(path) : failure;
  }
  throw new SurprisalError({
    code: "FILE_UNREADABLE",
    what: "The importance matrix is not a regular file",
    where: path,
    wayOut: "Name the file itself; what comes out of a pipe has to be written to a file first.",
  });
}

function missing(path: string): SurprisalError {
  return new SurprisalError({
    code: "FILE_NOT_FOUND",
    what: "There is no such importance matrix",
    where: path,
    wayOut: "Check the path. `llama-imatrix -m MODEL -f TEXT -o FILE.gguf` makes one.",
  });
}

function tooLarge(path: string, bytes: number, most: number): SurprisalError {
  return malformed(
    path,
    `It has ${formatBytes(bytes)}, and one of this model has ${formatBytes(most)} at most`,
    "Give the one that was made with this model, or quantise without one.",
  );
}

/** @param assertSize called when it is known to be an importance matrix, before its numbers are read. */
async function readGguf(path: string, descriptor: number, assertSize: () => void): Promise<ImportanceMatrix> {
  const file = await inspectGguf(path);
  if (file.parts.length > 1) throw malformed(path, "It says that it has several parts");
  const floats = (tensor: GgufTensor) => floatsOf(path, descriptor, tensor);
  const number = (key: string): number => {
    const entry = file.metadata.get(key);
    if (entry?.type === "u32") return entry.value;
    throw malformed(path, `It is no importance matrix: ${key} is missing`);
  };
  number("imatrix.chunk_size");
  const chunks = number("imatrix.chunk_count");
  assertSize();
  const tensors = new Map(file.tensors.map((tensor) => [tensor.name, tensor]));
  const entries = new Map<string, Float32Array>();
  for (const [name, sums] of tensors) {
    if (name.endsWith(COUNTS) && !tensors.has(name.slice(0, -COUNTS.length) + SUMS))
      throw malformed(path, `The entry ${name} has no sums`);
    if (!name.endsWith(SUMS)) continue;
    const entry = name.slice(0, -SUMS.length);
    const counts = tensors.get(entry + COUNTS);
    if (!counts) throw malformed(path, `The entry ${entry} has no counts`);
    entries.set(entry, means(path, entry, floats(sums), floats(counts)));
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

function floatsOf(path: string, descriptor: number, { name, type, offset, bytes }: GgufTensor): Float32Array {
  if (type !== "F32") throw malformed(path, `${name} is not F32`);
  const content = new Float32Array(bytes / 4);
  if (readFully(descriptor, new Uint8Array(content.buffer), offset) < bytes)
    throw malformed(path, `It ends inside ${name}`);
  return content;
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
function readLegacy(path: string, file: Numbers): ImportanceMatrix {
  const count = file.int("the number of entries");
  if (count < 1 || count > file.size / 12) throw malformed(path, "It is no importance matrix");
  const entries = new Map<string, Float32Array>();
  for (let i = 0; i < count; i++) {
    const name = file
      .bytes(file.int(`entry ${i}`), `entry ${i}`)
      .toString("utf8")
      .split("\0")[0]!;
    const calls = file.int(name);
    const values = file.int(name);
    if (values < 1) throw malformed(path, `The entry ${name} has no values`);
    const bytes = file.bytes(4 * values, name);
    const own = Float32Array.from({ length: values }, (_, index) => bytes.readFloatLE(4 * index));
    entries.set(name, calls > 0 ? own.map((value) => value / Math.fround(calls)) : own);
  }
  if (file.left === 0) return { file: path, entries, dataset: null, chunks: 0 };
  const chunks = file.int("the number of chunks");
  const named = file.left >= 4 ? file.int("the data set's name") : 0;
  const dataset = named > 0 && named <= file.left ? file.bytes(named, "the data set's name") : null;
  return { file: path, entries, dataset, chunks };
}

/** What the older format is made of, one after the other: no more of it is in memory than is asked for. */
class Numbers {
  readonly size: number;
  readonly #descriptor: number;
  readonly #path: string;
  #at = 0;

  /** @param size bytes of the file. */
  constructor(descriptor: number, path: string, size: number) {
    this.#descriptor = descriptor;
    this.#path = path;
    this.size = size;
  }

  /** Bytes. */
  get left(): number {
    return this.size - this.#at;
  }

  bytes(length: number, what: string): Buffer {
    if (length < 0 || length > this.left) throw this.#cut(what);
    const bytes = Buffer.alloc(length);
    if (readFully(this.#descriptor, bytes, this.#at) < length) throw this.#cut(what);
    this.#at += length;
    return bytes;
  }

  int(what: string): number {
    return this.bytes(4, what).readInt32LE(0);
  }

  #cut(what: string): SurprisalError {
    return malformed(this.#path, `It ends inside ${what}`);
  }
}

const MAKE_ONE =
  "Make one with `llama-imatrix -m MODEL -f TEXT -o FILE.gguf`, or fetch the one that belongs to the model.";

function malformed(path: string, what: string, wayOut: string = MAKE_ONE): SurprisalError {
  return ggufError("GGUF_INVALID", path, null, `The importance matrix cannot be used: ${what}`, wayOut);
}

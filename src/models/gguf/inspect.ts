/**
 * Looks into a GGUF file before llama.cpp does.
 *
 * llama.cpp ends the process on some bad files, so no path reaches it before `inspectGguf` has read the header
 * without trusting any size in it, and `checkGguf` has checked what llama.cpp takes for granted.
 * Source: ggml/src/gguf.cpp and the GGUF specification (docs/gguf.md in ggml).
 */
import { closeSync, statSync } from "node:fs";
import { refuseOtherFormats } from "./other-formats.ts";
import { GgufReader, openModel, readFully } from "./reader.ts";
import { checkPart, checkTensorCount, partPaths } from "./split.ts";
import {
  type GgufFile,
  type GgufTensor,
  type GgufValue,
  ggufError,
  TENSOR_TYPES,
  VALUE_TYPES,
} from "./types.ts";

const NEWEST_VERSION = 3;
const DEFAULT_ALIGNMENT = 32;
/** llama.cpp compares every name with every other, so counts beyond these take it minutes; real files have < 10,000. */
const MOST_KEYS = 20_000;
const MOST_TENSORS = 100_000;
/** GGML_MAX_NAME, the terminating zero included. */
const LONGEST_TENSOR_NAME = 63;

/** What one file says, before the parts of a split model are put together. */
interface Header {
  version: number;
  alignment: number;
  metadata: Map<string, GgufValue>;
  tensors: GgufTensor[];
  dataOffset: number;
  bytes: number;
}

/**
 * Reads the header of a GGUF file, and of the other parts when the model is split. Tensor data are not read.
 * @throws SurprisalError FILE_NOT_FOUND, FILE_UNREADABLE, GGUF_NOT_GGUF, GGUF_VERSION, GGUF_TRUNCATED,
 *   GGUF_INVALID, GGUF_UNSUPPORTED.
 */
export async function inspectGguf(path: string): Promise<GgufFile> {
  const first = readHeader(path, 0);
  const parts = partPaths(path, first);
  const headers = parts.map((part, i) => (i === 0 ? first : readHeader(part, i)));
  for (const [i, header] of headers.entries()) if (i > 0) checkPart(parts[i]!, i, header, first);
  const tensors = headers.flatMap((header) => header.tensors);
  if (parts.length > 1) checkTensorCount(path, first, tensors.length);
  refuseDuplicates(path, tensors);
  const text = (key: string) => {
    const entry = first.metadata.get(key);
    return entry?.type === "str" ? entry.value : null;
  };
  const architecture = text("general.architecture") ?? "";
  const context = first.metadata.get(`${architecture}.context_length`);
  const tokens = first.metadata.get("tokenizer.ggml.tokens");
  return {
    path,
    parts,
    version: first.version,
    alignment: first.alignment,
    metadata: first.metadata,
    tensors,
    dataOffset: first.dataOffset,
    fileBytes: headers.reduce((sum, header) => sum + header.bytes, 0),
    architecture,
    name: text("general.name"),
    parameters: tensors.reduce((sum, { shape }) => sum + product(shape), 0),
    weightType: commonestType(tensors),
    contextLength: context && context.type === "u32" ? context.value : null,
    vocabularySize: tokens?.type === "arr" ? tokens.length : 0,
  };
}

function readHeader(path: string, part: number): Header {
  const descriptor = openModel(path);
  try {
    const size = statSync(path).size;
    const start = Buffer.alloc(Math.min(size, 512));
    readFully(descriptor, start, 0);
    refuseOtherFormats(path, start, size);
    return parseHeader(new GgufReader(descriptor, path, size), part);
  } finally {
    closeSync(descriptor);
  }
}

function parseHeader(reader: GgufReader, part: number): Header {
  reader.position = 4; // the magic has been looked at
  const version = readVersion(reader);
  const tensorCount = readCount(reader, "the number of tensors", MOST_TENSORS);
  const keyCount = readCount(reader, "the number of metadata keys", MOST_KEYS);
  const metadata = readMetadata(reader, keyCount);
  const alignment = readAlignment(reader.path, metadata);
  const infos = Array.from({ length: tensorCount }, (_, i) => readTensorInfo(reader, i));
  const dataOffset = padded(reader.position, alignment);
  const tensors = placeTensors(reader, infos, { dataOffset, alignment, part });
  return { version, alignment, metadata, tensors, dataOffset, bytes: reader.size };
}

function readVersion(reader: GgufReader): number {
  const version = reader.u32("the version");
  if (version > 0 && (version & 0xffff) === 0) {
    throw ggufError(
      "GGUF_UNSUPPORTED",
      reader.path,
      "byte 4",
      "The file is written for big-endian machines",
      "Get the little-endian file, which is what model pages offer unless they say otherwise.",
    );
  }
  if (version === 2 || version === NEWEST_VERSION) return version;
  throw ggufError(
    "GGUF_VERSION",
    reader.path,
    "byte 4",
    `GGUF version ${version} is not one this engine reads (2 and ${NEWEST_VERSION})`,
    version > NEWEST_VERSION && version < 100
      ? "The file is newer than this release: update surprisal, or get an older conversion of the model."
      : "Get a newer conversion of the model.",
  );
}

function readCount(reader: GgufReader, what: string, most: number): number {
  const at = reader.position;
  const count = reader.size64(what, false);
  if (count <= most) return count;
  throw ggufError("GGUF_INVALID", reader.path, `byte ${at}`, `An absurd number, ${count}, for ${what}`);
}

function readMetadata(reader: GgufReader, count: number): Map<string, GgufValue> {
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < count; i++) {
    const key = reader.identifier(`metadata key ${i}`);
    if (metadata.has(key))
      throw ggufError("GGUF_INVALID", reader.path, key, "The same metadata key appears twice");
    metadata.set(key, readValue(reader, key));
  }
  return metadata;
}

function readValue(reader: GgufReader, key: string): GgufValue {
  const type = readValueType(reader, key);
  if (type === "str") return { type, value: reader.string(key) };
  if (type === "bool") return { type, value: reader.boolean(key) };
  if (type !== "arr") return { type, value: reader.number(type, key) };
  const elementType = readValueType(reader, key);
  if (elementType === "arr")
    throw ggufError("GGUF_INVALID", reader.path, key, "Arrays of arrays are not allowed");
  const length = reader.size64(`the length of ${key}`);
  const offset = reader.position;
  reader.skip(elementType, length, key);
  return { type, elementType, length, offset, bytes: reader.position - offset };
}

function readValueType(reader: GgufReader, key: string): (typeof VALUE_TYPES)[number] {
  const id = reader.u32(`the type of ${key}`);
  const type = VALUE_TYPES[id];
  if (type) return type;
  throw ggufError("GGUF_INVALID", reader.path, key, `Unknown value type ${id}`);
}

function readAlignment(path: string, metadata: Map<string, GgufValue>): number {
  const entry = metadata.get("general.alignment");
  if (!entry) return DEFAULT_ALIGNMENT;
  const alignment = entry.type === "u32" ? entry.value : 0;
  if (alignment > 0 && Number.isInteger(Math.log2(alignment))) return alignment;
  throw ggufError(
    "GGUF_INVALID",
    path,
    "general.alignment",
    "The alignment is not a power of two of type u32",
  );
}

interface TensorInfo {
  name: string;
  shape: number[];
  type: string;
  bytes: number;
  /** Offset from the beginning of the tensor data, bytes. */
  relativeOffset: number;
}

function readTensorInfo(reader: GgufReader, index: number): TensorInfo {
  const name = reader.identifier(`the name of tensor ${index}`);
  const fail = (what: string) => ggufError("GGUF_INVALID", reader.path, `tensor ${name}`, what);
  if (Buffer.byteLength(name) > LONGEST_TENSOR_NAME) throw fail("The name is too long");
  const dimensions = reader.u32(`the dimensions of ${name}`);
  if (dimensions < 1 || dimensions > 4) throw fail(`${dimensions} dimensions; 1 to 4 are allowed`);
  const shape = Array.from({ length: dimensions }, () => reader.size64(`the shape of ${name}`, false));
  const elements = product(shape);
  if (elements < 1 || !Number.isSafeInteger(elements))
    throw fail(`An impossible shape, [${shape.join(", ")}]`);
  const typeId = reader.u32(`the type of ${name}`);
  const type = TENSOR_TYPES.get(typeId);
  if (!type) throw fail(`Tensor type ${typeId} does not exist or was removed from llama.cpp`);
  if (shape[0]! % type.blockSize !== 0) {
    throw fail(
      `Rows of ${shape[0]} weights cannot be stored as ${type.name}, which holds ${type.blockSize} at a time`,
    );
  }
  const bytes = (elements / type.blockSize) * type.blockBytes;
  return { name, shape, type: type.name, bytes, relativeOffset: reader.size64(`the offset of ${name}`) };
}

/** Checks that the tensors follow one another without gap, as llama.cpp demands, and that all are in the file. */
function placeTensors(
  { path, size }: GgufReader,
  infos: readonly TensorInfo[],
  { dataOffset, alignment, part }: { dataOffset: number; alignment: number; part: number },
): GgufTensor[] {
  let expected = 0;
  const tensors = infos.map(({ relativeOffset, ...info }) => {
    if (relativeOffset !== expected) {
      const what = `The data are said to be at ${relativeOffset}, but the tensors before it end at ${expected}`;
      throw ggufError("GGUF_INVALID", path, `tensor ${info.name}`, what);
    }
    const offset = dataOffset + relativeOffset;
    if (offset + info.bytes > size) {
      throw ggufError(
        "GGUF_TRUNCATED",
        path,
        `tensor ${info.name}`,
        `The data end at byte ${offset + info.bytes}, but the file has only ${size} bytes`,
        "The download was probably interrupted: fetch the file again and compare its sha256.",
      );
    }
    expected += padded(info.bytes, alignment);
    return { ...info, part, offset };
  });
  const behind = size - (dataOffset + expected);
  if (tensors.length === 0 || behind <= 0) return tensors;
  // Nothing says more surely that a size or a type is wrong, or that a download was resumed at the wrong place.
  throw ggufError(
    "GGUF_INVALID",
    path,
    `byte ${size - behind}`,
    `The file goes on for ${behind} bytes behind its last tensor`,
  );
}

function refuseDuplicates(path: string, tensors: readonly GgufTensor[]): void {
  const seen = new Set<string>();
  for (const { name } of tensors) {
    if (seen.has(name))
      throw ggufError("GGUF_INVALID", path, `tensor ${name}`, "Two tensors have the same name");
    seen.add(name);
  }
}

function commonestType(tensors: readonly GgufTensor[]): string {
  const bytes = new Map<string, number>();
  for (const tensor of tensors) bytes.set(tensor.type, (bytes.get(tensor.type) ?? 0) + tensor.bytes);
  return [...bytes].sort((a, b) => b[1] - a[1])[0]?.[0] ?? "";
}

function padded(bytes: number, alignment: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}

function product(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** Writes GGUF files, version 3. Source: the GGUF specification (docs/gguf.md in ggml). */
import { open } from "node:fs/promises";
import { tensorTypeId } from "./file-types.ts";
import { VALUE_TYPES } from "./types.ts";

const ALIGNMENT = 32;

/** A value of the metadata. */
export type WrittenValue =
  | { type: "u32"; value: number }
  | { type: "f32"; value: number }
  | { type: "bool"; value: boolean }
  | { type: "str"; value: string }
  | { type: "arr"; elementType: "str"; values: readonly string[] }
  | { type: "arr"; elementType: "i32"; values: readonly number[] };

/** A tensor, whose data are made when it is its turn. */
export interface WrittenTensor {
  name: string;
  /** One to four sizes, the fastest-running dimension first. */
  shape: readonly number[];
  /** ggml type, such as "Q8_0". */
  type: string;
  /** Size of the data, bytes. */
  bytes: number;
  data: () => Uint8Array;
}

/** @param path must not be there yet. @throws what the file system says. */
export async function writeGguf(
  path: string,
  metadata: ReadonlyMap<string, WrittenValue>,
  tensors: readonly WrittenTensor[],
): Promise<void> {
  const file = await open(path, "wx");
  try {
    const header = headerOf(metadata, tensors);
    await file.writeFile(header);
    for (const { bytes, data } of tensors) {
      await file.writeFile(data());
      await file.writeFile(Buffer.alloc(padding(bytes)));
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

function headerOf(
  metadata: ReadonlyMap<string, WrittenValue>,
  tensors: readonly WrittenTensor[],
): Uint8Array {
  const parts = [Buffer.from("GGUF"), u32(3), u64(tensors.length), u64(metadata.size)];
  for (const [key, value] of metadata) parts.push(text(key), u32(typeId(value.type)), ...encoded(value));
  let offset = 0;
  for (const { name, shape, type, bytes } of tensors) {
    parts.push(text(name), u32(shape.length), ...shape.map(u64), u32(tensorTypeId(type)!.id), u64(offset));
    offset += bytes + padding(bytes);
  }
  const header = Buffer.concat(parts);
  return Buffer.concat([header, Buffer.alloc(padding(header.length))]);
}

function encoded(value: WrittenValue): Buffer[] {
  if (value.type === "str") return [text(value.value)];
  if (value.type === "bool") return [Buffer.of(value.value ? 1 : 0)];
  if (value.type !== "arr") return [value.type === "u32" ? u32(value.value) : f32(value.value)];
  const elements = value.elementType === "str" ? value.values.map(text) : value.values.map(i32);
  return [u32(typeId(value.elementType)), u64(elements.length), ...elements];
}

const typeId = (type: (typeof VALUE_TYPES)[number]): number => VALUE_TYPES.indexOf(type);
const padding = (bytes: number): number => (ALIGNMENT - (bytes % ALIGNMENT)) % ALIGNMENT;

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([u64(bytes.length), bytes]);
}

function u32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value);
  return buffer;
}

function i32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32LE(value);
  return buffer;
}

function f32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeFloatLE(value);
  return buffer;
}

function u64(value: number): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(BigInt(value));
  return buffer;
}

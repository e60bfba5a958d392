/** Reads numbers and strings of a file one after another, through a window, never past the end of the file. */
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { SurprisalError } from "../../core/index.ts";
import { type GgufArray, type GgufElementType, type GgufNumber, ggufError, VALUE_BYTES } from "./types.ts";

const WINDOW_BYTES = 1 << 20;
/** The longest single string worth holding in memory; chat templates reach some ten kilobytes. */
const LONGEST_STRING = 1 << 26;

const utf8 = new TextDecoder("utf-8", { fatal: true });

export class GgufReader {
  /** Offset of the next byte to be read. */
  position = 0;
  readonly path: string;
  /** Bytes of the file. */
  readonly size: number;
  #descriptor: number;
  #window: Buffer = Buffer.alloc(0);
  #windowStart = 0;

  constructor(descriptor: number, path: string, size: number) {
    this.#descriptor = descriptor;
    this.path = path;
    this.size = size;
  }

  /**
   * Steps over the next `bytes` bytes and gives the index of the first one in the window.
   * @throws SurprisalError GGUF_TRUNCATED when the file ends before.
   */
  #take(bytes: number, what: string): number {
    this.#expect(bytes, what);
    let index = this.position - this.#windowStart;
    if (index < 0 || index + bytes > this.#window.length) {
      this.#fill(bytes, what);
      index = 0;
    }
    this.position += bytes;
    return index;
  }

  #expect(bytes: number, what: string): void {
    const left = this.size - this.position;
    if (bytes <= left) return;
    throw ggufError(
      "GGUF_TRUNCATED",
      this.path,
      `byte ${this.position}`,
      `The file ends inside ${what}: ${bytes} bytes are announced, ${left} are left`,
      "The download was probably interrupted: fetch the file again and compare its sha256.",
    );
  }

  #fill(bytes: number, what: string): void {
    const wanted = Math.min(Math.max(bytes, WINDOW_BYTES), this.size - this.position);
    const window = Buffer.allocUnsafe(wanted);
    const read = readFully(this.#descriptor, window, this.position);
    this.#window = window.subarray(0, read);
    this.#windowStart = this.position;
    if (read < bytes) {
      throw ggufError(
        "GGUF_TRUNCATED",
        this.path,
        `byte ${this.position + read}`,
        `The file ends inside ${what}`,
      );
    }
  }

  u32(what: string): number {
    const index = this.#take(4, what);
    return this.#window.readUInt32LE(index);
  }

  /** A count or size. @throws SurprisalError GGUF_INVALID when it is negative or beyond 2^53. */
  size64(what: string, unsigned = true): number {
    const at = this.position;
    const index = this.#take(8, what);
    const high = unsigned ? this.#window.readUInt32LE(index + 4) : this.#window.readInt32LE(index + 4);
    const value = high * 2 ** 32 + this.#window.readUInt32LE(index);
    if (value >= 0 && Number.isSafeInteger(value)) return value;
    throw ggufError("GGUF_INVALID", this.path, `byte ${at}`, `An absurd number, ${value}, for ${what}`);
  }

  number(type: GgufNumber["type"], what: string): number {
    const index = this.#take(VALUE_BYTES[type], what);
    const window = this.#window;
    switch (type) {
      case "u8":
        return window.readUInt8(index);
      case "i8":
        return window.readInt8(index);
      case "u16":
        return window.readUInt16LE(index);
      case "i16":
        return window.readInt16LE(index);
      case "u32":
        return window.readUInt32LE(index);
      case "i32":
        return window.readInt32LE(index);
      case "f32":
        return window.readFloatLE(index);
      case "f64":
        return window.readDoubleLE(index);
      case "u64":
        return Number(window.readBigUInt64LE(index));
      case "i64":
        return Number(window.readBigInt64LE(index));
    }
  }

  boolean(what: string): boolean {
    const index = this.#take(1, what);
    return this.#window[index] !== 0;
  }

  bytes(length: number, what: string): Buffer {
    this.#expect(length, what);
    if (length > LONGEST_STRING) {
      throw ggufError(
        "GGUF_INVALID",
        this.path,
        `byte ${this.position}`,
        `An absurd length, ${length} bytes, for ${what}`,
      );
    }
    const index = this.#take(length, what);
    return this.#window.subarray(index, index + length);
  }

  /** Text; bytes that are not UTF-8 become U+FFFD. */
  string(what: string): string {
    return this.bytes(this.size64(`the length of ${what}`), what).toString("utf8");
  }

  /** A name that things are found by. @throws SurprisalError GGUF_INVALID when it is empty or not plain text. */
  identifier(what: string): string {
    const at = this.position;
    const bytes = this.bytes(this.size64(`the length of ${what}`), what);
    let name = "";
    try {
      name = utf8.decode(bytes);
    } catch {}
    if (name && !/[\x00-\x1f\x7f]/.test(name)) return name;
    throw ggufError("GGUF_INVALID", this.path, `byte ${at}`, `No readable name for ${what}`);
  }

  /** Steps over the elements of an array. */
  skip(type: GgufElementType, count: number, what: string): void {
    if (type !== "str") {
      this.#expect(count * VALUE_BYTES[type], what);
      this.position += count * VALUE_BYTES[type];
      return;
    }
    this.#expect(count * 8, what); // so that an absurd count fails at once
    for (let i = 0; i < count; i++) {
      const length = this.size64(what);
      this.#expect(length, what);
      this.position += length;
    }
  }
}

/** Reads until the buffer is full or the file ends; gives the number of bytes read. */
export function readFully(descriptor: number, buffer: Uint8Array, position: number): number {
  let filled = 0;
  while (filled < buffer.length) {
    const read = readSync(descriptor, buffer, filled, buffer.length - filled, position + filled);
    if (read === 0) break;
    filled += read;
  }
  return filled;
}

/** The bytes of an array's elements. @throws SurprisalError GGUF_TRUNCATED when the file has shrunk since. */
export function readArrayBytes(path: string, array: GgufArray): Buffer {
  const descriptor = openModel(path);
  try {
    const bytes = Buffer.allocUnsafe(array.bytes);
    if (readFully(descriptor, bytes, array.offset) === array.bytes) return bytes;
    throw ggufError(
      "GGUF_TRUNCATED",
      path,
      `byte ${array.offset}`,
      "The file became shorter while it was read",
    );
  } finally {
    closeSync(descriptor);
  }
}

/** Opens a model file. @throws SurprisalError FILE_NOT_FOUND, FILE_UNREADABLE. */
export function openModel(path: string): number {
  try {
    // A named pipe or a device would block for ever on opening or reading.
    if (!statSync(path).isFile()) {
      throw new SurprisalError({
        code: "FILE_UNREADABLE",
        what: "The model is not a regular file",
        where: path,
        wayOut: "Give the path of the .gguf file itself.",
      });
    }
    return openSync(path, "r");
  } catch (error) {
    if (SurprisalError.isInstance(error)) throw error;
    const missing = ["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "");
    throw new SurprisalError({
      code: missing ? "FILE_NOT_FOUND" : "FILE_UNREADABLE",
      what: missing
        ? "There is no such model file"
        : `The model file cannot be opened: ${(error as Error).message}`,
      where: path,
      wayOut: missing
        ? "Check the path; `surprisal models list` shows the models that are already here."
        : "Check that you may read the file.",
      cause: error,
    });
  }
}

/** What is whole of a damaged file, in the order of the original, and what is missing of it. */
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import {
  type PackedSource,
  readFooter,
  type Salvaged,
  type SalvageOptions,
  salvage,
} from "../../compress/index.ts";
import { SurprisalError } from "../../core/index.ts";
import { writeFailure } from "../../files/index.ts";
import { partsOf } from "../errors.ts";
import { temporaryFolder } from "./writing.ts";

/** A part of the original that is missing. */
interface MissingPart {
  /** From 0. */
  chunk: number;
  /** Bytes of the original, [from, to); `null`: not known, because the file's table is damaged as well. */
  from: number | null;
  to: number | null;
  error: ReturnType<typeof partsOf>;
}

/** What came of it. */
export interface Rescued {
  /** Written, zeros included. */
  bytes: number;
  /** By their places in the original where the file's table is whole, else as they were found. */
  recovered: { chunk: number; from: number | null; bytes: number }[];
  missing: MissingPart[];
  /** Bytes of the whole original; `null`: not known. */
  originalBytes: number | null;
  /** SHA-256 of what was written, and whether it is that of the original. */
  sha256: string;
  isWhole: boolean;
  /** Bytes of zero that stand for what is missing. */
  zeros: number;
}

/** A chunk that was unpacked, and where it lies in the temporary file. */
interface Kept {
  index: number;
  start: number;
  at: number;
  length: number;
}

/** Bytes that are written at a time. */
const PIECE = 2 ** 18;

/**
 * Chunks may lie anywhere in a damaged file: each is unpacked where it is found and kept in a temporary file, until all are there and their order is
 * known. So memory is that of one chunk.
 */
export class Rescue implements AsyncDisposable {
  readonly #packed: PackedSource;
  readonly #fill: boolean;
  readonly #hash = createHash("sha256");
  readonly #kept: Kept[] = [];
  readonly #missing: MissingPart[] = [];
  #folder: Awaited<ReturnType<typeof temporaryFolder>> | null = null;
  #file: FileHandle | null = null;
  #bytes = 0;
  #zeros = 0;
  #table: Awaited<ReturnType<typeof readFooter>>["footer"] | null = null;

  /** @param fill missing bytes are zeros, where it is known how many. */
  constructor(packed: PackedSource, fill: boolean) {
    this.#packed = packed;
    this.#fill = fill;
  }

  /** @throws SurprisalError PACKED_DAMAGED where nothing is whole; DISK_FULL, ABORTED */
  async *pieces(options: SalvageOptions): AsyncGenerator<Uint8Array> {
    this.#table = await readFooter(this.#packed).then(
      ({ footer }) => footer,
      () => null,
    );
    let at = 0;
    for await (const found of salvage(this.#packed, options)) {
      if (found.bytes === null) {
        this.#isMissing(found);
        continue;
      }
      const { index, start, bytes } = found;
      await this.#keep(bytes, at);
      this.#kept.push({ index, start, at, length: bytes.length });
      at += bytes.length;
    }
    if (this.#table) this.#kept.sort((a, b) => a.index - b.index);
    this.#missing.sort((a, b) => a.chunk - b.chunk);
    if (this.#kept.length === 0 && (this.#missing.length > 0 || !this.#table)) throw this.#nothing();
    for (const chunk of this.#kept) {
      if (this.#fill && this.#table) yield* this.#zerosUpTo(chunk.start);
      yield* this.#again(chunk);
    }
    if (this.#fill && this.#table) yield* this.#zerosUpTo(this.#table.length);
  }

  async #keep(bytes: Uint8Array, at: number): Promise<void> {
    this.#folder ??= await temporaryFolder();
    const path = join(this.#folder.path, "salvaged");
    try {
      this.#file ??= await open(path, "wx+", 0o600);
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await this.#file.write(bytes, done, bytes.length - done, at + done);
        done += bytesWritten;
      }
    } catch (error) {
      throw writeFailure(error, path);
    }
  }

  async *#again({ at, length }: Kept): AsyncGenerator<Uint8Array> {
    for (let done = 0; done < length; done += PIECE) {
      const piece = new Uint8Array(Math.min(PIECE, length - done));
      await this.#file!.read(piece, 0, piece.length, at + done);
      yield this.#told(piece);
    }
  }

  *#zerosUpTo(place: number): Generator<Uint8Array> {
    while (this.#bytes < place) {
      const some = new Uint8Array(Math.min(PIECE, place - this.#bytes));
      this.#zeros += some.length;
      yield this.#told(some);
    }
  }

  #told(bytes: Uint8Array): Uint8Array {
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
    return bytes;
  }

  #isMissing({ index, start, error }: Extract<Salvaged, { bytes: null }>): void {
    const length = this.#table?.chunks[index]?.length;
    const range = length === undefined ? { from: null, to: null } : { from: start, to: start + length };
    this.#missing.push({ chunk: index, ...range, error: partsOf(error) });
  }

  #nothing(): SurprisalError {
    const [first] = this.#missing;
    return new SurprisalError({
      code: "PACKED_DAMAGED",
      what: `Nothing of it can be recovered${first ? `: ${first.error.what}` : ""}`,
      where: first?.error.where ?? this.#packed.name,
      wayOut: first?.error.wayOut ?? "Take another copy of it.",
    });
  }

  /** Once all pieces have come. */
  result(): Rescued {
    const sha256 = this.#hash.digest("hex");
    return {
      bytes: this.#bytes,
      sha256,
      recovered: this.#kept.map(({ index, start, length }) => ({
        chunk: index,
        from: this.#table ? start : null,
        bytes: length,
      })),
      missing: this.#missing,
      originalBytes: this.#table?.length ?? null,
      isWhole: this.#table !== null && this.#missing.length === 0 && sha256 === this.#table.sha256,
      zeros: this.#zeros,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.close();
    await this.#folder?.[Symbol.asyncDispose]();
  }
}

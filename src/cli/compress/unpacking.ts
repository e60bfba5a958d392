/** One packed file back to what it was, or only tried; or what of a damaged one is whole. */
import { createHash } from "node:crypto";
import {
  type PackedModel,
  type PackedSource,
  readFooter,
  type Salvaged,
  salvage,
  type UnpackOptions,
  type UnpackReport,
  unpack,
} from "../../compress/index.ts";
import { SurprisalError } from "../../core/index.ts";
import { partsOf } from "../errors.ts";
import { startProgress } from "../render/index.ts";
import type { UnpackingModels } from "./models.ts";
import { openPackedOnly } from "./packed-input.ts";
import { factsOf, type Source, type Target } from "./places.ts";
import { writeWholeTo } from "./writing.ts";

/** How packed files are unpacked. */
export interface UnpackingOptions {
  models: UnpackingModels;
  quiet: boolean;
}

/** What was unpacked. */
export interface Unpacked {
  /** `null`: standard input, standard output; an output of `null` also where it was only tried. */
  input: string | null;
  output: string | null;
  bytes: number;
  packedBytes: number;
  chunks: number;
  sha256: string;
  /** The model that was needed; `null`: none. */
  model: PackedModel | null;
  seconds: number;
}

/** A part of the original that is missing. */
interface MissingPart {
  /** From 0. */
  chunk: number;
  /** Bytes of the original, [from, to); `null`: not known, because the file's table is damaged as well. */
  from: number | null;
  to: number | null;
  error: ReturnType<typeof partsOf>;
}

/** What was whole of a damaged file. */
export interface Salvage extends Omit<Unpacked, "chunks" | "sha256"> {
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

/** @param target `null`: it is only tried. @throws SurprisalError as `unpack`; USAGE, FILE_* */
export async function unpackSource(
  source: Source,
  target: Target | null,
  options: UnpackingOptions,
): Promise<Unpacked> {
  const started = performance.now();
  await using packed = await openPackedOnly(source);
  const work = coding(source, options, target === null ? "testing" : "unpacking");
  let report: UnpackReport | null = null;
  const pieces = async function* () {
    report = yield* unpack(packed, work.options);
  };
  await writeWholeTo(target, pieces(), factsOf(source)).finally(work.end);
  const { bytes, chunks, sha256 } = report!;
  return {
    input: source.file,
    output: target?.kind === "file" ? target.file : null,
    bytes,
    packedBytes: packed.size,
    chunks,
    sha256,
    model: work.model(),
    seconds: (performance.now() - started) / 1000,
  };
}

/**
 * Writes what is whole.
 * @param zeros missing bytes are zeros, so that every other one stands where it stood; else they are left out.
 * @throws SurprisalError PACKED_DAMAGED where nothing is whole: then there is no file.
 */
export async function salvageSource(
  source: Source,
  target: Target | null,
  { zeros, ...options }: UnpackingOptions & { zeros: boolean },
): Promise<Salvage> {
  const started = performance.now();
  await using packed = await openPackedOnly(source);
  const work = coding(source, options, "salvaging");
  const rescue = new Rescue(packed, zeros);
  await writeWholeTo(target, rescue.pieces(work.options), factsOf(source)).finally(work.end);
  return {
    input: source.file,
    output: target?.kind === "file" ? target.file : null,
    packedBytes: packed.size,
    model: work.model(),
    ...rescue.result(),
    seconds: (performance.now() - started) / 1000,
  };
}

function coding(
  source: Source,
  { models, quiet }: UnpackingOptions,
  doing: string,
): { options: UnpackOptions; end: () => void; model: () => PackedModel | null } {
  let needed: PackedModel | null = null;
  const line = quiet ? null : startProgress({ label: `${doing} ${source.name}`, unit: "bytes" });
  return {
    options: {
      coderFor(model) {
        needed = model;
        return models.coderFor(model);
      },
      onProgress: ({ bytes, total }) => line?.update({ done: bytes, total }),
    },
    end: () => line?.end(),
    model: () => needed,
  };
}

/** Bytes of zero that are written at a time. */
const ZEROS = new Uint8Array(2 ** 16);

class Rescue {
  readonly #packed: PackedSource;
  readonly #fill: boolean;
  readonly #hash = createHash("sha256");
  readonly #recovered: Salvage["recovered"] = [];
  readonly #missing: MissingPart[] = [];
  #bytes = 0;
  #zeros = 0;
  #table: Awaited<ReturnType<typeof readFooter>>["footer"] | null = null;

  constructor(packed: PackedSource, fill: boolean) {
    this.#packed = packed;
    this.#fill = fill;
  }

  async *pieces(options: UnpackOptions): AsyncGenerator<Uint8Array> {
    this.#table = await readFooter(this.#packed).then(
      ({ footer }) => footer,
      () => null,
    );
    for await (const found of salvage(this.#packed, options)) {
      if (found.bytes === null) {
        this.#isMissing(found);
        continue;
      }
      const { index, start, bytes } = found;
      if (this.#fill && this.#table) yield* this.#zerosUpTo(start);
      this.#recovered.push({ chunk: index, from: this.#table ? start : null, bytes: bytes.length });
      yield this.#kept(bytes);
    }
    this.#addUnseen();
    if (this.#recovered.length === 0 && (this.#missing.length > 0 || !this.#table)) throw this.#nothing();
    if (this.#fill && this.#table) yield* this.#zerosUpTo(this.#table.length);
  }

  *#zerosUpTo(place: number): Generator<Uint8Array> {
    while (this.#bytes < place) {
      const some = ZEROS.subarray(0, Math.min(ZEROS.length, place - this.#bytes));
      this.#zeros += some.length;
      yield this.#kept(some);
    }
  }

  #kept(bytes: Uint8Array): Uint8Array {
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
    return bytes;
  }

  #isMissing({ index, error }: Extract<Salvaged, { bytes: null }>): void {
    this.#missing.push({ chunk: index, ...this.#rangeOf(index), error: partsOf(error) });
  }

  #rangeOf(index: number): { from: number | null; to: number | null } {
    const chunks = this.#table?.chunks;
    if (!chunks?.[index]) return { from: null, to: null };
    const from = chunks.slice(0, index).reduce((sum, { length }) => sum + length, 0);
    return { from, to: from + chunks[index].length };
  }

  /** Chunks that the table lists and that were not found at all. */
  #addUnseen(): void {
    const seen = new Set([...this.#recovered, ...this.#missing].map(({ chunk }) => chunk));
    for (const index of this.#table?.chunks.keys() ?? [])
      if (!seen.has(index))
        this.#missing.push({
          chunk: index,
          ...this.#rangeOf(index),
          error: { code: "PACKED_DAMAGED", what: "It is lost: where it begins is damaged as well" },
        });
    this.#missing.sort((a, b) => a.chunk - b.chunk);
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

  result(): Pick<
    Salvage,
    "bytes" | "sha256" | "recovered" | "missing" | "originalBytes" | "isWhole" | "zeros"
  > {
    const sha256 = this.#hash.digest("hex");
    return {
      bytes: this.#bytes,
      sha256,
      recovered: this.#recovered,
      missing: this.#missing,
      originalBytes: this.#table?.length ?? null,
      isWhole: this.#table !== null && this.#missing.length === 0 && sha256 === this.#table.sha256,
      zeros: this.#zeros,
    };
  }
}

/** One source packed: into a file that can be gone on with, or to a stream, and unpacked again to be sure. */
import { closeSync, createReadStream, existsSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Writable } from "node:stream";
import {
  draftOf,
  type Explanation,
  explainPacked,
  type Method,
  type ModelCoder,
  openPacked,
  type PackedModel,
  type PackReport,
  pack,
  packFile,
  readChunks,
  readHeader,
  unpack,
} from "../../compress/index.ts";
import { SurprisalError } from "../../core/index.ts";
import { lockFile, onInterrupt, writeFailure } from "../../files/index.ts";
import { usage } from "../errors.ts";
import { startProgress } from "../render/index.ts";
import { CharacterCounter } from "./characters.ts";
import { LIKENESS_BYTES, likenessOf } from "./magic.ts";
import { bytesOf, factsOf, type Source, type Target } from "./places.ts";
import { modeOf, takeOver, temporaryFolder, writeTo } from "./writing.ts";

/** How sources are packed. */
export interface PackingOptions {
  coder: ModelCoder | undefined;
  chunkBytes: number | undefined;
  verify: boolean;
  /** Says where the bits went, as they are unpacked again to be compared. */
  explain: boolean;
  resume: boolean;
  force: boolean;
  quiet: boolean;
}

/** Chunks of one method. */
interface MethodShare {
  chunks: number;
  bytes: number;
  packedBytes: number;
}

/** What was packed. */
export interface Packed {
  /** `null`: standard input, standard output. */
  input: string | null;
  output: string | null;
  bytes: number;
  packedBytes: number;
  /** Of the original; `null`: it is no UTF-8. */
  characters: number | null;
  /** Of the original. */
  sha256: string;
  methods: Partial<Record<Method, MethodShare>>;
  model: PackedModel | null;
  /** Unpacked again, and compared. */
  verified: boolean;
  /** Bytes that an interrupted run had packed. */
  resumedFrom: number;
  /** Packing, and unpacking again. */
  seconds: number;
  verifySeconds: number | null;
  /** `null`: it was not asked for. */
  explanation: Explanation | null;
}

/** @throws SurprisalError USAGE, RUN_LOCKED, and as `packFile` */
export async function packSource(
  source: Source,
  target: Target,
  options: PackingOptions,
): Promise<Packed | null> {
  factsOf(source); // what cannot be read leaves no draft
  const work = new Packing(source, options);
  if (target.kind === "file") return isDone(target.file, options) ? null : work.toFile(target.file);
  const { stream, name } = target;
  return options.verify ? work.throughDraft(stream, name) : work.toStream(stream, name);
}

/** A file only gets its name once all of it is there. */
const isDone = (file: string, { resume, force }: PackingOptions): boolean =>
  resume && !force && existsSync(file) && !existsSync(draftOf(file));

class Packing {
  readonly #source: Source;
  readonly #options: PackingOptions;
  readonly #characters = new CharacterCounter();
  readonly #started = performance.now();
  #verifyMs: number | null = null;
  #explanation: Explanation | null = null;

  constructor(source: Source, options: PackingOptions) {
    this.#source = source;
    this.#options = options;
  }

  async toFile(file: string): Promise<Packed> {
    const draft = draftOf(file);
    const { resume, force } = this.#options;
    const release = lockFile(draft);
    const unlockOnInterrupt = onInterrupt(release);
    let calledOff = () => {};
    try {
      if (existsSync(draft) && !resume && !force) await checkDraft(draft);
      const before = resume && existsSync(draft) ? await bytesIn(draft) : 0;
      closeSync(openDraft(draft, modeOf(factsOf(this.#source)), before === 0));
      calledOff = onInterrupt(() => sayHowToGoOn(draft));
      const report = await this.#pack(file, before, resume);
      return this.#result(report, file, before);
    } catch (error) {
      throw await keptFor(error, draft);
    } finally {
      calledOff();
      unlockOnInterrupt();
      release();
    }
  }

  /** What is checked before a byte goes out cannot be on its way yet. */
  async throughDraft(stream: () => Writable, name: string): Promise<Packed> {
    await using folder = await temporaryFolder();
    const file = join(folder.path, "packed");
    const report = await this.#pack(file, 0, false);
    await writeTo(stream(), createReadStream(file), name);
    return this.#result(report, null, 0);
  }

  async toStream(stream: () => Writable, name: string): Promise<Packed> {
    const { coder, chunkBytes } = this.#options;
    const progress = this.#progress("packing", 0);
    const { onProgress, end } = progress;
    let report: PackReport | null = null;
    const pieces = pack(this.#counted(), { coder, chunkBytes, onProgress });
    const reported = async function* () {
      report = yield* pieces;
    };
    try {
      await writeTo(stream(), reported(), name);
    } finally {
      end();
    }
    return this.#result(report!, null, 0);
  }

  async #pack(file: string, before: number, resume: boolean): Promise<PackReport> {
    const { coder, chunkBytes, verify } = this.#options;
    const { onProgress, end } = this.#progress("packing", before);
    try {
      return await packFile(this.#counted(), file, {
        coder,
        chunkBytes,
        resume,
        onProgress,
        check: async (draft, report) => {
          end();
          if (verify) await this.#verify(draft, report);
          await takeOver(draft, factsOf(this.#source));
        },
      });
    } finally {
      end();
    }
  }

  async *#counted(): AsyncGenerator<Uint8Array> {
    for await (const piece of bytesOf(this.#source)) {
      this.#characters.add(piece);
      yield piece;
    }
  }

  /** Unpacks the draft with the same model: a file is only kept if it gives back the bytes that were read. */
  async #verify(draft: string, { sha256, bytes }: PackReport): Promise<void> {
    const started = performance.now();
    const { coder, explain } = this.#options;
    const { onProgress, end } = this.#progress("checking", 0);
    try {
      await using source = await openPacked(draft);
      const unpacking = { coderFor: coder && (async () => coder), onProgress };
      if (explain) this.#explanation = await explainPacked(source, unpacking);
      const value = this.#explanation ?? (await drained(unpack(source, unpacking)));
      if (value.sha256 !== sha256 || value.bytes !== bytes)
        throw new SurprisalError({
          code: "PACKED_DAMAGED",
          what: "The bytes that come out are others",
          where: draft,
        });
    } catch (error) {
      throw SurprisalError.isInstance(error) ? notTheSame(error, this.#source.name) : error;
    } finally {
      end();
      this.#verifyMs = performance.now() - started;
    }
  }

  #progress(doing: string, resumedFrom: number) {
    const facts = factsOf(this.#source);
    const total = facts?.isFile() ? facts.size : null;
    const line = this.#options.quiet
      ? null
      : startProgress({ label: `${doing} ${this.#source.name}`, unit: "bytes", resumedFrom });
    return {
      onProgress: ({ bytes }: { bytes: number }) => line?.update({ done: bytes, total }),
      end: () => line?.end(),
    };
  }

  #result(report: PackReport, output: string | null, resumedFrom: number): Packed {
    const methods: Packed["methods"] = {};
    for (const { method, length, packedLength } of report.chunks) {
      const before = methods[method] ?? { chunks: 0, bytes: 0, packedBytes: 0 };
      methods[method] = {
        chunks: before.chunks + 1,
        bytes: before.bytes + length,
        packedBytes: before.packedBytes + packedLength,
      };
    }
    const seconds = (performance.now() - this.#started) / 1000;
    const verifySeconds = this.#verifyMs === null ? null : this.#verifyMs / 1000;
    return {
      input: this.#source.file,
      output,
      bytes: report.bytes,
      packedBytes: report.packedBytes,
      characters: this.#characters.count(),
      sha256: report.sha256,
      methods,
      model: this.#options.coder?.identity ?? null,
      verified: verifySeconds !== null,
      resumedFrom,
      seconds: seconds - (verifySeconds ?? 0),
      verifySeconds,
      explanation: this.#explanation,
    };
  }
}

async function drained<Result>(pieces: AsyncGenerator<Uint8Array, Result, void>): Promise<Result> {
  for (;;) {
    const { done, value } = await pieces.next();
    if (done) return value;
  }
}

const GO_ON = "the same command with --resume goes on with it, with --force it begins afresh";

/** What was broken off before its first chunk was packed may be begun anew. @throws SurprisalError USAGE for all else */
async function checkDraft(draft: string): Promise<void> {
  if ((await bytesIn(draft)) > 0) throw usage(`An interrupted run has left ${draft}; ${GO_ON}`);
  await using file = await openPacked(draft);
  const start = await file.read(0, LIKENESS_BYTES);
  if (start.length > 0 && likenessOf(start) !== null)
    throw usage(`${draft}, which is written first, is there and is something else; --force replaces it`);
}

function sayHowToGoOn(draft: string): void {
  process.stderr.write(`Interrupted. What is packed is in ${draft}; ${GO_ON}.\n`);
}

/** A draft with chunks in it is worth going on with; another one is nothing. */
async function keptFor(error: unknown, draft: string): Promise<unknown> {
  if (!existsSync(draft) || (SurprisalError.isInstance(error) && error.code === "USAGE")) return error;
  if ((await bytesIn(draft)) === 0) {
    rmSync(draft, { force: true });
    return error;
  }
  if (!SurprisalError.isInstance(error)) return error;
  const { code, what, where, wayOut } = error;
  const kept = `What is packed is kept in ${draft}; ${GO_ON}.`;
  return new SurprisalError({ code, what, where, wayOut: `${wayOut ?? ""} ${kept}`.trim(), cause: error });
}

function notTheSame({ code, what, where }: SurprisalError, name: string): SurprisalError {
  return new SurprisalError({
    code,
    what: `What was packed does not come out again, and is not kept: ${what}`,
    where: where ?? name,
    wayOut: "Please report this; --bytes packs without a model.",
  });
}

/** Made with the rights of what is read. */
function openDraft(draft: string, mode: number, afresh: boolean): number {
  try {
    return openSync(draft, afresh ? "w" : "a", mode);
  } catch (error) {
    throw writeFailure(error, draft);
  }
}

/** Bytes of the original that a draft has in whole chunks' headers. */
async function bytesIn(draft: string): Promise<number> {
  let bytes = 0;
  try {
    await using source = await openPacked(draft);
    const { size } = await readHeader(source);
    for await (const chunk of readChunks(source, size)) {
      if (chunk.at + chunk.packedLength > source.size) break;
      bytes += chunk.length;
    }
  } catch (error) {
    if (!SurprisalError.isInstance(error)) throw error; // where it was broken off
  }
  return bytes;
}

/** Standard input as a file: it comes once, and a corpus is read as often as anyone likes. */
import { randomUUID } from "node:crypto";
import { createWriteStream, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { abortError, SurprisalError } from "../../core/index.ts";
import { type ReadInputOptions, sayThatItWaits } from "../../files/index.ts";

const MOST_BYTES = 16 * 2 ** 30;

/** Options of `keepInput`. */
interface KeepOptions extends Pick<ReadInputOptions, "onWait" | "waitMs"> {
  signal?: AbortSignal | undefined;
  /** Bytes; what has no end would fill the disk. */
  most?: number | undefined;
}

/**
 * Keeps what arrives in a temporary file, which is removed when the process ends.
 *
 * @returns its path
 * @throws SurprisalError FILE_UNWRITABLE, DOCUMENT_TOO_LARGE, ABORTED
 */
export async function keepInput(
  input: AsyncIterable<Uint8Array | string>,
  { signal, most = MOST_BYTES, onWait, waitMs }: KeepOptions = {},
): Promise<string> {
  const path = join(tmpdir(), `surprisal-input-${randomUUID()}`);
  process.once("exit", () => rmSync(path, { force: true }));
  const calledOff = sayThatItWaits("standard input", { onWait, waitMs });
  try {
    await pipeline(Readable.from(bounded(input, most, calledOff)), createWriteStream(path, { mode: 0o600 }), {
      signal,
    });
  } catch (error) {
    rmSync(path, { force: true });
    if (SurprisalError.isInstance(error)) throw error;
    if (signal?.aborted) throw abortError("Reading standard input", signal);
    throw new SurprisalError({
      code: "FILE_UNWRITABLE",
      what: `Standard input cannot be kept: ${(error as Error).message}`,
      where: tmpdir(),
      wayOut: "Make room there, name another folder with TMPDIR, or give a file in place of standard input.",
      cause: error,
    });
  } finally {
    calledOff();
  }
  return path;
}

async function* bounded(
  input: AsyncIterable<Uint8Array | string>,
  most: number,
  onFirst: () => void,
): AsyncGenerator<Uint8Array | string> {
  let size = 0;
  for await (const chunk of input) {
    onFirst();
    size += typeof chunk === "string" ? Buffer.byteLength(chunk) : chunk.length;
    if (size > most)
      throw new SurprisalError({
        code: "DOCUMENT_TOO_LARGE",
        what: `More than ${most} bytes came, or what comes has no end`,
        where: "standard input",
        wayOut: "Keep it in a file and name that: files may have any length.",
      });
    yield chunk;
  }
}

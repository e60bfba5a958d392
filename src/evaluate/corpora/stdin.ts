/** Standard input as a file: it comes once, and a corpus is read as often as anyone likes. */
import { randomUUID } from "node:crypto";
import { createWriteStream, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { abortError, SurprisalError } from "../../core/index.ts";

/**
 * Keeps what arrives in a temporary file, which is removed when the process ends.
 *
 * @returns its path
 * @throws SurprisalError FILE_UNWRITABLE, ABORTED
 */
export async function keepInput(
  input: AsyncIterable<Uint8Array | string>,
  signal?: AbortSignal,
): Promise<string> {
  const path = join(tmpdir(), `surprisal-input-${randomUUID()}`);
  process.once("exit", () => rmSync(path, { force: true }));
  try {
    await pipeline(Readable.from(input), createWriteStream(path, { mode: 0o600 }), { signal });
  } catch (error) {
    rmSync(path, { force: true });
    if (signal?.aborted) throw abortError("Reading standard input", signal);
    throw new SurprisalError({
      code: "FILE_UNWRITABLE",
      what: `Standard input cannot be kept: ${(error as Error).message}`,
      where: tmpdir(),
      wayOut: "Make room there, name another folder with TMPDIR, or give a file in place of standard input.",
      cause: error,
    });
  }
  return path;
}

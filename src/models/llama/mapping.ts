/**
 * Whether weights are mapped or read.
 *
 * A mapped file is read as its pages are touched. If another program truncates it meanwhile (`cp` onto it, a download that begins
 * anew), or a network file system loses it, the next touch is a SIGBUS, which ends the process, and no check before a
 * decode call can exclude it: the file may shrink during the call. Locked and populated pages are taken away as well. Only what
 * was read is safe. So:
 * - files in our own cache are mapped: they are written under another name and renamed when complete, and never changed. To rename
 *   over a mapped file or delete it does no harm, the mapping keeps the old one;
 * - all others are read whole into memory, at about 0.5 s per gigabyte that the system has in its own cache already, of which
 *   weights re-ordered for the CPU's kernels (`repack`) pay most in either case;
 * - unless they would take more than half of the memory that is free: then they are mapped, and their size is looked at before
 *   every call, which excludes most accidents, not all.
 */
import { statSync } from "node:fs";
import { freemem } from "node:os";
import { resolve, sep } from "node:path";
import { SurprisalError } from "../../core/index.ts";
import type { GgufFile } from "../gguf/index.ts";

const MOST_OF_MEMORY = 0.5;

/** @param cache folder of files that nobody changes. */
export function isMapped(
  { parts, fileBytes }: Pick<GgufFile, "parts" | "fileBytes">,
  cache: string,
  wanted: boolean | "auto" = "auto",
  freeBytes: number = freemem(),
): boolean {
  if (wanted !== "auto") return wanted;
  const ours = resolve(cache) + sep;
  return parts.every((part) => resolve(part).startsWith(ours)) || fileBytes > MOST_OF_MEMORY * freeBytes;
}

const RELOAD =
  "Load the model again when the file is whole; replace a model in use by renaming, or load it with mmap: false.";

/** The files of a mapped model, to be looked at before they are used. */
export class MappedFiles {
  readonly #sizes: ReadonlyMap<string, number>;
  readonly #wayOut: string;

  /** @param wayOut for a person whose file became shorter. */
  constructor(parts: readonly string[], wayOut: string = RELOAD) {
    this.#wayOut = wayOut;
    this.#sizes = new Map(parts.map((part) => [part, statSync(part).size]));
  }

  /** @throws SurprisalError MODEL_CHANGED: one is shorter than it was. One that was deleted or replaced is mapped still. */
  assertWhole(): void {
    for (const [path, bytes] of this.#sizes) {
      const now = statSync(path, { throwIfNoEntry: false })?.size ?? bytes;
      if (now >= bytes) continue;
      throw new SurprisalError({
        code: "MODEL_CHANGED",
        what: `The model's file has ${now} bytes now, and had ${bytes} when it was opened`,
        where: path,
        wayOut: this.#wayOut,
      });
    }
  }
}

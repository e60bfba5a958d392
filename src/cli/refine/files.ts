/** The files that `surprisal refine` writes, and what stands in their way. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { assertWritable, isSameFile } from "../../files/index.ts";
import { infinityFromText } from "../../text/index.ts";
import { usage } from "../errors.ts";
import type { RefineGiven } from "./options.ts";

/** Names; `null`: not asked for. */
export interface RefineFiles {
  /** The refined lines, or the prompt. */
  out: string | null;
  /** What became of each sample, a line each: what is gone on with. */
  samples: string | null;
  manifest: string | null;
  html: string | null;
}

/** A name of --out in .html is a page. */
export function filesOf({ mode, out: named, html: page }: RefineGiven): RefineFiles {
  const isPage = named !== undefined && /\.html?$/i.test(named);
  if (isPage && page !== undefined && page !== named)
    throw usage("--out names a page, and --html another one: name the refined lines .jsonl", named);
  const out = isPage || named === undefined ? null : named;
  const base = out?.replace(/\.(jsonl|ndjson|json|txt)$/i, "");
  return {
    out,
    samples: base === undefined || mode === "fs" ? null : `${base}.samples.jsonl`,
    manifest: base === undefined ? null : `${base}.manifest.json`,
    html: (isPage ? named : page) ?? null,
  };
}

/** @throws SurprisalError USAGE, FILE_UNWRITABLE: before the long work, not after it. */
export function checkFiles(
  { out, samples, manifest, html }: RefineFiles,
  { file, calibration, resume, mode }: RefineGiven,
): void {
  if (resume && out === null) throw usage("--resume needs --out");
  for (const target of [out, samples, manifest, html]) {
    if (target === null) continue;
    for (const read of [file, calibration])
      if (read !== undefined && read !== "-" && isSameFile(target, read))
        throw usage("A file that is read would be written over", target);
    assertWritable(target);
  }
  const targets = [out, samples, manifest, html].filter((target) => target !== null);
  const [twice] = targets.filter((target, i) => targets.some((other, k) => k < i && isSame(target, other)));
  if (twice !== undefined) throw usage("Two of the files that are written have the same name", twice);
  for (const target of [out, samples])
    if (target !== null && !resume && existsSync(target))
      throw usage(
        mode === "ft"
          ? "--out names files of which one is there already; --resume goes on with them"
          : "--out names a file that is there already",
        target,
      );
}

/** Also of files that are not there yet. */
const isSame = (a: string, b: string): boolean => isSameFile(a, b) || resolve(a) === resolve(b);

/** Lower-case hex. */
export const sha256 = (content: string | Uint8Array): string =>
  createHash("sha256").update(content).digest("hex");

/** Changes and ratios may be infinite too. */
export const numberFromText = (key: string, value: unknown): unknown =>
  infinityFromText(["ratio", "mean", "total", "surprisal"].includes(key) ? "value" : key, value);

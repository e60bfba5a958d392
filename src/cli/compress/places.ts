/** What is read, and where what comes of it goes: names, what is not overwritten, and pipes. */
import { createReadStream, createWriteStream, existsSync, realpathSync, type Stats, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { Writable } from "node:stream";
import { SurprisalError } from "../../core/index.ts";
import { assertWritable, isSameFile, readFailure } from "../../files/index.ts";
import { usage } from "../errors.ts";
import type { TargetValues } from "./options.ts";

/** What is read. */
export interface Source {
  /** For people. */
  name: string;
  /** `null`: standard input. */
  file: string | null;
}

/** Where to: a file that comes into being whole; or a pipe, a device, a terminal. */
export type Target =
  | { kind: "file"; file: string }
  | { kind: "stream"; name: string; stream: () => Writable };

const STDIN = "-";

/** @throws SurprisalError USAGE where standard input is a terminal, or named twice. */
export function sourcesOf(files: readonly string[], what: string): Source[] {
  const names = files.length === 0 ? [STDIN] : files;
  if (names.filter((name) => name === STDIN).length > 1) throw usage("Standard input is named twice", STDIN);
  if (names.includes(STDIN) && process.stdin.isTTY)
    throw usage(`There is nothing to ${what}: name a file, or pipe something in`);
  return names.map((name) =>
    name === STDIN ? { name: "standard input", file: null } : { name, file: name },
  );
}

/** Faults of the options as a whole, before anything is read. @throws SurprisalError USAGE */
export function checkTargets(
  sources: readonly Source[],
  { out, stdout }: TargetValues,
  options: { json: boolean; concatenates: boolean },
): void {
  if (out !== undefined && stdout && out !== "-") throw usage("Give --out or --stdout, not both", out);
  const toStdout = sources.filter(
    ({ file }) => stdout || out === "-" || (file === null && out === undefined),
  );
  if (options.json && toStdout.length > 0)
    throw usage("--json would be mixed with what is written to standard output; give --out FILE");
  if (toStdout.length > 1 && !options.concatenates)
    throw usage("Packed files cannot be laid one behind the other: give --stdout one file");
  if (out !== undefined && out !== "-" && sources.length > 1 && !isFolder(out))
    throw usage("--out takes a folder where several files are given", out);
}

/**
 * Where what comes of a source goes.
 * @param nameFor what it is called without --out. @param guarded nothing is written to a terminal unless --force says so.
 * @throws SurprisalError USAGE, FILE_UNWRITABLE
 */
export function targetFor(
  { file }: Source,
  { out, stdout, force }: TargetValues,
  nameFor: (file: string) => string,
  { guarded, mayExist = false }: { guarded: boolean; mayExist?: boolean },
): Target {
  if (stdout || out === "-" || (file === null && out === undefined)) {
    if (guarded && !force && process.stdout.isTTY)
      throw usage("Packed bytes are not for a terminal: give --out FILE, or --force");
    return { kind: "stream", name: "standard output", stream: () => process.stdout };
  }
  const path = pathFor(file, out, nameFor);
  const facts = statOf(path);
  if (facts && !facts.isFile() && !facts.isDirectory())
    return { kind: "stream", name: path, stream: () => createWriteStream(path) }; // it stays the device or pipe that it is
  if (facts?.isFile()) {
    if (file !== null && isSameFile(path, file)) throw usage("What is read would be overwritten", path);
    if (!force && !mayExist) throw usage(`${path} is there already; --force replaces it`);
  }
  assertWritable(path);
  return { kind: "file", file: existsSync(path) ? realpathSync(path) : path };
}

function pathFor(file: string | null, out: string | undefined, nameFor: (file: string) => string): string {
  if (out === undefined) return nameFor(file!);
  if (!isFolder(out)) return out;
  if (file === null) throw usage("--out takes the name of a file for standard input", out);
  return join(out, basename(nameFor(file)));
}

const isFolder = (path: string): boolean => statOf(path)?.isDirectory() ?? false;

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined; // whoever writes there hears why
  }
}

/** Facts of what is read; `null` of standard input. @throws SurprisalError FILE_NOT_FOUND, FILE_UNREADABLE */
export function factsOf({ file }: Source): Stats | null {
  if (file === null) return null;
  try {
    const facts = statSync(file);
    if (facts.isDirectory()) throw Object.assign(new Error("it is a folder"), { code: "EISDIR" });
    return facts;
  } catch (error) {
    throw readFailure(error, file);
  }
}

const PIECE = 2 ** 18; // bytes

/** The bytes of a source, as they come. @throws SurprisalError FILE_NOT_FOUND, FILE_UNREADABLE */
export async function* bytesOf({ file, name }: Source): AsyncGenerator<Uint8Array> {
  try {
    const stream = file === null ? process.stdin : createReadStream(file, { highWaterMark: PIECE });
    for await (const piece of stream) yield typeof piece === "string" ? Buffer.from(piece) : piece;
  } catch (error) {
    if (SurprisalError.isInstance(error)) throw error;
    throw readFailure(error, name);
  }
}

/** Reading what the person names, and writing what they ask for, whole or not at all. */
import { randomUUID } from "node:crypto";
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
} from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { buffer } from "node:stream/consumers";
import { SurprisalError } from "../core/index.ts";
import { onInterrupt } from "./interrupt.ts";

/** Bytes of a file, or of standard input for "-". */
export async function readInput(file: string): Promise<Uint8Array> {
  try {
    return file === "-" ? await buffer(process.stdin) : readFileSync(file);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === "ENOENT")
      throw new SurprisalError({
        code: "FILE_NOT_FOUND",
        what: "There is no such file",
        where: file,
        wayOut: "Check the name; to score the words themselves use --text.",
        cause,
      });
    throw new SurprisalError({
      code: "FILE_UNREADABLE",
      what: code === "EISDIR" ? "This is a folder, not a text file" : `The file cannot be read (${code})`,
      where: file === "-" ? "standard input" : file,
      wayOut: code === "EISDIR" ? "Name one file." : "Check its name and permissions.",
      cause,
    });
  }
}

/** Fails before the long work, not after it. @throws SurprisalError FILE_UNWRITABLE */
export function assertWritable(file: string): void {
  try {
    const target = statSync(file, { throwIfNoEntry: false });
    if (target?.isDirectory()) throw new Error("it is a folder");
    if (target) accessSync(file, constants.W_OK);
    if (!target || target.isFile()) accessSync(dirname(destination(file)), constants.W_OK);
  } catch (cause) {
    throw unwritable(file, cause);
  }
}

/** Whether two names are one file, which exists. */
export function isSameFile(one: string, other: string): boolean {
  return existsSync(one) && existsSync(other) && realpathSync(one) === realpathSync(other);
}

/** Writes a file that is either the old one or the complete new one, also when interrupted. */
export async function writeWhole(file: string, content: string): Promise<void> {
  try {
    const target = statSync(file, { throwIfNoEntry: false });
    if (target && !target.isFile())
      await writeFile(file, content); // a pipe or a device is not replaced by a file
    else await replace(destination(file), content);
  } catch (cause) {
    throw unwritable(file, cause);
  }
}

async function replace(file: string, content: string): Promise<void> {
  const partial = join(dirname(file), `.surprisal-${randomUUID()}.partial`);
  const calledOff = onInterrupt(() => rmSync(partial, { force: true }));
  try {
    closeSync(openSync(partial, "wx")); // from here on there is something to remove, and a handler that will
    await writeFile(partial, content);
    await rename(partial, file);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  } finally {
    calledOff();
  }
}

/** Where the bytes go: a symbolic link stays one. */
function destination(file: string): string {
  return existsSync(file) ? realpathSync(file) : resolve(file);
}

/** @param cause what the system said when `file` was written. */
export function unwritable(file: string, cause: unknown): SurprisalError {
  const { code, message } = cause as NodeJS.ErrnoException;
  return new SurprisalError({
    code: code === "ENOSPC" ? "DISK_FULL" : "FILE_UNWRITABLE",
    what: code === "ENOSPC" ? "The disk is full" : `The file cannot be written (${code ?? message})`,
    where: file,
    wayOut:
      code === "ENOSPC"
        ? "Free some space."
        : "Name a file in a folder that exists and that you may write to.",
    cause,
  });
}

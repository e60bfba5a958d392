/** Reading what the person names, and writing what they ask for, whole or not at all. */
import { accessSync, constants, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { buffer } from "node:stream/consumers";
import { SurprisalError } from "../core/index.ts";
import { onInterrupt } from "./interrupt.ts";

/** Bytes of a file, or of standard input for "-". */
export async function readInput(file: string): Promise<Uint8Array> {
  if (file === "-") return buffer(process.stdin);
  try {
    return readFileSync(file);
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
      where: file,
      wayOut: code === "EISDIR" ? "Name one file." : "Check its permissions.",
      cause,
    });
  }
}

/** Fails before the long work, not after it. @throws SurprisalError FILE_UNWRITABLE */
export function assertWritable(file: string): void {
  try {
    accessSync(dirname(resolve(file)), constants.W_OK);
    if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) throw new Error("it is a folder");
  } catch (cause) {
    throw unwritable(file, cause);
  }
}

/** Writes a file that is either the old one or the complete new one, also when interrupted. */
export function writeWhole(file: string, content: string): void {
  const partial = `${file}.${process.pid}.partial`;
  const calledOff = onInterrupt(() => rmSync(partial, { force: true }));
  try {
    writeFileSync(partial, content);
    renameSync(partial, file);
  } catch (cause) {
    rmSync(partial, { force: true });
    throw unwritable(file, cause);
  } finally {
    calledOff();
  }
}

function unwritable(file: string, cause: unknown): SurprisalError {
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

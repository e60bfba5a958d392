/** Writing what the person asks for, whole or not at all. */
import { accessSync, constants, existsSync, realpathSync, rmSync, statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { writeFailure } from "./failure.ts";
import { onInterrupt } from "./interrupt.ts";
import { draftIn, replaceFile } from "./replace.ts";

/** Fails before the long work, not after it. @throws SurprisalError FILE_UNWRITABLE */
export function assertWritable(file: string): void {
  try {
    const target = statSync(file, { throwIfNoEntry: false });
    if (target?.isDirectory()) throw new Error("it is a folder");
    if (target) accessSync(file, constants.W_OK);
    if (!target || target.isFile()) accessSync(dirname(destination(file)), constants.W_OK);
  } catch (error) {
    throw writeFailure(error, file);
  }
}

/** Whether two names are one file, which exists: also by a link, and where capitals do not count. */
export function isSameFile(one: string, other: string): boolean {
  const identity = identityOf(one);
  return identity !== null && identity === identityOf(other);
}

/** The same for every name of a file; `null`: there is none. */
export function identityOf(path: string): string | null {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev} ${ino}`;
  } catch {
    return null; // it is not there, or cannot be looked at: whoever opens it hears why
  }
}

/**
 * Writes a file that is either the old one or the complete new one, also when interrupted.
 * @throws SurprisalError DISK_FULL, FILE_UNWRITABLE
 */
export async function writeWhole(file: string, content: string | Uint8Array): Promise<void> {
  try {
    const target = statSync(file, { throwIfNoEntry: false });
    if (target && !target.isFile())
      await writeFile(file, content); // a pipe or a device is not replaced by a file
    else replace(destination(file), content);
  } catch (error) {
    throw writeFailure(error, file);
  }
}

/** The draft may lie among the person's own files, and must not stay there. */
function replace(file: string, content: string | Uint8Array): void {
  const draft = draftIn(dirname(file));
  const calledOff = onInterrupt(() => rmSync(draft, { force: true }));
  try {
    replaceFile(file, draft, content);
  } finally {
    calledOff();
  }
}

/** Where the bytes go: a symbolic link stays one. */
function destination(file: string): string {
  return existsSync(file) ? realpathSync(file) : resolve(file);
}

/** Bytes to a file that comes into being whole, to a stream, or to nowhere; and places for what is only needed for a while. */
import { once } from "node:events";
import { rmSync, type Stats } from "node:fs";
import { chmod, mkdtemp, open, rename, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { onInterrupt, writeFailure } from "../../files/index.ts";
import type { Target } from "./places.ts";

/** Writes what comes to a stream, no faster than it takes it. */
export async function writeTo(
  stream: Writable,
  pieces: AsyncIterable<Uint8Array>,
  name: string,
): Promise<void> {
  try {
    for await (const piece of pieces) if (!stream.write(piece)) await once(stream, "drain");
    if (stream === process.stdout) return;
    stream.end();
    await once(stream, "finish");
  } catch (error) {
    throw writeFailure(error, name);
  }
}

/**
 * Writes what comes; a file only becomes one when all of it has come without an error.
 * @param facts of what it was made from: its time and mode are taken over, as gzip does. @param target `null`: to nowhere.
 */
export async function writeWholeTo(
  target: Target | null,
  pieces: AsyncIterable<Uint8Array>,
  facts: Stats | null,
): Promise<void> {
  if (target === null) {
    for await (const _ of pieces);
    return;
  }
  if (target.kind === "stream") return writeTo(target.stream(), pieces, target.name);
  const { file } = target;
  const draft = `${file}.${process.pid}.partial`;
  const calledOff = onInterrupt(() => rmSync(draft, { force: true }));
  try {
    const out = await open(draft, "wx", modeOf(facts)).catch((error: unknown) => {
      throw writeFailure(error, file);
    });
    try {
      for await (const piece of pieces)
        await out.writeFile(piece).catch((error: unknown) => {
          throw writeFailure(error, file);
        });
      await out.sync();
    } finally {
      await out.close();
    }
    await takeOver(draft, facts);
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  } finally {
    calledOff();
  }
}

/** What is not for others to read is not while it is written either. */
export const modeOf = (facts: Stats | null): number => (facts?.isFile() ? facts.mode & 0o777 : 0o666);

/** Time and mode of what a file was made from. A file system that has neither loses neither. */
export async function takeOver(file: string, facts: Stats | null): Promise<void> {
  if (!facts?.isFile()) return;
  await chmod(file, facts.mode & 0o777).catch(() => {});
  await utimes(file, facts.atime, facts.mtime).catch(() => {});
}

/** A folder for what is only needed for a while; it goes with the end of the block, and with Ctrl-C. */
export async function temporaryFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "surprisal-"));
  const remove = () => rmSync(path, { recursive: true, force: true });
  const calledOff = onInterrupt(remove);
  return {
    path,
    async [Symbol.asyncDispose]() {
      calledOff();
      remove();
    },
  };
}

/** What the person names, read whole: a file, a pipe, a device, or standard input; never more than a bound. */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { errorCode, SurprisalError } from "../core/index.ts";
import { readFailure } from "./failure.ts";

/** Bytes of a text that is held whole, and as a table of its tokens. */
export const MOST_INPUT_BYTES: number = 256 * 2 ** 20;
const CHUNK = 2 ** 20;
/** Pause between two looks at a pipe that has nothing yet, milliseconds. */
const LOOK_EVERY_MS = 20;
/** Nobody has opened a named pipe for writing for so long: nobody will, milliseconds. */
const NO_WRITER_MS = 30_000;
/** A program that writes begins sooner, as a rule. */
const WAIT_MS = 3000;

/** Options of `readInput`. */
export interface ReadInputOptions {
  /** Most bytes. Default `MOST_INPUT_BYTES`. */
  most?: number | undefined;
  /** What reads longer texts, for the error. */
  wayOutWhenLarge?: string | undefined;
  /** What to do where there is no such file, for the error. */
  wayOutWhenMissing?: string | undefined;
  /** How long a named pipe may have no writer, milliseconds. Default 30,000. */
  noWriterMs?: number | undefined;
  /** Told once when nothing has come for a while: waiting for a slow writer is ordinary use, and looks like standing still. */
  onWait?: ((words: string) => void) | undefined;
  /** How long that is, milliseconds. Default 3000. */
  waitMs?: number | undefined;
}

/**
 * Bytes of a file, or of standard input for "-".
 * @throws SurprisalError FILE_NOT_FOUND, FILE_UNREADABLE, DOCUMENT_TOO_LARGE
 */
export async function readInput(file: string, options: ReadInputOptions = {}): Promise<Uint8Array> {
  const { most = MOST_INPUT_BYTES } = options;
  const where = file === "-" ? "standard input" : file;
  const chunks: Uint8Array[] = [];
  let size = 0;
  const calledOff = sayThatItWaits(where, options);
  try {
    for await (const chunk of file === "-" ? process.stdin : chunksOf(file, options)) {
      const bytes = typeof chunk === "string" ? Buffer.from(chunk) : (chunk as Uint8Array);
      calledOff();
      size += bytes.length;
      if (size > most) throw tooLarge(where, most, options.wayOutWhenLarge);
      chunks.push(bytes);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    throw readFailure(error, where, {
      wayOutWhenMissing:
        options.wayOutWhenMissing ?? "Check the name; to score the words themselves use --text.",
    });
  } finally {
    calledOff();
  }
}

/** @returns what calls it off. */
export function sayThatItWaits(
  where: string,
  { onWait, waitMs = WAIT_MS }: Pick<ReadInputOptions, "onWait" | "waitMs">,
): () => void {
  const say = () => onWait?.(`Waiting for ${where}: nothing has come for ${waitMs / 1000} s.`);
  const timer = onWait && setTimeout(say, waitMs);
  return () => clearTimeout(timer);
}

function tooLarge(where: string, most: number, wayOut?: string): SurprisalError {
  return new SurprisalError({
    code: "DOCUMENT_TOO_LARGE",
    what: `The text is larger than ${(most / 2 ** 20).toFixed(most % 2 ** 20 === 0 ? 0 : 3)} MiB, or has no end`,
    where,
    wayOut: wayOut ?? "Give a shorter one.",
  });
}

/** Opened so that a pipe without a writer holds nobody up: Ctrl-C works, and the wait has an end. */
async function* chunksOf(
  file: string,
  { most = MOST_INPUT_BYTES, wayOutWhenLarge, noWriterMs = NO_WRITER_MS }: ReadInputOptions,
): AsyncGenerator<Uint8Array> {
  const handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const facts = await handle.stat();
    if (facts.isFile() && facts.size > most) throw tooLarge(file, most, wayOutWhenLarge);
    const until = performance.now() + noWriterMs;
    for (let hasBegun = !facts.isFIFO(); ; ) {
      const chunk = await readSome(handle);
      if (chunk !== null && chunk.length > 0) {
        hasBegun = true;
        yield chunk;
      } else if (chunk !== null && hasBegun) return;
      else if (chunk === null) {
        hasBegun ||= facts.isFIFO(); // somebody has opened it for writing, and says nothing yet
        await sleep(LOOK_EVERY_MS);
      } else if (performance.now() > until)
        throw new SurprisalError({
          code: "FILE_UNREADABLE",
          what: `Nobody has written into this pipe for ${noWriterMs / 1000} s`,
          where: file,
          wayOut:
            "Start the program that writes into it first, or let the shell wait: surprisal score - < PIPE.",
        });
      else await sleep(LOOK_EVERY_MS);
    }
  } finally {
    await handle.close();
  }
}

/** What is there; empty at the end, and of a pipe that nobody has opened for writing; `null`: nothing yet. */
async function readSome(handle: FileHandle): Promise<Uint8Array | null> {
  const buffer = Buffer.allocUnsafe(CHUNK);
  try {
    const { bytesRead } = await handle.read(buffer, 0, CHUNK, null);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    if (errorCode(error) === "EAGAIN") return null;
    throw error;
  }
}

/**
 * A file of answers, a line each, that can be gone on with. A line is written as soon as those before it are, and is complete
 * when its newline is there; half a line at the end is cut off when the file is gone on with. Lines that come out of order,
 * after an interruption or an error, are put into order at the end.
 */
import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { errorCode, SurprisalError } from "../../core/index.ts";
import { lockFile, replaceFile, writeFailure } from "../../files/index.ts";
import { usage } from "../errors.ts";
import { jsonLine } from "../json.ts";
import type { PromptRow } from "./prompts.ts";
import type { Request, Row } from "./rows.ts";

const CHUNK = 2 ** 20;
const NEWLINE = 0x0a;

/** Where a line is. */
interface Line {
  offset: number;
  length: number;
  isError: boolean;
}

/** What is asked, as far as the file knows it: a prompt, or a state with questions. */
type Asked = Pick<PromptRow, "index" | "sha256">;

/** The parts of a line that decide whether the file can be gone on with. */
export type Kept = Pick<Row, "type" | "prompt" | "sample" | "promptSha256" | "request">;

export interface AnswerFileOptions {
  resume: boolean;
  request: Request;
  rows: readonly Asked[];
  samples: number;
}

/** Answers that are kept as they come. */
export class AnswerFile implements Disposable {
  readonly #file: string;
  readonly #descriptor: number;
  readonly #release: () => void;
  readonly #samples: number;
  /** By place: prompt times samples plus sample. The last line of a place holds. */
  readonly #lines = new Map<number, Line>();
  #end = 0;
  #last = -1;
  #isInOrder = true;

  private constructor(file: string, descriptor: number, release: () => void, samples: number) {
    this.#file = file;
    this.#descriptor = descriptor;
    this.#release = release;
    this.#samples = samples;
  }

  /**
   * @throws SurprisalError USAGE where the file is there and is not gone on with; RUN_LOCKED, RUN_MISMATCH, RUN_DAMAGED,
   *   FILE_UNWRITABLE, ...: then it is left as it is.
   */
  static open(file: string, { resume, request, rows, samples }: AnswerFileOptions): AnswerFile {
    const release = lockFile(file);
    let descriptor: number | null = null;
    try {
      descriptor = openSync(file, resume ? "a+" : "ax+");
      const answers = new AnswerFile(file, descriptor, release, samples);
      if (resume) answers.#read(request, rows);
      return answers;
    } catch (error) {
      if (descriptor !== null) closeSync(descriptor);
      release();
      if (errorCode(error) !== "EEXIST") throw writeFailure(error, file);
      throw usage("--out names a file that is there already; --resume goes on with it", file);
    }
  }

  /** Answers that are there, errors not among them. */
  get count(): number {
    let count = 0;
    for (const { isError } of this.#lines.values()) if (!isError) count++;
    return count;
  }

  has(row: Asked, sample: number): boolean {
    return this.#lines.get(this.#placeOf(row.index, sample))?.isError === false;
  }

  /** @throws SurprisalError DISK_FULL, FILE_UNWRITABLE; what was there stays. */
  add(row: Kept): void {
    const bytes = Buffer.from(jsonLine(row));
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#descriptor, bytes, done);
    } catch (error) {
      try {
        ftruncateSync(this.#descriptor, this.#end);
      } catch {
        // half a line: cut off when the file is gone on with
      }
      throw writeFailure(error, this.#file, {
        wayOutWhenFull: "Free some space and go on with --resume: what is done is kept.",
      });
    }
    this.#note(row, bytes.length);
  }

  /** All lines are on the disk, in order, one for each place. @throws SurprisalError DISK_FULL, FILE_UNWRITABLE */
  finish(): void {
    try {
      if (this.#isInOrder) fdatasyncSync(this.#descriptor);
      else
        replaceFile(this.#file, `${this.#file}.${process.pid}.part`, (draft) => this.#putInOrder(draft), {
          durable: true,
        });
    } catch (error) {
      throw writeFailure(error, this.#file);
    }
  }

  /** A file in which nothing stands is not kept. */
  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
    if (this.#end === 0 && sizeOf(this.#file) === 0) rmSync(this.#file, { force: true });
    this.#release();
  }

  #placeOf(prompt: number, sample: number): number {
    return prompt * this.#samples + sample;
  }

  #note({ prompt, sample, type }: Pick<Row, "prompt" | "sample" | "type">, length: number): void {
    const place = this.#placeOf(prompt, sample);
    this.#isInOrder &&= place > this.#last;
    this.#last = place;
    this.#lines.set(place, { offset: this.#end, length, isError: type === "error" });
    this.#end += length;
  }

  #leaveOut(length: number): void {
    this.#isInOrder = false;
    this.#end += length;
  }

  #read(request: Request, rows: readonly Asked[]): void {
    let number = 0;
    const { size } = fstatSync(this.#descriptor);
    const end = eachLine(this.#descriptor, (line, length) => {
      const where = `${this.#file}:${++number}`;
      const row = parsed(line, where);
      checkSame(row, request, rows, this.#samples, where);
      // What failed and was mended since, or taken out, is none of these prompts any more: its line is left out at the end.
      if (rows[row.prompt]?.sha256 === row.promptSha256) this.#note(row, length);
      else this.#leaveOut(length);
    });
    if (end < size) ftruncateSync(this.#descriptor, end);
  }

  #putInOrder(draft: string): void {
    const descriptor = openSync(draft, "wx");
    try {
      for (const [, { offset, length }] of [...this.#lines].sort(([a], [b]) => a - b)) {
        const line = Buffer.alloc(length);
        for (let done = 0; done < length; )
          done += readSync(this.#descriptor, line, done, length - done, offset + done);
        for (let done = 0; done < length; ) done += writeSync(descriptor, line, done);
      }
    } finally {
      closeSync(descriptor);
    }
  }
}

const sizeOf = (file: string): number | null => {
  const facts = statSync(file, { throwIfNoEntry: false });
  return facts?.isFile() ? facts.size : null;
};

/** @returns one past the last complete line, bytes. */
function eachLine(descriptor: number, take: (line: string, length: number) => void): number {
  const chunk = Buffer.alloc(CHUNK);
  let kept: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  for (let position = 0; ; ) {
    const length = readSync(descriptor, chunk, 0, CHUNK, position);
    if (length === 0) return position - kept.length;
    position += length;
    const bytes = Buffer.concat([kept, chunk.subarray(0, length)]);
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      take(bytes.toString("utf8", start, end), end + 1 - start);
      start = end + 1;
    }
    kept = bytes.subarray(start);
  }
}

function parsed(line: string, where: string): Kept {
  try {
    const row: unknown = JSON.parse(line);
    if (isRow(row)) return row;
  } catch {
    // as if it were another row
  }
  throw new SurprisalError({
    code: "RUN_DAMAGED",
    what: "A line of the file is no answer of this command",
    where,
    wayOut: "Remove the line, or name another file: --out FILE.",
  });
}

function isRow(value: unknown): value is Kept {
  const { type, prompt, sample, promptSha256, request } = (value ?? {}) as Record<string, unknown>;
  const { sha256, model, options } = (request ?? {}) as Record<string, unknown>;
  return (
    (type === "answer" || type === "error") &&
    [prompt, sample].every((each) => Number.isInteger(each) && Number(each) >= 0) &&
    [promptSha256, sha256].every((each) => typeof each === "string") &&
    [model, options].every((each) => typeof each === "object" && each !== null)
  );
}

/** @throws SurprisalError RUN_MISMATCH, which says what is another one. */
function checkSame(
  row: Kept,
  request: Request,
  rows: readonly Asked[],
  samples: number,
  where: string,
): void {
  const mismatch = (what: string, wayOut: string) =>
    new SurprisalError({ code: "RUN_MISMATCH", what, where, wayOut });
  if (row.request.sha256 !== request.sha256)
    throw mismatch(
      `The file's answers are of another ${differencesOf(row.request, request)}`,
      "Give the same model and options as before, or name another file: --out FILE.",
    );
  if (row.sample >= samples)
    throw mismatch(`The file has more samples of a prompt than ${samples}`, "Ask for as many: --samples.");
  if (row.type === "answer" && rows[row.prompt]?.sha256 !== row.promptSha256)
    throw mismatch(
      `Prompt ${row.prompt} is another one than in the file`,
      "Give the same prompts in the same order (more may follow), or name another file: --out FILE.",
    );
}

function differencesOf(before: Request, now: Request): string {
  if (JSON.stringify(before.model) !== JSON.stringify(now.model))
    return `model: ${before.model.name} (${before.model.sha256?.slice(0, 12) ?? before.model.source}), now ${now.model.name} (${now.model.sha256?.slice(0, 12) ?? now.model.source})`;
  const names = [...new Set([...Object.keys(before.options), ...Object.keys(now.options)])];
  const shown = (value: unknown) => (value === undefined ? "none" : JSON.stringify(value));
  const different = names
    .filter((name) => shown(before.options[name]) !== shown(now.options[name]))
    .map((name) => `${name}: ${shown(before.options[name])}, now ${shown(now.options[name])}`);
  return different.join("; ") || "version of this program";
}

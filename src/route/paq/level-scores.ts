/**
 * Scores as they are made, level by level: a file of records has a line for each prompt with all its levels, and is written at the
 * end. Until then each score is a line of FILE.unfinished, complete when its line feed is there.
 */
import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from "node:fs";
import { ERROR_CODES, type ErrorCode, SurprisalError } from "../../core/index.ts";
import { shapes } from "../../evaluate/runs/index.ts";
import { writeFailure } from "../../files/index.ts";
import { decodeText, infinityAsText } from "../../text/index.ts";
import { parseRecords, type RecordsHeader, recordLine } from "../records.ts";

/** A reference that a model wrote itself. */
export interface WrittenReference {
  text: string;
  ids: readonly number[];
}

/** What one level makes of one prompt. */
export type LevelScore =
  | { nll: number | null; tokens: number; promptTokens: number }
  | { failed: { code: ErrorCode; what: string } };

/** A line: a score, or the reference that the highest level wrote. */
type Line = { id: string; of: string } & (
  | { reference: WrittenReference }
  | { level: string; score: LevelScore }
);

/** Which file the scores of a file of records are kept in meanwhile. */
const unfinished = (file: string): string => `${file}.unfinished`;

/** Prompt and reference, as far as one tells them from others. */
export function promptHash(question: string, reference: string | null): string {
  return createHash("sha256")
    .update(JSON.stringify([question, reference]))
    .digest("hex")
    .slice(0, 16);
}

/** Scores on disk. */
export class LevelScores implements Disposable {
  readonly #file: string;
  readonly #descriptor: number;
  readonly #scores = new Map<string, LevelScore>();
  readonly #references = new Map<string, WrittenReference>();
  #bytes = 0;
  #isOpen = true;

  private constructor(file: string, descriptor: number) {
    this.#file = file;
    this.#descriptor = descriptor;
  }

  static has(records: string): boolean {
    return existsSync(unfinished(records));
  }

  /**
   * @param hashes by id: scores of another prompt under the same id are an error.
   * @param differs what of two headers is another; `null` = nothing.
   * @throws SurprisalError RUN_MISMATCH, ROUTER_INVALID, FILE_UNWRITABLE
   */
  static open(
    records: string,
    header: RecordsHeader,
    hashes: ReadonlyMap<string, string>,
    differs: (before: RecordsHeader, now: RecordsHeader) => string | null,
  ): LevelScores {
    const file = unfinished(records);
    let descriptor: number;
    try {
      descriptor = openSync(file, "a+");
    } catch (error) {
      throw writeFailure(error, file);
    }
    const scores = new LevelScores(file, descriptor);
    try {
      scores.#read(header, hashes, differs);
      return scores;
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  }

  get(id: string, level: string): LevelScore | null {
    return this.#scores.get(keyOf(id, level)) ?? null;
  }

  reference(id: string): WrittenReference | null {
    return this.#references.get(id) ?? null;
  }

  /** What failed is asked again: its lines stay, and later ones count. */
  forgetFailures(): void {
    for (const [key, score] of this.#scores) if ("failed" in score) this.#scores.delete(key);
  }

  add(line: Line): void {
    this.#write(`${JSON.stringify(line, infinityAsText)}\n`);
    this.#note(line);
  }

  /** All is in the file of records: this one is not needed any more. */
  remove(): void {
    this[Symbol.dispose]();
    rmSync(this.#file, { force: true });
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    fdatasyncSync(this.#descriptor);
    closeSync(this.#descriptor);
  }

  #note(line: Line): void {
    if ("reference" in line) this.#references.set(line.id, line.reference);
    else this.#scores.set(keyOf(line.id, line.level), line.score);
  }

  #write(text: string): void {
    const bytes = Buffer.from(text);
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#descriptor, bytes, done);
    } catch (error) {
      try {
        ftruncateSync(this.#descriptor, this.#bytes);
      } catch {
        // half a line: cut off when the file is gone on with
      }
      throw writeFailure(error, this.#file, {
        wayOutWhenFull: "Free some space and go on: what is done is kept.",
      });
    }
    this.#bytes += bytes.length;
  }

  #read(
    header: RecordsHeader,
    hashes: ReadonlyMap<string, string>,
    differs: (before: RecordsHeader, now: RecordsHeader) => string | null,
  ): void {
    const bytes = readFileSync(this.#descriptor);
    const whole = bytes.lastIndexOf(LINE_FEED) + 1;
    if (whole < bytes.length) ftruncateSync(this.#descriptor, whole);
    this.#bytes = whole;
    if (whole === 0) {
      this.#write(recordLine(header));
      return;
    }
    const [first, ...lines] = decodeText(bytes.subarray(0, whole), this.#file).text.split("\n").slice(0, -1);
    const different = differs(parseRecords(`${first}\n`, this.#file).header, header);
    if (different !== null)
      throw this.#mismatch(
        `The scores that are there are of another ${different}`,
        "Give the same ladder and options as before, or name another file.",
      );
    for (const [i, text] of lines.entries()) {
      const line = this.#parsed(text, `${this.#file}, line ${i + 2}`);
      const now = hashes.get(line.id);
      if (now !== undefined && now !== line.of)
        throw this.#mismatch(
          `Prompt "${line.id}" is another one than in the file`,
          "Give the same prompts (more may follow), or name another file.",
        );
      this.#note(line);
    }
  }

  #parsed(text: string, where: string): Line {
    let value: unknown;
    try {
      value = JSON.parse(text, (key, each: unknown) =>
        key === "nll" && each === "Infinity" ? Infinity : each,
      );
    } catch (cause) {
      throw malformed("This is no JSON", where, cause);
    }
    const problem = lineShape(value, "");
    if (problem !== null) throw malformed(`A field is not what it should be: ${problem}`, where);
    return value as Line;
  }

  #mismatch(what: string, wayOut: string): SurprisalError {
    return new SurprisalError({ code: "RUN_MISMATCH", what, where: this.#file, wayOut });
  }
}

const LINE_FEED = 0x0a;
const keyOf = (id: string, level: string): string => `${level} ${id}`;

const malformed = (what: string, where: string, cause?: unknown): SurprisalError =>
  new SurprisalError({
    code: "ROUTER_INVALID",
    what,
    where,
    wayOut: "Remove this file, and begin anew: it is not as it was written.",
    cause,
  });

const { count, either, list, nullable, number, oneOf, record, text: words } = shapes;

const scoreShape = either(
  record({ failed: record({ code: oneOf(...ERROR_CODES), what: words }) }),
  record({ nll: nullable(number), tokens: count, promptTokens: count }),
);
const lineShape = either(
  record({ id: words, of: words, reference: record({ text: words, ids: list(count) }) }),
  record({ id: words, of: words, level: words, score: scoreShape }),
);

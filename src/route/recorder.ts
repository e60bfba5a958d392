/**
 * A file of records that grows as questions are answered. A line is written as soon as those before it are, and is complete when
 * its line feed is there: a recorder that is killed goes on with the questions that are missing.
 */
import { closeSync, fdatasyncSync, ftruncateSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { errorCode, invalidArgument, SurprisalError } from "../core/index.ts";
import { lockFile, writeFailure, writeWhole } from "../files/index.ts";
import { decodeText } from "../text/index.ts";
import {
  checkedLine,
  parseRecords,
  RECORDS_SCHEMA,
  type RecordsHeader,
  type RouteRecord,
  recordLine,
} from "./records.ts";

/** A question that is to be recorded. */
export interface RecordedQuestion {
  id: string;
  question: string;
}

/** Options of `RecordsFile.open`. */
export interface RecordsFileOptions {
  header: Omit<RecordsHeader, "schema">;
  /** In the order in which the records are to stand. */
  questions: readonly RecordedQuestion[];
  /** Goes on with a file that is there. Default false: such a file is an error. */
  resume?: boolean | undefined;
}

/** Records that are kept as they come. One process at a time writes a file. */
export class RecordsFile implements Disposable {
  readonly file: string;
  readonly #descriptor: number;
  readonly #release: () => void;
  #header: RecordsHeader;
  readonly #places: ReadonlyMap<string, number>;
  readonly #records: RouteRecord[] = [];
  #bytes = 0;
  #isInOrder = true;
  #isOpen = true;
  /** The records that are there were asked for one at a time, and those of now are not. */
  #dropsTimes = false;

  private constructor(file: string, descriptor: number, release: () => void, options: RecordsFileOptions) {
    this.file = file;
    this.#descriptor = descriptor;
    this.#release = release;
    this.#header = { schema: RECORDS_SCHEMA, ...options.header };
    this.#places = new Map(options.questions.map(({ id }, i) => [id, i]));
  }

  /**
   * Half a line at the end is cut off.
   * @throws SurprisalError RUN_EXISTS where the file is there and is not gone on with; RUN_LOCKED; RUN_MISMATCH naming what is
   *   another: model, wording, options, questions; ROUTER_INVALID naming the line; FILE_UNWRITABLE. Then it is left as it is.
   */
  static open(file: string, options: RecordsFileOptions): RecordsFile {
    const release = lockFile(file);
    let descriptor: number | null = null;
    try {
      descriptor = openSync(file, options.resume ? "a+" : "ax+");
      const records = new RecordsFile(file, descriptor, release, options);
      if (options.resume) records.#read(options);
      return records;
    } catch (error) {
      if (descriptor !== null) closeSync(descriptor);
      release();
      if (errorCode(error) !== "EEXIST") throw writeFailure(error, file);
      throw new SurprisalError({
        code: "RUN_EXISTS",
        what: "The file of records is there already",
        where: file,
        wayOut: "Go on with it (resume), or name another file.",
      });
    }
  }

  /** Header and records as they are so far. */
  get contents(): { header: RecordsHeader; records: readonly RouteRecord[] } {
    return { header: this.#header, records: this.#records };
  }

  has(id: string): boolean {
    return this.#records.some((record) => record.id === id);
  }

  /**
   * Where the file's records were asked for one at a time and this one was not, its times are dropped.
   * @throws SurprisalError ROUTER_INVALID for a record that could not be read again; DISK_FULL, FILE_UNWRITABLE; what was there stays.
   */
  add(given: RouteRecord): void {
    const record = this.#dropsTimes ? withoutTimes(given) : given;
    const header = this.#bytes === 0 ? recordLine(this.#header) : "";
    const bytes = Buffer.from(header + checkedLine(record, `record "${record.id}"`));
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#descriptor, bytes, done);
    } catch (error) {
      try {
        ftruncateSync(this.#descriptor, this.#bytes);
      } catch {
        // half a line: cut off when the file is gone on with
      }
      throw writeFailure(error, this.file, {
        wayOutWhenFull: "Free some space and go on: what is done is kept.",
      });
    }
    this.#bytes += bytes.length;
    this.#note(record);
  }

  /** All records are on the disk, in the order of the questions. @throws SurprisalError DISK_FULL, FILE_UNWRITABLE */
  async finish(): Promise<void> {
    try {
      fdatasyncSync(this.#descriptor);
    } catch (error) {
      throw writeFailure(error, this.file);
    }
    if (this.#isInOrder) return;
    this.#records.sort((a, b) => this.#placeOf(a) - this.#placeOf(b));
    await writeWhole(this.file, recordLine(this.#header) + this.#records.map(recordLine).join(""));
    this.#isInOrder = true;
  }

  /** Lets go of it; a file in which nothing stands is not kept. */
  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.#descriptor);
    if (this.#bytes === 0) rmSync(this.file, { force: true });
    this.#release();
  }

  #placeOf({ id }: RouteRecord): number {
    return this.#places.get(id) ?? Number.POSITIVE_INFINITY;
  }

  #note(record: RouteRecord): void {
    const last = this.#records.at(-1);
    if (last && this.#placeOf(record) < this.#placeOf(last)) this.#isInOrder = false;
    this.#records.push(record);
  }

  #read({ questions }: RecordsFileOptions): void {
    const bytes = readFileSync(this.#descriptor);
    const wholeBytes = bytes.lastIndexOf(LINE_FEED) + 1; // of the file, which may begin with a byte order mark
    if (wholeBytes === 0) {
      ftruncateSync(this.#descriptor, 0); // killed in the middle of the header
      return;
    }
    const { header, records } = parseRecords(
      decodeText(bytes.subarray(0, wholeBytes), this.file).text,
      this.file,
    );
    const different = differenceOf(header, this.#header);
    const mismatch = (what: string, wayOut: string) =>
      new SurprisalError({ code: "RUN_MISMATCH", what, where: this.file, wayOut });
    if (different !== null)
      throw mismatch(
        `The file's records are of another ${different}`,
        "Give the same model and options as before, or name another file.",
      );
    const byId = new Map(questions.map(({ id, question }) => [id, question]));
    for (const record of records) {
      if (byId.get(record.id) !== record.question)
        throw mismatch(
          byId.has(record.id)
            ? `Question "${record.id}" is another one than in the file`
            : `The file has a question "${record.id}" that is not among those given`,
          "Give the same questions (more may follow), or name another file.",
        );
      this.#note(record);
    }
    ftruncateSync(this.#descriptor, wholeBytes);
    this.#bytes = wholeBytes;
    this.#dropsTimes = (this.#header.atOnce ?? 1) > (header.atOnce ?? 1);
    this.#header = { ...this.#header, atOnce: header.atOnce };
  }
}

const LINE_FEED = 0x0a;

function withoutTimes({ paths, ...record }: RouteRecord): RouteRecord {
  const named = Object.entries(paths).map(([path, answer]) => [path, { ...answer, ms: null }]);
  return { ...record, paths: Object.fromEntries(named) };
}

/** What of a file's header is another, in words; `null`: nothing. Internal to this room. */
export function differenceOf(before: RecordsHeader, now: RecordsHeader): string | null {
  const shown = (value: unknown) => (value === undefined ? "none" : JSON.stringify(value));
  const model = (header: RecordsHeader) => header.identity?.model?.name ?? "unknown";
  for (const name of ["paths", "counting", "identity", "identities", "instructions"] as const)
    if (shown(before[name]) !== shown(now[name]))
      return name === "identity" && model(before) !== model(now)
        ? `model: ${model(before)}, now ${model(now)}`
        : `${name}: ${shown(before[name])}, now ${shown(now[name])}`;
  const one: Readonly<Record<string, unknown>> = { ...before.asked, ...before.thinking };
  const other: Readonly<Record<string, unknown>> = { ...now.asked, ...now.thinking };
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  const name = [...names].find((each) => shown(one[each]) !== shown(other[each]));
  return name === undefined ? null : `${name}: ${shown(one[name])}, now ${shown(other[name])}`;
}

/** How far the recording has come. */
export interface RecordingProgress {
  /** Questions done in this run, failed ones among them, of so many that were missing. */
  done: number;
  missing: number;
  failed: number;
}

/** Options of `recordQuestions`. */
export interface RecordQuestionsOptions {
  /** Questions that are asked side by side: a model in process runs them in one batch. Default 8. */
  atOnce?: number | undefined;
  onProgress?: ((progress: RecordingProgress) => void) | undefined;
}

/** A question that has no record, and why. */
export interface FailedQuestion {
  id: string;
  error: unknown;
}

/** Where so many fail before the first is recorded, it is not the questions. */
const HOPELESS = 3;
/** Errors of one question, or of what a server made of it: the next one may have none. */
const OF_ONE_QUESTION: readonly string[] = [
  ...["CONTEXT_EXCEEDED", "EMPTY_INPUT", "INVALID_UTF8", "TOO_FEW_TOKENS", "NOTHING_TO_SCORE"],
  ...["WIRE_MALFORMED", "SERVER_ERROR", "STREAM_CUT", "ANSWER_TOO_LONG", "TOO_MANY_SEQUENCES"],
];

/**
 * Records the questions that a file lacks, several at once, and writes them in their order.
 * @param record makes a record of a question: `car.record`, `cascade.record` or your own.
 * @returns questions that failed: the next run asks them again.
 * @throws what would fail for all questions; what is done is kept.
 */
export async function recordQuestions<Question extends RecordedQuestion>(
  file: RecordsFile,
  questions: readonly Question[],
  record: (question: Question) => Promise<RouteRecord>,
  { atOnce = 8, onProgress }: RecordQuestionsOptions = {},
): Promise<FailedQuestion[]> {
  if (!(Number.isSafeInteger(atOnce) && atOnce >= 1))
    throw invalidArgument(
      `${atOnce} questions cannot be asked side by side`,
      "atOnce",
      "Give a whole number from 1 on.",
    );
  const known = new Set(file.contents.records.map(({ id }) => id));
  const missing = questions.filter(({ id }) => !known.has(id));
  const failures: FailedQuestion[] = [];
  const ready = new Map<number, RouteRecord | null>();
  let [begun, written, done] = [0, 0, 0];
  const settle = (place: number, result: RouteRecord | null) => {
    ready.set(place, result);
    for (let each = ready.get(written); each !== undefined; each = ready.get(written)) {
      ready.delete(written++);
      if (each) file.add(each);
    }
    done++;
    onProgress?.({ done, missing: missing.length, failed: failures.length });
  };
  const work = async () => {
    while (begun < missing.length) {
      const place = begun++;
      const question = missing[place]!;
      try {
        settle(place, await record(question));
      } catch (error) {
        failures.push({ id: question.id, error });
        const hopeless = failures.length >= HOPELESS && failures.length > done;
        if (hopeless || !(SurprisalError.isInstance(error) && OF_ONE_QUESTION.includes(error.code))) {
          begun = missing.length;
          throw error;
        }
        settle(place, null);
      }
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: atOnce }, work));
  for (const each of [...ready.entries()].toSorted(([a], [b]) => a - b)) if (each[1]) file.add(each[1]);
  const broken = ends.find((end) => end.status === "rejected");
  if (broken) throw broken.reason;
  await file.finish();
  const order = new Map(questions.map(({ id }, i) => [id, i]));
  return failures.toSorted((a, b) => order.get(a.id)! - order.get(b.id)!);
}

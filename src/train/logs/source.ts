/** A log on disk, read as far as it goes, and further when it has grown. The format is told by its content. */
import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync, statSync } from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";
import { SurprisalError } from "../../core/index.ts";
import { readFailure } from "../../files/index.ts";
import { type CollectorOptions, LogCollector } from "../collector.ts";
import type { TrainingRun } from "../series.ts";
import { parsePythonJson } from "../values.ts";
import { CsvReader, delimiterOf } from "./csv.ts";
import { readDocument, readParquet } from "./documents.ts";
import { EventsReader, isEvents } from "./events.ts";
import { JsonLinesReader } from "./json-lines.ts";
import type { LogReader } from "./reader.ts";

const CHUNK = 4 * 2 ** 20;
const HEAD = 64 * 1024;
/** Documents are read whole: no larger than this, bytes. */
const LARGEST_DOCUMENT = 512 * 2 ** 20;

/** What a file's first bytes say; `null`: too few to tell. */
type Format = "lines" | "csv" | "events" | "document" | "parquet";

/** @throws SurprisalError LOG_MALFORMED for what is none of the formats. */
function formatOf(head: Uint8Array, whole: boolean, file: string): Format | null {
  const text = Buffer.from(head).toString("utf8");
  const begin = text.replace(/^\ufeff/, "").trimStart();
  if (text.startsWith("PAR1")) return "parquet";
  if (isEvents(head)) return "events";
  if (text.startsWith("SQLite format 3"))
    throw malformed(
      "This is an SQLite database",
      file,
      "Of trackio: export it (`trackio get metric --project P --run R --metric train/loss --json > loss.json`, or its metrics.parquet), and watch that.",
    );
  if (head[0] === 0x1f && head[1] === 0x8b)
    throw malformed("The log is compressed", file, "Unpack it first: gunzip -c FILE | surprisal watch -");
  if (begin.startsWith("[")) return "document";
  if (begin.startsWith("{")) {
    const end = begin.indexOf("\n");
    if (end < 0 && !whole && head.length < HEAD) return null;
    const first = (end < 0 ? begin : begin.slice(0, end)).trim();
    try {
      const value = parsePythonJson(first);
      const isHistory = Object.values(value as object).some((each) => Array.isArray(each) && each.length > 0);
      return isHistory ? "document" : "lines";
    } catch {
      // A document over many lines begins with a brace alone; a first line that is damaged is one of lines.
      return /^\{\s*(?:"[^"]*"\s*:\s*[[{]?\s*)?$/.test(first) || end < 0 ? "document" : "lines";
    }
  }
  if (text.includes("\0")) throw malformed("This is a binary file of no format that is known", file, KNOWN);
  const [line = "", second] = begin.split("\n");
  if (second === undefined && !whole) return null;
  if (line.trim() === "") return null;
  if (delimiterOf(line) === null && !/^[\w./ -]+\r?$/.test(line))
    throw malformed("The first line is neither JSON nor headings of a table", file, KNOWN);
  return "csv";
}

const KNOWN =
  "Logs are JSON lines, trainer_state.json, TensorBoard event files, CSV, W&B's export, or trackio's (docs/training.md).";

const malformed = (what: string, where: string, wayOut: string): SurprisalError =>
  new SurprisalError({ code: "LOG_MALFORMED", what, where, wayOut });

/** One file that is read as it grows. */
export class LogFile {
  format: string | null = null;
  private reader: LogReader | null = null;
  private kind: Format | null = null;
  private offset = 0;
  private stamp = "";
  private inode: number | null = null;
  private head: Uint8Array = new Uint8Array(0);
  collector: LogCollector;

  readonly file: string;
  private readonly options: CollectorOptions;
  private readonly run: string | null;
  private readonly prefix: string;
  private readonly shared: LogCollector | null;

  /** @param options of the collector, where the file has one of its own. */
  constructor(
    file: string,
    options: CollectorOptions,
    run: string | null = null,
    prefix: string = "",
    shared: LogCollector | null = null,
  ) {
    this.file = file;
    this.options = options;
    this.run = run;
    this.prefix = prefix;
    this.shared = shared;
    this.collector = shared ?? new LogCollector(options);
  }

  /** Reads what has come. @returns whether anything has. @throws SurprisalError FILE_NOT_FOUND, FILE_UNREADABLE, LOG_MALFORMED */
  async poll(final = false): Promise<boolean> {
    let descriptor: number;
    try {
      descriptor = openSync(this.file, "r");
    } catch (error) {
      throw readFailure(error, this.file, {
        wayOutWhenMissing: "Check the name; --follow waits for a log that is to come.",
      });
    }
    try {
      const found = fstatSync(descriptor);
      if (found.isDirectory()) throw malformed("This is a folder", this.file, KNOWN);
      // A log that is shorter than it was, or another file in its place, is read from its beginning.
      const replaced = this.inode !== null && (found.ino !== this.inode || found.size < this.offset);
      if (replaced) this.again(found.size < this.offset ? "cut" : "replaced");
      this.inode = found.ino;
      const stamp = `${found.size} ${found.mtimeMs}`;
      if (stamp === this.stamp && !final) return false;
      const changed = stamp !== this.stamp;
      this.stamp = stamp;
      if (this.kind === null) {
        const head = Buffer.alloc(Math.min(HEAD, found.size));
        readSync(descriptor, head, 0, head.length, 0);
        this.head = head;
        if (head.length === 0) return false;
        this.kind = formatOf(this.head, final && found.size <= HEAD, this.file);
        if (this.kind === null) return false;
      }
      if (this.kind === "document" || this.kind === "parquet")
        return changed && (await this.whole(found.size, final));
      return this.grow(descriptor, found.size);
    } catch (error) {
      throw readFailure(error, this.file, { wayOutWhenMissing: "Check the name." });
    } finally {
      closeSync(descriptor);
    }
  }

  private again(how: string): void {
    if (this.shared === null) this.collector = new LogCollector(this.options);
    this.collector.note(
      how === "cut"
        ? "The log was cut shorter while it was read: it is read again from its beginning."
        : "Another file took the log's place: that one is read.",
    );
    [this.reader, this.kind, this.offset] = [null, null, 0];
  }

  private grow(descriptor: number, size: number): boolean {
    this.reader ??= this.open();
    this.format = this.reader.format;
    const chunk = Buffer.allocUnsafe(Math.max(1, Math.min(CHUNK, size - this.offset)));
    const before = this.offset;
    while (this.offset < size) {
      const read = readSync(descriptor, chunk, 0, Math.min(chunk.length, size - this.offset), this.offset);
      if (read === 0) break;
      this.offset += read;
      this.reader.push(chunk.subarray(0, read));
    }
    return this.offset > before;
  }

  private open(): LogReader {
    if (this.kind === "events") return new EventsReader(this.collector, this.run, this.prefix);
    return this.kind === "csv"
      ? new CsvReader(this.collector, basename(this.file), this.run)
      : new JsonLinesReader(this.collector, this.run);
  }

  private async whole(size: number, final: boolean): Promise<boolean> {
    if (size > LARGEST_DOCUMENT)
      throw malformed(
        `The document is larger than ${LARGEST_DOCUMENT / 2 ** 20} MiB`,
        this.file,
        "Write its rows as JSON lines.",
      );
    const bytes = readFileSync(this.file);
    const collector = this.shared ?? new LogCollector(this.options);
    try {
      if (this.kind === "parquet") {
        await readParquet(bytes, collector, this.run);
        this.format = "Parquet";
      } else {
        this.format = readDocument(bytes.toString("utf8"), collector, this.run);
        if (this.format === null) throw malformed("The document has no history", this.file, KNOWN);
      }
    } catch (error) {
      if (SurprisalError.isInstance(error)) throw error;
      // It may be just being written: the next look finds it whole.
      if (!final && this.offset > 0) return false;
      throw malformed(
        `The document is damaged or cut short: ${error instanceof Error ? error.message : String(error)}`,
        this.file,
        "Write it again, or wait until it has been written.",
      );
    }
    this.offset = size;
    this.collector = collector;
    return true;
  }

  end(): void {
    this.reader?.end();
  }
}

/** "run/train" and "run/validation": Keras writes a folder for each split. */
const SPLIT_FOLDER = /^(?:train|training|val|valid|validation|eval|evaluation|test)$/i;

/** A log: a file, or a folder of event files, of checkpoints, or with one log in it. */
export class LogSource {
  private files = new Map<string, LogFile>();
  private readonly collector: LogCollector | null;
  private readonly isFolder: boolean;

  readonly path: string;
  private readonly options: CollectorOptions;

  /** @throws SurprisalError FILE_NOT_FOUND */
  constructor(path: string, options: CollectorOptions = {}) {
    this.path = path;
    this.options = options;
    let folder = false;
    try {
      folder = statSync(path).isDirectory();
    } catch {
      // It may be written yet; the first look says whether it is there.
    }
    this.isFolder = folder;
    const name = options.name ?? nameOf(path);
    this.options = { ...options, name };
    this.collector = folder ? new LogCollector(this.options) : null;
    if (!folder) this.files.set(path, new LogFile(path, this.options));
  }

  get formats(): string[] {
    return [...new Set([...this.files.values()].flatMap(({ format }) => format ?? []))];
  }

  /** Reads what has come since. @param final nothing more is expected: a log without its last line break is whole. */
  async poll(final = false): Promise<boolean> {
    if (this.isFolder) this.look();
    let changed = false;
    for (const file of this.files.values()) changed = (await file.poll(final)) || changed;
    return changed;
  }

  /** The log has ended. */
  end(): void {
    for (const file of this.files.values()) file.end();
  }

  private collectors(): LogCollector[] {
    return [...new Set([...this.files.values()].map(({ collector }) => collector))];
  }

  runs(): TrainingRun[] {
    return this.collectors().flatMap((collector) => collector.runs());
  }

  /** @throws SurprisalError LOG_MALFORMED where nothing in it is a loss. */
  finish(): TrainingRun[] {
    this.end();
    const runs = this.collectors().flatMap((collector) => collector.finish());
    if (runs.length > 0) return runs;
    const broken = this.collectors().reduce((sum, { brokenLines }) => sum + brokenLines, 0);
    if ([...this.files.values()].every(({ format }) => format === null))
      throw new SurprisalError({
        code: "EMPTY_INPUT",
        what: "The log is empty",
        where: this.path,
        wayOut: "Wait for its first lines (--follow), or check the name.",
      });
    throw malformed(
      broken > 0
        ? `None of the lines that could be read has a loss, and ${broken} could not be read`
        : "There is no loss in the log",
      this.path,
      `A loss has "loss", "perplexity" or "bits_per_byte" in its name, and no other word that makes it something else; --train NAME and --valid NAME name any. ${KNOWN}`,
    );
  }

  /** New files of a folder: event files of any depth; else the newest checkpoint's state; else the one log. */
  private look(): void {
    const all = readdirSync(this.path, { recursive: true, encoding: "utf8" }).sort();
    const events = all.filter((file) => basename(file).includes("tfevents"));
    for (const file of events) this.addEvents(file);
    if (events.length > 0) return;
    const states = all.filter((file) => basename(file) === "trainer_state.json");
    const [state] = states.map((file) => ({ file, step: stepOf(file) })).sort((a, b) => b.step - a.step);
    if (state !== undefined) {
      if (!this.files.has(state.file))
        this.files = new Map([[state.file, new LogFile(join(this.path, state.file), this.options)]]);
      return;
    }
    const logs = all.filter(
      (file) => !file.includes(sep) && /\.(?:jsonl|ndjson|csv|tsv|parquet)$/i.test(file),
    );
    if (logs.length === 0)
      throw malformed(
        "There is no log in the folder",
        this.path,
        `It has neither event files nor a trainer_state.json, .jsonl or .csv. ${KNOWN}`,
      );
    for (const file of logs)
      if (!this.files.has(file))
        this.files.set(file, new LogFile(join(this.path, file), { ...this.options, name: nameOf(file) }));
  }

  private addEvents(file: string): void {
    if (this.files.has(file)) return;
    const folder = dirname(file);
    const split = SPLIT_FOLDER.test(basename(folder)) ? basename(folder) : null;
    const run = relative("", split === null ? folder : dirname(folder));
    const name = run === "" || run === "." ? null : run.split(sep).join("/");
    this.files.set(
      file,
      new LogFile(
        join(this.path, file),
        this.options,
        name,
        split === null ? "" : `${split}/`,
        this.collector,
      ),
    );
  }
}

/** checkpoint-500/trainer_state.json: 500; one beside the checkpoints is the last of all. */
const stepOf = (file: string): number => {
  const number = /checkpoint-(\d+)/.exec(file)?.[1];
  return number === undefined ? Number.POSITIVE_INFINITY : Number(number);
};

/** runs/a/log.jsonl is called "a", tools/overtrained.jsonl "overtrained". */
export function nameOf(path: string): string {
  const stem = basename(path).replace(/\.(?:jsonl|ndjson|json|csv|tsv|parquet|log|txt)$/i, "");
  const plain = /^(?:log|logs|metrics|history|training|trainer_state|events.*)$/i.test(stem);
  const folder = basename(dirname(path));
  return plain && folder !== "" && folder !== "." ? folder : stem || "run";
}

/**
 * All runs of a log: JSON lines, Hugging Face's trainer_state.json (or a folder of checkpoints), TensorBoard event files (or a
 * folder of them), CSV of Lightning, Keras or W&B, trackio's Parquet or JSON. The format is told by the content.
 * @throws SurprisalError FILE_NOT_FOUND, FILE_UNREADABLE, EMPTY_INPUT, LOG_MALFORMED
 */
export async function readTrainingLog(path: string, options: CollectorOptions = {}): Promise<TrainingRun[]> {
  const source = new LogSource(path, options);
  await source.poll(true);
  return source.finish();
}

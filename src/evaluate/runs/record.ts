/** What a run has done so far: in memory, and in its folder if it has one. */
import type { TaskResult } from "../tasks/index.ts";
import type { RunSeal } from "./checksum.ts";
import { JOURNAL, TOKEN_LOG } from "./files.ts";
import type { RunFolder } from "./folder.ts";
import {
  type DocumentEntry,
  type ItemEntry,
  Journal,
  type JournalEntry,
  type WindowsEntry,
} from "./journal.ts";
import { isHeld, readyToGoOn } from "./repair.ts";
import type { Run } from "./run.ts";
import { type FrameLocation, type TokenFrame, TokenLog } from "./token-log.ts";

/**
 * Lines and frames go to the disk this often, milliseconds, and before a result that follows from them is written. A power
 * cut loses no more work than that; what it leaves half written is noticed by its checksum.
 */
const SYNC_MS = 200;

/** What was done of one model over one corpus. */
export class CorpusRecord {
  /** By index of the document; holes where one is not done. */
  readonly documents: DocumentEntry[] = [];
  /** By index of a document that is not done, by index of the first token. */
  readonly windows: Map<number, Map<number, WindowsEntry>> = new Map();
  ms = 0;
  /** Where the frames of the token log are: by index of the document, by index of the first token. */
  readonly #frames = new Map<number, Map<number, FrameLocation>>();

  /** The first entry counts: what was done twice has the same digits. */
  add(entry: Exclude<JournalEntry, ItemEntry>): void {
    if (entry.type !== "time" && entry.log)
      innerMap(this.#frames, entry.documentIndex).set(entry.type === "windows" ? entry.start : 0, entry.log);
    if (entry.type === "time") this.ms += entry.ms;
    else if (entry.type === "document") {
      this.documents[entry.documentIndex] ??= entry;
      this.windows.delete(entry.documentIndex);
    } else if (!this.documents[entry.documentIndex])
      innerMap(this.windows, entry.documentIndex).set(entry.start, entry);
  }

  /** Where the frames of a document are, in its order. */
  frames(documentIndex: number): FrameLocation[] {
    const frames = [...(this.#frames.get(documentIndex) ?? [])];
    return frames.sort(([a], [b]) => a - b).map(([, location]) => location);
  }

  /** Tokens that were run for it. */
  get tokensRun(): number {
    return this.documents.reduce((sum, { tokensRun }) => sum + tokensRun, 0);
  }
}

/** What was done of one model over one task. */
export class TaskRecord {
  /** By index of the item. */
  readonly results: TaskResult[] = [];
  ms = 0;

  add({ result, ms }: ItemEntry): void {
    this.results[result.index] ??= result;
    this.ms += ms;
  }

  /** Tokens that were run for it. */
  get tokensRun(): number {
    return this.results.reduce((sum, { tokensRun }) => sum + tokensRun, 0);
  }
}

export class RunRecord implements Disposable {
  readonly #corpora = new Map<string, CorpusRecord>();
  readonly #tasks = new Map<string, TaskRecord>();
  readonly #folder: RunFolder | null;
  readonly #journal: Journal | null;
  readonly #log: TokenLog | null;
  #synced = 0;
  #isOpen = true;

  /**
   * @param folder `null`: nothing is kept on disk.
   * @throws SurprisalError RUN_DAMAGED; then nothing is changed.
   */
  constructor(folder: RunFolder | null, run: Run, options: RecordOptions) {
    this.#folder = folder;
    if (!folder) {
      this.#journal = null;
      this.#log = null;
      return;
    }
    const facts = readyToGoOn(folder, run, options);
    let end = 0;
    const accept = (entries: readonly JournalEntry[]) => {
      if (!entries.every((entry) => isHeld(entry, facts.logSize))) return false;
      for (const entry of entries) {
        this.#remember(entry);
        if ("log" in entry && entry.log) end = Math.max(end, entry.log[1]);
      }
      return true;
    };
    this.#journal = Journal.open(folder.file(JOURNAL), accept, facts);
    this.#log = new TokenLog(folder.file(TOKEN_LOG), end);
  }

  corpus(model: number, corpus: number): CorpusRecord {
    const key = `${model} ${corpus}`;
    const record = this.#corpora.get(key) ?? new CorpusRecord();
    this.#corpora.set(key, record);
    return record;
  }

  task(model: number, task: number): TaskRecord {
    const key = `${model} ${task}`;
    const record = this.#tasks.get(key) ?? new TaskRecord();
    this.#tasks.set(key, record);
    return record;
  }

  #remember(entry: JournalEntry): void {
    if (entry.type === "item") this.task(entry.modelIndex, entry.taskIndex).add(entry);
    else this.corpus(entry.modelIndex, entry.corpusIndex).add(entry);
  }

  /** @throws SurprisalError DISK_FULL, FILE_UNWRITABLE */
  add(entries: readonly JournalEntry[]): void {
    if (!this.#isOpen) return; // the run was interrupted, and its folder may be another's
    const isDue = performance.now() - this.#synced >= SYNC_MS;
    if (isDue) this.#log?.sync(); // a frame before the line that names it
    this.#journal?.append(entries);
    if (isDue) {
      this.#journal?.sync();
      this.#synced = performance.now();
    }
    for (const entry of entries) this.#remember(entry);
  }

  /** All that was done is on the disk when this returns: now a result may say so. @throws SurprisalError DISK_FULL, ... */
  flush(): void {
    if (!this.#isOpen || !this.#journal) return;
    this.#log?.sync();
    this.#journal.sync();
    Object.assign(this.#folder!.seal, { journal: this.#journal.position });
  }

  /** @returns where the frame is; `null` when nothing is kept on disk. */
  log(frame: TokenFrame): FrameLocation | null {
    return this.#isOpen && this.#log ? this.#log.append(frame) : null;
  }

  /** The frame at a place; `null` where there is none that fits its checksum. */
  frame(location: FrameLocation): TokenFrame | null {
    return this.#isOpen && this.#log ? this.#log.read(location) : null;
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#journal?.close();
    this.#log?.close();
  }
}

/** How a run is gone on with. */
export interface RecordOptions {
  /** Of its run.json; `null`: it has none yet, or an older version wrote it. */
  seal: RunSeal | null;
  /** Leave out what is damaged, so that it is done again. */
  repair: boolean;
  /** tokens.parquet is there and whole: no frames are needed of what is done. */
  hasTokens: boolean;
}

/** The map of a document, made if there is none. */
function innerMap<Value>(maps: Map<number, Map<number, Value>>, documentIndex: number): Map<number, Value> {
  const map = maps.get(documentIndex) ?? new Map<number, Value>();
  maps.set(documentIndex, map);
  return map;
}

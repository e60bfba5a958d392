/** What a run has done so far: in memory, and in its folder if it has one. */
import { statSync } from "node:fs";
import type { TaskResult } from "../tasks/index.ts";
import { JOURNAL, TOKEN_LOG } from "./files.ts";
import type { RunFolder } from "./folder.ts";
import {
  type DocumentEntry,
  type ItemEntry,
  Journal,
  type JournalEntry,
  type WindowsEntry,
} from "./journal.ts";
import { type TokenFrame, TokenLog } from "./token-log.ts";

/** What was done of one model over one corpus. */
export class CorpusRecord {
  /** By index of the document; holes where one is not done. */
  readonly documents: DocumentEntry[] = [];
  /** By index of a document that is not done, by index of the first token. */
  readonly windows: Map<number, Map<number, WindowsEntry>> = new Map();
  ms = 0;
  /** Where the frames of the token log begin: by index of the document, by index of the first token. */
  readonly #frames = new Map<number, Map<number, number>>();

  /** The first entry counts: what was done twice has the same digits. */
  add(entry: Exclude<JournalEntry, ItemEntry>): void {
    if (entry.type !== "time" && entry.log)
      innerMap(this.#frames, entry.documentIndex).set(
        entry.type === "windows" ? entry.start : 0,
        entry.log[0],
      );
    if (entry.type === "time") this.ms += entry.ms;
    else if (entry.type === "document") {
      this.documents[entry.documentIndex] ??= entry;
      this.windows.delete(entry.documentIndex);
    } else if (!this.documents[entry.documentIndex])
      innerMap(this.windows, entry.documentIndex).set(entry.start, entry);
  }

  /** Where the frames of a document begin, in its order. */
  frames(documentIndex: number): number[] {
    const frames = [...(this.#frames.get(documentIndex) ?? [])];
    return frames.sort(([a], [b]) => a - b).map(([, at]) => at);
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
  readonly #journal: Journal | null;
  readonly #log: TokenLog | null;

  /** @param folder `null`: nothing is kept on disk. */
  constructor(folder: RunFolder | null) {
    let end = 0;
    const size = folder ? sizeOf(folder.file(TOKEN_LOG)) : 0;
    // A frame is written before its entry; after a power failure it may be gone all the same.
    const isHeld = (entry: JournalEntry) => !("log" in entry) || !entry.log || entry.log[1] <= size;
    const accept = (entries: readonly JournalEntry[]) => {
      if (!entries.every(isHeld)) return false;
      for (const entry of entries) {
        this.#remember(entry);
        if ("log" in entry && entry.log) end = Math.max(end, entry.log[1]);
      }
      return true;
    };
    this.#journal = folder && Journal.open(folder.file(JOURNAL), accept);
    this.#log = folder && new TokenLog(folder.file(TOKEN_LOG), end);
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
    this.#journal?.append(entries);
    for (const entry of entries) this.#remember(entry);
  }

  /** @returns where the frame is; `null` when nothing is kept on disk. */
  log(frame: TokenFrame): readonly [at: number, end: number] | null {
    if (!this.#log) return null;
    const at = this.#log.append(frame);
    return [at, this.#log.end];
  }

  frame(at: number): TokenFrame | null {
    return this.#log?.read(at) ?? null;
  }

  [Symbol.dispose](): void {
    this.#journal?.close();
    this.#log?.close();
  }
}

/** The map of a document, made if there is none. */
function innerMap<Value>(maps: Map<number, Map<number, Value>>, documentIndex: number): Map<number, Value> {
  const map = maps.get(documentIndex) ?? new Map<number, Value>();
  maps.set(documentIndex, map);
  return map;
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

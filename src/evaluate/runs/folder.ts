/** A run on disk: a folder with run.json, the journal, and (while it is needed) the log of tokens. */
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { SurprisalError } from "../../core/index.ts";
import { infinityAsText, infinityFromText } from "../../text/index.ts";
import { writeFailure } from "./failure.ts";
import { JOURNAL, TOKEN_LOG, TOKENS } from "./record.ts";
import type { Run } from "./run.ts";

const RUN = "run.json";
const LOCK = "lock";
const LOG = "log.txt";
/** What a run writes beside its log, drafts included. */
const WRITTEN = [RUN, JOURNAL, TOKEN_LOG, TOKENS, `${RUN}.part`, `${TOKENS}.part`];
/** What every run.json has. */
const LISTS = ["models", "corpora", "results", "tasks", "taskResults", "failures", "notes"] as const;
/** Locks that this process holds. */
const held = new Set<string>();

/** The run that is in a folder. @throws SurprisalError RUN_NOT_FOUND, RUN_DAMAGED */
export function readRun(folder: string): Run {
  let text: string;
  try {
    text = readFileSync(join(folder, RUN), "utf8");
  } catch (cause) {
    throw new SurprisalError({
      code: "RUN_NOT_FOUND",
      what: "There is no run in this folder",
      where: folder,
      wayOut: "Give the folder that `surprisal eval` wrote; it holds a file run.json.",
      cause,
    });
  }
  let run: Run;
  try {
    run = JSON.parse(text, infinityFromText) as Run;
  } catch (cause) {
    throw damaged(folder, "run.json is not JSON", cause);
  }
  if (run?.schema !== "surprisal.run/2") throw damaged(folder, `run.json has the schema ${run?.schema}`);
  const missing = LISTS.find((name) => !Array.isArray(run[name]));
  if (missing !== undefined) throw damaged(folder, `run.json has no list "${missing}"`);
  for (const [i, model] of run.models.entries()) if (model === null) delete run.models[i];
  return run;
}

function damaged(folder: string, what: string, cause?: unknown): SurprisalError {
  return new SurprisalError({
    code: "RUN_DAMAGED",
    what: `This is not a run that can be read: ${what}`,
    where: join(folder, RUN),
    wayOut: "Start the run again in another folder.",
    cause,
  });
}

/** A run's folder, held by this process. */
export class RunFolder {
  readonly path: string;
  /** Folders that were made for it, innermost first. */
  readonly #made: readonly string[];
  /** There was a log before this run. */
  readonly #hadLog: boolean;
  #isHeld = false;

  private constructor(path: string, made: readonly string[] = []) {
    this.path = resolve(path);
    this.#made = made;
    this.#hadLog = existsSync(this.file(LOG));
  }

  /**
   * Makes the folder, or takes it over when it is empty. What it made goes again when nothing was kept in it.
   * @throws SurprisalError RUN_EXISTS, RUN_LOCKED, FILE_UNWRITABLE, DISK_FULL
   */
  static create(path: string): RunFolder {
    const folder = new RunFolder(path, missingFolders(path));
    try {
      mkdirSync(path, { recursive: true });
      folder.#lock();
    } catch (error) {
      folder.#removeMade();
      throw writeFailure(path, error);
    }
    // What is left of another run would be taken for what this one has done, or be written over.
    const found = WRITTEN.find((name) => existsSync(folder.file(name)));
    if (found === undefined) return folder;
    folder.release();
    throw new SurprisalError({
      code: "RUN_EXISTS",
      what:
        found === RUN ? "There is a run in this folder already" : `There is a run's ${found} in this folder`,
      where: path,
      wayOut:
        found === RUN
          ? `Go on with it: surprisal eval --resume ${path}; or name another folder.`
          : `A run's folder must be new or empty, and the ${RUN} of this one is gone: name another folder.`,
    });
  }

  /** Takes over the folder of a run, to go on with it. @throws SurprisalError RUN_NOT_FOUND, RUN_LOCKED, ... */
  static open(path: string): { folder: RunFolder; run: Run } {
    readRun(path); // before anything is written where there is no run
    const folder = new RunFolder(path);
    folder.#lock();
    try {
      return { folder, run: readRun(path) }; // again: who held it may just have finished
    } catch (error) {
      folder.release();
      throw error;
    }
  }

  get name(): string {
    return basename(this.path);
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** Writes run.json whole or not at all. @throws SurprisalError FILE_UNWRITABLE, DISK_FULL */
  write(run: Run): void {
    const file = this.file(RUN);
    const draft = `${file}.part`;
    try {
      writeFileSync(draft, `${JSON.stringify(run, infinityAsText, 2)}\n`);
      renameSync(draft, file);
    } catch (error) {
      rmSync(draft, { force: true });
      throw writeFailure(file, error);
    }
  }

  /** Adds a line to the log, for people; a log that cannot be written loses nothing. */
  log(line: string): void {
    try {
      appendFileSync(this.file(LOG), `${new Date().toISOString()} ${line.replaceAll("\n", " ")}\n`);
    } catch {
      // the disk is full: the journal says so
    }
  }

  remove(name: string): void {
    remove(this.file(name));
  }

  /**
   * Takes back what a new run has written that could not begin: nothing of it is worth going on with. None of it was
   * there before, see `create`.
   */
  clear(): void {
    if (!this.#isHeld) return;
    try {
      for (const name of this.#hadLog ? WRITTEN : [...WRITTEN, LOG]) rmSync(this.file(name), { force: true });
    } catch {
      // why the run could not begin is what counts
    }
  }

  release(): void {
    if (!this.#isHeld) return; // it may be another's by now
    this.#isHeld = false;
    const file = this.file(LOCK);
    held.delete(file);
    try {
      rmSync(file, { force: true });
    } catch {
      // the disk has become read-only; the lock is a dead process's soon
    }
    this.#removeMade();
  }

  #removeMade(): void {
    for (const path of this.#made)
      try {
        rmdirSync(path);
      } catch {
        // there is something in it, and it stays; or it could not be made, such as a name that is too long
      }
  }

  /** A process that was killed leaves its lock behind: it holds as long as the process lives. */
  #lock(): void {
    const file = this.file(LOCK);
    const own = `${process.pid} ${hostname()}`;
    for (let tookOver = false; ; ) {
      if (place(file, own)) {
        // Another process may have seen the same dead lock, and have removed this one for it.
        if (tookOver) pause();
        if (!tookOver || readIfThere(file) === own) break;
      }
      let holder = readIfThere(file);
      if (holder === "") {
        pause(); // made and not written yet; or whoever made it was killed between the two
        holder = readIfThere(file);
      }
      if (holder === null) continue; // let go of just now
      const [pid = "", host] = holder.split(" ");
      if (holder !== "" && (host !== hostname() || isHolder(Number(pid), file)))
        throw new SurprisalError({
          code: "RUN_LOCKED",
          what: `Process ${pid} on ${host} is at work on this run`,
          where: this.path,
          wayOut: "Wait until it has finished, or end it; if there is no such process, remove the file lock.",
        });
      tookOver = true;
      remove(file);
    }
    held.add(file);
    this.#isHeld = true;
  }
}

/** Folders that have to be made for `path`, itself among them, innermost first. */
function missingFolders(path: string): string[] {
  const missing: string[] = [];
  let folder = resolve(path);
  for (; !existsSync(folder) && folder !== dirname(folder); folder = dirname(folder)) missing.push(folder);
  return missing;
}

/** Makes a file. @returns whether there was none. @throws SurprisalError FILE_UNWRITABLE, DISK_FULL */
function place(file: string, content: string): boolean {
  let descriptor: number;
  try {
    descriptor = openSync(file, "wx");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw writeFailure(file, error);
  }
  try {
    writeFileSync(descriptor, content);
    return true;
  } catch (error) {
    rmSync(file, { force: true });
    throw writeFailure(file, error);
  } finally {
    closeSync(descriptor);
  }
}

/** `null`: there is no such file. */
function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw writeFailure(file, error);
  }
}

function remove(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch (error) {
    throw writeFailure(file, error);
  }
}

/** Long enough for another process to write a line. */
function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
}

/** A process that has this one's number and does not hold the lock is a dead one: containers number from 1. */
function isHolder(pid: number, file: string): boolean {
  if (pid === process.pid) return held.has(file);
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

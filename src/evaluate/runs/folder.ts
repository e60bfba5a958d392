/** A run on disk: a folder with run.json, the journal, and (while it is needed) the log of tokens. */
import { appendFileSync, existsSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { SurprisalError } from "../../core/index.ts";
import { makeFolder, replaceFile, takeLock } from "../../files/index.ts";
import { infinityAsText, infinityFromText } from "../../text/index.ts";
import { draftOf, JOURNAL, LOCK, LOG, RUN, runUnwritable, TOKEN_LOG, TOKENS } from "./files.ts";
import type { Run } from "./run.ts";

const SCHEMA = "surprisal.run/2";
/** What a run writes beside its log, drafts included. */
const WRITTEN = [RUN, JOURNAL, TOKEN_LOG, TOKENS, draftOf(RUN), draftOf(TOKENS)];
/** What every run.json has. */
const LISTS = ["models", "corpora", "results", "tasks", "taskResults", "failures", "notes"] as const;

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
  if (run?.schema !== SCHEMA) throw ofOtherSchema(folder, run?.schema);
  const missing = LISTS.find((name) => !Array.isArray(run[name]));
  if (missing !== undefined) throw damaged(folder, `run.json has no list "${missing}"`);
  for (const [i, model] of run.models.entries()) if (model === null) delete run.models[i];
  return run;
}

/** The schema has a number that grows; before 2 a sum and a mean had one name, so that nothing can be carried over. */
function ofOtherSchema(folder: string, schema: unknown): SurprisalError {
  if (schema !== "surprisal.run/1") return damaged(folder, `run.json has the schema ${schema}`);
  return new SurprisalError({
    code: "RUN_DAMAGED",
    what: "This run was written by an older version of surprisal, with other names for its numbers (surprisal.run/1)",
    where: join(folder, RUN),
    wayOut: "Start the run again in another folder, or read this one with the version that wrote it.",
  });
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
  #releaseLock: (() => void) | null = null;

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
      makeFolder(path);
      folder.#lock();
    } catch (error) {
      folder.#removeMade();
      throw runUnwritable(error, path);
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
    const text = `${numbersInLine(JSON.stringify(run, infinityAsText, 2))}\n`;
    writing(file, () => replaceFile(file, draftOf(file), text));
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
    const file = this.file(name);
    writing(file, () => rmSync(file, { force: true }));
  }

  /**
   * Takes back what a new run has written that could not begin: nothing of it is worth going on with. None of it was
   * there before, see `create`.
   */
  clear(): void {
    if (!this.#releaseLock) return;
    try {
      for (const name of this.#hadLog ? WRITTEN : [...WRITTEN, LOG]) rmSync(this.file(name), { force: true });
    } catch {
      // why the run could not begin is what counts
    }
  }

  release(): void {
    if (!this.#releaseLock) return; // it may be another's by now
    this.#releaseLock();
    this.#releaseLock = null;
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

  /** @throws SurprisalError RUN_LOCKED */
  #lock(): void {
    const attempt = writing(this.path, () => takeLock(this.file(LOCK)));
    if ("holder" in attempt)
      throw new SurprisalError({
        code: "RUN_LOCKED",
        what: `Process ${attempt.holder.pid} on ${attempt.holder.host} is at work on this run`,
        where: this.path,
        wayOut: "Wait until it has finished, or end it; if there is no such process, remove the file lock.",
      });
    this.#releaseLock = attempt.release;
  }
}

/** @throws SurprisalError DISK_FULL, FILE_UNWRITABLE where `work` throws what the system says. */
function writing<T>(where: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw runUnwritable(error, where);
  }
}

/** Folders that have to be made for `path`, itself among them, innermost first. */
function missingFolders(path: string): string[] {
  const missing: string[] = [];
  let folder = resolve(path);
  for (; !existsSync(folder) && folder !== dirname(folder); folder = dirname(folder)) missing.push(folder);
  return missing;
}

const NUMBER = '(?:-?\\d[\\d.e+-]*|"-?Infinity")';
const NUMBERS = new RegExp(`\\[\\n\\s+(${NUMBER}(?:,\\n\\s+${NUMBER})*)\\n\\s+\\]`, "g");

/** Lists of numbers on one line each, since people open the file too. (A line break in a text is no line break in JSON.) */
function numbersInLine(json: string): string {
  return json.replace(NUMBERS, (_, numbers: string) => `[${numbers.replace(/\s+/g, " ")}]`);
}

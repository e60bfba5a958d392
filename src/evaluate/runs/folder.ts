/** A run on disk: a folder with run.json, the journal, and (while it is needed) the log of tokens. */
import { appendFileSync, copyFileSync, existsSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { SurprisalError } from "../../core/index.ts";
import { makeFolder, replaceFile, takeLock } from "../../files/index.ts";
import { visible } from "../../text/index.ts";
import type { RunSeal } from "./checksum.ts";
import {
  damagedCopyOf,
  draftOf,
  JOURNAL,
  LOCK,
  LOG,
  otherThingIn,
  RUN,
  runUnwritable,
  TOKEN_LOG,
  TOKENS,
} from "./files.ts";
import type { Run } from "./run.ts";
import { type RunFile, readRunFile, sealedRun } from "./run-file.ts";

/** What a run writes beside its log, drafts included. */
const WRITTEN = [RUN, JOURNAL, TOKEN_LOG, TOKENS, draftOf(RUN), draftOf(TOKENS)];
/** A run's folder, held by this process. */
export class RunFolder {
  readonly path: string;
  /** Folders that were made for it, innermost first. */
  readonly #made: readonly string[];
  /** There was a log before this run. */
  readonly #hadLog: boolean;
  #releaseLock: (() => void) | null = null;
  /** What run.json will say of the other files. */
  readonly seal: Pick<RunSeal, "journal" | "tokens"> = { journal: null, tokens: null };

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
    const other = otherThingIn(path);
    if (other) {
      folder.release();
      throw new SurprisalError({
        code: "FILE_UNWRITABLE",
        what: `What is to be a file of the run is ${other.kind}`,
        where: other.path,
        wayOut: "A run's folder must be new or empty: name another one.",
      });
    }
    // What is left of another run would be taken for what this one has done, or be written over.
    const found = WRITTEN.find((name) => name !== draftOf(RUN) && existsSync(folder.file(name)));
    if (found === undefined) {
      folder.#removeDrafts(); // of one that was killed before it had begun
      return folder;
    }
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

  /**
   * Takes over the folder of a run, to go on with it.
   * @param repair see `readRunFile`.
   * @throws SurprisalError RUN_NOT_FOUND, RUN_LOCKED, RUN_DAMAGED, ...
   */
  static open(
    path: string,
    { repair = false }: { repair?: boolean | undefined } = {},
  ): { folder: RunFolder } & RunFile {
    readRunFile(path, { repair }); // before anything is written where there is no run
    const folder = new RunFolder(path);
    folder.#lock();
    try {
      const file = readRunFile(path, { repair }); // again: who held it may just have finished
      Object.assign(folder.seal, { journal: file.seal?.journal ?? null, tokens: file.seal?.tokens ?? null });
      folder.#removeDrafts();
      return { folder, ...file };
    } catch (error) {
      folder.release();
      throw error;
    }
  }

  /** Whether it is this process's: after `release` nothing is written to it any more. */
  get isHeld(): boolean {
    return this.#releaseLock !== null;
  }

  get hasJournal(): boolean {
    return existsSync(this.file(JOURNAL));
  }

  get name(): string {
    return basename(this.path);
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** Writes run.json, with its checksums, whole or not at all, to the disk. @throws SurprisalError FILE_UNWRITABLE, DISK_FULL */
  write(run: Run): void {
    if (!this.isHeld) return;
    const file = this.file(RUN);
    const text = `${numbersInLine(JSON.stringify(sealedRun(run, this.seal), null, 2))}\n`;
    writing(file, () => replaceFile(file, draftOf(file), text, { durable: true }));
  }

  /** Keeps a file as it was found, before it is mended; of one that was kept before, nothing is lost. */
  keepAside(name: string): void {
    const file = this.file(name);
    if (existsSync(file) && !existsSync(damagedCopyOf(file)))
      writing(file, () => copyFileSync(file, damagedCopyOf(file)));
  }

  /** Adds a line to the log, for people; a log that cannot be written loses nothing. */
  log(line: string): void {
    if (!this.isHeld) return;
    try {
      // One line, whatever names and errors hold: people read it at a terminal.
      const shown = visible(line.replaceAll("\n", " "));
      appendFileSync(this.file(LOG), `${new Date().toISOString()} ${shown}\n`);
    } catch {
      // the disk is full: the journal says so
    }
  }

  remove(name: string): void {
    if (!this.isHeld) return;
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

  /** What a process left that was killed while it wrote. */
  #removeDrafts(): void {
    for (const name of readdirSync(this.path))
      if ([draftOf(RUN), draftOf(TOKENS), draftOf(JOURNAL)].includes(name) || /^lock\.\d+\.stale$/.test(name))
        rmSync(this.file(name), { force: true });
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

/** A run on disk: a folder with run.json, the journal, and (while it is needed) the log of tokens. */
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { basename, join, resolve } from "node:path";
import { SurprisalError } from "../../core/index.ts";
import { writeFailure } from "./failure.ts";
import type { Run } from "./run.ts";

const RUN = "run.json";
const LOCK = "lock";
const LOG = "log.txt";

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
    run = JSON.parse(text) as Run;
  } catch (cause) {
    throw damaged(folder, "run.json is not JSON", cause);
  }
  if (run?.schema !== "surprisal.run/1") throw damaged(folder, `run.json has the schema ${run?.schema}`);
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

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Makes the folder, or takes it over when it is empty.
   * @throws SurprisalError RUN_EXISTS, RUN_LOCKED, FILE_UNWRITABLE, DISK_FULL
   */
  static create(path: string): RunFolder {
    try {
      mkdirSync(path, { recursive: true });
    } catch (error) {
      throw writeFailure(path, error);
    }
    const folder = new RunFolder(resolve(path));
    folder.#lock();
    try {
      readRun(path);
    } catch (error) {
      if (SurprisalError.isInstance(error) && error.code === "RUN_NOT_FOUND") return folder;
      folder.release();
      throw error;
    }
    folder.release();
    throw new SurprisalError({
      code: "RUN_EXISTS",
      what: "There is a run in this folder already",
      where: path,
      wayOut: `Go on with it: surprisal eval --resume ${path}; or name another folder.`,
    });
  }

  /** Takes over the folder of a run, to go on with it. @throws SurprisalError RUN_NOT_FOUND, RUN_LOCKED, ... */
  static open(path: string): { folder: RunFolder; run: Run } {
    const run = readRun(path);
    const folder = new RunFolder(resolve(path));
    folder.#lock();
    return { folder, run };
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
      writeFileSync(draft, `${JSON.stringify(run, null, 2)}\n`);
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
    rmSync(this.file(name), { force: true });
  }

  release(): void {
    this.remove(LOCK);
  }

  /** A process that was killed leaves its lock behind: it holds as long as the process lives. */
  #lock(): void {
    const file = this.file(LOCK);
    const own = `${process.pid} ${hostname()}`;
    try {
      const descriptor = openSync(file, "wx");
      writeFileSync(descriptor, own);
      closeSync(descriptor);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw writeFailure(file, error);
    }
    const [pid = "", host] = readFileSync(file, "utf8").split(" ");
    if (host === hostname() && !isAlive(Number(pid))) {
      rmSync(file, { force: true });
      this.#lock();
      return;
    }
    throw new SurprisalError({
      code: "RUN_LOCKED",
      what: `Process ${pid} on ${host} is at work on this run`,
      where: this.path,
      wayOut: "Wait until it has finished, or end it; if there is no such process, remove the file lock.",
    });
  }
}

function isAlive(pid: number): boolean {
  if (pid === process.pid) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/**
 * A lock between processes: a file with the process id and the host of its holder, that exists while the holder lives.
 * A holder of this machine that was killed is noticed by its process id; one on another machine (a shared home) by a
 * heartbeat that stopped, where the lock has one.
 */
import {
  closeSync,
  constants,
  copyFileSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { abortError, errorCode, SurprisalError } from "../core/index.ts";
import { writeFailure } from "./failure.ts";
import { makeFolder } from "./folders.ts";

const HEARTBEAT_MS = 5_000;
const DEAD_AFTER_MS = 60_000;
const POLL_MS = 200;
/** Long enough for another process to write a line. */
const PAUSE_MS = 50;
/** A number and the name of a host, bytes. What is longer is somebody else's. */
const LONGEST = 1024;

export interface LockHolder {
  pid: number;
  host: string;
}

/** A lock that this process has, or whoever has it. */
export type LockAttempt = { release: () => void } | { holder: LockHolder };

/** Locks that this process holds. */
const held = new Set<string>();

/**
 * Takes a lock, also from a dead holder.
 * @param deadAfterMs a lock that was not touched for so long is nobody's. Left out: that of another machine holds until
 *   somebody removes it, which is right where two holders would spoil the work.
 * @throws what the system says: see `writeFailure`.
 */
export function takeLock(path: string, deadAfterMs: number = Number.POSITIVE_INFINITY): LockAttempt {
  const file = resolve(path);
  const own = `${process.pid} ${hostname()}`;
  for (let tookOver = false; ; ) {
    if (place(file, own)) {
      // Another process may have seen the same dead lock, and have removed this one for it.
      if (tookOver) pause();
      if (readIfThere(file) !== own) continue;
      held.add(file);
      return { release: () => release(file, own) };
    }
    let content = readIfThere(file);
    if (content === "") {
      pause(); // made and not written yet; or whoever made it was killed between the two
      content = readIfThere(file);
    }
    if (content === null) continue; // let go of just now
    const holder = holderOf(content);
    if (content !== "" && isAlive(holder, file, deadAfterMs)) return { holder };
    tookOver = true;
    removeDead(file, content);
  }
}

/** Who holds a lock and lives; `null`: nobody. Nothing is changed. @throws what the system says. */
export function lockHolder(path: string, deadAfterMs: number = Number.POSITIVE_INFINITY): LockHolder | null {
  const file = resolve(path);
  const content = readIfThere(file);
  if (!content) return null;
  const holder = holderOf(content);
  return isAlive(holder, file, deadAfterMs) ? holder : null;
}

/**
 * Locks a file that is being written, by `FILE.lock` beside it.
 * @returns what gives it back.
 * @throws SurprisalError RUN_LOCKED, and what the system says: FILE_UNWRITABLE, DISK_FULL.
 */
export function lockFile(file: string): () => void {
  try {
    const attempt = takeLock(`${file}.lock`);
    if ("release" in attempt) return attempt.release;
    const { pid, host } = attempt.holder;
    throw new SurprisalError({
      code: "RUN_LOCKED",
      what: `Process ${pid} on ${host} is writing this file`,
      where: file,
      wayOut: `Wait for it. If there is no such process, remove ${file}.lock.`,
    });
  } catch (error) {
    throw writeFailure(error, file);
  }
}

export interface WithLockOptions {
  /** Called once when another process holds the lock. Throw in it to give up instead of waiting. */
  onWait: (holder: LockHolder) => void;
  signal: AbortSignal | undefined;
  /** Turns what the system says into the error to throw. */
  failure?: ((error: unknown, path: string) => Error) | undefined;
}

/**
 * Runs `work` while holding a lock with a heartbeat; waits for as long as its holder lives.
 * @throws SurprisalError ABORTED, FILE_UNWRITABLE, DISK_FULL, and what `work` throws.
 */
export async function withLock<T>(
  file: string,
  { onWait, signal, failure = writeFailure }: WithLockOptions,
  work: () => Promise<T>,
): Promise<T> {
  const attempt = (): LockAttempt => {
    try {
      makeFolder(dirname(file));
      return takeLock(file, DEAD_AFTER_MS);
    } catch (error) {
      throw failure(error, file);
    }
  };
  let lock = attempt();
  for (let told = false; "holder" in lock; lock = attempt()) {
    if (!told) onWait(lock.holder);
    told = true;
    await sleep(POLL_MS, undefined, { signal }).catch(() => {
      throw abortError("Waiting for another process", signal);
    });
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(file, now, now).catch(() => {}); // taken over after a long sleep of this machine: nothing to keep alive
  }, HEARTBEAT_MS).unref();
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    lock.release();
  }
}

/** Makes the file. @returns whether there was none. */
function place(file: string, content: string): boolean {
  let descriptor: number;
  try {
    descriptor = openSync(file, "wx");
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
  try {
    writeFileSync(descriptor, content);
    return true;
  } catch (error) {
    rmSync(file, { force: true });
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

/** @returns what it says; `null`: there is no such file. @throws SurprisalError FILE_UNWRITABLE: it is no file. */
function readIfThere(file: string): string | null {
  try {
    // A pipe would be waited for, and a device read without end.
    const found = lstatSync(file);
    if (!found.isFile()) throw noLock(file, found.isDirectory() ? "a folder" : "no file");
    if (found.size > LONGEST) throw noLock(file, "something else");
    return readFileSync(file, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw error;
  }
}

function noLock(file: string, kind: string): SurprisalError {
  return new SurprisalError({
    code: "FILE_UNWRITABLE",
    what: `What is to be a lock is ${kind}`,
    where: file,
    wayOut: "Something else put it there: move it away.",
  });
}

function holderOf(content: string): LockHolder {
  const [, pid, host] = /^(\d+) (\S+)$/.exec(content) ?? [];
  return { pid: Number(pid ?? 0), host: host ?? "an unknown machine" }; // 0: written by something else, or damaged
}

function isAlive({ pid, host }: LockHolder, file: string, deadAfterMs: number): boolean {
  if (host === hostname()) {
    // A process that has this one's number and does not hold the lock is a dead one: containers number from 1.
    if (pid === process.pid) return held.has(file);
    if (!isRunning(pid)) return false;
  }
  const touched = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return Date.now() - touched <= deadAfterMs;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === "EPERM"; // somebody else's
  }
}

/**
 * Two processes may find the same dead lock. The slower one would remove the new lock of the faster; it notices by what
 * stands in it, and puts that lock back.
 */
function removeDead(file: string, dead: string): void {
  const aside = `${file}.${process.pid}.stale`;
  try {
    renameSync(file, aside);
    if (readIfThere(aside) !== dead) copyFileSync(aside, file, constants.COPYFILE_EXCL);
  } catch (error) {
    if (!["ENOENT", "EEXIST"].includes(errorCode(error) ?? "")) throw error; // else another process did it
  } finally {
    rmSync(aside, { force: true });
  }
}

/** It may be another's by now, after a long sleep of this machine. */
function release(file: string, own: string): void {
  held.delete(file);
  try {
    if (readIfThere(file) === own) rmSync(file, { force: true });
  } catch {
    // the disk has become read-only; the lock is a dead process's soon
  }
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
}

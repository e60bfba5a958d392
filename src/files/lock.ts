/**
 * A lock between processes: a file that exists while its holder lives. The holder of a killed process is noticed by
 * its process id, one on another machine (a shared home) by a heartbeat that stopped.
 */
import { randomUUID } from "node:crypto";
import { constants, copyFile, mkdir, open, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { abortError, errorCode, SurprisalError } from "../core/index.ts";
import { writeFailure } from "./disk.ts";

const HEARTBEAT_MS = 5_000;
const DEAD_AFTER_MS = 60_000;
const POLL_MS = 200;

interface Holder {
  token: string;
  pid: number;
  host: string;
}

const UNKNOWN: Holder = { token: "", pid: 0, host: "" };

export interface LockOptions {
  /** Called once when another process holds the lock. Throw in it to give up instead of waiting. */
  onWait: (holder: { pid: number; host: string }) => void;
  signal: AbortSignal | undefined;
}

/**
 * Runs `work` while holding the lock; waits for as long as its holder lives.
 *
 * @throws SurprisalError ABORTED, FILE_UNWRITABLE, DISK_FULL
 */
export async function withLock<T>(
  file: string,
  { onWait, signal }: LockOptions,
  work: () => Promise<T>,
): Promise<T> {
  const own: Holder = { token: randomUUID(), pid: process.pid, host: hostname() };
  let told = false;
  while (!(await take(file, own))) {
    const holder = await readHolder(file);
    if (!holder) continue; // released in between
    if (await isDead(file, holder)) {
      await removeStale(file, holder, own);
      continue;
    }
    if (!told && holder !== UNKNOWN) {
      onWait(holder);
      told = true;
    }
    await sleep(POLL_MS, undefined, { signal }).catch(() => {
      throw abortError("Waiting for another process's download", signal);
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
    if ((await readHolder(file))?.token === own.token) await rm(file, { force: true });
  }
}

/** For `withLock`'s onWait where waiting makes no sense. */
export function refuseToWait(file: string): LockOptions["onWait"] {
  return ({ pid, host }) => {
    throw new SurprisalError({
      code: "CACHE_LOCKED",
      what: `Process ${pid} on ${host} is downloading this model`,
      where: file,
      wayOut: "Wait until it has finished, or end it.",
    });
  };
}

async function take(file: string, own: Holder): Promise<boolean> {
  await mkdir(dirname(file), { recursive: true }).catch(async (error) => {
    throw await writeFailure(error, dirname(file), null); // EEXIST here: a file has the folder's name
  });
  try {
    const handle = await open(file, "wx");
    try {
      await handle.writeFile(JSON.stringify(own));
    } catch (error) {
      await rm(file, { force: true });
      throw error;
    } finally {
      await handle.close();
    }
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw await writeFailure(error, file, null);
  }
}

async function readHolder(file: string): Promise<Holder | null> {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    return UNKNOWN; // just being written, or damaged by a crash: judged by its age
  }
}

async function isDead(file: string, { pid, host }: Holder): Promise<boolean> {
  if (host === hostname() && !isAlive(pid)) return true;
  const heartbeat = await stat(file).catch(() => null);
  return heartbeat !== null && Date.now() - heartbeat.mtimeMs > DEAD_AFTER_MS;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === "EPERM"; // alive, someone else's
  }
}

/**
 * Two processes may find the same dead lock. The slower one would remove the new lock of the faster; it notices by
 * the token and puts that lock back.
 */
async function removeStale(file: string, dead: Holder, own: Holder): Promise<void> {
  const aside = `${file}.${own.token}.stale`;
  try {
    await rename(file, aside);
    if ((await readHolder(aside))?.token !== dead.token) await copyFile(aside, file, constants.COPYFILE_EXCL);
  } catch {
    // removed, or replaced, by another process: the loop looks again
  } finally {
    await rm(aside, { force: true });
  }
}

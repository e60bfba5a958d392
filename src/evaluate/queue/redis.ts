/** Redis and BullMQ, both optional: loaded when a queue is asked for. */
import type { ConnectionOptions } from "bullmq";
import type { Redis } from "ioredis";
import { SurprisalError } from "../../core/index.ts";
import { visible } from "../../text/index.ts";

/** Longest time to reach Redis at the start, milliseconds. Later on it is waited for without end. */
const CONNECT_MS = 5000;
/** Pauses between attempts to reach a Redis that has gone grow to this, milliseconds. */
const MOST_PAUSE_MS = 2000;

/** @throws SurprisalError PACKAGE_MISSING */
export async function loadPackages(): Promise<{
  bullmq: typeof import("bullmq");
  Redis: typeof Redis;
}> {
  try {
    const [bullmq, { Redis }] = await Promise.all([import("bullmq"), import("ioredis")]);
    return { bullmq, Redis };
  } catch (cause) {
    throw new SurprisalError({
      code: "PACKAGE_MISSING",
      what: "A queue needs BullMQ and a client of Redis, which are not installed",
      where: "bullmq, ioredis",
      wayOut: "Install them beside surprisal: npm install bullmq ioredis.",
      cause,
    });
  }
}

/** An address of Redis, checked and safe to show. */
export interface RedisAddress {
  url: string;
  /** Without user name, password and parameters. */
  shown: string;
  /** Number of the database. */
  database: number;
}

/** @throws SurprisalError INVALID_ARGUMENT; what was written is not repeated, a password may be in it. */
export function redisAddress(url: string): RedisAddress {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  const isRedis = parsed && ["redis:", "rediss:"].includes(parsed.protocol) && parsed.hostname !== "";
  if (!isRedis || !/^(\/\d{0,9})?$/.test(parsed.pathname))
    throw new SurprisalError({
      code: "INVALID_ARGUMENT",
      what: "The queue is no address of a Redis",
      wayOut: "It looks like redis://host:6379, or rediss://user:password@host:6380/1.",
    });
  const { protocol, host, pathname } = parsed;
  return {
    url,
    shown: `${protocol}//${host}${pathname === "/" ? "" : pathname}`,
    database: Number(pathname.slice(1)),
  };
}

/**
 * For BullMQ, which makes connections of its own.
 * @param over no connection is tried again from then on, so that a process can end while Redis is away.
 */
export function bullConnection({ url }: RedisAddress, over: AbortSignal): ConnectionOptions {
  const retryStrategy = (attempt: number) => (over.aborted ? null : pause(attempt));
  return { url, maxRetriesPerRequest: null, retryStrategy, skipVersionCheck: true } as ConnectionOptions;
}

const pause = (attempt: number): number => Math.min(100 * 2 ** attempt, MOST_PAUSE_MS);

/** A connection that comes back by itself whenever Redis does. Its `error` events are taken care of. */
export async function connect(address: RedisAddress): Promise<Redis> {
  const { Redis } = await loadPackages();
  const redis = new Redis(address.url, {
    lazyConnect: true,
    maxRetriesPerRequest: null,
    retryStrategy: pause,
  });
  redis.on("error", () => {}); // "close" tells of it; it is tried again
  return redis;
}

/**
 * Sees whether Redis is there, and new enough.
 * @throws SurprisalError QUEUE_UNREACHABLE, UNAUTHORIZED, PACKAGE_MISSING
 */
export async function assertReachable(address: RedisAddress): Promise<void> {
  const { Redis } = await loadPackages();
  const redis = new Redis(address.url, {
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  let reason: Error | null = null;
  redis.on("error", (error) => {
    reason ??= error;
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_, reject) => {
      const error = new Error(`it does not answer within ${CONNECT_MS / 1000} s`);
      timer = setTimeout(() => reject(error), CONNECT_MS);
    });
    const open = async () => {
      await redis.connect();
      await redis.select(address.database); // of what the URL says ioredis ignores the refusal
      return redisVersion(redis);
    };
    const version = await Promise.race([open(), late]);
    if (version !== null && version < OLDEST)
      throw unreachable(address, `it is Redis ${version}, and the queue needs ${OLDEST} or newer`);
  } catch (error) {
    if (SurprisalError.isInstance(error)) throw error;
    throw refused(address, reason ?? (error as Error));
  } finally {
    clearTimeout(timer);
    redis.disconnect();
  }
}

/** BullMQ recommends 6.2. */
const OLDEST = 6;

/** Major version; `null` where the server does not say. */
async function redisVersion(redis: Redis): Promise<number | null> {
  const major = /^redis_version:(\d+)/m.exec(await redis.info("server"))?.[1];
  return major === undefined ? null : Number(major);
}

/** Of Redis's own words, characters. */
const MOST_QUOTED = 200;
const REFUSAL = /^(OOM|NOPERM|NOAUTH|READONLY|MISCONF|LOADING|MASTERDOWN|NOREPLICAS)/;

/** Words for people where Redis is there and takes nothing in: it is full, a copy of another, or lets us write no longer. */
export function refusalOf(error: unknown): string | null {
  if (!(error instanceof Error) || !REFUSAL.test(error.message)) return null;
  return `Redis takes nothing in, and is waited for: ${visible(error.message.slice(0, MOST_QUOTED))}`;
}

/** Whether a command failed because of what Redis holds: keys of another kind, jobs that BullMQ's scripts cannot read. */
export function isOfAnotherKind(error: unknown): error is Error {
  if (!(error instanceof Error) || REFUSAL.test(error.message)) return false;
  return /WRONGTYPE|user_script|Error running script|Missing key for job/.test(error.message);
}

/** The queue does not hold what was put there, again and again. */
export function queueDamaged({ shown }: RedisAddress, reason: string, cause?: unknown): SurprisalError {
  return new SurprisalError({
    code: "QUEUE_DAMAGED",
    what: `What is in the queue's Redis is not what was put there: ${reason}`,
    where: shown,
    wayOut: "Something else writes into this Redis; give surprisal a database of its own (redis://host/1).",
    cause,
  });
}

/** What Redis says to a command, such as that a key is of another kind; our own errors stay. */
export function redisRefusal(address: RedisAddress, error: unknown): SurprisalError {
  if (SurprisalError.isInstance(error)) return error;
  return refused(address, error instanceof Error ? error : new Error(String(error)));
}

/** Without its cause: that holds the command, and so the password. */
function refused(address: RedisAddress, { message }: Error): SurprisalError {
  if (/^(NOAUTH|WRONGPASS|NOPERM|ERR .*\b(AUTH|password)\b)/i.test(message))
    return new SurprisalError({
      code: "UNAUTHORIZED",
      what: "Redis does not let us in: it wants another user name or password",
      where: address.shown,
      wayOut: "Write them into the address: redis://user:password@host:6379.",
    });
  return unreachable(address, message);
}

function unreachable({ shown }: RedisAddress, reason: string): SurprisalError {
  return new SurprisalError({
    code: "QUEUE_UNREACHABLE",
    what: `The queue's Redis cannot be used: ${reason}`,
    where: shown,
    wayOut: "Start it (redis-server), or check host, port, password and rediss:// for TLS.",
  });
}

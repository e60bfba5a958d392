/**
 * What coordinators and workers say to each other besides the shards. It goes over Redis' publish and subscribe, every
 * second, and is kept nowhere: who falls silent is gone, whatever happened to them, and nothing is left to be cleaned up.
 */
import type { LlamaLoadOptions, ModelIdentity } from "../../models/index.ts";
import { MOST_MESSAGE } from "./messages.ts";

/** Pause between two offers of a coordinator, milliseconds. */
export const OFFER_EVERY_MS = 1000;
/** Whoever was silent for so long is gone, milliseconds. */
export const SILENCE_MS = 15_000;

/** Channel in which coordinators offer their runs. */
export const OFFERS = "surprisal:offers";
/** As much of an ioredis connection as is used here: its own types are there only where it is installed. */
interface Redis {
  readonly status: string;
  on(event: "message", hear: (channel: string, message: string) => void): unknown;
  publish(channel: string, message: string): Promise<unknown>;
  subscribe(channel: string): Promise<unknown>;
}

/** A set of the names of all runs whose queue may have keys in Redis. */
export const RUNS = "surprisal:runs";

/** Channel in which workers answer a run. */
export const answersTo = (run: string): string => `surprisal:answers:${run}`;
/** Name of a run's queue in BullMQ. */
export const queueOf = (run: string): string => `surprisal-${run}`;

/** How a model has to be loaded to give the same digits. */
export type SharedLoad = Pick<
  LlamaLoadOptions,
  "device" | "batchSize" | "cacheType" | "flashAttention" | "exact" | "repack"
>;

/** There is work; what a worker must be like to do it. */
export interface Offer {
  type: "offer";
  /** Random; a coordinator has one for each of its models. */
  run: string;
  /** Version of this package. */
  version: string;
  /** `reference` is what the coordinator calls the model. */
  model: Pick<ModelIdentity, "name"> & { sha256: string; reference: string };
  load: SharedLoad;
  /** Settings of the coordinator's own model. */
  settings: Readonly<Record<string, string | number | boolean>>;
  /** A shard whose worker has not been heard of for so long goes to another, milliseconds. */
  leaseMs: number;
}

/** The run is done, or was broken off. */
export interface Over {
  type: "over";
  run: string;
}

/** A worker's answer to every offer. */
export interface Answer {
  worker: string;
  /** Host and process, for people. */
  name: string;
  state: "loading" | "working" | "refused" | "gone";
  /** Shards it does at once. */
  slots: number;
  /** Why it refused; `null` otherwise. */
  reason: string | null;
  /** Names of those that it works on. */
  shards: readonly string[];
}

/**
 * Hears what is said in channels.
 * @param read gives `null` for what is no message: it is dropped, and `onMalformed` is told, once.
 */
export function subscribe<Message>(
  redis: Redis,
  channel: string,
  read: (value: unknown) => Message | null,
  onMessage: (message: Message) => void,
  onMalformed: () => void,
): void {
  let told = false;
  redis.on("message", (from: string, text: string) => {
    if (from !== channel) return;
    const message = read(jsonOf(text));
    if (message !== null) onMessage(message);
    else if (!told) {
      told = true;
      onMalformed();
    }
  });
  redis.subscribe(channel).catch(() => {}); // on every connection anew; fails when it is closed first
}

function jsonOf(text: string): unknown {
  if (text.length > MOST_MESSAGE) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Says something, unless Redis is away: messages are not kept for later. */
export function publish(redis: Redis, channel: string, message: unknown): void {
  if (redis.status === "ready") redis.publish(channel, JSON.stringify(message)).catch(() => {});
}

/**
 * Whether a model with these settings would give the offer's digits.
 * @param wanted settings of the coordinator's model.
 * @returns why not, or `null`.
 */
export function differenceOf(wanted: Offer["settings"], settings: Offer["settings"]): string | null {
  const names = new Set([...Object.keys(wanted), ...Object.keys(settings)]);
  names.delete("threads"); // changes no digit
  const other = [...names].filter((name) => wanted[name] !== settings[name]);
  if (other.length === 0) return null;
  const list = other.map(
    (name) => `${name} is ${shown(settings[name])} here and ${shown(wanted[name])} there`,
  );
  return `its digits would differ: ${list.join(", ")}`;
}

const shown = (value: string | number | boolean | undefined): string =>
  value === undefined ? "nothing" : `${value}`;

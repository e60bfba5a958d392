/** Everything the environment decides, read once per call: cache folder, switches, patience. */
import { userInfo } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { invalidArgument, type Resolved, withDefaults } from "../../core/index.ts";
import type { LocateOptions, NetworkPatience } from "./types.ts";

const PATIENCE: NetworkPatience = { connectMs: 10_000, stallMs: 30_000, attempts: 5, backoffMs: 500 };

/** The largest package of the public index (tens of thousands of files) has a page of about 10 MiB. */
const PAGE_BYTES = 32 * 2 ** 20;
/** Larger than any one file of a model: the largest are split at 50 GB. */
const UNANNOUNCED_BYTES = 128 * 2 ** 30;

/** LocateOptions with every default filled in. */
export interface Settings extends Resolved<Pick<LocateOptions, "acceptTerms" | "onProgress" | "onMessage">> {
  cache: string;
  environment: NodeJS.ProcessEnv;
  offline: boolean;
  hubOffline: boolean;
  patience: NetworkPatience;
  mostPageBytes: number;
  mostUnannouncedBytes: number;
  signal: AbortSignal | undefined;
}

export function readSettings(options: LocateOptions): Settings {
  const environment = options.environment ?? process.env;
  const offline = options.offline ?? isOffline(environment);
  return {
    cache: resolve(options.cache ?? cacheFolder(environment)),
    environment,
    offline,
    hubOffline: offline || isOn(environment.HF_HUB_OFFLINE),
    patience: withDefaults(PATIENCE, options.patience),
    mostPageBytes: options.mostPageBytes ?? bytesIn(environment, "SURPRISAL_MOST_PAGE_BYTES", PAGE_BYTES),
    mostUnannouncedBytes:
      options.mostUnannouncedBytes ??
      bytesIn(environment, "SURPRISAL_MOST_UNANNOUNCED_BYTES", UNANNOUNCED_BYTES),
    acceptTerms: options.acceptTerms ?? false,
    onProgress: options.onProgress ?? (() => {}),
    onMessage: options.onMessage ?? (() => {}),
    signal: options.signal,
  };
}

/**
 * Whether the person wants no network to be used.
 * @throws SurprisalError INVALID_ARGUMENT: it is set, and to nothing that is known. Who writes "y" means it.
 */
export function isOffline({ SURPRISAL_OFFLINE: value }: NodeJS.ProcessEnv): boolean {
  if (isOn(value)) return true;
  if (/^(0|off|no|false)?$/i.test(value ?? "")) return false;
  throw invalidArgument(
    "Not a switch",
    `SURPRISAL_OFFLINE=${value}`,
    "Write 1 for no network, 0 or nothing for the network.",
  );
}

/** $SURPRISAL_CACHE, else $XDG_CACHE_HOME/surprisal, else what the platform uses. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { SURPRISAL_CACHE, XDG_CACHE_HOME, LOCALAPPDATA } = environment;
  if (SURPRISAL_CACHE) return SURPRISAL_CACHE;
  if (XDG_CACHE_HOME && isAbsolute(XDG_CACHE_HOME)) return join(XDG_CACHE_HOME, "surprisal"); // as its specification says
  const home = environment.HOME || userInfo().homedir;
  if (process.platform === "darwin") return join(home, "Library", "Caches", "surprisal");
  if (process.platform === "win32") return join(LOCALAPPDATA || join(home, "AppData", "Local"), "surprisal");
  return join(home, ".cache", "surprisal");
}

/** @throws SurprisalError INVALID_ARGUMENT where the variable holds something else than a number of bytes. */
function bytesIn(environment: NodeJS.ProcessEnv, name: string, otherwise: number): number {
  const text = environment[name];
  if (!text) return otherwise;
  const bytes = Number(text);
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw invalidArgument(
    "Not a number of bytes",
    `${name}=${text}`,
    "Write a whole number, such as 100000000.",
  );
}

/** As huggingface_hub reads its switches. */
function isOn(value: string | undefined): boolean {
  return /^(1|on|yes|true)$/i.test(value ?? "");
}

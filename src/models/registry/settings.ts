/** Everything the environment decides, read once per call: cache folder, switches, patience. */
import { userInfo } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { type Resolved, withDefaults } from "../../core/index.ts";
import type { LocateOptions, NetworkPatience } from "./types.ts";

const PATIENCE: NetworkPatience = { connectMs: 10_000, stallMs: 30_000, attempts: 5, backoffMs: 500 };

/** LocateOptions with every default filled in. */
export interface Settings extends Resolved<Pick<LocateOptions, "acceptTerms" | "onProgress" | "onMessage">> {
  cache: string;
  environment: NodeJS.ProcessEnv;
  offline: boolean;
  hubOffline: boolean;
  patience: NetworkPatience;
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
    acceptTerms: options.acceptTerms ?? false,
    onProgress: options.onProgress ?? (() => {}),
    onMessage: options.onMessage ?? (() => {}),
    signal: options.signal,
  };
}

/** Whether the person wants no network to be used. */
export function isOffline(environment: NodeJS.ProcessEnv): boolean {
  return isOn(environment.SURPRISAL_OFFLINE);
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

/** As huggingface_hub reads its switches. */
function isOn(value: string | undefined): boolean {
  return /^(1|on|yes|true)$/i.test(value ?? "");
}

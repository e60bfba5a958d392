/** Options and results of the registry. */

/** What a long transfer or unpacking says about itself, at most about ten times a second. */
export interface TransferProgress {
  /** "verify": files that are here already are read for their sha256, for the first time or because they changed. */
  phase: "download" | "unpack" | "verify";
  /** File that is being transferred or read. */
  file: string;
  /** Bytes done of the whole job (all parts), including those kept from an earlier, interrupted run. */
  bytes: number;
  /** Bytes of the whole job; `null` when the server does not say. */
  total: number | null;
  /** Bytes per second over the last few seconds; `null` at the start. */
  rate: number | null;
  /** Seconds left at this rate; `null` when unknown. */
  eta: number | null;
}

/** "generative": it predicts tokens. "encoder": it turns texts into vectors. */
export type ModelKind = "generative" | "encoder";

/** Terms a person has to accept before a model is downloaded. */
export interface ModelTerms {
  /** Name of the terms, such as "Gemma Terms of Use". */
  name: string;
  /** Where they can be read. */
  url: string;
}

/** How patient the network code is. */
export interface NetworkPatience {
  /** Longest time to establish a connection, milliseconds. Default 10,000. */
  connectMs: number;
  /** Longest silence of a server before the connection is given up, milliseconds. Default 30,000. */
  stallMs: number;
  /** Attempts in a row that may fail without something new to speak of (16 KiB). Default 5. */
  attempts: number;
  /** Pause before the second attempt, milliseconds; doubles each time, up to 30 s. Default 500. */
  backoffMs: number;
}

/** Where models are looked for, and who hears of it. */
export interface LocateOptions {
  /** Cache folder. Default: $SURPRISAL_CACHE, $XDG_CACHE_HOME/surprisal, or the platform's cache folder. */
  cache?: string | undefined;
  /** Use no network: what is not on this machine is an error. Default: false, unless SURPRISAL_OFFLINE is set. */
  offline?: boolean | undefined;
  /** Whether the terms of a model are accepted, or a function that asks. Default false. Remembered in the cache. */
  acceptTerms?: boolean | ((terms: ModelTerms) => Promise<boolean>) | undefined;
  onProgress?: ((progress: TransferProgress) => void) | undefined;
  /** Notes for a person: a source that failed, another process that is waited for. */
  onMessage?: ((message: string) => void) | undefined;
  signal?: AbortSignal | undefined;
  /** Environment variables. Default process.env. */
  environment?: NodeJS.ProcessEnv | undefined;
  patience?: Partial<NetworkPatience> | undefined;
  /**
   * Largest page of a package index, and largest answer of the hub's API, bytes. Default 32 MiB, or
   * $SURPRISAL_MOST_PAGE_BYTES.
   */
  mostPageBytes?: number | undefined;
  /**
   * Largest file whose size the server does not say, bytes. Of one whose size it says no more than that is read. Default
   * 128 GiB, or $SURPRISAL_MOST_UNANNOUNCED_BYTES.
   */
  mostUnannouncedBytes?: number | undefined;
}

/** One file of a model that is split into several. */
export interface ModelFile {
  /** File name. */
  name: string;
  /** Lower-case hex. */
  sha256: string;
  /** Size, bytes. */
  bytes: number;
}

/** A model file on this machine, verified. */
export interface LocatedModel {
  /** Absolute path of the GGUF file; of a split model, of its first part. */
  path: string;
  /** Alias, or the file's name. */
  name: string;
  /** Where the file came from: "the surprisal package", its path, or a reference with the exact version or revision. */
  source: string;
  /**
   * sha256 of the file, lower-case hex. Of a split model: the sha256 of the text made of its parts' sha256 in order, in
   * lower-case hex, each followed by a line feed (`sha256sum name-*.gguf | cut -c -64 | sha256sum`).
   */
  sha256: string;
  /** Size of the file, or of all parts together, bytes. */
  bytes: number;
  /** The parts of a split model, in order; left out for a single file. */
  files?: readonly ModelFile[] | undefined;
  /** Licence of the model, where it is known: an SPDX name or the name of its terms. */
  licence?: string | undefined;
  /** What a person should know of how it came here, such as that there was no sha256 to check it against; left out without. */
  notes?: readonly string[] | undefined;
}

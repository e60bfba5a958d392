/** What is known and what is in the cache: for `surprisal models`. */
import { rm } from "node:fs/promises";
import { basename } from "node:path";
import { invalidArgument, SurprisalError } from "../../core/index.ts";
import { bytesHeld, type CachedModel, discard, downloadFolder, findCached, readCache } from "./cache.ts";
import { refuseToWait, withLock } from "./cache-disk.ts";
import { CATALOGUE, type CatalogueEntry, termsOf } from "./catalogue.ts";
import { knownDigest, modelFiles } from "./digest.ts";
import { locate } from "./locate.ts";
import { parseReference } from "./reference.ts";
import { readSettings } from "./settings.ts";
import type { LocateOptions, ModelTerms } from "./types.ts";

/** What is known about a model without reading its file. */
export interface ModelInfo {
  /** What to write where a model is asked for. */
  reference: string;
  /** What it is good for; `null` when this project does not know the model. */
  purpose: string | null;
  /** `null` when unknown. */
  licence: string | null;
  /** Terms that have to be accepted before the download. */
  terms: ModelTerms | null;
  /** Size of the file, bytes; `null` when unknown before the download. */
  bytes: number | null;
  /** Lower-case hex; `null` when unknown before the download. */
  sha256: string | null;
  /**
   * "shipped": a part of this package; "cached": fetched into the cache; "file": a file of the person's own; "absent":
   * not on this machine.
   */
  availability: "shipped" | "cached" | "file" | "absent";
  /** Where the file lies; `null` when it is not on this machine. */
  path: string | null;
  /** Where the cached file was fetched from, with the exact version or revision. */
  source: string | null;
  /** When it was fetched, ISO 8601. */
  date: string | null;
}

/** Options of `modelInfo`. */
export interface ModelInfoOptions extends LocateOptions {
  /**
   * "always": a file of the person's own is read for its sha256, which takes about a second per gigabyte the first time.
   * "known": of a file beyond 1 GiB only what is remembered, else `null`. Default "always".
   */
  digest?: "always" | "known" | undefined;
}

/** The models known by name, those of this package first, then whatever else is in the cache. */
export function listModels(options: LocateOptions = {}): ModelInfo[] {
  const cached = readCache(readSettings(options).cache);
  const known = CATALOGUE.map((entry) =>
    describe(
      entry.reference,
      entry,
      cached.find(({ sha256 }) => sha256 === entry.sha256),
    ),
  );
  const others = cached.filter(({ sha256 }) => !CATALOGUE.some((entry) => entry.sha256 === sha256));
  return [...known, ...others.map((model) => describe(model.references[0] ?? model.name, undefined, model))];
}

/**
 * What is known about one model.
 *
 * @throws SurprisalError UNKNOWN_MODEL, INVALID_ARGUMENT, FILE_NOT_FOUND, FILE_UNREADABLE
 */
export async function modelInfo(reference: string, options: ModelInfoOptions = {}): Promise<ModelInfo> {
  const parsed = parseReference(reference);
  if (parsed.kind === "remote") {
    const { canonical, entry } = parsed;
    return describe(canonical, entry, findCached(readSettings(options).cache, canonical, entry?.sha256));
  }
  if (parsed.kind === "embedded") return describe(reference, parsed.entry, undefined);
  const settings = readSettings(options);
  const { path } = parsed;
  const paths = await modelFiles(path);
  const known = options.digest === "known" ? await knownDigest(paths, settings).catch(() => null) : null;
  const { bytes, sha256 } = known ?? (await locate(reference, options));
  const entry = CATALOGUE.find((model) => model.sha256 === sha256);
  const facts = describe(basename(path), entry, undefined);
  return { ...facts, reference, bytes, sha256, path, availability: "file" };
}

/**
 * Deletes a model from the cache, and what an interrupted download left of it. Files elsewhere are never touched.
 *
 * @returns bytes freed
 * @throws SurprisalError MODEL_UNAVAILABLE (not in the cache), CACHE_LOCKED (being downloaded), UNKNOWN_MODEL,
 *   INVALID_ARGUMENT
 */
export async function removeModel(reference: string, options: LocateOptions = {}): Promise<number> {
  const parsed = parseReference(reference);
  if (parsed.kind === "path")
    throw invalidArgument(
      "Only models in the cache are removed, by the name that `surprisal models list` shows",
      parsed.path,
      "Delete a file of your own yourself.",
    );
  if (parsed.kind === "embedded")
    throw invalidArgument(
      "This model is a part of surprisal, not in the cache: it cannot be removed",
      reference,
      "It goes when surprisal is uninstalled.",
    );
  const { cache, signal } = readSettings(options);
  const { canonical, entry } = parsed;
  const { folder, lock } = downloadFolder(cache, canonical);
  return withLock(lock, { onWait: refuseToWait(lock), signal }, async () => {
    const model = findCached(cache, canonical, entry?.sha256);
    const freed = (model?.bytes ?? 0) + bytesHeld(folder);
    if (freed === 0)
      throw new SurprisalError({
        code: "MODEL_UNAVAILABLE",
        what: `The model "${canonical}" is not in the cache`,
        where: cache,
        wayOut: "`surprisal models list` shows what is.",
      });
    if (model) await discard(model, cache);
    await rm(folder, { recursive: true, force: true });
    return freed;
  });
}

function describe(
  reference: string,
  entry: CatalogueEntry | undefined,
  cached: CachedModel | undefined,
): ModelInfo {
  return {
    reference,
    purpose: entry?.purpose ?? null,
    licence: entry?.licence ?? cached?.licence ?? null,
    terms: termsOf(reference),
    bytes: cached?.bytes ?? entry?.bytes ?? null,
    sha256: cached?.sha256 ?? entry?.sha256 ?? null,
    availability: entry?.path ? "shipped" : cached ? "cached" : "absent",
    path: entry?.path ?? cached?.path ?? null,
    source: cached?.source ?? null,
    date: cached?.date ?? null,
  };
}

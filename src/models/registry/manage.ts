/** What is known and what is in the cache: for `surprisal models`. */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { invalidArgument, SurprisalError } from "../../core/index.ts";
import { bytesHeld, type CachedModel, discard, downloadFolder, findCached, readCache } from "./cache.ts";
import { refuseToWait, withLock } from "./cache-disk.ts";
import { CATALOGUE, type CatalogueEntry, kindOf, termsOf } from "./catalogue.ts";
import { knownDigest, modelFiles } from "./digest.ts";
import { discardExactCopy, type ExactCopy, readExactCopies, readExactCopy } from "./exact-copies.ts";
import { locate } from "./locate.ts";
import { parseReference } from "./reference.ts";
import { readSettings } from "./settings.ts";
import type { LocateOptions, ModelKind, ModelTerms } from "./types.ts";

/** What is known about a model without reading its file. */
export interface ModelInfo {
  /** What to write where a model is asked for. */
  reference: string;
  /** What it is good for; `null` when this project does not know the model. */
  purpose: string | null;
  /** Whether it predicts tokens or turns texts into vectors; `null` when this project does not know the model. */
  kind: ModelKind | null;
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
  /** Size of its copy with float weights in the cache, which `exact` makes, bytes; `null` when there is none. */
  exactBytes: number | null;
  /** What a person should know of how it came here; left out without. */
  notes?: readonly string[] | undefined;
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
  const { cache } = readSettings(options);
  const cached = readCache(cache);
  const known = CATALOGUE.map((entry) =>
    describe(
      entry.reference,
      entry,
      cached.find(({ sha256 }) => sha256 === entry.sha256),
      cache,
    ),
  );
  const others = cached
    .filter(({ sha256 }) => !CATALOGUE.some((entry) => entry.sha256 === sha256))
    .map((model) => describe(model.references[0] ?? model.name, undefined, model, cache));
  const listed = new Set([...known, ...others].map(({ sha256 }) => sha256));
  const copies = readExactCopies(cache).filter(({ sha256 }) => !listed.has(sha256));
  return [...known, ...others, ...copies.map(describeCopied)];
}

/** A file of the person's own, of which there is a copy with float weights. */
function describeCopied({ source, sha256, bytes }: ExactCopy): ModelInfo {
  const about = describe(source, undefined, undefined, null);
  return { ...about, sha256, availability: existsSync(source) ? "file" : "absent", exactBytes: bytes };
}

/**
 * What is known about one model.
 *
 * @throws SurprisalError UNKNOWN_MODEL, INVALID_ARGUMENT, FILE_NOT_FOUND, FILE_UNREADABLE
 */
export async function modelInfo(reference: string, options: ModelInfoOptions = {}): Promise<ModelInfo> {
  const settings = readSettings(options);
  const { cache } = settings;
  const parsed = parseReference(reference);
  if (parsed.kind === "remote") {
    const { canonical, entry } = parsed;
    return describe(canonical, entry, findCached(cache, canonical, entry?.sha256), cache);
  }
  if (parsed.kind === "embedded") return describe(reference, parsed.entry, undefined, cache);
  const { path } = parsed;
  const paths = await modelFiles(path);
  const known = options.digest === "known" ? await knownDigest(paths, settings).catch(() => null) : null;
  const { bytes, sha256 } = known ?? (await locate(reference, options));
  const entry = CATALOGUE.find((model) => model.sha256 === sha256);
  const facts = describe(basename(path), entry, undefined, cache);
  const exactBytes = sha256 === null ? null : (readExactCopy(cache, sha256)?.bytes ?? null);
  return { ...facts, reference, bytes, sha256, path, availability: "file", exactBytes };
}

/**
 * Deletes a model from the cache, what an interrupted download left of it, and its copy with float weights (which alone
 * can be removed of a file of the person's own). Files elsewhere are never touched.
 *
 * @returns bytes freed
 * @throws SurprisalError MODEL_UNAVAILABLE (not in the cache), CACHE_LOCKED (being downloaded), UNKNOWN_MODEL,
 *   INVALID_ARGUMENT
 */
export async function removeModel(reference: string, options: LocateOptions = {}): Promise<number> {
  const parsed = parseReference(reference);
  const { cache, signal } = readSettings(options);
  const copy = copyOf(parsed, cache);
  if (copy && parsed.kind !== "remote") return discardExactCopy(cache, copy.sha256);
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
  const { canonical, entry } = parsed;
  const { folder, lock } = downloadFolder(cache, canonical);
  return withLock(lock, { onWait: refuseToWait(lock), signal }, async () => {
    const model = findCached(cache, canonical, entry?.sha256);
    const exact = (model ?? copy) ? await discardExactCopy(cache, (model ?? copy)!.sha256) : 0;
    const freed = (model?.bytes ?? 0) + bytesHeld(folder) + exact;
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

/** The copy with float weights of what a reference leads to, which may be gone from where it was. */
function copyOf(parsed: ReturnType<typeof parseReference>, cache: string): ExactCopy | undefined {
  const copies = readExactCopies(cache);
  if (parsed.kind !== "path") return copies.find(({ sha256 }) => sha256 === parsed.entry?.sha256);
  const path = resolve(parsed.path);
  return copies.find(({ source }) => resolve(source) === path);
}

/** @param cache `null`: copies with float weights are not looked for. */
function describe(
  reference: string,
  entry: CatalogueEntry | undefined,
  cached: CachedModel | undefined,
  cache: string | null,
): ModelInfo {
  const sha256 = cached?.sha256 ?? entry?.sha256 ?? null;
  return {
    reference,
    purpose: entry?.purpose ?? null,
    kind: entry ? kindOf(entry) : null,
    licence: entry?.licence ?? cached?.licence ?? null,
    terms: termsOf(reference),
    bytes: cached?.bytes ?? entry?.bytes ?? null,
    sha256,
    availability: entry?.path ? "shipped" : cached ? "cached" : "absent",
    path: entry?.path ?? cached?.path ?? null,
    source: cached?.source ?? null,
    date: cached?.date ?? null,
    ...(cached?.notes && { notes: cached.notes }),
    exactBytes: (cache && sha256 && readExactCopy(cache, sha256)?.bytes) || null,
  };
}

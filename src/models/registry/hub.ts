/** The Hugging Face hub, or a mirror that speaks its protocol (HF_ENDPOINT). */
import { join } from "node:path";
import { redact } from "../../net/index.ts";
import { ensureSpace } from "./cache-disk.ts";
import { checksumMismatch, download } from "./download.ts";
import { statusFailure, TransferFailure } from "./failure.ts";
import type { Authorization, HttpClient } from "./http.ts";
import type { FetchedFile, FetchJob } from "./job.ts";
import { withRetries } from "./retry.ts";
import { type HubFile, hubReference } from "./source.ts";

const DEFAULT_ENDPOINT = "https://huggingface.co";

export const ACCESS: string =
  "A private or gated repository needs HF_TOKEN, and a gated one that its terms were accepted on its page.";

export async function fetchFromHub(job: FetchJob, wanted: HubFile): Promise<FetchedFile> {
  const { client, folder, meter } = job;
  const { url, authorization } = addressOf(wanted, client.settings.environment);
  const { sha256, bytes, commit } = await inspect(client, url, authorization);
  if (job.sha256 && sha256 && sha256 !== job.sha256) throw checksumMismatch(redact(url), job.sha256, sha256);
  const file = wanted.path.split("/").at(-1)!;
  ensureSpace(folder, bytes ?? 0);
  const path = join(folder, file);
  const found = await download(client, {
    url,
    authorization,
    file: path,
    sha256: job.sha256 ?? sha256,
    wayOut: ACCESS,
    onBytes: (held, total, arrived) => {
      if (!arrived) meter.restart();
      meter.update("download", file, held, total ?? bytes);
    },
  });
  return {
    path,
    file,
    sha256: found,
    source: hubReference({ ...wanted, revision: commit ?? wanted.revision ?? "main" }),
  };
}

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
    bytes: size === undefined ? null : Number(size),
    commit: headers["x-repo-commit"],
  };
}

/** What the hub's API says of a data set: its commits and the files of one. Nothing of it is trusted. */
import { SurprisalError } from "../../core/index.ts";
import { redact } from "../../net/index.ts";
import { OTHER_WAYS, statusFailure } from "./failure.ts";
import type { HttpClient } from "./http.ts";
import { ACCESS, hubEndpoint } from "./hub.ts";
import { isRecord, parseJson } from "./json.ts";
import { withRetries } from "./retry.ts";

/** The sha of a commit. */
export const COMMIT: RegExp = /^[\da-f]{40,64}$/;
/** Of a thousand files each. */
const MOST_PAGES = 1000;
const MOST_PATHS = 1_000_000;

export async function commitOf(repository: string, revision: string, client: HttpClient): Promise<string> {
  const { body } = await ask(`${repository}/revision/${encodeURIComponent(revision)}`, client);
  const sha = isRecord(body) ? body.sha : undefined;
  if (typeof sha === "string" && COMMIT.test(sha)) return sha;
  throw new SurprisalError({
    code: "DOWNLOAD_FAILED",
    what: "The hub does not say which commit this is",
    where: repository,
    wayOut: OTHER_WAYS,
  });
}

/** Paths of a commit's files; only those of the subset's folder where there is one, since some sets have 100,000. */
export async function filesOf(
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
  const asked = new Set<string>();
  const fail = (what: string) =>
    new SurprisalError({
      code: "DOWNLOAD_FAILED",
      what,
      where: tree,
      wayOut: "Name a subset or one file: hf:owner/name/path/file.parquet.",
    });
  for (let query: string | null = "?recursive=true"; query !== null; ) {
    asked.add(query);
    const answer: ApiAnswer = await ask(`${tree}${query}`, client);
    if (!Array.isArray(answer.body)) throw fail("The hub's list of files is none");
    for (const entry of answer.body as unknown[])
      if (isRecord(entry) && entry.type === "file" && typeof entry.path === "string") paths.push(entry.path);
    query = answer.nextPage;
    if (query !== null && asked.has(query)) throw fail("The hub's list of files goes round in a circle");
    if (asked.size >= MOST_PAGES && query !== null)
      throw fail(`The hub's list of files has more than ${MOST_PAGES} pages`);
    if (paths.length > MOST_PATHS) throw fail(`The hub lists more than ${MOST_PATHS} files`);
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
    const answer = await client.request(url, { authorization, isPage: true });
    if (answer.status !== 200) {
      answer.dispose();
      throw statusFailure(answer, url, ACCESS);
    }
    const text = (await client.bytes(answer)).toString("utf8");
    const nextPage = /<[^<>?]+(\?[^<>]+)>;\s*rel="next"/.exec(answer.headers.link ?? "")?.[1] ?? null;
    try {
      return { body: parseJson(text), nextPage };
    } catch (cause) {
      const what = `The hub's answer is not JSON: ${cause instanceof Error ? cause.message : cause}`;
      throw new SurprisalError({
        code: "DOWNLOAD_FAILED",
        what,
        where: redact(url),
        wayOut: OTHER_WAYS,
        cause,
      });
    }
  });
}

/** Data sets on a loopback hub: its API (commit, tree in pages) and its files, which another server stores. */
import type { DownloadServer } from "./download-server.ts";

/** The commit that `DownloadServer.addHubFile` answers with. */
export const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const CONVERTED = "refs/convert/parquet";
const CONVERTED_COMMIT = "89abcdef0123456789abcdef0123456789abcdef";

export interface HubDataset {
  repository: string;
  /** By path. */
  files: Record<string, Buffer>;
  /** The hub's own conversion to Parquet, on its branch. */
  converted?: Record<string, Buffer>;
  /** Entries of the tree on one page of the API's answer. */
  page?: number;
}

/** Puts a data set on the hub `server`; the content is served by `storage`. */
export function addDataset(server: DownloadServer, storage: DownloadServer, dataset: HubDataset): void {
  const { repository, files, converted, page = 1000 } = dataset;
  const api = `/api/datasets/${repository}`;
  const json = (path: string, value: unknown) =>
    server.files.set(path, {
      body: Buffer.from(JSON.stringify(value)),
      headers: { "content-type": "application/json" },
    });
  const revisions: [string, string, Record<string, Buffer> | undefined][] = [
    ["main", COMMIT, files],
    [COMMIT, COMMIT, files],
    [CONVERTED, CONVERTED_COMMIT, converted],
  ];
  for (const [revision, sha, held] of revisions) {
    if (!held) continue;
    json(`${api}/revision/${encodeURIComponent(revision)}`, {
      id: repository,
      sha,
      private: false,
      gated: false,
    });
    for (const [path, body] of Object.entries(held)) {
      const address = `/datasets/${repository}/resolve/${sha}/${path.split("/").map(encodeURIComponent).join("/")}`;
      server.addHubFile(address, body, storage);
    }
  }
  const inner = server.handler;
  server.handler = (request, response, serve) => {
    const url = new URL(request.url ?? "/", server.origin);
    const [, sha, folder = ""] =
      (url.pathname.startsWith(`${api}/tree/`) && /\/tree\/([\da-f]{40})(?:\/(.+))?$/.exec(url.pathname)) ||
      [];
    if (!sha) return inner(request, response, serve);
    const held = sha === COMMIT ? files : (converted ?? {});
    const within = folder ? `${decodeURIComponent(folder)}/` : "";
    const entries = Object.entries(held)
      .filter(([path]) => path.startsWith(within))
      .map(([path, body]) => ({ type: "file", path, size: body.length, oid: "0".repeat(40) }));
    if (entries.length === 0) return void response.writeHead(404).end();
    const start = Number(url.searchParams.get("cursor") ?? 0);
    // The real hub names itself in the link, also behind a mirror.
    const link = `<https://hub.invalid${url.pathname}?recursive=true&cursor=${start + page}>; rel="next"`;
    if (start + page < entries.length) response.setHeader("link", link);
    response.writeHead(200).end(JSON.stringify(entries.slice(start, start + page)));
  };
}

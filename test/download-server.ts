/** A package index and a model hub on loopback that behave like the real ones, and badly when told to. */
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { sha256 } from "./wheel-fixture.ts";

export interface ServedFile {
  body: Buffer;
  /** Default: an ETag made from the content. `null`: none. */
  etag?: string | null;
  /** Default true. */
  ranges?: boolean;
  headers?: Record<string, string>;
}

/** How one answer goes wrong. */
export interface Fault {
  /** Close the connection after this many bytes of the body. */
  cutAfter?: number;
  /** Send nothing more after this many bytes of the body, and leave the connection open. */
  stallAfter?: number;
  /** Milliseconds between pieces of 64 KiB. */
  pieceEveryMs?: number;
  /** Keeps the rest of the body back as long as this holds, after its first piece. */
  holdWhile?: () => boolean;
}

export interface SeenRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  /** Status of the answer, and bytes of body sent. */
  status: number;
  sent: number;
}

type Handler = (request: IncomingMessage, response: ServerResponse, serve: (fault?: Fault) => void) => void;

export class DownloadServer {
  readonly files: Map<string, ServedFile> = new Map();
  readonly redirects: Map<string, string> = new Map();
  readonly requests: SeenRequest[] = [];
  /** Stands in front of every answer. */
  handler: Handler = (_request, _response, serve) => serve();
  readonly #server: Server;
  readonly #scheme: string;

  private constructor(tls?: { key: string; cert: string }) {
    const listener = (request: IncomingMessage, response: ServerResponse) => this.#answer(request, response);
    this.#server = tls ? createSecureServer(tls, listener) : createServer(listener);
    this.#scheme = tls ? "https" : "http";
  }

  static async start(tls?: { key: string; cert: string }): Promise<DownloadServer> {
    const server = new DownloadServer(tls);
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get origin(): string {
    return `${this.#scheme}://127.0.0.1:${this.port}`;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Requests of a file's content, in order. */
  of(path: string): SeenRequest[] {
    return this.requests.filter((request) => request.path === path);
  }

  /** Puts wheels on the index, as JSON (PEP 691) or HTML (PEP 503). `host`: another server that keeps the files. */
  addPackage(
    name: string,
    wheels: readonly {
      filename: string;
      body: Buffer;
      sha256?: string;
      yanked?: boolean;
      served?: Partial<ServedFile>;
    }[],
    { html = false, host = this }: { html?: boolean; host?: DownloadServer } = {},
  ): void {
    const links = wheels.map(({ filename, body, sha256: digest = sha256(body), yanked = false, served }) => {
      const path = `/files/${name}/${filename}`;
      host.files.set(path, { body, ...served });
      const url = host === this ? `../../files/${name}/${filename}` : `${host.origin}${path}`;
      return { filename, url, digest, yanked, size: body.length };
    });
    const page = html
      ? `<!DOCTYPE html><html><body>${links.map(({ filename, url, digest, yanked }) => `<a href="${url}#sha256=${digest}" data-requires-python="&gt;=3.9"${yanked ? ' data-yanked=""' : ""}>${filename}</a><br/>`).join("\n")}</body></html>`
      : JSON.stringify({
          meta: { "api-version": "1.1" },
          name,
          files: links.map(({ filename, url, digest, yanked, size }) => ({
            filename,
            url,
            hashes: { sha256: digest },
            yanked,
            size,
          })),
        });
    const type = html ? "text/html; charset=utf-8" : "application/vnd.pypi.simple.v1+json";
    this.files.set(`/simple/${name}/`, { body: Buffer.from(page), headers: { "content-type": type } });
  }

  /** Puts a file on the hub, which hands over to `storage` for the content, as the real one does. */
  addHubFile(path: string, body: Buffer, storage: DownloadServer, linkedSha256: string = sha256(body)): void {
    const stored = `/storage/${linkedSha256}`;
    storage.files.set(stored, { body });
    const headers = {
      "x-linked-etag": `"${linkedSha256}"`,
      "x-linked-size": String(body.length),
      "x-repo-commit": "0123456789abcdef0123456789abcdef01234567",
    };
    this.files.set(path, { body: Buffer.alloc(0), headers });
    this.redirects.set(path, `${storage.origin}${stored}?signature=secret`);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = new URL(request.url ?? "/", "http://any").pathname;
    const seen: SeenRequest = {
      method: request.method ?? "",
      path,
      headers: request.headers,
      status: 0,
      sent: 0,
    };
    this.requests.push(seen);
    const record = () => {
      seen.status = response.statusCode;
    };
    response.on("finish", record).on("close", record);
    this.handler(request, response, (fault = {}) => this.#serve(request, response, path, seen, fault));
  }

  #serve(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    seen: SeenRequest,
    fault: Fault,
  ): void {
    const file = this.files.get(path);
    if (!file) return void response.writeHead(404).end();
    const etag = file.etag === undefined ? `"${sha256(file.body).slice(0, 16)}"` : file.etag;
    for (const [name, value] of Object.entries({ ...(etag && { etag }), ...file.headers }))
      response.setHeader(name, value);
    const target = this.redirects.get(path);
    if (target) return void response.writeHead(302, { location: target }).end();
    const whole = file.body.length;
    const range = file.ranges === false ? null : requestedRange(request.headers, whole, etag);
    if (range && range.start >= whole)
      return void response.writeHead(416, { "content-range": `bytes */${whole}` }).end();
    const body = range ? file.body.subarray(range.start, range.end) : file.body;
    response.writeHead(range ? 206 : 200, {
      "content-length": body.length,
      ...(range && { "content-range": `bytes ${range.start}-${range.end - 1}/${whole}` }),
    });
    if (request.method === "HEAD") response.end();
    else void send(response, body, seen, fault);
  }
}

function requestedRange(
  headers: IncomingHttpHeaders,
  whole: number,
  etag: string | null,
): { start: number; end: number } | null {
  if (headers["if-range"] !== undefined && headers["if-range"] !== etag) return null;
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(headers.range ?? "") ?? [];
  if (first) return { start: Number(first), end: last ? Math.min(whole, Number(last) + 1) : whole };
  return last ? { start: Math.max(0, whole - Number(last)), end: whole } : null;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function send(response: ServerResponse, body: Buffer, seen: SeenRequest, fault: Fault): Promise<void> {
  const limit = Math.min(
    body.length,
    fault.cutAfter ?? Number.POSITIVE_INFINITY,
    fault.stallAfter ?? Number.POSITIVE_INFINITY,
  );
  for (let at = 0; at < limit && !response.destroyed; ) {
    const piece = body.subarray(at, Math.min(limit, at + 65536));
    await new Promise<void>((resolve) => response.write(piece, () => resolve()));
    at += piece.length;
    seen.sent = at;
    if (fault.pieceEveryMs) await pause(fault.pieceEveryMs);
    while (at < limit && fault.holdWhile?.() && !response.destroyed) await pause(5);
  }
  if (fault.cutAfter !== undefined)
    setTimeout(() => response.destroy(), 500); // lets what was written arrive first: a client drops what it has not read
  else if (fault.stallAfter === undefined) response.end();
}

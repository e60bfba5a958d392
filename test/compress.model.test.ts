/** `surprisal compress`, `decompress` and `inspect`, started as people start them. */
import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { type ModelCoder, pack } from "../src/compress/index.ts";
import { listModels } from "../src/models/index.ts";
import { BUILT, type RunOptions, runCommand } from "./cli-run.ts";

const root = mkdtempSync(join(tmpdir(), "surprisal-codec-"));
afterAll(() => rmSync(root, { recursive: true }));
let folder = root;
let count = 0;
beforeEach(() => {
  folder = join(root, String(count++));
  mkdirSync(folder);
});

const run = (args: readonly string[], options: RunOptions = {}) => runCommand(args, { folder, ...options });
const at = (name: string) => join(folder, name);
const put = (name: string, content: string | Uint8Array) => writeFileSync(at(name), content);
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
/** Standard output as bytes. */
const bytesOf = (args: readonly string[], input: Uint8Array) =>
  spawnSync(process.execPath, [`${BUILT}cli/main.js`, ...args], { input, cwd: folder });

const PROSE =
  "It was a bright morning, and the old man walked slowly down to the sea. The boats had already gone out, and there was nobody on the sand but a boy who was looking for shells.\n";
const LOG = Buffer.from(
  Array.from({ length: 1200 }, (_, i) => `${i}: ${(i * 7919) % 1013} ships passed the cape.\n`).join(""),
);

describe("there and back", () => {
  const FILES: Record<string, Uint8Array> = {
    "prose.txt": Buffer.from(PROSE.repeat(2)),
    "crlf.txt": Buffer.from("one\r\n\ttwo \u00a0\r\n\r\n  three  ".repeat(9)),
    "broken.txt": Buffer.concat([
      Buffer.from(PROSE),
      Uint8Array.of(0xc3, 0x28, 0xff, 0xed, 0xa0, 0x80),
      Buffer.from(PROSE),
    ]),
    "noise.bin": randomBytes(9000),
    "zeros.bin": new Uint8Array(500_000),
    empty: new Uint8Array(0),
    one: Uint8Array.of(0xff),
    "-odd name\n.txt": Buffer.from("\u0000\u0007\u001b[31m"),
  };

  it("text, CRLF, invalid UTF-8, noise, zeros, nothing, one byte, an odd name; by the model", async () => {
    for (const [name, bytes] of Object.entries(FILES)) put(name, bytes);
    const names = Object.keys(FILES);
    const packed = await run(["compress", "--json", "--", ...names]);
    expect(packed).toMatchObject({ code: 0, stderr: "" });
    const { schema, files } = JSON.parse(packed.stdout);
    expect(schema).toBe("surprisal.compress/1");
    for (const [i, name] of names.entries()) {
      const bytes = FILES[name]!;
      expect(files[i], name).toMatchObject({
        input: name,
        output: `${name}.surp`,
        bytes: bytes.length,
        packedBytes: statSync(at(`${name}.surp`)).size,
        sha256: sha256(bytes),
        model: { name: "mini", arithmetic: "kernels avx2 on cpu (haswell)", threads: 1 },
        verified: true,
      });
    }
    expect(files[0].methods).toEqual({
      model: expect.objectContaining({ chunks: 1, bytes: files[0].bytes }),
    });
    expect(files[0].bitsPerByte).toBeCloseTo((8 * files[0].packedBytes) / files[0].bytes, 10);
    expect(files.map(({ characters }: { characters: number | null }) => characters)).toEqual([
      2 * PROSE.length,
      Buffer.from(FILES["crlf.txt"]!).toString().length,
      null,
      null,
      500_000,
      0,
      null,
      7,
    ]);
    expect(readdirSync(folder).filter((name) => /partial|lock/.test(name))).toEqual([]);

    mkdirSync(at("back"));
    const back = await run(["decompress", "-o", "back", "--", ...names.map((name) => `${name}.surp`)]);
    expect(back).toMatchObject({ code: 0, stderr: "" });
    for (const name of names)
      expect(Buffer.compare(readFileSync(at(join("back", name))), FILES[name]!), name).toBe(0);
    const tested = await run([
      "decompress",
      "-t",
      "--json",
      ...names.slice(0, 2).map((name) => `${name}.surp`),
    ]);
    expect(JSON.parse(tested.stdout).files).toMatchObject([
      { output: null, sha256: sha256(FILES["prose.txt"]!), model: { name: "mini" } },
      { output: null, sha256: sha256(FILES["crlf.txt"]!) },
    ]);
  });

  it("through pipes, with and without the check, and with `-`", async () => {
    for (const args of [[], ["--no-verify", "-c", "-"]]) {
      const packed = bytesOf(["compress", ...args], Buffer.from(PROSE));
      expect(packed.stderr.toString(), args.join(" ")).toBe("");
      const back = bytesOf(["decompress", "-"], packed.stdout);
      expect(back.stdout.toString(), args.join(" ")).toBe(PROSE);
    }
  });

  it("keeps time and mode, deletes nothing, overwrites nothing but with --force", async () => {
    put("log.txt", LOG);
    chmodSync(at("log.txt"), 0o640);
    utimesSync(at("log.txt"), 1_000_000_000, 1_000_000_001);
    expect((await run(["compress", "--bytes", "-k", "log.txt"])).code).toBe(0);
    const { mode, mtimeMs } = statSync(at("log.txt.surp"));
    expect([process.platform === "win32" || (mode & 0o777) === 0o640, mtimeMs]).toEqual([
      true,
      1_000_000_001_000,
    ]);
    const before = readFileSync(at("log.txt.surp"));
    const again = await run(["compress", "--bytes", "log.txt"]);
    expect(again.code).toBe(2);
    expect(again.stderr).toContain("log.txt.surp is there already; --force replaces it");
    expect((await run(["decompress", "log.txt.surp"])).stderr).toContain("log.txt is there already");
    const twice = await run(["compress", "--bytes", "log.txt.surp"]);
    expect(twice.stderr).toContain("packed already");
    const onto = await run(["compress", "--bytes", "-f", "log.txt", "-o", "log.txt"]);
    expect(onto.stderr).toContain("What is read would be overwritten");
    expect((await run(["compress", "--bytes", "--force", "log.txt"])).code).toBe(0);
    expect(Buffer.compare(readFileSync(at("log.txt.surp")), before)).toBe(0);
    writeFileSync(at("log.txt"), "");
    expect((await run(["decompress", "-f", "log.txt.surp"])).code).toBe(0);
    expect(statSync(at("log.txt")).mtimeMs).toBe(1_000_000_001_000);
    expect(Buffer.compare(readFileSync(at("log.txt")), LOG)).toBe(0);
  });

  it("one file that fails does not keep the others from being done", async () => {
    put("a", "a".repeat(100));
    put("c", "c".repeat(100));
    const { code, stdout, stderr } = await run(["compress", "--bytes", "--json", "a", "b", "c"]);
    expect(code).toBe(1);
    expect(stderr).toContain("There is no such file (b)");
    expect(JSON.parse(stdout).files).toMatchObject([
      { output: "a.surp" },
      { input: "b", error: { code: "FILE_NOT_FOUND" } },
      { output: "c.surp" },
    ]);
    expect(existsSync(at("b.surp.partial"))).toBe(false);
  });

  it.each([
    [["compress", "a", "b", "-c"], "one behind the other"],
    [["compress", "a", "b", "-o", "c"], "--out takes a folder"],
    [["compress", "a", "-c", "--json"], "--json"],
    [["compress", "a", "--bytes", "-m", "mini"], "--bytes has no model"],
    [["compress", "a", "--chunk", "1K"], "--chunk takes a size"],
    [["compress", "a", "-m", "http://127.0.0.1:9/v1#x"], ""],
    [["decompress", "a", "--zeros"], "--salvage"],
    [["decompress", "a.surp", "-t", "-c"], "--test writes nothing"],
    [["compress", "-", "-"], "twice"],
  ])("%j is refused", async (args, words) => {
    put("a", "a");
    put("b", "b");
    const { code, stderr } = await run(args);
    expect(code === 1 || code === 2).toBe(true);
    expect(stderr).toContain(words);
    expect(readdirSync(folder).sort()).toEqual(["a", "b"]);
  });
});

describe("broken off", () => {
  const BIG = Buffer.concat(
    Array.from({ length: 5 }, (_, i) => Buffer.from(`${i} ${LOG.toString("latin1")}`)),
  );
  const SLOW = ["compress", "--bytes", "--chunk", "16K", "big.txt"];

  const stopped = (signal: NodeJS.Signals) =>
    run(SLOW, {
      meanwhile(child) {
        const timer = setInterval(() => {
          const draft = at("big.txt.surp.partial");
          if (child.exitCode !== null) clearInterval(timer);
          // Behind the header, so that a chunk is packed.
          if (!existsSync(draft) || statSync(draft).size < 1000) return;
          clearInterval(timer);
          child.kill(signal);
        }, 5);
      },
    });

  it.each(["SIGKILL", "SIGINT"] as const)("by %s: --resume goes on, to the same bytes", async (signal) => {
    put("big.txt", BIG);
    expect((await run([...SLOW, "-o", "whole.surp"])).code).toBe(0);
    const broken = await stopped(signal);
    expect(broken.signal).toBe(signal);
    if (signal === "SIGINT") expect(broken.stderr).toMatch(/Interrupted.*big\.txt\.surp\.partial.*--resume/s);
    expect([existsSync(at("big.txt.surp")), existsSync(at("big.txt.surp.partial"))]).toEqual([false, true]);
    const refused = await run(SLOW);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("--resume goes on with it")]);
    const other = await run(["compress", "--bytes", "--chunk", "8K", "--resume", "big.txt"]);
    expect(other.stderr).toContain("differ");
    const done = await run([...SLOW, "--resume", "--json"]);
    expect(done.code).toBe(0);
    expect(JSON.parse(done.stdout).files[0].resumedFrom).toBeGreaterThan(0);
    expect(Buffer.compare(readFileSync(at("big.txt.surp")), readFileSync(at("whole.surp")))).toBe(0);
    expect(readdirSync(folder).sort()).toEqual(["big.txt", "big.txt.surp", "whole.surp"]);
    const nothing = await run([...SLOW, "--resume"]);
    expect([nothing.code, nothing.stdout]).toEqual([0, expect.stringContaining("is there already")]);
  });

  it("somebody's own file under the draft's name stays", async () => {
    put("a", "a");
    put("a.surp.partial", "mine");
    const { code, stderr } = await run(["compress", "--bytes", "a"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("something else")]);
    expect(readFileSync(at("a.surp.partial"), "utf8")).toBe("mine");
  });
});

describe("what is not as it was", () => {
  it("another model, another build: which, and where; no file", async () => {
    put("prose.txt", PROSE);
    expect((await run(["compress", "prose.txt"])).code).toBe(0);
    const builds: { name: string; score: number }[] = JSON.parse(
      spawnSync(
        process.execPath,
        [
          "--input-type=module",
          "-e",
          `import { loadLlamaLibrary } from "${BUILT}models/index.js"; console.log(JSON.stringify(loadLlamaLibrary().cpuBuilds))`,
        ],
        { encoding: "utf8" },
      ).stdout,
    );
    const other = builds.find(({ name, score }) => score > 0 && name !== "haswell");
    if (other) {
      const environment = { SURPRISAL_CPU_BUILD: other.name };
      const { code, stderr } = await run(["decompress", "-o", "x", "prose.txt.surp"], { environment });
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /kernels avx2 on cpu \(haswell\), here .*prose\.txt\.surp, chunk 1.*\[ENVIRONMENT_DIFFERS\]/s,
      );
    }
    const none = await run(["decompress", "-o", "x", "prose.txt.surp"], {
      environment: { SURPRISAL_CPU_BUILD: "no-such-build" },
    });
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining("[ENVIRONMENT_DIFFERS]")]);
    put("wrong.gguf", "GGUF and no more");
    const wrong = await run(["decompress", "-o", "x", "-m", "wrong.gguf", "prose.txt.surp"]);
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toMatch(/packed with another model: mini, sha256 [\da-f]{64}; this is wrong\.gguf/);
    expect(readdirSync(folder).sort()).toEqual(["prose.txt", "prose.txt.surp", "wrong.gguf"]);
  });

  it("a model that is not here, and settings that nobody knows: by name and checksum", async () => {
    const identity = {
      name: "stranger",
      sha256: "1".repeat(64),
      tokenizer: "2".repeat(32),
      vocabularySize: 10,
      engine: "llama.cpp 1",
      arithmetic: "kernels avx2 on cpu (haswell)",
      cacheType: "f16",
      flashAttention: "auto",
      threads: 1,
      batchSize: 512,
      context: 64,
      keep: 32,
      start: 0,
    };
    const { sha256 } = listModels().find(({ reference }) => reference === "mini")!;
    for (const [name, other] of [
      ["stranger.surp", identity],
      ["strange.surp", { ...identity, sha256: sha256!, cacheType: "q9_9" }],
    ] as const) {
      const coder: ModelCoder = {
        identity: other,
        pack: async () => Uint8Array.of(1),
        unpack: async () => new Uint8Array(0),
      };
      const pieces: Uint8Array[] = [];
      for await (const piece of pack([Buffer.from(PROSE)], { coder })) pieces.push(piece);
      put(name, Buffer.concat(pieces));
    }
    const absent = await run(["decompress", "stranger.surp"]);
    expect(absent.code).toBe(1);
    expect(absent.stderr).toMatch(
      /model stranger, sha256 1{64}.*stranger\.surp, chunk 1.*--model PATH.*MODEL_UNAVAILABLE/s,
    );
    const shown = await run(["inspect", "stranger.surp"]);
    expect([shown.code, shown.stdout]).toEqual([0, expect.stringContaining("stranger, not on this machine")]);
    const strange = await run(["decompress", "strange.surp"]);
    expect([strange.code, strange.stderr]).toEqual([1, expect.stringContaining("cache of q9_9")]);
    expect(readdirSync(folder).sort()).toEqual(["strange.surp", "stranger.surp"]);
  });

  it("damage: no file, but with --salvage all that is whole", async () => {
    put("log.txt", LOG);
    expect((await run(["compress", "--bytes", "--chunk", "8K", "log.txt"])).code).toBe(0);
    const packed = readFileSync(at("log.txt.surp"));
    const { chunks } = JSON.parse((await run(["inspect", "--json", "log.txt.surp"])).stdout).files[0];
    const broken = Buffer.from(packed);
    broken[chunks[2].at + 20]! ^= 1;
    put("broken.surp", broken);
    const refused = await run(["decompress", "broken.surp"]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      /Chunk 3 is damaged.*bytes 16384-24576 of the original.*--salvage.*PACKED_DAMAGED/s,
    );
    expect(existsSync(at("broken"))).toBe(false);

    const salvaged = await run(["decompress", "--salvage", "broken.surp"]);
    expect(salvaged.code).toBe(1);
    expect(salvaged.stdout).toContain("missing: chunk 3, bytes 16,384 to 24,575 of the original");
    const without = Buffer.concat([LOG.subarray(0, 16_384), LOG.subarray(24_576)]);
    expect(Buffer.compare(readFileSync(at("broken")), without)).toBe(0);
    const filled = await run(["decompress", "--salvage", "--zeros", "--json", "broken.surp", "-o", "filled"]);
    expect(filled.code).toBe(1);
    expect(JSON.parse(filled.stdout).files[0]).toMatchObject({
      zeros: 8192,
      bytes: LOG.length,
      isWhole: false,
      missing: [{ chunk: 2, from: 16_384, to: 24_576, error: { code: "PACKED_DAMAGED" } }],
    });
    const zeros = Buffer.from(LOG).fill(0, 16_384, 24_576);
    expect(Buffer.compare(readFileSync(at("filled")), zeros)).toBe(0);

    put("cut.surp", packed.subarray(0, chunks[3].at + 10));
    expect((await run(["decompress", "cut.surp"])).stderr).toContain("PACKED_DAMAGED");
    const cut = await run(["decompress", "--salvage", "cut.surp"]);
    expect([cut.code, cut.stdout]).toEqual([1, expect.stringContaining("there may have been more")]);
    expect(Buffer.compare(readFileSync(at("cut")), LOG.subarray(0, 24_576))).toBe(0);

    put("none.surp", packed.subarray(0, chunks[0].at + 10));
    const nothing = await run(["decompress", "--salvage", "none.surp"]);
    expect([nothing.code, nothing.stderr]).toEqual([
      1,
      expect.stringContaining("Nothing of it can be recovered"),
    ]);
    expect(existsSync(at("none"))).toBe(false);
    // Chunks 2 and 4 have changed places: all is written where it belongs.
    const [second, third, fourth, fifth] = chunks.slice(1, 5).map((chunk: { at: number }, i: number) => {
      const before = chunks[i].at + chunks[i].packedLength;
      return packed.subarray(before, chunk.at + chunks[i + 1].packedLength);
    });
    const first = packed.subarray(0, chunks[0].at + chunks[0].packedLength);
    const behind = packed.subarray(chunks[4].at + chunks[4].packedLength);
    put("swapped.surp", Buffer.concat([first, fourth, third, second, fifth, behind]));
    expect((await run(["decompress", "swapped.surp"])).stderr).toContain("PACKED_DAMAGED");
    const swapped = await run(["decompress", "--salvage", "swapped.surp"]);
    expect([swapped.code, swapped.stdout]).toEqual([0, expect.stringContaining("all of it")]);
    expect(Buffer.compare(readFileSync(at("swapped")), LOG)).toBe(0);
    // The same, and what was the third chunk is lost with its beginning.
    put("lost.surp", Buffer.concat([first, fourth, second, fifth, behind]));
    const lost = await run(["decompress", "--salvage", "--zeros", "--json", "lost.surp"]);
    expect(lost.code).toBe(1);
    expect(JSON.parse(lost.stdout).files[0]).toMatchObject({
      zeros: 8192,
      missing: [{ chunk: 2, from: 16_384, to: 24_576 }],
    });
    expect(Buffer.compare(readFileSync(at("lost")), zeros)).toBe(0);

    const whole = await run(["decompress", "--salvage", "log.txt.surp", "-o", "same"]);
    expect([whole.code, whole.stdout]).toEqual([0, expect.stringContaining("all of it")]);
  });

  it("--salvage without a header tries the shipped model, or the one that is named", async () => {
    put("letter.txt", PROSE);
    expect((await run(["compress", "letter.txt"])).code).toBe(0);
    const bytes = readFileSync(at("letter.txt.surp"));
    bytes[30]! ^= 1;
    put("headless.surp", bytes);
    expect((await run(["decompress", "headless.surp"])).stderr).toContain("PACKED_DAMAGED");
    const salvaged = await run(["decompress", "--salvage", "--json", "headless.surp"]);
    expect(JSON.parse(salvaged.stdout).files[0]).toMatchObject({ triedModel: "mini", isWhole: true });
    expect(readFileSync(at("headless"), "utf8")).toBe(PROSE);
  });

  it.each([
    ["x.gz", gzipSync(PROSE), "gzip", "gunzip"],
    ["x.zip", Buffer.from("PK\u0003\u0004rest"), "zip", "unzip"],
    ["x.txt", Buffer.from(PROSE), "plain text", null],
    ["x.surp", new Uint8Array(0), "an empty file", null],
    ["y.surp", Buffer.from([0x89, 0x53, 0x55, 0x52, 0x50, 0x0a, 0x1a, 0, 0]), "transferred as text", null],
    ["z.surp", Buffer.from([0x89, 0x53, 0x55]), "first bytes", null],
  ])("a foreign file is named for what it is: %s", async (name, bytes, what, use) => {
    put(name, bytes);
    const { code, stderr } = await run(["decompress", name]);
    expect([code, stderr]).toEqual([1, expect.stringContaining(what)]);
    if (use) expect(stderr).toContain(`\`${use}\``);
    expect(stderr).toContain("[PACKED_UNSUPPORTED]");
    const shown = await run(["inspect", name]);
    expect([shown.code, shown.stdout]).toEqual([1, expect.stringContaining(what)]);
    const { files } = JSON.parse((await run(["inspect", "--json", name])).stdout);
    expect(files[0]).toMatchObject({ isWhole: false, looksLike: { what: expect.stringContaining(what) } });
    expect(readdirSync(folder)).toEqual([name]);
  });
});

import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sha256 } from "../../../test/wheel-fixture.ts";
import { fileDigest, modelDigest, sha256OfFile } from "./digest.ts";
import { readSettings, type Settings } from "./settings.ts";

const MTIME = new Date(2024, 0, 1);
const [ONE, OTHER] = [Buffer.alloc(5000, 1), Buffer.alloc(5000, 2)] as const;

describe("the sha256 of a file", () => {
  let folder: string;
  let path: string;
  let settings: Settings;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "surprisal-digest-"));
    path = join(folder, "model.gguf");
    settings = readSettings({ cache: join(folder, "cache") });
    write(path, ONE);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** With the same time of change always. */
  function write(file: string, content: Buffer): void {
    writeFileSync(file, content);
    utimesSync(file, MTIME, MTIME);
  }
  const memory = () => join(settings.cache, "digests.json");
  const found = async () => (await fileDigest(path, settings)).sha256;
  /** Whether the file was read for it. */
  async function isRead(): Promise<boolean> {
    let read = false;
    await fileDigest(path, settings, () => {
      read = true;
    });
    return read;
  }

  it("is remembered while the file stays as it is", async () => {
    expect(await isRead()).toBe(true);
    expect(await isRead()).toBe(false);
    expect(await found()).toBe(sha256(ONE));
    expect(statSync(path).mtimeMs).toBe(MTIME.getTime());
  });

  it.each(["", "null", "[]", "7", '{"elsewhere":null}', "{"])(
    "a memory that holds %j is no memory",
    async (content) => {
      await found();
      writeFileSync(memory(), content);
      expect(await found()).toBe(sha256(ONE));
    },
  );

  const waysToReplace: [string, () => void][] = [
    ["written over, its time set back (touch -d)", () => write(path, OTHER)],
    [
      "copied over, its time kept (cp -p, rsync --inplace -t)",
      () => {
        write(join(folder, "other"), OTHER);
        copyFileSync(join(folder, "other"), path);
        utimesSync(path, MTIME, MTIME);
      },
    ],
    [
      "moved over (mv, tar, rsync -a)",
      () => {
        write(join(folder, "other"), OTHER);
        renameSync(join(folder, "other"), path);
      },
    ],
    [
      "deleted and made anew",
      () => {
        rmSync(path);
        write(path, OTHER);
      },
    ],
  ];
  it.each(waysToReplace)("is another one after the file was %s", async (_, replace) => {
    expect(await found()).toBe(sha256(ONE));
    replace();
    expect(statSync(path)).toMatchObject({ size: ONE.length, mtimeMs: MTIME.getTime() });
    expect(await found()).toBe(sha256(OTHER));
  });

  it.runIf(process.platform === "linux").each(["cp", "tar"])("is another one after %s", async (tool) => {
    write(join(folder, "model.other"), OTHER);
    expect(await found()).toBe(sha256(ONE));
    if (tool === "cp") execFileSync("cp", ["-p", "model.other", "model.gguf"], { cwd: folder });
    else {
      execFileSync("tar", ["cf", "a.tar", "--transform=s/other/gguf/", "model.other"], { cwd: folder });
      execFileSync("tar", ["xf", "a.tar"], { cwd: folder });
    }
    expect(statSync(path)).toMatchObject({ size: ONE.length, mtimeMs: MTIME.getTime() });
    expect(await found()).toBe(sha256(OTHER));
  });

  it("is not believed when an older release remembered it, by size and time only", async () => {
    const { mtimeMs } = statSync(path);
    mkdirSync(settings.cache);
    writeFileSync(
      memory(),
      JSON.stringify({ [path]: { bytes: ONE.length, mtimeMs, sha256: "0".repeat(64) } }),
    );
    expect(await found()).toBe(sha256(ONE));
  });

  it("survives a memory that is not one", async () => {
    await found();
    writeFileSync(memory(), "{");
    expect(await found()).toBe(sha256(ONE));
    expect(await isRead()).toBe(false);
  });

  it("is of one state of the file, when it changes while it is read", async () => {
    let changes = 0;
    const digest = await fileDigest(path, settings, () => {
      if (changes++ === 0) write(path, OTHER);
    });
    expect(digest.sha256).toBe(sha256(OTHER));
    expect(await isRead()).toBe(false);
    await expect(
      fileDigest(join(folder, "grows.gguf"), settings).catch((error: unknown) => {
        throw error;
      }),
    ).rejects.toThrow(/ENOENT/);
    write(join(folder, "grows.gguf"), ONE);
    await expect(
      fileDigest(join(folder, "grows.gguf"), settings, () =>
        writeFileSync(join(folder, "grows.gguf"), Buffer.alloc(5000 + changes++)),
      ),
    ).rejects.toMatchObject({ code: "FILE_UNREADABLE" });
  });

  it("tells how much was read", async () => {
    const seen: number[] = [];
    write(path, Buffer.alloc(3 * 2 ** 20));
    await sha256OfFile(path, undefined, (bytes) => seen.push(bytes));
    expect(seen).toEqual([2 ** 20, 2 * 2 ** 20, 3 * 2 ** 20]);
  });

  it("of several files is that of their digests, as sha256sum would make it, and progress counts all", async () => {
    const second = join(folder, "second.gguf");
    write(second, OTHER);
    const totals: (number | null)[] = [];
    const digest = await modelDigest([path, second], {
      ...settings,
      onProgress: ({ phase, total }) => totals.push(phase === "verify" ? total : null),
    });
    expect(digest).toEqual({
      bytes: 10_000,
      sha256: sha256(Buffer.from(`${sha256(ONE)}\n${sha256(OTHER)}\n`)),
      files: [
        { name: "model.gguf", bytes: 5000, sha256: sha256(ONE) },
        { name: "second.gguf", bytes: 5000, sha256: sha256(OTHER) },
      ],
    });
    expect(new Set(totals)).toEqual(new Set([10_000]));
    if (process.platform === "linux")
      expect(
        execFileSync("sh", ["-c", "sha256sum model.gguf second.gguf | cut -c -64 | sha256sum"], {
          cwd: folder,
          encoding: "utf8",
        }).slice(0, 64),
      ).toBe(digest.sha256);
    expect(existsSync(memory())).toBe(true);
    expect(Object.keys(JSON.parse(readFileSync(memory(), "utf8")))).toHaveLength(2);
  });
});

import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { draftOf, openPacked, packFile, unpack } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "surprisal-pack-"));
afterAll(() => rmSync(folder, { recursive: true }));

const raw = Buffer.from(
  Array.from({ length: 900 }, (_, i) => `${i}: ${(i * 7919) % 1013} ships passed the cape that year.\n`).join(
    "",
  ),
);
const from = join(folder, "log.txt");
writeFileSync(from, raw);

async function unpacked(file: string): Promise<Buffer> {
  await using source = await openPacked(file);
  const parts: Uint8Array[] = [];
  for await (const part of unpack(source)) parts.push(part);
  return Buffer.concat(parts);
}

describe("packFile", () => {
  it("goes on with what an interrupted run left, also in the middle of a chunk, to the same bytes", async () => {
    const whole = join(folder, "whole");
    const report = await packFile(from, whole, { chunkBytes: 4096 });
    expect(report.chunks.length).toBeGreaterThan(8);
    expect(Buffer.compare(await unpacked(whole), raw)).toBe(0);
    const bytes = readFileSync(whole);
    for (const [name, left] of [
      ["chunk", 700],
      ["header", 20],
      ["end", bytes.length - 3],
      ["nothing", 0],
    ] as const) {
      const to = join(folder, `resumed at ${name}`);
      writeFileSync(draftOf(to), bytes.subarray(0, left));
      await packFile(from, to, { chunkBytes: 4096, resume: true });
      expect(Buffer.compare(readFileSync(to), bytes), name).toBe(0);
      expect(existsSync(draftOf(to))).toBe(false);
    }
  });

  it("leaves what it has when it is called off, and no file of that name", async () => {
    const to = join(folder, "aborted");
    const stop = new AbortController();
    const onProgress = ({ bytes }: { bytes: number }) => {
      if (bytes > 10_000) stop.abort();
    };
    await expect(
      packFile(from, to, { chunkBytes: 4096, signal: stop.signal, onProgress }),
    ).rejects.toMatchObject({ code: "ABORTED" });
    expect([existsSync(to), existsSync(draftOf(to))]).toEqual([false, true]);
    await packFile(from, to, { chunkBytes: 4096, resume: true });
    expect(Buffer.compare(await unpacked(to), raw)).toBe(0);
  });

  it("does not go on with another source, and keeps nothing that a check refuses", async () => {
    const to = join(folder, "other");
    const other = join(folder, "other.txt");
    writeFileSync(other, raw.subarray(1));
    await packFile(from, draftOf(to), { chunkBytes: 4096 });
    truncateSync(draftOf(to), 700);
    await expect(packFile(other, to, { chunkBytes: 4096, resume: true })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("bytes 0-"),
    });
    const check = async () => {
      throw new Error("it is not the same");
    };
    await expect(packFile(from, to, { check })).rejects.toThrow("not the same");
    expect([existsSync(to), existsSync(draftOf(to))]).toEqual([false, false]);
  });

  it("says what it cannot read or write", async () => {
    await expect(packFile(join(folder, "none"), join(folder, "x"))).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
    });
    await expect(packFile(folder, join(folder, "x"))).rejects.toMatchObject({ code: "FILE_UNREADABLE" });
    await expect(packFile(from, join(folder, "none", "x"))).rejects.toMatchObject({
      code: "FILE_UNWRITABLE",
    });
    await expect(openPacked(join(folder, "none"))).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  });
});

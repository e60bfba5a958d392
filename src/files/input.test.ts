/** Texts that are read whole: of files, pipes and devices, with and without an end. */
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { readInput } from "./input.ts";

const folder = mkdtempSync(join(tmpdir(), "surprisal-input-"));
afterAll(() => rmSync(folder, { recursive: true }));
const posix = it.skipIf(process.platform === "win32");

it("a file has as many bytes as the bound, and not one more", async () => {
  const file = join(folder, "a.txt");
  writeFileSync(file, "x".repeat(3_000_000));
  expect(await readInput(file, { most: 3_000_000 })).toHaveLength(3_000_000);
  await expect(readInput(file, { most: 2_999_999, wayOutWhenLarge: "Cut it." })).rejects.toMatchObject({
    code: "DOCUMENT_TOO_LARGE",
    where: file,
    wayOut: "Cut it.",
  });
});

posix("a device without an end is given up at the bound", async () => {
  await expect(readInput("/dev/zero", { most: 2 ** 22 })).rejects.toMatchObject({
    code: "DOCUMENT_TOO_LARGE",
    where: "/dev/zero",
  });
  expect(await readInput("/dev/null")).toHaveLength(0);
});

posix("a pipe without a writer is given up, one with a slow writer is not", async () => {
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  await expect(readInput(pipe, { noWriterMs: 100 })).rejects.toMatchObject({
    code: "FILE_UNREADABLE",
    what: expect.stringContaining("Nobody has written into this pipe"),
  });
  const writer = spawn("sh", ["-c", 'exec > "$0"; sleep 0.5; printf one; sleep 0.3; printf two', pipe]);
  const bytes = await readInput(pipe);
  expect(Buffer.from(bytes).toString()).toBe("onetwo");
  writer.kill();
});

posix("a writer that says nothing is waited for, which is said once", async () => {
  const pipe = join(folder, "silent");
  execFileSync("mkfifo", [pipe]);
  const writer = spawn("sh", ["-c", 'exec > "$0"; sleep 0.6; printf one', pipe]);
  const said: string[] = [];
  const bytes = await readInput(pipe, { waitMs: 100, onWait: (words) => said.push(words) });
  expect(Buffer.from(bytes).toString()).toBe("one");
  expect(said).toEqual([`Waiting for ${pipe}: nothing has come for 0.1 s.`]);
  const file = join(folder, "there");
  writeFileSync(file, "x");
  await readInput(file, { waitMs: 5000, onWait: (words) => said.push(words) });
  expect(said).toHaveLength(1);
  writer.kill();
});

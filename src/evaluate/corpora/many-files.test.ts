/** Folders with very many entries, with loops and odd names: looked through in a moment, and no longer than wanted. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { countsOf, domainsOf, matchingFiles } from "./files.ts";
import { openCorpora } from "./open.ts";

const FILES = 12_000;
const posix = it.skipIf(process.platform === "win32");
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-many-"));
  mkdirSync(join(folder, "flat"));
  for (let i = 0; i < FILES; i++) writeFileSync(join(folder, "flat", `${i}.txt`), "");
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("a folder of 12,000 files", () => {
  it("is said to be large, once, and every file of it is found", async () => {
    const notes: string[] = [];
    const corpora = await openCorpora(join(folder, "flat"), { onNote: (note) => notes.push(note) });
    expect(corpora).toHaveLength(FILES);
    expect(notes).toEqual([expect.stringContaining("more than 10,000 files")]);
    const { files } = await matchingFiles(`${folder}/**/*.txt`);
    expect(files).toHaveLength(FILES);
  });

  it("is left when the signal says so", async () => {
    const controller = new AbortController();
    const looking = domainsOf(join(folder, "flat"), {
      signal: controller.signal,
      onMany: () => controller.abort(),
    });
    await expect(looking).rejects.toMatchObject({ code: "ABORTED" });
    const signal = AbortSignal.abort();
    await expect(openCorpora(join(folder, "flat"), { signal })).rejects.toMatchObject({ code: "ABORTED" });
  });
});

it("names are counted in one pass", () => {
  const names = Array.from({ length: 200_000 }, (_, i) => `${i >> 1}`);
  expect([...countsOf(names).values()].every((count) => count === 2)).toBe(true);
});

posix("links that lead round in circles, and names with line breaks, hold nobody up", async () => {
  const odd = join(folder, "odd");
  mkdirSync(join(odd, "a", "b"), { recursive: true });
  symlinkSync("..", join(odd, "a", "b", "up"));
  symlinkSync(odd, join(odd, "a", "root"));
  symlinkSync("self.txt", join(odd, "self.txt"));
  writeFileSync(join(odd, "a", "b", "two\nlines.txt"), "one");
  const notes: string[] = [];
  const [corpus, ...others] = await openCorpora(odd, { onNote: (note) => notes.push(note) });
  expect(others).toEqual([]);
  const names: string[] = [];
  for await (const { name } of corpus!.documents()) names.push(name);
  expect(names).toEqual(["a/b/two\nlines.txt"]);
  expect(notes.join(" ")).toContain("self.txt");
  expect((await matchingFiles(`${odd}/**/*.txt`)).files).toEqual([join(odd, "a", "b", "two\nlines.txt")]);
});

import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeFolder } from "./folders.ts";

describe("makeFolder", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "surprisal-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("makes all that are missing, and takes what is there", () => {
    const path = join(folder, "a", "b", "c");
    makeFolder(path);
    makeFolder(path);
    expect(statSync(path).isDirectory()).toBe(true);
    symlinkSync(path, join(folder, "link"));
    makeFolder(join(folder, "link", "d"));
    expect(statSync(join(path, "d")).isDirectory()).toBe(true);
  });

  it("fails where a file is in the way", () => {
    writeFileSync(join(folder, "file"), "");
    expect(() => makeFolder(join(folder, "file"))).toThrow("EEXIST");
    expect(() => makeFolder(join(folder, "file", "a", "b"))).toThrow("ENOTDIR");
    symlinkSync(join(folder, "nowhere"), join(folder, "dangling"));
    expect(() => makeFolder(join(folder, "dangling"))).toThrow("EEXIST");
  });

  // Node's mkdir with `recursive` never comes back from this one.
  it.skipIf(!existsSync("/proc/self"))("fails where the system lets nobody make one", () => {
    expect(() => makeFolder("/proc/surprisal/a/b")).toThrow(/ENOENT|EACCES|EROFS/);
  });
});

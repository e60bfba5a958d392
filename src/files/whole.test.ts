import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readInput } from "./input.ts";
import { assertWritable, isSameFile, writeWhole } from "./whole.ts";

describe("files that a person names", () => {
  let folder: string;
  const at = (name: string) => join(folder, name);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "surprisal-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("are written whole, through a link, with nothing left beside them", async () => {
    await writeWhole(at("a"), "old");
    symlinkSync(at("a"), at("link"));
    await writeWhole(at("link"), "new");
    expect(readFileSync(at("a"), "utf8")).toBe("new");
    expect(readdirSync(folder).sort()).toEqual(["a", "link"]);
    await expect(writeWhole(at("none/a"), "x")).rejects.toMatchObject({ code: "FILE_UNWRITABLE" });
    expect(existsSync(at("none"))).toBe(false);
  });

  it("are known to be one by whatever name", () => {
    writeFileSync(at("a"), "");
    symlinkSync(at("a"), at("link"));
    expect(isSameFile(at("a"), at("link"))).toBe(true);
    expect(isSameFile(at("a"), at("b"))).toBe(false);
    expect(isSameFile(at("b"), at("b"))).toBe(false);
    expect(isSameFile(at("x".repeat(300)), at("a"))).toBe(false);
  });

  it("say what is wrong with them before the work and while it is read", async () => {
    for (const name of [".", "none/a"])
      expect(() => assertWritable(at(name))).toThrow(expect.objectContaining({ code: "FILE_UNWRITABLE" }));
    await expect(readInput(at("b"))).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
      wayOut: expect.stringContaining("--text"),
    });
    await expect(readInput(folder)).rejects.toMatchObject({ code: "FILE_UNREADABLE" });
  });
});

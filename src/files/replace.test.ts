import {
  lstatSync,
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
import { replaceFile, writeJson } from "./replace.ts";

describe("a file that is replaced", () => {
  let folder: string;
  const at = (name: string) => join(folder, name);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "surprisal-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("is the old one until the new one is whole", () => {
    replaceFile(at("a"), at("a.part"), "old");
    replaceFile(at("a"), at("a.part"), (draft) => {
      writeFileSync(draft, "new");
      expect(readFileSync(at("a"), "utf8")).toBe("old");
    });
    expect(readFileSync(at("a"), "utf8")).toBe("new");
    expect(readdirSync(folder)).toEqual(["a"]);
  });

  it("stays, and leaves no draft behind, when writing fails", () => {
    writeFileSync(at("a"), "old");
    const half = (draft: string) => {
      writeFileSync(draft, "ne");
      throw new Error("no more");
    };
    expect(() => replaceFile(at("a"), at("a.part"), half)).toThrow("no more");
    expect(readFileSync(at("a"), "utf8")).toBe("old");
    expect(readdirSync(folder)).toEqual(["a"]);
    expect(() => replaceFile(at("none/a"), at("none/a.part"), "x")).toThrow("ENOENT");
  });

  it.skipIf(process.platform === "win32")("follows no link that lies where the draft goes", async () => {
    writeFileSync(at("own"), "mine");
    symlinkSync(at("own"), at("a.part"));
    replaceFile(at("a"), at("a.part"), "new");
    symlinkSync(at("own"), at("b.part"));
    replaceFile(at("b"), at("b.part"), (draft) => writeFileSync(draft, "newer"));
    // What the draft of a JSON file was once called, and what anybody could know.
    symlinkSync(at("own"), at(`c.json.${process.pid}`));
    await writeJson(at("c.json"), { x: 1 });
    expect(readFileSync(at("own"), "utf8")).toBe("mine");
    expect([at("a"), at("b"), at("c.json")].map((file) => lstatSync(file).isFile())).toEqual([
      true,
      true,
      true,
    ]);
    expect(readFileSync(at("b"), "utf8")).toBe("newer");
  });

  it("gets the folders it lies in where it is JSON", async () => {
    await writeJson(at("b/c/d.json"), { x: 1 });
    expect(JSON.parse(readFileSync(at("b/c/d.json"), "utf8"))).toEqual({ x: 1 });
    expect(readdirSync(at("b/c"))).toEqual(["d.json"]);
  });
});

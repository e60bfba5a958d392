import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fileBelow, fileIn, nameFault, pathFault, sameFile } from "./names.ts";

const BAD: [string, RegExp][] = [
  ["", /empty/],
  [".", /folder/],
  ["..", /folder/],
  ["../x", /path/],
  ["/etc/passwd", /path/],
  ["a\\b", /path/],
  ["\uff0e\uff0e\uff0fx", /path/], // full-width ../
  ["\uff0e\uff0e", /folder/],
  ["a\0b", /control/],
  ["a\nb", /control/],
  ["a\u202egguf", /control/],
  ["C:x", /holds one of/],
  ["model.gguf:stream", /holds one of/],
  ["a*", /holds one of/],
  ["NUL", /device/],
  ["con.gguf", /device/],
  ["Com1.part.gguf", /device/],
  ["LPT\u00b9", /device/],
  ["aux .txt", /device/],
  ["model.gguf.", /ends with/],
  ["model.gguf ", /ends with/],
  ["-rf", /dash/],
  ["x".repeat(241), /longer/],
  ["\u00e9".repeat(121), /longer/],
  ["a\ud800", /Unicode/],
];

const GOOD = [
  "model.gguf",
  "Model-00001-of-00002.gguf",
  ".gitattributes",
  "a b.txt",
  "..x",
  "x".repeat(240),
  "config.json",
  "console.gguf",
  "nulls.csv",
  "com10.txt",
  "文档…结束.jsonl",
  "cafe\u0301.txt",
  "a+b,c=d(1)[2]{3}&%20~'!@#$^`.txt",
];

describe("names from outside", () => {
  it.each(BAD)("%j is refused", (name, why) => {
    expect(nameFault(name)).toMatch(why);
    expect(() => fileIn("/f", name, "there")).toThrow(
      expect.objectContaining({ code: "UNSAFE_NAME", where: "there", wayOut: expect.any(String) }),
    );
    if (name !== "../x" && !name.includes("/")) expect(pathFault(`ok/${name}`)).toMatch(why);
  });

  it.each(GOOD)("%j is a name", (name) => {
    expect(nameFault(name)).toBeNull();
    expect(fileIn("/f", name, "there")).toBe(join("/f", name));
  });

  it("are paths below a folder where they may be, and no others", () => {
    expect(fileBelow("/f", "a/b/c.txt", "there")).toBe(join("/f", "a", "b", "c.txt"));
    for (const path of ["a/../b", "/a", "a//b", "a/", "a/./b", "a/NUL/b", `${"a/".repeat(600)}b`])
      expect(() => fileBelow("/f", path, "there")).toThrow(expect.objectContaining({ code: "UNSAFE_NAME" }));
  });

  it("are known to be one file where a system would make one of them", () => {
    expect(sameFile(["a/b", "a/c", "a/b"])).toBeNull();
    expect(sameFile(["a/b", "A/B"])).toEqual(["a/b", "A/B"]);
    expect(sameFile(["caf\u00e9", "cafe\u0301"])).toEqual(["caf\u00e9", "cafe\u0301"]);
  });

  it("are shown whole or cut, never raw", () => {
    const thrown = (name: string): string => {
      try {
        return fileIn("/f", name, "there");
      } catch (error) {
        return String(error);
      }
    };
    expect(thrown("\u001b[2Jx")).toContain('"\\u001b[2Jx"');
    expect(thrown("y".repeat(100_000)).length).toBeLessThan(500);
  });
});

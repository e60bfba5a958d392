import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { newRunFolder, otherFileIn, RUNS_FOLDER, runFolderNamed } from "./place.ts";
import type { RunRequest } from "./run.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-place-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const request: RunRequest = {
  models: ["mini"],
  corpora: ["domains"],
  tasks: [],
  fewShot: null,
  reading: {},
  recipe: "cached",
  overrides: {},
  limit: null,
  tokens: false,
  load: {},
};

describe("newRunFolder", () => {
  it.each([
    [["mini"], ["domains/"], [], "mini-domains"],
    [["/models/my model.gguf", "mini"], ["a/Größe (1).txt"], [], "my-model.gguf-Größe-1-.txt"],
    [["hf:owner/name"], [], ["C:\\tasks\\hella.jsonl"], "name-hella.jsonl"],
    [["mini"], ["-"], [], "mini"],
  ])("names %j over %j%j after the time, the model and the texts", (models, corpora, tasks, end) => {
    const name = newRunFolder({ ...request, models, corpora, tasks });
    expect(name).toMatch(/^surprisal-runs[/\\]\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-/);
    expect(name.slice(`${RUNS_FOLDER}/2026-11-24T10-00-00-`.length)).toBe(end);
  });
});

describe("otherFileIn", () => {
  it("finds what is no part of a run", () => {
    expect(otherFileIn(join(folder, "missing"))).toBeNull();
    for (const name of [
      "run.json",
      "run.json.part",
      "journal.jsonl",
      "log.txt",
      "tokens.bin",
      "lock",
      ".hidden",
    ])
      writeFileSync(join(folder, name), "");
    expect(otherFileIn(folder)).toBeNull();
    expect(otherFileIn(join(folder, "lock"))).toBeNull();
    writeFileSync(join(folder, "text.txt"), "");
    expect(otherFileIn(folder)).toBe("text.txt");
  });
});

describe("runFolderNamed", () => {
  it("is the folder itself, or the one of that name in the usual place", () => {
    const before = process.cwd();
    process.chdir(folder);
    try {
      mkdirSync(join(RUNS_FOLDER, "one"), { recursive: true });
      mkdirSync("two");
      expect(["one", "two", "three"].map(runFolderNamed)).toEqual([join(RUNS_FOLDER, "one"), "two", "three"]);
    } finally {
      process.chdir(before);
    }
  });
});

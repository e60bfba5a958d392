import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { emptySums, measures, resolveRecipe } from "../../core/index.ts";
import { TableModel } from "../../models/test/index.ts";
import { factsOf } from "../scoring/index.ts";
import { RunFolder } from "./folder.ts";
import type { Run } from "./run.ts";
import { readRun } from "./run-file.ts";

const RUN: Run = {
  schema: "surprisal.run/2",
  id: "run",
  status: "running",
  version: "0",
  created: "",
  finished: null,
  request: {
    models: [],
    corpora: [],
    reading: {},
    tasks: [],
    fewShot: null,
    recipe: "cached",
    overrides: {},
    limit: null,
    tokens: false,
    load: {},
  },
  models: [],
  corpora: [],
  results: [],
  tasks: [],
  taskResults: [],
  failures: [],
  notes: [],
};

let path: string;
let lock: string;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), "surprisal-folder- ü-"));
  lock = join(path, "lock");
});
afterEach(() => rmSync(path, { recursive: true, force: true }));

function writeRun(): void {
  const folder = RunFolder.create(path);
  folder.write(RUN);
  folder.release();
}

describe("readRun", () => {
  it.each([
    ["{", "not JSON"],
    ["null", "the schema undefined"],
    [JSON.stringify({ ...RUN, schema: "surprisal.run/9" }), "the schema surprisal.run/9"],
    [JSON.stringify({ ...RUN, models: undefined }), 'no list "models"'],
    [JSON.stringify({ ...RUN, results: {} }), 'no list "results"'],
  ])("refuses %s", (text, what) => {
    writeFileSync(join(path, "run.json"), text);
    expect(() => readRun(path)).toThrow(
      expect.objectContaining({ code: "RUN_DAMAGED", what: expect.stringContaining(what) }),
    );
  });
});

it("says of a run that an older version wrote what to do with it", () => {
  writeFileSync(join(path, "run.json"), JSON.stringify({ ...RUN, schema: "surprisal.run/1" }));
  for (const read of [() => readRun(path), () => RunFolder.open(path)])
    expect(read).toThrow(
      expect.objectContaining({
        code: "RUN_DAMAGED",
        what: expect.stringContaining("an older version"),
        wayOut: expect.stringContaining("Start the run again"),
      }),
    );
  expect(readdirSync(path)).toEqual(["run.json"]);
});

describe("RunFolder", () => {
  it("is held by one, and leaves nothing behind", () => {
    writeRun();
    const { folder } = RunFolder.open(path);
    expect(readFileSync(lock, "utf8")).toBe(`${process.pid} ${hostname()}`);
    for (const take of [() => RunFolder.open(path), () => RunFolder.create(path)])
      expect(take).toThrow(expect.objectContaining({ code: "RUN_LOCKED" }));
    folder.release();
    RunFolder.open(path).folder.release();
    expect(readdirSync(path)).toEqual(["run.json"]);
  });

  it("goes again with the folders that were made for it, where nothing was kept", () => {
    const run = join(path, "runs", "first");
    RunFolder.create(run).release();
    expect(readdirSync(path)).toEqual([]);
    mkdirSync(join(path, "runs"));
    const begun = RunFolder.create(run);
    begun.write(RUN);
    begun.log("begun");
    begun.clear();
    begun.release();
    expect(readdirSync(path)).toEqual(["runs"]); // was there before
    const kept = RunFolder.create(run);
    kept.write(RUN);
    kept.release();
    RunFolder.open(run).folder.release();
    expect(readdirSync(run)).toEqual(["run.json"]);
  });

  it("goes when it could not be made to its end", () => {
    const failure = expect.objectContaining({ code: "FILE_UNWRITABLE" });
    expect(() => RunFolder.create(join(path, "new1", "new2", "x".repeat(300)))).toThrow(failure);
    expect(readdirSync(path)).toEqual([]);
  });

  it("stays when it was there before, with what is not the run's", () => {
    writeFileSync(join(path, "log.txt"), "of another day\n");
    const folder = RunFolder.create(path);
    folder.write(RUN);
    folder.log("begun");
    folder.clear();
    folder.release();
    expect(readdirSync(path)).toEqual(["log.txt"]);
    expect(readFileSync(join(path, "log.txt"), "utf8")).toMatch(/^of another day\n/);
  });

  it("has a log that says nothing to a terminal, in a line for each thing", () => {
    const folder = RunFolder.create(path);
    folder.log("a\u001b]0;x\u0007b\nc\u202ed\u009b31m");
    folder.release();
    expect(readFileSync(join(path, "log.txt"), "utf8")).toMatch(/^\S+Z a␛]0;x␇b c⟨U\+202E⟩d⟨U\+009B⟩31m\n$/);
  });

  it("is not taken from who came after", () => {
    const run = join(path, "run");
    const first = RunFolder.create(run);
    first.release();
    const [second, third] = [RunFolder.create(run), () => RunFolder.create(run)];
    expect(third).toThrow(expect.objectContaining({ code: "RUN_LOCKED" }));
    second.write(RUN);
    first.clear();
    first.release();
    expect(readdirSync(run).sort()).toEqual(["lock", "run.json"]);
    second.clear();
    second.release();
    expect(existsSync(run)).toBe(false);
  });

  it.each([
    ["killed before it wrote its number", ""],
    ["another process with this one's number, as in a container that was started again", `${process.pid}`],
    ["a process that is no more", "999999999"],
  ])("takes over the lock of %s", (_, pid) => {
    writeRun();
    writeFileSync(lock, pid && `${pid} ${hostname()}`);
    RunFolder.open(path).folder.release();
  });

  it("respects the lock of another machine", () => {
    writeRun();
    writeFileSync(lock, "1 some-other-machine");
    expect(() => RunFolder.open(path)).toThrow(expect.objectContaining({ code: "RUN_LOCKED" }));
  });

  it.each(["journal.jsonl", "tokens.bin", "tokens.parquet", "tokens.parquet.part"])(
    "does not take the %s of another run for its own",
    (name) => {
      writeFileSync(join(path, name), "");
      expect(() => RunFolder.create(path)).toThrow(
        expect.objectContaining({ code: "RUN_EXISTS", what: expect.stringContaining(name) }),
      );
      expect(readdirSync(path)).toEqual([name]);
    },
  );

  it("begins anew where a run was killed before it had begun", () => {
    writeFileSync(join(path, "run.json.part"), '{"id": "f00');
    writeFileSync(lock, `999999999 ${hostname()}`);
    RunFolder.create(path).release();
    expect(readdirSync(path)).toEqual([]);
  });

  it("keeps what is infinite, and what is missing", () => {
    const folder = RunFolder.create(path);
    const numbers: Run["results"][number] = {
      ...{ modelIndex: 1, corpusIndex: 0, documents: 1, skipped: 0, tokens: 1, scored: 1 },
      ...measures(emptySums()),
      perplexity: Number.POSITIVE_INFINITY,
      nll: Number.POSITIVE_INFINITY,
      standardError: null,
      interval: null,
      standardErrorMethod: "block-bootstrap",
      meanPerplexity: null,
      bitsPerByteStandardError: null,
      parts: null,
      timing: { totalMs: 1, tokensRun: 1 },
    };
    const models: Run["models"] = [];
    const model = TableModel.bytes();
    const recipe = resolveRecipe("cached", {}, factsOf(model));
    // The first could not be opened.
    models[1] = { reference: "second", identity: model.identity, settings: model.settings, recipe };
    const corpus = { name: "c", source: "c", domain: null, rule: { name: "", source: null }, sha256: "" };
    const corpora = [{ ...corpus, documents: 1, bytes: 1 }];
    folder.write({ ...RUN, models, corpora, results: [numbers] });
    folder.release();
    const run = readRun(path);
    expect(run.results).toEqual([numbers]);
    expect(0 in run.models).toBe(false);
    expect(run.models.map(({ reference }) => reference)[1]).toBe("second");
  });
});

describe("a folder that somebody sent", () => {
  const posix = process.platform !== "win32";

  it.runIf(posix).each(["run.json", "journal.jsonl", "tokens.bin", "tokens.parquet", "log.txt", "lock"])(
    "never follows a link: %s",
    (name) => {
      writeRun();
      const outside = join(path, "outside");
      writeFileSync(outside, "precious");
      rmSync(join(path, name), { force: true });
      symlinkSync(outside, join(path, name));
      const damaged = expect.objectContaining({ code: "RUN_DAMAGED", where: join(path, name) });
      expect(() => readRun(path)).toThrow(damaged);
      expect(() => RunFolder.open(path, { repair: true })).toThrow(damaged);
      expect(readFileSync(outside, "utf8")).toBe("precious");
    },
  );

  it.runIf(posix).each(["run.json", "journal.jsonl", "tokens.bin", "tokens.parquet"])(
    "waits for no pipe: %s",
    (name) => {
      writeRun();
      rmSync(join(path, name), { force: true });
      execFileSync("mkfifo", [join(path, name)]);
      expect(() => readRun(path)).toThrow(expect.objectContaining({ code: "RUN_DAMAGED" }));
    },
  );

  it.runIf(posix)("begins no run where a file of it is a link to nowhere", () => {
    symlinkSync(join(path, "elsewhere"), join(path, "tokens.bin"));
    expect(() => RunFolder.create(path)).toThrow(expect.objectContaining({ code: "FILE_UNWRITABLE" }));
    expect(readdirSync(path)).toEqual(["tokens.bin"]);
  });

  it("reads no run.json of two gigabytes", () => {
    writeRun();
    truncateSync(join(path, "run.json"), 2 * 2 ** 30);
    expect(() => readRun(path)).toThrow(expect.objectContaining({ code: "RUN_DAMAGED" }));
  });
});

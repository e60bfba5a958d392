import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TableModel } from "../../models/test/index.ts";
import type { Corpus } from "../corpora/index.ts";
import { type EvaluateOptions, evaluate, resumeEvaluation } from "../harness/index.ts";
import { compareRuns } from "./compare.ts";
import type { Run } from "./run.ts";
import { readRun } from "./run-file.ts";
import { readWholeRun } from "./whole-run.ts";

const CORPUS: Corpus = {
  name: "texts",
  source: "texts",
  domain: null,
  rule: { name: "list", source: null },
  async *documents() {
    for (const [i, text] of ["one", "x".repeat(600), "three", "four"].entries())
      yield { name: `text ${i}`, text };
  },
};

let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), "surprisal-damage-")), "run");
});
afterEach(() => rmSync(join(folder, ".."), { recursive: true, force: true }));

const options = (): EvaluateOptions & { folder: string } => ({
  models: [TableModel.bytes()],
  corpora: [CORPUS],
  recipe: "llama.cpp",
  context: 64,
  tokens: true,
  folder,
});

const numbers = ({ results }: Run) => results.map(({ timing, ...result }) => result);
const file = (name: string) => join(folder, name);
const damaged = expect.objectContaining({ code: "RUN_DAMAGED", where: expect.stringContaining("run") });

function edit(name: string, change: (text: string) => string): void {
  const text = readFileSync(file(name), "latin1");
  expect(change(text)).not.toBe(text);
  writeFileSync(file(name), change(text), "latin1");
}

const lines = (change: (lines: string[]) => string[]) => (text: string) =>
  `${change(text.trimEnd().split("\n")).join("\n")}\n`;

async function brokenOff(): Promise<void> {
  let documents = 0;
  const onDocument = () => {
    if (++documents === 3) throw new Error("stop");
  };
  await evaluate({ ...options(), onDocument }).catch(() => {});
}

const CHANGES: [string, string, (text: string) => string][] = [
  ["a digit of the journal", "journal.jsonl", (text) => text.replace(/"totalNll":(\d)/, '"totalNll":9')],
  ["a line less", "journal.jsonl", lines(([, ...rest]) => rest)],
  ["a line twice", "journal.jsonl", lines(([first, ...rest]) => [first!, first!, ...rest])],
  ["lines in another order", "journal.jsonl", lines(([a, b, ...rest]) => [b!, a!, ...rest])],
  ["an index far out", "journal.jsonl", (text) => text.replace(/"documentIndex":0/, '"documentIndex":1e9')],
  ["an index below 0", "journal.jsonl", (text) => text.replace(/"documentIndex":0/, '"documentIndex":-1')],
];

describe("a run with", () => {
  it.each([
    ...CHANGES,
    [
      "zeros in tokens.bin",
      "tokens.bin",
      (text: string) => `${text.slice(0, 40)}${"\0".repeat(80)}${text.slice(120)}`,
    ],
  ] as typeof CHANGES)("%s is not gone on with, unless it is repaired", async (_, name, change) => {
    const expected = numbers(await evaluate({ ...options(), folder: `${folder}-whole` }));
    const tokens = readFileSync(join(`${folder}-whole`, "tokens.parquet"), "latin1");
    await brokenOff();
    edit(name, change);
    const before = readdirSync(folder).map((each) => readFileSync(file(each), "latin1"));
    await expect(resumeEvaluation(options())).rejects.toEqual(damaged);
    expect(readdirSync(folder).map((each) => readFileSync(file(each), "latin1"))).toEqual(before);
    const run = await resumeEvaluation({ ...options(), repair: true });
    expect(run.status).toBe("complete");
    expect(numbers(run)).toEqual(expected);
    expect(readFileSync(file("tokens.parquet"), "latin1").replace("run", "run-whole").length).toBe(
      tokens.length,
    );
    expect(numbers(readWholeRun(folder))).toEqual(expected);
  });

  it.each(CHANGES)("%s, complete, shows no number and is repaired", async (_, name, change) => {
    const expected = numbers(await evaluate(options()));
    edit(name, change);
    expect(() => readWholeRun(folder)).toThrow(damaged);
    expect(() => compareRuns(folder, folder)).toThrow(damaged);
    await expect(resumeEvaluation(options())).rejects.toEqual(damaged);
    const documents: number[] = [];
    const onDocument = ({ documentIndex }: { documentIndex: number }) => documents.push(documentIndex);
    expect(numbers(await resumeEvaluation({ ...options(), repair: true, onDocument }))).toEqual(expected);
    expect(documents.length).toBeLessThan(4); // only what was damaged
    expect(readdirSync(folder)).toContain("journal.jsonl.damaged");
  });

  it("another number in run.json shows none, and gets it again from its journal", async () => {
    const expected = numbers(await evaluate(options()));
    edit("run.json", (text) => text.replace(/"perplexity": \d/, '"perplexity": 9'));
    for (const read of [readRun, readWholeRun]) expect(() => read(folder)).toThrow(damaged);
    expect(numbers(await resumeEvaluation({ ...options(), repair: true }))).toEqual(expected);
    expect(numbers(readRun(folder))).toEqual(expected);
  });

  it("other tokens scores them again", async () => {
    const expected = numbers(await evaluate(options()));
    const tokens = readFileSync(file("tokens.parquet"));
    writeFileSync(file("tokens.parquet"), Buffer.from(tokens).fill(0, 10, 30));
    await expect(resumeEvaluation(options())).rejects.toEqual(damaged);
    expect(numbers(await resumeEvaluation({ ...options(), repair: true }))).toEqual(expected);
    expect(readFileSync(file("tokens.parquet")).equals(tokens)).toBe(true);
  });

  it.each([
    ["request", {}],
    ["models", [{}]],
    ["corpora", [{ name: 1 }]],
    ["results", [{ modelIndex: 7 }]],
    ["results", [null]],
    ["notes", [{}]],
  ])("%s %j in run.json of an older version is refused", async (name, value) => {
    await evaluate(options());
    const { check, ...run } = JSON.parse(readFileSync(file("run.json"), "utf8"));
    writeFileSync(file("run.json"), JSON.stringify({ ...run, [name]: value }));
    expect(() => readRun(folder)).toThrow(damaged);
  });
});

it("is interrupted when it is stopped, and when who was at work on it is dead", async () => {
  const controller = new AbortController();
  const stopped = evaluate({ ...options(), signal: controller.signal, onDocument: () => controller.abort() });
  await expect(stopped).rejects.toMatchObject({ code: "ABORTED" });
  expect(JSON.parse(readFileSync(file("run.json"), "utf8")).status).toBe("interrupted");
  expect(readdirSync(folder)).not.toContain("lock");
  expect((await resumeEvaluation(options())).status).toBe("complete");
});

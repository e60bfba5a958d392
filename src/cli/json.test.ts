import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Corpus, compareModels, compareRuns, evaluate, readRun, scoreText } from "../evaluate/index.ts";
import { TableModel } from "../models/test/index.ts";
import { scoreDocument } from "./documents.ts";
import { printDocument, printEvent } from "./json.ts";

const TEXT = "aab";

/** @param toB probability of "b" after "a" */
const modelOf = (toB: number) =>
  new TableModel({
    symbols: ["a", "b"],
    transitions: [
      [1 - toB, toB],
      [1, 0],
    ],
  });

const corpus: Corpus = {
  name: "Infinity",
  source: "Infinity",
  domain: null,
  rule: { name: "list", source: null },
  async *documents() {
    yield { name: "Infinity:0", text: TEXT };
  },
};

/** What a program reads that reads what was printed. */
function printed(print: (value: object) => void, value: object): unknown {
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  print(value);
  const text = write.mock.calls.map(([chunk]) => String(chunk)).join("");
  write.mockRestore();
  expect(text.endsWith("\n")).toBe(true);
  return JSON.parse(text);
}

afterEach(() => vi.restoreAllMocks());

describe("what --json prints of a token of probability 0", () => {
  it("is the text Infinity in a score, and -Infinity in the table of tokens", async () => {
    const document = scoreDocument(await scoreText(modelOf(0), TEXT), 0, [], true);
    expect(printed(printDocument, document)).toMatchObject({
      nll: "Infinity",
      perplexity: "Infinity",
      bitsPerByte: "Infinity",
      bytePerplexity: "Infinity",
      standardError: null,
      geometricMeanProbability: 0,
      tokenTable: [{}, { logprob: expect.any(Number) }, { logprob: "-Infinity" }],
    });
  });

  it("is the same in a run, in its events, and in the run that is read again", async () => {
    const folder = mkdtempSync(join(tmpdir(), "surprisal-json-"));
    try {
      const documents: object[] = [];
      const onDocument = (entry: object) => documents.push(entry);
      const run = await evaluate({ models: [modelOf(0)], corpora: [corpus], folder, onDocument });
      const infinite = {
        results: [{ nll: "Infinity", perplexity: "Infinity", bitsPerToken: "Infinity", standardError: null }],
        corpora: [{ name: "Infinity" }],
      };
      expect(printed(printDocument, run)).toMatchObject(infinite);
      expect(printed(printDocument, readRun(folder))).toEqual(printed(printDocument, run));
      expect(printed(printEvent, { type: "result", run })).toMatchObject({ run: infinite });
      expect(printed(printEvent, documents[0]!)).toMatchObject({ sums: { totalNll: "Infinity" } });
      expect(readRun(folder)).toMatchObject({
        results: [{ nll: Infinity, perplexity: Infinity }],
        corpora: [{ name: "Infinity" }],
      });
      expect(printed(printDocument, { differences: compareRuns(folder, folder) })).toMatchObject({
        differences: [{ base: { perplexity: "Infinity" }, difference: null }],
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("is the same in a comparison of models", async () => {
    const comparison = await compareModels(modelOf(0.5), [modelOf(0)], [{ name: "text", text: TEXT }]);
    const text = JSON.stringify(printed(printDocument, comparison));
    expect(text).toContain('"divergence":{"value":"Infinity"');
    expect(text).not.toContain("NaN");
  });
});

it("what --json prints says nothing to a terminal, and is the same text", () => {
  const text =
    "\u001b]0;x\u0007 \u009b31m \u007f \u202ebackwards\u2066 \u200b\ufeff\u2028 \u{1f468}\u200d\u{1f469} é";
  for (const print of [printDocument, printEvent]) {
    const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    print({ text, [text]: 1 });
    const shown = write.mock.calls.map(([chunk]) => String(chunk)).join("");
    write.mockRestore();
    expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u2028-\u202e\u2066\ufeff]/);
    expect(shown).toContain("\u{1f468}\u200d\u{1f469} é");
    expect(JSON.parse(shown)).toEqual({ text, [text]: 1 });
  }
});

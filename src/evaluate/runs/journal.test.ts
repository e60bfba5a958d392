import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TableModel } from "../../models/test/index.ts";
import { infinityAsText, infinityFromText } from "../../text/index.ts";
import { evaluate } from "../harness/evaluate.ts";
import type { Task } from "../tasks/index.ts";
import { type DocumentEntry, Journal, readJournal, surveyJournal } from "./journal.ts";
import { readRun } from "./run-file.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-journal-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const readAgain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, infinityAsText), infinityFromText);

/** "b" has the probability 1e-300: three of them in a row pass the largest number there is. */
const hardly = new TableModel({
  symbols: ["a", "b"],
  transitions: [
    [1, 1e-300],
    [1, 1e-300],
  ],
});

const task: Task = {
  name: "Infinity",
  source: "Infinity",
  kind: "target",
  form: { name: "target", source: null },
  async *items() {
    for (const target of ["bbb", "bbbb", "bbbbb"])
      yield { where: target, context: "a", choices: [target], label: 0, delimiter: "" };
  },
};

describe("what is infinite", () => {
  it("is a text in JSON, and a number again", () => {
    const numbers = {
      sums: { nll: Infinity, nllSquared: Infinity },
      standardError: Infinity,
      interval: [1, Infinity],
      difference: null,
      bitsPerByte: Infinity,
      summary: {
        perplexity: { value: Infinity, standardError: Infinity, interval: { low: 1, high: Infinity } },
      },
      perplexityPerToken: -Infinity,
    };
    expect(readAgain(numbers)).toEqual(numbers);
    expect(JSON.parse(JSON.stringify({ elsewhere: Infinity }, infinityAsText))).toEqual({
      elsewhere: "Infinity",
    });
  });

  it("is no text of that name", () => {
    const texts = { name: "Infinity", models: ["Infinity", "-Infinity"], reading: { column: "Infinity" } };
    expect(readAgain(texts)).toEqual(texts);
  });

  it("comes out of a journal as it went in", () => {
    const file = join(folder, "journal.jsonl");
    const entry: DocumentEntry = {
      type: "document",
      modelIndex: 0,
      corpusIndex: 0,
      documentIndex: 0,
      document: "Infinity",
      sha256: "",
      sums: null,
      size: { bytes: 1, words: 1, characters: 1 },
      tokensRun: 1,
      log: null,
      standardError: Infinity,
      interval: [Infinity, Infinity],
    };
    const journal = Journal.open(file, () => true);
    journal.append([entry]);
    journal.append([entry, entry]);
    journal.close();
    const found: unknown[] = [];
    readJournal(file, (again) => found.push(again));
    expect(found).toEqual([entry, entry, entry]);
  });

  it("is in the run that is read again what it was: a task's perplexity per target", async () => {
    const { taskResults } = await evaluate({ models: [hardly], tasks: [task], folder: join(folder, "run") });
    const again = readRun(join(folder, "run"));
    expect(again.taskResults).toEqual(taskResults);
    expect(again.taskResults[0]!.summary).toMatchObject({
      perplexity: { value: Infinity, standardError: null, interval: { low: Infinity, high: Infinity } },
    });
    expect(again.tasks[0]!.name).toBe("Infinity");
  });
});

describe("a journal that cannot be read", () => {
  const failure = (place: (file: string) => void) => {
    const file = join(folder, "journal.jsonl");
    place(file);
    return expect(() => readJournal(file, () => {}));
  };

  it("is a damaged run's where there is none, and the file's where there is no reading it", () => {
    failure(() => {}).toThrow(
      expect.objectContaining({ code: "RUN_DAMAGED", what: "The run has no journal" }),
    );
    failure((file) => mkdirSync(file)).toThrow(expect.objectContaining({ code: "FILE_UNREADABLE" }));
  });

  it.each(["nonsense", "null", "1", "[{}]", '{"type":"document","modelIndex":0}', '{"type":"time"}'])(
    "is a damaged run's where a line is %s",
    (line) => {
      failure((file) => writeFileSync(file, `${line}\n`)).toThrow(
        expect.objectContaining({ code: "RUN_DAMAGED", what: expect.stringContaining(line) }),
      );
    },
  );

  it("is a damaged run's where a line has no end in sight, and the next line is read", () => {
    const file = join(folder, "journal.jsonl");
    writeFileSync(file, "");
    truncateSync(file, 2 ** 28);
    appendFileSync(file, '\n{"type":"nonsense"}\n\n');
    const damages: string[] = [];
    const facts = { seed: "", isSealed: false, atLeast: null, extents: null };
    const { end } = surveyJournal(
      file,
      () => true,
      facts,
      ({ what, where }) => damages.push(`${where} ${what.length}`),
    );
    expect(damages.map((damage) => damage.split(" ")[0])).toEqual([1, 2, 3].map((line) => `${file}:${line}`));
    expect(end).toBe(statSync(file).size);
  });

  it("ends before half a line, however long it is", () => {
    const file = join(folder, "journal.jsonl");
    writeFileSync(file, '{"type":"nonsense"}\n');
    truncateSync(file, 2 ** 28);
    const facts = { seed: "", isSealed: false, atLeast: null, extents: null };
    expect(
      surveyJournal(
        file,
        () => true,
        facts,
        () => {},
      ).end,
    ).toBe(20);
  });
});

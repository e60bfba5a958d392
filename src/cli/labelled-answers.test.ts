/** Answers as newcomers have them: other names, words for labels, tables, lists; and what is said where nothing fits. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FieldNames } from "./answer-fields.ts";
import { readAnswers } from "./labelled-answers.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-answers-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function read(content: string, names: FieldNames = {}, needsLabels = true) {
  const file = join(folder, "a.jsonl");
  writeFileSync(file, content);
  return readAnswers(file, { names, needsLabels });
}
const TWO = { scores: [0.25, 0.75], correct: [false, true] };

describe("answers of a file", () => {
  it.each([
    ["the usual names", '{"score":0.25,"correct":false}\n{"score":0.75,"correct":true}\n'],
    ["0 and 1", '{"score":0.25,"correct":0}\n{"score":0.75,"correct":1}'],
    ["confidence", '{"confidence":0.25,"correct":false}\n{"confidence":0.75,"correct":true}'],
    ["probability and label", '{"probability":0.25,"label":0}\n{"probability":0.75,"label":1}'],
    ["words", '{"p":0.25,"y":"no"}\n{"p":0.75,"y":"Yes"}'],
    ["numbers as texts", '{"score":"0.25","correct":"0"}\n{"score":"7.5e-1","correct":"1"}'],
    [
      "line ends of Windows, a mark, empty lines",
      '\ufeff{"score":0.25,"correct":false}\r\n\r\n{"score":0.75,"correct":true}\r\n',
    ],
    ["a JSON list", '[{"score":0.25,"correct":false},\n {"score":0.75,"correct":true}]'],
    ["a table", "score,correct\n0.25,0\n0.75,1\n"],
    ["a table with quotes", 'text,"score",correct\r\n"one, two",0.25,wrong\r\n"a ""b""\nc",0.75,right\r\n'],
    ["a table of tabs", "id\tconfidence\tis_correct\n1\t0.25\tFALSE\n2\t0.75\tTRUE\n"],
    [
      "other fields beside",
      '{"score":0.25,"confidence":0.9,"correct":false}\n{"score":0.75,"confidence":0,"correct":true}',
    ],
  ])("are read from %s", async (_, content) => {
    const { answers, placeOf } = await read(content);
    expect(answers).toEqual(TWO);
    expect(placeOf(1)).toMatch(/a\.jsonl(:\d|, answer 2)$/);
  });

  it("are read from fields that a person names", async () => {
    const rows = '{"a b":0.25,"y":0,"score":9,"q":1}\n{"a b":0.75,"y":1,"score":9,"q":1}';
    const { answers } = await read(rows, { score: "a b", label: "y", group: "q" });
    expect(answers).toEqual({ ...TWO, groups: [1, 1] });
    await expect(read(rows, { score: "a" })).rejects.toThrow(/There is no field "a".*:1/s);
  });

  it("count a line without a score as missing it", async () => {
    const { answers } = await read('{"score":null,"correct":1}\n{"correct":1}\n{"score":0.5}\n');
    expect(answers).toEqual({ scores: [null, null, 0.5], correct: [true, true, null] });
    expect((await read("score,correct\n,1\n0.5,\n")).answers).toEqual({
      scores: [null, 0.5],
      correct: [true, null],
    });
  });

  it("are options of which one is right, by number and by name, also where that is called answer", async () => {
    const { answers } = await read(
      '{"probabilities":{"A":1,"B":0},"answer":"A"}\n{"logprobs":[-1,"-Infinity"],"answer":1}\n',
    );
    expect(answers).toEqual({
      logprobs: [
        [0, -Infinity],
        [-1, -Infinity],
      ],
      labels: [0, 1],
    });
  });

  it.each([
    ["", "EMPTY_INPUT", /no answers/],
    ["\ufeff \n\n", "EMPTY_INPUT", /no answers/],
    ['{"foo":1,"bar":2}', "INVALID_ARGUMENT", /no score; its fields are "foo", "bar".*:1/s],
    ['{"p":0.5,"conf":0.5,"correct":1}', "INVALID_ARGUMENT", /has conf and p|has p and conf/],
    ['{"score":0.5,"outcome":1}', "INVALID_ARGUMENT", /do not say whether an answer was right/],
    [
      '{"score":0.5,"correct":1}\n{"confidence":0.5,"correct":1}',
      "INVALID_ARGUMENT",
      /called "confidence", and the first has a score.*:2/s,
    ],
    ['{"confidence":0.5,"correct":1}\n{"logprobs":[0],"label":0}', "INVALID_ARGUMENT", /:[12]/],
    ['{"score":0.5,"correct":1}\n{"score":0.5,"corr', "INVALID_ARGUMENT", /cut off.*:2/s],
    ['{"score":NaN,"correct":1}', "INVALID_ARGUMENT", /there is no NaN in it.*:1/s],
    ['{"score":-Infinity,"correct":1}', "INVALID_ARGUMENT", /there is no -Infinity in it/],
    ["[0.5, true]\n[0.6, false]", "INVALID_ARGUMENT", /The line is a list.*:1/s],
    ["hello", "INVALID_ARGUMENT", /not JSON.*:1/s],
    [
      '{"score":0.5,"correct":1}\n{"score":0.5,"score":0.9,"correct":1}',
      "INVALID_ARGUMENT",
      /"score" is twice in one object.*:2/s,
    ],
    ['[{"score":0.5,"correct":1,"correct":0}]', "INVALID_ARGUMENT", /"correct" is twice/],
    ["score,score,correct\n0.5,0.9,1\n", "INVALID_ARGUMENT", /Two columns are called "score".*:1/s],
    ["score,correct\n0.5,1\n0.5\n", "INVALID_ARGUMENT", /1 fields, and the first names 2.*:3/s],
    ['score,correct\n0.5,"1\n', "INVALID_ARGUMENT", /quote is not closed.*:2/s],
    ['{"score":true,"correct":1}', "INVALID_ARGUMENT", /true is no probability/],
    ['{"score":83,"correct":1}', "INVALID_ARGUMENT", /83 is no probability/],
    ['{"score":"0x1","correct":1}', "INVALID_ARGUMENT", /"0x1" is no probability/],
    ['{"score":0.5,"correct":2}', "INVALID_ARGUMENT", /2 says neither/],
    ['{"score":0.5,"correct":"constructor"}', "INVALID_ARGUMENT", /"constructor" says neither/],
    [
      '{"score":0.5,"correct":1}\n{"score":0.5,"correct":1,"group":2}',
      "INVALID_ARGUMENT",
      /those before have none.*:2/s,
    ],
    ["\u0000", "BINARY_INPUT", /binary/],
  ])("are refused: %j", async (content, code, message) => {
    await expect(read(content)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it("name the byte that is no UTF-8 and the line of an answer, far into a large file", async () => {
    const line = `{"score":0.5,"correct":1,"text":"${"x".repeat(1000)}"}\n`;
    const many = line.repeat(9000); // more than one block of 8 MiB
    const { answers, placeOf } = await read(many);
    expect("scores" in answers && answers.scores).toHaveLength(9000);
    expect(placeOf(8999)).toMatch(/:9000$/);
    await expect(read(`${many}{"score":2}\n`)).rejects.toThrow(/2 is no probability.*:9001/s);
    const file = join(folder, "bad.jsonl");
    writeFileSync(file, Buffer.concat([Buffer.from(many), Buffer.from([0xff, 10])]));
    await expect(readAnswers(file, { needsLabels: true })).rejects.toThrow(
      new RegExp(`byte ${many.length}\\b`),
    );
  });
});

import { describe, expect, it } from "vitest";
import { questionRows } from "./question-rows.ts";

const rows = (text: string) => questionRows(Buffer.from(text), "q.jsonl", "Lines look like this.");

describe("questions as JSON lines", () => {
  it("are read behind a byte order mark, with any line ends, and with names that an object has of itself", () => {
    expect(
      rows(
        '\ufeff{"question":"a","kind":"constructor"}\r\n\r\n{"question":"b","__proto__":{"question":"c"}}',
      ),
    ).toEqual([
      { row: { question: "a", kind: "constructor" }, question: "a", where: "q.jsonl:1" },
      { row: expect.anything(), question: "b", where: "q.jsonl:3" },
    ]);
  });

  it.each([
    ['{"question":"a","answer":"1","answer":"2"}', /field "answer" is twice/],
    ['{"question":"a"', /not JSON/],
    ['[{"question":"a"}]', /no object/],
    ["null", /no object/],
    ['{"question":7}', /no question/],
    ['{"question":" "}', /no question/],
    ["\n \n", /no questions/],
    ["", /no questions/],
  ])("are refused: %s", (text, why) => {
    expect(() => rows(text)).toThrow(why);
  });

  it("name their line", () => {
    expect(() => rows('{"question":"a"}\n{}')).toThrow(/q\.jsonl:2/);
  });
});

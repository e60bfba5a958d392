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

  it("are called what they are, and said to be empty where they are", () => {
    const prompts = (text: string) =>
      questionRows(Buffer.from(text), "p.jsonl", "Form.", ["prompt", "question"]);
    expect(prompts('{"prompt":null,"question":"a"}')[0]!.question).toBe("a");
    expect(() => prompts('{"prompt":" "}')).toThrow("The row has no prompt: it is empty");
    expect(() => prompts('{"prompt":7}')).toThrow("The row has no prompt: it is no text");
    expect(() => prompts('{"text":"a"}')).toThrow(/The row has no prompt(?!:)/);
    expect(() => prompts("")).toThrow("There are no prompts");
  });

  it("name their line", () => {
    expect(() => rows('{"question":"a"}\n{}')).toThrow(/q\.jsonl:2/);
  });
});

/** What is no question, and what is refused: by name, and before anything is run. */
import { describe, expect, it } from "vitest";
import { TableModel } from "../models/test/index.ts";
import { type DecideOptions, decide, type Question } from "./index.ts";

const STATE = "The parcel arrived wet.";

async function ask(question: Question, options?: DecideOptions) {
  const answer = await decide(TableModel.bytes(), { state: STATE, questions: [question] }, options);
  return { ...answer, decision: answer.decisions[0]! };
}

const predicate = (words: { yes: string; no: string }): Question => ({
  type: "predicate",
  instructions: "Is it wet?",
  words,
});
const choice = (...choices: string[]): Question => ({ type: "choice", instructions: "What now?", choices });

describe("bad input", () => {
  const cases: [string, Question[], string, RegExp][] = [
    ["no questions", [], "EMPTY_INPUT", /no questions/],
    ["an empty question", [{ type: "predicate", instructions: " " }], "EMPTY_INPUT", /empty/],
    ["no options", [choice()], "INVALID_ARGUMENT", /no options/],
    ["one option", [choice("a")], "INVALID_ARGUMENT", /has 1 option$/],
    ["two equal options", [choice("a", "b", "a ")], "INVALID_ARGUMENT", /Options 1 and 3 are the same: "a"/],
    ["an empty option", [choice("a", "")], "EMPTY_INPUT", /empty/],
    ["256 options", [choice(...Array.from({ length: 256 }, (_, i) => `o${i}`))], "INVALID_ARGUMENT", /256/],
    [
      "11 levels",
      [{ type: "score", instructions: "x", levels: Array.from({ length: 11 }, (_, i) => `${i}`) }],
      "INVALID_ARGUMENT",
      /11 levels/,
    ],
    [
      "one name twice",
      [
        { type: "predicate", name: "a", instructions: "x" },
        { type: "predicate", name: "a", instructions: "y" },
      ],
      "INVALID_ARGUMENT",
      /"a"/,
    ],
    [
      "equal options in other characters",
      [choice("caf\u00e9", "tea", "cafe\u0301 ")],
      "INVALID_ARGUMENT",
      /Options 1 and 3 are the same/,
    ],
    ["words that are one", [predicate({ yes: "ja", no: " ja" })], "INVALID_ARGUMENT", /are the same/],
  ];
  const written: [string, object | null, RegExp][] = [
    ["another type", { type: "noul", instructions: "x" }, /"noul"/],
    ["no type", { instructions: "x" }, /no type/],
    ["nothing", null, /no question/],
    ["no instructions", { type: "predicate", instruction: "x" }, /no field "instruction" in a predicate/],
    ["none at all", { type: "predicate" }, /no instructions/],
    ["instructions of another kind", { type: "predicate", instructions: 5 }, /no text/],
    ["half a character", { type: "predicate", instructions: "\ud800x" }, /half a surrogate/],
    ["another question's field", { type: "predicate", instructions: "x", choices: ["a", "b"] }, /"choices"/],
    ["options under another name", { type: "choice", instructions: "x", options: ["a", "b"] }, /"options"/],
    ["options in an object", { type: "choice", instructions: "x", choices: { a: 1, b: 2 } }, /no list/],
    ["no options", { type: "choice", instructions: "x" }, /no options/],
    ["numbers for options", { type: "choice", instructions: "x", choices: [1, 2] }, /not an option/],
    [
      "an option's unknown field",
      { type: "choice", instructions: "x", choices: ["a", { name: "b" }] },
      /"name"/,
    ],
    ["one level", { type: "score", instructions: "x", levels: ["a"] }, /has 1 level$/],
    ["a level with a value", { type: "score", instructions: "x", levels: ["a", { value: 2 }] }, /"value"/],
    ["words that are a text", { type: "predicate", instructions: "x", words: "ja/nein" }, /not the words/],
    ["one word", { type: "predicate", instructions: "x", words: { yes: "ja" } }, /no word for no/],
  ];
  it.each(written)("what JSON may hold: %s", async (_, question, what) => {
    const questions = [question as unknown as Question];
    await expect(decide(TableModel.bytes(), { state: STATE, questions })).rejects.toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", what: expect.stringMatching(what) }),
    );
  });

  it.each(cases)("%s", async (_, questions, code, what) => {
    await expect(decide(TableModel.bytes(), { state: STATE, questions })).rejects.toThrow(
      expect.objectContaining({ code, what: expect.stringMatching(what) }),
    );
  });

  it("takes 255 options, but not under letters", async () => {
    const many = choice(...Array.from({ length: 255 }, (_, i) => `o${i}`));
    const { decision } = await ask(many);
    expect(decision.options.reduce((sum, { probability }) => sum + probability!, 0)).toBeCloseTo(1, 12);
    await expect(ask(many, { rule: "label" })).rejects.toThrow(/255 options, and there are 26 letters/);
  });

  it("stops where it is told to", async () => {
    const stop = new AbortController();
    const model = TableModel.bytes();
    const score = model.score.bind(model);
    let answered = 0;
    model.score = async function* (requests, options) {
      for await (const answer of score(requests, options)) {
        if (++answered === 2) stop.abort();
        yield answer;
      }
    };
    const questions = [choice("a", "b", "c", "d")];
    await expect(decide(model, { state: STATE, questions }, { signal: stop.signal })).rejects.toThrow(
      expect.objectContaining({ code: "ABORTED" }),
    );
    expect(answered).toBe(2);
  });

  it("names the option that is longer than the context", async () => {
    const { chain } = TableModel.bytes();
    const symbols = [...Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)), "<s>", "</s>"];
    const transitions = symbols.map((_, i) => symbols.map((_, j) => chain.probability(i, j)));
    const model = new TableModel({ symbols, bos: 256, eos: 257, transitions, trainedContext: 100 });
    const questions = [choice("no", "y".repeat(100))];
    await expect(decide(model, { state: STATE, questions })).rejects.toThrow(
      expect.objectContaining({
        code: "CONTEXT_EXCEEDED",
        where: `question "q1", option "${"y".repeat(40)}"`,
      }),
    );
  });

  it("an empty state, orders without a list, a chat without a template", async () => {
    const questions = [choice("a", "b")];
    await expect(decide(TableModel.bytes(), { state: "", questions })).rejects.toThrow(/empty/);
    await expect(ask(questions[0]!, { orders: 2 })).rejects.toThrow(/have no order/);
    await expect(ask(questions[0]!, { rule: "label", listed: false })).rejects.toThrow(/listed/);
    await expect(ask(questions[0]!, { chat: true })).rejects.toThrow(/no chat template/);
    await expect(ask(questions[0]!, { rule: "best" as "sum" })).rejects.toThrow(/no rule "best"/);
  });
});

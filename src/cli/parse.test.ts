import { describe, expect, expectTypeOf, it } from "vitest";
import {
  argument,
  argumentList,
  decimal,
  flag,
  oneOf,
  option,
  optionalArgument,
  repeated,
  text,
  type Values,
  wholeNumber,
} from "./parameters.ts";
import { readArguments } from "./parse.ts";

const about = { description: "" };
const parameters = {
  file: optionalArgument(""),
  text: option(text, { ...about, short: "t", mayBeEmpty: true }),
  top: option(wholeNumber(0, 100), about),
  share: option(decimal(0, 1), { ...about, standard: "0.5" }),
  cacheType: option(oneOf(["f16", "f32"]), about),
  model: repeated(text, { ...about, short: "m" }),
  quiet: flag({ ...about, short: "q" }),
  json: flag(about),
  noModel: flag(about),
};
const read = (...rawArgs: string[]) => readArguments(rawArgs, parameters);

it("has the types that were declared", () => {
  expectTypeOf<Values<typeof parameters>>().toEqualTypeOf<{
    file: string | undefined;
    text: string | undefined;
    top: number | undefined;
    share: number;
    cacheType: "f16" | "f32" | undefined;
    model: string[];
    quiet: boolean;
    json: boolean;
    noModel: boolean;
  }>();
});

it("is what is declared where nothing is given", () => {
  expect(read()).toEqual({ share: 0.5, model: [], quiet: false, json: false, noModel: false });
});

it.each([
  [["--top", "7", "a.txt"], { top: 7, file: "a.txt" }],
  [["--top=7", "--share=.25"], { top: 7, share: 0.25 }],
  [["-m", "a", "-mb", "--model=c"], { model: ["a", "b", "c"] }],
  [["--no-model"], { noModel: true, model: [] }],
  [["--no-model", "-m", "a"], { noModel: true, model: ["a"] }],
  [["-qt", "hello"], { quiet: true, text: "hello" }],
  [["-qthello", "--cache-type", "f32"], { quiet: true, text: "hello", cacheType: "f32" }],
  [["--json", "--json"], { json: true }],
  [["--text", ""], { text: "" }],
  [["--text="], { text: "" }],
  [["--text", "- a dash"], { text: "- a dash" }],
  [["--text", "-1"], { text: "-1" }],
  [["--text", "-x"], { text: "-x" }],
  [["--text=--json", "-q"], { text: "--json", quiet: true, json: false }],
  [["--text=a=b"], { text: "a=b" }],
  [["-q", "--", "--json"], { quiet: true, file: "--json", json: false }],
  [["--", "-1"], { file: "-1" }],
  [["-"], { file: "-" }],
])("%j is read", (rawArgs, values) => {
  expect(read(...rawArgs)).toMatchObject(values);
});

describe("wrong usage", () => {
  it.each([
    [["--text", "a", "-t", "b"], "--text is given twice"],
    [["--text", "a", "--text=a"], "--text is given twice"],
    [["--share", "0.5", "--share", "0.5"], "--share is given twice"],
    [["-m", "a", "-m", "b", "-ma"], "a is given twice"],
    [["--top"], "--top needs a value"],
    [["-qt"], "-t needs a value"],
    [["--top="], "--top needs a value"],
    [["-m", ""], "--model needs a value"],
    [["--text", "--json"], "if --json is meant, write --text=--json"],
    [["-t", "-q"], "if -q is meant, write --text=-q"],
    [["-qt", "--"], "if -- is meant, write --text=--"],
    [["-m", "a", "-m", "--json"], "write --model=--json"],
    [["--top", "-1"], '--top takes a whole number from 0 to 100, not "-1"'],
    [["--share", "2"], '--share takes a number from 0 to 1, not "2"'],
    [["--cache-type", "f61"], "--cache-type cannot be"],
    [["--json=yes"], "--json is a switch: it takes no value"],
    [["--jso"], "There is no option --jso; did you mean --json?"],
    [["--cacheType", "f16"], "There is no option --cacheType"],
    [["--constructor"], "There is no option --constructor"],
    [["-qx"], "There is no option -x"],
    [["-1"], "There is no option -1"],
    [["a", "b"], "One argument too many: b"],
  ])("%j: %s", (rawArgs, words) => {
    expect(() => read(...rawArgs)).toThrow(
      expect.objectContaining({ code: "USAGE", message: expect.stringContaining(words) }),
    );
  });

  it("is an argument that is missing", () => {
    const several = { base: argument(""), other: argumentList("") };
    expect(() => readArguments([], several)).toThrow("BASE is missing");
    expect(() => readArguments(["a"], several)).toThrow("OTHER is missing");
    expect(readArguments(["a", "b", "c"], several)).toEqual({ base: "a", other: ["b", "c"] });
  });
});

/** The answer that a text gives: which of several counts, and what is none. */
import { describe, expect, it } from "vitest";
import {
  boxedAnswers,
  isRight,
  readAnswer,
  readLetter,
  readNumber,
  readYesNo,
  sameNumber,
  textKey,
} from "./index.ts";

const short = (read: { value: unknown; why?: string; rule?: string }) =>
  read.value === null ? read.why : [read.value, read.rule];

describe("numbers", () => {
  it.each<[text: string, expected: string | [number, string]]>([
    ["42", [42, "whole"]],
    ["**42**", [42, "whole"]],
    ["$42$", [42, "whole"]],
    ["#### 42", [42, "####"]],
    ["40 + 2 = 42\n#### 42", [42, "####"]],
    ["#### Step 1\nadd them\n#### 7", [7, "####"]],
    ["The answer is 42.", [42, "answer"]],
    ["**Answer:** 42", [42, "answer"]],
    ["### Answer\n\n**7**", [7, "answer"]],
    ["The answer to question 3 is 42 apples for 5 people.", [42, "answer"]],
    ["The answer is 6 × 7 = 42.", [42, "answer"]],
    ["The final answer is: $\\boxed{1{,}234}$. I hope it is correct.", [1234, "boxed"]],
    ["\\boxed{\\boxed{42}}", [42, "boxed"]],
    ["\\boxed{\\text{42}}", [42, "boxed"]],
    ["\\boxed{42 \\text{ apples}}", [42, "boxed"]],
    ["\\boxed 42$", [42, "boxed"]],
    ["\\fbox{7}", [7, "boxed"]],
    ["答案是二十三", [23, "answer"]],
    ["所以答案为三分之二。", [2 / 3, "answer"]],
    ["最终答案：一万二", [12000, "final answer"]],
    ["答：一共42个。", [42, "answer"]],
    ["The answer is one.", [1, "answer"]],
    ["so it is **42** here, not 41", [42, "bold"]],
    ["12 + 30 = 42", [42, "last number"]],
    ["about 42 of them", [42, "only number"]],
    // What is said later takes earlier words back.
    ["Answer: 5\nWait, that is wrong.\nAnswer: 7", [7, "answer"]],
    ["\\boxed{5} ... no, \\boxed{7}", [7, "boxed"]],
    // A question that the model goes on with by itself.
    ["#### 42\n\nQuestion: What is 3+4?\nAnswer: 7", [42, "####"]],
    ["42\n问题：3加4是多少？\n答案：7", [42, "whole"]],
    // Placeholders of the prompt.
    ["Answer: <number>", "echo"],
    ["Answer: [your answer]", "echo"],
    ["Answer: number", "echo"],
    ["Answer: ____", "echo"],
    ["答案：<数字>", "echo"],
    ["答案：（填写数字）", "echo"],
    ["3 + 4 = 7. Answer: <number>", "echo"],
    ["Answer: <a number between 0 and 100>", "echo"],
    ["Answer: <number>\nAnswer: 42", [42, "answer"]],
    // Several at once.
    ["The answer is 42 or 43.", "ambiguous"],
    ["Answer: 80-90", "ambiguous"],
    ["答案是3或者4", "ambiguous"],
    ["The answer is 0.5 or 1/2.", [0.5, "answer"]],
    ["The answer is 6 × 7", "ambiguous"],
    ["Answer: 1,2345", "ambiguous"],
    // No number.
    ["", "nothing"],
    ["no number here", "nothing"],
    ["\\boxed{x+1}", "nothing"],
    ["\\boxed{3\\sqrt{2}}", "nothing"],
    ["The answer is 3x + 2", "nothing"],
    ["The answer is not 42.", "nothing"],
  ])("%s", (text, expected) => {
    expect(short(readNumber(text))).toEqual(expected);
  });

  it("does not read the prompt that is repeated", () => {
    const prompt = "What is 12 + 30?\nOutput only the number.";
    expect(readNumber(prompt, { prompt })).toMatchObject({ value: null, why: "nothing" });
    expect(readNumber(`${prompt}\n42`, { prompt })).toMatchObject({ value: 42 });
  });

  it("guesses no more than it is allowed to", () => {
    const text = "3 apples and 4 pears";
    expect(readNumber(text, { fallback: "only" })).toMatchObject({ value: null, why: "ambiguous" });
    expect(readNumber(text, { fallback: "none" })).toMatchObject({ value: null, why: "nothing" });
    expect(readNumber("so 4 pears", { fallback: "only" })).toMatchObject({ value: 4 });
  });
});

describe("letters", () => {
  it.each<[text: string, expected: string | [string, string]]>([
    ["C", ["C", "whole"]],
    ["(A)", ["A", "whole"]],
    ["b)", ["B", "whole"]],
    ["Ｂ", ["B", "whole"]],
    ["The answer is D", ["D", "answer"]],
    ["The correct answer is **B) Rome**.", ["B", "answer"]],
    ["Answer: (C) because A is wrong", ["C", "answer"]],
    ["\\boxed{\\text{(C)}}", ["C", "boxed"]],
    ["答案：B", ["B", "answer"]],
    ["正确答案是选项A", ["A", "answer"]],
    ["故选 D。", ["D", "answer"]],
    ["选C", ["C", "only letter"]],
    ["I pick option C.", ["C", "only letter"]],
    ["B. Paris", ["B", "only letter"]],
    ["The answer is A or B", "ambiguous"],
    ["答案是B和C", "ambiguous"],
    ["A) Paris B) Rome C) Berlin", "ambiguous"],
    ["Both A and C are right", "ambiguous"],
    ["A cat sat on I know not what", "nothing"],
    ["The answer is a mystery", "nothing"],
    ["The answer is not A", "nothing"],
    ["Answer: <letter>", "echo"],
    ["Paris", "nothing"],
  ])("%s", (text, expected) => {
    expect(short(readLetter(text))).toEqual(expected);
  });

  it("knows how many choices there are", () => {
    expect(readLetter("Answer: E", { choices: 4 }).value).toBeNull();
    expect(readLetter("Answer: E", { choices: 5 }).value).toBe("E");
  });
});

describe("yes or no", () => {
  it.each<[text: string, expected: boolean | string]>([
    ["Yes", true],
    ["no.", false],
    ["**No**, it is not", false],
    ["TRUE", true],
    ["Answer: False", false],
    ["The answer is yes.", true],
    ["It is not correct", false],
    ["That isn't false", true],
    ["是", true],
    ["是的，因为", true],
    ["否", false],
    ["对", true],
    ["错", false],
    ["不是", false],
    ["不对。", false],
    ["没错", true],
    ["答案是：否", false],
    ["这个答案是正确的。", true],
    ["这个答案不正确", false],
    ["\\boxed{True}", true],
    ["yes or no", "nothing"],
    ["是不是？", "nothing"],
    ["No one knows", "nothing"],
    ["对不起，我不知道", "nothing"],
    ["Answer: <yes/no>", "echo"],
    ["It is true in part and false in part", "ambiguous"],
  ])("%s", (text, expected) => {
    const read = readYesNo(text);
    expect(read.value ?? read.why).toBe(expected);
  });
});

describe("boxes", () => {
  it("are read with what is nested in them, and only where they are closed", () => {
    const text = "\\boxed{a{b}c} \\boxed{\\frac{1}{2}} \\boxed{open";
    expect(boxedAnswers(text).map((box) => box.text)).toEqual(["a{b}c", "\\frac{1}{2}"]);
    for (const { start, end, text: inside } of boxedAnswers(text))
      expect(text.slice(start, end)).toBe(inside);
  });
});

describe("equality", () => {
  it("has one key for one number", () => {
    const keys = ["0.5", "1/2", "50 %", "½", "五成", "\\frac{1}{2}", "0,5"].map((text) => {
      const read = readAnswer(text, { kind: "number" });
      return read.value === null ? null : read.key;
    });
    expect(new Set(keys)).toEqual(new Set(["1/2"]));
  });

  it("compares whole numbers exactly, and others by the tolerance", () => {
    expect(sameNumber(1_000_001, 1_000_000)).toBe(false);
    expect(sameNumber(0.333333, 1 / 3)).toBe(true);
    expect(sameNumber(0.333, 1 / 3)).toBe(false);
    expect(sameNumber(0.333, 1 / 3, { tolerance: 0.01 })).toBe(true);
    expect(() => sameNumber(1, 1, { tolerance: -1 })).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });

  it("judges by a key, percentages by either of their numbers unless told", () => {
    const judge = (text: string, key: string, percent?: "share") =>
      isRight(text, key, { kind: "number", percent }).right;
    expect(judge("The answer is 50%", "50")).toBe(true);
    expect(judge("The answer is 50%", "0.5")).toBe(true);
    expect(judge("The answer is 50%", "50", "share")).toBe(false);
    expect(judge("Answer: 1,234", "40 * 30 + 34 = 1234\n#### 1234")).toBe(true);
    expect(judge("Answer: 9007199254740993", "9007199254740992")).toBe(false);
    expect(judge("Answer: <number>", "42")).toBeNull();
    expect(isRight("b", "B", { kind: "letter" }).right).toBe(true);
    expect(isRight("No", "false", { kind: "yes-no" }).right).toBe(true);
    expect(() => judge("42", "none")).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", where: "key" }),
    );
  });

  it("takes texts as they are said", () => {
    expect(textKey("  “Paris.” ")).toBe("paris");
    expect(textKey("New\u00a0 York\u200b")).toBe("new york");
    expect(readAnswer(" Paris. ", { kind: "text" })).toMatchObject({
      value: "Paris.",
      start: 1,
      end: 7,
      key: "paris",
    });
    expect(readAnswer("  ", { kind: "text" })).toMatchObject({ value: null, why: "nothing" });
  });
});

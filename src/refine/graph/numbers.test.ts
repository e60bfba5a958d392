import { describe, expect, it } from "vitest";
import { isNumber, numberName, numbersIn, stepGraph } from "./index.ts";

const names = (text: string): string[] => numbersIn(text).map(({ name }) => name);
const uses = (steps: string[], given = ""): string[] =>
  stepGraph(steps, { given }).references.map(
    ({ step, from, item }) => `${step + 1}<-${from.map((i) => i + 1)} ${item.name}`,
  );

describe("numbersIn", () => {
  // Values by hand.
  it.each([
    ["1,200 and 1200.50", ["1200", "1200.5"]],
    ["3/4", ["3", "0.75", "4"]],
    ["12/4", ["12", "4"]],
    ["1/3", ["1", "1/3", "3"]],
    ["1 1/2 cups", ["1", "1.5", "1", "2"]],
    ["50%", ["50", "0.5"]],
    ["12.5%", ["12.5", "0.125"]],
    ["1 200", ["1", "1200", "200"]],
    ["2 thousand", ["2", "2000"]],
    ["1.5 million", ["1.5", "1500000"]],
    ["3万", ["3", "30000"]],
    ["3千克", ["3"]],
    ["1e3", ["1000"]],
    ["１２", ["12"]],
    ["twelve", ["12"]],
    ["twenty-one", ["21"]],
    ["three hundred and five", ["305"]],
    ["two thirds", ["2/3"]],
    ["Half of a dozen", ["0.5", "12"]],
    ["one of them", []],
    ["三百五十", ["350"]],
    ["三百零五", ["305"]],
    ["十二个", ["12"]],
    ["两个", ["2"]],
    ["四分之三", ["0.75"]],
    ["一半", ["0.5"]],
    ["三角形十分好，一共，第三步", []],
    ["x^2 + (a+b)^3 = 5", ["5"]],
    ["2^3", ["2", "3"]],
    ["the 2 equations, both of 3 cases, a 4-digit one", []],
    ["2026-11-30, 30/11/2026 at 12:30", []],
    ["a1 b_2 x_{3} v1.2.3", []],
  ] as const)("%s", (text, expected) => {
    expect([...names(text)].sort()).toEqual([...expected].sort());
  });

  it("says where they stand, and which are only reckoned with", () => {
    const text = "Divide 36 by 3: $1,200";
    expect(numbersIn(text).map(({ start, end, isOperand }) => [text.slice(start, end), isOperand])).toEqual([
      ["36", false],
      ["3", true],
      ["1,200", false],
    ]);
  });

  it("reads long texts in time that grows with them", () => {
    for (const text of ["1 ", "1/", "one ", "1,", "一", "a hundred ", "9", "12:", "(("])
      expect(() => numbersIn(text.repeat(20_000))).not.toThrow();
  });
});

it("has one name for a number however it is written", () => {
  for (const [name, ...written] of [
    ["0.75", "3/4", "6/8", "75%", ".75", "0.750", "-0.75"],
    ["1200", "1,200", "1200.00", "1.2e3", "$1,200"],
    ["1/3", "1/3", "2/6"],
    ["0", "0", "-0", "0.0"],
  ])
    for (const text of written) expect([text, numberName(text)]).toEqual([text, name]);
  expect(["-16", "3/4", "50%", "( -4 )"].map(isNumber)).toEqual([true, true, true, true]);
  expect(["12/4", "3-4", "x", "", "3 apples"].map(isNumber)).toEqual([false, false, false, false, false]);
});

describe("uses of numbers", () => {
  it.each([
    ["a fraction as a decimal", ["12/16=3/4", "0.75*40=30"], ["2<-1 0.75"]],
    ["a share as percent", ["So the probability is 0.5.", "So 50% of them are red."], ["2<-1 0.5"]],
    ["percent as a share", ["20/40=50%", "0.5*80=40"], ["2<-1 0.5"]],
    ["a word", ["3*4=12", "Twelve eggs cost 6 dollars."], ["2<-1 12"]],
    ["digits of a word", ["She has forty-two marbles.", "42/6=7"], ["2<-1 42"]],
    ["a Chinese word", ["300+50=350", "三百五十个人"], ["2<-1 350"]],
    ["wide digits", ["3*4=１２", "12+1=13"], ["2<-1 12"]],
    ["a negative result", ["5-9=-4", "-4*3=-12", "So it is -12."], ["2<-1 4", "3<-2 12"]],
    ["a displayed fraction", ["\\frac{9}{12} = \\frac{3}{4}", "0.75 \\cdot 8 = 6"], ["2<-1 0.75"]],
    ["a rounded result", ["10/3=3.3333", "3.33*2=6.66"], ["2<-1 3.33"]],
    ["an exponent that is none of a name", ["1+2=3", "2^3=8"], ["2<-1 3"]],
  ] as const)("finds %s", (_, steps, expected) => {
    expect(uses([...steps])).toEqual(expected);
  });

  it.each([
    ["exponents", ["10-8=2", "x^2+y^2=25 on the circle"]],
    ["counts of the solution", ["10-8=2", "The 2 equations hold.", "In both of the 2 cases."]],
    ["numbers that were only reckoned with", ["Multiply by 3.", "We paint 3 more."]],
    ["dates and times", ["5+7=12", "On 2012-12-12 at 12:30."]],
    ["a pronoun", ["3-2=1", "One of them is red."]],
    ["words that hold a digit's sign", ["1+2=3", "三角形十分好"]],
    ["what follows a verb with a sign", ["The task is -8*o-o=143", "So 8 pens."]],
  ] as const)("does not take %s for uses", (_, steps) => {
    expect(uses([...steps])).toEqual([]);
  });

  it("reads the same equation in a question and in a step, a word before its sign or not", () => {
    const given = "Solve -8*o - o = 143 + 82 for o.";
    expect(
      uses(["The task is -8*o-o=143+82", "-8*o-o=143+82"], given).filter((use) => !/ o$/.test(use)),
    ).toEqual([]);
  });
});

/**
 * Answers as small models write them, with what a careful reader takes them to say: thoughts, corrections, denials, JSON, lists of
 * steps, units, dates. Where a reader could not tell, there is no answer.
 */
import { describe, expect, it } from "vitest";
import { readLetter, readNumber, readYesNo } from "./index.ts";

describe("numbers", () => {
  it.each<[text: string, expected: number | string]>([
    ["So she earned $150 + $390 = $540 for two days.", 540],
    ["He scored 10 + 4 = 14 points in the two games.", 14],
    ["<think>The answer is 5. Hmm, wait.</think>\nThe total is 7.", 7],
    ["<think>\nFirst guess answer: 12\n</think>\n\n18", 18],
    ['{"reasoning": "3+4", "final_answer": 7, "confidence": 0.8}', 7],
    ["The answer is 5, wait, no, it is 7.", 7],
    ["The answer is 5. No, it's 7.", 7],
    ["Answer: 5... actually 6", 6],
    ["\\boxed{5^\\circ}", 5],
    ["The answer is $90^\\circ$.", 90],
    ["\\boxed{(3, 4)}", "ambiguous"],
    ["\\boxed{3, 4}", "ambiguous"],
    ["\\boxed{[0, 1]}", "ambiguous"],
    ["\\boxed{1 \\text{ or } 2}", "ambiguous"],
    ["Answer: 5'10\"", "ambiguous"],
    ["The answer is 5 feet 10 inches.", "ambiguous"],
    ["Answer: November 30, 2026", "nothing"],
    ["Call (555) 123-4567 now", "nothing"],
    ["Tel. +1-800-555-0199", "nothing"],
    ["Answer: ±5", "ambiguous"],
    ["Answer: x > 5", "ambiguous"],
    ["The answer isn't 5", "nothing"],
    ["The answer cannot be 5", "nothing"],
    ["The answer is not 5 but 6.", 6],
    ["The answer is definitely not 5.", "nothing"],
    ["The answer is unknown. There are 3 apples.", "nothing"],
    ["The answer cannot be determined from the 3 given values.", "nothing"],
    ["I don't know the answer: it depends on 2 things.", "nothing"],
    ["Answer: 3 lakh", 300000],
    ["Answer: 2.5 lakhs", 250000],
    ["Answer: 5 crore", 50000000],
    ["Answer: a quarter", 0.25],
    ["Answer: half a million", 500000],
    ["Answer: a hundred", 100],
    ["Answer: a million", 1000000],
    ["The result of 6 * 7 is 42. This is because 6 + 6 = 12, and so on.", 42],
    ["Solution:\n1. Start with 3.\n2. Add 4 to get 7.\n\nHence there are 7.", 7],
    ["To find the answer: 1) add 3 and 4 2) get 7", 7],
    ["Answer: There are 3 boxes with 4 apples each, so 12 apples in total.", 12],
    ["Answer: Since 3 of the 10 left, 7 remain.", 7],
    ["Answer: In 2020 he had 5 dogs.", 5],
    ["答案：负3.5", -3.5],
    ["答案：3万5", 35000],
    ["答案：两个半小时", 2.5],
    ["答案：3个半小时", 3.5],
    ["答案：半", 0.5],
    ["答案：半小时", 0.5],
    ["答案：三四个", "ambiguous"],
    ["答案：十几个", "ambiguous"],
    ["答案：几十", "ambiguous"],
    ["答案：廿三", 23],
    ["答案：卅", 30],
    ["答案：10月1日", "nothing"],
    ["答案：2026年11月30日", "nothing"],
    ["答案：三点半", "nothing"],
    ["答案：3点15分", "nothing"],
    ["答案：3小时20分钟", "ambiguous"],
    ["答案：3元5角", "ambiguous"],
    ["答案：五块五", 5.5],
    ["答案：60千米/时", 60],
    ["答案：3比4", "ambiguous"],
    ["答案：3、4", "ambiguous"],
    ["答案：3，4", "ambiguous"],
    ["答案：不是3，而是4", 4],
    ["答案不是3", "nothing"],
    ["答案应该是5，不对，是6。", 6],
    ["答案：5\n等等，我算错了，应该是6", 6],
    ["答案：1又1/2", 1.5],
    ["The answer is 1, 2, and 3.", "ambiguous"],
    ["The answer is x = 2 or x = -2", "ambiguous"],
    ["The solutions are 2 and 3", "ambiguous"],
    ["The answers are 2 and 3", "ambiguous"],
    ["The answer is 0.\\overline{3}", "ambiguous"],
    ["Answer: {{answer}}", "echo"],
    ["Answer: <number> (e.g. 42)", "echo"],
    ["答案：【数字】", "echo"],
    ["The answer is COVID-19", "nothing"],
    ["The answer is GPT-4", "nothing"],
    ["The answer is 3, 5", "ambiguous"],
    ["The answer is 12, 345", "ambiguous"],
    ["The area is 20 cm^{2}.", 20],
    ["The speed is 5 ms^{-1}", 5],
  ])("%s", (text, expected) => {
    const read = readNumber(text);
    const said = read.value ?? read.why;
    if (typeof expected === "number") expect(said).toBeCloseTo(expected, 12);
    else expect(said).toBe(expected);
  });
});

describe("letters", () => {
  it.each<[text: string, expected: string]>([
    ["Not A.", "nothing"],
    ["The answer is not A but B.", "B"],
    ["The answer isn't B", "nothing"],
    ["The answer can't be B", "nothing"],
    ["答案不是A，是B", "B"],
    ["不选A", "nothing"],
    ["不是B", "nothing"],
    ["I would choose B because A and C are false", "B"],
    ["<think>Perhaps the answer is A.</think>\nC", "C"],
    ["{'choice': 'B'}", "B"],
    ["The answer is 'B'.", "B"],
    ["【答案】D【解析】A错误", "D"],
    ["Answer: A. Actually, no: B.", "B"],
    ["C\n\nExplanation: A and B are wrong.", "C"],
  ])("%s", (text, expected) => {
    const read = readLetter(text);
    const said = read.value ?? read.why;
    expect(said).toBe(expected);
  });
});

describe("yes or no", () => {
  it.each<[text: string, expected: boolean | string]>([
    ["The answer is not yes.", false],
    ["<think>yes maybe</think>\nNo", false],
    ["There is no evidence that it is true.", "nothing"],
    ["Answer: Yes. Wait, no.", false],
    ["It depends: yes in summer, no in winter", "ambiguous"],
    ["Is it correct? No.", false],
    ["不，这是错的", false],
    ["不", false],
    ["答案是否定的", false],
    ["该说法不完全正确", false],
    ["这不是真的", false],
    ["这是真的", true],
    ["这是假的", false],
    ["正確", true],
    ["錯誤", false],
    ["不正確", false],
    ["對", true],
    ["錯", false],
    ["不對", false],
    ["答案是對的", true],
    ["不能说是错误的", "nothing"],
    ["❌ No", false],
  ])("%s", (text, expected) => {
    const read = readYesNo(text);
    const said = read.value ?? read.why;
    expect(said).toBe(expected);
  });
});

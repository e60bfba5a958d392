/** Hostile texts: nothing throws, offsets stand where they say, and the work grows with the length of the text, not faster. */
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  boxedAnswers,
  readAnswer,
  readConfidence,
  readGuesses,
  readLetter,
  readNumber,
  readNumbers,
  readYesNo,
} from "./index.ts";

const PIECES = [
  ..."7½一万-%$ \n<_a\\}".split(""),
  "1,",
  ",234",
  "1.",
  "234 ",
  "\\boxed{",
  "\\boxed{\\text{4}}",
  "\\frac{1}{2}",
  "answer ",
  "answer: ",
  "final answer is ",
  "**",
  "百分之",
  "one and ",
  "<number>",
  "[answer",
  "confidence: ",
  "confidence of ",
  "\nQuestion: ",
  "yes or no ",
  "not ",
  "(A) ",
  "1e",
  "2^",
  "1/",
  "#### ",
  "\u202e7",
  "\u200b",
  "\u0000",
  "\u0001",
  "\ud800",
  "0 to ",
  "信心程度",
  "答案",
  "=1",
];

const readers: Readonly<Record<string, (text: string) => unknown>> = {
  number: readNumber,
  letter: readLetter,
  "yes or no": readYesNo,
  confidence: (text) => readConfidence(text, { scale: { min: 0, max: 100 } }),
  guesses: readGuesses,
  text: (text) => readAnswer(text, { kind: "text" }),
};

afterEach(() => vi.restoreAllMocks());

/** Code units that regular expressions and slices were given: what a reader looks at, but for what it looks at by index. */
function work(read: () => unknown): number {
  let calls = 0;
  const count = <T extends object>(owner: T, name: string) => {
    const original = Reflect.get(owner, name) as (...args: unknown[]) => unknown;
    vi.spyOn(owner as Record<string, () => unknown>, name).mockImplementation(function (
      this: unknown,
      ...args: unknown[]
    ) {
      const result = Reflect.apply(original, this, args);
      calls += 1 + (typeof result === "string" ? result.length : 0);
      return result;
    });
  };
  count(RegExp.prototype, "exec");
  count(String.prototype, "slice");
  count(String.prototype, "charAt");
  count(String.prototype, "charCodeAt");
  count(String.prototype, "indexOf");
  try {
    read();
  } finally {
    vi.restoreAllMocks();
  }
  return calls;
}

describe.each(Object.entries(readers))("%s", (_, read) => {
  // Four times the text; four squared would be 16. Pieces that are cut off at a length make it a little more than 4.
  it("does work in proportion to the text's length", () => {
    for (const piece of PIECES) {
      const text = (length: number) => piece.repeat(Math.ceil(length / piece.length));
      const [small, large] = [work(() => read(text(1000))), work(() => read(text(4000)))];
      expect([piece, large <= 6 * small + 1000]).toEqual([piece, true]);
    }
  });

  it("reads a megabyte of digits, and long texts of other things", () => {
    read("7".repeat(1e6));
    for (const piece of ["1,", "\\boxed{", "answer: ", "一", "\ud800"])
      read(piece.repeat(1e5 / piece.length));
  });
});

describe("marks that are not seen", () => {
  it("are no part of a number, and do not hide one", () => {
    expect(readNumber("\u202e\u200f4\u200b2\u202c")).toMatchObject({ value: 42, start: 2, end: 5 });
    expect(readNumber("4\u00002").value).toBe(2); // a control character parts them
    expect(readNumbers("\ufeff1,\u2060234")).toMatchObject([{ exact: "1234" }]);
    expect(readYesNo("\u200eYes").value).toBe(true);
  });

  it("never move what is found", () => {
    const noise = [
      "",
      "\u200f",
      "\u0000",
      "\ud83d\ude00",
      "\ud800",
      "ｆｕｌｌ",
      "\\,",
      "{,}",
      "\u00ad",
      "\u2028",
    ];
    for (const before of noise)
      for (const between of noise) {
        const text = `${before}The ${between}answer is １２，３４５${between} km`;
        for (const { start, end, text: own } of readNumbers(text)) expect(text.slice(start, end)).toBe(own);
        const read = readNumber(text);
        if (read.value !== null) expect(text.slice(read.start, read.end)).toBe(read.text);
      }
  });
});

it("has no value for numbers that no one means", () => {
  for (const text of [
    "9".repeat(400),
    "1e999",
    "10^9999",
    "2^99999",
    "一".repeat(400),
    "1/0",
    "9".repeat(1e6),
  ]) {
    const read = readNumber(`Answer: ${text}`);
    expect([text.slice(0, 9), read.value]).toEqual([text.slice(0, 9), null]);
  }
});

it("reads boxes a hundred thousand deep", () => {
  const depth = 100_000;
  expect(boxedAnswers("\\boxed{".repeat(depth))).toEqual([]);
  const all = boxedAnswers(`${"\\boxed{".repeat(1000)}42${"}".repeat(1000)}`);
  expect(all[0]!.text).toBe("42");
  expect(readNumber(`${"\\boxed{".repeat(1000)}42${"}".repeat(1000)}`).value).toBe(42);
});

/** Texts as words, sentences, and made comparable. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { longestCommon } from "./longest-common.ts";
import { normalisedText } from "./normalise.ts";
import { sentencesOf } from "./sentences.ts";
import { splitAtSpaces, words, wordsAndMarks } from "./words.ts";

describe("words", () => {
  it.each<[string, string[]]>([
    ["", []],
    [" \t\n\u3000", []],
    ["?! … — «»", []],
    ["Don't panic, it’s 42.", ["don't", "panic", "it’s", "42"]],
    ["It costs $1,234.50 (or 3.14%).", ["it", "costs", "$", "1,234.50", "or", "3.14"]],
    ["x = -5 + 3, well-known, a−b, −7", ["x", "=", "-5", "+", "3", "well", "known", "a", "−", "b", "−7"]],
    ["Yes 👍 no 👎🏽 🇫🇷 👩‍🚀", ["yes", "👍", "no", "👎🏽", "🇫🇷", "👩‍🚀"]],
    ["ＡＢＣ １２３", ["abc", "123"]],
    ["ÉCOLE cafe\u0301", ["école", "café"]],
    ["Москва — столица", ["москва", "столица"]],
    ["مرحبا بالعالم", ["مرحبا", "بالعالم"]],
    ["snake_case U+1F600", ["snake_case", "u", "+", "1f600"]],
    ["lone \ud800 surrogate", ["lone", "surrogate"]],
  ])("of %j", (text, expected) => {
    expect(words(text)).toEqual(expected);
  });

  it("cuts scripts that have no spaces, so that two Chinese answers share what they share", () => {
    const [a, b] = [words("法国的首都是巴黎。"), words("首都是里昂")];
    expect(a.length).toBeGreaterThan(3);
    expect(a.join("")).toBe("法国的首都是巴黎");
    expect(a.filter((word) => b.includes(word)).join("")).toContain("首都");
    expect(words("สวัสดีครับ").length).toBeGreaterThan(1);
    expect(words("我用iPhone 15拍照").join("")).toBe("我用iphone15拍照");
    expect(splitAtSpaces("法国的首都是巴黎。")).toEqual(["法国的首都是巴黎。"]);
  });

  it("has marks and contractions apart where they are asked for", () => {
    expect(wordsAndMarks("It's said they didn't sleep... (well-known!)")).toEqual([
      "it",
      "'s",
      "said",
      "they",
      "did",
      "n't",
      "sleep",
      "...",
      "(",
      "well",
      "-",
      "known",
      "!",
      ")",
    ]);
  });

  it("loses no letter or digit of any text", () => {
    const kept = (text: string) =>
      [...text.normalize("NFKC").toLowerCase()].filter((c) => /[\p{L}\p{N}]/u.test(c));
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(kept(words(text).join(" "))).toEqual(kept(text));
        expect(kept(wordsAndMarks(text).join(" "))).toEqual(kept(text));
      }),
    );
  });

  it("takes 1 MB without spaces or with", () => {
    expect(words("word ".repeat(200_000))).toHaveLength(200_000);
    expect(words("字".repeat(100_000)).join("")).toHaveLength(100_000);
    expect(words("a".repeat(1_000_000))).toHaveLength(1);
    expect(words("1,".repeat(500_000))).toHaveLength(1);
  });
});

describe("normalisedText", () => {
  it.each([
    [" Paris.\n", "paris"],
    ['"Paris"', "paris"],
    ["“巴黎”。", "巴黎"],
    ["(a) and (b)", "(a) and (b)"],
    ["(42)", "42"],
    ["-5", "-5"],
    ["+5", "+5"],
    ["50%", "50%"],
    ["$5.", "$5"],
    ["３．５", "3.5"],
    ["a  b\u00a0c", "a b c"],
    ["...", "..."],
    ["", ""],
    [" ", ""],
    ["''", "''"],
  ])("of %j is %j", (text, expected) => {
    expect(normalisedText(text)).toBe(expected);
  });

  it("changes nothing the second time", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(normalisedText(normalisedText(text))).toBe(normalisedText(text));
      }),
    );
  });
});

it("cuts sentences at their ends, in Chinese too", () => {
  expect(sentencesOf(" One. Two!  Three? ")).toEqual(["One.", "Two!", "Three?"]);
  expect(sentencesOf("第一句。第二句！")).toEqual(["第一句。", "第二句！"]);
  expect(sentencesOf("It is 3.14 long\n\nNext")).toEqual(["It is 3.14 long", "Next"]);
  expect(sentencesOf(" \n")).toEqual([]);
});

it("counts the longest common subsequence as the textbook does", () => {
  const textbook = (a: string[], b: string[]) => {
    let row = new Array<number>(b.length + 1).fill(0);
    for (const word of a) {
      const next = [0];
      for (const [j, other] of b.entries())
        next.push(word === other ? row[j]! + 1 : Math.max(row[j + 1]!, next[j]!));
      row = next;
    }
    return row[b.length]!;
  };
  const list = fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 130 });
  fc.assert(fc.property(list, list, (a, b) => void expect(longestCommon(a, b)).toBe(textbook(a, b))));
  const long = Array.from({ length: 10_000 }, (_, i) => String(i % 997));
  expect(longestCommon(long, long)).toBe(10_000);
});

/** Numbers as people and models write them. */
import { describe, expect, it } from "vitest";
import { type NumberMention, readNumbers } from "./index.ts";

const values = (text: string, style?: "english" | "european") =>
  readNumbers(text, { style }).map(({ exact }) => exact);

describe("one number", () => {
  it.each<[text: string, exact: string, form: NumberMention["form"]]>([
    ["42", "42", "digits"],
    ["42.", "42", "digits"],
    ["3.14", "157/50", "decimal"],
    [".5", "1/2", "decimal"],
    ["1,234", "1234", "thousands"],
    ["1,234,567.89", "123456789/100", "thousands"],
    ["1.234,56", "30864/25", "thousands"],
    ["1.234.567", "1234567", "thousands"],
    ["0,75", "3/4", "decimal-comma"],
    ["18,5", "37/2", "decimal-comma"],
    ["12,34,567", "1234567", "thousands"],
    ["1,2345,6789", "123456789", "thousands"],
    ["1 234 567", "1234567", "thousands"],
    ["1\u202f234,5", "2469/2", "thousands"],
    ["1'234'567", "1234567", "thousands"],
    ["1’234", "1234", "thousands"],
    ["1{,}234", "1234", "thousands"],
    ["1\\,234", "1234", "thousands"],
    ["１，２３４．５", "2469/2", "thousands"],
    ["٤٢", "42", "digits"],
    ["-5", "-5", "digits"],
    ["−5", "-5", "digits"],
    ["－５", "-5", "digits"],
    ["-$5", "-5", "digits"],
    ["$-5", "-5", "digits"],
    ["3/4", "3/4", "fraction"],
    ["6/8", "3/4", "fraction"],
    ["3⁄4", "3/4", "fraction"],
    ["-3/4", "-3/4", "fraction"],
    ["½", "1/2", "fraction"],
    ["1 1/2", "3/2", "mixed"],
    ["1½", "3/2", "mixed"],
    ["-1 1/2", "-3/2", "mixed"],
    ["\\frac{3}{4}", "3/4", "latex-fraction"],
    ["\\dfrac34", "3/4", "latex-fraction"],
    ["-\\frac{3}{4}", "-3/4", "latex-fraction"],
    ["3\\frac{1}{2}", "7/2", "mixed"],
    ["1.5e3", "1500", "scientific"],
    ["2E-3", "1/500", "scientific"],
    ["1.5 × 10^3", "1500", "scientific"],
    ["1.5 \\times 10^{-2}", "3/200", "scientific"],
    ["6×10⁵", "600000", "scientific"],
    ["2^10", "1024", "power"],
    ["10³", "1000", "power"],
    ["50%", "1/2", "digits"],
    ["50 percent", "1/2", "digits"],
    ["50\\%", "1/2", "digits"],
    ["12.5 %", "1/8", "decimal"],
    ["5‰", "1/200", "digits"],
    ["5 per mille", "1/200", "digits"],
    ["5 million", "5000000", "digits"],
    ["3.5 billion", "3500000000", "decimal"],
    ["10k", "10000", "digits"],
    ["$5M", "5000000", "digits"],
    ["二十三", "23", "chinese"],
    ["十", "10", "chinese"],
    ["十二", "12", "chinese"],
    ["一百零五", "105", "chinese"],
    ["三百五", "350", "chinese"],
    ["一万二", "12000", "chinese"],
    ["一万零二", "10002", "chinese"],
    ["两千三百万", "23000000", "chinese"],
    ["一亿二千万", "120000000", "chinese"],
    ["二〇二六", "2026", "chinese"],
    ["壹佰贰拾叁", "123", "chinese"],
    ["三点一四", "157/50", "chinese"],
    ["负二十", "-20", "chinese"],
    ["3.5万", "35000", "chinese"],
    ["1万2千", "12000", "chinese"],
    ["1,200万", "12000000", "chinese"],
    ["三分之二", "2/3", "chinese-fraction"],
    ["3分之2", "2/3", "chinese-fraction"],
    ["二又三分之一", "7/3", "chinese-fraction"],
    ["百分之八十五", "17/20", "chinese-fraction"],
    ["百分之85.5", "171/200", "chinese-fraction"],
    ["百分百", "1", "chinese-fraction"],
    ["千分之五", "1/200", "chinese-fraction"],
    ["一半", "1/2", "chinese-fraction"],
    ["八成", "4/5", "chinese-tenths"],
    ["8成", "4/5", "chinese-tenths"],
    ["九成五", "19/20", "chinese-tenths"],
    ["九成半", "19/20", "chinese-tenths"],
    ["twenty-three", "23", "words"],
    ["one hundred and five", "105", "words"],
    ["two thousand three hundred", "2300", "words"],
    ["minus five", "-5", "words"],
    ["three point one four", "157/50", "words"],
    ["three quarters", "3/4", "words"],
    ["two and a half", "5/2", "words"],
    ["ninety percent", "9/10", "words"],
  ])("%s is %s (%s)", (text, exact, form) => {
    expect(readNumbers(text).map((found) => [found.exact, found.form])).toEqual([[exact, form]]);
    expect(readNumbers(`It is ${text} .`).map((found) => found.exact)).toEqual([exact]);
  });

  it.each<[text: string, unit: string]>([
    ["$5", "$"],
    ["5 €", "€"],
    ["￥５", "¥"],
    ["5 km", "km"],
    ["100m2", "m2"],
    ["三百元", "元"],
    ["20公里", "公里"],
    ["85 %", "%"],
    ["3 hours", "hours"],
  ])("%s has the unit %s", (text, unit) => {
    expect(readNumbers(text)).toEqual([expect.objectContaining({ unit })]);
  });

  it("says where it stands in the text as it was given", () => {
    const text = "so \u200fit\u200f is １，２３４ 元。";
    const [found] = readNumbers(text);
    expect(found).toMatchObject({ exact: "1234", text: "１，２３４ 元" });
    expect(text.slice(found!.start, found!.end)).toBe(found!.text);
  });

  it("is exact beyond the precision of a double", () => {
    expect(values("9007199254740993 and 9007199254740992")).toEqual(["9007199254740993", "9007199254740992"]);
  });
});

describe("several numbers, or none", () => {
  it.each<[text: string, ...exact: string[]]>([
    ["10-5", "10", "5"],
    ["80-90", "80", "90"],
    ["1,2,3", "1", "2", "3"],
    ["(1,2)", "1", "2"],
    ["3 apples and 4 pears", "3", "4"],
    ["x2, H2O, G1 and 3fa4b"],
    ["at 12:30 on 2026-11-30, 3/4/2026"],
    ["version 1.2.3 or 10.0.0.1"],
    ["the 3rd, the 21st, 第三"],
    ["no one knows, one of them"],
    ["十分, 万一, 千万不要, 一定, 一样, 统一"],
    ["3/0"],
    ["- 5 apples", "5"],
    ["a - 5", "5"],
    ["twenty, thirty", "20", "30"],
  ])("%s", (text, ...exact) => {
    expect(values(text)).toEqual(exact);
  });

  it("leaves out what may be two numbers", () => {
    expect(values("1,2345")).toEqual([]);
  });

  it("reads points and commas as the rest of the text does", () => {
    expect(values("1.234,50 € und 2.469 €")).toEqual(["2469/2", "2469"]);
    expect(values("1,234.50 and 2.469")).toEqual(["2469/2", "2469/1000"]);
    expect(values("2.469", "european")).toEqual(["2469"]);
    expect(values("2,469", "european")).toEqual(["2469/1000"]);
    expect(values("2,469")).toEqual(["2469"]);
  });
});

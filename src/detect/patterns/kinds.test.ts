/** Of each kind the forms that look like it, and are none. */
import { describe, expect, it } from "vitest";
import { detectPatterns, PATTERN_KINDS } from "./index.ts";

const kindsOf = async (answer: string, texts: readonly string[] = []) => {
  const documents = texts.length === 0 ? undefined : texts.map((text, i) => ({ name: `d${i}`, text }));
  const { findings } = await detectPatterns().examine({ answer, documents });
  return findings.map(({ kind, start, end }) => `${kind}: ${answer.slice(start, end)}`);
};

describe("without documents", () => {
  it.each([
    ["8p = 5p + 3000", []],
    ["8 x 1 1/2 = 12 rolls", []],
    ["Third: 13(2)=26", []],
    ["In base 2, 1 + 1 = 10.", []],
    ["0.1 + 0.2 = 0.30000000000000004", []],
    ["2/3 = 0.67 and 2/3 = 0.66", []],
    ["2/3 = 0.68", ["arithmetic-wrong: 2/3 = 0.68"]],
    ["2 + 3 × 4 = 20", ["arithmetic-wrong: 2 + 3 × 4 = 20"]],
    ["(2 + 3) × 4 = 20", []],
    ["2 + 3 × 4 = 14 = 2 × 7", []],
    ["$5 + $7 = $13", ["arithmetic-wrong: $5 + $7 = $13"]],
    ["12 plus 7 is 20.", ["arithmetic-wrong: 12 plus 7 is 20"]],
    ["The sum of 17, 3 and 26 is 45.", ["arithmetic-wrong: sum of 17, 3 and 26 is 45"]],
    ["17和26的和是45。", ["arithmetic-wrong: 17和26的和是45"]],
    ["It is false that 2 + 2 = 5.", []],
    ["二月三十日", ["date-impossible: 二月三十日"]],
    ["31/06/2019", ["date-impossible: 31/06/2019"]],
    ["12/25/2019 and 25/12/2019", []],
    ["version 2023-13-01.4", []],
    ["29 February 1500", []],
    ["Tuesday, 4 July 1776", ["weekday-contradicts-date: Tuesday, 4 July 1776"]],
    ["Thursday, 4 July 1776", []],
    ["Edmonton Sun, August 16, 2008", []],
    ["In May 40 students came.", []],
    ["He beat her 85:72 and 25:61.", []],
    ["at 9:75 pm", ["time-impossible: 9:75"]],
    ["用时25时30分", []],
    ["第25点61分", []],
    [
      "- Split into:\n\nIt is split into the following:\n- A: 60%\n- B: 50%\n",
      ["percentages-do-not-sum: 60%\n- B: 50%"],
    ],
    ["It is split into the following:\n- A: 33.3%\n- B: 33.3%\n- C: 33.3%\n", []],
    ["Sales grew by 120% to 110% of the plan.", []],
    ["see http://localhost:80/x and https://例子.中国/路", []],
    ["http://256.1.1.1/", ["url-malformed: http://256.1.1.1/"]],
    ["https://a.b:99999/", ["url-malformed: https://a.b:99999/"]],
    ["doi:10.1002/(SICI)1097-4571(199806)49:8<693::AID-ASI4>3.0.CO;2-O", []],
    ["https://doi.org/10.5555/12345678", ["doi-implausible: 10.5555/12345678"]],
    [
      "arXiv:0703.1234, arXiv:1412.12345",
      ["arxiv-impossible: arXiv:0703.1234", "arxiv-impossible: arXiv:1412.12345"],
    ],
    ["hep-th/9913001", ["arxiv-impossible: hep-th/9913001"]],
    ['He said "I cannot help you" and left.', []],
    ["I can't help but admire it.", []],
    ["好的好的好的好的。", ["repetition-loop: 好的好的好的好的"]],
    ["哈哈哈哈哈哈哈哈", []],
  ])("%j", async (answer, expected) => expect(await kindsOf(answer)).toEqual(expected));
});

describe("with documents", () => {
  it.each([
    ["It is 1.41 km long.", "It is 1,410 metres long.", []],
    ["It is 1.5 km long.", "It is 1,410 metres long.", ["number-not-in-context: 1.5 km"]],
    ["They sold 5 apples.", "Ann sold 2 apples and Bob 3 apples.", []],
    ["They sold 7 apples.", "Ann sold 2 apples and Bob 3 apples.", ["number-not-in-context: 7"]],
    ["See Figure 3 and version 2.1 of 7 pages.", "There are 9 pages.", ["number-not-in-context: 7"]],
    ["It happened on 24 May 1990.", "It happened on 25 May 1990.", ["number-not-in-context: 24 May 1990"]],
    [
      "The NASA probe landed.",
      "The National Aeronautics and Space Administration sent a probe that landed.",
      [],
    ],
    ["The Norwegian king was there.", "The king of Norway was there.", []],
    ["Der König wohnte in Trondheim.", "The king of Norway was there in the city.", []],
    ["The king lived in Trondheim.", "国王住在奥斯陆。", []],
  ])("%j of %j", async (answer, text, expected) => expect(await kindsOf(answer, [text])).toEqual(expected));
});

it("refuses kinds that there are not", () => {
  expect(() => detectPatterns({ kinds: [...PATTERN_KINDS, JSON.parse('"refusals"')] })).toThrow(
    /Did you mean "refusal"/,
  );
});

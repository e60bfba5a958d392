import { parse } from "csv-parse/sync";
import { expect, it } from "vitest";
import { table } from "./csv.ts";

it.each([
  ["=HYPERLINK(1)", "'=HYPERLINK(1)"],
  ["+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"],
  ["-2+3", "'-2+3"],
  ["@SUM(A1)", "'@SUM(A1)"],
  [" =1+1", "' =1+1"],
  ["＝1+1", "'＝1+1"],
  ["a;=1+1;b", "a;'=1+1;b"],
  ['a; "=1+1";@b;c-d; e', `a;' "=1+1";'@b;c-d; e`],
  ['"=1+1', `'"=1+1`],
  ["﹦1+1", "'﹦1+1"],
  ["\t=1", "⇥=1"],
  ["a\u001b[31m", "a␛[31m"],
  ["-1.5e-3", "-1.5e-3"],
  ["smollm2", "smollm2"],
  ['a "b", c', 'a "b", c'],
])("a text is shown in a spreadsheet and not carried out: %j", (text, expected) => {
  const [, [field, number] = []] = parse(table([{ text, number: -1.5 }])) as string[][];
  expect([field, number]).toEqual([expected, "-1.5"]);
});

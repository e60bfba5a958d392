/** Shares that a text works out, and gets wrong: "15 % of 240 is 32", "half of 90 is 40", "240\u768415%\u662f32". */
import { type Found, quote } from "./rule.ts";

const NUMBER = "\\d{1,3}(?:,\\d{3})+(?:\\.\\d{1,6})?|\\d{1,12}(?:\\.\\d{1,6})?";
const MONEY = "(?:[$\u20ac\u00a3\u00a5]\\s?)?";
/** What is counted, once or twice: "of 240 people is 36". */
const NOUN = "(?:\\s\\p{Ll}{1,14}){0,2}?";
const ENGLISH = new RegExp(
  `(?<![\\p{L}\\d.,/-])(?:(?:(${NUMBER})\\s?(?:%|percent\\b|per cent\\b))|\\b(half|(?:a|one)[\\s-]third|two[\\s-]thirds|(?:a|one)[\\s-]quarter|three[\\s-]quarters))\\sof\\s${MONEY}(${NUMBER})(?![\\d%])${NOUN}\\s(?:is|are|=|equals|makes|gives)\\s${MONEY}(${NUMBER})(?![\\d%]|\\.\\d|,\\d|\\s?(?:%|percent|per cent|million|billion|thousand|k\\b|m\\b|more|less|times|of\\b|[+*/\u00d7\u00f7=<>^-]))`,
  "giu",
);
const CHINESE = new RegExp(
  `(?<![\\d.,])(${NUMBER})\\s?\\p{Script=Han}?\u7684(?:(${NUMBER})\\s?[%\uff05]|(\u4e00\u534a|\u4e09\u5206\u4e4b\u4e00|\u56db\u5206\u4e4b\u4e00|\u4e09\u5206\u4e4b\u4e8c|\u56db\u5206\u4e4b\u4e09))(?:\u662f|\u4e3a|\u7b49\u4e8e|=)\\s?(${NUMBER})(?![\\d.,%\uff05\u4e07\u4ebf\u5343\u767e]|\\s?[+*/\u00d7\u00f7=-])`,
  "gu",
);
const FRACTIONS: readonly (readonly [RegExp, number])[] = [
  [/half|\u4e00\u534a/iu, 1 / 2],
  [/two.thirds|\u4e09\u5206\u4e4b\u4e8c/iu, 2 / 3],
  [/three.quarters|\u56db\u5206\u4e4b\u4e09/iu, 3 / 4],
  [/third|\u4e09\u5206\u4e4b\u4e00/iu, 1 / 3],
  [/quarter|\u56db\u5206\u4e4b\u4e00/iu, 1 / 4],
];

const readNumber = (text: string): number => Number(text.replaceAll(",", ""));
const fractionOf = (text: string): number => FRACTIONS.find(([name]) => name.test(text))?.[1] ?? Number.NaN;

/** @param text a sentence without quotes that claims what it says */
export function sharesOf(text: string): Found[] {
  if (!/\bof\s\S?\s?\d|\d\S?\u7684/.test(text)) return [];
  const english = [...text.matchAll(ENGLISH)].map((match) =>
    faultOf(match, match[1], match[2], match[3]!, match[4]!),
  );
  const chinese = [...text.matchAll(CHINESE)].map((match) =>
    faultOf(match, match[2], match[3], match[1]!, match[4]!),
  );
  return [...english, ...chinese].filter((found) => found !== null);
}

/** `null`: right, but for rounding to the places that are given, or to two digits. */
function faultOf(
  match: RegExpExecArray,
  percent: string | undefined,
  fraction: string | undefined,
  whole: string,
  said: string,
): Found | null {
  const share = percent === undefined ? fractionOf(fraction!) : readNumber(percent) / 100;
  const result = Number((share * readNumber(whole)).toPrecision(12));
  const decimals = said.split(".")[1]?.length ?? 0;
  if (!Number.isFinite(result) || Math.abs(result - readNumber(said)) <= 10 ** -decimals * (1 - 1e-9))
    return null;
  return {
    kind: "arithmetic-wrong",
    start: match.index,
    end: match.index + match[0].length,
    strength: 0.9,
    because: `${quote(match[0])} is wrong: it is ${result}.`,
    details: { result },
  };
}

/** Numbers as steps write them: 1,200 = 1200, 3/4 = 0.75 = 75%, "twelve", 十二; each by one name, its exact value without a sign. */
import { nameOfValue, readExpression } from "./expression.ts";

/** A number that stands in a text. "3/4" is three of them: 3, 4 and 0.75; "50%" two: 50 and 0.5. */
export interface NumberPlace {
  /** UTF-16 code units from the beginning of the text. */
  start: number;
  end: number;
  /** Its value without a sign: a decimal where it ends, else a fraction, "1/3". */
  name: string;
  /** Only reckoned with ("divide by 3"): it states nothing. */
  isOperand: boolean;
}

/** By itself: not a part of a word, of a date or of a longer number. Thousands may be parted by commas. */
const NUMBER =
  /(?<![A-Za-z\p{N}_.])(?:\d+(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?(?!\.\d)(?:[eE][-+]?\d{1,2}(?![\w.]))?)/gu;
/** Written as a fraction of two whole numbers, or with a whole number before it: 1 1/2. No date, no tower of fractions. */
const FRACTION =
  /(?<![A-Za-z\p{N}_.])(?<![\^/]\s{0,2})(?:(?<whole>\d{1,6})[ \u00a0])?(?<over>\d{1,9})\s?\/\s?(?<under>\d{1,9})(?![\p{N}_]|[.,]\d|\s*[/^])/gu;
/** As `plainOperators` writes what LaTeX has as a fraction. */
const DISPLAYED = /\(\((?<over>\d{1,9})\)\/\((?<under>\d{1,9})\)\)/g;
/** 1 200, with a space of any width. */
const SPACED = /(?<![A-Za-z\p{N}_.,]|\d )\d{1,3}(?:[ \u00a0\u2009\u202f]\d{3})+(?![\p{N}_]|[.,]\d| \d)/gu;
/** 2 thousand, 1.5 million, 3万; 千克 and 千米 are units. */
const MAGNITUDE =
  /(?<![A-Za-z\p{N}_.])(?<digits>\d+(?:\.\d+)?)\s?(?:(?<word>hundred|thousand|million|billion)\b|(?<han>[百千万亿])(?![克米瓦帕里分]))/giu;
const MAGNITUDES: Readonly<Record<string, string>> = {
  hundred: "100",
  thousand: "1000",
  million: "1000000",
  billion: "1000000000",
  百: "100",
  千: "1000",
  万: "10000",
  亿: "100000000",
};

/** 2026-11-30, 30/11/2026, 12:30. */
const DATE = /(?<![\p{N}.])(?:\d{4}-\d{2}-\d{2}|\d{1,2}\/\d{1,2}\/\d{4}|\d{1,2}:[0-5]\d)(?![\p{N}]|\.\d)/gu;
/** x^2, (a+b)^2, cm^2: the exponent of something that is no number is a part of its name. So is an index, x_{1}. */
const EXPONENT = /(?:[A-Za-zα-ωΑ-Ω)\]}]\s?\^\s?\{?|_\{)$/u;
/** "2 equations", "both of the 2 sides", "3-digit": counts of the solution itself, no values. */
const COUNTED =
  /^(?:\s|-)?(?:equations?|sides?|cases?|steps?|ways?|methods?|terms?|unknowns?|variables?|decimals?|digits?|roots?|solutions?|(?:个|种|位|条)?(?:方程|步骤?|方法|情况|小数|未知数))(?![A-Za-z])/iu;
const OPERAND =
  /(?:\b(?:by|times|plus|minus|over|add(?:ing)?|subtract(?:ing)?|(?:to the )?power(?: of)?)|乘以?|除以|加上?|减去?)\s*[$¥€£]?-?$/iu;
const REACH = 24;

/** All of them, from left to right; of several that begin at one place the longest first. */
export function numbersIn(text: string): NumberPlace[] {
  const plain = plainDigits(text).replaceAll(DATE, (date) => " ".repeat(date.length));
  const places: NumberPlace[] = [];
  const say = (start: number, end: number, name: string) => {
    const before = plain.slice(Math.max(0, start - REACH), start);
    if (EXPONENT.test(before) || COUNTED.test(plain.slice(end, end + REACH))) return;
    places.push({ start, end, name, isOperand: OPERAND.test(before) });
  };
  if (/\d/.test(plain)) digitsIn(plain, say);
  wordsIn(plain, say);
  places.sort((a, b) => a.start - b.start || b.end - a.end);
  // The 3 and 4 of 3/4 are reckoned with; the 50 of 50% is said.
  for (const [i, { start, end }] of places.entries())
    for (let p = i + 1; plain[end - 1] !== "%" && p < places.length && places[p]!.start < end; p++) {
      const part = places[p]!;
      if (part.end <= end && part.end - part.start < end - start) part.isOperand = true;
    }
  return places;
}

type Say = (start: number, end: number, name: string) => void;

function digitsIn(text: string, say: Say): void {
  for (const { 0: found, index } of text.matchAll(NUMBER)) {
    const end = index + found.length;
    say(index, end, numberName(found));
    if (text[end] === "%") say(index, end + 1, numberName(`${found}%`));
  }
  const fractions = text.includes("/") ? [...text.matchAll(FRACTION), ...text.matchAll(DISPLAYED)] : [];
  for (const { 0: found, index, groups } of fractions) {
    const { whole, over, under } = groups as Record<string, string | undefined>;
    const value = readExpression(`${whole ?? 0}+${over}/${under}`)?.value;
    if (value?.includes("/")) say(index, index + found.length, nameOfValue(value)); // 12/4 is a sum, not a way to write 3
  }
  for (const { 0: found, index } of text.matchAll(SPACED))
    say(index, index + found.length, numberName(found.replaceAll(/\s/g, "")));
  for (const { 0: found, index, groups } of text.matchAll(MAGNITUDE)) {
    const size = MAGNITUDES[groups!.word?.toLowerCase() ?? groups!.han!]!;
    say(index, index + found.length, valueName(`${groups!.digits}*${size}`));
  }
}

/**
 * Whether one name is the other, rounded: 3.33 of 3.333. At least two decimals have to be left, which are not alike by chance.
 */
export function isRounded(short: string, long: string): boolean {
  const [, decimals = ""] = short.split(".");
  const [, more = ""] = long.split(".");
  if (short.includes("/") || decimals.length < 2 || more.length <= decimals.length) return false;
  return Math.abs(Number(short) - Number(long)) <= 0.500001 * 10 ** -decimals.length;
}

/** Digits and marks of East Asian width as those of ASCII; as long as the text. */
const plainDigits = (text: string): string =>
  text.replaceAll(/[０-９．％＝]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0));

/** Whether a text is a number and nothing else, signs, currency and percent aside. */
export function isNumber(text: string): boolean {
  const isWritten =
    /^[-+(\s]*(?:\d[\d,]*(?:\.\d+)?%?|\d+\s?\/\s?\d+)[)\s]*$|^\s*-?\(\(\d+\)\/\(\d+\)\)\s*$/.test(text);
  return isWritten && (!text.includes("/") || readExpression(text)?.value?.includes("/") === true); // 12/4 is a sum
}

/**
 * Numbers that are written in digits, as one name, without a sign: "-16" and "- 16" are written alike. Zeros in front and behind the point
 * do not count. What is no number is its own name.
 */
export function numberName(text: string): string {
  const bare = text.replaceAll(/[-+()\s,$¥€£]/g, "");
  const simple = /^0*(\d+)(?:\.(\d*?)0*)?$/.exec(bare);
  if (simple) return simple[1] + (simple[2] ? `.${simple[2]}` : "");
  const power = /^(.*)[eE]([-+]?\d+)$/.exec(text);
  return valueName(power ? `${power[1]}*10^${power[2]}` : bare);
}

function valueName(expression: string): string {
  const value = readExpression(expression)?.value;
  return value == null ? expression : nameOfValue(value);
}

const ONES =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(
    " ",
  );
const TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split(" ");
const PARTS: Readonly<Record<string, number>> = {
  third: 3,
  quarter: 4,
  fourth: 4,
  fifth: 5,
  sixth: 6,
  eighth: 8,
  tenth: 10,
};
const ONE = `(?:${[...ONES].reverse().join("|")})`;
const TEN = `(?:${TENS.join("|")})`;
const UNDER_HUNDRED = `(?:${TEN}(?:[- ]${ONE})?|${ONE})`;
/** One is seldom a number in English, and no word before "hundred" or a part is needed. */
const WORDS = new RegExp(
  String.raw`\b(?:(?<half>half|halves)|(?<dozen>(?:a |two |three )?dozen)|(?:(?<hundreds>${ONE}|a) hundred(?:(?: and)? (?<low>${UNDER_HUNDRED}))?|(?<small>${UNDER_HUNDRED}))(?:[- ](?<part>thirds?|quarters?|fourths?|fifths?|sixths?|eighths?|tenths?))?)\b`,
  "giu",
);
const MAYBE_WORDS = new RegExp(String.raw`\b(?:${TEN}|${ONE}|half|halves|dozen|hundred)`, "iu");

function wordsIn(text: string, say: Say): void {
  if (MAYBE_WORDS.test(text))
    for (const { 0: found, index, groups } of text.matchAll(WORDS)) {
      const name = wordName(groups as Record<string, string | undefined>);
      if (name !== null) say(index, index + found.length, name);
    }
  if (/[一二两三四五六七八九十百半]/.test(text)) hanIn(text, say);
}

function wordName(groups: Readonly<Record<string, string | undefined>>): string | null {
  const { hundreds, part, half, dozen } = groups;
  if (half !== undefined) return "0.5";
  if (dozen !== undefined) return `${12 * (/two/i.test(dozen) ? 2 : /three/i.test(dozen) ? 3 : 1)}`;
  const low = groups.low ?? groups.small;
  const value =
    (hundreds === undefined ? 0 : 100 * under100(hundreds)) + (low === undefined ? 0 : under100(low));
  if (part !== undefined) return valueName(`${value}/${PARTS[part.toLowerCase().replace(/s$/, "")]}`);
  return value < 2 ? null : `${value}`;
}

function under100(word: string): number {
  const [first = "", second = ""] = word.toLowerCase().split(/[- ]/);
  if (first === "a") return 1;
  const tens = TENS.indexOf(first);
  return tens < 0 ? ONES.indexOf(first) : (tens + 2) * 10 + (second === "" ? 0 : ONES.indexOf(second));
}

const HAN_DIGITS = "零一二三四五六七八九";
const hanDigit = (text: string): number => (text === "两" ? 2 : HAN_DIGITS.indexOf(text));
/** Of a single character it must be clear that it is a number: 三角形 and 十分 are words. */
const HAN =
  /(?<![第百千万亿零一二两三四五六七八九十之])(?:(?<under>[二三四五六七八九十])分之(?<over>[一二三四五六七八九])|(?<half>一半)|(?<hundreds>[一二两三四五六七八九])百(?:零(?<small>[一二三四五六七八九])|(?<tens>[一二三四五六七八九])十(?<ones>[一二三四五六七八九])?)?|(?<ten>[二三四五六七八九])?十(?<one>[一二三四五六七八九])?(?=[^分字全足]|$)|(?<single>[二两三四五六七八九])(?=[个只条元块人本支张辆天年斤米颗件箱瓶倍]))(?![百千万亿零一二三四五六七八九十])/gu;

function hanIn(text: string, say: Say): void {
  for (const { 0: found, index, groups } of text.matchAll(HAN)) {
    const { under, over, half, hundreds, small, tens, ones, ten, one, single } = groups as Record<
      string,
      string | undefined
    >;
    const digit = (character: string | undefined, missing = 0) =>
      character === undefined ? missing : hanDigit(character);
    const name =
      half !== undefined
        ? "0.5"
        : under !== undefined
          ? valueName(`${digit(over)}/${under === "十" ? 10 : digit(under)}`)
          : hundreds !== undefined
            ? `${digit(hundreds) * 100 + digit(small) + digit(tens) * 10 + digit(ones)}`
            : `${single !== undefined ? digit(single) : digit(ten, 1) * 10 + digit(one)}`;
    say(index, index + found.length, name);
  }
}

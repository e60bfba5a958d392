/** Every number that a text mentions, in English and Chinese, with where it stands. One pass, linear in the text's length. */
import { chineseAt, isChineseNumeral, isChineseUnit } from "./chinese.ts";
import { digitsAt, type NumberStyle, styleOf } from "./digits.ts";
import type { Place } from "./extraction.ts";
import { type Prepared, prepare } from "./prepared.ts";
import {
  canonical,
  decimal,
  negative,
  over,
  power,
  type Rational,
  times,
  toNumber,
  whole,
} from "./rational.ts";
import { behind, type Suffix } from "./suffixes.ts";
import { isLoneNumeral, ORDINAL } from "./surroundings.ts";
import { wordNumbers } from "./words.ts";

/** How a number is written. */
export type NumberForm =
  | "digits"
  | "decimal"
  | "thousands"
  | "decimal-comma"
  | "scientific"
  | "power"
  | "fraction"
  | "mixed"
  | "latex-fraction"
  | "chinese"
  | "chinese-fraction"
  | "chinese-tenths"
  | "words";

/** A number in a text. */
export interface NumberMention extends Place {
  /** As a double; of a percentage its share: 85 % is 0.85. */
  value: number;
  /** Exactly, in lowest terms: "17/20", "42". Equal for equal numbers. */
  exact: string;
  form: NumberForm;
  /** "%", "‰", a currency or one of the units that are known; `null`: none. A percentage's sign is in `value` already. */
  unit: string | null;
  /** Of "90/100": [90, 100], as written. */
  fraction: readonly [numerator: number, denominator: number] | null;
}

/** Options of `readNumbers`. */
export interface NumberOptions {
  /** What "1.234" and "1,234" are. Default "auto". */
  style?: NumberStyle | undefined;
}

/** A mention as the readers of this room need it. */
export interface Mention {
  /** Offsets in the prepared text. */
  start: number;
  end: number;
  value: Rational | null;
  /** Without the sign of a share: 85 of "85 %". */
  written: Rational | null;
  form: NumberForm;
  unit: string | null;
  fraction: readonly [number, number] | null;
  /** More often a part of a word than a number: "one", 一. */
  lone: boolean;
  /** "3rd", 第三: a place in a row. */
  ordinal: boolean;
}

/** Numbers of a text, in order; a place in a row ("3rd"), times, dates and versions are none. */
export function readNumbers(text: string, options: NumberOptions = {}): NumberMention[] {
  const prepared = prepare(text);
  return mentionsOf(prepared, options.style)
    .filter(({ value, lone, ordinal }) => value !== null && !lone && !ordinal)
    .map((mention) => published(prepared, mention));
}

/** @param mention with a value. */
export function published(prepared: Prepared, mention: Mention): NumberMention {
  const { start, end, form, unit, fraction } = mention;
  const value = mention.value!;
  return {
    ...prepared.place(start, end),
    value: toNumber(value),
    exact: canonical(value),
    form,
    unit,
    fraction,
  };
}

const BEGINNING = /[\d.½¼¾⅐-⅞零〇一二三四五六七八九十百千万亿两壹贰叁肆伍陆柒捌玖拾佰仟兩貳參陸萬億负負\\]/g;

/** All mentions, in order; `value` is `null` of what is written as a number and is none, such as 1/0 or a thousand digits. */
export function mentionsOf({ text }: Prepared, style: NumberStyle = "auto"): Mention[] {
  const own = styleOf(text, style);
  const found: Mention[] = [];
  let at = 0;
  for (;;) {
    BEGINNING.lastIndex = at;
    const begins = BEGINNING.exec(text);
    if (!begins) break;
    const here = readAt(text, begins.index, own);
    for (const mention of here.mentions) found.push(mention); // there may be a million
    at = Math.max(here.end, begins.index + 1);
  }
  const words: Mention[] = wordNumbers(text).map(({ start, end, value, lone }) => {
    const share = behind(text, end);
    const unit = share?.unit ?? null;
    const written = value;
    return {
      start,
      end: share ? share.end : end,
      value: share ? scaled(value, share) : value,
      written,
      form: "words",
      unit,
      fraction: null,
      lone,
      ordinal: false,
    };
  });
  return words.length === 0 ? found : merged(found, words);
}

/** In order; "3.5 million" begins with digits, and its words are no number of their own. */
function merged(numbers: readonly Mention[], words: readonly Mention[]): Mention[] {
  const all = [...numbers, ...words].sort((a, b) => a.start - b.start);
  return all.filter((mention, i) => i === 0 || mention.start >= all[i - 1]!.end);
}

interface Here {
  end: number;
  mentions: Mention[];
}

const nothing = (end: number): Here => ({ end, mentions: [] });

function readAt(text: string, at: number, style: "english" | "european"): Here {
  const character = text[at]!;
  if (character === "\\") return latexFractionAt(text, at);
  if (VULGAR[character]) return vulgarAt(text, at);
  if (isChineseNumeral(character) || character === "负" || character === "負") return chineseHere(text, at);
  if (character === "." && (!isDigitAt(text, at + 1) || isDigitAt(text, at - 1))) return nothing(at + 1);
  return digitsHere(text, at, style);
}

const isDigitAt = (text: string, at: number): boolean =>
  text.charCodeAt(at) >= 0x30 && text.charCodeAt(at) <= 0x39;

function chineseHere(text: string, at: number): Here {
  const number = chineseAt(text, at);
  if (!number) return nothing(at + 1);
  const { end, value, rule, unit } = number;
  const first = at + (text[at] === "负" || text[at] === "負" ? 1 : 0);
  const hasDigits = /[\d]/.test(text[first]!);
  // 百, 千万 and 亿 without a number before them are words.
  if (!hasDigits && isChineseUnit(text[first]!) && !"十拾".includes(text[first]!) && rule === "chinese")
    return nothing(end);
  const suffix = behind(text, end);
  const plain: Suffix | null = unit === null ? suffix : null;
  return {
    end: plain?.end ?? end,
    mentions: [
      {
        start: at,
        end: plain?.end ?? end,
        value: value && plain ? scaled(value, plain) : value,
        written: value && unit === "%" ? times(value, whole(100)) : value,
        form: rule,
        unit: unit ?? plain?.unit ?? null,
        fraction: null,
        lone: rule === "chinese" && isLoneNumeral(text, at, end, number.lone),
        ordinal: ORDINAL.test(text.slice(Math.max(0, at - 1), at)),
      },
    ],
  };
}

const scaled = (value: Rational, { divides, multiplies }: Suffix): Rational =>
  times(value, { n: multiplies ?? 1n, d: divides ?? 1n });

/** Code points of one character: a half, thirds, and so on. */
const VULGAR: Readonly<Record<string, readonly [number, number]>> = {
  "½": [1, 2],
  "⅓": [1, 3],
  "⅔": [2, 3],
  "¼": [1, 4],
  "¾": [3, 4],
  "⅕": [1, 5],
  "⅖": [2, 5],
  "⅗": [3, 5],
  "⅘": [4, 5],
  "⅙": [1, 6],
  "⅚": [5, 6],
  "⅐": [1, 7],
  "⅛": [1, 8],
  "⅜": [3, 8],
  "⅝": [5, 8],
  "⅞": [7, 8],
  "⅑": [1, 9],
  "⅒": [1, 10],
};

function vulgarAt(text: string, at: number): Here {
  const [n, d] = VULGAR[text[at]!]!;
  const value = signed({ n: BigInt(n), d: BigInt(d) }, text, at);
  return one(text, signStart(text, at), at + 1, value, "fraction", [n, d]);
}

const FRACTION =
  /\\[dt]?frac {0,2}(?:\{ {0,2}(-?[\d.]{1,40}) {0,2}\}|(\d)) {0,2}(?:\{ {0,2}(-?[\d.]{1,40}) {0,2}\}|(\d))/y;

interface WrittenFraction {
  end: number;
  value: Rational | null;
  fraction: readonly [number, number];
}

function fractionOf(text: string, at: number): WrittenFraction | null {
  FRACTION.lastIndex = at;
  const match = FRACTION.exec(text);
  if (!match) return null;
  const [upper, lower] = [signedDecimal(match[1] ?? match[2]!), signedDecimal(match[3] ?? match[4]!)];
  const value = upper && lower && over(upper, lower);
  return {
    end: FRACTION.lastIndex,
    value,
    fraction: [upper ? toNumber(upper) : NaN, lower ? toNumber(lower) : NaN],
  };
}

function signedDecimal(text: string): Rational | null {
  const digits = text.replace("-", "");
  if (!/^(?:\d+\.?\d*|\.\d+)$/.test(digits)) return null;
  const value = decimal(digits);
  return value && text.startsWith("-") ? negative(value) : value;
}

function latexFractionAt(text: string, at: number): Here {
  const found = fractionOf(text, at);
  if (!found) return nothing(at + 1);
  const value = found.value && signed(found.value, text, at);
  return one(text, signStart(text, at), found.end, value, "latex-fraction", found.fraction);
}

function one(
  text: string,
  start: number,
  end: number,
  value: Rational | null,
  form: NumberForm,
  fraction: readonly [number, number] | null,
  digitsStart: number = start,
): Here {
  // A dollar sign behind it too: LaTeX's.
  const currency = /^ ?\$/.test(text.slice(end, end + 2)) ? null : currencyBefore(text, start, digitsStart);
  const suffix = behind(text, end, currency !== null);
  const written = value;
  return {
    end: suffix?.end ?? end,
    mentions: [
      {
        start: currency?.start ?? start,
        end: suffix?.end ?? end,
        value: value && suffix ? scaled(value, suffix) : value,
        written: value && suffix?.multiplies ? scaled(value, suffix) : written,
        form,
        unit: suffix?.unit ?? currency?.unit ?? null,
        fraction,
        lone: false,
        ordinal: suffix?.ordinal ?? false,
      },
    ],
  };
}

const CURRENCY = "$€£¥₹₩₽₺₫฿₪₴₦";

/** "$5", "-$5", "$-5", "$ 5". A dollar sign of LaTeX is one too, and says as little. */
function currencyBefore(
  text: string,
  start: number,
  digitsStart: number,
): { start: number; unit: string } | null {
  for (const from of [digitsStart, start]) {
    const at = text[from - 1] === " " ? from - 2 : from - 1;
    const sign = text.charAt(at);
    if (sign !== "" && CURRENCY.includes(sign)) return { start: Math.min(at, start), unit: sign };
  }
  return null;
}

/** Where a number begins whose first digit stands at `at`: at its sign, if what stands before that is no number or word. */
function signStart(text: string, at: number): number {
  const before = text.charAt(at - 1);
  const signAt =
    before === "-" || before === "–"
      ? at - 1
      : CURRENCY.includes(before || " ") && /[-–]/.test(text.charAt(at - 2))
        ? at - 2
        : -1;
  if (signAt < 0) return at;
  const ahead = text.charAt(signAt - 1);
  return /[\p{L}\d)\]}%.]/u.test(ahead) && !/\p{Script=Han}/u.test(ahead) ? at : signAt;
}

const signed = (value: Rational, text: string, at: number): Rational =>
  signStart(text, at) < at ? negative(value) : value;

const TIME_OR_DATE = /(?::\d{1,2}){1,3}(?![\d:])|[-/.]\d{1,2}[-/.]\d{1,4}(?!\d)/y;
const SCIENTIFIC =
  /[eE]([+-]?\d{1,40})(?![\w.])|\s{0,2}(?:[x×*·⋅]|\\times|\\cdot)\s{0,2}10\s{0,2}(?:(?:\^|\*\*)\s{0,2}\{?\s{0,2}([+-]?\d{1,40})\s{0,2}\}?|([⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,40}))/y;
const POWER =
  /\s?(?:\^|\*\*)\s?(?:\{\s?([+-]?\d{1,40})\s?\}|\(\s?([+-]?\d{1,40})\s?\)|([+-]?\d{1,40})(?!\d))|([⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,40})/y;
const SLASH = / ?[/⁄∕] ?(\d{1,40}(?:\.\d{1,40})?)(?![\d/])/y;
const MIXED = /[ \u00a0-](\d{1,40})[/⁄∕](\d{1,40})(?![\d/])/y;
const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

const matchAt = (pattern: RegExp, text: string, at: number): RegExpExecArray | null => {
  pattern.lastIndex = at;
  return pattern.exec(text);
};

const exponentOf = (text: string): number =>
  Number(
    text
      .replace("⁻", "-")
      .replace("⁺", "+")
      .replace(/[⁰¹²³⁴⁵⁶⁷⁸⁹]/g, (digit) => String(SUPERSCRIPTS.indexOf(digit))),
  );

function digitsHere(text: string, at: number, style: "english" | "european"): Here {
  const run = digitsAt(text, at, style);
  const glued = gluedEnd(text, at, run.end);
  if (glued !== null) return nothing(glued);
  const [only] = run.parts;
  if (only === undefined || run.parts.length > 1) {
    const mentions = run.parts.map(({ start, end, digits, rule }, i): Mention => {
      const value = digits === null ? null : decimal(digits);
      const from = i === 0 ? signStart(text, start) : start;
      const own = value && from < start ? negative(value) : value;
      return {
        start: from,
        end,
        value: own,
        written: own,
        form: rule,
        unit: null,
        fraction: null,
        lone: false,
        ordinal: false,
      };
    });
    return { end: run.end, mentions };
  }
  const { digits, rule, end } = only;
  const time = matchAt(TIME_OR_DATE, text, end);
  if (time && rule !== "thousands") return nothing(end + time[0].length);
  const start = signStart(text, at);
  const plain = digits === null ? null : decimal(digits);
  const own = plain && start < at ? negative(plain) : plain;
  const chinese =
    isChineseUnit(text.charAt(end)) || /^(?:分之|成|又)/.test(text.slice(end, end + 2))
      ? chineseAt(text, at)
      : null;
  if (chinese && chinese.end > end) {
    const value = chinese.value && start < at ? negative(chinese.value) : chinese.value;
    return one(text, start, chinese.end, value, chinese.rule, null, at);
  }
  const scientific = matchAt(SCIENTIFIC, text, end);
  if (scientific) {
    const tens = power(whole(10), exponentOf(scientific[1] ?? scientific[2] ?? scientific[3]!));
    return one(
      text,
      start,
      end + scientific[0].length,
      own && tens && times(own, tens),
      "scientific",
      null,
      at,
    );
  }
  if (rule === "digits" && own !== null) {
    const more = compound(text, end, own, start < at);
    if (more) return one(text, start, more.end, more.value, more.form, more.fraction, at);
  }
  const raised = matchAt(POWER, text, end);
  if (raised) {
    const exponent = exponentOf(raised[1] ?? raised[2] ?? raised[3] ?? raised[4]!);
    const value = plain && power(plain, exponent); // -2^2 is -4
    return one(
      text,
      start,
      end + raised[0].length,
      value && start < at ? negative(value) : value,
      "power",
      null,
      at,
    );
  }
  return one(text, start, end, own, rule, null, at);
}

interface Compound {
  end: number;
  value: Rational | null;
  form: NumberForm;
  fraction: readonly [number, number] | null;
}

/** Fractions and mixed numbers, of which a whole number is the beginning. */
function compound(text: string, end: number, first: Rational, isNegative: boolean): Compound | null {
  const size: Rational = isNegative ? negative(first) : first;
  const withPart = (part: Rational | null): Rational | null => {
    if (part === null) return null;
    const sum = { n: size.n * part.d + part.n * size.d, d: size.d * part.d };
    return isNegative ? negative(sum) : sum;
  };
  const space = text[end] === " " || text[end] === "\u00a0" ? 1 : 0;
  const vulgar = VULGAR[text.charAt(end + space)];
  if (vulgar) {
    const part = { n: BigInt(vulgar[0]), d: BigInt(vulgar[1]) };
    return { end: end + space + 1, value: withPart(part), form: "mixed", fraction: null };
  }
  const latex = text[end + space] === "\\" ? fractionOf(text, end + space) : null;
  if (latex) return { end: latex.end, value: withPart(latex.value), form: "mixed", fraction: null };
  const mixed = matchAt(MIXED, text, end);
  if (mixed) {
    const [n, d] = [decimal(mixed[1]!)!, decimal(mixed[2]!)!];
    if (n.n < d.n)
      return { end: end + mixed[0].length, value: withPart(over(n, d)), form: "mixed", fraction: null };
  }
  const slash = matchAt(SLASH, text, end);
  if (!slash) return null;
  const lower = decimal(slash[1]!)!;
  const value = over(first, lower);
  return {
    end: end + slash[0].length,
    value,
    form: "fraction",
    fraction: [toNumber(first), toNumber(lower)],
  };
}

/** "x2", "H2O", "3fa4b": digits of a word are no number. @returns the end of the word; `null`: they are a number. */
function gluedEnd(text: string, at: number, end: number): number | null {
  const before = text.charAt(at - 1);
  if (/[A-Za-z_^]/.test(before) && !CODES.test(text.slice(Math.max(0, at - 4), at)))
    return wordEnd(text, end);
  if (!/[A-Za-z_]/.test(text.charAt(end))) return null;
  if (/^[eE][+-]?\d/.test(text.slice(end, end + 3))) return null;
  const until = wordEnd(text, end);
  const tail = text.slice(end, Math.min(until, end + 24));
  return /\d/.test(tail) && !/^(?:mm|cm|dm|m|km|ft|in)[23]$/.test(tail) ? until : null;
}

/** "USD5", "RMB 100". */
const CODES = /(?:^|[^A-Za-z])(?:USD|EUR|GBP|RMB|CNY|JPY|US|HK|Rs)$/;

function wordEnd(text: string, at: number): number {
  let end = at;
  while (/[A-Za-z0-9_]/.test(text.charAt(end))) end++;
  return end;
}

/** Dates as they are written in English and Chinese and in digits, and what the calendar says of them. */

/** A date in a text. */
export interface WrittenDate {
  start: number;
  end: number;
  /** `null`: not said. */
  year: number | null;
  month: number;
  day: number;
}

const MONTHS = [
  "jan(?:uary)?",
  "feb(?:ruary)?",
  "mar(?:ch)?",
  "apr(?:il)?",
  "may",
  "june?",
  "july?",
  "aug(?:ust)?",
  "sept?(?:ember)?",
  "oct(?:ober)?",
  "nov(?:ember)?",
  "dec(?:ember)?",
];
const MONTH: string = `(?:${MONTHS.join("|")})`;
const MONTH_NAMES = MONTHS.map((month) => new RegExp(`^${month}$`, "i"));

/** 1 ... 12 of "Feb", "february"; 0: none. */
const monthOf = (name: string): number => MONTH_NAMES.findIndex((month) => month.test(name)) + 1;

const YEAR = String.raw`(?:,?\s(?:of\s)?(\d{4})(?!\d))`;
/** "30 February 1832", "30th of Feb." */
const DAY_FIRST = new RegExp(
  String.raw`(?<![\d.,:/–-])(\d{1,2})(?:st|nd|rd|th)?\s(?:of\s|day of\s)?(${MONTH})\b\.?${YEAR}?`,
  "giu",
);
/** "February 30th, 1832" */
const MONTH_FIRST = new RegExp(
  String.raw`(?<![\p{L}\p{N}])(${MONTH})\.?\s(\d{1,2})(st|nd|rd|th)?(?![\d:%.,]\d|\d|%)${YEAR}?`,
  "giu",
);
/** What stands behind a day of the month that is no number of something: "May 31 people" is none. */
const NO_NOUN =
  /^(?:$|[.,;:!?)\]\u2013\uff0c\u3002-]|\s(?:\d{4}\b|and\b|or\b|in\b|at\b|to\b|until\b|is\b|was\b|will\b|for\b|on\b|by\b|of\b|as\b|[\u2013(-]))/;
const DIGITS =
  /(?<![\p{L}\d._/#-])(1[5-9]\d\d|20\d\d)([-/.])(\d{1,2})\2(\d{1,2})(?![\d\p{L}/-]|\.\d)(?:T[\d:.]+Z?)?/gu;
const DAY_MONTH_YEAR =
  /(?<![\p{L}\d._/#-])(\d{1,2})([/.])(\d{1,2})\2(1[5-9]\d\d|20\d\d)(?![\d\p{L}/-]|\.\d)/gu;
const CHINESE =
  /(?:(?<!\d)(\d{4})\s?年\s?)?(?<![\d第])(\d{1,2})\s?月\s?(\d{1,3})\s?[日号]|([零〇一二三四五六七八九]{4}年)?(?<![零〇一二三四五六七八九十第])([一二三四五六七八九十]{1,3})月([一二三四五六七八九十廿]{1,4})[日号]/g;

const CHINESE_DIGITS = "零一二三四五六七八九";
const chineseDigit = (character: string): number =>
  character === "〇" ? 0 : CHINESE_DIGITS.indexOf(character);

/** 1 ... 99 of 三十一, 廿三; 0: none. */
function chineseNumber(text: string): number {
  const plain = text.replace("廿", "二十");
  const ten = plain.indexOf("十");
  if (ten < 0) return plain.length === 1 ? Math.max(0, chineseDigit(plain)) : 0;
  const tens = ten === 0 ? 1 : chineseDigit(plain.slice(0, ten));
  const ones = plain.slice(ten + 1);
  return 10 * tens + (ones === "" ? 0 : chineseDigit(ones));
}

/** The dates of a text, in order of their place; impossible ones too. */
export function datesIn(text: string): WrittenDate[] {
  const found: WrittenDate[] = [];
  const add = (match: RegExpExecArray, year: string | undefined, month: number, day: number): void => {
    const end = match.index + match[0].trimEnd().length;
    found.push({ start: match.index, end, year: year ? Number(year) : null, month, day });
  };
  if (/\d/.test(text)) {
    for (const match of text.matchAll(DAY_FIRST)) add(match, match[3], monthOf(match[2]!), Number(match[1]));
    for (const match of text.matchAll(MONTH_FIRST)) {
      const behind = text.slice(match.index + match[0].length, match.index + match[0].length + 8);
      if (match[3] || match[4] || NO_NOUN.test(behind))
        add(match, match[4], monthOf(match[1]!), Number(match[2]));
    }
    for (const match of text.matchAll(DIGITS)) add(match, match[1], Number(match[3]), Number(match[4]));
    for (const match of text.matchAll(DAY_MONTH_YEAR)) {
      const [first, second] = [Number(match[1]), Number(match[3])];
      // American or not: whichever is possible.
      const isAmerican = second > 12 && first <= 12;
      add(match, match[4], isAmerican ? first : second, isAmerican ? second : first);
    }
  }
  if (text.includes("月"))
    for (const match of text.matchAll(CHINESE)) {
      if (match[2]) add(match, match[1], Number(match[2]), Number(match[3]));
      else {
        const year = match[4] && [...match[4].slice(0, 4)].map(chineseDigit).join("");
        add(match, year, chineseNumber(match[5]!), chineseNumber(match[6]!));
      }
    }
  found.sort((a, b) => a.start - b.start || b.end - a.end);
  // "5 May 12, 2020" holds two readings: the first one that begins counts.
  const apart: WrittenDate[] = [];
  for (const date of found) if (date.start >= (apart.at(-1)?.end ?? 0)) apart.push(date);
  return apart;
}

/** In the Gregorian calendar, and before 1582 in the Julian one. */
const isLeap = (year: number): boolean =>
  year % 4 === 0 && (year < 1583 || year % 100 !== 0 || year % 400 === 0);

/** Days of a month; of February without a year 29. */
export const daysOf = (month: number, year: number | null): number =>
  month === 2 ? (year === null || isLeap(year) ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;

/** 0 = Sunday ... 6 = Saturday, Gregorian. */
export const weekdayOf = (year: number, month: number, day: number): number =>
  new Date(Date.UTC(year, month - 1, day)).getUTCDay();

/** Numbers of a text with what they count: a unit, a noun, or the years they are. */
import { readNumbers } from "../../answers/index.ts";
import { datesIn, type WrittenDate } from "./calendar.ts";
import { technicalUnit } from "./units.ts";

/** A number and what it is a number of. */
export interface Quantity {
  start: number;
  end: number;
  text: string;
  /** As written; a percentage of 85 % is 85. In the unit of its class where that has one: 1.4 km are 1,400. */
  value: number;
  /** In the unit as it was written. */
  written: number;
  /** How far a number that was rounded to this one may lie from it, in the unit of its class. */
  rounding: number;
  /** "year", "%", "$", "length", "noun:employee"; `null`: nobody says what is counted. */
  class: string | null;
}

/** [unit] its class and how many of the class's unit it is. */
const UNITS: Readonly<Record<string, readonly [name: string, factor: number]>> = {
  ...group("length", {
    mm: 0.001,
    cm: 0.01,
    m: 1,
    metre: 1,
    meter: 1,
    km: 1000,
    kilometre: 1000,
    kilometer: 1000,
    mile: 1609.344,
    ft: 0.3048,
    feet: 0.3048,
    inch: 0.0254,
    inche: 0.0254,
    毫米: 0.001,
    厘米: 0.01,
    米: 1,
    公里: 1000,
    千米: 1000,
  }),
  ...group("mass", {
    mg: 1e-6,
    g: 0.001,
    kg: 1,
    lb: 0.45359237,
    oz: 0.028349523,
    毫克: 1e-6,
    克: 0.001,
    千克: 1,
    公斤: 1,
    斤: 0.5,
    吨: 1000,
  }),
  ...group("duration", {
    ms: 1 / 3.6e6,
    s: 1 / 3600,
    second: 1 / 3600,
    min: 1 / 60,
    minute: 1 / 60,
    h: 1,
    hour: 1,
    day: 24,
    week: 168,
    秒: 1 / 3600,
    分钟: 1 / 60,
    小时: 1,
    天: 24,
    周: 168,
  }),
  ...group("age or years", { year: 1, 岁: 1 }),
  ...group("months", { month: 1, 个月: 1 }),
  ...group("area", { m2: 1, km2: 1e6, 平方米: 1, 平方公里: 1e6 }),
  ...group("volume", { l: 1, ml: 0.001, 升: 1, 毫升: 0.001, m3: 1000, 立方米: 1000 }),
  ...group("dollars", { $: 1, dollar: 1, usd: 1, 美元: 1, cent: 0.01 }),
  ...group("euros", { "€": 1, euro: 1, eur: 1, 欧元: 1 }),
  ...group("pounds", { "£": 1, pound: 1, gbp: 1 }),
  ...group("yuan", { "¥": 1, yuan: 1, cny: 1, rmb: 1, 元: 1, 人民币: 1, 块: 1 }),
  ...group("degrees", { "°c": 1, "℃": 1, degree: 1, "°": 1, 度: 1 }),
  ...group("%", { "%": 1 }),
};

function group(
  name: string,
  factors: Readonly<Record<string, number>>,
): Record<string, readonly [string, number]> {
  return Object.fromEntries(Object.entries(factors).map(([unit, factor]) => [unit, [name, factor] as const]));
}

/** Longest first: 人次 is no 人. */
const CHINESE_NOUN =
  /^\s?(?:多|余)?(平方公里|平方米|人次|小时|分钟|公里|千米|个月|员工|学生|[\u4e00-\u9fff])/;
/** Characters that end a clause or belong to no noun. */
const NO_NOUN = "的是在和与及或到至以而但就都也了为于有则左右上下前后多余年月日号";

/** Words that a number before them does not count. */
const NO_NOUNS = new Set(
  "and or to of in on at by for from with is are was were be been than the a an as per that which when but if then plus minus times after before more less out other others another can will would may might has have had not also only each".split(
    " ",
  ),
);

const YEAR_BEFORE =
  /(?:(?:^|[^\p{L}])(?:in|since|by|from|until|till|before|after|during|year|around|circa|ca\.|c\.|early|late|mid|spring|summer|autumn|fall|winter|and|to|of|January|February|March|April|May|June|July|August|September|October|November|December)\s|[(\u2013\u2014,-]\s?|^)$/iu;
const LABEL_BEFORE =
  /(?:fig(?:ure|s|\.)?|tab(?:le|\.)?|sec(?:tion|\.)?|§|chapters?|ch\.|steps?|parts?|eq(?:uation|\.)?|pages?|pp?\.|versions?|v\.?|no\.|nos\.|number|question|appendix|lines?|levels?|type|phase|room|item|rule|article|volume|vol\.|issue|grade|class|day|week|chapter|option|port|node|windows|iphone|python|java|#|第|\[|\^|图|表)\s?$/iu;

/** "Q1 120 units", "A4 210 mm": the digits of a name begin no number of thousands. */
const IN_A_NAME = /(?<=[A-Za-z])\d{1,4}(?=\s\d)/g;

/** Numbers of a text, those that name things left out, and years among them. @param text prose */
export function quantitiesIn(text: string): { quantities: Quantity[]; dates: WrittenDate[] } {
  if (!/\p{N}|[a-z]{3}|[一-十百千万亿]/iu.test(text)) return { quantities: [], dates: [] };
  const dates = datesIn(text);
  const quantities: Quantity[] = [];
  for (const { year, start, end } of dates)
    if (year !== null) {
      const at = text.slice(start, end).lastIndexOf(String(year));
      if (at >= 0) quantities.push(yearAt(text, start + at, year));
    }
  let next = 0; // both lists are in order
  for (const mention of readNumbers(text.replace(IN_A_NAME, (digits) => "\ufffc".repeat(digits.length)))) {
    const { start, end, unit, form } = mention;
    while (next < dates.length && dates[next]!.end <= start) next++;
    if (!Number.isFinite(mention.value) || (dates[next]?.start ?? Infinity) < end) continue;
    if (form === "words" && mention.value === 1) continue;
    const before = text.slice(Math.max(0, start - 14), start);
    if (LABEL_BEFORE.test(before) || isListMark(text, start, end)) continue;
    const isShare = unit === "%";
    const written = isShare ? mention.value * 100 : mention.value;
    const behind = text.slice(end, end + 40);
    if (/^(?:st|nd|rd|th)\b|^-(?:\d|[a-z]+-)/.test(behind)) continue;
    const isYear = form === "digits" && unit === null && isYearHere(written, before, behind);
    if (isYear || (unit === "年" && written >= 1000 && written < 2200 && Number.isInteger(written)))
      quantities.push(yearAt(text, start, written));
    else quantities.push(counted(text, mention.text, start, end, written, unit, behind));
  }
  // 1968年12月 and 2020年末 are no numbers to the reader of numbers: years all the same.
  const known = new Set(quantities.map(({ start }) => start));
  for (const match of text.matchAll(/(?<![\d.])(1\d{3}|20\d\d)\s?年/g))
    if (!known.has(match.index)) quantities.push(yearAt(text, match.index, Number(match[1])));
  return {
    quantities: shareRanges(
      text,
      quantities.sort((a, b) => a.start - b.start),
    ),
    dates,
  };
}

function yearAt(text: string, start: number, year: number): Quantity {
  const digits = start + String(year).length;
  const end = text[digits] === "年" ? digits + 1 : digits;
  return { start, end, text: text.slice(start, end), value: year, written: year, rounding: 0, class: "year" };
}

function isYearHere(value: number, before: string, behind: string): boolean {
  if (!Number.isInteger(value) || value < 1000 || value > 2100) return false;
  if (/^\s?年/.test(behind)) return true;
  if (!YEAR_BEFORE.test(before)) return false;
  return !/s$|^people$/.test(/^\s([a-z]+)/.exec(behind)?.[1] ?? "");
}

/** "1. Open the lid": a place in a list. */
const isListMark = (text: string, start: number, end: number): boolean =>
  start < 12 && /^[\s*#>([-]*$/.test(text.slice(0, start)) && /^[.)、\]]/.test(text.slice(end, end + 1));

function counted(
  text: string,
  shown: string,
  start: number,
  end: number,
  written: number,
  unit: string | null,
  behind: string,
): Quantity {
  const technical =
    technicalUnit(text.slice(start, end) === shown && unit === null ? behind : "") ?? unitAtEnd(shown);
  if (technical !== null) {
    const { name, factor, length } = technical;
    const place = { start, end: end + length, text: text.slice(start, end + length) };
    return {
      ...place,
      value: written * factor,
      written,
      rounding: factor * halfOfLast(shown, written),
      class: name,
    };
  }
  const power = unit && /^[23]/.test(behind) ? behind[0]! : "";
  const key = unit === null ? null : singular(unit.toLowerCase()) + power;
  const known = key === null ? undefined : (UNITS[key] ?? UNITS[unit!]);
  const [name, factor] = known ?? [null, 1];
  const noun = known
    ? null
    : unit !== null && !/[个只次]/.test(unit)
      ? singular(unit.toLowerCase())
      : nounOf(behind);
  const own = name ?? (noun === null ? null : `noun:${noun}`);
  return {
    start,
    end,
    text: text.slice(start, end) || shown,
    value: written * factor,
    written,
    rounding: factor * halfOfLast(shown, written),
    class: own,
  };
}

/** Where the reader of numbers has taken the unit with the number: "5 kWh". */
function unitAtEnd(shown: string): ReturnType<typeof technicalUnit> {
  const unit = /\d\s?(\p{Script=Latin}[\p{Script=Latin}/]*)$/u.exec(shown)?.[1];
  const known = unit === undefined ? null : technicalUnit(unit);
  return known && { ...known, length: 0 };
}

const RANGE = /^\s?(?:[-\u2013\u2014~\uff5e]|to|and|\u81f3|\u5230)\s?$/u;

/** "5 to 10 mg", "$5\u201310 million": what one end of a range has, the other has as well. */
function shareRanges(text: string, quantities: Quantity[]): Quantity[] {
  const shared = [...quantities];
  for (let i = 1; i < shared.length; i++) {
    const [first, last] = [shared[i - 1]!, shared[i]!];
    if (last.start - first.end > 6 || !RANGE.test(text.slice(first.end, last.start))) continue;
    if (first.class !== null && last.class !== null) continue;
    if ([first, last].some((each) => each.class === "year") || first.written >= last.written) continue;
    const scale = first.class === null ? last.value / last.written : first.value / first.written;
    const name = first.class ?? last.class;
    const words = /\d\s?(million|billion|thousand|trillion|bn|万|亿)/iu;
    const times = words.test(last.text) && !words.test(first.text) ? scaleOf(last.text, last.written) : 1;
    shared[i - 1] = {
      ...first,
      class: name,
      value: first.written * times * scale,
      written: first.written * times,
      rounding: first.rounding * times * (first.class === null ? scale : 1),
    };
    shared[i] = {
      ...last,
      class: name,
      value: last.written * scale,
      rounding: last.class === null ? last.rounding * scale : last.rounding,
    };
  }
  return shared;
}

/** Half of the last place that is not a zero at the end: 1,410 may be 1,405 to 1,415. */
function halfOfLast(shown: string, value: number): number {
  const decimals = /[.,](\d{1,2})(?!\d)/.exec(shown)?.[1]?.length;
  if (!Number.isInteger(value))
    return decimals ? 0.5 * 10 ** -decimals * scaleOf(shown, value) : 0.005 * Math.abs(value);
  let place = 1;
  while (place < 1e15 && value !== 0 && value % (place * 10) === 0) place *= 10;
  return place / 2;
}

/** What the words behind the digits multiply by: 10^6 of "3.5 million". */
function scaleOf(shown: string, value: number): number {
  const digits = Number(/\d[\d,]*(?:\.\d+)?/.exec(shown)?.[0].replaceAll(",", "") ?? Number.NaN);
  return Number.isFinite(digits) && digits !== 0 ? Math.max(1, Math.abs(value / digits)) : 1;
}

function nounOf(behind: string): string | null {
  const chinese = CHINESE_NOUN.exec(behind)?.[1];
  if (chinese !== undefined) return NO_NOUN.includes(chinese) ? null : chinese;
  const [, first, second] = /^[\s-](\p{Ll}{2,})(?:\s(\p{Ll}{3,}))?/u.exec(behind) ?? [];
  if (first === undefined || NO_NOUNS.has(first)) return null;
  // "nine full-time employees": of an adjective what follows, where the first is no plural.
  if (!/s$|people|men|women|children/.test(first) && second && /s$|people|children/.test(second))
    return singular(second);
  return singular(first);
}

function singular(word: string): string {
  if (/ies$/.test(word)) return `${word.slice(0, -3)}y`;
  return /[^s]s$/.test(word) && word.length > 2 ? word.slice(0, -1) : word;
}

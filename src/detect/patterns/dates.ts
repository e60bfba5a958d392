/** Dates that no calendar has, weekdays that they did not fall on, and lives that end before they begin. */
import { datesIn, daysOf, type WrittenDate, weekdayOf } from "./calendar.ts";
import { type Found, quote, type SentenceRule } from "./rule.ts";

/** A sentence that says there is no such date is right. */
const DENIED =
  /\b(?:not|n't|never|no such|impossible|invalid|non-?existent|cannot|only|wrong|incorrect|error)\b|n't\b|不存在|没有|无效|不可能|错误|不是/iu;

const DAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const DAY = "(?:Sun|Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?)(?:day)?";
const DAY_BEFORE = new RegExp(String.raw`(?<![\p{L}])(${DAY})\.?,?\s(?:the\s|on\s)?$`, "iu");
const DAY_BEHIND = new RegExp(
  String.raw`^(?:,?\s\(?(?:a|on a|which was a|was a|is a|fell on a|fell on|falls on a|falls on|will be a)?\s?|\s?[(,]\s?(?:a\s)?)(${DAY})(?![\p{L}])\)?`,
  "iu",
);
const CHINESE_DAYS = "日一二三四五六";
const CHINESE_DAY_BEHIND =
  /^\s?(?:是|为|，|,)?\s?[（(]?(?:星期|周|礼拜)([一二三四五六日天])(?![\p{L}\d]{0,1}至)[）)]?/u;

export const dates: SentenceRule = ({ prose, own }) => {
  const list = datesIn(own);
  const found: Found[] = lives(own);
  if (list.length === 0) return found;
  const isDenied = DENIED.test(prose);
  for (const date of list) {
    // "06 : 00 September 3": no day is 0.
    if (date.day === 0 || /\d\s?:\s?$/.test(own.slice(Math.max(0, date.start - 5), date.start))) continue;
    const because = impossible(date);
    if (because !== null) {
      if (
        isDenied ||
        /(?:order|no\.?|number|#|编号|号码|part)\s?$/i.test(
          own.slice(Math.max(0, date.start - 8), date.start),
        )
      )
        continue;
      const { start, end } = date;
      found.push({
        kind: "date-impossible",
        start,
        end,
        strength: strengthOf(date),
        because: `${quote(own.slice(start, end))} is no date: ${because}.`,
      });
    } else if (!isDenied) found.push(...weekday(own, date));
  }
  return found;
};

function impossible({ year, month, day }: WrittenDate): string | null {
  if (month < 1 || month > 12) return `there is no month ${month}`;
  const most = daysOf(month, year);
  if (day >= 1 && day <= most) return null;
  const of = month === 2 && year !== null ? ` of ${year}` : "";
  return `the month${of} has ${most} days`;
}

/** 29 February 1900 was one in Russia, which kept the Julian calendar until 1918. */
const strengthOf = ({ year, month, day }: WrittenDate): number =>
  month === 2 && day === 29 && year !== null && year < 1924 ? 0.8 : 1;

/** Countries changed calendars until 1752 and later: before that a weekday says nothing. */
const GREGORIAN_SINCE = 1753;

function weekday(text: string, { year, month, day, start, end }: WrittenDate): Found[] {
  if (year === null || year < GREGORIAN_SINCE) return [];
  const right = weekdayOf(year, month, day);
  const behind = text.slice(end, end + 32);
  const before = DAY_BEFORE.exec(text.slice(Math.max(0, start - 24), start));
  const english = before ?? DAY_BEHIND.exec(behind);
  const chinese = english ? null : CHINESE_DAY_BEHIND.exec(behind);
  const said = english
    ? DAYS.findIndex((name) => name.startsWith(english[1]!.toLowerCase().slice(0, 3)))
    : chinese
      ? CHINESE_DAYS.indexOf(chinese[1]!.replace("天", "日"))
      : right;
  if (said === right) return [];
  // The Edmonton Sun, a newspaper.
  if (
    before &&
    /^s/i.test(before[1]!) &&
    before[1]!.length === 3 &&
    /\p{L}\s$/u.test(text.slice(0, start - before[0].length).slice(-3))
  )
    return [];
  const from = before ? start - before[0].length : start;
  const to = before ? end : end + (english ?? chinese)![0].trimEnd().length;
  const name = (index: number): string => DAYS[index]!.charAt(0).toUpperCase() + DAYS[index]!.slice(1);
  const because = `That date was a ${name(right)}, not a ${name(said)}.`;
  return [
    {
      kind: "weekday-contradicts-date",
      start: from,
      end: to,
      strength: 0.9,
      because,
      details: { weekday: name(right) },
    },
  ];
}

const AGE = /\bat (?:the )?age (?:of )?(\d{1,3})\b|\baged (\d{1,3})\b|\b(\d{1,3}) years old\b/giu;
const SPAN = /[(（]\s?(?:born\s)?(\d{4})\s?[-\u2013\u2014~～至]\s?(\d{4})年?\s?[)）]/gu;
/** "(18 July 1918 \u2013 5 December 1913)", "\uff081881\u5e749\u670825\u65e5\u20141836\u5e7410\u670819\u65e5\uff09": one year on each side of a dash. */
const WHOLE_SPAN =
  /[(\uff08]([^()\uff08\uff09\d\n]{0,16}(?:\d{1,2}\s\p{L}{3,9}\.?,?\s|\p{L}{3,9}\.?\s\d{1,2},?\s)?)(\d{4})(\u5e74(?:\d{1,2}\u6708)?(?:\d{1,2}\u65e5)?)?\s?[-\u2013\u2014~\uff5e\u81f3]{1,2}\s?((?:\d{1,2}\s\p{L}{3,9}\.?,?\s|\p{L}{3,9}\.?\s\d{1,2},?\s)?)(\d{4})(?:\u5e74(?:\d{1,2}\u6708)?(?:\d{1,2}\u65e5)?)?\s?[)\uff09]/gu;
/** "lived from 1890 to 1845"; a count may go down. */
const LASTED =
  /\b(?:lived|reigned|ruled|governed|served|lasted|worked|taught|studied|played|fought|raged|built|active|in office|in power|president|king|queen|mayor|minister)\b[^.;()\d]{0,40}?\b(?:from|between)\s(\d{4})\s(?:to|until|till|and)\s(\d{4})(?![\d-]|\s?(?:BCE?|B\.C\.|%))/giu;
const CHINESE_AGE = /(?:享年|终年)\s?(\d{1,3})\s?岁/gu;
/** Somebody else was born, or died, in the same sentence. */
const OTHERS =
  /\b(?:father|mother|brother|sister|husband|wife|son|daughter|whose|grand\w{3,8}|uncle|aunt|friend|teacher|predecessor|BCE?|B\.C\.)\b|父|母|兄|弟|姐|妹|妻|夫|子|女|前\d/iu;

const BEFORE_CHRIST = /\bBCE?\b|B\.C\.|\u524d/iu;

/** Lives that end before they begin, and ages that do not lie between. */
function lives(text: string): Found[] {
  if (!/\d{4}/.test(text)) return [];
  const found: Found[] = [];
  for (const match of text.matchAll(SPAN)) {
    // "(1990-1985)" of a life or a reign; "(1995–1205)" of anything else is no pair of years.
    const [first, last] = [Number(match[1]), Number(match[2])];
    if (first <= last || first > 2100 || last < 1000 || first - last > 120) continue;
    found.push(outOfOrder(match.index, match[0], first, last, 0.7));
  }
  for (const match of text.matchAll(WHOLE_SPAN)) {
    const [first, last] = [Number(match[2]), Number(match[5])];
    // Pairs of bare years are above.
    if (!/[\p{L}\d]/u.test(match[1]! + (match[3] ?? "") + match[4]!)) continue;
    if (first <= last || first > 2100 || last < 1000 || first - last > 120 || BEFORE_CHRIST.test(match[0]))
      continue;
    if (!found.some(({ start }) => start === match.index))
      found.push(outOfOrder(match.index, match[0], first, last, 0.8));
  }
  for (const match of text.matchAll(LASTED)) {
    const [first, last] = [Number(match[1]), Number(match[2])];
    if (first <= last || first > 2100 || last < 1000 || first - last > 120) continue;
    found.push(outOfOrder(match.index, match[0], first, last, 0.8));
  }
  for (const { start, end, from, to, isChinese } of [...livesIn(text, ENGLISH), ...livesIn(text, CHINESE)]) {
    const whole = text.slice(start, end);
    if (OTHERS.test(whole)) continue;
    if (to < from) {
      found.push(outOfOrder(start, whole, from, to, 1));
      continue;
    }
    const near = text.slice(end, end + 60);
    const [age] = near.matchAll(isChinese ? CHINESE_AGE : AGE);
    if (!age || OTHERS.test(near.slice(0, age.index))) continue;
    const years = Number(age[1] ?? age[2] ?? age[3]);
    // In the old Chinese count a child is one at birth.
    if (years >= to - from - 1 && years <= to - from + (isChinese ? 1 : 0)) continue;
    const at = end + age.index;
    const because = `From ${from} to ${to} are ${to - from} years, which makes nobody ${years}.`;
    found.push({ kind: "age-contradicts-dates", start: at, end: at + age[0].length, strength: 0.9, because });
  }
  return found;
}

/** Words of a language for the two ends of a life, and where their years stand. */
const ENGLISH = {
  birth: /\bborn\b/gi,
  death: /\bdied\b/i,
  year: /(?<![\d.,])(\d{4})(?![\d-]|s\b)/,
  isChinese: false,
};
const CHINESE = {
  birth: /出?生于/g,
  death: /(?:卒|死|逝世|去世|亡|病逝)于?/,
  year: /(?<!\d)(\d{4})年/,
  isChinese: true,
};

interface Life {
  start: number;
  end: number;
  from: number;
  to: number;
  isChinese: boolean;
}

function livesIn(text: string, { birth, death, year, isChinese }: typeof ENGLISH): Life[] {
  const found: Life[] = [];
  let last = 0;
  for (const match of text.matchAll(birth)) {
    if (match.index < last) continue;
    const first = find(year, text, match.index + match[0].length, 70);
    const end = first && find(death, text, first.end, 140);
    if (!first || !end) continue;
    // 1899年去世 has its year before the word.
    const second =
      find(year, text, end.end, 70) ??
      (isChinese ? find(year, text, first.end, end.start - first.end) : null);
    if (!second) continue;
    last = Math.max(second.end, end.end);
    found.push({
      start: match.index,
      end: last,
      from: Number(first.text),
      to: Number(second.text),
      isChinese,
    });
  }
  return found;
}

function find(
  pattern: RegExp,
  text: string,
  from: number,
  within: number,
): { start: number; end: number; text: string } | null {
  const match = pattern.exec(text.slice(from, from + within));
  if (!match) return null;
  const start = from + match.index;
  return { start, end: start + match[0].length, text: match[1] ?? match[0] };
}

const outOfOrder = (start: number, text: string, from: number, to: number, strength: number): Found => ({
  kind: "dates-out-of-order",
  start,
  end: start + text.length,
  strength,
  because: `What began in ${from} did not end in ${to}.`,
});

/** Times of day that no clock shows. Scores, odds and scales look alike, so what stands beside them has to say that it is a time. */
import { type Found, quote, type SentenceRule } from "./rule.ts";

const TIME = /(?<![\d:.,/])(\d{1,2}):(\d{2})(?::(\d{2}))?(?![\d:]|\.\d)/g;
const BEFORE =
  /(?:^|[^\p{L}])(?:at|until|till|from|before|after|around)\s$|(?:时间|于|在|上午|下午|晚上|早上|凌晨)(?:是|为|：|:)?\s?$/iu;
const HALF_DAY = /^\s?(?:[ap]\.?m\b|o'clock)/iu;
const CHINESE = /(?<![\d.第])(\d{1,2})\s?[点时]\s?(\d{1,2})\s?分(?!之|钟后)/g;
const DURATION = /(?:用时|历时|耗时|共|成绩|超过|需要?|长达|约)\s?$/u;
/** A score of 85:72 may be "at 85:72"; an hour is not far from those that there are. */
const LATEST_HOUR = 30;

export const times: SentenceRule = ({ own }) => {
  const found: Found[] = [];
  const add = (start: number, text: string): void => {
    found.push({
      kind: "time-impossible",
      start,
      end: start + text.length,
      strength: 0.8,
      because: `${quote(text)} is no time of day.`,
    });
  };
  if (own.includes(":"))
    for (const match of own.matchAll(TIME)) {
      const [whole, hours, minutes, seconds] = match;
      const end = match.index + whole.length;
      const isHalfDay = HALF_DAY.test(own.slice(end, end + 9));
      const isTime = isHalfDay || BEFORE.test(own.slice(Math.max(0, match.index - 10), match.index));
      if (
        isTime &&
        Number(hours) <= LATEST_HOUR &&
        !isOnClock(Number(hours), Number(minutes), Number(seconds ?? 0))
      )
        add(match.index, whole);
    }
  if (/[点时]/.test(own))
    for (const match of own.matchAll(CHINESE)) {
      if (DURATION.test(own.slice(Math.max(0, match.index - 4), match.index))) continue;
      if (!isOnClock(Number(match[1]), Number(match[2]), 0)) add(match.index, match[0]);
    }
  return found;
};

/** 24:00 is the end of a day, and 23:59:60 a leap second. */
const isOnClock = (hours: number, minutes: number, seconds: number): boolean =>
  (hours < 24 || (hours === 24 && minutes === 0)) && minutes < 60 && seconds <= 60;

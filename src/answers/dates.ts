/** Dates, times of day and telephone numbers, which are written with digits and are no numbers. */

const TIME_OR_DATE = /(?::\d{1,2}){1,3}(?![\d:])|([-/.])\d{1,2}\1\d{1,4}(?!\d)/y;
/** 1-800-555-0199, (555) 123-4567 */
const PHONE = /(?:-\d{2,4}){3,}(?!\d)|-\d{3}-\d{4}(?!\d)|\) ?\d{3}-\d{4}(?!\d)/y;
const CHINESE =
  /年\s?\d{1,2}\s?月(?:\s?\d{1,2}\s?[日号])?|月\s?\d{1,2}\s?[日号]|[点时](?:\s?\d{1,2}\s?分|半(?!个)|钟|整|[一三]刻)/y;
const CHINESE_TIME = /[点时](?:半(?!个)|钟|整|[一三]刻|[零〇一二三四五六七八九十]{1,3}分)/y;

/** Where a time of day ends whose hour in Chinese characters ends at `end`: 三点半. @returns `null`: it is none. */
export function endOfChineseTime(text: string, end: number): number | null {
  CHINESE_TIME.lastIndex = end;
  return CHINESE_TIME.test(text) ? CHINESE_TIME.lastIndex : null;
}

const MONTH =
  "(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\\.?";
/** "30 November 2026", "30th of Nov." */
const BEFORE_MONTH = new RegExp(`(?:st|nd|rd|th)?(?: of)? ${MONTH}(?![A-Za-z])(?:,? \\d{4}(?!\\d))?`, "y");
/** "November 30, 2026", of which the month stands before. */
const BEHIND_MONTH = new RegExp(`(?<![A-Za-z])${MONTH} $`);
const YEAR = /(?:st|nd|rd|th)?(?:, | )\d{4}(?!\d)|(?:st|nd|rd|th)?(?![\d.,]\d)/y;

/**
 * Where a date or a time ends whose first digits are [at, end).
 * @returns `null`: it is neither.
 */
export function endOfDateOrTime(text: string, at: number, end: number): number | null {
  for (const pattern of end - at <= 2
    ? [PHONE, TIME_OR_DATE, CHINESE, BEFORE_MONTH]
    : [PHONE, TIME_OR_DATE, CHINESE]) {
    pattern.lastIndex = end;
    const match = pattern.exec(text);
    if (match) return end + match[0].length;
  }
  if (end - at > 2 || !BEHIND_MONTH.test(text.slice(Math.max(0, at - 12), at))) return null;
  YEAR.lastIndex = end;
  const year = YEAR.exec(text);
  return year ? end + year[0].length : null;
}

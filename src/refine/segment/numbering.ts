/** Lines that begin a numbered step: "1.", "2)", "(3)", "Step 4:", "**Step 5**", "第六步", "步骤7：", "⑧". */

const CHINESE_DIGITS = "零一二三四五六七八九十";
const CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳";
/** "1." must have a space or a letter behind it: "1.5 apples" is a number. Marks of lists, headings and bold may stand before. */
const MARK = new RegExp(
  String.raw`^\s*(?:#{1,6}\s+|[-*+>]\s+)?(?:\*\*|__)?(?:` +
    String.raw`(?:step|steps)\s*#?(?<word>\d{1,3})\b` +
    String.raw`|第\s*(?<chinese>\d{1,3}|[${CHINESE_DIGITS}]{1,3})\s*步` +
    String.raw`|步骤\s*(?<chineseWord>\d{1,3}|[${CHINESE_DIGITS}]{1,3})` +
    String.raw`|[(（](?<bracket>\d{1,3})[)）]` +
    String.raw`|(?<plain>\d{1,3})(?:[.)](?=\s|\*|$|[^\d\s.)])|[、．])` +
    `|(?<circled>[${CIRCLED}])` +
    ")",
  "iu",
);

/** The number that a line begins its step with, or `null`. */
export function stepNumber(line: string): number | null {
  const groups = MARK.exec(line)?.groups;
  if (!groups) return null;
  if (groups.circled) return CIRCLED.indexOf(groups.circled) + 1;
  const found = groups.word ?? groups.chinese ?? groups.chineseWord ?? groups.bracket ?? groups.plain;
  return found === undefined ? null : numberOf(found);
}

/** Digits, or a Chinese number up to 99; `null` where it is none. */
export function numberOf(text: string): number | null {
  if (/^\d+$/.test(text)) return Number(text);
  const parts = /^([一二三四五六七八九]?)(十?)([一二三四五六七八九]?)$/.exec(text);
  if (!parts) return null;
  const [, tens = "", ten = "", ones = ""] = parts;
  if (ten === "") return tens !== "" && ones === "" ? CHINESE_DIGITS.indexOf(tens) : null;
  return (
    (tens === "" ? 1 : CHINESE_DIGITS.indexOf(tens)) * 10 + (ones === "" ? 0 : CHINESE_DIGITS.indexOf(ones))
  );
}

/** Chinese numerals: 二十三, 一万二, 两百零五, 二〇二六, 三点五, 1万2千, 三分之二, 八成五, 百分之八十五. */
import { add, decimal, negative, over, type Rational, times, whole } from "./rational.ts";

const DIGITS: Readonly<Record<string, number>> = {
  ...Object.fromEntries([..."零一二三四五六七八九"].map((digit, i) => [digit, i])),
  ...Object.fromEntries([..."〇壹贰叁肆伍陆柒捌玖"].map((digit, i) => [digit, i])),
  两: 2,
  貳: 2,
  參: 3,
  陸: 6,
};
const SMALL_UNITS: Readonly<Record<string, bigint>> = {
  十: 10n,
  拾: 10n,
  百: 100n,
  佰: 100n,
  千: 1000n,
  仟: 1000n,
};
/** Twenty and thirty in one character. */
const TENS: Readonly<Record<string, bigint>> = { 廿: 20n, 卅: 30n };
const LARGE_UNITS: Readonly<Record<string, bigint>> = {
  万: 10n ** 4n,
  亿: 10n ** 8n,
};

const DIGIT_CLASS = `${Object.keys(DIGITS).join("")}`;
const UNIT_CLASS = `${Object.keys(SMALL_UNITS).join("")}${Object.keys(LARGE_UNITS).join("")}`;

/** Units that also stand behind digits: "3.5万". */
export const isChineseUnit = (character: string): boolean =>
  character !== "" && UNIT_CLASS.includes(character);
export const isChineseNumeral = (character: string): boolean =>
  character !== "" &&
  (DIGIT_CLASS.includes(character) || UNIT_CLASS.includes(character) || character in TENS);

/** A number in Chinese characters. */
export interface ChineseNumber {
  end: number;
  /** `null`: the characters make no number. */
  value: Rational | null;
  rule: "chinese" | "chinese-fraction" | "chinese-tenths";
  /** Sign of a share, such as 百分之. */
  unit: "%" | "‰" | null;
  /** One character alone, which is more often part of a word. */
  lone: boolean;
}

/** Characters of one numeral at most: 九千九百九十九万 and so on twice, and decimals. */
const MOST = 60;

const RUN = new RegExp(
  `(?:\\d[\\d.,]{0,20})?[${DIGIT_CLASS}${UNIT_CLASS}廿卅](?:[${DIGIT_CLASS}${UNIT_CLASS}\\d]|点(?=[${DIGIT_CLASS}]))*`,
  "y",
);
const PLAIN_DIGITS = /\d{1,30}(?:\.\d{1,30})?/y;
const PERCENT = /(百|千)分之/y;

const at = (pattern: RegExp, text: string, from: number): RegExpExecArray | null => {
  pattern.lastIndex = from;
  return pattern.exec(text);
};

/** @returns `null`: no number begins here. */
export function chineseAt(text: string, start: number): ChineseNumber | null {
  const sign = text[start] === "负" ? 1 : 0;
  const from = start + sign;
  const share = at(PERCENT, text, from);
  if (share) {
    if (text[from] === "百" && text[share.index + 3] === "百" && !isChineseNumeral(text.charAt(from + 4)))
      return made(from + 4, sign, whole(1), "chinese-fraction", "%");
    const part = partAt(text, from + share[0].length);
    if (!part) return null;
    const value = part.value && over(part.value, whole(share[1] === "百" ? 100 : 1000));
    return made(part.end, sign, value, "chinese-fraction", share[1] === "百" ? "%" : "‰");
  }
  if (text.startsWith("百分百", from)) return made(from + 3, sign, whole(1), "chinese-fraction", "%");
  if (text.startsWith("一半", from)) return made(from + 2, sign, HALF, "chinese-fraction", null);
  if (text[from] === "半")
    return isHalf(text, from) ? made(from + 1, sign, HALF, "chinese-fraction", null) : null;
  const first = partAt(text, from);
  if (!first) return null;
  const fraction = fractionAt(text, first);
  if (fraction) return made(fraction.end, sign, fraction.value, "chinese-fraction", null);
  const tenths = tenthsAt(text, first);
  if (tenths) return made(tenths.end, sign, tenths.value, "chinese-tenths", null);
  if (!first.isChinese) return null;
  const length = first.end - from;
  const value = isVague(text, from, first.end) ? null : first.value;
  const half = value && halfBehind(text, first.end);
  if (half) return made(half.end, sign, add(value, half.value), "chinese", null);
  return { ...made(first.end, sign, value, "chinese", null), lone: length === 1 && sign === 0 };
}

const HALF: Rational = { n: 1n, d: 2n };
const COUNTED = "(?:个|小时|天|周|月|年|岁|米|公里|斤|公斤|千克|吨|升|元|块|倍|成)";
const HALF_OF = /半(?=(?:个|小时|天|周|月|年|米|公里|斤|公斤|千克|吨|升|杯|数|价|打)|$|[\s。，,.；;）)])/y;
const BEFORE_HALF = /[大小多前后上下另过夜一个年月点成]/;

/** 半小时, and 半 alone; not 大半, 半天 of 大半天, 半夜. */
const isHalf = (text: string, start: number): boolean =>
  !BEFORE_HALF.test(text.charAt(start - 1)) && at(HALF_OF, text, start) !== null;

const AND_HALF = new RegExp(`${COUNTED}半(?!成)`, "y");
const AND_TENTHS = new RegExp(`块([${DIGIT_CLASS}])(?![${DIGIT_CLASS}${UNIT_CLASS}\\d]|[个只条张人])`, "y");

/** What a measure word adds: 两个半 is two and a half, 三块五 is 3.5. */
export function halfBehind(text: string, end: number): { end: number; value: Rational } | null {
  const half = at(AND_HALF, text, end);
  if (half) return { end: end + half[0].length, value: HALF };
  const tenths = at(AND_TENTHS, text, end);
  if (!tenths) return null;
  return { end: end + tenths[0].length, value: { n: BigInt(DIGITS[tenths[1]!]!), d: 10n } };
}

/** 三四个 are three or four, 几十 and 二十多 some tens: no one number. */
function isVague(text: string, start: number, end: number): boolean {
  if (/[几数]/.test(text.charAt(start - 1)) || /[几多余来]/.test(text.charAt(end))) return true;
  const [low, high] = [DIGITS[text[start]!], DIGITS[text[start + 1]!]];
  return end - start === 2 && low !== undefined && low > 0 && high === low + 1;
}

const made = (
  end: number,
  sign: number,
  value: Rational | null,
  rule: ChineseNumber["rule"],
  unit: ChineseNumber["unit"],
): ChineseNumber => ({ end, value: value && sign ? negative(value) : value, rule, unit, lone: false });

interface Part {
  end: number;
  value: Rational | null;
  isChinese: boolean;
}

function partAt(text: string, from: number): Part | null {
  const run = at(RUN, text, from);
  if (run)
    return {
      end: from + run[0].length,
      value: run[0].length > MOST ? null : numberIn(run[0]),
      isChinese: true,
    };
  const plain = at(PLAIN_DIGITS, text, from);
  return plain ? { end: from + plain[0].length, value: decimal(plain[0]), isChinese: false } : null;
}

/** 三分之二, 二又三分之一 */
function fractionAt(text: string, first: Part): { end: number; value: Rational | null } | null {
  if (text[first.end] === "又") {
    const lower = partAt(text, first.end + 1);
    const rest = lower && (fractionAt(text, lower) ?? slashAt(text, lower));
    if (!rest || text[lower.end] === "又") return null;
    return { end: rest.end, value: first.value && rest.value && add(first.value, rest.value) };
  }
  if (!text.startsWith("分之", first.end)) return null;
  const upper = partAt(text, first.end + 2);
  return upper && { end: upper.end, value: upper.value && first.value && over(upper.value, first.value) };
}

/** The /2 of 1又1/2. */
function slashAt(text: string, upper: Part): { end: number; value: Rational | null } | null {
  if (text[upper.end] !== "/" || upper.isChinese) return null;
  const lower = at(PLAIN_DIGITS, text, upper.end + 1);
  const below = lower && decimal(lower[0]);
  if (!below) return null;
  return { end: upper.end + 1 + lower[0].length, value: upper.value && over(upper.value, below) };
}

/** 八成, 九成五, 八成半; also 8成. */
function tenthsAt(text: string, first: Part): { end: number; value: Rational | null } | null {
  if (text[first.end] !== "成" || first.value === null || first.value.d !== 1n) return null;
  const { n } = first.value;
  // 八九成 is eight or nine tenths.
  if (n >= 12n && n <= 89n && n % 10n === n / 10n + 1n && first.isChinese)
    return { end: first.end + 1, value: { n: n / 10n + (n % 10n), d: 20n } };
  if (n < 0n || n > 10n) return null;
  const next = text.charAt(first.end + 1);
  const half = next === "半" ? 5 : (DIGITS[next] ?? null);
  const takes = half !== null && !isChineseNumeral(text.charAt(first.end + 2));
  const value = { n: 10n * n + BigInt(takes ? half : 0), d: 100n };
  return { end: first.end + (takes ? 2 : 1), value };
}

/** Of characters that RUN takes; `null`: they make no number. */
function numberIn(run: string): Rational | null {
  const [head, tail, more] = run.split("点");
  if (more !== undefined) return null;
  const front = /^[\d.,]+/.exec(head!)?.[0];
  if (tail !== undefined) {
    const [, digits, scale] = new RegExp(`^([${DIGIT_CLASS}]+)([${UNIT_CLASS}]?)$`).exec(tail) ?? [];
    const before = front === undefined ? integerOf(head!) : null;
    if (digits === undefined || before === null) return null;
    const behind = decimal(`.${digitsOf(digits)}`)!;
    const value = add(before, behind);
    const unit = SMALL_UNITS[scale!] ?? LARGE_UNITS[scale!] ?? 1n;
    return times(value, whole(unit));
  }
  return front === undefined ? integerOf(head!) : mixed(front, head!.slice(front.length));
}

/** "3.5万", "1万2千", "1亿2000万" */
function mixed(front: string, rest: string): Rational | null {
  let [digits, at] = [front, 0];
  let total = whole(0);
  let largest: bigint | null = null;
  for (;;) {
    const amount = /^\d+(?:\.\d+)?$/.test(digits)
      ? decimal(digits)
      : /^\d{1,3}(?:,\d{3})+$/.test(digits)
        ? decimal(digits.replaceAll(",", ""))
        : null;
    if (amount === null) return null;
    const lacksUnit: boolean = largest !== null && at === rest.length;
    // 3万5 is 35,000, as 三万五 is; 1亿0005 is not.
    let unit: bigint = lacksUnit && /^[1-9]$/.test(digits) && largest! >= 100n ? largest! / 10n : 1n;
    while (at < rest.length && isChineseUnit(rest[at]!)) {
      unit *= SMALL_UNITS[rest[at]!] ?? LARGE_UNITS[rest[at]!]!;
      at++;
    }
    if (largest !== null && unit >= largest) return null;
    largest = unit;
    total = add(total, times(amount, whole(unit)));
    if (at === rest.length) return total;
    const next = /^\d+/.exec(rest.slice(at))?.[0];
    if (next === undefined) return null;
    digits = next;
    at += next.length;
  }
}

const digitsOf = (characters: string): string => [...characters].map((each) => DIGITS[each]).join("");

function integerOf(characters: string): Rational | null {
  if (/\d/.test(characters)) return null;
  if (new RegExp(`^[${DIGIT_CLASS}]+$`).test(characters)) return decimal(digitsOf(characters)); // 二〇二六
  let total = 0n;
  let section = 0n;
  let digit: number | null = null;
  let lastUnit = 0n;
  let zero = false;
  for (const character of characters) {
    const value = DIGITS[character];
    const small = SMALL_UNITS[character];
    const large = LARGE_UNITS[character];
    if (value !== undefined) {
      if (value === 0 ? digit !== null && digit !== 0 : digit !== null && digit !== 0) return null;
      digit = value;
      zero ||= value === 0;
    } else if (small !== undefined) {
      // 十二 is twelve; 百二 is nothing.
      if (digit === null && !(small === 10n && section === 0n)) return null;
      if (digit === 0 && !(small === 10n)) return null;
      section += BigInt(digit || 1) * small;
      [digit, lastUnit, zero] = [null, small, false];
    } else if (TENS[character] !== undefined) {
      if (digit !== null || section !== 0n) return null;
      section += TENS[character];
      lastUnit = 10n;
    } else if (large !== undefined) {
      section += BigInt(digit ?? 0);
      if (section === 0n && total === 0n) return null;
      if (large > 10n ** 4n || total === 0n) total = (total + section) * large;
      else total += section * large;
      [section, digit, lastUnit, zero] = [0n, null, large, false];
    }
  }
  // 一万二 is 12,000 and 三百五 is 350, but 一万零二 is 10,002.
  if (digit !== null && digit !== 0)
    section += BigInt(digit) * (lastUnit >= 100n && !zero ? lastUnit / 10n : 1n);
  return whole(total + section);
}

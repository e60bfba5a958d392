/** Every number that a text mentions, in English and Chinese, with where it stands. One pass, linear in the text's length. */
import { chineseAt, halfBehind, isChineseNumeral, isChineseUnit } from "./chinese.ts";
import { chineseHere } from "./chinese-mention.ts";
import { endOfDateOrTime } from "./dates.ts";
import { digitsAt, type NumberStyle, styleOf } from "./digits.ts";
import { compound, latexFractionAt, matchAt, VULGAR, vulgarAt } from "./fractions.ts";
import { type Here, type Mention, type NumberMention, nothing, one, scaled, signStart } from "./mention.ts";
import { exponentOf, POWER, SCIENTIFIC } from "./powers.ts";
import { type Prepared, prepare } from "./prepared.ts";
import { add, canonical, decimal, negative, power, times, toNumber, whole } from "./rational.ts";
import { behind } from "./suffixes.ts";
import { wordNumbers } from "./words.ts";

/** Options of `readNumbers`. */
export interface NumberOptions {
  /** What "1.234" and "1,234" are. Default "auto". */
  style?: NumberStyle | undefined;
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

const BEGINNING = /[\d.½¼¾⅐-⅞零〇一二三四五六七八九十百千万亿两半廿卅壹贰叁肆伍陆柒捌玖拾佰仟貳參陸负\\]/g;

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

function readAt(text: string, at: number, style: "english" | "european"): Here {
  const character = text[at]!;
  if (character === "\\") return latexFractionAt(text, at);
  if (VULGAR[character]) return vulgarAt(text, at);
  if (character === "负" && isDigitAt(text, at + 1)) return minus(digitsHere(text, at + 1, style), at);
  if (isChineseNumeral(character) || "负半".includes(character)) return chineseHere(text, at);
  if (character === "." && (!isDigitAt(text, at + 1) || isDigitAt(text, at - 1))) return nothing(at + 1);
  return digitsHere(text, at, style);
}

/** 负3.5 */
function minus({ end, mentions }: Here, start: number): Here {
  const [first, ...rest] = mentions;
  if (!first) return { end, mentions };
  const { value, written } = first;
  const opposite = { value: value && negative(value), written: written && negative(written) };
  return { end, mentions: [{ ...first, ...opposite, start }, ...rest] };
}

/** 60千米 are sixty kilometres, not 60,000 of something. */
const isUnitPrefix = (text: string, at: number): boolean =>
  text[at] === "千" && "米克瓦卡焦赫伏帕".includes(text.charAt(at + 1) || " ");

const isDigitAt = (text: string, at: number): boolean =>
  text.charCodeAt(at) >= 0x30 && text.charCodeAt(at) <= 0x39;

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
  const date = rule === "thousands" ? null : endOfDateOrTime(text, at, end);
  if (date !== null) return nothing(date);
  const start = signStart(text, at);
  const isPeriodic = /^\.?\\(?:overline|bar|dot)/.test(text.slice(end, end + 10)); // 0.\overline{3}
  const plain = digits === null || isPeriodic ? null : decimal(digits);
  const own = plain && start < at ? negative(plain) : plain;
  const chinese =
    (isChineseUnit(text.charAt(end)) && !isUnitPrefix(text, end)) ||
    /^(?:分之|成|又)/.test(text.slice(end, end + 2))
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
  if ((rule === "digits" || rule === "decimal") && own !== null) {
    const more = compound(text, end, own, start < at, rule === "digits");
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
  const half = own === null ? null : halfBehind(text, end);
  if (half && own)
    return one(
      text,
      start,
      half.end,
      add(own, start < at ? negative(half.value) : half.value),
      "mixed",
      null,
      at,
    );
  return one(text, start, end, own, rule, null, at);
}

/** "x2", "H2O", "3fa4b": digits of a word are no number. @returns the end of the word; `null`: they are a number. */
function gluedEnd(text: string, at: number, end: number): number | null {
  const before = text.charAt(at - 1);
  const near = text.slice(Math.max(0, at - 4), at);
  // The 2 of "cm^{2}", and the names GPT-4 and COVID-19.
  if (/\^\{? ?[-+]?$/.test(near) || /[A-Z][A-Za-z]+-$/.test(text.slice(Math.max(0, at - 16), at)))
    return wordEnd(text, end);
  if (/[A-Za-z_^]/.test(before) && !CODES.test(near)) return wordEnd(text, end);
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

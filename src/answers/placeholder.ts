/**
 * Placeholders of prompts that an answer repeats: "Answer: <number>" is no answer. They are filled in, so that nothing is read
 * out of them, such as the 100 of "<a number between 0 and 100>".
 */
import { MASKED, type Prepared } from "./prepared.ts";

const WORDS =
  /\b(?:number|numeric|integer|digits?|answer|letter|option|choice|guess|probability|confidence|confident|value|your|insert|result|explanation|reasoning|description|yes\/no|true\/false|place ?holder|score|percentage|question)\b|数字|整数|答案|字母|选项|你的|您的|数值|结果|置信度|概率|分数|信心|填写|此处/iu;
/** What stands in brackets: placeholders are short, and hold no further bracket. */
const BRACKETS =
  /<([^<>\n]{1,200})>|\[([^[\]\n]{1,200})\]|\{([^{}\n]{1,200})\}|【([^【】\n]{1,60})】|_{3,}|\(([^()\n\d]{1,60})\)/g;
/** The same words where nothing but they follows a colon: "Answer: number". */
const BARE =
  /([:：][ \t*]{0,4})((?:a |the |your )?(?:final )?(?:number|integer|answer|letter|option|probability|confidence|value|result|数字|答案|选项))(?=[ \t.。*]{0,4}(?:\n|$))/gi;

/** @returns the text with placeholders filled in. */
export function withoutPlaceholders(prepared: Prepared): Prepared {
  const ranges: [number, number][] = [];
  for (const match of prepared.text.matchAll(BRACKETS)) {
    const [all, angle, square, curly, heavy, round] = match;
    const inside = angle ?? square ?? curly ?? heavy ?? round;
    if (heavy !== undefined && /^(?:正确)?(?:答案|解析|结果|答)$/.test(heavy)) continue; // a heading
    if (inside === undefined || (WORDS.test(inside) && !isFilledIn(inside, angle !== undefined)))
      ranges.push([match.index, match.index + all.length]);
  }
  for (const match of prepared.text.matchAll(BARE))
    ranges.push([match.index + match[1]!.length, match.index + match[0].length]);
  ranges.sort((a, b) => a[0] - b[0]);
  return prepared.masked(ranges.filter(([start], i) => i === 0 || start >= ranges[i - 1]![1]));
}

/** "[Answer: 42]" has been filled in, and LaTeX's braces are no placeholder. */
const isFilledIn = (inside: string, isAngle: boolean): boolean => !isAngle && /[:：=]\s*\S/.test(inside);

/**
 * Fills in lines that the answer copies from its prompt; `prompt` may hold several lines. Short lines, such as a bare number,
 * stay: they may be the answer.
 */
export function withoutPrompt(prepared: Prepared, prompt: string): Prepared {
  const lines = new Set(prompt.split(/\r?\n/).map(normal).filter(isLong));
  if (lines.size === 0) return prepared;
  const ranges: [number, number][] = [];
  let at = 0;
  for (const line of prepared.text.split("\n")) {
    if (lines.has(normal(line))) ranges.push([at, at + line.length]);
    at += line.length + 1;
  }
  return prepared.masked(ranges.filter(([start, end]) => end > start));
}

const normal = (line: string): string => line.trim().replaceAll(/\s+/g, " ");
const isLong = (line: string): boolean => line.length >= 8 && /\p{L}/u.test(line);

/** Whether a placeholder stands where an answer was to stand. */
export const isEcho = (segment: string): boolean => segment.replace(/^[\s{[(<]{1,8}/, "").startsWith(MASKED);

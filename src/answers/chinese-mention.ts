/** Numbers in Chinese characters as mentions: with their unit, and whether they are a number or a part of a word. */
import { chineseAt, isChineseUnit } from "./chinese.ts";
import { endOfChineseTime } from "./dates.ts";
import { type Here, nothing, scaled } from "./mention.ts";
import { times, whole } from "./rational.ts";
import { behind, type Suffix } from "./suffixes.ts";
import { isLoneNumeral, ORDINAL } from "./surroundings.ts";

export function chineseHere(text: string, at: number): Here {
  const number = chineseAt(text, at);
  if (!number) return nothing(at + 1);
  const { end, value, rule, unit } = number;
  const first = at + (text[at] === "负" ? 1 : 0);
  const hasDigits = /[\d]/.test(text[first]!);
  // 百, 千万 and 亿 without a number before them are words.
  if (!hasDigits && isChineseUnit(text[first]!) && !"十拾".includes(text[first]!) && rule === "chinese")
    return nothing(end);
  const time = endOfChineseTime(text, end);
  if (time !== null) return nothing(time);
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

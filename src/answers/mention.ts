/** A number that is mentioned in a text: its parts, its sign and its currency. */
import type { Place } from "./extraction.ts";
import { negative, type Rational, times } from "./rational.ts";
import { behind, type Suffix } from "./suffixes.ts";

/** How a number is written. */
export type NumberForm =
  | "digits"
  | "decimal"
  | "thousands"
  | "decimal-comma"
  | "scientific"
  | "power"
  | "fraction"
  | "mixed"
  | "latex-fraction"
  | "chinese"
  | "chinese-fraction"
  | "chinese-tenths"
  | "words";

/** A number in a text. */
export interface NumberMention extends Place {
  /** As a double; of a percentage its share: 85 % is 0.85. */
  value: number;
  /** Exactly, in lowest terms: "17/20", "42". Equal for equal numbers. */
  exact: string;
  form: NumberForm;
  /** "%", "‰", a currency or one of the units that are known; `null`: none. A percentage's sign is in `value` already. */
  unit: string | null;
  /** Of "90/100": [90, 100], as written. */
  fraction: readonly [numerator: number, denominator: number] | null;
}

/** A mention as the readers of this room need it. */
export interface Mention {
  /** Offsets in the prepared text. */
  start: number;
  end: number;
  value: Rational | null;
  /** Without the sign of a share: 85 of "85 %". */
  written: Rational | null;
  form: NumberForm;
  unit: string | null;
  fraction: readonly [number, number] | null;
  /** More often a part of a word than a number: "one", 一. */
  lone: boolean;
  /** "3rd", 第三: a place in a row. */
  ordinal: boolean;
}

/** What is read at one place, and where reading goes on. */
export interface Here {
  end: number;
  mentions: Mention[];
}

export const nothing = (end: number): Here => ({ end, mentions: [] });

export const scaled = (value: Rational, { divides, multiplies }: Suffix): Rational =>
  times(value, { n: multiplies ?? 1n, d: divides ?? 1n });

/** One number with what stands around it. */
export function one(
  text: string,
  start: number,
  end: number,
  value: Rational | null,
  form: NumberForm,
  fraction: readonly [number, number] | null,
  digitsStart: number = start,
): Here {
  // A dollar sign behind it too: LaTeX's.
  const currency = /^ ?\$/.test(text.slice(end, end + 2)) ? null : currencyBefore(text, start, digitsStart);
  const suffix = behind(text, end, currency !== null);
  const written = value;
  return {
    end: suffix?.end ?? end,
    mentions: [
      {
        start: currency?.start ?? start,
        end: suffix?.end ?? end,
        value: value && suffix ? scaled(value, suffix) : value,
        written: value && suffix?.multiplies ? scaled(value, suffix) : written,
        form,
        unit: suffix?.unit ?? currency?.unit ?? null,
        fraction,
        lone: false,
        ordinal: suffix?.ordinal ?? false,
      },
    ],
  };
}

const CURRENCY = "$€£¥₹₩₽₺₫฿₪₴₦";

/** "$5", "-$5", "$-5", "$ 5". A dollar sign of LaTeX is one too, and says as little. */
function currencyBefore(
  text: string,
  start: number,
  digitsStart: number,
): { start: number; unit: string } | null {
  for (const from of [digitsStart, start]) {
    const at = text[from - 1] === " " ? from - 2 : from - 1;
    const sign = text.charAt(at);
    if (sign !== "" && CURRENCY.includes(sign)) return { start: Math.min(at, start), unit: sign };
  }
  return null;
}

/** Where a number begins whose first digit stands at `at`: at its sign, if what stands before that is no number or word. */
export function signStart(text: string, at: number): number {
  const before = text.charAt(at - 1);
  const signAt =
    before === "-" || before === "–"
      ? at - 1
      : CURRENCY.includes(before || " ") && /[-–]/.test(text.charAt(at - 2))
        ? at - 2
        : -1;
  if (signAt < 0) return at;
  const ahead = text.charAt(signAt - 1);
  return /[\p{L}\d)\]}%.]/u.test(ahead) && !/\p{Script=Han}/u.test(ahead) ? at : signAt;
}

export const signed = (value: Rational, text: string, at: number): Rational =>
  signStart(text, at) < at ? negative(value) : value;

/** Fractions and mixed numbers: 3/4, ½, 1 1/2, \frac{3}{4}. */
import { type Here, type NumberForm, nothing, one, signed, signStart } from "./mention.ts";
import { decimal, negative, over, type Rational, toNumber } from "./rational.ts";

/** Code points of one character: a half, thirds, and so on. */
export const VULGAR: Readonly<Record<string, readonly [number, number]>> = {
  "½": [1, 2],
  "⅓": [1, 3],
  "⅔": [2, 3],
  "¼": [1, 4],
  "¾": [3, 4],
  "⅕": [1, 5],
  "⅖": [2, 5],
  "⅗": [3, 5],
  "⅘": [4, 5],
  "⅙": [1, 6],
  "⅚": [5, 6],
  "⅐": [1, 7],
  "⅛": [1, 8],
  "⅜": [3, 8],
  "⅝": [5, 8],
  "⅞": [7, 8],
  "⅑": [1, 9],
  "⅒": [1, 10],
};

export function vulgarAt(text: string, at: number): Here {
  const [n, d] = VULGAR[text[at]!]!;
  const value = signed({ n: BigInt(n), d: BigInt(d) }, text, at);
  return one(text, signStart(text, at), at + 1, value, "fraction", [n, d]);
}

const FRACTION =
  /\\[dt]?frac {0,2}(?:\{ {0,2}(-?[\d.]{1,40}) {0,2}\}|(\d)) {0,2}(?:\{ {0,2}(-?[\d.]{1,40}) {0,2}\}|(\d))/y;

/** A fraction of LaTeX. */
interface WrittenFraction {
  end: number;
  value: Rational | null;
  fraction: readonly [number, number];
}

function fractionOf(text: string, at: number): WrittenFraction | null {
  FRACTION.lastIndex = at;
  const match = FRACTION.exec(text);
  if (!match) return null;
  const [upper, lower] = [signedDecimal(match[1] ?? match[2]!), signedDecimal(match[3] ?? match[4]!)];
  const value = upper && lower && over(upper, lower);
  return {
    end: FRACTION.lastIndex,
    value,
    fraction: [upper ? toNumber(upper) : NaN, lower ? toNumber(lower) : NaN],
  };
}

function signedDecimal(text: string): Rational | null {
  const digits = text.replace("-", "");
  if (!/^(?:\d+\.?\d*|\.\d+)$/.test(digits)) return null;
  const value = decimal(digits);
  return value && text.startsWith("-") ? negative(value) : value;
}

export function latexFractionAt(text: string, at: number): Here {
  const found = fractionOf(text, at);
  if (!found) return nothing(at + 1);
  const value = found.value && signed(found.value, text, at);
  return one(text, signStart(text, at), found.end, value, "latex-fraction", found.fraction);
}

const SLASH = / ?[/⁄∕] ?(\d{1,40}(?:\.\d{1,40})?)(?![\d/])/y;
const MIXED = /[ \u00a0-](\d{1,40})[/⁄∕](\d{1,40})(?![\d/])/y;

export const matchAt = (pattern: RegExp, text: string, at: number): RegExpExecArray | null => {
  pattern.lastIndex = at;
  return pattern.exec(text);
};

/** A fraction or a mixed number that goes on behind a whole number. */
interface Compound {
  end: number;
  value: Rational | null;
  form: NumberForm;
  fraction: readonly [number, number] | null;
}

/** Fractions and mixed numbers that begin with a number. @param isWhole it has no point: 3.5/2 is a quotient, 3.5 1/2 is two numbers. */
export function compound(
  text: string,
  end: number,
  first: Rational,
  isNegative: boolean,
  isWhole: boolean,
): Compound | null {
  const size: Rational = isNegative ? negative(first) : first;
  const withPart = (part: Rational | null): Rational | null => {
    if (part === null) return null;
    const sum = { n: size.n * part.d + part.n * size.d, d: size.d * part.d };
    return isNegative ? negative(sum) : sum;
  };
  if (!isWhole) return quotient(text, end, first);
  const space = text[end] === " " || text[end] === "\u00a0" ? 1 : 0;
  const vulgar = VULGAR[text.charAt(end + space)];
  if (vulgar) {
    const part = { n: BigInt(vulgar[0]), d: BigInt(vulgar[1]) };
    return { end: end + space + 1, value: withPart(part), form: "mixed", fraction: null };
  }
  const latex = text[end + space] === "\\" ? fractionOf(text, end + space) : null;
  if (latex) return { end: latex.end, value: withPart(latex.value), form: "mixed", fraction: null };
  const mixed = matchAt(MIXED, text, end);
  if (mixed) {
    const [n, d] = [decimal(mixed[1]!)!, decimal(mixed[2]!)!];
    if (n.n < d.n)
      return { end: end + mixed[0].length, value: withPart(over(n, d)), form: "mixed", fraction: null };
  }
  return quotient(text, end, first);
}

/** "3/4", "8.5/10" */
function quotient(text: string, end: number, first: Rational): Compound | null {
  const slash = matchAt(SLASH, text, end);
  if (!slash) return null;
  const lower = decimal(slash[1]!)!;
  const value = over(first, lower);
  return {
    end: end + slash[0].length,
    value,
    form: "fraction",
    fraction: [toNumber(first), toNumber(lower)],
  };
}

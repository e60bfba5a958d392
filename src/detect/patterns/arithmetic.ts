/** Calculations that a text states, and that are wrong: 3 + 4 = 8. */
import { type Found, quote, type SentenceRule } from "./rule.ts";
import { sharesOf } from "./shares.ts";

/** One piece of a calculation. */
type Token =
  | { type: "number"; start: number; end: number; value: number; decimals: number; unit: string }
  | { type: "+" | "-" | "*" | "/" | "^" | "(" | ")" | "=" | "~"; start: number; end: number };

const NUMBER =
  /(?:[$€£¥]\s?)?(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,15}(?:\.\d{1,12})?)(?![\d])(?:[^\S\n]?(%|[\p{Ll}°℃]{1,12}|[\u4e00-\u9fff])(?![\p{L}\d_(]))?/uy;
const OPERATORS: readonly (readonly [RegExp, Token["type"]])[] = [
  [/\s?(?:\+|\uff0b|plus\b|加上?)\s?/y, "+"],
  [/\s?(?:-|\u2212|\u2013|minus\b|减去?)\s?/y, "-"],
  [
    /\s?(?:\u00d7|\*|\u22c5|\u00b7|\\times(?![a-z])|\\cdot(?![a-z])|x(?=\s?[\d($])|times\b|multiplied by\b|乘以?)\s?/y,
    "*",
  ],
  [/\s?(?:\/|\u00f7|\\div(?![a-z])|divided by\b|除以)\s?/y, "/"],
  [/\s?\^\s?/y, "^"],
  [/\s?[(\uff08]\s?/y, "("],
  [/\s?[)\uff09]/y, ")"],
  [/\s?(?:=|\uff1d|(?:which )?equals\b|is equal to\b|等于|得)\s?/y, "="],
  [/\s?(?:≈|≃|\\approx(?![a-z])|is about\b|约等于)\s?/y, "~"],
];
/** "is" is a sign of equality only behind a calculation. */
const IS = /\s(?:which )?(?:is|makes|gives|are|是)\s(?=[$€£¥]?\s?\d)/y;

/** Other arithmetic, or a calculation that is said to be wrong. */
const NO_CLAIM =
  /\b(?:mod|modulo|binary|hex\w*|octal|base[- ]?\d+|wrong|false|incorrect|mistake\w*|error|not|isn't|never|remainder|rather than|instead of|claims?|xor|if|o'clock|clock|slogan|joke|saying|synerg\w*)\b|n't\b|错|误|不等于|不是|余数?|二进制|如果|假如/iu;

/** "45y/2 = 1125": letters that are no unit of anything stand for numbers that are not known. */
const VARIABLE = /^[abcefijnopqrtuvxyz]$/u;

const UNITLESS =
  /^(?:and|or|is|are|to|in|of|as|so|for|we|the|a|but|which|that|then|with|by|at|on|x|和|是|的|个|共|即|而|所|则|就|加|减|乘|除|等|得)$/u;
/** What multiplies: operands with and without it are not added up here. */
const SCALES = /^(?:%|k|m|bn|hundred|thousand|million|billion|万|亿|千|百)$/;

export const arithmetic: SentenceRule = ({ own }) => {
  if (!/\d\D{1,40}?\d/.test(own) || !/[=\uff1d≈]|\bequals?\b|\bis\b|\bmakes\b|\bgives\b|等于|得|是/.test(own))
    return [];
  if (NO_CLAIM.test(own)) return [];
  return [
    ...calculations(own).flatMap((tokens) => faultsOf(tokens, own)),
    ...namedSums(own),
    ...sharesOf(own),
  ];
};

/** A digit behind a Chinese character begins a number all the same. */
const IN_WORD = /[\p{Script=Latin}\p{Script=Greek}\d_.]/u;

/** Runs of numbers and operators. */
function calculations(text: string): Token[][] {
  const runs: Token[][] = [];
  let run: Token[] = [];
  const flush = (): void => {
    if (run.some(({ type }) => type === "=" || type === "~") && run.length >= 5) runs.push(run);
    run = [];
  };
  for (let at = 0; at < text.length; ) {
    const token = tokenAt(text, at, run);
    if (token === null) {
      flush();
      at++;
      // The rest of a word is no calculation: of "x3 + 4 = 8" nothing is known.
      while (at < text.length && IN_WORD.test(text[at]!) && IN_WORD.test(text[at - 1]!)) at++;
      continue;
    }
    run.push(token);
    at = token.end;
  }
  flush();
  return runs;
}

function tokenAt(text: string, at: number, run: readonly Token[]): Token | null {
  const last = run.at(-1);
  const afterNumber = last?.type === "number" || last?.type === ")";
  if (!afterNumber || last.type === ")") {
    const from = text[at] === " " && run.length > 0 ? at + 1 : at;
    NUMBER.lastIndex = from;
    const match = afterNumber ? null : NUMBER.exec(text);
    if (
      match &&
      !(
        run.length === 0 &&
        /[\p{L}\d_.,:/#^]/u.test(text.charAt(at - 1)) &&
        !/\p{Script=Han}/u.test(text.charAt(at - 1))
      )
    ) {
      const digits = match[1]!.replaceAll(",", "");
      const word = match[2] ?? "";
      const unit =
        UNITLESS.test(word) || /^(?:plus|minus|times|equals|divided|multiplied|makes|gives)$/.test(word)
          ? ""
          : word;
      const end =
        unit === "" && word !== "" ? match.index + match[0].lastIndexOf(word) : match.index + match[0].length;
      const trimmed = text.slice(match.index, end).trimEnd().length;
      return {
        type: "number",
        start: match.index,
        end: match.index + trimmed,
        value: Number(digits),
        decimals: digits.split(".")[1]?.length ?? 0,
        unit,
      };
    }
  }
  for (const [pattern, type] of OPERATORS) {
    if (type === "(" ? afterNumber : type !== "-" && run.length === 0) continue;
    if (type === "-" && !afterNumber && run.length === 0) continue;
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match && type !== "number") return { type, start: at, end: at + match[0].length };
  }
  if (afterNumber && run.some(({ type }) => "+-*/".includes(type)) && !run.some(({ type }) => type === "=")) {
    IS.lastIndex = at;
    const match = IS.exec(text);
    if (match) return { type: "=", start: at, end: at + match[0].length };
  }
  return null;
}

interface Side {
  value: number;
  tokens: readonly Token[];
}

/** Sides of the signs of equality, compared one by one. */
function faultsOf(tokens: readonly Token[], text: string): Found[] {
  const sides: (Side | null)[] = [];
  const signs: Token[] = [];
  let side: Token[] = [];
  for (const token of tokens) {
    if (token.type !== "=" && token.type !== "~") side.push(token);
    else {
      sides.push(sideOf(side));
      signs.push(token);
      side = [];
    }
  }
  const lastEnd = tokens.at(-1)!.end;
  // "= 8x", "= 8 + y": the last side goes on with what is no number.
  const goesOn =
    /^(?:\s?[+*/\u00d7\u00f7^=-]|[\p{L}(\d_])/u.test(text.slice(lastEnd, lastEnd + 2)) &&
    !/^[\p{Script=Han}]/u.test(text.slice(lastEnd));
  sides.push(goesOn ? null : sideOf(side));
  const found: Found[] = [];
  for (let i = 1; i < sides.length; i++) {
    const [left, right] = [sides[i - 1], sides[i]];
    if (!left || !right || left.tokens.length + right.tokens.length < 4) continue;
    // 13(2) = 26 is a product.
    if (
      i === 1 &&
      left.tokens[0]!.type === "(" &&
      /[\p{Script=Latin}\d)]/u.test(text.charAt(left.tokens[0]!.start - 1))
    )
      continue;
    if (i === 1 && startsWithin(text, left.tokens[0]!.start)) continue;
    if (
      unitsDiffer([...left.tokens, ...right.tokens]) ||
      isNamed(left, right) ||
      isShare(left, text, signs[i - 1]!)
    )
      continue;
    const about = signs[i - 1]!.type === "~" ? 0.05 : 0;
    if (!(Math.abs(left.value - right.value) > toleranceOf(left, right) + about * Math.abs(left.value)))
      continue;
    const start = left.tokens[0]!.start;
    const end = right.tokens.at(-1)!.end;
    const result = Number(left.value.toPrecision(12));
    const because = `${quote(text.slice(start, end))} is wrong: the left side is ${result}.`;
    found.push({ kind: "arithmetic-wrong", start, end, strength: 0.95, because, details: { result } });
  }
  return found;
}

/** "√16 + 1 = 5", "log 100 + 1 = 3": the first number is not what is added. */
const FUNCTION =
  /(?:[\u221a\u221b\u221c]|\b(?:sin|cos|tan|log|ln|lg|exp|sqrt|abs|root of|square of|cube of|half of))\s?\(?$/iu;

/** "x + 3 + 4 = 8": what begins before is not known. */
const startsWithin = (text: string, start: number): boolean =>
  FUNCTION.test(text.slice(Math.max(0, start - 12), start)) ||
  (/(?:\d\s|^-|[+*/\u00d7\u00f7^=<>\u2212()\]}]\s?|\bx\s?|\d\s?-\s?|\s-\s?|\b(?:plus|minus|times)\s)$/.test(
    text.slice(Math.max(0, start - 7), start),
  ) &&
    !/=\s?$/.test(text.slice(Math.max(0, start - 3), start)));

/** "4 students drank 1.5 quarts = 4 * 1.5 = 6 quarts": what is worked out is named first. */
function isNamed({ tokens: [first, ...more] }: Side, right: Side): boolean {
  if (first?.type !== "number" || first.unit === "" || more.length > 0) return false;
  return right.tokens.some((token) => token.type === "number" && token.unit !== first.unit);
}

/** "2/5 is equal to 12.8 hectares": a share of something, and how much that is. */
const isShare = ({ value, tokens }: Side, text: string, { start, end }: Token): boolean =>
  value < 1 && tokens.length === 3 && tokens[1]!.type === "/" && /\p{L}/u.test(text.slice(start, end));

/** Some of the addends before the last number have a unit, and some have none. */
function isMixed(numbers: readonly { unit: string }[]): boolean {
  const addends = numbers.slice(0, -1);
  return addends.some(({ unit }) => unit === "") && addends.some(({ unit }) => unit !== "");
}

function unitsDiffer(tokens: readonly Token[]): boolean {
  const numbers = tokens.filter((token) => token.type === "number");
  const units = new Set(
    numbers.map(({ unit }) => unit.replace(/(?<=.{2})s$/, "")).filter((unit) => unit !== ""),
  );
  // Nobody multiplies millions by millions: 12 m × 8 m are metres.
  const isArea = units.size === 1 && units.has("m") && numbers.every(({ unit }) => unit !== "");
  if (!isArea && [...units].some((unit) => SCALES.test(unit)))
    return (
      units.size > 1 ||
      numbers.some(({ unit }) => unit === "") ||
      tokens.some(({ type }) => type === "*" || type === "/")
    );
  if (!tokens.some(({ type }) => type === "+" || type === "-")) return false;
  // Of "8p = 5p + 3000" p is no unit: what is added up has one throughout, or not at all.
  const bare = numbers.filter(({ unit }) => unit === "").length;
  return units.size > 1 || (units.size === 1 && bare > 0 && numbers.at(-1)?.unit === "") || isMixed(numbers);
}

/** Nothing is left to be rounded to so many decimals. */
function comesOutEven(value: number, decimals: number): boolean {
  const scaled = value * 10 ** decimals;
  return Math.abs(scaled - Math.round(scaled)) <= 1e-9 * Math.max(1, Math.abs(scaled));
}

/** A result may have been rounded or cut off where the calculation does not come out even. */
function toleranceOf(left: Side, right: Side): number {
  const result = right.tokens.length === 1 ? right.tokens[0]! : null;
  const isExact =
    !left.tokens.some(({ type }) => type === "/") &&
    left.tokens.every((token) => token.type !== "number" || token.decimals === 0);
  const relative = 1e-9 * Math.max(1, Math.abs(left.value));
  if (isExact || result?.type !== "number" || comesOutEven(left.value, result.decimals)) return relative;
  return 10 ** -result.decimals * (1 - 1e-9) + relative;
}

/** The value of an expression; `null`: it is none. Operators of one rank go from left to right, powers from right to left. */
function sideOf(tokens: readonly Token[]): Side | null {
  let at = 0;
  let depth = 0;
  const peek = (): Token["type"] | undefined => tokens[at]?.type;
  const sum = (): number => {
    let value = product();
    while (peek() === "+" || peek() === "-")
      value = tokens[at++]!.type === "+" ? value + product() : value - product();
    return value;
  };
  const product = (): number => {
    let value = power();
    while (peek() === "*" || peek() === "/")
      value = tokens[at++]!.type === "*" ? value * power() : value / power();
    return value;
  };
  const power = (): number => {
    const base = atom();
    if (peek() !== "^" || ++depth > MOST_NESTED) return base;
    at++;
    return base ** power();
  };
  const atom = (): number => {
    const token = tokens[at++];
    if (token?.type === "number") return token.value;
    if (token?.type === "-" && at === 1) return -atom();
    if (token?.type !== "(" || ++depth > MOST_NESTED) return Number.NaN;
    const value = sum();
    return tokens[at++]?.type === ")" ? value : Number.NaN;
  };
  if (tokens.length === 0) return null;
  if (tokens.some((token) => token.type === "number" && VARIABLE.test(token.unit))) return null;
  const value = sum();
  return at === tokens.length && Number.isFinite(value) ? { value, tokens } : null;
}

const MOST_NESTED = 30;

const NAMED =
  /\b(sum|product|total|difference)\s(?:of|between)\s(\d{1,12}(?:,\s?\d{1,12}){0,20})(?:,?\sand\s)(\d{1,12})\s(?:is|equals|=)\s(\d{1,15})(?![\d.,]\d|\d|%|\s(?:million|billion|thousand))|(\d{1,12})[和与、](\d{1,12})的(和|差|积)(?:是|为|等于)(\d{1,15})(?![\d.万亿])/giu;

/** "the sum of 17 and 26 is 45" */
function namedSums(text: string): Found[] {
  return [...text.matchAll(NAMED)].flatMap((match): Found[] => {
    const isEnglish = match[1] !== undefined;
    const numbers = isEnglish
      ? [...match[2]!.split(/,\s?/), match[3]!].map(Number)
      : [Number(match[5]), Number(match[6])];
    const what = isEnglish ? match[1]!.toLowerCase() : match[7]!;
    const said = Number(isEnglish ? match[4] : match[8]);
    const result =
      what === "product" || what === "积"
        ? numbers.reduce((product, value) => product * value, 1)
        : what === "difference" || what === "差"
          ? Math.abs(numbers[0]! - numbers[1]!)
          : numbers.reduce((sum, value) => sum + value, 0);
    if (result === said || !Number.isSafeInteger(result)) return [];
    const because = `${quote(match[0])} is wrong: it is ${result}.`;
    return [
      {
        kind: "arithmetic-wrong",
        start: match.index,
        end: match.index + match[0].length,
        strength: 0.95,
        because,
        details: { result },
      },
    ];
  });
}

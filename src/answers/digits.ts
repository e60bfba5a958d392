/**
 * Runs of digits with what separates them: which of "1,234", "1.234,56", "12,34,567", "1'234" and "1 234" are one number, and
 * which are several.
 */

/** English: "1,234.5". European: "1.234,5". "auto": as the text itself writes numbers that can be read in one way only. */
export type NumberStyle = "auto" | "english" | "european";

/** One number among digits and separators. */
interface DigitsPart {
  start: number;
  end: number;
  /** Digits and at most one point; `null`: it may be read in two ways. */
  digits: string | null;
  rule: "digits" | "decimal" | "thousands" | "decimal-comma";
}

/** Digits and separators as they stand in a text. */
export interface DigitsRun {
  end: number;
  /** Empty: a version, an address, or what else has points between numbers. */
  parts: DigitsPart[];
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;
/** Separators that are nothing but separators of thousands. */
const GROUPS_ONLY = " \u00a0'_";

/** Digits as a list of groups. */
interface Groups {
  /** [n] beginnings of the groups. */
  starts: number[];
  /** [n] ends. */
  ends: number[];
  /** [n - 1] what stands between them. */
  separators: string;
}

/** Reads from the first digit on, or from a point with a digit behind it. */
export function digitsAt(text: string, at: number, style: "english" | "european"): DigitsRun {
  const groups = groupsAt(text, at);
  const end = groups.ends.at(-1)!;
  const one = oneNumber(text, groups, style);
  if (one === "none") return { end, parts: [] };
  if (one) return { end, parts: [{ start: at, end, ...one }] };
  return { end, parts: each(text, groups) };
}

function groupsAt(text: string, at: number): Groups {
  const starts: number[] = [];
  const ends: number[] = [];
  const separators: string[] = [];
  let from = at;
  for (;;) {
    let to = from;
    while (isDigit(text.charCodeAt(to))) to++;
    starts.push(from);
    ends.push(to);
    const separator = text.charAt(to);
    if (!",.'_ \u00a0".includes(separator) || separator === "" || !isDigit(text.charCodeAt(to + 1))) break;
    if (GROUPS_ONLY.includes(separator) && !isGroup(text, from, to, separators)) break;
    separators.push(separator);
    from = to + 1;
  }
  return { starts, ends, separators: separators.join("") };
}

/** A space goes on with a number only where exactly three digits follow, and one to three stand before. */
function isGroup(text: string, from: number, to: number, separators: readonly string[]): boolean {
  const before = separators.at(-1);
  if (to - from > 3 || to === from || (before !== undefined && (to - from !== 3 || before !== text[to])))
    return false;
  const next = to + 1;
  return [0, 1, 2].every((i) => isDigit(text.charCodeAt(next + i))) && !isDigit(text.charCodeAt(next + 3));
}

type One = Pick<DigitsPart, "digits" | "rule">;

/** The number that all groups are together; "none": they are no number; `null`: they are several. */
function oneNumber(text: string, groups: Groups, style: "english" | "european"): One | "none" | null {
  const { separators } = groups;
  const sizes = groups.starts.map((start, i) => groups.ends[i]! - start);
  if (separators === "") return { digits: text.slice(groups.starts[0], groups.ends[0]), rule: "digits" };
  const last = separators.at(-1)!;
  const others = separators.slice(0, -1);
  const kinds = new Set(separators);
  const joined = () => groups.starts.map((start, i) => text.slice(start, groups.ends[i])).join("");
  const withPoint = () =>
    `${joined().slice(0, -sizes.at(-1)!)}.${text.slice(groups.starts.at(-1), groups.ends.at(-1))}`;
  if (kinds.size === 1) {
    const isThousands = areThousands(text, groups, sizes);
    if (GROUPS_ONLY.includes(last)) return { digits: joined(), rule: "thousands" };
    if (separators.length > 1) {
      if (isThousands || (last === "," && (areIndian(sizes) || areFours(sizes))))
        return { digits: joined(), rule: "thousands" };
      return last === "." ? "none" : null;
    }
    const decimals = last === "." ? "english" : "european";
    if (sizes[0] === 0) return { digits: withPoint(), rule: "decimal" };
    if (isThousands && style !== decimals) return { digits: joined(), rule: "thousands" };
    if (last === ".") return { digits: withPoint(), rule: "decimal" };
    if (isPair(text, groups)) return null;
    if (areFours(sizes) && style === "english") return { digits: null, rule: "decimal-comma" };
    return { digits: withPoint(), rule: "decimal-comma" };
  }
  const isOneKind = new Set(others).size === 1 && !others.includes(last);
  if (!isOneKind || !".,".includes(last)) return null;
  const head = sizes.slice(0, -1);
  const front = { ...groups, starts: groups.starts.slice(0, -1) };
  const isGrouped = areThousands(text, front, head) || (others[0] === "," && areIndian(head));
  return isGrouped ? { digits: withPoint(), rule: "thousands" } : null;
}

/** 1 to 3 digits, of which the first is not 0, and threes behind them. */
const areThousands = (text: string, { starts }: Groups, sizes: readonly number[]): boolean =>
  sizes[0]! >= 1 &&
  sizes[0]! <= 3 &&
  text[starts[0]!] !== "0" &&
  sizes.every((size, i) => i === 0 || size === 3);

/** 12,34,567 */
const areIndian = (sizes: readonly number[]): boolean =>
  sizes.length > 2 &&
  sizes[0]! >= 1 &&
  sizes[0]! <= 2 &&
  sizes.at(-1) === 3 &&
  sizes.slice(1, -1).every((size) => size === 2);

/** 1,2345,6789 */
const areFours = (sizes: readonly number[]): boolean =>
  sizes[0]! >= 1 && sizes[0]! <= 4 && sizes.slice(1).every((size) => size === 4);

/** "(1,2)" are two numbers. */
const isPair = (text: string, { starts, ends }: Groups): boolean =>
  "([{".includes(text.charAt(starts[0]! - 1) || " ") && ")]}".includes(text.charAt(ends.at(-1)!) || " ");

/** Each for itself, where a comma parts them; what has points among more than two groups is no number. */
function each(text: string, { starts, ends, separators }: Groups): DigitsPart[] {
  const parts: DigitsPart[] = [];
  let first = 0;
  for (let i = 0; i < starts.length; i++) {
    if (i < separators.length && separators[i] === ".") continue;
    const [start, end] = [starts[first]!, ends[i]!];
    const points = i - first;
    if (points <= 1 && end > start)
      parts.push({ start, end, digits: text.slice(start, end), rule: points === 1 ? "decimal" : "digits" });
    first = i + 1;
  }
  return parts;
}

/** A text that writes "1.234,5" or "1.234.567" and no "1,234.5" writes so throughout. */
export function styleOf(text: string, style: NumberStyle): "english" | "european" {
  if (style !== "auto") return style;
  let european = false;
  const run =
    /\d{1,3}(?:(?:,\d{3}){1,6}\.\d|(?:\.\d{3}){1,6},\d|(?:\.\d{3}){2,6}(?![\d.])|(?:,\d{3}){2,6}(?![\d,]))/g;
  for (const [found] of text.matchAll(run)) {
    const [first] = found.match(/[.,]/)!;
    if (first === ",") return "english";
    european = true;
  }
  return european ? "european" : "english";
}

/**
 * A text made easy to read: full-width forms as ASCII, one kind of minus, invisible marks taken out, LaTeX's spacing undone;
 * with the way back to the offsets of the text as it was given. Linear in the text's length.
 */
import type { Place } from "./extraction.ts";

/** Stands for a no-break space, which may stand between the digits of one number. */
const THIN = "\u00a0";
/** Fills what is not to be read: an echo of the prompt. No text that is given has it, since it is replaced there. */
export const MASKED = "\u0001";

/** A text to read, and where its characters come from. */
export class Prepared {
  readonly original: string;
  readonly text: string;
  /** [text.length] offsets in the original; `null`: the same. */
  readonly #starts: Int32Array | null;
  readonly #ends: Int32Array | null;
  /** Offset of `text` in the original where there are no lists. */
  readonly #base: number;

  constructor(
    original: string,
    text: string,
    starts: Int32Array | null,
    ends: Int32Array | null,
    base: number = 0,
  ) {
    this.original = original;
    this.text = text;
    this.#starts = starts;
    this.#ends = ends;
    this.#base = base;
  }

  /** Where [start, end) of `text` stands in the original; end > start. */
  place(start: number, end: number): Place {
    const from = this.#starts ? this.#starts[start]! : this.#base + start;
    const to = this.#ends ? this.#ends[end - 1]! : this.#base + end;
    return { start: from, end: to, text: this.original.slice(from, to) };
  }

  /** Only [start, end) of `text`. */
  slice(start: number, end: number): Prepared {
    return new Prepared(
      this.original,
      this.text.slice(start, end),
      this.#starts?.subarray(start, end) ?? null,
      this.#ends?.subarray(start, end) ?? null,
      this.#base + start,
    );
  }

  /** The same with ranges of `text` filled with MASKED. Ranges rise and do not overlap. */
  masked(ranges: readonly (readonly [start: number, end: number])[]): Prepared {
    if (ranges.length === 0) return this;
    const parts: string[] = [];
    let at = 0;
    for (const [start, end] of ranges) {
      parts.push(this.text.slice(at, start), MASKED.repeat(end - start));
      at = end;
    }
    parts.push(this.text.slice(at));
    return new Prepared(this.original, parts.join(""), this.#starts, this.#ends, this.#base);
  }
}

/** Zero-width and direction marks, soft hyphen, variation selectors: what a reader does not see. */
const isInvisible = (code: number): boolean =>
  (code >= 0x200b && code <= 0x200f) ||
  (code >= 0x202a && code <= 0x202e) ||
  (code >= 0x2060 && code <= 0x2069) ||
  (code >= 0xfe00 && code <= 0xfe0f) ||
  code === 0xfeff ||
  code === 0xad ||
  code === 0x61c;

const isWideDigit = (code: number): boolean => code >= 0xff10 && code <= 0xff19;
/** First digits of the scripts whose digits are read: Arabic, Persian, Devanagari. */
const ZEROS = [0x660, 0x6f0, 0x966];

/** LaTeX that says nothing, and what stands for it. */
const LATEX: readonly (readonly [string, string])[] = [
  ["{,}", ","],
  ["\\,", THIN],
  ["\\;", THIN],
  ["\\ ", THIN],
  ["\\!", ""],
  ["\\%", "%"],
  ["\\$", "$"],
  ["\\left", ""],
  ["\\right", ""],
  ["\\(", "`"],
  ["\\)", "`"],
  ["\\[", "`"],
  ["\\]", "`"],
  ["^{\\circ}", "°"],
  ["^\\circ", "°"],
];

/** Traditional characters of the words that this room knows, and the simplified ones that it knows them by. */
const SIMPLIFIED: ReadonlyMap<number, number> = (() => {
  const traditional =
    "確錯對無沒點萬億兩負選項應該為約個問題結標準認實誤難評給會絕極幾較總終後說這與還過開滿從數間體錢塊斷計測種";
  const simplified =
    "确错对无没点万亿两负选项应该为约个问题结标准认实误难评给会绝极几较总终后说这与还过开满从数间体钱块断计测种";
  return new Map([...traditional].map((each, i) => [each.charCodeAt(0), simplified.charCodeAt(i)]));
})();

/** Nothing in it is to be rewritten. */
const PLAIN = /^[\t\n\r\x20-\x5b\x5d-\x7a\x7c-\x7e]*$/;

export function prepare(original: string): Prepared {
  if (PLAIN.test(original)) return new Prepared(original, original, null, null);
  const codes = new Uint16Array(original.length);
  const starts = new Int32Array(original.length);
  const ends = new Int32Array(original.length);
  let length = 0;
  for (let i = 0; i < original.length; ) {
    const code = original.charCodeAt(i);
    const spelled = code === 0x5c || code === 0x7b || code === 0x5e ? latexAt(original, i) : undefined;
    const size = spelled ? spelled[0].length : 1;
    const as = spelled ? (spelled[1] === "" ? null : spelled[1].charCodeAt(0)) : plainCode(original, i, code);
    if (as !== null) {
      codes[length] = as;
      starts[length] = i;
      ends[length++] = i + size;
    }
    i += size;
  }
  return new Prepared(original, textOf(codes, length), starts, ends);
}

const latexAt = (text: string, at: number) =>
  LATEX.find(([spelling]) => text.startsWith(spelling, at) && !isLetterBehind(text, at, spelling));

/** "\leftarrow" is no "\left". */
const isLetterBehind = (text: string, at: number, spelling: string): boolean =>
  /[a-z]$/.test(spelling) && /[A-Za-z]/.test(text.charAt(at + spelling.length));

/** What a code unit is read as; `null`: it is not seen. */
function plainCode(text: string, at: number, code: number): number | null {
  if (code < 0x20) return code === 9 || code === 10 || code === 13 ? code : 0x1f;
  if (code < 0x80) return code;
  if (isInvisible(code)) return null;
  if (code === 0xff0c)
    // A full-width comma parts clauses, unless it stands among full-width digits.
    return isWideDigit(text.charCodeAt(at - 1)) && isWideDigit(text.charCodeAt(at + 1)) ? 0x2c : code;
  if (code >= 0x4e00 && code <= 0x9fff) return SIMPLIFIED.get(code) ?? code;
  if (code >= 0xff01 && code <= 0xff5e) return code - 0xfee0;
  if (code === 0xffe5) return 0xa5; // ￥
  if (code === 0x3000 || code === 0x85 || code === 0x2028 || code === 0x2029)
    return code === 0x3000 ? 0x20 : 10;
  if ((code >= 0x2000 && code <= 0x200a) || code === 0x202f || code === 0x205f) return 0xa0;
  if (code === 0x2212 || code === 0xfe63 || code === 0x2010 || code === 0x2011) return 0x2d;
  if (code === 0x2018 || code === 0x2019 || code === 0x2bc) return 0x27;
  for (const zero of ZEROS) if (code >= zero && code <= zero + 9) return 0x30 + code - zero;
  return code;
}

function textOf(codes: Uint16Array, length: number): string {
  const parts: string[] = [];
  for (let at = 0; at < length; at += 8192)
    parts.push(String.fromCharCode(...codes.subarray(at, Math.min(length, at + 8192))));
  return parts.join("");
}

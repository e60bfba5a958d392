/** Arithmetic expressions as they stand in reasoning, read exactly: 40-4, (40 − 4) × 3/4, 2x + 3. */

/** A fraction in lowest terms; the denominator is positive. */
interface Fraction {
  over: bigint;
  under: bigint;
}

/** An expression: a form that is the same for those that differ only in spaces, signs of writing and order, and its value. */
export interface Expression {
  /** "a+b" and "b + a" have the same. */
  form: string;
  /** Its exact value, as "27" or "3/4"; `null` with variables, or a division by zero. */
  value: string | null;
  /** Whether it holds an operator: a number alone does not. */
  isCompound: boolean;
  /** Binds as tightly as a product, or not: whether it needs brackets within one. */
  isSum: boolean;
}

/** Longer expressions are not read. */
const LONGEST = 400;
const MOST_DIGITS = 60;
const TOKEN =
  /(?<space>\s*)(?:(?<number>\d+(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)(?<percent>%?)|(?<name>[A-Za-zα-ωΑ-Ω][A-Za-z_]*\d*)|(?<mark>[-+*/^()]))/uy;

/** The text with one way to write each operator. */
export function plainOperators(text: string): string {
  return text
    .replaceAll(/\\[dt]?frac\{([^{}]{1,60})\}\{([^{}]{1,60})\}/g, "(($1)/($2))")
    .replaceAll(/\\(?:left|right)(?=[()])/g, "")
    .replaceAll(/[−–—﹣－]/g, "-")
    .replaceAll(/[×·⋅✕＊]|\\times|\\cdot/g, "*")
    .replaceAll(/[÷／∕]|\\div/g, "/")
    .replaceAll(/[０-９（）＋＝％．]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0));
}

interface Node {
  form: string;
  value: Fraction | null;
  /** 0 sum, 1 product, 2 power or sign, 3 atom. */
  level: number;
}

/** Reads a text that is an expression from beginning to end; `null` where it is none. */
export function readExpression(text: string): Expression | null {
  if (text.length > LONGEST) return null;
  const tokens = tokensOf(plainOperators(text));
  if (tokens === null || tokens.length === 0) return null;
  const reader = new Reader(tokens);
  const node = reader.sum();
  if (node === null || !reader.isAtEnd) return null;
  return {
    form: node.form,
    value: node.value && valueText(node.value),
    isCompound: tokens.length > 1,
    isSum: node.level === 0,
  };
}

/** Whether two texts are the same expression: in form, or, where both are numbers, in value. */
export function sameExpression(a: string, b: string): boolean {
  const [left, right] = [readExpression(a), readExpression(b)];
  if (left === null || right === null) return false;
  return left.form === right.form || (left.value !== null && left.value === right.value);
}

interface Token {
  kind: "number" | "name" | "mark";
  text: string;
  /** White space stands before it. */
  isApart: boolean;
}

function tokensOf(text: string): Token[] | null {
  const tokens: Token[] = [];
  const trimmed = text.trim();
  for (TOKEN.lastIndex = 0; TOKEN.lastIndex < trimmed.length; ) {
    const groups = TOKEN.exec(trimmed)?.groups;
    if (!groups) return null;
    const { space, number, percent, name, mark } = groups;
    const isApart = space !== "";
    if (number !== undefined)
      tokens.push({ kind: "number", text: number.replaceAll(",", "") + percent, isApart });
    else if (name !== undefined) tokens.push({ kind: "name", text: name, isApart });
    else tokens.push({ kind: "mark", text: mark!, isApart });
  }
  return tokens;
}

/** Recursive descent; `null` from any part is `null` of the whole. */
class Reader {
  #at = 0;
  readonly #tokens: readonly Token[];
  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#tokens.length;
  }

  #takes(marks: string): string | null {
    const token = this.#tokens[this.#at];
    if (token?.kind !== "mark" || !marks.includes(token.text)) return null;
    this.#at++;
    return token.text;
  }

  sum(): Node | null {
    const first = this.#product();
    if (first === null) return null;
    const terms = [first.form];
    let value = first.value;
    for (;;) {
      const mark = this.#takes("+-");
      if (mark === null) break;
      const next = this.#product();
      if (next === null) return null;
      terms.push(mark === "-" ? negated(next.form) : next.form);
      value = value && next.value && add(value, next.value, mark === "-" ? -1n : 1n);
    }
    return terms.length === 1 ? first : { form: `(${terms.sort().join("+")})`, value, level: 0 };
  }

  #product(): Node | null {
    const first = this.#power();
    if (first === null) return null;
    const factors = [first.form];
    let value = first.value;
    for (;;) {
      const mark = this.#takes("*/");
      const token = this.#tokens[this.#at];
      // 2x, 3(a+b): a product without a sign. "3 apples" is none.
      const isImplied =
        mark === null && token?.isApart === false && (token.kind === "name" || token.text === "(");
      if (mark === null && !isImplied) break;
      const next = this.#power();
      if (next === null) return null;
      factors.push(mark === "/" ? `1/${next.form}` : next.form);
      value = value && next.value && (mark === "/" ? divide(value, next.value) : multiply(value, next.value));
    }
    return factors.length === 1 ? first : { form: `[${factors.sort().join("*")}]`, value, level: 1 };
  }

  #power(): Node | null {
    if (this.#takes("-") !== null) {
      const node = this.#power();
      return (
        node && { form: negated(node.form), value: node.value && multiply(node.value, MINUS_ONE), level: 2 }
      );
    }
    if (this.#takes("+") !== null) return this.#power();
    const base = this.#atom();
    if (base === null || this.#takes("^") === null) return base;
    const exponent = this.#power();
    if (exponent === null) return null;
    const value = base.value && exponent.value && power(base.value, exponent.value);
    return { form: `${base.form}^${exponent.form}`, value, level: 2 };
  }

  #atom(): Node | null {
    if (this.#takes("(") !== null) {
      const inner = this.sum();
      return inner !== null && this.#takes(")") !== null ? { ...inner, level: 3 } : null;
    }
    const token = this.#tokens[this.#at];
    if (!token || token.kind === "mark") return null;
    this.#at++;
    if (token.kind === "name") return { form: token.text, value: null, level: 3 };
    const value = fractionOf(token.text);
    return { form: value ? valueText(value) : token.text, value, level: 3 };
  }
}

const MINUS_ONE: Fraction = { over: -1n, under: 1n };
const negated = (form: string): string => (form.startsWith("-") ? form.slice(1) : `-${form}`);

function fractionOf(text: string): Fraction | null {
  const isPercent = text.endsWith("%");
  const [whole = "", decimals = ""] = (isPercent ? text.slice(0, -1) : text).split(".");
  if (whole.length + decimals.length > MOST_DIGITS) return null;
  return lowest(BigInt(whole + decimals || "0"), 10n ** BigInt(decimals.length + (isPercent ? 2 : 0)));
}

function lowest(over: bigint, under: bigint): Fraction {
  let [a, b] = [over < 0n ? -over : over, under];
  while (b !== 0n) [a, b] = [b, a % b];
  return { over: over / a, under: under / a };
}

const add = (a: Fraction, b: Fraction, sign: bigint): Fraction =>
  lowest(a.over * b.under + sign * b.over * a.under, a.under * b.under);
const multiply = (a: Fraction, b: Fraction): Fraction => lowest(a.over * b.over, a.under * b.under);
const divide = (a: Fraction, b: Fraction): Fraction | null =>
  b.over === 0n
    ? null
    : multiply(a, b.over < 0n ? { over: -b.under, under: -b.over } : { over: b.under, under: b.over });

/** Whole exponents from -20 to 20. */
function power(base: Fraction, exponent: Fraction): Fraction | null {
  if (exponent.under !== 1n || exponent.over > 20n || exponent.over < -20n) return null;
  const size = exponent.over < 0n ? -exponent.over : exponent.over;
  const raised = lowest(base.over ** size, base.under ** size);
  return exponent.over < 0n ? divide({ over: 1n, under: 1n }, raised) : raised;
}

/** A value by the name of its number, without a sign: "3/4" is 0.75, and 1/3, which does not end, stays "1/3". */
export function nameOfValue(value: string): string {
  const [over = "", under = "1"] = value.replace(/^-/, "").split("/");
  if (under === "1") return over;
  let rest = BigInt(under);
  let digits = 0;
  for (const factor of [10n, 5n, 2n]) for (; rest % factor === 0n; rest /= factor) digits++;
  if (rest !== 1n || digits > MOST_DIGITS) return `${over}/${under}`;
  const text = `${(BigInt(over) * 10n ** BigInt(digits)) / BigInt(under)}`.padStart(digits + 1, "0");
  return `${text.slice(0, -digits)}.${text.slice(-digits).replace(/0+$/, "")}`;
}

const valueText = ({ over, under }: Fraction): string => (under === 1n ? `${over}` : `${over}/${under}`);

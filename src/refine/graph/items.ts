/** What a step says and what it refers to: numbers, names, expressions, labels and named rules. */
import { stepNumber } from "../segment/index.ts";
import { plainOperators, readExpression } from "./expression.ts";
import { labelsOf } from "./labels.ts";
import { isNumber, numberName, numbersIn } from "./numbers.ts";

/** What can be referred to: an item's kind, and what it is, in one canonical form. */
export interface Item {
  kind: "number" | "variable" | "expression" | "label" | "rule";
  /** "36", "x", the form of an expression, "step 2", "distributive law". */
  name: string;
}

/** An equation within a step. */
export interface Equation {
  /** As they stand in the text, left to right: at least two sides. */
  sides: string[];
  /** UTF-16 code units from the beginning of the step. */
  start: number;
  end: number;
}

/** A step, read. */
export interface StepItems {
  /** What it states as a result: right sides of equations, values given names, labels and rules it sets up. */
  results: Map<string, Item>;
  /** Everything that stands in it. */
  mentions: Map<string, Item>;
  equations: Equation[];
  /** Keys of what is stated by its first standing here: not numbers that are only operands of a sum. */
  statements: Set<string>;
  /** Names of the numbers that stand outside of its equations. */
  outside: Set<string>;
}

export const keyOf = ({ kind, name }: Item): string => `${kind} ${name}`;

/** A name in Latin or Greek letters left of "=", ":=" or "<-", which is thereby given a value. */
const DEFINITION =
  /(?<![A-Za-z0-9_α-ωΑ-Ω.*/+^(-])(?<!\d[ \t]*\*?[ \t]*)([A-Za-zα-ωΑ-Ω][A-Za-z0-9_α-ωΑ-Ω]*)\s*(?::=|<-|=(?!=))/gu;
const LET =
  /\b(?:let|denote|call|define)\s+(?:\w+\s+){0,6}?([A-Za-zα-ωΑ-Ω])\b|设\s*[^，。,.]{0,20}?([A-Za-zα-ωΑ-Ω])(?![A-Za-z])/giu;
/** A name where it is used as mathematics or code: a letter alone but "a", "A" and "I" without an operator beside them. */
const NAME =
  /(?<![A-Za-z0-9_α-ωΑ-Ω\\])(?<factor>\d*)(?<name>[A-Za-zα-ωΑ-Ω](?:_?\d+|_[A-Za-z]+)?)(?![A-Za-z0-9_α-ωΑ-Ω'’])/gu;
const ARTICLES = new Set(["a", "A", "I"]);
const OPERATOR_BEFORE = /[-+*/^=(<>]\s*$/;
const OPERATOR_BEHIND = /^\s*[-+*/^=)<>]/;
/** "gives 16", "得到 12", "→ 5": a result without a sign of equality. */
const CONCLUSION =
  /(?:\b(?:gives|get|gets|got|obtain|obtains|equals?|is|are|makes|leaves|total(?:s|ling)?|yields?)\b|得到?|等于|共有?|为|是|→|⇒|=>)\s*[:：]?\s*[$¥€£]?\s*(-?\d+(?:,\d{3})*(?:\.\d+)?(?:\/\d+)?%?)(?!\d|[.,]\d|\s*[*/^+=]|\s*-\s*[\d(])/giu;
const RULE =
  /\b([a-z]+(?:[- ][a-z]+)?\s+(?:theorem|law|rule|formula|identity|lemma|property|principle))\b|([\p{Script=Han}]{2,6}(?:定理|定律|公式|法则|恒等式|性质))/giu;
const NOT_A_NAME = /^(?:the|this|that|a|an|same|our|by|using|use|from|apply|above|following|rule of)\s+/i;

/** Reads a step. @param names names that earlier steps gave a value, which are looked for as words. */
export function itemsOf(text: string, names: ReadonlySet<string> = new Set()): StepItems {
  const read = remembered(text);
  const mentions = new Map(read.mentions);
  if (names.size > 0)
    for (const name of usedNames(read.plain, names)) {
      const item: Item = { kind: "variable", name };
      mentions.set(keyOf(item), item);
    }
  return { ...read, mentions, results: new Map(read.results), statements: new Set(read.statements) };
}

/** A step read by itself, with what it looks like without labels. */
type ReadStep = StepItems & { plain: string };

/** Pruning looks at the same steps round after round. Forgotten all at once when they are many. */
const memory = new Map<string, ReadStep>();
const MOST_REMEMBERED = 2000;

function remembered(text: string): ReadStep {
  const known = memory.get(text);
  if (known) return known;
  if (memory.size >= MOST_REMEMBERED) memory.clear();
  const read = readStep(text);
  memory.set(text, read);
  return read;
}

function readStep(text: string): ReadStep {
  const { labels, own, plain: unlabelled } = labelsOf(text, stepNumber(text));
  const plain = plainOperators(unlabelled);
  const results = new Map<string, Item>();
  const mentions = new Map<string, Item>();
  const say = (item: Item, isResult = false) => {
    mentions.set(keyOf(item), item);
    if (isResult) results.set(keyOf(item), item);
  };
  for (const name of own) say({ kind: "label", name }, true);
  for (const name of labels) say({ kind: "label", name });
  const numbers = numbersIn(plain);
  for (const { name } of numbers) say({ kind: "number", name });
  for (const match of plain.matchAll(CONCLUSION)) say({ kind: "number", name: numberName(match[1]!) }, true);
  const defined = definedIn(plain);
  for (const name of defined) say({ kind: "variable", name }, true);
  for (const name of usedNames(plain, defined)) say({ kind: "variable", name });
  for (const found of plain.matchAll(RULE)) say({ kind: "rule", name: ruleName(found[0]) });
  const equations = equationsOf(plain);
  for (const { sides } of equations)
    for (const [i, side] of sides.entries()) {
      const expression = readExpression(side);
      const isResult = i > 0;
      if (expression?.isCompound && !isNumber(side))
        say({ kind: "expression", name: expression.form }, isResult && expression.value === null);
      else if (isResult) for (const name of valuesOf(side)) say({ kind: "number", name }, true);
    }
  for (const { 0: found } of plain.matchAll(/\([^()]{1,80}\)/g)) {
    const expression = readExpression(found);
    if (expression?.isCompound && !isNumber(found) && expression.form.length > 1)
      say({ kind: "expression", name: expression.form });
  }
  const outside = numbersIn(withoutEquations(plain, equations));
  const statements = new Set(results.keys());
  for (const { name, isOperand } of outside) if (!isOperand) statements.add(keyOf({ kind: "number", name }));
  for (const { sides } of equations)
    for (const side of sides) {
      const form = readExpression(side)?.form;
      if (form !== undefined) statements.add(keyOf({ kind: "expression", name: form }));
    }
  for (const item of mentions.values()) if (item.kind === "rule") statements.add(keyOf(item));
  return {
    results,
    mentions,
    equations,
    statements,
    outside: new Set(outside.map(({ name }) => name)),
    plain,
  };
}

/** What a side that is a number says: itself, and of 50% and 3/4 the parts that may be used by themselves too. */
function valuesOf(side: string): Set<string> {
  const all = numbersIn(side);
  const whole = all.filter(({ start, end }) =>
    all.every((other) => other.start >= start && other.end <= end),
  );
  return new Set([...whole, ...all.filter(() => side.includes("%"))].map(({ name }) => name));
}

function withoutEquations(text: string, equations: readonly Equation[]): string {
  let result = "";
  let at = 0;
  for (const { start, end } of equations) {
    result += `${text.slice(at, start)} `;
    at = end;
  }
  return result + text.slice(at);
}

function definedIn(text: string): Set<string> {
  const names = [...text.matchAll(DEFINITION)].map((match) => match[1]!);
  for (const match of text.matchAll(LET)) names.push((match[1] ?? match[2])!);
  return new Set(names);
}

function usedNames(text: string, known: ReadonlySet<string>): Set<string> {
  const used = new Set<string>();
  for (const { index, 0: found, groups } of text.matchAll(NAME)) {
    const name = groups!.name!;
    const end = index + found.length;
    const [before, behind] = [text.slice(Math.max(0, index - 8), index), text.slice(end, end + 8)];
    const isMathematics =
      groups!.factor !== "" || OPERATOR_BEFORE.test(before) || OPERATOR_BEHIND.test(behind);
    if (isMathematics || (known.has(name) && !ARTICLES.has(name))) used.add(name);
  }
  for (const { 0: word } of text.matchAll(/(?<![A-Za-z0-9_])[A-Za-z_][A-Za-z0-9_]+(?![A-Za-z0-9_])/g))
    if (known.has(word)) used.add(word);
  return used;
}

const ruleName = (text: string): string => {
  let name = text.toLowerCase();
  while (NOT_A_NAME.test(name)) name = name.replace(NOT_A_NAME, "");
  return name.replaceAll(/\s+/g, " ");
};

/** A stretch of a line that may be mathematics, with signs of equality in it or not. */
const STRETCH = /[-+*/^().,%\w \t\u00a0α-ωΑ-Ω=]+/gu;
/** "Solve -3x": a word, and a number with a sign. "total - 3" is a difference. */
const WORD_BEFORE_SIGN = /^\s*[A-Za-z]{2,}\s+[-+][^\s]/;
/** As long as an expression is read at most. */
const REACH = 400;

/** Chains of sides with "=" between them. Words around them are not taken for parts of a side, and words within end a chain. */
export function equationsOf(text: string): Equation[] {
  const equations: Equation[] = [];
  for (const { 0: found, index } of plainOperators(text).matchAll(STRETCH)) {
    if (!found.includes("=")) continue;
    let start = index;
    let open: Equation | null = null;
    for (const [i, part] of found.split("=").entries()) {
      const isWhole = !WORD_BEFORE_SIGN.test(part) && readExpression(part) !== null;
      const head = isWhole ? part.trim() : mathematicsAtStart(part);
      if (open && head !== "") {
        open.sides.push(head);
        open.end = start + part.indexOf(head) + head.length;
      }
      if (open && !isWhole) {
        if (open.sides.length > 1) equations.push(open);
        open = null;
      }
      const tail = isWhole ? part.trim() : mathematicsAtEnd(part);
      if (!open && tail !== "" && (i === 0 || !isWhole))
        open = { sides: [tail], start: start + part.lastIndexOf(tail), end: start + part.length };
      start += part.length + 1;
    }
    if (open && open.sides.length > 1) equations.push(open);
  }
  return equations;
}

/** The longest end of a text that is an expression. */
function mathematicsAtEnd(text: string): string {
  const trimmed = text.trimEnd().slice(-REACH);
  for (const { index } of trimmed.matchAll(/(?<![\w.])(?=[\w(+\-.α-ωΑ-Ω])/gu)) {
    const part = trimmed.slice(index);
    if (readExpression(part) !== null && !/[A-Za-z]{2,}\s|[A-Za-z]\s+[A-Za-z(]|^[+]/.test(part)) return part;
  }
  return "";
}

/** The longest beginning of a text that is an expression. */
function mathematicsAtStart(text: string): string {
  const trimmed = text.trimStart().slice(0, REACH);
  const ends = [...trimmed.matchAll(/(?<=[\w)%α-ωΑ-Ω])(?![\w%])/gu)].map(({ index }) => index).reverse();
  for (const end of ends) {
    const part = trimmed.slice(0, end);
    if (readExpression(part) !== null && !/[A-Za-z]{2,}|\d\s+[A-Za-z(]|[A-Za-z]\s+[A-Za-z(]/.test(part))
      return part;
  }
  const word = /^[A-Za-z_]\w*(?!\w)/.exec(trimmed)?.[0];
  return word ?? "";
}

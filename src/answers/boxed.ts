/** \boxed{...} with whatever is nested in it, in one pass. */
import type { Place } from "./extraction.ts";
import { type Prepared, prepare } from "./prepared.ts";

/** A box: offsets of its content in the prepared text, and where all of it ends. */
export interface Box {
  start: number;
  end: number;
  /** Behind the closing brace. */
  close: number;
}

/** Content of every \boxed{} and \fbox{}, in the order in which they close; of nested ones the inner one comes first. */
export function boxedAnswers(text: string): Place[] {
  const prepared = prepare(text);
  return boxesOf(prepared.text)
    .filter(({ start, end }) => end > start)
    .map(({ start, end }) => prepared.place(start, end));
}

const OPENING = /\\(?:boxed|fbox)\s{0,2}\{|\\boxed (?=[^{\s])|[{}]/g;

/** A box that is never closed is none. "\boxed 42" holds what stands before the next space or dollar sign. */
export function boxesOf(text: string): Box[] {
  if (!text.includes("\\boxed") && !text.includes("\\fbox")) return [];
  const found: Box[] = [];
  /** Of every open brace: where the box's content begins, or -1. */
  const open: number[] = [];
  for (const match of text.matchAll(OPENING)) {
    const behind = match.index + match[0].length;
    if (match[0] === "}") {
      const start = open.pop() ?? -1;
      if (start >= 0) found.push({ start, end: match.index, close: behind });
    } else if (match[0] === "{") open.push(-1);
    else if (match[0].endsWith("{")) open.push(behind);
    else {
      const [word] = /[^\s$]{1,40}/y.exec(text.slice(behind, behind + 40)) ?? [""];
      found.push({ start: behind, end: behind + word.length, close: behind + word.length });
    }
  }
  return found;
}

/** Text of a box without LaTeX's dress: "\text{(C)}" is "(C)". */
export function undressed(
  prepared: Prepared,
  { start, end }: Pick<Box, "start" | "end">,
): { start: number; end: number } {
  const dress = /\s{0,4}\\(?:text|textbf|mathrm|mathbf|mbox|rm)\s?\{/y;
  dress.lastIndex = start;
  const match = dress.exec(prepared.text);
  if (!match || match.index + match[0].length > end) return { start, end };
  const from = match.index + match[0].length;
  const close = prepared.text.indexOf("}", from);
  return close < 0 || close >= end ? { start, end } : { start: from, end: close };
}

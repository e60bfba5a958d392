/** `40-4=36` then `36*3/4=27` as `(40-4)*3/4=27`: an expression in the place of its result. */
import {
  danglingReferences,
  equationsOf,
  isNumber,
  numberName,
  numbersIn,
  readExpression,
  type StepGraph,
} from "../graph/index.ts";

/**
 * Takes a step out and puts what it computes into every later step that would refer to nothing.
 * Whatever can be reckoned in a changed step has the same value as before, or nothing is changed.
 * @param graph of these steps.
 * @returns the texts of the steps that change, by index; `null` where it cannot be done: the step computes nothing that could be put
 *   there, a label or a rule is referred to, or a later step names the result otherwise than as a number or name.
 */
export function substituteStep(
  steps: readonly string[],
  step: number,
  graph: StepGraph,
): Map<number, string> | null {
  const dangling = danglingReferences(graph, (i) => i !== step);
  if (dangling.length === 0) return null;
  const changed = new Map<number, string>();
  const left: typeof dangling = [];
  for (const reference of dangling) {
    const { step: user, item } = reference;
    const before = changed.get(user) ?? steps[user]!;
    const expression =
      item.kind === "number"
        ? expressionFor(steps[step]!, item.name)
        : item.kind === "variable"
          ? givenValue(steps[step]!, item.name)
          : null;
    const after =
      expression === null
        ? null
        : item.kind === "number"
          ? withNumber(before, item.name, expression)
          : withName(before, item.name, expression);
    if (after === null) left.push(reference);
    else changed.set(user, after);
  }
  // 50% is 50 and 0.5: where one of them was put in, the other may be gone with it.
  const stillStands = left.some(
    ({ step: user, item }) =>
      item.kind !== "number" ||
      !changed.has(user) ||
      numbersIn(changed.get(user)!).some(({ name }) => name === item.name),
  );
  if (stillStands) return null;
  for (const [user, text] of changed) if (!isSameValue(steps[user]!, text)) return null;
  return changed;
}

/** What a step says a number is the value of: a side that computes exactly to it. */
function expressionFor(step: string, number: string): string | null {
  for (const { sides } of equationsOf(step).reverse()) {
    const last = sides.at(-1)!;
    if (!isNumber(last) || numberName(last) !== number) continue;
    const value = readExpression(last)?.value;
    const source = sides
      .slice(0, -1)
      .reverse()
      .find((side) => {
        const read = readExpression(side);
        return value != null && read?.isCompound && read.value === value;
      });
    // A negative result stands in later steps with its sign, which is not a part of the number there.
    if (source !== undefined) return value!.startsWith("-") ? null : source;
  }
  return null;
}

/** What a step says a name is: the side right of it that says most, an expression before its value. */
function givenValue(step: string, name: string): string | null {
  for (const { sides } of equationsOf(step)) if (sides[0] === name) return sides[1]!;
  return null;
}

/** Every standing of a number but as a result; `null` where it stands in a way that takes no expression. */
function withNumber(step: string, number: string, expression: string): string | null {
  const results = resultPlaces(step);
  const places = numbersIn(step).filter(({ name, start }) => name === number && !results.has(start));
  const widest = places.filter(
    (place) =>
      !places.some(
        ({ start, end }) => start <= place.start && end >= place.end && end - start > place.end - place.start,
      ),
  );
  return replaced(step, widest, expression);
}

function withName(step: string, name: string, expression: string): string | null {
  if (new RegExp(`^\\s*${name}\\s*=`).test(step)) return null; // it is given a value there
  const pattern = new RegExp(`(?<![A-Za-z0-9_α-ωΑ-Ω])(?<factor>\\d*)${name}(?![A-Za-z0-9_α-ωΑ-Ω])`, "gu");
  const places = [...step.matchAll(pattern)].map(({ 0: found, index, groups }) => ({
    start: index,
    end: index + found.length,
    factor: groups!.factor!,
  }));
  return replaced(step, places, expression);
}

/** A stretch of a step that an expression takes the place of, with the factor that is written before a name: 2x. */
interface Place {
  start: number;
  end: number;
  factor?: string;
}

/** By itself: a whole side, what stands in brackets, or words around it. An expression there needs no brackets. */
const FREE_BEFORE = /(?:^|[=({,;:，。；：、“]|(?<![\p{L}\p{N}])\p{L}{3,}|\p{Script=Han})\s*$/u;
const FREE_BEHIND =
  /^\s*(?:$|[=)},;，。；：、”]|[.?](?:\s|$)|!\s*$|(?!mod\b)\p{L}{3,}(?!\p{L}|\s*[-+*/^×·÷−])|\p{Script=Han})/u;
/** 7th, 7-th, 7-sided: these take no expression, in brackets or not. */
const NO_PLACE_BEHIND = /^(?:st|nd|rd|th|-[a-z]+)(?![A-Za-z])|^-(?:th|st|nd|rd)\b/u;

function replaced(step: string, places: readonly Place[], expression: string): string | null {
  if (places.length === 0) return null;
  const isAtom = readExpression(expression)?.isCompound === false;
  let text = "";
  let at = 0;
  for (const { start, end, factor = "" } of places) {
    const [before, behind] = [step.slice(0, start), step.slice(end)];
    if (NO_PLACE_BEHIND.test(behind) || isQuoted(step, start)) return null;
    if (/\w\s*\($/.test(before) && /^\)\s*=/.test(behind)) return null; // f(x) = ..., which says what x is there
    const isFree = factor === "" && FREE_BEFORE.test(before) && FREE_BEHIND.test(behind);
    const needsBrackets = isAtom ? /^-/.test(expression) && !isFree : !isFree;
    text +=
      step.slice(at, start) +
      (factor === "" ? "" : `${factor}*`) +
      (needsBrackets ? `(${expression})` : expression);
    at = end;
  }
  return text + step.slice(at);
}

/** Whether a place lies within quotation marks of code, on its line. */
function isQuoted(step: string, at: number): boolean {
  const line = step.slice(step.lastIndexOf("\n", at - 1) + 1, at);
  return line.split('"').length % 2 === 0 || /[(=,\s]'[^']*$/.test(line);
}

/** Where results begin in a step: numbers that are the last side of an equation, by themselves. */
function resultPlaces(step: string): Set<number> {
  const places = new Set<number>();
  for (const { sides, end } of equationsOf(step)) {
    const last = sides.at(-1)!;
    const digits = /\d/.exec(last);
    if (digits && isNumber(last)) places.add(end - last.length + digits.index);
  }
  return places;
}

/** Whether every equation that can be reckoned says after the change what it said before: side by side the same values. */
function isSameValue(before: string, after: string): boolean {
  const [old, now] = [equationsOf(before), equationsOf(after)];
  if (old.length !== now.length) return false;
  return old.every(({ sides }, i) =>
    sides.every((side, s) => {
      const [was, is] = [readExpression(side)?.value, readExpression(now[i]!.sides[s] ?? "")?.value];
      return was == null || was === is;
    }),
  );
}

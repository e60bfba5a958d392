/** `40-4=36` then `36*3/4=27` as `(40-4)*3/4=27`: an expression in the place of its result. */
import {
  danglingReferences,
  equationsOf,
  numberName,
  plainOperators,
  readExpression,
  type StepGraph,
} from "../graph/index.ts";

/** A number as it stands in a step, with a sign of its own only where nothing stands before it. */
const NUMBER = /(?<![A-Za-z\p{N}_.])\d+(?:,\d{3})*(?:\.\d+)?(?![\p{N}_]|\.\d|,\d{3})/gu;

/**
 * Takes a step out and puts what it computes into every later step that would refer to nothing.
 * @param graph of these steps.
 * @returns the texts of the steps that change, by index; `null` where it cannot be done: the step computes nothing that could be put
 *   there, a label or a rule is referred to, or a later step names the result otherwise than as a number.
 */
export function substituteStep(
  steps: readonly string[],
  step: number,
  graph: StepGraph,
): Map<number, string> | null {
  const dangling = danglingReferences(graph, (i) => i !== step);
  if (dangling.length === 0) return null;
  const changed = new Map<number, string>();
  for (const { step: user, item } of dangling) {
    const before = changed.get(user) ?? steps[user]!;
    const expression =
      item.kind === "number"
        ? expressionFor(steps[step]!, item.name)
        : item.kind === "variable"
          ? givenValue(steps[step]!, item.name)
          : null;
    if (expression === null) return null;
    const after =
      item.kind === "number"
        ? withNumber(before, item.name, expression)
        : withName(before, item.name, expression);
    if (after === null || after === before) return null;
    changed.set(user, after);
  }
  return changed;
}

/** What a step says a number is the value of: a side that computes exactly to it. */
function expressionFor(step: string, number: string): string | null {
  const all = equationsOf(step);
  for (const { sides } of all.reverse()) {
    const result = readExpression(sides.at(-1)!);
    if (result?.value == null || numberName(result.value) !== number || result.isCompound) continue;
    const source = sides
      .slice(0, -1)
      .reverse()
      .map((side) => [side, readExpression(side)] as const)
      .find(([, read]) => read?.isCompound && read.value === result.value);
    if (source) return source[0];
  }
  return null;
}

/** What a step says a name is: the side right of it that says most, an expression before its value. */
function givenValue(step: string, name: string): string | null {
  for (const { sides } of equationsOf(step)) if (sides[0] === name) return sides[1]!;
  return null;
}

/** Every standing of a number but as a result, in brackets where something binds to it. */
function withNumber(step: string, number: string, expression: string): string | null {
  const results = resultPlaces(step);
  return replaced(
    step,
    NUMBER,
    (found, index) => numberName(found) === number && !results.has(index),
    expression,
  );
}

function withName(step: string, name: string, expression: string): string | null {
  if (new RegExp(`^\\s*${name}\\s*=`).test(step)) return null; // it is given a value there
  const pattern = new RegExp(`(?<![A-Za-z0-9_α-ωΑ-Ω])(?<factor>\\d*)${name}(?![A-Za-z0-9_α-ωΑ-Ω])`, "gu");
  return replaced(step, pattern, () => true, expression);
}

function replaced(
  step: string,
  pattern: RegExp,
  isMeant: (found: string, index: number) => boolean,
  expression: string,
): string | null {
  let text = "";
  let at = 0;
  for (const { 0: found, index, groups } of step.matchAll(pattern)) {
    if (!isMeant(found, index)) continue;
    const factor = groups?.factor ?? "";
    const [before, behind] = [step.slice(0, index), step.slice(index + found.length)];
    const binds =
      factor !== "" ||
      /[-+*/^×·÷−]\s*$/u.test(before) ||
      /^(?:\s*[-+*/^×·÷−]|[A-Za-zα-ωΑ-Ω(%])/u.test(behind);
    const needsBrackets = binds && readExpression(expression)?.isCompound !== false;
    text +=
      step.slice(at, index) +
      (factor === "" ? "" : `${factor}*`) +
      (needsBrackets ? `(${expression})` : expression);
    at = index + found.length;
  }
  return text === "" && at === 0 ? null : text + step.slice(at);
}

/** Where results begin in a step: numbers that are the last side of an equation, by themselves. */
function resultPlaces(step: string): Set<number> {
  const places = new Set<number>();
  const plain = plainOperators(step);
  if (plain.length !== step.length) return places; // written with commands: places would be others
  for (const { sides, end } of equationsOf(step)) {
    const last = sides.at(-1)!;
    const digits = /\d/.exec(last);
    if (digits && !readExpression(last.replace(/^-/, ""))?.isCompound)
      places.add(end - last.length + digits.index);
  }
  return places;
}

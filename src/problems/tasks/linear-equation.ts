/**
 * Linear equations in one variable, worded as algebra__linear_1d of DeepMind's Mathematics Dataset (Saxton and
 * others 2019): "Solve 24 = -5*r + 4 for r." The solution is an integer.
 *
 * | difficulty | form                                              | solution | constants |
 * | ---------- | ------------------------------------------------- | -------- | --------- |
 * | 1          | a*x = c, or x + b = c                             | ±9       | ±20       |
 * | 2          | a*x + b = c                                       | ±9       | ±30       |
 * | 3          | a*x + b = c*x + d                                 | ±12      | ±50       |
 * | 4          | two terms in x, two constants, on either side     | ±30      | ±99       |
 * | 5          | three terms in x, two constants, on either side   | ±99      | ±500      |
 *
 * Coefficients are at most 9 in size, and so is what they come to. Constants hold for those that are drawn: one of
 * each equation follows from the rest and may be larger. The sides change places at random.
 */
import { type Difficulty, essential, type Problem, redundant } from "../problem.ts";
import { pick, shuffled, signed } from "../random.ts";
import { addSigned, divide, type Written } from "./written.ts";

const SOLUTIONS = [9, 9, 12, 30, 99] as const;
const CONSTANTS = [20, 30, 50, 99, 500] as const;
const LETTERS = "abcdefghijklmnopqrstuvwxyz";

/** `factor` times the variable, or a constant. */
interface Term {
  factor: number;
  variable: boolean;
}
/** Each side holds at least one term. */
interface Equation {
  left: Term[];
  right: Term[];
}

export function linearEquation(random: () => number, difficulty: Difficulty): Problem {
  const letter = pick(random, LETTERS);
  const solution = signed(random, 0, SOLUTIONS[difficulty - 1]!) || 0; // no -0
  const equation = draw(random, difficulty, solution);
  const write = (value: string, space: string) =>
    [equation.left, equation.right].map((side) => writeTerms(side, value, space)).join(`${space}=${space}`);
  return {
    task: "algebra_linear_1d",
    difficulty,
    question: `Solve ${write(letter, " ")} for ${letter}.`,
    steps: [
      redundant(`The task is ${write(letter, "")}`),
      ...solve(equation, letter).map(essential),
      redundant(`Check: ${write(String(solution), "")}`),
    ],
    answer: String(solution),
  };
}

function draw(random: () => number, difficulty: Difficulty, solution: number): Equation {
  const coefficients = drawCoefficients(random, difficulty);
  const constants = drawConstants(random, difficulty, coefficients, solution);
  // Everything on one side comes to 0; what goes to the other side changes its sign.
  const terms = [
    ...coefficients.map((factor) => ({ factor, variable: true })),
    ...constants.map((factor) => ({ factor, variable: false })),
  ];
  const sides = difficulty <= 3 ? fixedSides(terms, difficulty) : randomSides(random, terms);
  const [left, right] = random() < 0.5 ? sides : [sides[1], sides[0]];
  return { left: shuffled(random, left), right: shuffled(random, right) };
}

function drawCoefficients(random: () => number, difficulty: Difficulty): number[] {
  if (difficulty === 1) return [random() < 0.5 ? 1 : signed(random, 2, 9)];
  const count = [1, 1, 2, 2, 3][difficulty - 1]!;
  for (;;) {
    const coefficients = Array.from({ length: count }, () => signed(random, count === 1 ? 2 : 1, 9));
    const sum = Math.abs(coefficients.reduce((a, b) => a + b));
    if (sum >= 2 && sum <= 9) return coefficients;
  }
}

/** One drawn, and the one that follows from it; for a*x = c only the latter. */
function drawConstants(
  random: () => number,
  difficulty: Difficulty,
  coefficients: number[],
  solution: number,
): number[] {
  const factor = coefficients.reduce((a, b) => a + b);
  if (difficulty === 1 && factor !== 1) return [-factor * solution || 0];
  const constant = signed(random, 1, CONSTANTS[difficulty - 1]!);
  return [constant, -(factor * solution + constant) || 0];
}

const negative = ({ factor, variable }: Term): Term => ({ factor: -factor || 0, variable });

/** The forms of difficulties 1 to 3: the last constant on the right, and the second term in x with it. */
function fixedSides(terms: Term[], difficulty: Difficulty): [Term[], Term[]] {
  const last = terms.at(-1)!;
  if (difficulty < 3) return [terms.slice(0, -1), [negative(last)]];
  return [
    [terms[0]!, terms[2]!],
    [negative(terms[1]!), negative(last)],
  ];
}

function randomSides(random: () => number, terms: Term[]): [Term[], Term[]] {
  for (;;) {
    const sides: [Term[], Term[]] = [[], []];
    for (const term of terms) {
      const left = random() < 0.5;
      sides[left ? 0 : 1].push(left ? term : negative(term));
    }
    if (sides[0].length > 0 && sides[1].length > 0) return sides;
  }
}

/** -5*r + 4, with `value` in the place of the variable; an empty `space` writes it without spaces. */
function writeTerms(terms: Term[], value: string, space: string): string {
  return terms
    .map(({ factor, variable }, i) => {
      const size = Math.abs(factor);
      const sign = factor < 0 ? "-" : "+";
      const before = i > 0 ? `${space}${sign}${space}` : factor < 0 ? "-" : "";
      if (!variable) return before + size;
      return before + (size === 1 && /[a-z]/.test(value) ? value : `${size}*${value}`);
    })
    .join("");
}

/** Terms in x to the left, constants to the right, each side to one number, then division. */
function solve(equation: Equation, letter: string): string[] {
  const swap = !equation.left.some((term) => term.variable);
  const [left, right] = swap ? [equation.right, equation.left] : [equation.left, equation.right];
  const variables = [...left.filter((t) => t.variable), ...right.filter((t) => t.variable).map(negative)];
  const moved = [...right.filter((t) => !t.variable), ...left.filter((t) => !t.variable).map(negative)];
  // "+0" says nothing, but a side must say something.
  const constants = moved.filter(({ factor }) => factor !== 0);
  if (constants.length === 0) constants.push({ factor: 0, variable: false });
  const lines: string[] = [];
  if (swap || left.length + right.length > 2)
    lines.push(`${writeTerms(variables, letter, "")}=${writeTerms(constants, letter, "")}`);

  const factor = total(variables);
  const constant = total(constants);
  lines.push(...factor.lines, ...constant.lines);
  if (factor.lines.length + constant.lines.length > 0 && factor.value !== 1)
    lines.push(`${writeTerms([{ factor: factor.value, variable: true }], letter, "")}=${constant.value}`);
  // Factors come to 2 ... 9 in size, or to 1 (difficulty 1), never to -1.
  if (factor.value !== 1) {
    const sizes = [Math.abs(constant.value), Math.abs(factor.value)] as const;
    const fraction = `${sizes[0]}/${sizes[1]}`;
    const isNegative = constant.value !== 0 && constant.value < 0 !== factor.value < 0;
    lines.push(`${letter}=${isNegative ? `-(${fraction})` : fraction}`, ...divide(...sizes).lines);
  }
  return lines;
}

/** The factors added one after the other. */
function total(terms: Term[]): Written {
  const lines: string[] = [];
  let value = terms[0]!.factor;
  for (const { factor } of terms.slice(1)) {
    const sum = addSigned(value, factor);
    lines.push(...sum.lines);
    value = sum.value;
  }
  return { lines, value };
}

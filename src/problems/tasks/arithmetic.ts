/**
 * Multi-digit arithmetic: "Calculate 347 * 86." Addition, subtraction and multiplication with equal shares.
 *
 * | difficulty | addition, subtraction (digits) | multiplication (digits)      |
 * | ---------- | ------------------------------ | ---------------------------- |
 * | 1          | 2 and 1                        | up to 20, and 1              |
 * | 2          | 2 and 2                        | 2 and 1                      |
 * | 3          | 3 and 3                        | 3 and 1                      |
 * | 4          | 4 and 4                        | 2 and 2                      |
 * | 5          | 5 and 5                        | 3 and 2                      |
 *
 * "digits" is the most an operand has; shorter ones occur. Differences may be negative.
 */
import { type Difficulty, essential, type Problem, redundant } from "../problem.ts";
import { integer, pick } from "../random.ts";
import { add, addSigned, multiply, type Written } from "./written.ts";

/** Largest operands by difficulty. */
const SUM_LIMITS = [
  [99, 9],
  [99, 99],
  [999, 999],
  [9999, 9999],
  [99_999, 99_999],
] as const;
const PRODUCT_LIMITS = [
  [20, 9],
  [99, 9],
  [999, 9],
  [99, 99],
  [999, 99],
] as const;

export function arithmetic(random: () => number, difficulty: Difficulty): Problem {
  const operator = pick(random, "+-*");
  const limits = (operator === "*" ? PRODUCT_LIMITS : SUM_LIMITS)[difficulty - 1]!;
  // From a tenth of the limit, mostly: uniform numbers seldom have fewer digits than the limit.
  const [a, b] = limits.map((limit) => integer(random, random() < 0.1 ? 1 : Math.ceil(limit / 10), limit));
  const { lines, value } = calculate(a!, operator, b!);
  const inverse = { "+": `${value}-${b}=${a}`, "-": `${value}+${b}=${a}`, "*": `${value}/${b}=${a}` };
  return {
    task: "arithmetic",
    difficulty,
    question: `Calculate ${a} ${operator} ${b}.`,
    steps: [
      redundant(`The task is ${a}${operator}${b}`),
      ...lines.map(essential),
      redundant(`Check: ${inverse[operator as "+" | "-" | "*"]}`),
    ],
    answer: String(value),
  };
}

function calculate(a: number, operator: string, b: number): Written {
  if (operator !== "*") return addSigned(a, operator === "+" ? b : -b);
  if (b < 10) return multiply(a, b);
  const ones = multiply(a, b % 10);
  const tens = multiply(a, Math.floor(b / 10));
  const sum = add(ones.value, tens.value * 10);
  return { lines: [...ones.lines, ...tens.lines, ...sum.lines], value: sum.value };
}

/**
 * Number-base conversion: "What is 2a7 (base 11) in base 6?" By way of base ten: Horner's rule in, division out.
 *
 * | difficulty | values      | bases                        |
 * | ---------- | ----------- | ---------------------------- |
 * | 1          | up to 63    | ten and another of 2 ... 12  |
 * | 2          | up to 63    | any two of 2 ... 12          |
 * | 3          | up to 143   | any two of 2 ... 12          |
 * | 4          | up to 400   | any two of 2 ... 12          |
 * | 5          | up to 1,000 | any two of 2 ... 12          |
 *
 * Either side has two to six digits; digits from ten on are the letters a and b.
 */
import { type Difficulty, essential, type Problem, redundant } from "../problem.ts";
import { integer } from "../random.ts";
import { divide, multiply } from "./written.ts";

const LARGEST = [63, 63, 143, 400, 1000] as const;
const LARGEST_BASE = 12;
const MOST_DIGITS = 6;

export function baseConversion(random: () => number, difficulty: Difficulty): Problem {
  const { value, from, to } = draw(random, difficulty);
  const [given, answer] = [value.toString(from), value.toString(to)];
  return {
    task: "base_conversion",
    difficulty,
    question: `What is ${given} (base ${from}) in base ${to}?`,
    steps: [
      redundant(`The task is ${given} (base ${from})`),
      ...[...toTen(given, from), ...fromTen(value, to)].map(essential),
      redundant(`So ${given} (base ${from}) is ${answer} (base ${to})`),
    ],
    answer,
  };
}

function draw(random: () => number, difficulty: Difficulty): { value: number; from: number; to: number } {
  for (;;) {
    const value = integer(random, 2, LARGEST[difficulty - 1]!);
    let [from, to] = [integer(random, 2, LARGEST_BASE), integer(random, 2, LARGEST_BASE)];
    if (difficulty === 1) {
      if (random() < 0.5) from = 10;
      else to = 10;
    }
    const lengths = [value.toString(from).length, value.toString(to).length];
    if (from !== to && lengths.every((length) => length >= 2 && length <= MOST_DIGITS))
      return { value, from, to };
  }
}

/** Horner's rule, digit by digit from the left. */
function toTen(digits: string, base: number): string[] {
  if (base === 10) return [];
  let value = Number.parseInt(digits.charAt(0), base);
  const lines: string[] = [];
  for (const digit of digits.slice(1)) {
    const step = multiply(value, base, Number.parseInt(digit, base));
    lines.push(...step.lines);
    value = step.value;
  }
  return lines;
}

/** Division again and again; the remainders are the digits from the right. */
function fromTen(value: number, base: number): string[] {
  if (base === 10) return [];
  const lines: string[] = [];
  let digits = "";
  for (let left = value; left > 0; ) {
    const step = divide(left, base);
    digits = step.remainder.toString(base) + digits;
    lines.push(...step.lines.slice(0, -1), `${step.lines.at(-1)}, digits ${digits}`);
    left = step.value;
  }
  return lines;
}

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SurprisalError } from "../core/index.ts";
import { DIFFICULTIES, type Problem, problems, SPLITS, splitOf, TASKS } from "./index.ts";

const cases = fc.record({
  seed: fc.integer(),
  task: fc.constantFrom(...TASKS),
  difficulty: fc.constantFrom(...DIFFICULTIES),
});

/** For any seed, task and difficulty, `check` on eight problems. */
function everyProblem(check: (problem: Problem) => void, tasks: readonly Problem["task"][] = TASKS) {
  fc.assert(
    fc.property(cases, ({ seed, task, difficulty }) => {
      fc.pre(tasks.includes(task));
      for (const problem of problems({ seed, tasks: [task], difficulties: [difficulty], count: 8 })) {
        expect(problem).toMatchObject({ task, difficulty });
        check(problem);
      }
    }),
    { numRuns: 150 },
  );
}

/** The value of digits in a base, digit by digit. */
const valueIn = (digits: string, base: number): bigint =>
  [...digits].reduce((sum, digit) => {
    const value = "0123456789abcdefghijklmnopqrstuvwxyz".indexOf(digit);
    expect(value).toBeLessThan(base);
    return sum * BigInt(base) + BigInt(value);
  }, 0n);

describe("problems", () => {
  it("have answers that solve their equation, and no other number near does", () => {
    everyProblem(
      ({ question, answer }) => {
        const [, equation, letter] = /^Solve (.+) for ([a-z])\.$/.exec(question)!;
        const at = (x: bigint) => holds(equation!.replaceAll(" ", "").replaceAll(letter!, `(${x})`));
        expect(at(BigInt(answer))).toBe(true);
        expect(at(BigInt(answer) + 1n)).toBe(false); // so the equation is not true of every x
      },
      ["algebra_linear_1d"],
    );
  });

  it("have answers that are the same number in the base asked for", () => {
    everyProblem(
      ({ question, answer }) => {
        const [, digits, from, to] = /^What is ([0-9a-z]+) \(base (\d+)\) in base (\d+)\?$/.exec(question)!;
        expect(from).not.toBe(to);
        expect(valueIn(answer, Number(to))).toBe(valueIn(digits!, Number(from)));
        expect(answer).not.toMatch(/^0/);
      },
      ["base_conversion"],
    );
  });

  it("have answers that are the sum, difference or product", () => {
    everyProblem(
      ({ question, answer }) => {
        const [, a, operator, b] = /^Calculate (\d+) ([-+*]) (\d+)\.$/.exec(question)!;
        const [x, y] = [BigInt(a!), BigInt(b!)];
        expect(BigInt(answer)).toBe(operator === "+" ? x + y : operator === "-" ? x - y : x * y);
      },
      ["arithmetic"],
    );
  });

  it("have steps of one line in which every statement is true, with at least one essential", () => {
    everyProblem((problem) => {
      for (const { text } of problem.steps) {
        expect(text).toMatch(/^[ -~]+$/);
        for (const statement of everyStatement(text, problem))
          expect([statement, holds(statement)]).toContain(true);
      }
      const arithmetic = problem.steps.filter((step) => step.essential);
      expect(arithmetic.length).toBeGreaterThan(0);
      expect(problem.steps.length).toBeGreaterThan(arithmetic.length);
      for (const { text } of arithmetic) expect(everyStatement(text, problem).length).toBeGreaterThan(0);
    });
  });

  it("have the answer in the last essential step", () => {
    everyProblem(({ steps, answer }) => {
      const last = steps.filter((step) => step.essential).at(-1)!.text;
      expect(last).toMatch(new RegExp(`(=|gives |digits )-?${answer.replace("-", "")}(r0)?$`));
    });
  });

  it("are the same for the same seed, and others for another", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const take = (s: number) => [...problems({ seed: s, count: 20 })];
        expect(take(seed)).toEqual(take(seed));
        expect(take(seed)).not.toEqual(take(seed + 1));
      }),
      { numRuns: 20 },
    );
  });

  it("mix tasks and difficulties as asked", () => {
    const counts = new Map<string, number>();
    for (const { task, difficulty } of problems({ count: 3000, difficulties: [1, 1, 5] })) {
      counts.set(task, (counts.get(task) ?? 0) + 1);
      counts.set(`${difficulty}`, (counts.get(`${difficulty}`) ?? 0) + 1);
    }
    for (const task of TASKS) expect(Math.abs(counts.get(task)! - 1000)).toBeLessThan(150);
    expect(Math.abs(counts.get("1")! - 2000)).toBeLessThan(150);
    expect([...counts.keys()].sort()).toEqual(["1", "5", ...TASKS].sort());
  });

  it("never share a question between splits, which hold a tenth, a tenth and the rest", () => {
    const questions = new Map(SPLITS.map((split) => [split, new Set<string>()]));
    for (const split of SPLITS)
      for (const { question } of problems({ split, seed: 3, count: 2000 }))
        questions.get(split)!.add(question);
    for (const [split, own] of questions) for (const question of own) expect(splitOf(question)).toBe(split);

    const shares = new Map(SPLITS.map((split) => [split, 0]));
    for (const { question } of problems({ seed: 4, difficulties: [4, 5], count: 5000 }))
      shares.set(splitOf(question), shares.get(splitOf(question))! + 1 / 5000);
    expect(shares.get("valid")).toBeCloseTo(0.1, 1);
    expect(shares.get("test")).toBeCloseTo(0.1, 1);
  });

  it("are of one split whatever the variable is called", () => {
    everyProblem(
      ({ question }) => {
        const letter = question.at(-2)!;
        const other = letter === "q" ? "r" : "q";
        const renamed = question.replace(new RegExp(`\\b${letter}\\b`, "g"), other);
        expect(renamed).not.toBe(question);
        expect(splitOf(renamed)).toBe(splitOf(question));
      },
      ["algebra_linear_1d"],
    );
  });

  it.each([
    [{ seed: 0.5 }, "seed"],
    [{ count: -1 }, "count"],
    [{ count: Number.NaN }, "count"],
    [{ tasks: [] }, "tasks"],
    [{ tasks: ["geometry"] }, "tasks"],
    [{ difficulties: [6] }, "difficulties"],
    [{ split: "dev" }, "split"],
  ])("refuse %j", (options, where) => {
    const attempt = () => problems(options as Parameters<typeof problems>[0]);
    expect(attempt).toThrow(SurprisalError);
    expect(attempt).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT", where }));
  });
});

// The statements that a step makes, and whether they are true: this knows nothing of the generators.

/** A fraction in lowest terms is not needed to compare: a/b = c/d where ad = cb. */
interface Fraction {
  over: bigint;
  under: bigint;
}

/** Whether an equation of integer arithmetic is true: 4-24=-(24-4), 35/6=5r5. */
function holds(statement: string): boolean {
  const sides = statement.split("=");
  const division = /^(\d+)r(\d+)$/.exec(sides.at(-1)!);
  if (division) {
    const [dividend, divisor] = sides[0]!.split("/").map(BigInt) as [bigint, bigint];
    const [quotient, rest] = [BigInt(division[1]!), BigInt(division[2]!)];
    return quotient * divisor + rest === dividend && rest < divisor;
  }
  const [first, ...others] = sides.map(evaluate);
  return (
    others.length > 0 && others.every((other) => other.over * first!.under === first!.over * other.under)
  );
}

/** Recursive descent: sum = product {(+|-) product}, product = factor {(*|/) factor}, factor = -factor | (sum) | digits. */
function evaluate(text: string): Fraction {
  const tokens = text.match(/\d+|[-+*/()]/g) ?? [];
  if (tokens.join("") !== text) throw new Error(`not arithmetic: ${text}`);
  let at = 0;
  const factor = (): Fraction => {
    const token = tokens[at++];
    if (token === "-") {
      const { over, under } = factor();
      return { over: -over, under };
    }
    if (token !== "(") return { over: BigInt(token ?? "missing"), under: 1n };
    const inner = sum();
    if (tokens[at++] !== ")") throw new Error(`not closed: ${text}`);
    return inner;
  };
  const product = (): Fraction => {
    let left = factor();
    while (tokens[at] === "*" || tokens[at] === "/") {
      const divide = tokens[at++] === "/";
      const { over, under } = factor();
      const [times, by] = divide ? [under, over] : [over, under];
      left = { over: left.over * times, under: left.under * by };
    }
    return left;
  };
  const sum = (): Fraction => {
    let left = product();
    while (tokens[at] === "+" || tokens[at] === "-") {
      const sign = tokens[at++] === "-" ? -1n : 1n;
      const { over, under } = product();
      left = { over: left.over * under + sign * over * left.under, under: left.under * under };
    }
    return left;
  };
  const value = sum();
  if (at !== tokens.length) throw new Error(`left over: ${text}`);
  return value;
}

/** The equations in a step, with the solution in the place of the variable. */
function everyStatement(step: string, problem: Problem): string[] {
  const letter = /^Solve .* for ([a-z])\.$/.exec(problem.question)?.[1];
  const words = step.split(/,? (?=[A-Za-z(])|: |(?<=[a-z]) /);
  return words
    .filter((word) => word.includes("="))
    .map((word) =>
      letter ? word.replaceAll(new RegExp(`\\b${letter}\\b`, "g"), `(${problem.answer})`) : word,
    );
}

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  completion,
  documents,
  isCorrect,
  MODES,
  type Problem,
  parseOutput,
  problems,
  prompt,
  splitOf,
} from "./index.ts";

const anyProblem: fc.Arbitrary<Problem> = fc
  .integer()
  .map((seed) => problems({ seed }).next().value as Problem);
const mode = fc.constantFrom(...MODES);

describe("texts", () => {
  it("give both modes the question as their common beginning, and end with the instruction's line", () => {
    fc.assert(
      fc.property(anyProblem, (problem) => {
        const [direct, reasoning] = MODES.map((m) => prompt(problem, m)) as [string, string];
        for (const text of [direct, reasoning]) {
          expect(text.startsWith(`${problem.question}\n`)).toBe(true);
          expect(text).toMatch(/^.+\n.+\n$/);
        }
        expect(direct).not.toBe(reasoning);
      }),
    );
  });

  it("are read back as they were written", () => {
    fc.assert(
      fc.property(anyProblem, mode, (problem, m) => {
        const { steps, answer } = parseOutput(completion(problem, m));
        expect(steps).toEqual(m === "direct" ? [] : problem.steps.map(({ text }) => text));
        expect(answer).toBe(problem.answer);
        expect(isCorrect(problem, answer)).toBe(true);
      }),
    );
  });

  it("hold only the steps asked for", () => {
    fc.assert(
      fc.property(anyProblem, (problem) => {
        const kept = problem.steps.filter((step) => step.essential);
        const { steps } = parseOutput(completion(problem, "reasoning", kept));
        expect(steps).toEqual(kept.map(({ text }) => text));
      }),
    );
  });

  it("refuse an unknown mode", () => {
    const problem = problems().next().value as Problem;
    for (const attempt of [
      () => prompt(problem, "slow" as "direct"),
      () => completion(problem, "toString" as "direct"),
    ])
      expect(attempt).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT", where: "mode" }));
  });
});

describe("documents", () => {
  it("hold the shares of modes and of redundant steps that were asked for, from one split", () => {
    const seen = new Set<string>();
    let [direct, checks, reasoning] = [0, 0, 0];
    for (const text of documents({ split: "valid", count: 2000, direct: 0.25, redundant: 0.5 })) {
      const [question, instruction] = text.split("\n") as [string, string];
      expect(splitOf(question)).toBe("valid");
      seen.add(instruction);
      if (instruction === "Answer directly.") direct++;
      else {
        reasoning++;
        if (text.includes("\nThe task is ")) checks++;
      }
    }
    expect(seen.size).toBe(2);
    expect(direct / 2000).toBeCloseTo(0.25, 1);
    expect(checks / reasoning).toBeCloseTo(0.5, 1);
  });

  it("are from the split train unless said otherwise, and the same for the same seed", () => {
    const texts = [...documents({ count: 200, seed: 9 })];
    for (const text of texts) expect(splitOf(text.split("\n", 1)[0]!)).toBe("train");
    expect([...documents({ count: 200, seed: 9 })]).toEqual(texts);
    expect([...documents({ count: 200, seed: 10 })]).not.toEqual(texts);
  });

  it.each([{ direct: 1.5 }, { redundant: Number.NaN }, { count: 0.5 }])("refuse %j", (options) => {
    expect(() => documents(options)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", where: Object.keys(options)[0] }),
    );
  });
});

describe("parseOutput", () => {
  it("takes any text, and finds an answer only where one is written", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const { answer } = parseOutput(text);
        if (answer !== null) expect(text).toContain(answer);
        if (!text.includes("Answer:")) expect(answer).toBeNull();
      }),
    );
  });

  it.each([
    ["", [], null],
    ["1+1=2", ["1+1=2"], null],
    ["1+1=2\nAnswer:", ["1+1=2"], null],
    ["1+1=2\nAns", ["1+1=2", "Ans"], null],
    ["1+1=2\r\n\r\nAnswer:  2 \r\nCalculate 1 + 2.\nAnswer: 3", ["1+1=2"], "2"],
    ["Answer: 2<|endoftext|>Calculate", [], "2"],
    ["2\n<|endoftext|>Answer: 3", ["2"], null],
  ])("reads %j", (text, steps, answer) => {
    expect(parseOutput(text)).toEqual({ steps, answer });
  });
});

describe("isCorrect", () => {
  it("compares numbers, not strings", () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.bigInt(), fc.nat({ max: 3 }), (a, b, zeros) => {
        const problem = { task: "arithmetic", answer: String(a) } as const;
        expect(isCorrect(problem, String(b))).toBe(a === b);
        const written = `${a < 0n ? "\u2212" : "+"}${"0".repeat(zeros)}${a < 0n ? -a : a}.`;
        expect(isCorrect(problem, written)).toBe(true);
      }),
    );
  });

  it.each([
    ["base_conversion", "2a7", "02A7", true],
    ["base_conversion", "100", "100.", true],
    ["base_conversion", "10", "100", false],
    ["arithmetic", "0", "-0", true],
    ["arithmetic", "12", "1 2", false],
    ["arithmetic", "12", "12 apples", false],
    ["arithmetic", "12", "a=12", false],
    ["arithmetic", "12", "", false],
    ["algebra_linear_1d", "-4", "x = -4", true],
    ["algebra_linear_1d", "-4", "-", false],
    ["algebra_linear_1d", "-4", null, false],
  ] as const)("%s: %s is answered by %j: %s", (task, answer, given, expected) => {
    expect(isCorrect({ task, answer }, given)).toBe(expected);
  });
});

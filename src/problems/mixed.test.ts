import { describe, expect, it } from "vitest";
import { MIXED_KINDS, MIXED_WORDING, mixedArithmetic } from "./index.ts";

describe("mixedArithmetic", () => {
  it("asks for what it gives as the answer, the kinds in turn, nothing twice", () => {
    const list = mixedArithmetic({ seed: 1, count: 400 });
    for (const [i, { kind, question, answer }] of list.entries()) {
      expect(kind).toBe(MIXED_KINDS[i % 4]);
      const sum = /^What is ([\d+* ]+)\?$/.exec(question)![1]!;
      const value = sum
        .split(" + ")
        .reduce(
          (all, term) => all + term.split(" * ").reduce((product, each) => product * Number(each), 1),
          0,
        );
      expect(answer).toBe(String(value));
      const shape = sum.replace(/\d+/g, (digits) => (digits.length === 2 ? "2" : "1")).replaceAll(" ", "");
      expect(shape).toBe({ "a+c": "2+2", "b*c": "1*2", "a+c+b": "2+2+1", "a+b*c": "2+1*2" }[kind]);
    }
    const asked = list.map(({ question }) => question);
    expect(new Set(asked).size).toBe(400);
    expect(asked).not.toContain(MIXED_WORDING.examples[0]!.question);
  });

  it("begins with the same ones, whatever their number, and has all there are", () => {
    expect(mixedArithmetic({ seed: 7, count: 100 }).slice(0, 40)).toEqual(
      mixedArithmetic({ seed: 7, count: 40 }),
    );
    expect(mixedArithmetic({ seed: 8, count: 40 })).not.toEqual(mixedArithmetic({ seed: 7, count: 40 }));
    expect(mixedArithmetic({ count: 2880 })).toHaveLength(2880);
    expect(mixedArithmetic({ count: 0 })).toEqual([]);
  });

  it("refuses what cannot be", () => {
    expect(() => mixedArithmetic({ count: 2881 })).toThrow(/2880/);
    expect(() => mixedArithmetic({ count: 1.5 })).toThrow(/number of problems/);
    expect(() => mixedArithmetic({ count: 1, seed: 0.5 })).toThrow(/seed/);
  });
});

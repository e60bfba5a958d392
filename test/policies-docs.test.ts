/** docs/policies.md is the reference of the language: every policy in it is read, and does what it says. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { describePolicy, parsePolicy, policyProblems, watchPolicy, withLengths } from "../src/core/index.ts";

const page = readFileSync(new URL("../docs/policies.md", import.meta.url), "utf8");

/** The rows of the tables under a heading that begin with code, their cells without marks. */
function rows(heading: string): string[][] {
  const section = page.split(`\n## ${heading}\n`)[1]!.split("\n## ")[0]!;
  return section
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll("`", "")),
    );
}

describe("docs/policies.md", () => {
  it("has examples that can be meant", () => {
    const [block] = page.match(/(?<=```\n)[^`]+/) ?? [];
    const examples = [...block!.trim().split("\n"), ...rows("Text and back").map(([text]) => text!)];
    expect(examples.length).toBeGreaterThan(12);
    for (const example of examples) expect(policyProblems(parsePolicy(example)), example).toEqual([]);
  });

  it("writes them as they are written", () => {
    for (const [text] of rows("Text and back")) {
      expect(describePolicy(parsePolicy(text!))).toBe(text);
      expect(describePolicy(withLengths(parsePolicy(text!)))).toBe(text);
    }
  });

  it("has every measure, with the scope and the first value that it has", () => {
    const measures = rows("Conditions");
    expect(measures.map(([name]) => name).sort()).toEqual(
      ["average", "bits", "confidence", "entropy", "perplexity", "spike", "tokens", "window"].sort(),
    );
    for (const [name, value, , , from, scope] of measures) {
      const reads = (named: string) => () => parsePolicy(`${name}(${named})>5`);
      if (scope!.includes("LENGTH")) expect(reads("8")).not.toThrow();
      else expect(reads("8")).toThrow("no length");
      if (scope!.includes("partial")) expect(reads("partial")).not.toThrow();
      else expect(reads("partial")).toThrow("partial");
      expect(reads("answer")).not.toThrow();
      const length = /\((\d+)\)/.exec(value!)?.[1];
      if (length) expect(describePolicy(withLengths(parsePolicy(`${name}>5`)))).toBe(`${name}(${length})>5`);
      if (name === "tokens") continue;
      const first = /(\d+)th token/.exec(from!)?.[1] ?? (/^LENGTH/.test(from!) ? length : "1");
      const [early] = policyProblems(parsePolicy(`${name}>5`), { maxTokens: Number(first) - 1 });
      expect(early?.kind, name).toBe("never");
      expect(policyProblems(parsePolicy(`${name}>5`), { maxTokens: Number(first) })).toEqual([]);
    }
  });

  it("says in the program's words what is refused, and what changes nothing", () => {
    const cannot = rows("What cannot be meant");
    expect(cannot.length).toBeGreaterThan(6);
    for (const [text, what] of cannot) {
      expect(policyProblems(parsePolicy(text!)).map((problem) => problem.what)).toEqual([what]);
      if (what!.includes("never")) expect(() => watchPolicy(text!)).toThrow(what);
      else expect(() => watchPolicy(text!)).not.toThrow();
    }
  });
});

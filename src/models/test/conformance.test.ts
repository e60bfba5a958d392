/** The conformance suite is only worth something if it finds mistakes: here every kind of mistake is made once. */
import { describe, expect, it } from "vitest";
import { altered, type Mistake, shifted, spans } from "../../../test/altered-model.ts";
import { MISTAKES_IN_PLANS_AND_WRITING } from "../../../test/mistakes-in-plans-and-writing.ts";
import { MISTAKES_IN_SCORES } from "../../../test/mistakes-in-scores.ts";
import { type ConformanceOptions, conformanceCases, TableModel, testConformance } from "./index.ts";

const mistakes: Mistake[] = [...MISTAKES_IN_SCORES, ...MISTAKES_IN_PLANS_AND_WRITING];
for (const { name } of conformanceCases)
  if (name.endsWith("the same numbers as score()"))
    mistakes.push([
      `a wrong number: ${name}`,
      name,
      spans((s) => ({ ...s, logprobs: shifted(s.logprobs, 0.01) })),
    ]);

describe("the conformance suite finds", () => {
  it.each(mistakes)("%s", async (_mistake, caseName, alteration) => {
    const conformance = conformanceCases.find(({ name }) => name === caseName)!;
    await expect(conformance.run(altered(() => ({})))).resolves.toBeUndefined();
    await expect(conformance.run(altered(alteration))).rejects.toThrow();
  });

  it("mistakes with every case that has something to find", () => {
    const covered = new Set(mistakes.map(([, caseName]) => caseName));
    const uncovered = conformanceCases.map(({ name }) => name).filter((name) => !covered.has(name));
    expect(uncovered).toEqual([]);
  });
});

describe("testConformance", () => {
  /** Registers and runs the suite without a test runner; returns what became of each case. */
  async function run(options: Partial<ConformanceOptions>): Promise<Map<string, string>> {
    const outcomes = new Map<string, string>();
    const tests: [string, Parameters<ConformanceOptions["it"]>[1]][] = [];
    testConformance({
      describe: (_name, register) => register(),
      it: (name, test) => tests.push([name, test]),
      create: async () => TableModel.bytes(),
      ...options,
    });
    for (const [name, test] of tests) {
      let outcome = "passed";
      await test({ skip: (reason) => (outcome = `skipped: ${reason}`) }).catch(() => (outcome = "failed"));
      outcomes.set(name, outcome);
    }
    return outcomes;
  }

  it("skips what the model cannot do, and what it is told to, with the reason", async () => {
    const [skipped] = conformanceCases.slice(3, 4).map(({ name }) => name);
    const outcomes = await run({ skip: [{ reason: "offsets are not known", tests: [skipped!] }] });
    expect(outcomes.size).toBe(conformanceCases.length);
    expect(outcomes.get(skipped!)).toBe("skipped: offsets are not known");
    expect(outcomes.get("fills in its chat template")).toBe("skipped: the model lacks chatTemplate");
    expect([...outcomes.values()].filter((outcome) => outcome === "passed")).toHaveLength(
      conformanceCases.length - 5,
    );
  });

  it("makes one model, and fails every case when that fails", async () => {
    let made = 0;
    const create = async () => {
      made++;
      throw new Error("no model");
    };
    expect(new Set((await run({ create })).values())).toEqual(new Set(["failed"]));
    expect(made).toBe(1);
  });

  it("refuses a skip without a reason, and a case that does not exist", async () => {
    const { name } = conformanceCases[0]!;
    await expect(run({ skip: [{ reason: " ", tests: [name] }] })).rejects.toThrow("needs a reason");
    await expect(run({ skip: [{ reason: "because", tests: ["no such case"] }] })).rejects.toThrow(
      "no such case",
    );
  });

  it("has a name of its own for every case", () => {
    expect(new Set(conformanceCases.map(({ name }) => name)).size).toBe(conformanceCases.length);
  });
});

/** The lab model knows redundant steps of its own chains, and what was planted in them, from those that it needs. */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LlamaModel } from "../models/index.ts";
import { type Problem, problems, prompt } from "../problems/index.ts";
import {
  type MeasureScope,
  pruneSample,
  reasoningChain,
  type StepImportance,
  stepImportance,
} from "./index.ts";

let model: LlamaModel;
beforeAll(async () => {
  model = await LlamaModel.load(fileURLToPath(new URL("../../models/lab.gguf", import.meta.url)), {
    kernels: "portable",
  });
});
afterAll(async () => {
  await model?.[Symbol.asyncDispose]();
});

interface Marked {
  text: string;
  isNeeded: boolean;
}
const redundant = ({ steps }: Problem): Marked[] =>
  steps.map(({ text, essential }) => ({ text, isNeeded: essential }));
const TRUE_STATEMENTS = ["A week has 7 days", "The number 5 is odd", "A triangle has 3 sides"];
/** True statements that have nothing to do with the problem: one before the chain, one within it. */
function planted({ steps }: Problem, number: number): Marked[] {
  const chain = steps.filter(({ essential }) => essential).map(({ text }) => ({ text, isNeeded: true }));
  const filler = (i: number) => ({ text: TRUE_STATEMENTS[(number + i) % 3]!, isNeeded: false });
  return [
    filler(0),
    ...chain.slice(0, 1 + (number % chain.length)),
    filler(1),
    ...chain.slice(1 + (number % chain.length)),
  ];
}

const chainOf = (problem: Problem, steps: readonly Marked[]) =>
  reasoningChain({
    prompt: prompt(problem, "reasoning"),
    reasoning: steps.map(({ text }) => text),
    frame: "Answer:",
    answer: ` ${problem.answer}`,
  });

/** Chance that a needed step is found more important than one that is not, over the steps of 15 chains. */
async function auroc(
  mark: (problem: Problem, number: number) => Marked[],
  measure: MeasureScope,
): Promise<number> {
  const found: { importance: number; isNeeded: boolean }[] = [];
  for (const [number, problem] of [
    ...problems({ seed: 21, count: 15, split: "test", difficulties: [2, 3] }),
  ].entries()) {
    const steps = mark(problem, number);
    const report = await stepImportance(model, chainOf(problem, steps), { measure });
    const size = (step: StepImportance) => step[measure].mean!;
    for (const step of report.steps)
      found.push({ importance: size(step), isNeeded: steps[step.step]!.isNeeded });
  }
  const [needed, others] = [true, false].map((is) => found.filter(({ isNeeded }) => isNeeded === is)) as [
    typeof found,
    typeof found,
  ];
  const wins = needed.flatMap((a) =>
    others.map((b) => (a.importance > b.importance ? 1 : a.importance === b.importance ? 0.5 : 0)),
  );
  return wins.reduce((sum: number, win) => sum + win, 0) / wins.length;
}

describe("with models/lab.gguf", () => {
  it.each([
    ["the redundant steps of its own chains", redundant],
    ["true statements that were planted", planted],
  ] as const)("%s rank last", async (_, mark) => {
    expect(await auroc(mark, "chain")).toBeGreaterThanOrEqual(0.95);
    expect(await auroc(mark, "rest")).toBeGreaterThanOrEqual(0.9);
  });

  it("prunes redundant steps, and no step that a later one leans on", async () => {
    for (const problem of problems({ seed: 4, count: 6, split: "test", difficulties: [2, 3] })) {
      const pruned = await pruneSample(model, chainOf(problem, redundant(problem)));
      const kept = new Set(pruned.steps.filter(({ fate }) => fate === "kept").map(({ step }) => step));
      for (const [i, { essential }] of problem.steps.entries()) expect(kept.has(i)).toBe(essential);
      expect(pruned.tokens.after).toBeLessThan(pruned.tokens.before);
    }
  });
});

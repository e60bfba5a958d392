/** Hand-made reports of refining, for the tests of what is shown of them. */
import type {
  Change,
  ComparedPruning,
  DatasetReport,
  DemonstrationReport,
  RefinedSample,
  RefinedStep,
  UnrefinedSample,
} from "../src/refine/index.ts";

const change = (mean: number | null): Change => ({
  mean,
  total: mean === null ? null : 10 * mean,
  ratio: mean === null ? null : Math.exp(mean),
});
const importance = (mean: number | null): RefinedStep["importance"] => ({
  ...{ answer: change(0), chain: change(mean), rest: change(0.5) },
});
const score = (chainPerplexity: number, answerPerplexity = 1.1) => ({
  ...{ tokens: 40, answerPerplexity, answerNll: 0.1, chainPerplexity, chainNll: 8 },
});
const model = {
  ...{ name: "lab", source: "lab.gguf", sha256: null, architecture: null, quantisation: "Q8_0" },
  ...{ parameters: null, bytes: null },
};

/** The least harmful of each round, as pruneSample says it. */
export const LEAST = "the least harmful step of its round";
const STOPPED = "without step 2, the least harmful, the perplexity is 1.5 times as high, more than 1.05";

/** Four steps: one removed, one merged into the last, one with infinite importance. @param name stands in every text. */
export function refinedSample(name: string, index = 0): RefinedSample {
  const step = (
    at: number,
    text: string,
    more: Pick<RefinedStep, "fate" | "now" | "round" | "ratio" | "why"> & { mean: number | null },
  ): RefinedStep => {
    const { mean, ...rest } = more;
    return { step: at, text, ...rest, tokens: 8 + at, surprisal: 0.25, importance: importance(mean) };
  };
  const kept = { fate: "kept" as const, round: null, ratio: null };
  const row = (way: string, steps: number, tokens: number, perplexity: number): ComparedPruning => ({
    ...{ name: way, steps, tokens, answerPerplexity: 1.1, chainPerplexity: perplexity },
  });
  return {
    ...{ outcome: "refined", index, id: name, where: `${name}.jsonl:${index + 1}`, layout: "messages" },
    ...{ by: "lines", byWhy: name, prompt: `What is ${name}?`, frame: "Answer: ", answer: "27" },
    steps: [
      step(0, `A week has 7 days, says ${name}.`, {
        ...{ fate: "removed", now: null, round: 1, ratio: 0.95, why: LEAST, mean: -0.05 },
      }),
      step(1, "There are 40 apples.", { ...kept, now: "There are 40 apples.", why: STOPPED, mean: 0.4 }),
      step(2, "40-4=36", {
        ...{ fate: "merged", now: null, round: 2, ratio: 1.02, mean: null },
        why: "what it computes stands now in the steps that use it",
      }),
      step(3, "36*3/4=27", {
        ...{ ...kept, now: "(40-4)*3/4=27", why: "step 4 uses 27 of it", mean: Number.POSITIVE_INFINITY },
      }),
    ],
    rounds: [
      {
        ...{
          round: 1,
          step: 0,
          kind: "removed",
          ratio: 0.95,
          steps: 3,
          tokens: 30,
          perplexity: 1.9,
        },
      },
      {
        ...{ round: 2, step: 2, kind: "substituted", ratio: 1.02, steps: 2, tokens: 24, perplexity: 2.04 },
      },
    ],
    ...{ stopped: STOPPED, before: score(2), after: score(2.04, 1.2), tokens: { before: 38, after: 24 } },
    warnings: [`The answer of ${name} does not follow.`],
    baselines: [
      row("spirit", 2, 24, 2.04),
      row("full", 4, 38, 2),
      row("shortest", 2, 25, 3),
      row("random, mean of 3", 2.3, 26, 3.5),
    ],
    draws: [2, 3.5, 6].map((perplexity) => row("random", 2, 26, perplexity)),
    tokensRun: 321,
  };
}

/** A sample of no numbers: everything infinite or unknown, no rounds, no baselines, and a text of 10,000 characters. */
export function emptySample(index: number): RefinedSample {
  const long = `长步骤${"很长的推理 ".repeat(1700)}`;
  return {
    ...refinedSample("Name", index),
    ...{ id: null, prompt: "", warnings: [], rounds: [], baselines: null, draws: undefined },
    steps: [
      {
        ...{ step: 0, text: long, fate: "kept", now: long, round: null, ratio: null, why: STOPPED },
        ...{ tokens: 5000, surprisal: null, importance: importance(null) },
      },
    ],
    ...{ before: score(Number.POSITIVE_INFINITY), after: score(Number.POSITIVE_INFINITY) },
    tokens: { before: 5000, after: 5000 },
  };
}

const unrefined = (name: string, index: number): UnrefinedSample => ({
  ...{ outcome: index % 2 === 0 ? "kept" : "dropped", index, id: null, where: `${name}.jsonl:${index + 1}` },
  ...{ code: "EMPTY_INPUT", message: `The chain has no steps (${name})` },
});

const HEAD = (name: string) => ({
  ...{ source: `${name}.jsonl`, model: { ...model, name } },
  settings: {
    measure: "chain",
    stop: { steps: 1, ratio: undefined },
    seed: 0,
    limit: Number.POSITIVE_INFINITY,
  },
  reconstructed: [`thresholds: ours, ${name}`],
  thresholds: { remove: 1.05, merge: 1.25 },
});

/** A data set of four lines: two refined, one kept, one left out. */
export function datasetReport(name: string, extra: readonly RefinedSample[] = []): DatasetReport {
  const samples = [refinedSample(name), emptySample(1), unrefined(name, 2), unrefined(name, 3), ...extra];
  const way = (label: string, perplexity: number, worse: number | null) => ({
    ...{ name: label, steps: 2.5, tokens: 26, chainPerplexity: perplexity, answerPerplexity: 1.1 },
    chainWorse: worse === null ? null : { mean: worse, standardError: 0.01, count: 2 },
    answerWorse: worse === null ? null : { mean: 0, standardError: null, count: 1 },
  });
  return {
    ...{ mode: "ft", method: "spirit", measure: "chain", ...HEAD(name), samples },
    totals: {
      ...{ samples: samples.length, refined: 2 + extra.length, changed: 1, kept: 1, dropped: 1 },
      reasons: [{ code: "EMPTY_INPUT", count: 2 }],
      steps: { before: 5, removed: 1, merged: 1, after: 3 },
      tokens: { before: 5038, after: 5024 },
      cut: { mean: 0.18, standardError: 0.02, count: 2 },
      chainChange: { mean: 0.02, standardError: null, count: 1 },
      answerChange: null,
      baselines: {
        ...{ samples: 2, draws: 3 },
        rows: [
          way("spirit", 2.04, null),
          way("full", 2, -0.02),
          way("shortest", 3, 0.386),
          way("random", 3.5, 0.54),
        ],
      },
      tokensRun: 4321,
    },
  };
}

/** A report of one sample. */
export const sampleReport = (name: string): DatasetReport => ({
  ...datasetReport(name),
  samples: [refinedSample(name)],
});

/** Two demonstrations of three steps; the second is removed, the first written into the third. */
export const demonstrationReport = (name: string): DemonstrationReport => ({
  ...{ mode: "fs", measure: "chain", ...HEAD(name), text: `Q: ${name}`, fullText: `Q: ${name}, in full` },
  demonstrations: [1, 2].map((i) => ({
    where: `${name}.jsonl:${i}`,
    steps: [`2+${i}=${2 + i}`, `${name}.`, `${2 + i}*5=${5 * (2 + i)}`],
    now: [`(2+${i})*5=${5 * (2 + i)}`],
  })),
  calibration: 8,
  steps: [
    {
      ...{ step: 0, text: "2+1=3", fate: "substituted", round: 2, ratio: 0.9, importance: null },
      why: "what it computes stands now in the steps that use it",
    },
    { step: 1, text: `${name}.`, fate: "removed", round: 1, ratio: 0.8, importance: 0.8, why: LEAST },
    {
      step: 2,
      text: "3*5=15",
      fate: "kept",
      round: null,
      ratio: null,
      importance: 2,
      why: "1 step is left",
    },
  ],
  rounds: [
    { round: 1, step: 1, kind: "removed", ratio: 0.8, steps: 2, tokens: null, perplexity: 4 },
    { round: 2, step: 0, kind: "substituted", ratio: 0.9, steps: 1, tokens: null, perplexity: 4.5 },
  ],
  ...{ stopped: "1 step is left", perplexity: { before: 5, after: 4.5 } },
  tokens: { before: null, after: null },
  baselines: [
    { name: "full", steps: 3, tokens: null, perplexity: 5 },
    { name: "spirit", steps: 1, tokens: null, perplexity: 4.5 },
    { name: "shortest", steps: 1, tokens: null, perplexity: Number.POSITIVE_INFINITY },
    { name: "random, mean of 2", steps: 1, tokens: null, perplexity: 6 },
  ],
  draws: [
    { steps: 1, tokens: null, perplexity: 4 },
    { steps: 1, tokens: null, perplexity: 9 },
  ],
  tokensRun: 99,
});

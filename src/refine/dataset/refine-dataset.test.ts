/** Data sets with models whose every number is known. */
import { describe, expect, it } from "vitest";
import { CopyingModel } from "../../../test/copying-model.ts";
import { ScriptedModel } from "../../../test/scripted-model.ts";
import { TableModel } from "../../models/test/index.ts";
import { pruneSample, rewriteMerger } from "../index.ts";
import {
  type DatasetReport,
  type RefineDatasetOptions,
  readDataset,
  refineDataset,
  refinedLine,
  refinePrompt,
  type SampleReport,
} from "./index.ts";
import { chainOfSample, type ReasoningSample } from "./sample.ts";
import { estimate, totalsOf } from "./totals.ts";

const model = TableModel.bytes();
const rowsOf = (...lines: object[]) =>
  readDataset(new TextEncoder().encode(lines.map((line) => JSON.stringify(line)).join("\n")), "f").rows;
const sum = { question: "Q", reasoning: "The sky is high.\n40-4=36\n36*3/4=27", answer: "27" };
/** A Markov chain of bytes finds no answer likelier for what stands far before it. */
const all: RefineDatasetOptions = { unfollowed: "refine", baselineSamples: 0 };
const refined = ({ samples }: DatasetReport, i = 0) => {
  const sample = samples[i]!;
  if (sample.outcome !== "refined") throw new Error(sample.message);
  return sample;
};

describe("refineDataset", () => {
  it("does with every sample what pruneSample does with one, in the order of the file", async () => {
    const rows = rowsOf(sum, { ...sum, reasoning: "a b c\nd e f\n40-4=36\nx y" }, { ...sum, answer: "36" });
    const options = { ...all, stop: { steps: 2 } };
    const report = await refineDataset(model, rows, { ...options, atOnce: 3 });
    for (const [i, row] of rows.entries()) {
      const { by: _, why: __, ...chain } = chainOfSample(row.sample as ReasoningSample, model);
      const pruned = await pruneSample(model, chain, { stop: { steps: 2 } });
      const sample = refined(report, i);
      expect(sample.steps).toMatchObject(pruned.steps);
      expect(sample.tokens).toEqual(pruned.tokens);
      expect(JSON.parse(refinedLine(row, sample)!)).toMatchObject({ reasoning: pruned.reasoning });
    }
    expect(await refineDataset(model, rows, { ...options, atOnce: 1, settings: report.settings })).toEqual(
      report,
    );
  });

  it("scores nothing again that is there, and tells of what is new", async () => {
    const rows = rowsOf(sum, sum, sum);
    const told: number[] = [];
    const first = await refineDataset(model, rows, all);
    const again = await refineDataset(model, rows, {
      ...all,
      done: ({ index }) => (index === 1 ? undefined : first.samples[index]),
      onSample: ({ index }) => told.push(index),
    });
    expect([told, again.samples]).toEqual([[1], first.samples]);
  });

  it("says why a sample is left as it was, or left out", async () => {
    const small = new CopyingModel({ trainedContext: 300 });
    const rows = rowsOf(
      { question: "Q", reasoning: "", answer: "5" },
      { question: "Q", reasoning: "a\n \nb", answer: "5" },
      { question: "Q", reasoning: `a\n${"long ".repeat(2000)}\nb`, answer: "5" },
      { question: "Q", steps: ["a", " "], answer: "5" },
      { question: "Q", reasoning: "only one step", answer: "5" },
      sum,
    );
    const report = await refineDataset(small, rows, { ...all, unfollowed: "leave" });
    const said = (sample: SampleReport) => (sample.outcome === "refined" ? "refined" : sample.code);
    expect(report.samples.map(said)).toEqual([
      "EMPTY_INPUT",
      expect.any(String),
      "CONTEXT_EXCEEDED",
      "INVALID_ARGUMENT",
      "ANSWER_DOES_NOT_FOLLOW",
      "ANSWER_DOES_NOT_FOLLOW",
    ]);
    const long = report.samples[2]!;
    expect(long.outcome !== "refined" && long.message).toMatch(/step 2 is the longest/);
    expect(rows.map((row, i) => refinedLine(row, report.samples[i]!))).toEqual(rows.map(({ line }) => line));
    const dropped = await refineDataset(small, rows, { ...all, unfollowed: "leave", unrefined: "drop" });
    expect(rows.map((row, i) => refinedLine(row, dropped.samples[i]!))).toEqual(rows.map(() => null));
    expect(dropped.totals).toMatchObject({ samples: 6, refined: 0, kept: 0, dropped: 6, cut: null });
    const one = await refineDataset(model, rows.slice(4, 5), all);
    expect(refined(one)).toMatchObject({
      steps: [{ fate: "kept" }],
      warnings: [expect.stringMatching(/one step/), expect.any(String)],
    });
  });

  it("throws what is wrong with the settings, not with a sample", async () => {
    const rows = rowsOf(sum);
    await expect(
      refineDataset(model, rows, { ...all, thresholds: { remove: 2, merge: 1 } }),
    ).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(refineDataset(model, rows, { ...all, atOnce: 0 })).rejects.toThrow(/at once/);
    await expect(refineDataset(model, rows, { ...all, method: "random" })).rejects.toThrow(/how much/);
  });

  it("cuts by the other methods, and says what of them is ours", async () => {
    for (const method of ["pir", "step-entropy", "token-budget", "random", "shortest", "full"] as const) {
      const report = await refineDataset(model, rowsOf(sum), { ...all, method, keep: { steps: 2 } });
      const sample = refined(report);
      expect(sample.steps.filter(({ fate }) => fate === "kept").length).toBe(
        ["full", "pir"].includes(method) ? 3 : 2,
      );
      expect(report.reconstructed.length > 0).toBe(["pir", "step-entropy"].includes(method));
    }
  });

  it("writes merged steps in the place of both", async () => {
    const steps = { question: "Q", steps: ["a cat", "a dog"], answer: "5", note: "x" };
    const merge = rewriteMerger(new ScriptedModel(() => ({ text: "a cat and a dog" })));
    const rows = rowsOf(steps);
    const report = await refineDataset(new CopyingModel(), rows, {
      ...all,
      merge,
      thresholds: { remove: 1e-9, merge: 1e9 },
    });
    expect(refined(report).steps.map(({ fate, now }) => [fate, now])).toEqual([
      ["merged", null],
      ["kept", "a cat and a dog"],
    ]);
    expect(JSON.parse(refinedLine(rows[0]!, refined(report))!)).toEqual({
      ...steps,
      steps: ["a cat and a dog"],
    });
  });

  it("keeps code, tables and Chinese whole", async () => {
    const code = "```\nx = 1\n\ny = 2\n```";
    const table = "| a | b |\n|---|---|\n| 1 | 2 |";
    const reasoning = `先看代码。\n\n${code}\n\n再看表。\n\n${table}\n\n得五。`;
    const rows = rowsOf({ question: "几个？", reasoning, answer: "5" });
    const sample = refined(
      await refineDataset(model, rows, { ...all, by: "paragraphs", stop: { steps: 3 } }),
    );
    expect(sample.steps.map(({ text }) => text)).toEqual(["先看代码。", code, "再看表。", table, "得五。"]);
    const kept = sample.steps.filter(({ now }) => now !== null).map(({ text }) => text);
    expect(JSON.parse(refinedLine(rows[0]!, sample, "same", { by: "paragraphs" })!).reasoning).toBe(
      kept.join("\n\n"),
    );
  });
});

describe("totals", () => {
  it("have means with their errors", () => {
    // Mean 2, sample deviation sqrt(((1)^2 + 0 + 1) / 2) = 1, error 1 / sqrt(3).
    expect(estimate([1, 2, 3])).toEqual({ mean: 2, standardError: Math.sqrt(1 / 3), count: 3 });
    expect(estimate([5])).toEqual({ mean: 5, standardError: null, count: 1 });
    expect(estimate([Number.POSITIVE_INFINITY])).toBeNull();
  });

  it("set baselines beside the method, on as many samples as were asked for", async () => {
    const { samples, totals } = await refineDataset(model, rowsOf(sum, sum, sum), {
      ...all,
      baselineSamples: 2,
      draws: 3,
      stop: { steps: 2 },
    });
    expect(totals.baselines).toMatchObject({ samples: 2, draws: 3 });
    expect(totals.baselines!.rows.map(({ name }) => name)).toEqual([
      "spirit",
      "full",
      "shortest",
      "random, mean of 3",
    ]);
    const own = refined({ samples } as DatasetReport);
    const full = totals.baselines!.rows[1]!;
    expect(full.chainPerplexity).toBeCloseTo(own.before.chainPerplexity, 9);
    expect(full.chainWorse!.mean).toBeCloseTo(
      Math.log(own.before.chainPerplexity / own.after.chainPerplexity),
      9,
    );
    expect(own.draws).toHaveLength(3);
    expect(totalsOf(samples, 3)).toEqual(totals);
  });
});

describe("refinePrompt", () => {
  const line = (price: number, count: number) => ({
    question: `${count} pens at ${price} each?`,
    steps: ["Pens write.", `Each costs ${price}.`, `${count}*${price}=${count * price}`],
    answer: `${count * price}`,
  });

  it("sets the refined prompt beside baselines at no fewer tokens", async () => {
    const rows = rowsOf(line(2, 3), line(5, 4), line(3, 6), line(7, 2));
    const report = await refinePrompt(
      model,
      { demonstrations: rows.slice(0, 2), calibration: rows.slice(2) },
      { stop: { steps: 2 }, draws: 4, instruction: "Solve.\n" },
    );
    expect(report.steps.filter(({ fate }) => fate === "kept")).toHaveLength(2);
    expect(report.steps.some(({ importance }) => importance !== null)).toBe(true);
    expect(
      report.fullText.startsWith(
        "Solve.\n3 pens at 2 each?\nPens write.\nEach costs 2.\n3*2=6\nAnswer: 6\n\n",
      ),
    ).toBe(true);
    const [full, own, ...others] = report.baselines;
    expect([full!.steps, own!.steps, own!.tokens, own!.perplexity]).toEqual([
      3,
      2,
      report.tokens.after,
      report.perplexity.after,
    ]);
    for (const { tokens } of others) expect(tokens!).toBeGreaterThanOrEqual(report.tokens.after!);
    expect(report.draws).toHaveLength(4);
  });

  it("names the line that does not correspond", async () => {
    const rows = rowsOf(line(2, 3), { ...line(5, 4), steps: ["a", "b"] }, line(3, 6));
    const set = { demonstrations: rows.slice(0, 2), calibration: rows.slice(2) };
    await expect(refinePrompt(model, set)).rejects.toMatchObject({ code: "INVALID_ARGUMENT", where: "f:2" });
  });
});

describe("refinePrompt with questions alone", () => {
  it("takes questions with answers alone to try demonstrations on", async () => {
    const shots = rowsOf(sum, sum);
    const { rows } = readDataset(
      new TextEncoder().encode('{"question":"Q","answer":"27"}\n{"question":"Q","answer":"28"}\n'),
      "f",
      { answerAlone: true },
    );
    const set = { demonstrations: shots, calibration: rows };
    const report = await refinePrompt(model, set, { stop: { steps: 2 }, draws: 1 });
    expect([report.measure, report.calibration, report.demonstrations[0]!.now.length]).toEqual([
      "answer",
      2,
      2,
    ]);
    const mixed = { demonstrations: shots, calibration: [...rows, ...shots] };
    await expect(refinePrompt(model, mixed)).rejects.toThrow(/2 of 4 questions have steps/);
  });
});

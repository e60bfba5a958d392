/** The published sets on real models, F32 on both sides: every log-likelihood, acc and acc_norm as lm_eval gives them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mini } from "../../../test/mini.ts";
import { needing, withoutModel } from "../../../test/needing.ts";
import { smollm2 } from "../../../test/smollm2.ts";
import { type LanguageModel, resolve } from "../../models/index.ts";
import { fewShotHead, zeroShot } from "./few-shot.ts";
import { inChatTemplate } from "./prompt.ts";
import { readTask } from "./read-task.ts";
import { runTask } from "./run-task.ts";
import { type MultipleChoiceSummary, predict, summarise, type TargetSummary } from "./summarise.ts";
import type { TaskResult } from "./task-result.ts";

interface RecordedTask {
  metrics: Record<string, number>;
  items: { logprobs: number[]; acc: number; acc_norm?: number }[];
}

function fixture<Content>(name: string): Content {
  return JSON.parse(readFileSync(new URL(`../../../test/fixtures/tasks/${name}`, import.meta.url), "utf8"));
}
const { tasks } = fixture<{ tasks: Record<string, { rows: unknown[]; requests: Record<string, unknown> }> }>(
  "forms.json",
);
const waysOf = (model: string) =>
  fixture<{ ways: Record<string, Record<string, RecordedTask>> }>(`forms-${model}.json`).ways;

const folder = mkdtempSync(join(tmpdir(), "surprisal-forms-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Sums of a few numbers in float32, in two orders. */
const TOLERANCE = 1e-4;

async function expectRecorded(
  model: LanguageModel,
  name: string,
  recorded: RecordedTask,
  chat: boolean,
): Promise<void> {
  const path = join(folder, `${name}.jsonl`);
  writeFileSync(path, tasks[name]!.rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  const results: TaskResult[] = [];
  for await (const result of runTask(model, await readTask(path), {
    chat: chat ? { multiturn: true } : null,
  }))
    results.push(result);
  expect(results.length).toBe(recorded.items.length);
  for (const [i, { choices }] of results.entries()) {
    const { logprobs } = recorded.items[i]!;
    expect(choices.length).toBe(logprobs.length);
    for (const [c, { logprob }] of choices.entries())
      expect(
        Math.abs(logprob! / logprobs[c]! - 1),
        `item ${i}, choice ${c}: ${logprob} ${logprobs[c]}`,
      ).toBeLessThan(TOLERANCE);
  }
  const summary = summarise(results);
  const { acc, acc_norm } = recorded.metrics;
  if (summary.kind === "target") {
    expect((summary as TargetSummary).accuracy.value).toBeCloseTo(acc!, 12);
    return;
  }
  const { accuracies } = summary as MultipleChoiceSummary;
  expect(accuracies.acc.value).toBeCloseTo(acc!, 12);
  if (acc_norm !== undefined) expect(accuracies.accNorm.value).toBeCloseTo(acc_norm, 12);
}

describe("published sets on mini, as lm_eval", () => {
  let model: LanguageModel;
  beforeAll(async () => {
    model = await resolve(await mini("F32"), { cacheType: "f32" });
  });
  afterAll(async () => model?.[Symbol.asyncDispose]());
  it.each(Object.entries(waysOf("mini").plain!))("%s", async (name, recorded) => {
    await expectRecorded(model, name, recorded, false);
  });
});

it("questions beyond mini's context, cut from the left as lm_eval does", async () => {
  const { rows, max_length, ways } = fixture<{
    rows: unknown[];
    max_length: number;
    ways: Record<string, Record<string, RecordedTask>>;
  }>("forms-long-mini.json");
  await using model = await resolve(await mini("F32"), { cacheType: "f32" });
  expect(model.trainedContext).toBe(max_length);
  const path = join(folder, "long.jsonl");
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  const results: TaskResult[] = [];
  for await (const result of runTask(model, await readTask(path))) results.push(result);
  expect(results.map(({ cutTokens = 0 }) => cutTokens > 0)).toEqual([true, false, true]);
  for (const [i, { logprobs }] of ways.plain!.arc_easy!.items.entries())
    for (const [c, wanted] of logprobs.entries())
      expect(Math.abs(results[i]!.choices[c]!.logprob! / wanted - 1)).toBeLessThan(TOLERANCE);
});

it("llama.cpp's Winogrande on mini, as llama-perplexity", async () => {
  const recorded = fixture<{ scores: number[][]; chosen: number[]; accuracy: number }>(
    "llama-winogrande-mini.json",
  );
  await using model = await resolve(await mini("F32"), { cacheType: "f32" });
  const file = new URL("../../../test/fixtures/tasks/winogrande-llama.csv", import.meta.url);
  const results: TaskResult[] = [];
  for await (const result of runTask(model, await readTask(fileURLToPath(file)))) results.push(result);
  for (const [i, { choices }] of results.entries())
    for (const [c, { distinct }] of choices.entries())
      expect(distinct.logprob! / distinct.tokens).toBeCloseTo(recorded.scores[i]![c]!, 4); // it prints six decimals
  expect(results.map((result) => predict(result, "accNormTokens")!.choice)).toEqual(recorded.chosen);
  const { accuracies } = summarise(results) as MultipleChoiceSummary;
  expect(accuracies.accNormTokens.value).toBeCloseTo(recorded.accuracy, 6);
});

const larger = await smollm2("F32");
needing(withoutModel(larger)).describe("published sets on SmolLM2, as lm_eval", () => {
  let model: LanguageModel;
  beforeAll(async () => {
    model = await resolve(larger!, { cacheType: "f32" });
  });
  afterAll(async () => model?.[Symbol.asyncDispose]());
  const { plain, chat } = waysOf("smollm2");
  it.each(Object.entries(plain!))("%s", async (name, recorded) => {
    await expectRecorded(model, name, recorded, false);
  });
  it.each(Object.entries(chat!))("%s, in the chat template", async (name, recorded) => {
    await expectRecorded(model, name, recorded, true);
  });
  it("writes the prompts that lm_eval writes in the chat template", async () => {
    for (const [name, { rows, requests }] of Object.entries(tasks)) {
      const path = join(folder, `${name}-chat.jsonl`);
      writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
      const task = await readTask(path);
      for (const [way, shots, multiturn] of [
        ["chat", 0, true],
        ["two-shot-chat", 2, false],
        ["two-shot-multiturn", 2, true],
      ] as const) {
        const wanted = requests[way] as [string, string][][] | undefined;
        if (!wanted) continue;
        const head =
          shots > 0
            ? await fewShotHead({ count: shots, examples: task, sampler: task.rules?.sampler ?? "per-item" })
            : zeroShot;
        const render = inChatTemplate(model, { multiturn });
        let i = 0;
        for await (const item of task.items()) {
          const before = head(item);
          const own = (item.contexts ?? [item.context]).map((content) =>
            render([...before, { role: "user", content, after: "" }]),
          );
          const theirs = [...new Set(wanted[i++]!.map(([context]) => context))];
          const itself = theirs.every((context) => context.split(item.context).length > 2);
          if (!(task.rules?.examplesApart && itself && shots > 0)) expect(own).toEqual(theirs);
        }
      }
    }
  });
});

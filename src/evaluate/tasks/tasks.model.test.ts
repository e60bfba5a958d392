/** Tasks on real models: against lm_eval's numbers, the token tree, and runs that were interrupted. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mini } from "../../../test/mini.ts";
import { needing, withoutModel } from "../../../test/needing.ts";
import { smollm2 } from "../../../test/smollm2.ts";
import { type LanguageModel, resolve } from "../../models/index.ts";
import type { FewShot } from "./few-shot.ts";
import { readTask } from "./read-task.ts";
import { type RunTaskOptions, runTask } from "./run-task.ts";
import { type MultipleChoiceSummary, predict, summarise, type TargetSummary } from "./summarise.ts";
import type { Task } from "./task.ts";
import type { TaskResult } from "./task-result.ts";

const fixture = (name: string) =>
  fileURLToPath(new URL(`../../../test/fixtures/tasks/${name}`, import.meta.url));

/** What tools/record-tasks/record.py wrote. */
interface Recorded {
  tasks: Record<string, { metrics: Record<string, number>; items: RecordedItem[] }>;
}
interface RecordedItem {
  logprobs: number[];
  greedy: boolean[];
  acc: number;
  acc_norm?: number;
  acc_bytes?: number;
  token_means?: number[];
  token_counts?: number[];
}

const hellaswag = await readTask(fixture("hellaswag-50.jsonl"));
const examples = await readTask(fixture("hellaswag-examples.jsonl"));
const lastWords = await readTask(fixture("last-words-50.jsonl"));
const recordedOf = (name: string): Recorded =>
  JSON.parse(readFileSync(fixture(`lm-eval-${name}.json`), "utf8"));

/** F32 weights on both sides: the sums over a choice agree to this. */
const TOLERANCE = 1e-4;

async function run(model: LanguageModel, task: Task, options: RunTaskOptions = {}): Promise<TaskResult[]> {
  const results: TaskResult[] = [];
  for await (const result of runTask(model, task, options)) results.push(result);
  return results;
}

function expectRecorded(results: readonly TaskResult[], items: readonly RecordedItem[]): void {
  expect(results.length).toBe(items.length);
  for (const [i, { choices }] of results.entries()) {
    expect(choices.map(({ greedy }) => greedy)).toEqual(items[i]!.greedy);
    for (const [c, { logprob, distinct }] of choices.entries()) {
      const wanted = items[i]!.logprobs[c]!;
      expect(Math.abs(logprob! / wanted - 1), `item ${i}, choice ${c}: ${logprob} ${wanted}`).toBeLessThan(
        TOLERANCE,
      );
      const mean = items[i]!.token_means?.[c];
      if (mean === undefined) continue;
      expect(distinct.tokens).toBe(items[i]!.token_counts![c]);
      expect(Math.abs(distinct.logprob! / distinct.tokens / mean - 1)).toBeLessThan(TOLERANCE);
    }
  }
}

function expectChoices(results: readonly TaskResult[], { metrics, items }: Recorded["tasks"][string]): void {
  expectRecorded(results, items);
  const { accuracies } = summarise(results) as MultipleChoiceSummary;
  for (const [rule, theirs] of [
    ["acc", "acc"],
    ["accNorm", "acc_norm"],
    ["accBytes", "acc_bytes"],
  ] as const) {
    expect(accuracies[rule].value).toBeCloseTo(metrics[theirs]!, 12);
    expect(accuracies[rule].standardError).toBeCloseTo(metrics[`${theirs}_stderr`]!, 12);
    for (const [i, result] of results.entries())
      expect(Number(predict(result, rule)!.choice === result.label)).toBe(items[i]![theirs]);
  }
}

function expectTargets(results: readonly TaskResult[], { metrics, items }: Recorded["tasks"][string]): void {
  expectRecorded(results, items);
  const { accuracy, perplexity } = summarise(results) as TargetSummary;
  expect(accuracy.value).toBeCloseTo(metrics.acc!, 12);
  expect(accuracy.standardError).toBeCloseTo(metrics.acc_stderr!, 12);
  expect(perplexity!.value / metrics.perplexity!).toBeCloseTo(1, 3);
}

describe("tasks on mini, as lm_eval", () => {
  let model: LanguageModel;
  beforeAll(async () => {
    model = await resolve(await mini("F32"), { cacheType: "f32" });
  });
  afterAll(async () => model?.[Symbol.asyncDispose]());
  const { tasks } = recordedOf("mini");

  it("HellaSwag", async () => {
    const results = await run(model, hellaswag);
    expectChoices(results, tasks.hellaswag!);
    // By llama.cpp's rule, from the recorded means.
    const { accNormTokens } = (summarise(results) as MultipleChoiceSummary).accuracies;
    const right = tasks.hellaswag!.items.filter(
      ({ token_means }, i) => token_means!.indexOf(Math.max(...token_means!)) === results[i]!.label,
    );
    expect(accNormTokens.correct).toBe(right.length);
  });

  it("HellaSwag, three examples drawn for every question", async () => {
    const fewShot: FewShot = { count: 3, examples, sampler: "per-item" };
    const results = await run(model, hellaswag, { fewShot, limit: 12 });
    expectRecorded(results, tasks["hellaswag-3-shot"]!.items.slice(0, 12));
  });

  it("last words", async () => {
    expectTargets(await run(model, lastWords), tasks["last-words"]!);
  });
});

const larger = await smollm2("F32");
needing(withoutModel(larger)).describe("tasks on SmolLM2, as lm_eval", () => {
  let model: LanguageModel;
  beforeAll(async () => {
    model = await resolve(larger!, { cacheType: "f32" });
  });
  afterAll(async () => model?.[Symbol.asyncDispose]());
  const { tasks } = recordedOf("smollm2");

  // llama.cpp's F32 is slow in the packaged build: a few of the items that were recorded.
  it("HellaSwag", async () => {
    expectRecorded(await run(model, hellaswag, { limit: 3 }), tasks.hellaswag!.items.slice(0, 3));
  });
  it("last words", async () => {
    expectTargets(await run(model, lastWords, { limit: 12 }), tasks["last-words"]!);
  });
});

describe("what a task costs", () => {
  let model: LanguageModel;
  beforeAll(async () => {
    model = await resolve(await mini(), { threads: 1 });
  });
  afterAll(async () => model?.[Symbol.asyncDispose]());

  /** Nodes of the tree of all inputs, built the obvious way, and their number without sharing. */
  async function tree(task: Task, head = ""): Promise<{ nodes: number; alone: number }> {
    const prefixes = new Set<string>();
    let alone = 0;
    for await (const { context, delimiter, choices } of task.items())
      for (const choice of choices) {
        const { ids } = await model.tokenize(head + context + delimiter + choice, { addSpecial: true });
        let prefix = "";
        for (const id of ids.subarray(0, -1)) {
          prefix += `${id} `;
          prefixes.add(prefix);
        }
        alone += ids.length - 1;
      }
    return { nodes: prefixes.size, alone };
  }
  const cost = (results: TaskResult[]) => results.reduce((sum, { tokensRun }) => sum + tokensRun, 0);

  it("runs as many tokens as the token tree has, and far fewer than each choice alone", async () => {
    const { nodes, alone } = await tree(hellaswag);
    const run_ = cost(await run(model, hellaswag));
    expect(run_).toBe(nodes);
    expect(alone / run_).toBeGreaterThan(1.8);
  });

  it("runs shared examples once", async () => {
    let head = "";
    const few: string[] = [];
    for await (const { context, choices, label } of examples.items()) {
      head += `${context} ${choices[label]}\n\n`;
      if (few.push(head) === 4) break;
    }
    const { nodes, alone } = await tree(hellaswag, head);
    const fewShot: FewShot = { count: 4, examples, sampler: "first" };
    const run_ = cost(await run(model, hellaswag, { fewShot }));
    expect(run_).toBe(nodes);
    expect(alone / run_).toBeGreaterThan(7);
  });
});

describe("a run that goes on", () => {
  it("has the same bits as one that was never interrupted, in a process of its own", async () => {
    const path = await mini();
    const options: RunTaskOptions = { itemsPerBlock: 8 };
    const fresh = async (from: number) => {
      await using model = await resolve(path, { threads: 1 });
      return await run(model, hellaswag, { ...options, from });
    };
    const whole = await fresh(0);
    for (const from of [8, 21, 40, 49]) expect(await fresh(from)).toEqual(whole.slice(from));
  });

  it("does not depend on what the model did before", async () => {
    await using model = await resolve(await mini(), { threads: 1 });
    const first = await run(model, hellaswag, { limit: 16, itemsPerBlock: 8 });
    for await (const _ of model.score([{ context: "word ".repeat(800), continuation: " word" }]));
    expect(await run(model, hellaswag, { limit: 16, itemsPerBlock: 8 })).toEqual(first);
  });
});

import { describe, expect, it } from "vitest";
import type { LanguageModel, ScoredText } from "../../models/index.ts";
import { TableModel } from "../../models/test/index.ts";
import { type RunTaskOptions, runTask } from "./run-task.ts";
import type { Task, TaskItem } from "./task.ts";
import type { TaskResult } from "./task-result.ts";

function taskOf(items: Partial<TaskItem>[], kind: Task["kind"] = "multiple-choice"): Task {
  return {
    name: "some",
    source: "some.jsonl",
    kind,
    form: { name: "choices", source: null },
    async *items() {
      for (const [i, item] of items.entries())
        yield {
          where: `some.jsonl:${i + 1}`,
          context: "One",
          choices: ["a", "b"],
          label: 0,
          delimiter: " ",
          ...item,
        };
    },
  };
}

async function results(task: Task, options: RunTaskOptions = {}, model: LanguageModel = TableModel.bytes()) {
  const all: TaskResult[] = [];
  for await (const result of runTask(model, task, options)) all.push(result);
  return all;
}

const words = ["go", "stay", "run away", "naïve"];
const seven = taskOf(
  words.concat("x", "yz", "abc").map((word, i) => ({ context: `Item ${i}`, choices: [word, "no"] })),
);

describe("runTask", () => {
  it("scores each choice as the model scores it alone, in order", async () => {
    const model = TableModel.bytes();
    const all = await results(seven, {}, model);
    expect(all.map(({ index, where }) => [index, where])).toEqual(
      Array.from({ length: 7 }, (_, i) => [i, `some.jsonl:${i + 1}`]),
    );
    for await (const item of seven.items()) {
      const result = all.find(({ where }) => where === item.where)!;
      for (const [i, choice] of item.choices.entries()) {
        const { context, delimiter } = item;
        let alone: ScoredText | undefined;
        for await (const answer of model.score([{ context, continuation: delimiter + choice }]))
          alone = answer;
        expect(result.choices[i]).toMatchObject({ logprob: alone!.logprob, greedy: alone!.greedy });
      }
    }
  });

  it("counts characters and bytes of the choice alone, tokens with the delimiter", async () => {
    const [result] = await results(taskOf([{ choices: ["naïve 😀", "no"] }]));
    expect(result!.choices[0]).toMatchObject({ characters: 7, bytes: 11, tokens: 12 });
  });

  it("tells the tokens after the common beginning, never none", async () => {
    const [first, second] = await results(
      taskOf([{ choices: ["the cat", "the dog"] }, { choices: ["the", "then"] }]),
    );
    expect(first!.choices.map(({ distinct }) => distinct.tokens)).toEqual([3, 3]);
    expect(first!.choices[0]!.distinct.logprob).toBeGreaterThan(first!.choices[0]!.logprob!);
    expect(second!.choices.map(({ distinct }) => distinct.tokens)).toEqual([1, 2]);
  });

  it("goes on anywhere with the same results, whatever the size of a block", async () => {
    for (const itemsPerBlock of [1, 2, 3, 7, 64]) {
      const whole = await results(seven, { itemsPerBlock });
      for (let from = 0; from <= 7; from++)
        expect(await results(seven, { itemsPerBlock, from })).toEqual(whole.slice(from));
    }
  });

  it("goes on with examples drawn per item", async () => {
    const fewShot = { count: 2, examples: seven, sampler: "per-item" } as const;
    const whole = await results(seven, { fewShot, itemsPerBlock: 2 });
    expect(await results(seven, { fewShot, itemsPerBlock: 2, from: 5 })).toEqual(whole.slice(5));
    expect(new Set(whole.map(({ sha256 }) => sha256)).size).toBe(7);
  });

  it("stops at the limit, and reads no further", async () => {
    let read = 0;
    const task: Task = {
      ...seven,
      async *items() {
        for await (const item of seven.items()) {
          read++;
          yield item;
        }
      },
    };
    expect(await results(task, { limit: 3, itemsPerBlock: 2 })).toEqual(
      (await results(seven, { itemsPerBlock: 2 })).slice(0, 3),
    );
    expect(read).toBe(3);
    expect(await results(task, { limit: 0 })).toEqual([]);
  });

  it("cuts what is too long for the model from the left, and never ends the others", async () => {
    const { vocabulary, chain } = TableModel.bytes();
    const model = new TableModel({
      symbols: Array.from({ length: vocabulary.size }, (_, id) => vocabulary.piece(id)),
      bos: 256,
      transitions: Array.from({ length: vocabulary.size }, (_, from) =>
        Float64Array.from({ length: vocabulary.size }, (_, to) => chain.probability(from, to)),
      ),
      trainedContext: 40,
    });
    const long = "x".repeat(100);
    const task = taskOf([{}, { choices: ["a", "b".repeat(60), "c"] }, { context: long }, {}]);
    const [first, refused, cut, last] = await results(task, {}, model);
    expect(refused).toMatchObject({
      where: "some.jsonl:2",
      choices: [],
      problem: "Choice 1 has 61 tokens, more than the model's context of 40",
    });
    // lm-eval: the last 40 + 1 tokens of context and continuation; BOS is the first of 1 + 100 + 2.
    expect(cut).toMatchObject({ cutTokens: 62 });
    const ids = (text: string) => [...Buffer.from(text)];
    for (const [i, choice] of ["a", "b"].entries())
      for await (const { logprob } of model.score([
        { context: ids("x".repeat(39)), continuation: ids(` ${choice}`) },
      ]))
        expect(cut!.choices[i]!.logprob).toBe(logprob);
    expect([first!.problem, last!.problem]).toEqual([undefined, undefined]);
    expect(last!.choices).toEqual(first!.choices);
  });

  it("counts what lm-eval's border loses of a choice", async () => {
    const model = new TableModel({
      symbols: ["a", "b", "ab", " "],
      transitions: Array.from({ length: 4 }, () => [0.25, 0.25, 0.25, 0.25]),
    });
    const [lost, whole] = await results(
      taskOf([
        { context: "a", choices: ["b b", "a"], delimiter: "" },
        { context: "a", choices: ["b", "a"] },
      ]),
      {},
      model,
    );
    expect(lost).toMatchObject({ lostBytes: 1 });
    expect(whole!.lostBytes).toBeUndefined();
  });

  it("asks the others again without an item that the model refuses", async () => {
    const model = TableModel.bytes();
    const half = taskOf([{}, { choices: ["a", "\ud83d"] }, { context: "Two" }]);
    const [first, refused, third] = await results(half, {}, model);
    expect(refused).toMatchObject({ choices: [], problem: expect.stringMatching(/^Choice 1: .*surrogate/) });
    const alone = await results(taskOf([{}, { context: "Two" }]), {}, model);
    expect([first!.choices, third!.choices]).toEqual(alone.map(({ choices }) => choices));
  });

  it("keeps the places of items that cannot be read", async () => {
    const task: Task = {
      ...seven,
      async *items({ onBad } = {}) {
        let i = 0;
        for await (const item of seven.items()) {
          if ([0, 3, 4].includes(i++)) onBad?.({ where: `bad ${i}`, problem: "Choice 1 is empty" });
          else yield item;
        }
      },
    };
    const whole = await results(seven);
    for (const itemsPerBlock of [1, 2, 3, 64])
      for (const limit of [4, 5, 7]) {
        const all = await results(task, { itemsPerBlock, limit });
        expect(all.map(({ index }) => index)).toEqual(Array.from({ length: limit }, (_, i) => i));
        expect(all[3]).toMatchObject({ choices: [], problem: "Choice 1 is empty", where: "bad 4" });
        expect(all[2]!.choices).toEqual(whole[2]!.choices);
        expect(await results(task, { itemsPerBlock, limit, from: 2 })).toEqual(all.slice(2));
      }
  });

  it("keeps what the source did not say as null", async () => {
    const model = TableModel.bytes();
    const silent = Object.create(model, {
      score: {
        value: async function* (requests: Iterable<never>) {
          for await (const answer of model.score(requests)) {
            if (answer.index === 1) answer.tokens.logprobs[1] = Number.NaN;
            yield answer.index === 1 ? { ...answer, logprob: null, greedy: null } : answer;
          }
        },
      },
    }) as LanguageModel;
    const [result] = await results(taskOf([{}]), {}, silent);
    expect(result!.choices[1]).toMatchObject({ logprob: null, greedy: null, distinct: { logprob: null } });
    expect(result!.choices[0]!.logprob).not.toBeNull();
  });

  it("survives JSON to the last bit", async () => {
    const all = await results(seven);
    expect(JSON.parse(JSON.stringify(all))).toEqual(all);
  });

  it("stops when told to, and refuses numbers that are none", async () => {
    const stop = AbortSignal.abort();
    await expect(results(seven, { signal: stop })).rejects.toMatchObject({ code: "ABORTED" });
    await expect(results(seven, { from: -1 })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      where: "from",
    });
    await expect(results(seven, { itemsPerBlock: 0 })).rejects.toMatchObject({ where: "itemsPerBlock" });
    await expect(results(seven, { limit: 1.5 })).rejects.toMatchObject({ where: "limit" });
  });
});

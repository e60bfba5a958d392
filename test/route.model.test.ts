/** CAR with the shipped models: what both ways have in common is run once, and a kept answer is written once. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LanguageModel, resolve } from "../src/models/index.ts";
import { isCorrect, parseOutput, problems, prompt } from "../src/problems/index.ts";
import { askingProbe, car, deepConf, type RouteRecord, sequenceProbe } from "../src/route/index.ts";

describe("a router of the lab model", () => {
  let model: LanguageModel;
  let records: RouteRecord[];
  const path = { short: "direct", long: "reasoning" } as const;
  const list = [...problems({ split: "test", count: 24, seed: 3 })];

  beforeAll(async () => {
    model = await resolve("lab");
    records = await Promise.all(
      list.map((problem, i) =>
        car.record(model, problem.question, {
          id: `${i}`,
          prompt: (_, way) => prompt(problem, path[way]),
          answerOf: (text) => parseOutput(text).answer,
          isRight: (answer) => isCorrect(problem, answer),
        }),
      ),
    );
  });
  afterAll(() => model[Symbol.asyncDispose]());

  it("has records with numbers, and labels of both kinds", () => {
    for (const { paths } of records) {
      expect(paths.short!.signals!.nll).toBeGreaterThanOrEqual(0);
      expect(paths.long!.tokens).toBeGreaterThan(paths.short!.tokens);
    }
    expect(new Set(records.map(({ paths }) => paths.short!.correct)).size).toBe(2);
  });

  it("writes a kept answer once, and shares the question's tokens between both ways", async () => {
    const { artefact } = car.fit(records, { leastPerClass: 1, mode: "pilot" });
    if (artefact.rule.kind !== "pilot") throw new Error("not the pilot's");
    const at = (threshold: number) =>
      car.from({ ...artefact, rule: { kind: "pilot", percentile: 0.75, threshold } });
    const ask = (threshold: number, question: string) =>
      at(threshold).run(model, question, { prompt: (text, way) => prompt({ question: text }, path[way]) });
    const kept = await ask(Number.POSITIVE_INFINITY, list[0]!.question);
    expect(kept).toMatchObject({ path: "short", long: null, tokens: kept.short.written });
    expect(kept.text).toBe(records[0]!.paths.short!.text);
    const { short, long } = await ask(
      0,
      `What is ${Array.from({ length: 40 }, (_, i) => i + 10).join(" + ")}?`,
    );
    expect(long!.prompt!.shared).toBeGreaterThan(0);
    expect(long!.prompt!.shared).toBeLessThan(long!.prompt!.tokens);
    expect(short.prompt!.tokens).toBeGreaterThan(0);
  });

  it("is asked in the middle of a stream alike through a sequence and through a prefill", async () => {
    const asked = prompt(list[1]!, "reasoning");
    const probe = await sequenceProbe(model, asked);
    const other = askingProbe(model, asked);
    const tokens = [];
    for await (const token of model.generate(asked, { maxTokens: 12 })) tokens.push(token);
    probe.read(tokens);
    other.read(tokens);
    const options = { maxTokens: 4, stop: [] };
    const [one, two] = [await probe.trial("\nAnswer:", options), await other.trial("\nAnswer:", options)];
    expect(one.text).toBe(two.text);
    for (const [i, logprob] of one.logprobs.entries())
      expect(Math.abs(logprob! - two.logprobs[i]!)).toBeLessThan(0.4);
    await probe[Symbol.asyncDispose]();
  });

  it("votes by DeepConf", async () => {
    const result = await deepConf(model, prompt(list[2]!, "direct"), {
      answerOf: (text) => parseOutput(text).answer,
      warmUp: 4,
      budget: 8,
      window: 2,
      topK: 5,
      sampling: { maxTokens: 24 },
    });
    expect(result.bar).toBeGreaterThan(0);
    expect(result.warnings).toEqual([]);
    expect(result.traces.length).toBeGreaterThanOrEqual(4);
    expect(result.tokens).toBe(result.traces.reduce((sum, { tokens }) => sum + tokens, 0));
  });
});

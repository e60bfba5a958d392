import { describe, expect, it } from "vitest";
import { type ScriptedToken, ToldModel } from "../../../test/told-model.ts";
import { entropy, monitorTokens, type TokenRecord } from "../../core/index.ts";
import { TableModel } from "../../models/test/index.ts";
import {
  askingProbe,
  CertainRun,
  DeepConfExit,
  DeepConfVote,
  deepConf,
  EntropyExit,
  recordTraces,
  replayDeepConf,
  sequenceProbe,
  TrialExit,
  thinkThenAnswer,
  trialConfidence,
} from "./index.ts";

const sure: ScriptedToken = {
  text: "s",
  logprob: Math.log(0.99),
  others: [Math.log(0.001), Math.log(0.001)],
};
const unsure: ScriptedToken = { text: "u", logprob: Math.log(0.4), others: [Math.log(0.3), Math.log(0.2)] };
const repeat = (token: ScriptedToken, n: number): ScriptedToken[] => Array.from({ length: n }, () => token);

describe("monitorTokens with an early exit", () => {
  const written = async (exit: CertainRun, tokens: readonly ScriptedToken[], honours = true) => {
    const model = new ToldModel(() => tokens);
    const controller = new AbortController();
    const options = honours ? { signal: controller.signal } : {};
    const monitored = monitorTokens(model.generate("?", options), { exit, controller });
    let text = "";
    for await (const token of monitored) text += token.text;
    return { text, stoppedBy: monitored.stoppedBy, call: model.asked[0]! };
  };

  it("ends the stream with the token that decided, and aborts the source", async () => {
    const exit = new CertainRun({ run: 3, after: 2 });
    const { text, stoppedBy, call } = await written(exit, [unsure, sure, unsure, ...repeat(sure, 20)]);
    expect(text).toBe("ususss");
    expect(stoppedBy).toMatchObject({
      token: 6,
      policy: exit.rule,
      because: expect.stringMatching(/3 tokens in a row/),
    });
    expect(call.written).toBeLessThanOrEqual(7);
  });

  it("leaves a stream alone that it does not stop, and works beside a policy", async () => {
    const { text, stoppedBy } = await written(new CertainRun({ run: 3, after: 0 }), [
      unsure,
      sure,
      sure,
      unsure,
    ]);
    expect([text, stoppedBy]).toEqual(["ussu", null]);
    const model = new ToldModel(() => repeat(sure, 9));
    const monitored = monitorTokens(model.generate("?"), {
      exit: new CertainRun({ run: 9, after: 0 }),
      stopWhen: "tokens>=4",
    });
    let n = 0;
    for await (const _ of monitored) n++;
    expect([n, monitored.stoppedBy!.policy]).toEqual([4, "tokens>=4"]);
  });

  it("closes the rule, and hands on its error", async () => {
    let closed = 0;
    const close = async () => {
      closed++;
    };
    const failing = { rule: "failing", observe: () => Promise.reject(new Error("probe")), close };
    const stream = monitorTokens(new ToldModel(() => repeat(sure, 3)).generate("?"), { exit: failing });
    await expect(stream.next()).rejects.toThrow("probe");
    const idle = { rule: "idle", observe: () => ({ kind: "continue" as const }), close };
    for await (const _ of monitorTokens(new ToldModel(() => repeat(sure, 3)).generate("?"), {
      exit: idle,
    }))
      break;
    expect(closed).toBe(2);
  });
});

describe("a run of near-certain tokens", () => {
  const verdicts = (tokens: readonly TokenRecord[], exit = new CertainRun({ run: 2, after: 0 })) => ({
    kinds: tokens.map((token) => (exit.observe(token) as { kind: string }).kind),
    unknown: exit.unknown,
  });

  it("takes no missing number for confidence, and counts it", () => {
    const certain = { text: "a", logprob: Math.log(0.97) };
    expect(verdicts([certain, { text: "b", logprob: null }, certain, certain])).toEqual({
      kinds: ["continue", "continue", "continue", "stop"],
      unknown: 1,
    });
    // an improbable token without alternatives says nothing of the first choice
    expect(verdicts([certain, { text: "b", logprob: -4 }]).unknown).toBe(1);
  });

  it("looks at the first choice, whatever was drawn", () => {
    const drawn = {
      text: "b",
      logprob: -4,
      alternatives: [
        { text: "a", logprob: Math.log(0.96) },
        { text: "b", logprob: -4 },
      ],
    };
    expect(verdicts([drawn, drawn]).kinds).toEqual(["continue", "stop"]);
  });

  it("waits for the end of a paragraph where it is told to", () => {
    const texts = ["s", "s", "u", "\n", "s", "\n"];
    const exit = new CertainRun({ run: 2, after: 0, at: ["\n"] });
    const kinds = texts.map((text) => exit.observe({ ...(text === "s" ? sure : unsure), text }).kind);
    expect(kinds).toEqual(["continue", "continue", "continue", "stop", "continue", "stop"]);
    expect(() => new CertainRun({ at: [""] })).toThrow(/no text to look for/);
  });

  it("refuses a probability that every token would have, or none", () => {
    for (const probability of [-1, 0.5, 1.1])
      expect(() => new CertainRun({ probability })).toThrow(/no such probability/);
  });
});

describe("probes", () => {
  it("read what was written, ask behind a suffix, and leave nothing behind", async () => {
    const model = TableModel.bytes();
    const probe = await sequenceProbe(model, "Q");
    const entropyOf = async (text: string) => {
      const sequence = await model.open();
      await sequence.extend((await model.tokenize(text)).ids);
      return entropy(sequence.next(), "logprobs");
    };
    expect(await probe.entropyAfter("x")).toBeCloseTo(await entropyOf("Qx"), 6);
    const records: TokenRecord[] = [];
    for await (const token of model.generate("Q", { maxTokens: 3 })) records.push(token);
    probe.read(records);
    const written = records.map(({ text }) => text).join("");
    expect(await probe.entropyAfter("y")).toBeCloseTo(await entropyOf(`Q${written}y`), 6);
    expect(await probe.entropyAfter("y")).toBeCloseTo(await entropyOf(`Q${written}y`), 6);
    const trial = await probe.trial("z", { maxTokens: 4, stop: [] });
    const asked = await askingProbe(model, `Q${written}`).trial("z", { maxTokens: 4, stop: [] });
    expect(trial.text).toBe(asked.text);
    for (const [i, logprob] of trial.logprobs.entries()) expect(logprob).toBeCloseTo(asked.logprobs[i]!, 5);
    await probe[Symbol.asyncDispose]();
  });

  it("read the text of another model's tokens", async () => {
    const model = TableModel.bytes();
    const [own, other] = [await sequenceProbe(model, "Q"), await sequenceProbe(model, "Q")];
    own.read([{ text: "ab", logprob: null, id: 5 }]); // 5 is no "ab" here
    other.read([
      { text: "a", logprob: null },
      { text: "b", logprob: null },
    ]);
    expect(await own.entropyAfter("")).toBe(await other.entropyAfter(""));
  });

  it("ask a server through a prefill", async () => {
    const model = new ToldModel(() => [sure]);
    const probe = askingProbe(model, "prompt");
    probe.read([{ text: "thought", logprob: -1 }]);
    await probe.trial(" so", { maxTokens: 5, stop: ["}"] });
    expect(model.asked[0]!.options).toMatchObject({ prefill: "thought so", maxTokens: 5, stop: ["}"] });
  });

  it("send on a character that lies in two tokens, read one by one", async () => {
    const model = new ToldModel(() => [sure]);
    const probe = askingProbe(model, "prompt");
    for (const bytes of [Uint8Array.of(0xc3), Uint8Array.of(0xa9)])
      probe.read([{ text: "\ufffd", logprob: -1, bytes }]);
    await probe.trial("!", { maxTokens: 5, stop: [] });
    expect(model.asked[0]!.options.prefill).toBe("é!");
  });
});

describe("DEER's trial answers", () => {
  const probeOf = (trials: (number | null)[][]) => ({
    read() {},
    entropyAfter: async () => null,
    trial: async () => ({ text: "{42}", logprobs: trials.shift() ?? [] }),
    async [Symbol.asyncDispose]() {},
  });
  const token = (text: string): TokenRecord => ({ text, logprob: -1 });

  it("are tried where the thinking turns, and end it when they are sure", async () => {
    const probe = probeOf([
      [-5, Math.log(0.5)],
      [-5, null],
      [-5, Math.log(0.99)],
    ]);
    const exit = new TrialExit({ probe });
    const kinds = [];
    for (const text of ["so ", "Wa", "it", ", Wait", " no", " Wait"])
      kinds.push((await exit.observe(token(text))).kind);
    expect(kinds).toEqual(["continue", "continue", "continue", "continue", "continue", "stop"]);
    expect([exit.trials, exit.missing]).toEqual([3, 1]);
  });

  it("have no confidence where no token counts", () => {
    expect(trialConfidence({ logprobs: [-1] })).toEqual({ confidence: null, tokens: 0 });
    expect(trialConfidence({ logprobs: [-1, -0.5, -9] }, { skipLast: 1 }).confidence).toBeCloseTo(
      Math.exp(-0.5),
      12,
    );
  });

  it("refuse a threshold on another scale", () => {
    expect(() => new TrialExit({ probe: probeOf([]), threshold: 95 })).toThrow(/no such confidence/);
  });
});

describe("EAT", () => {
  it("leaves out what is not known, and counts it", async () => {
    const entropies = [1, null, 1, 1, 1];
    const probe = {
      read() {},
      entropyAfter: async () => entropies.shift() ?? null,
      trial: async () => ({ text: "", logprobs: [] }),
      async [Symbol.asyncDispose]() {},
    };
    const exit = new EntropyExit({ probe, delta: 0.1, alpha: 0.5, warmUp: 1 });
    const kinds = [];
    for (let i = 0; i < 5; i++) kinds.push((await exit.observe({ text: "step\n\n", logprob: -1 })).kind);
    expect(kinds).toEqual(["continue", "continue", "continue", "stop", "stop"]);
    expect(exit.missing).toBe(1);
  });
});

describe("thinkThenAnswer", () => {
  it("ends the thinking and answers behind it", async () => {
    const model = new ToldModel((_, { prefill }) =>
      prefill === undefined ? [...repeat(unsure, 2), ...repeat(sure, 50)] : [{ text: "42", logprob: -0.1 }],
    );
    const found = await thinkThenAnswer(model, "?", { exit: new CertainRun({ run: 3, after: 0 }) });
    expect(found).toMatchObject({ text: "42", whole: "uusss\n</think>\n\n42", tokens: 6, thought: 5 });
    expect(found.stoppedBy!.because).toMatch(/in a row/);
    expect(model.asked[1]!.options.prefill).toBe("uusss\n</think>\n\n");
  });

  it("leaves what ends by itself", async () => {
    const model = new ToldModel(() => [unsure, unsure]);
    const found = await thinkThenAnswer(model, "?", { exit: new CertainRun() });
    expect(found).toMatchObject({ text: "uu", stoppedBy: null, answer: null, tokens: 2 });
    expect(model.asked).toHaveLength(1);
  });
});

describe("DeepConf online", () => {
  const trace = (answer: string | null, confidences: (number | null)[]) => ({
    answer,
    confidences,
    tokens: confidences.length,
    stopped: false,
  });

  it("stops sampling when the votes agree", () => {
    const vote = new DeepConfVote({ warmUp: 2, budget: 10, window: 2, keep: 1, consensus: 0.75 });
    vote.add(trace("a", [2, 2]));
    expect([vote.warm, vote.bar, vote.exit()]).toEqual([false, null, null]);
    vote.add(trace("b", [1, 1]));
    expect([vote.bar, vote.ended]).toEqual([1, null]); // a has 2/3 of the weight
    vote.add(trace("a", [1.5, 1.5]));
    expect(vote.vote()).toMatchObject({ answer: "a", share: 3.5 / 4.5 });
    expect(vote.ended).toBe("consensus");
    expect(vote.result()).toMatchObject({ answer: "a", ended: "consensus", tokens: 6, warnings: [] });
  });

  it("says when the window is longer than every trace: nothing could be stopped", () => {
    const { warnings } = replayDeepConf([trace("a", [1, 2]), trace("a", [1])], { warmUp: 1 });
    expect(warnings).toEqual([expect.stringMatching(/as long as the window of 2048.*smaller window/)]);
  });

  it("gives no vote and no bar to what has no confidences", () => {
    const result = replayDeepConf([trace("a", [null, null]), trace("b", [null])], { warmUp: 1, window: 1 });
    expect(result).toMatchObject({
      answer: null,
      bar: null,
      vote: { votes: 0, unscored: 2 },
      majority: { answer: "a" },
    });
    expect(result.warnings).toContainEqual(expect.stringMatching(/2 of 2 traces have no confidences/));
  });

  it("does not stop before a window is full, and leaves out tokens without a confidence", () => {
    const exit = new DeepConfExit(1, { window: 2 });
    expect([0.5, null, 0.5].map((each) => exit.observeConfidence(each).kind)).toEqual([
      "continue",
      "continue",
      "stop",
    ]);
    expect(exit.confidences).toEqual([0.5, null, 0.5]);
  });

  it("refuses what cannot be", () => {
    expect(() => new DeepConfVote({ warmUp: 4, budget: 3 })).toThrow(/budget/);
    expect(() => new DeepConfVote({ keep: 90 })).toThrow(/no share/);
    expect(() => replayDeepConf([trace("a", [1])], {})).toThrow(/fewer than the 16 of the warm-up/);
  });

  it("leaves a trace its answer that ends by itself where it falls below the bar, live as in a replay", async () => {
    // Two sure ones set the bar; the third falls below it at its last token, the fourth goes on behind that.
    const weak: ScriptedToken = { ...unsure, text: "7" };
    const model = new ToldModel((_, { seed = 0 }) =>
      seed < 2 ? repeat(sure, 6) : [sure, sure, unsure, weak, ...(seed === 3 ? repeat(sure, 4) : [])],
    );
    const options = {
      answerOf: (text: string) => /\d+/.exec(text)?.[0] ?? "none",
      ...{ warmUp: 2, budget: 4, window: 3, keep: 1, consensus: null },
    };
    const exit = new DeepConfExit((await deepConf(model, "?", { ...options, budget: 2 })).bar!, {
      window: 3,
    });
    const confidences = (await recordTraces(model, "?", { ...options, n: 4, isRight: () => true })).map(
      (each) => each.confidences,
    );
    const below = confidences[2]!.findIndex((each) => exit.observeConfidence(each).kind === "stop");
    expect(below).toBeGreaterThan(0);
    const cut = new ToldModel((_, { seed = 0 }) =>
      seed < 2
        ? repeat(sure, 6)
        : [sure, sure, unsure, weak].slice(0, below).concat(weak, seed === 3 ? repeat(sure, 4) : []),
    );
    const records = await recordTraces(cut, "?", { ...options, n: 4, isRight: () => true });
    const live = await deepConf(cut, "?", { ...options, atOnce: 1 });
    const replayed = replayDeepConf(records, options);
    for (const { traces, majorityOfAll, vote } of [live, replayed]) {
      expect(traces.slice(2)).toMatchObject([
        { stopped: true, answer: "7", tokens: below + 1 },
        { stopped: true, answer: null, tokens: below + 1 },
      ]);
      expect([majorityOfAll.votes, vote.votes]).toEqual([3, 2]);
    }
  });

  it("ends weak traces of a model early, and votes by the others", async () => {
    const model = new ToldModel((_, { seed = 0 }) =>
      seed % 4 === 3
        ? repeat(unsure, 30)
        : [...repeat(sure, 10), { ...sure, text: seed % 4 === 2 ? "7" : "42" }],
    );
    const options = {
      answerOf: (text: string) => /\d+/.exec(text)?.[0] ?? null,
      warmUp: 4,
      budget: 12,
      window: 4,
      keep: 0.5,
      consensus: null,
    };
    const result = await deepConf(model, "?", options);
    expect(result).toMatchObject({ answer: "42", ended: "budget", stopped: 2 });
    expect(result.traces).toHaveLength(12);
    expect(result.traces.filter(({ stopped }) => stopped).map(({ tokens }) => tokens)).toEqual([4, 4]);
    expect(model.asked.map(({ options: { seed } }) => seed).toSorted((a, b) => a! - b!)).toEqual(
      Array.from({ length: 12 }, (_, i) => i),
    );
    const agreed = await deepConf(model, "?", { ...options, consensus: 0.6, atOnce: 1 });
    expect(agreed).toMatchObject({ answer: "42", ended: "consensus" });
    expect(agreed.traces.length).toBeLessThan(12);
    const records = await recordTraces(model, "?", {
      n: 12,
      answerOf: options.answerOf,
      isRight: (answer) => answer === "42",
    });
    const replayed = replayDeepConf(records, options);
    expect([replayed.answer, replayed.stopped, replayed.tokens]).toEqual([
      result.answer,
      result.stopped,
      result.tokens,
    ]);
  });
});

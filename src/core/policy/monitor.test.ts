import { describe, expect, it } from "vitest";
import { PerplexityMeter } from "../meter/index.ts";
import type { TokenRecord } from "../token.ts";
import {
  type MonitoredTokens,
  type MonitorOptions,
  monitorTokens,
  type PolicyEvent,
  policy,
} from "./index.ts";

/** A server that writes tokens until its signal is aborted, and says what became of it. */
function server(perplexities: (i: number) => number, signal?: AbortSignal) {
  const log = { written: 0, closed: false };
  async function* write(): AsyncGenerator<TokenRecord> {
    try {
      for (let i = 0; i < 1000; i++) {
        await new Promise((resolve) => setImmediate(resolve));
        signal?.throwIfAborted();
        log.written++;
        yield { text: `w${i} `, logprob: -Math.log(perplexities(i)) };
      }
    } finally {
      log.closed = true;
    }
  }
  return { log, tokens: write() };
}

async function collect(tokens: MonitoredTokens<TokenRecord>): Promise<string> {
  let text = "";
  for await (const token of tokens) text += token.text;
  return text;
}

const meter = { windowLength: 4 };

describe("monitorTokens", () => {
  it("gives every token on and meters it", async () => {
    const { tokens, log } = server(() => 3);
    const monitored = monitorTokens(tokens);
    expect((await collect(monitored)).split(" ")).toHaveLength(1001);
    expect(monitored.meter.read().perplexity).toBeCloseTo(3, 10);
    expect(monitored.stoppedBy).toBeNull();
    expect(log).toEqual({ written: 1000, closed: true });
  });

  it("stops at the token that decides, so that no more are written", async () => {
    const controller = new AbortController();
    const { tokens, log } = server((i) => (i < 50 ? 2 : 500), controller.signal);
    const monitored = monitorTokens(tokens, { meter, stopWhen: "window>80 after 20", controller });
    const text = await collect(monitored);
    // Three of the four must be the new kind: 2^(1/4) 500^(3/4) = 126.
    expect(text).toBe(Array.from({ length: 53 }, (_, i) => `w${i} `).join(""));
    expect(monitored.stoppedBy).toEqual({
      token: 53,
      policy: "window>80 after 20",
      because: "window perplexity 126 > 80",
      message: "stopped at token 53: window perplexity 126 > 80",
    });
    expect(log).toEqual({ written: 53, closed: true });
    expect(controller.signal.reason).toMatchObject({
      code: "ABORTED",
      what: "stopped at token 53: window perplexity 126 > 80",
    });
  });

  it("aborts before the last token is given on", async () => {
    const controller = new AbortController();
    const { tokens } = server(() => 100);
    const monitored = monitorTokens(tokens, { stopWhen: policy.budget({ tokens: 3 }), controller });
    const aborted: boolean[] = [];
    for await (const _ of monitored) aborted.push(controller.signal.aborted);
    expect(aborted).toEqual([false, false, true]);
  });

  it("ends without an error also where the source fails on being stopped, or has no return", async () => {
    const endless = (close?: () => Promise<never>): AsyncIterable<TokenRecord> => ({
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: { text: "x", logprob: -1 } }),
        ...(close && { return: close }),
      }),
    });
    for (const source of [endless(), endless(() => Promise.reject(new Error("aborted")))])
      expect(await collect(monitorTokens(source, { stopWhen: "tokens>=5" }))).toBe("xxxxx");
  });

  it("reports an alarm each time it begins, and goes on", async () => {
    const { tokens } = server((i) => (Math.floor(i / 10) % 2 === 0 ? 2 : 200));
    const alarms: PolicyEvent[] = [];
    const options: MonitorOptions = {
      meter: { windowLength: 1 },
      alarmWhen: "window>80",
      stopWhen: "tokens>=50",
      onAlarm: (alarm) => alarms.push(alarm),
    };
    expect((await collect(monitorTokens(tokens, options))).trim().split(" ")).toHaveLength(50);
    expect(alarms.map(({ message }) => message)).toEqual([
      "alarm at token 11: window perplexity 200 > 80",
      "alarm at token 31: window perplexity 200 > 80",
    ]);
  });

  it("goes on with a meter that has seen tokens before", async () => {
    const before = new PerplexityMeter();
    for (let i = 0; i < 10; i++) before.push({ text: "x", logprob: -1 });
    const monitored = monitorTokens(server(() => 2).tokens, { meter: before, stopWhen: "tokens>=12" });
    expect(await collect(monitored)).toBe("w0 w1 ");
    expect(monitored.meter).toBe(before);
  });

  it("passes an error of the source on, after the tokens that did arrive", async () => {
    async function* broken(): AsyncGenerator<TokenRecord> {
      yield { text: "a", logprob: -1 };
      throw new Error("connection lost");
    }
    const monitored = monitorTokens(broken(), { stopWhen: "tokens>=5" });
    expect((await monitored.next()).value?.text).toBe("a");
    await expect(monitored.next()).rejects.toThrow("connection lost");
    expect(monitored.stoppedBy).toBeNull();
    expect(await monitored.next()).toEqual({ done: true, value: undefined });
  });

  it("closes the source when the reader leaves, and when the meter refuses a record", async () => {
    const left = server(() => 2);
    for await (const { text } of monitorTokens(left.tokens)) if (text === "w3 ") break;
    expect(left.log).toEqual({ written: 4, closed: true });

    const bad = server(() => 0.5); // a probability of 2
    await expect(collect(monitorTokens(bad.tokens))).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(bad.log).toEqual({ written: 1, closed: true });
  });

  it("refuses what is no policy before anything is read", () => {
    const { tokens, log } = server(() => 2);
    const compare = { kind: "compare", measure: "window", relation: ">", bound: 80 };
    for (const stopWhen of [
      "window",
      null,
      [],
      {},
      { kind: "toString" },
      { ...compare, measure: "windows" },
      { ...compare, relation: "=" },
      { ...compare, bound: null },
      { ...compare, bound: Number.NaN },
      { kind: "any", policies: [] },
      { kind: "all" },
      { kind: "not" },
      { kind: "after", tokens: -1, policy: compare },
      { kind: "lasting", tokens: 1.5, policy: compare },
      { kind: "hysteresis", enter: compare, leave: 3 },
    ])
      expect(() => monitorTokens(tokens, { stopWhen: stopWhen as never }), JSON.stringify(stopWhen)).toThrow(
        expect.objectContaining({ code: "INVALID_ARGUMENT" }),
      );
    expect(log.written).toBe(0);
  });
});

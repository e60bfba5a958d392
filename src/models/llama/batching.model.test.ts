/** Many sequences in one decode call: the numbers of each are those it has alone, and what is run is counted. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { mini } from "../../../test/mini.ts";
import { recurrentModel } from "../../../test/recurrent-fixture.ts";
import { seededRandom, type TokenRecord } from "../../core/index.ts";
import type { GenerateOptions, Generation, ModelSequence } from "../language-model.ts";
import { LlamaContext } from "./context.ts";
import { LlamaModel } from "./model.ts";
import type { LlamaLoadOptions } from "./placement.ts";

let path: string;
beforeAll(async () => {
  path = await mini();
});
afterEach(() => vi.restoreAllMocks());

const open = (options: LlamaLoadOptions = {}) => LlamaModel.load(path, { threads: 1, ...options });
const openExact = (options: LlamaLoadOptions = {}) => open({ exact: true, ...options });
const words = (i: number, count = 3 + (i % 7)) =>
  `${["The", "An", "His", "Her"][i % 4]} ${"old house by the sea ".repeat(count)}`;

async function read(generation: Generation): Promise<TokenRecord[]> {
  const records: TokenRecord[] = [];
  for await (const record of generation) records.push(record);
  return records;
}
const written = (records: readonly TokenRecord[]) => records.map(({ id, logprob }) => [id, logprob]);
const codeOf = (error: unknown) => (error as { code?: string }).code;

function expectClose(got: readonly TokenRecord[], alone: readonly TokenRecord[]): void {
  expect(got.map(({ id }) => id)).toEqual(alone.map(({ id }) => id));
  for (const [i, { logprob }] of got.entries())
    expect(Math.abs(logprob! - alone[i]!.logprob!)).toBeLessThan(1e-5);
}

/** Tokens of every decode call from now on. */
function decodes(): number[] {
  const sizes: number[] = [];
  const { decode } = LlamaContext.prototype;
  vi.spyOn(LlamaContext.prototype, "decode").mockImplementation(function (this: LlamaContext, signal) {
    sizes.push(this.pending);
    return decode.call(this, signal);
  });
  return sizes;
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

describe("what waits at the same moment", () => {
  it("is run in one decode call, and each has the numbers that it has alone", async () => {
    await using model = await openExact({ prefixCacheBytes: 0 });
    const options = (i: number): GenerateOptions => ({ maxTokens: 12, temperature: 1, seed: i });
    const alone: TokenRecord[][] = [];
    for (let i = 0; i < 16; i++) alone.push(await read(model.generate(words(i), options(i))));
    const sizes = decodes();
    const together = await Promise.all(alone.map((_, i) => read(model.generate(words(i), options(i)))));
    for (const [i, records] of together.entries()) expectClose(records, alone[i]!);
    // Prompts are tokenised on other threads, so they come in one after the other; then all go on side by side.
    expect(sizes.length).toBeLessThan(12 + 16);
    expect(Math.max(...sizes.slice(-8))).toBeGreaterThanOrEqual(12);
  });

  it("of one sequence is done in the order of asking", async () => {
    await using model = await openExact();
    await using sequence = await model.open();
    const first = sequence.extend([5, 6, 7]);
    const fork = sequence.fork();
    const second = sequence.extend([8]);
    await sequence.truncate(2);
    await using copy = await fork;
    expect([(await first).start, (await second).start, sequence.length, copy.length]).toEqual([0, 3, 2, 3]);
  });

  it("joins, forks, is cut, aborted and left in any order, and is what it is one after the other", async () => {
    await using model = await openExact({ contextSize: 2048, prefixCacheBytes: 2 ** 20 });
    await using serial = await openExact({ batching: "off" });
    for (const seed of [1, 2, 3]) {
      const plans = Array.from({ length: 12 }, (_, i) => 100 * seed + i);
      const expected: string[] = [];
      for (const plan of plans) expected.push(await life(serial, plan));
      expect(await Promise.all(plans.map((plan) => life(model, plan)))).toEqual(expected);
    }
  }, 60_000);
});

/** What a sequence goes through, drawn by a seed, in words. */
async function life(model: LlamaModel, seed: number): Promise<string> {
  const random = seededRandom(seed);
  const pick = (count: number) => Math.floor(random() * count);
  const ids = (count: number) => Array.from({ length: count }, () => 10 + pick(40));
  const said: string[] = [];
  const opened: ModelSequence[] = [await model.open()];
  try {
    for (let step = 0; step < 12; step++) {
      const sequence = opened[pick(opened.length)]!;
      const what = pick(6);
      if (what === 0 && opened.length < 4) opened.push(await sequence.fork());
      else if (what === 1) await sequence.truncate(pick(sequence.length + 1));
      else if (what === 2) {
        const stop = new AbortController();
        const before = sequence.length;
        const extended = sequence.extend(ids(40), { signal: stop.signal }).catch(codeOf);
        stop.abort();
        expect(await extended).toBe("ABORTED");
        expect(sequence.length).toBe(before);
      } else if (what === 3) {
        const text = `Once upon a time ${words(pick(3), 8)}`;
        const generation = model.generate(text, { maxTokens: 5, temperature: 1, seed });
        const left = pick(2) === 0;
        for await (const { id, logprob } of generation) {
          said.push(`${id} ${logprob!.toFixed(3)}`);
          if (left) break;
        }
      } else {
        const { logprobs } = await sequence.extend(ids(1 + pick(30)));
        said.push([...logprobs].map((logprob) => logprob.toFixed(3)).join(" "));
      }
      if (sequence.length > 0) said.push(Math.max(...sequence.next()).toFixed(3));
    }
  } finally {
    for (const each of opened) await each[Symbol.asyncDispose]();
  }
  return said.join("\n");
}

describe("a shared beginning", () => {
  const PROMPT = Array.from({ length: 300 }, (_, i) => 10 + ((i * 7) % 90));

  it("of the answers of a sample is run once", async () => {
    await using model = await openExact();
    const alone = await read(model.generate(PROMPT, { maxTokens: 4, temperature: 1, seed: 3 }));
    await using other = await openExact();
    const sizes = decodes();
    const answers = other.sample(PROMPT, { n: 16, maxTokens: 4, temperature: 1 });
    const records = await Promise.all(answers.map(read));
    const steps = sum(records.map((each) => Math.min(each.length, 3)));
    expect(sum(sizes)).toBeGreaterThanOrEqual(300);
    expect(sum(sizes)).toBeLessThanOrEqual(300 + steps);
    expect(sizes.length).toBeLessThanOrEqual(6); // the prompt, three tokens of all, and who came a turn late
    expectClose(records[3]!, alone);
    expect(sum(answers.map(({ end }) => end!.prompt!.shared))).toBe(15 * 300);
  });

  it("is run once by calls that come at the same time, and not again by later ones", async () => {
    await using model = await openExact();
    const sizes = decodes();
    const asked = [PROMPT, [...PROMPT, 5], [...PROMPT, 6, 7]];
    const generations = asked.map((ids) => model.generate(ids, { maxTokens: 1 }));
    const together = await Promise.all(generations.map(read));
    expect(sum(sizes)).toBeLessThanOrEqual(300 + 1 + 3);
    sizes.length = 0;
    const later = model.generate([...PROMPT.slice(0, 200), 8], { maxTokens: 1 });
    await read(later);
    expect(sizes).toEqual([1]);
    expect(later.end!.prompt).toEqual({ tokens: 201, shared: 200 });
    await using fresh = await openExact({ prefixCacheBytes: 0 });
    for (const [i, ids] of asked.entries())
      expectClose(together[i]!, await read(fresh.generate(ids, { maxTokens: 1 })));
  });

  it("is forgotten when it is the least recently used, and nothing is kept without a budget", async () => {
    const prompts = [1, 2, 3].map((first) => [first, ...PROMPT.slice(0, 99)]);
    const shared = async (model: LlamaModel, order: readonly number[]) => {
      const counts: number[] = [];
      for (const i of order) {
        const generation = model.generate(prompts[i]!, { maxTokens: 1 });
        await read(generation);
        counts.push(generation.end!.prompt!.shared);
      }
      return counts;
    };
    await using none = await openExact({ prefixCacheBytes: 0 });
    expect(await shared(none, [0, 0])).toEqual([0, 0]);
    await using half = await openExact({ contextSize: 512 });
    // 256 cells are kept: two prompts. The third drops the first.
    expect(await shared(half, [0, 1, 0, 2, 0, 1])).toEqual([0, 0, 99, 0, 99, 0]);
    // What is kept gives way where cells are needed.
    await using sequence = await half.open();
    await sequence.extend(PROMPT.slice(0, 300));
    await sequence.extend(PROMPT.slice(0, 212));
    expect(sequence.length).toBe(512);
    await sequence.truncate(1);
    expect(await shared(half, [0])).toEqual([0]);
  });
});

describe("while answers are written", () => {
  it("a newcomer joins the next decode call, and a long prompt is run in pieces that nobody waits for", async () => {
    await using model = await openExact({ prefixCacheBytes: 0, contextSize: 4096 });
    const stop = new AbortController();
    let tokens = 0;
    const running = Array.from({ length: 8 }, async (_, seed) => {
      const options = { maxTokens: 300, temperature: 1, seed, signal: stop.signal, stop: ["never"] };
      for await (const _record of model.generate(words(seed), options)) tokens++;
    });
    const ended = Promise.all(running.map((each) => each.catch(codeOf)));
    while (tokens < 80) await new Promise(setImmediate);
    const sizes = decodes();
    await model.generate([5, 6, 7, 8], { maxTokens: 1 }).next();
    expect(sizes.length).toBeLessThanOrEqual(3); // one under way, and its own
    sizes.length = 0;
    const before = tokens;
    const long = Array.from({ length: 900 }, (_, i) => 10 + ((i * 11) % 90));
    await model.generate(long, { maxTokens: 1 }).next();
    expect(Math.max(...sizes)).toBeLessThanOrEqual(128 + 8); // a quarter of a batch, and the answers
    expect(tokens - before).toBeGreaterThanOrEqual(7 * (sizes.length - 2));
    stop.abort();
    expect(new Set(await ended).size).toBeLessThanOrEqual(2); // ABORTED, or at its end
  }, 30_000);

  it("an abort ends one of them, and the others go on as if nothing had been", async () => {
    await using model = await openExact();
    const options = (i: number) => ({ maxTokens: 10, temperature: 1, seed: i });
    const alone: TokenRecord[][] = [];
    for (let i = 0; i < 8; i++) alone.push(await read(model.generate(words(i), options(i))));
    const stop = new AbortController();
    const got = await Promise.all(
      alone.map(async (_, i) => {
        const generation = model.generate(words(i), {
          ...options(i),
          signal: i % 2 ? stop.signal : undefined,
        });
        const records: TokenRecord[] = [];
        try {
          for await (const record of generation) if (records.push(record) === 3 && i === 1) stop.abort();
        } catch (error) {
          return codeOf(error);
        }
        return records;
      }),
    );
    for (const [i, each] of got.entries())
      if (i % 2) expect(each === "ABORTED" || Array.isArray(each)).toBe(true);
      else expectClose(each as TokenRecord[], alone[i]!);
    expect(got[1]).toBe("ABORTED");
    const again = await Promise.all(alone.map((_, i) => read(model.generate(words(i), options(i)))));
    for (const [i, records] of again.entries()) expectClose(records, alone[i]!);
  });
});

describe("batching off", () => {
  it.each([{ load: "off" as const }, { call: "off" as const }])(
    "gives the digits of one at a time, whatever else is written: %j",
    async ({ load, call }) => {
      await using model = await open({ batching: load });
      await using fresh = await open({ batching: "off" });
      const options = (i: number): GenerateOptions => ({
        maxTokens: 8,
        temperature: 1,
        seed: i,
        batching: call,
      });
      const alone: unknown[] = [];
      for (let i = 0; i < 6; i++) {
        await using one = await open({ batching: "off" });
        alone.push(written(await read(one.generate(words(i), options(i)))));
      }
      const generations = alone.map((_, i) => model.generate(words(i), options(i)));
      const together = await Promise.all(generations.map(read));
      expect(together.map(written)).toEqual(alone);
      expect(generations[0]!.end!.provenance.settings).toMatchObject({ batching: "off" });
      const samples = model.sample(words(2), { ...options(0), n: 4 });
      const third = await Promise.all(samples.map(read));
      expect(written(third[2]!)).toEqual(alone[2]);
      expect(written(await read(fresh.generate(words(2), options(2))))).toEqual(alone[2]); // after others, too
    },
  );

  it("keeps sequences apart that fork, are cut and go on in turns", async () => {
    await using model = await open({ batching: "off" });
    const alone = async (ids: readonly number[][]) => {
      await using sequence = await model.open();
      for (const each of ids) await sequence.extend(each);
      return sequence.next();
    };
    const expected = [
      await alone([[5, 6, 7], [8], [9]]),
      await alone([
        [5, 6, 7],
        [10, 11],
      ]),
    ];
    await using first = await model.open();
    await first.extend([5, 6, 7]);
    await using second = await first.fork();
    await first.extend([8]);
    await second.extend([10, 11]);
    await first.extend([9]);
    expect([first.next(), second.next()]).toEqual(expected);
    await second.truncate(3);
    await first.extend([12]);
    await second.extend([10, 11]);
    expect(second.next()).toEqual(expected[1]);
  });
});

describe("what does not fit", () => {
  it("fails alone, or waits where it is asked to, and is as it would be alone", async () => {
    await using model = await openExact({ contextSize: 256, prefixCacheBytes: 0 });
    await using wide = await openExact({ prefixCacheBytes: 0 });
    const options = { maxTokens: 60, temperature: 1, stop: ["never"] };
    const prompt = (i: number) => Array.from({ length: 40 }, (_, at) => 10 + ((at * (i + 3)) % 90));
    const generations = Array.from({ length: 8 }, (_, i) =>
      model.generate(prompt(i), { ...options, seed: i }),
    );
    const got = await Promise.all(generations.map(read));
    for (const [i, records] of got.entries()) {
      expectClose(records, await read(wide.generate(prompt(i), { ...options, seed: i })));
    }
    const refusing = Array.from({ length: 8 }, (_, i) =>
      read(model.generate(prompt(i), { ...options, seed: i, whenFull: "refuse" })).catch(codeOf),
    );
    const ended = await Promise.all(refusing);
    expect(ended).toContain("CONTEXT_EXCEEDED");
    expect(ended.some((each) => Array.isArray(each))).toBe(true);
    await using holder = await model.open();
    await holder.extend(prompt(1));
    await using other = await model.open();
    const fits = holder.extend([5]);
    const not = other.extend(Array.from({ length: 230 }, () => 5)).catch(codeOf);
    expect([(await fits).tokensRun, await not]).toEqual([1, "CONTEXT_EXCEEDED"]);
  }, 60_000);

  it("more answers than places wait in order, and can be called off", async () => {
    await using model = await open();
    const many = model.sample("Once upon a time", { n: 150, maxTokens: 3, temperature: 1, whenFull: "wait" });
    const lengths = (await Promise.all(many.map(read))).map(({ length }) => length);
    expect(Math.max(...lengths)).toBe(3);
    expect(() => model.sample("a", { n: 65 })).toThrow(/from 1 to 64/);
    const opened = await Promise.all(Array.from({ length: 64 }, () => model.open()));
    await expect(model.open()).rejects.toMatchObject({ code: "TOO_MANY_SEQUENCES" });
    const stop = new AbortController();
    const waiting = read(model.generate("a", { maxTokens: 1, signal: stop.signal })).catch(codeOf);
    const next = read(model.generate("a", { maxTokens: 1 }));
    await new Promise((resolve) => setTimeout(resolve, 20));
    stop.abort();
    expect(await waiting).toBe("ABORTED");
    await opened.pop()![Symbol.asyncDispose]();
    expect(await next).toHaveLength(1);
    for (const each of opened) await each[Symbol.asyncDispose]();
  });
});

it("a recurrent memory, which is a state per sequence, is batched too", async () => {
  const folder = mkdtempSync(join(tmpdir(), "surprisal-recurrent-"));
  try {
    const file = join(folder, "mamba.gguf");
    writeFileSync(file, recurrentModel());
    await using model = await LlamaModel.load(file, { threads: 1, exact: true, cache: folder });
    const ids = (i: number) => Array.from({ length: 5 + i }, (_, at) => 10 + ((at * (i + 3)) % 80));
    const options = (i: number) => ({ maxTokens: 6, temperature: 1, seed: i });
    const alone: TokenRecord[][] = [];
    for (let i = 0; i < 6; i++) alone.push(await read(model.generate(ids(i), options(i))));
    // More than there are places: 8.
    const many = Array.from({ length: 20 }, (_, i) => read(model.generate(ids(i % 6), options(i % 6))));
    for (const [i, records] of (await Promise.all(many)).entries()) expectClose(records, alone[i % 6]!);
    const samples = model.sample(ids(2), { ...options(0), n: 4 });
    expectClose((await Promise.all(samples.map(read)))[2]!, alone[2]!);
    await using sequence = await model.open();
    await sequence.extend(ids(3));
    const stop = new AbortController();
    const aborted = sequence.extend(Array(300).fill(11), { signal: stop.signal }).catch(codeOf);
    setTimeout(() => stop.abort(), 1);
    await aborted;
    await sequence.truncate(8);
    const after = sequence.next();
    await using again = await model.open();
    await again.extend(ids(3));
    for (const [id, logprob] of again.next().entries()) expect(after[id]).toBeCloseTo(logprob, 4);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

it("disposing ends what is written, what waits and what nobody reads, each with its reason", async () => {
  const model = await open({ contextSize: 512 });
  const opened = await Promise.all(Array.from({ length: 50 }, () => model.open()));
  const unread = model.generate("Once", { maxTokens: 50 });
  await unread.next();
  const calls = Array.from({ length: 40 }, (_, i) =>
    read(model.generate(words(i), { maxTokens: 50 })).catch(codeOf),
  );
  const extended = opened.map((each) => each.extend([5, 6, 7]).catch(codeOf));
  await new Promise((resolve) => setTimeout(resolve, 10));
  await model[Symbol.asyncDispose]();
  const ended = await Promise.all([...calls, ...extended]);
  expect(ended.filter((each) => typeof each === "string" && each !== "MODEL_DISPOSED")).toEqual([]);
  await expect(unread.next()).rejects.toMatchObject({ code: "MODEL_DISPOSED" });
  await expect(opened[0]!.extend([5])).rejects.toMatchObject({ code: "MODEL_DISPOSED" });
  await opened[0]![Symbol.asyncDispose]();
});

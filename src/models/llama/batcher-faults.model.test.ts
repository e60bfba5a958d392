/** What goes wrong beside running answers: it ends what it belongs to, and nothing else. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { mini } from "../../../test/mini.ts";
import { recurrentModel } from "../../../test/recurrent-fixture.ts";
import { SurprisalError, type TokenRecord } from "../../core/index.ts";
import type { Generation } from "../language-model.ts";
import { LlamaContext } from "./context.ts";
import { LlamaModel } from "./model.ts";
import type { LlamaLoadOptions } from "./placement.ts";
import { RowReader } from "./row-reader.ts";

let path: string;
beforeAll(async () => {
  path = await mini();
});
afterEach(() => vi.restoreAllMocks());

const open = (options: LlamaLoadOptions = {}) =>
  LlamaModel.load(path, { threads: 1, exact: true, ...options });
const codeOf = (error: unknown) => (error as { code?: string }).code;
const prompt = (i: number, length = 40) => Array.from({ length }, (_, at) => 10 + ((at * (i + 3)) % 90));
const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;

async function read(generation: Generation): Promise<TokenRecord[]> {
  const records: TokenRecord[] = [];
  for await (const record of generation) records.push(record);
  return records;
}
const written = (records: readonly TokenRecord[]) =>
  records.map(({ id, logprob }) => `${id} ${logprob!.toFixed(4)}`);

/** The largest. */
const difference = (a: Float32Array, b: Float32Array) =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);

describe("a fault", () => {
  it("in reading a row leaves the sequence as it was, and the others alone", async () => {
    await using model = await open();
    await using sequence = await model.open();
    await sequence.extend([5, 6, 7]);
    const before = sequence.next();
    const { read: readRow } = RowReader.prototype;
    let calls = 0;
    vi.spyOn(RowReader.prototype, "read").mockImplementation(function (this: RowReader, ...given) {
      if (calls++ === 3) throw new SurprisalError({ code: "ENGINE_FAILED", what: "a row of NaN" });
      return readRow.apply(this, given);
    });
    expect(await sequence.extend([8, 9, 10, 11, 12, 13]).catch(codeOf)).toBe("ENGINE_FAILED");
    expect(sequence.length).toBe(3);
    expect(difference(sequence.next(), before)).toBe(0);
    vi.restoreAllMocks();
    const after = await sequence.extend([8, 9]);
    await using fresh = await model.open();
    await fresh.extend([5, 6, 7]);
    const alone = await fresh.extend([8, 9]);
    for (const [i, logprob] of alone.logprobs.entries()) expect(after.logprobs[i]).toBeCloseTo(logprob, 5);
  });

  it("in putting a sequence back into memory ends that one, and what waits goes on", async () => {
    await using model = await open({ batching: "off" });
    await using first = await model.open();
    await using second = await model.open();
    await first.extend([5, 6, 7]);
    await second.extend([5, 6, 7]);
    const { restore } = LlamaContext.prototype;
    let calls = 0;
    vi.spyOn(LlamaContext.prototype, "restore").mockImplementation(function (this: LlamaContext, ...given) {
      if (calls++ === 0) throw new SurprisalError({ code: "ENGINE_FAILED", what: "not restored" });
      return restore.apply(this, given);
    });
    const ended = await Promise.all([first.extend([8]).catch(codeOf), second.extend([8]).catch(codeOf)]);
    expect(ended.filter((each) => each === "ENGINE_FAILED")).toHaveLength(1);
    vi.restoreAllMocks();
    expect((await second.extend([9])).tokensRun).toBeGreaterThan(0);
    expect((await first.extend([9])).tokensRun).toBeGreaterThan(0);
  });

  it("ids that are none are refused before they are run beside others", async () => {
    await using model = await open();
    const good = read(model.generate(prompt(1), { maxTokens: 20, temperature: 1, stop: ["never"] }));
    for (const ids of [[999_999], [-1], [1.5], [Number.NaN]])
      expect(await read(model.generate(ids, { maxTokens: 2 })).catch(codeOf)).toBe("INVALID_ARGUMENT");
    expect((await good).length).toBeGreaterThan(0);
  });
});

describe("a sequence that cannot be cut for want of a cell", () => {
  it("is as it was", async () => {
    await using model = await open({ contextSize: 256, prefixCacheBytes: 0 });
    await using first = await model.open();
    await first.extend(prompt(1, 250));
    const before = first.next();
    await using second = await first.fork();
    await second.extend(prompt(2, 6));
    expect(await first.truncate(100).catch(codeOf)).toBe("CONTEXT_EXCEEDED");
    expect(first.length).toBe(250);
    expect(difference(first.next(), before)).toBe(0);
    await second.truncate(240);
    expect(second.length).toBe(240);
    await first.truncate(100);
    expect(first.length).toBe(100);
    await using fresh = await open();
    await using alone = await fresh.open();
    await alone.extend(prompt(1, 100));
    expect(difference(first.next(), alone.next())).toBeLessThan(1e-4);
  });
});

describe("who waits for cells", () => {
  it("keeps no process alive once it was called off, or the model disposed", async () => {
    const model = await open({ contextSize: 256, prefixCacheBytes: 0 });
    const holder = await model.open();
    await holder.extend(prompt(1, 250));
    const before = timers();
    const stop = new AbortController();
    const waiting = read(model.generate(prompt(2), { maxTokens: 3, signal: stop.signal })).catch(codeOf);
    while (timers() === before) await new Promise(setImmediate);
    stop.abort();
    expect(await waiting).toBe("ABORTED");
    expect(timers()).toBe(before);
    const other = read(model.generate(prompt(2), { maxTokens: 3 })).catch(codeOf);
    while (timers() === before) await new Promise(setImmediate);
    await model[Symbol.asyncDispose]();
    expect(await other).toBe("MODEL_DISPOSED");
    expect(timers()).toBe(before);
  });

  it("gets those of an answer that nobody reads, which goes on later as if nothing had been", async () => {
    await using model = await open({ contextSize: 256, prefixCacheBytes: 0 });
    await using wide = await open({ prefixCacheBytes: 0 });
    const options = { maxTokens: 30, temperature: 1, seed: 4, stop: ["never"] };
    const paused = model.generate(prompt(1, 200), options);
    const records = [(await paused.next()).value as TokenRecord];
    const held = model.sample(prompt(3, 40), { ...options, n: 2 });
    await held[0]!.next();
    await held[0]!.return!();
    const other = await read(model.generate(prompt(2, 200), options));
    expect(written(other)).toEqual(written(await read(wide.generate(prompt(2, 200), options))));
    for await (const record of paused) records.push(record);
    expect(written(records)).toEqual(written(await read(wide.generate(prompt(1, 200), options))));
    const second = await read(wide.generate(prompt(3, 40), { ...options, seed: 5 }));
    expect(written(await read(held[1]!))).toEqual(written(second));
  }, 20_000);

  it("and never gets them is told so, not ended as if its answer were over", async () => {
    await using model = await open({ contextSize: 256, prefixCacheBytes: 0 });
    await using holder = await model.open();
    await holder.extend(prompt(1, 200));
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const writing = read(model.generate(prompt(2, 50), { maxTokens: 30, stop: ["never"] }));
      let isOver = false;
      const ended = writing
        .catch((error: unknown) => error)
        .finally(() => {
          isOver = true;
        });
      while (!isOver) {
        await new Promise(setImmediate);
        vi.advanceTimersByTime(1000);
      }
      expect(await ended).toMatchObject({ code: "CONTEXT_EXCEEDED" });
    } finally {
      vi.useRealTimers();
    }
  });
});

it("with batching off, an answer that gave way has the digits of one at a time, and so have its forks", async () => {
  const options = { threads: 1, batching: "off" as const };
  await using crowded = await LlamaModel.load(path, { ...options, contextSize: 256 });
  const asked = (i: number) => ({ maxTokens: 60, temperature: 1, seed: i, stop: ["never"] });
  const digits = (records: readonly TokenRecord[]) => records.map(({ id, logprob }) => `${id} ${logprob}`);
  const samples = crowded.sample(prompt(0), { ...asked(0), n: 2 }).map(read);
  const others = [2, 3, 4, 5].map((i) => read(crowded.generate(prompt(i), asked(i))));
  for (const [i, records] of (await Promise.all([...samples, ...others])).entries()) {
    await using fresh = await LlamaModel.load(path, options);
    const alone = await read(fresh.generate(prompt(i === 1 ? 0 : i), asked(i)));
    expect(digits(records)).toEqual(digits(alone));
  }
}, 60_000);

describe("the prompt of a sample", () => {
  it("is freed when the answers that did not begin are thrown out of", async () => {
    await using model = await open({ contextSize: 256, prefixCacheBytes: 0 });
    const [first, second] = model.sample(prompt(1, 200), { n: 2, maxTokens: 1, whenFull: "refuse" });
    await read(first!);
    await expect(second!.throw!(new Error("no more"))).rejects.toThrow("no more");
    await using sequence = await model.open();
    expect((await sequence.extend(prompt(2, 256))).tokensRun).toBe(256);
  });
});

it("of a prompt longer than what may be kept, the beginning is kept", async () => {
  await using model = await open({ contextSize: 512 });
  await read(model.generate(prompt(1, 400), { maxTokens: 1 }));
  const again = model.generate(prompt(1, 400), { maxTokens: 1 });
  await read(again);
  expect(again.end!.prompt).toEqual({ tokens: 400, shared: 256 });
});

it("a recurrent model crowded with joins, forks, cuts and answers left is what it is one after the other", async () => {
  const folder = mkdtempSync(join(tmpdir(), "surprisal-recurrent-"));
  try {
    const file = join(folder, "mamba.gguf");
    writeFileSync(file, recurrentModel());
    const options = { threads: 1, exact: true, cache: folder };
    await using model = await LlamaModel.load(file, options);
    await using serial = await LlamaModel.load(file, { ...options, batching: "off" });
    const ids = (i: number, count: number) =>
      Array.from({ length: count }, (_, at) => 10 + ((at * (i + 3)) % 80));
    const life = async (one: LlamaModel, i: number) => {
      const said: string[] = [];
      const sequence = await one.open();
      try {
        await sequence.extend(ids(i, 5 + i));
        const fork = await sequence.fork();
        try {
          await sequence.extend(ids(i + 1, 4));
          await sequence.truncate(3 + (i % 4));
          said.push(
            ...numbers(await sequence.extend(ids(i + 2, 3))),
            ...numbers(await fork.extend(ids(i + 3, 2))),
          );
        } finally {
          await fork[Symbol.asyncDispose]();
        }
        const answers = one.sample(ids(i, 9), {
          n: 2,
          maxTokens: 5,
          temperature: 1,
          seed: i,
          whenFull: "wait",
        });
        if (i % 2 === 0) await answers[0]!.return!();
        for (const answer of i % 2 === 0 ? answers.slice(1) : answers)
          said.push(...written(await read(answer)));
      } finally {
        await sequence[Symbol.asyncDispose]();
      }
      return said;
    };
    const numbers = ({ logprobs }: { logprobs: Float32Array | Float64Array }) =>
      [...logprobs].map((each) => each.toFixed(3));
    const expected: string[][] = [];
    for (let i = 0; i < 3; i++) expected.push(await life(serial, i));
    expect(await Promise.all([0, 1, 2].map((i) => life(model, i)))).toEqual(expected);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);

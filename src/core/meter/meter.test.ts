import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { perplexity } from "../perplexity.ts";
import type { TokenRecord } from "../token.ts";
import { type MeterOptions, type MeterState, PerplexityMeter } from "./index.ts";

const V = 64;
const encode = (text: string) => new TextEncoder().encode(text);

/** Any code units, also halves of surrogate pairs. */
const utf16 = fc
  .array(fc.oneof(fc.nat(0x7ff), fc.nat(0xffff), fc.constantFrom(0xd83d, 0xde00, 0xfffd)), { maxLength: 8 })
  .map((units) => String.fromCharCode(...units));

function metered(stream: readonly TokenRecord[], options: MeterOptions): PerplexityMeter {
  const meter = new PerplexityMeter(options);
  for (const record of stream) meter.push(record);
  return meter;
}

/** Of every part of a value in JSON, the keys that lead to it. */
function pathsIn(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => [[...path, key], ...pathsIn(part, [...path, key])]);
}

describe("PerplexityMeter", () => {
  it("knows nothing before the first token, and nothing from tokens without numbers", () => {
    const meter = new PerplexityMeter();
    expect(meter.read()).toMatchObject({
      tokens: 0,
      partial: false,
      nll: null,
      perplexity: null,
      bits: null,
      last: null,
    });
    meter.push({ text: "a", logprob: null });
    meter.push({ text: "b", logprob: Number.NaN });
    meter.push({ text: "cde", logprob: -1, tokenCount: 3, alternatives: [{ text: "c", logprob: -1 }] });
    expect(meter.read()).toMatchObject({
      tokens: 5,
      scored: 0,
      missing: 5,
      partial: true,
      perplexity: null,
      bits: null,
      bitsPerByte: null,
      average: null,
      entropy: { tokens: 0, mean: null },
      confidence: { tokens: 0, topK: null, mean: null },
    });
  });

  it("is Infinity for ever after a token of probability 0, a window only while it holds that token", () => {
    const meter = new PerplexityMeter({ windowLength: 2 });
    const windowOf = (logprob: number) => {
      meter.push({ text: "x", logprob });
      return meter.read().window?.perplexity;
    };
    expect([-1, Number.NEGATIVE_INFINITY, -1, -1].map(windowOf)).toEqual([
      undefined,
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      Math.E,
    ]);
    expect(meter.read()).toMatchObject({
      perplexity: Number.POSITIVE_INFINITY,
      average: { perplexity: Number.POSITIVE_INFINITY },
      lowestWindow: { start: 2, end: 4 },
      highestWindow: { start: 0, end: 2, perplexity: Number.POSITIVE_INFINITY },
      scored: 4,
      partial: false,
    });
  });

  it("says of equal windows the first", () => {
    const meter = metered(Array(9).fill({ text: "x", logprob: -1 }), { windowLength: 3 });
    const first = { start: 0, end: 3, perplexity: Math.E };
    expect(meter.read()).toMatchObject({ lowestWindow: first, highestWindow: first });
  });

  it("of a uniform choice among V is V in every measure", () => {
    const lnP = -Math.log(V);
    const alternatives = Array.from({ length: 20 }, (_, id) => ({ text: `${id}`, id, logprob: lnP }));
    const reading = metered(
      Array.from({ length: 200 }, () => ({ text: "ab", logprob: lnP, alternatives })),
      { vocabularySize: V },
    ).read();
    for (const measured of [
      reading.perplexity,
      reading.window?.perplexity,
      reading.lowestWindow?.perplexity,
      reading.average?.perplexity,
      Math.exp(reading.entropy.mean as number), // 20 of 64 are listed, and the others cannot be more probable
      Math.exp(reading.confidence.group!),
      2 ** (2 * reading.bitsPerByte!),
    ])
      expect(measured! / V).toBeCloseTo(1, 10);
    expect(reading.margin.mean).toBe(0);
    expect(reading.spikes.count).toBe(0);
  });

  it("keeps its sum exact over a long stream", () => {
    const meter = new PerplexityMeter();
    meter.push({ text: "", logprob: -1e9 });
    const n = 1_000_000;
    for (let i = 0; i < n; i++) meter.push({ text: "", logprob: -0.1 });
    expect(meter.read().nll! * (n + 1)).toBeCloseTo(1e9 + n * 0.1, 6); // naive addition is off by 4e-5
    expect(meter.read().window?.perplexity).toBeCloseTo(Math.exp(0.1), 14);
  });

  it("counts UTF-8 bytes, and says where it cannot", () => {
    fc.assert(
      fc.property(utf16, utf16, (first, second) => {
        const meter = metered(
          [first, second].map((text) => ({ text, logprob: -1 })),
          {},
        );
        const known = !/[\ud800-\udfff\ufffd]/u.test(first) && !/[\ud800-\udfff\ufffd]/u.test(second);
        expect(meter.read().bytes).toBe(known ? encode(first + second).length : null);
      }),
    );
    // Half a character each, but their bytes are known.
    const halves = [encode("é").subarray(0, 1), encode("é").subarray(1)];
    const meter = metered(
      halves.map((bytes) => ({ text: "\ufffd", bytes, logprob: -Math.LN2 })),
      {},
    );
    expect(meter.read()).toMatchObject({ bytes: 2, bitsPerByte: 1 });
  });

  it("does not grow with the text", () => {
    const size = (n: number) =>
      JSON.stringify(
        metered(
          Array.from({ length: n }, (_, i) => ({ text: "w", logprob: -1 - (i % 50) })),
          {},
        ).toState(),
      ).length;
    expect(size(20_000)).toBeLessThan(1.1 * size(500));
  });

  it("finds the spike, where it is and how large", () => {
    const text = "The capital of Frånce is ";
    const calm = [...text].map((character, i) => ({ text: character, logprob: i % 2 === 0 ? -1 : -2 }));
    const meter = metered([...calm, { text: "Berlin", logprob: -12 }, { text: ".", logprob: -1 }], {});
    // Median 1, deviations half 0 and half 1 of 25 tokens: MAD 0, so the smallest scale counts.
    const spike = {
      index: 25,
      byteOffset: 26,
      text: "Berlin",
      surprisal: 12,
      zScore: (12 - 1) / 0.5,
    };
    expect(meter.read().spikes).toEqual({ count: 1, recent: [spike], largest: spike });
    // Now 13 ones, 12 twos and the spike: median and deviation are in the middle between two numbers.
    expect(meter.read().last?.zScore).toBeCloseTo((1 - 1.5) / (1.4826 * 0.5), 12);
  });

  it("gives no alarm over a text written greedily, whose deviation is near 0", () => {
    const meter = metered(
      Array.from({ length: 100 }, (_, i) => ({ text: "x", logprob: i === 60 ? -1.5 : -0.001 * (i % 3) })),
      {},
    );
    expect(meter.read().spikes.count).toBe(0);
  });

  it("gives readings that later tokens do not change", () => {
    const meter = metered(
      Array.from({ length: 30 }, (_, i) => ({ text: "x", logprob: i % 9 === 8 ? -20 : -1 })),
      { windowLength: 4 },
    );
    const reading = meter.read();
    const copy = structuredClone(reading);
    for (let i = 0; i < 30; i++) meter.push({ text: "y", logprob: i % 7 === 6 ? -25 : -2 });
    expect(reading).toEqual(copy);
    expect(meter.read().spikes.count).toBeGreaterThan(reading.spikes.count);
  });

  it.each([
    ["a probability", { text: "a", logprob: 0.7 }],
    ["+Infinity", { text: "a", logprob: Number.POSITIVE_INFINITY }],
    ["half a token", { text: "a", logprob: -1, tokenCount: 0.5 }],
    ["no token", { text: "a", logprob: -1, tokenCount: 0 }],
    [
      "more alternatives than tokens",
      { text: "a", logprob: -1, alternatives: ["b", "c", "d"].map((text) => ({ text, logprob: -9 })) },
    ],
    ["a number in words", { text: "a", logprob: "-1" as never }],
    ["an entropy below 0", { text: "a", logprob: -1, entropy: -1 }],
    ["an infinite entropy", { text: "a", logprob: -1, entropy: Number.POSITIVE_INFINITY }],
    ["bounds that are crossed", { text: "a", logprob: -1, entropy: { low: 3, high: 1 } }],
  ])("refuses %s and stays as it was", (_, record) => {
    const meter = metered([{ text: "x", logprob: -1 }], { vocabularySize: 2 });
    const before = meter.toState();
    expect(() => meter.push(record)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    expect(meter.toState()).toEqual(before);
  });

  it.each([
    { windowLength: 0 },
    { windowLength: 1.5 },
    { groupLength: -1 },
    { groupLength: 1e12 },
    { halfLife: 0 },
    { halfLife: Number.POSITIVE_INFINITY },
    { topK: 0 },
    { vocabularySize: 0 },
    { spikeThreshold: 0 },
    { spikeThreshold: Number.NaN },
    { spikeHistory: 1 },
    { spikeHistory: 10, spikeWarmUp: 11 },
    { spikeSmallestScale: 0 },
    { spikesKept: -1 },
  ])("refuses %j", (options) => {
    const where = Object.keys(options).at(-1);
    expect(() => new PerplexityMeter(options)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", where }),
    );
  });

  it("refuses what is no state of this version", () => {
    const state = metered([{ text: "x", logprob: -1 }], {}).toState();
    const { window, ...without } = state;
    for (const bad of [
      null,
      {},
      { ...state, version: 2 },
      without,
      { ...state, window: { ...window, values: Array(100).fill(1) } },
      { ...state, options: { ...state.options, windowLength: -1 } },
    ])
      expect(() => PerplexityMeter.from(bad as MeterState)).toThrow(
        expect.objectContaining({
          code: "INVALID_ARGUMENT",
          wayOut: expect.stringMatching(/toState|Give a/),
        }),
      );
  });

  it("refuses a state of which a part is gone, or of another kind, and names it", () => {
    const state = metered(
      Array.from({ length: 9 }, (_, i) => ({
        text: "x",
        logprob: i === 8 ? -50 : -i / 3,
        alternatives: [{ text: "x", logprob: -1 }],
      })),
      { windowLength: 3, groupLength: 3, spikeHistory: 4, vocabularySize: 50, spikesKept: 2 },
    ).toState();
    expect(state.spikes.largest).not.toBeNull();
    for (const path of pathsIn(state))
      for (const wrong of [undefined, "x", -1e-3, 1.5, null, [], {}, true]) {
        const changed = structuredClone(state);
        const parent = path
          .slice(0, -1)
          .reduce<Record<string, unknown>>((part, key) => part[key] as never, changed as never);
        const key = path.at(-1)!;
        const before = parent[key];
        if (typeof wrong === typeof before && typeof wrong !== "object") continue;
        if (typeof wrong === "number" && /^(NaN|Infinity)$/.test(String(before))) continue;
        if (wrong === null && /largest|byteOffset|vocabularySize/.test(key)) continue; // these may be null
        if (wrong === undefined) delete parent[key];
        else parent[key] = wrong;
        expect(() => PerplexityMeter.from(changed), `${path.join(".")} = ${JSON.stringify(wrong)}`).toThrow(
          expect.objectContaining({
            code: "INVALID_ARGUMENT",
            where: expect.stringMatching(/^(state|\w+$)/),
          }),
        );
      }
    expect(PerplexityMeter.from(structuredClone(state)).toState()).toEqual(state);
  });

  it("refuses a state whose windows do not fit its counts", () => {
    const state = metered(Array(5).fill({ text: "x", logprob: -1 }), { windowLength: 3 }).toState();
    for (const change of [
      { tokens: 4 },
      { tokens: -5 },
      { nll: [5, 0, 0, 2] },
      { nll: [5, 0, 6, 5] },
      { nll: [-5, 0, 0, 5] },
      { window: { ...state.window, head: 3 } },
      { window: { ...state.window, values: [1, 1], indexes: [0, 1] } },
      { window: { ...state.window, end: 6 } },
      { spikes: { ...state.spikes, history: [] } },
      { last: { ...state.last, index: 5 } },
      { options: { ...state.options, windowLength: 4 } },
    ])
      expect(
        () => PerplexityMeter.from({ ...state, ...change } as MeterState),
        JSON.stringify(change),
      ).toThrow(
        expect.objectContaining({ code: "INVALID_ARGUMENT", where: expect.stringContaining("state") }),
      );
  });

  it("takes what was left out for missing", () => {
    const left = { text: "x" } as TokenRecord;
    const reading = metered([left, { text: "x", logprob: -1, alternatives: [left] }], {}).read();
    expect(reading).toMatchObject({ tokens: 2, scored: 1, missing: 1, nll: 1, bits: 1 / Math.LN2 });
    expect(reading.confidence.tokens).toBe(0);
  });

  it("takes rounding above probability 1 for probability 1", () => {
    const above = { text: "x", logprob: 1e-4 };
    const list = [above, { text: "y", logprob: -20 }];
    const {
      nll,
      perplexity: ppl,
      bits,
      average,
      margin,
      confidence,
      entropy,
    } = metered(
      [
        { ...above, alternatives: [above] },
        { ...above, alternatives: list },
        { ...above, entropy: -1e-4 },
      ],
      {},
    ).read();
    expect([nll, ppl, bits, average?.perplexity]).toEqual([0, 1, 0, 1]);
    expect(margin.last).toBeNull();
    expect(margin.mean).toBeLessThanOrEqual(1);
    expect(confidence.mean).toBeCloseTo(5, 3);
    expect(entropy).toMatchObject({ tokens: 3, last: 0, mean: 0 });
  });

  it("takes probabilities too small for any sum for 0, and forgets them with the window", () => {
    const meter = metered(
      [-1e308, -1.7e308, -1.7e308, -1, -2].map((logprob) => ({ text: "x", logprob })),
      { windowLength: 2 },
    );
    const { nll, perplexity: ppl, bits, average, window, lowestWindow, highestWindow } = meter.read();
    expect([nll, ppl, bits, average?.perplexity]).toEqual(Array(4).fill(Number.POSITIVE_INFINITY));
    expect(window).toEqual({ start: 3, end: 5, perplexity: expect.closeTo(Math.exp(1.5), 12) });
    expect([lowestWindow, highestWindow?.perplexity]).toEqual([window, Number.POSITIVE_INFINITY]);
    expect(PerplexityMeter.from(JSON.parse(JSON.stringify(meter.toState()))).read()).toEqual(meter.read());
  });

  it("takes alternatives in any number: fewer make other confidences, and it says so", () => {
    const list = (k: number) => Array.from({ length: k }, (_, j) => ({ text: `${j}`, logprob: -1 - j }));
    const reading = metered(
      [5, 20, 25].map((k) => ({ text: "x", logprob: -1, alternatives: list(k) })),
      {},
    ).read();
    expect(reading.confidence).toMatchObject({
      tokens: 3,
      topK: { least: 5, most: 20 },
      last: 10.5,
      group: null,
    });
    expect(reading.confidence.tail).toBeCloseTo((3 + 10.5 + 10.5) / 3, 12);
  });

  it("agrees with perplexity() over the numbers alone", () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.double({ min: -20, max: 0, noNaN: true }))), (values) => {
        const meter = metered(
          values.map((logprob) => ({ text: "x", logprob })),
          {},
        );
        const expected = perplexity(values);
        if (expected === null) expect(meter.read().perplexity).toBeNull();
        else expect(meter.read().perplexity! / expected).toBeCloseTo(1, 12);
      }),
    );
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { entropyInterval } from "../entropy.ts";
import type { Resolved } from "../options.ts";
import { addToken, emptySums, measures } from "../perplexity.ts";
import { textSize } from "../text.ts";
import type { EntropyInterval, TokenPart, TokenRecord } from "../token.ts";
import {
  type MeterOptions,
  type MeterReading,
  type MeterState,
  type PartReading,
  PerplexityMeter,
} from "./index.ts";

const V = 64;
const encode = (text: string) => new TextEncoder().encode(text);

const logprobs = fc.oneof(
  { weight: 12, arbitrary: fc.nat(3000).map((hundredths) => 0 - hundredths / 100) },
  { weight: 2, arbitrary: fc.double({ min: -30, max: 0, noNaN: true }) }, // mostly tiny
  { weight: 2, arbitrary: fc.constantFrom(0, -1e-12, -1000) },
  { weight: 2, arbitrary: fc.constantFrom(null, Number.NaN) },
  { weight: 1, arbitrary: fc.constant(Number.NEGATIVE_INFINITY) },
);

/** ln p of the most probable tokens of some distribution, best first, with holes. */
const topLists = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 0, max: 9 })), {
    minLength: 0,
    maxLength: 8,
  })
  .chain((weights) =>
    fc.double({ min: 0.05, max: 1, noNaN: true }).map((mass) => {
      const total = weights.reduce((sum, [weight]) => sum + weight, 0);
      return weights
        .sort(([a], [b]) => b - a)
        .map(([weight, hole], j) => ({
          text: `alternative ${j}`,
          logprob: hole === 0 ? null : Math.log((mass * weight) / total),
        }));
    }),
  );

const entropies = fc.oneof(
  fc.constant(null),
  fc.constant(Number.NaN),
  fc.nat(400).map((hundredths) => hundredths / 100),
  fc.record({ low: fc.constantFrom(0.25, 1), high: fc.constantFrom(1, 3, null) }),
);

const records: fc.Arbitrary<TokenRecord> = fc
  .record({
    text: fc.constantFrom("", "a", " the", "é", "中文", "😀", "\u0000", "\ufffd", "\ud83d"),
    logprob: logprobs,
    withBytes: fc.boolean(),
    tokenCount: fc.constantFrom(undefined, undefined, undefined, 1, 3),
    alternatives: fc.option(topLists, { nil: undefined }),
    entropy: fc.option(entropies, { nil: undefined }),
    id: fc.option(fc.nat(V), { nil: undefined }),
    part: fc.constantFrom<TokenPart | undefined>(undefined, undefined, "answer", "reasoning", "tool-call"),
  })
  .map(({ withBytes, text, logprob, tokenCount, alternatives, entropy, id, part }) => ({
    text,
    logprob,
    ...(part !== undefined && { part }),
    ...(withBytes && { bytes: encode(text) }),
    ...(tokenCount !== undefined && { tokenCount }),
    ...(alternatives !== undefined && { alternatives }),
    ...(entropy !== undefined && { entropy }),
    ...(id !== undefined && { id }),
  }));

const streams = fc.array(records, { maxLength: 40 });

const meterOptions: fc.Arbitrary<MeterOptions> = fc.record({
  windowLength: fc.integer({ min: 1, max: 6 }),
  groupLength: fc.integer({ min: 1, max: 6 }),
  halfLife: fc.double({ min: 0.5, max: 100, noNaN: true }),
  topK: fc.integer({ min: 1, max: 5 }),
  vocabularySize: fc.constantFrom(null, V),
  spikeHistory: fc.integer({ min: 3, max: 9 }),
  spikeWarmUp: fc.constantFrom(2, 3),
  spikeThreshold: fc.constantFrom(0.5, 3),
  spikeSmallestScale: fc.constantFrom(0.01, 0.5),
  spikesKept: fc.integer({ min: 0, max: 3 }),
});

function metered(stream: readonly TokenRecord[], options: MeterOptions): PerplexityMeter {
  const meter = new PerplexityMeter(options);
  for (const record of stream) meter.push(record);
  return meter;
}

/** Equal, numbers up to rounding. */
function expectClose(actual: unknown, expected: unknown, path = "reading"): void {
  if (typeof expected === "number" && typeof actual === "object" && actual !== null) {
    expectClose(actual, { low: expected, high: expected }, path);
  } else if (typeof expected === "number" && Number.isFinite(expected)) {
    if (
      typeof actual !== "number" ||
      !(Math.abs(actual - expected) <= 1e-9 * Math.max(1, Math.abs(expected)))
    )
      expect.fail(`${path}: ${actual} instead of ${expected}`);
  } else if (typeof expected === "object" && expected !== null) {
    // Bounds that meet are one number, and rounding decides whether they meet.
    if (typeof actual === "number" && "low" in expected) {
      expectClose({ low: actual, high: actual }, expected, path);
      return;
    }
    expect(Object.keys(actual ?? {}), path).toEqual(Object.keys(expected));
    for (const [key, value] of Object.entries(expected))
      expectClose((actual as Record<string, unknown>)[key], value, `${path}.${key}`);
  } else if (!Object.is(actual, expected)) expect.fail(`${path}: ${actual} instead of ${expected}`);
}

/* The whole reading, from the whole stream at once, by the obvious way. */

interface Placed {
  index: number;
  value: number;
}

const mean = (values: readonly number[]) =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[half - 0.5]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/** Every run of `length` neighbours with its mean. */
function windows(placed: readonly Placed[], length: number) {
  return placed.slice(length - 1).map((last, i) => ({
    start: placed[i]!.index,
    end: last.index + 1,
    mean: mean(placed.slice(i, i + length).map(({ value }) => value))!,
  }));
}

const bounds = (low: number, high: number | null) => (low === high ? low : { low, high });

function meanBounds(list: readonly { low: number; high: number | null }[]) {
  if (list.length === 0) return null;
  const highs = list.map(({ high }) => high);
  return bounds(mean(list.map(({ low }) => low))!, highs.includes(null) ? null : mean(highs as number[]));
}

/** The lowest (sign 1) or highest (-1) of them. Of those that are equal but for rounding, the one that was said. */
function extreme(
  stretches: ReturnType<typeof windows>,
  sign: 1 | -1,
  said: { start: number; end: number } | null,
): ReturnType<typeof windows>[number] | undefined {
  const [first] = stretches.toSorted((a, b) =>
    a.mean === b.mean ? a.end - b.end : sign * (a.mean - b.mean),
  );
  const equal = stretches.find(({ start, end }) => start === said?.start && end === said.end);
  return first && equal && Math.abs(equal.mean - first.mean) < 1e-12 * Math.max(1, first.mean)
    ? equal
    : first;
}

/** Of all tokens, and of those of each part, counted among all. @param said by the meter: which of several equal windows. */
function batch(
  stream: readonly TokenRecord[],
  options: Resolved<MeterOptions>,
  said: MeterReading,
): MeterReading {
  const starts = stream.map((_, i) =>
    stream.slice(0, i).reduce((sum, { tokenCount = 1 }) => sum + tokenCount, 0),
  );
  const tokens = stream.map((record, i) => ({ record, index: starts[i]! }));
  const of = (part: TokenPart) => {
    const own = tokens.filter(({ record }) => (record.part ?? "answer") === part);
    return own.length === 0 ? null : batchOf(own, options, said.parts[part]!);
  };
  return {
    ...batchOf(tokens, options, said),
    parts: { answer: of("answer"), reasoning: of("reasoning"), "tool-call": of("tool-call") },
    lengths: { window: options.windowLength, halfLife: options.halfLife, group: options.groupLength },
  };
}

function batchOf(
  tokens: readonly { record: TokenRecord; index: number }[],
  options: Resolved<MeterOptions>,
  said: PartReading,
): PartReading {
  const stream = tokens.map(({ record }) => record);
  const single = tokens.filter(({ record }) => (record.tokenCount ?? 1) === 1);
  const scored = single.filter(({ record: { logprob } }) => logprob !== null && !Number.isNaN(logprob));
  const surprisals: Placed[] = scored.map(({ record, index }) => ({ index, value: 0 - record.logprob! }));
  const unknownSize = ({ text, bytes }: TokenRecord) => bytes === undefined && /[\ufffd\ud83d]$/.test(text);
  const size = ({ text, bytes }: TokenRecord) => bytes?.length ?? encode(text).length;

  const sums = emptySums();
  for (const { record } of tokens) {
    const counts = scored.some((token) => token.record === record);
    addToken(sums, counts ? record.logprob : null, textSize(new Uint8Array(size(record))));
  }
  const { nll, perplexity: ppl, bitsPerByte } = measures(sums);
  const bytesKnown = !scored.some(({ record }) => unknownSize(record));

  const stretches = windows(surprisals, options.windowLength);
  const window = (found: (typeof stretches)[number] | undefined) =>
    found ? { start: found.start, end: found.end, perplexity: Math.exp(found.mean) } : null;

  const beta = 2 ** (-1 / options.halfLife);
  let top = 0;
  let bottom = 0;
  for (const [i, { value }] of [...surprisals].reverse().entries()) {
    top += beta ** i * value;
    bottom += beta ** i;
  }

  const known = (list: TokenRecord["alternatives"] = []) =>
    list.flatMap(({ logprob }) => (logprob === null ? [] : [logprob]));
  const entropy = ({ entropy: given, alternatives = [] }: TokenRecord): EntropyInterval | null => {
    if (typeof given === "object" && given !== null) return given;
    if (typeof given === "number" && !Number.isNaN(given)) return { low: given, high: given };
    if (known(alternatives).length === 0) return null;
    return entropyInterval(
      alternatives.map(({ logprob }) => logprob),
      options.vocabularySize,
    );
  };
  const entropies = single.flatMap(({ record }) => entropy(record) ?? []);
  const lastOf = <Value>(of: (record: TokenRecord) => Value | null): Value | null => {
    const last = stream.at(-1);
    return last && (last.tokenCount ?? 1) === 1 ? of(last) : null;
  };
  const lastEntropy = lastOf(entropy);

  const confidence = ({ alternatives }: TokenRecord) => {
    const used = known(alternatives?.slice(0, options.topK));
    return used.length === 0 ? null : { k: used.length, value: -mean(used)! };
  };
  const confidences = single.flatMap(({ record, index }) => {
    const found = confidence(record);
    return found ? [{ index, ...found }] : [];
  });
  const groups = windows(confidences, options.groupLength);
  const lowestGroup = extreme(groups, 1, said.confidence.lowestGroup);
  const ks = confidences.map(({ k }) => k);

  const margin = ({ alternatives: [first, second] = [] }: TokenRecord) =>
    first && second && first.logprob !== null && second.logprob !== null
      ? Math.exp(first.logprob) - Math.exp(second.logprob)
      : null;
  const margins = single.flatMap(({ record }) => margin(record) ?? []);

  const zScores = surprisals.map(({ value }, i) => {
    const history = surprisals.slice(Math.max(0, i - options.spikeHistory), i).map((before) => before.value);
    if (history.length < options.spikeWarmUp) return null;
    const middle = median(history);
    const deviation = median(history.map((x) => Math.abs(x - middle)));
    if (!Number.isFinite(middle) || !Number.isFinite(deviation)) return null;
    return (value - middle) / Math.max(1.4826 * deviation, options.spikeSmallestScale);
  });
  const spikes = scored.flatMap(({ record, index }, i) => {
    if (zScores[i] === null || zScores[i]! <= options.spikeThreshold) return [];
    const before = stream.slice(0, stream.indexOf(record));
    return {
      index,
      byteOffset: before.some(unknownSize) ? null : before.reduce((sum, token) => sum + size(token), 0),
      text: record.text,
      surprisal: surprisals[i]!.value,
      zScore: zScores[i]!,
    };
  });
  const last = tokens.at(-1);
  const lastIsScored = last !== undefined && scored.at(-1)?.record === last.record;

  return {
    tokens: stream.reduce((sum, { tokenCount = 1 }) => sum + tokenCount, 0),
    scored: scored.length,
    missing: stream.reduce((sum, { tokenCount = 1 }) => sum + tokenCount, 0) - scored.length,
    partial: scored.length < stream.reduce((sum, { tokenCount = 1 }) => sum + tokenCount, 0),
    nll,
    perplexity: ppl,
    bits: nll === null ? null : sums.totalNll / Math.LN2,
    bytes: bytesKnown ? sums.bytes : null,
    bitsPerByte: bytesKnown ? bitsPerByte : null,
    window: window(stretches.at(-1)),
    lowestWindow: window(extreme(stretches, 1, said.lowestWindow)),
    highestWindow: window(extreme(stretches, -1, said.highestWindow)),
    average: bottom === 0 ? null : { nll: top / bottom, perplexity: Math.exp(top / bottom) },
    entropy: {
      tokens: entropies.length,
      last: lastEntropy && bounds(lastEntropy.low, lastEntropy.high),
      mean: meanBounds(entropies),
      window:
        entropies.length < options.windowLength ? null : meanBounds(entropies.slice(-options.windowLength)),
    },
    confidence: {
      tokens: confidences.length,
      topK: ks.length === 0 ? null : { least: Math.min(...ks), most: Math.max(...ks) },
      last: lastOf(confidence)?.value ?? null,
      mean: mean(confidences.map(({ value }) => value)),
      group: groups.at(-1)?.mean ?? null,
      lowestGroup: lowestGroup
        ? { start: lowestGroup.start, end: lowestGroup.end, confidence: lowestGroup.mean }
        : null,
      tail: mean(confidences.slice(-options.groupLength).map(({ value }) => value)),
    },
    margin: { tokens: margins.length, last: lastOf(margin), mean: mean(margins) },
    spikes: {
      count: spikes.length,
      recent: options.spikesKept === 0 ? [] : spikes.slice(-options.spikesKept),
      largest:
        [...spikes].sort((a, b) => (a.zScore === b.zScore ? a.index - b.index : b.zScore - a.zScore))[0] ??
        null,
    },
    last: last
      ? {
          index: last.index,
          text: last.record.text,
          id: last.record.id ?? null,
          ...((last.record.part ?? "answer") !== "answer" && { part: last.record.part }),
          surprisal: lastIsScored ? surprisals.at(-1)!.value : null,
          zScore: lastIsScored ? zScores.at(-1)! : null,
        }
      : null,
  };
}

describe("streaming", () => {
  it("says of a stream what the whole text says at once", () => {
    fc.assert(
      fc.property(streams, meterOptions, (stream, options) => {
        const meter = metered(stream, options);
        expectClose(meter.read(), batch(stream, meter.options, meter.read()));
      }),
      { numRuns: 500 },
    );
  });

  it("goes on from a state, through JSON, as if it had never stopped", () => {
    fc.assert(
      fc.property(streams, streams, meterOptions, (before, after, options) => {
        const unbroken = metered(before, options);
        const json = JSON.stringify(unbroken.toState());
        const continued = PerplexityMeter.from(JSON.parse(json) as MeterState);
        expect(continued.read()).toEqual(unbroken.read());
        for (const record of after) {
          unbroken.push(record);
          continued.push(record);
        }
        expect(continued.read()).toEqual(unbroken.read());
        expect(JSON.parse(JSON.stringify(continued.toState()))).toEqual(
          JSON.parse(JSON.stringify(unbroken.toState())),
        );
      }),
      { numRuns: 300 },
    );
  });
});

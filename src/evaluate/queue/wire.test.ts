import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { emptyColumns, planWindows, SurprisalError, type WindowOptions } from "../../core/index.ts";
import { TableModel } from "../../models/test/index.ts";
import { type Shard, type ShardPart, scoreShard, shardsOf } from "../harness/shard.ts";
import { decodeError, decodeScore, decodeShard, encodeError, encodeScore, encodeShard } from "./wire.ts";

const overWire = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value));

const windows: fc.Arbitrary<WindowOptions> = fc.oneof(
  fc.record({
    method: fc.constant("disjoint" as const),
    context: fc.integer({ min: 2, max: 700 }),
    prefix: fc.constantFrom(null, 256),
    prefixIn: fc.constantFrom("first" as const, "every" as const),
    extendLast: fc.boolean(),
  }),
  fc
    .tuple(fc.integer({ min: 3, max: 700 }), fc.integer({ min: 1, max: 700 }), fc.constantFrom(null, 256))
    .map(([context, stride, prefix]) => ({
      method: "strided" as const,
      context,
      prefix,
      stride: Math.min(stride, context - (prefix === null ? 0 : 1)),
    })),
  fc.record({
    method: fc.constant("half" as const),
    context: fc.integer({ min: 3, max: 300 }),
    overwriteFirst: fc.constantFrom(null, 256),
  }),
  fc.constantFrom(
    { method: "cached" as const, context: 600, stride: 100, sinks: 4, prefix: 256 },
    { method: "full" as const, context: null, prefix: null },
  ),
);

describe("shards on the wire", () => {
  it("give the same digits as here, whatever the windows", async () => {
    await using model = TableModel.bytes();
    await fc.assert(
      fc.asyncProperty(windows, fc.integer({ min: 600, max: 3000 }), async (window, length) => {
        const ids = Int32Array.from({ length }, (_, i) => (i * i + 7 * i) % 251);
        for (const part of shardsOf(3, ids, planWindows(length, window))) {
          const shard: Shard = { parts: [part] };
          const sent = overWire(encodeShard(shard));
          const answer = overWire(encodeScore(await scoreShard(model, decodeShard(sent))));
          expect(decodeScore(answer, shard)).toEqual(await scoreShard(model, shard));
        }
      }),
      { numRuns: 40 },
    );
  });

  it("carry the tokens that their steps need, and no others", () => {
    const ids = Int32Array.from({ length: 10_000 }, (_, i) => i);
    const plan = planWindows(10_000, {
      method: "disjoint",
      context: 600,
      prefix: null,
      prefixIn: "first",
      extendLast: false,
    });
    const parts = [...shardsOf(0, ids, plan)];
    expect(parts.length).toBeGreaterThan(10);
    for (const part of parts) {
      const decoded = decodeShard(overWire(encodeShard({ parts: [part] }))).parts[0]!;
      expect(decoded.ids.length).toBeLessThan(1300);
      expect(decoded.ids[decoded.range.start]).toBe(part.range.start);
    }
  });

  it("hold several short documents", async () => {
    await using model = TableModel.bytes();
    const part = (documentIndex: number, text: string): ShardPart => {
      const ids = Int32Array.from(new TextEncoder().encode(text));
      const plan = planWindows(ids.length, {
        method: "full",
        context: null,
        prefix: documentIndex % 2 ? 256 : null,
      });
      return { documentIndex, ids, plan, range: plan.steps[0]!.score };
    };
    const shard = { parts: [part(4, "one short text"), part(5, "one short word"), part(7, "another")] };
    const answer = overWire(encodeScore(await scoreShard(model, decodeShard(overWire(encodeShard(shard))))));
    expect(await scoreShard(model, shard)).toMatchObject(decodeScore(answer, shard));
  });

  it("bring back every number as it was: NaN, infinities, the smallest", () => {
    const columns = emptyColumns(4, 0);
    columns.logprobs.set([Number.NaN, Number.NEGATIVE_INFINITY, -5e-324, -0]);
    columns.ranks.set([0, 2 ** 31 - 1, 1, 2]);
    const plan = planWindows(4, { method: "full", context: null, prefix: 1 });
    const shard = {
      parts: [{ documentIndex: 0, ids: new Int32Array(4), plan, range: { start: 0, end: 4 } }],
    };
    const score = { parts: [{ documentIndex: 0, start: 0, columns }], tokensRun: 4 };
    expect(decodeScore(overWire(encodeScore(score)), shard)).toEqual(score);
  });

  it("of somebody else are refused", () => {
    const plan = planWindows(4, { method: "full", context: null, prefix: 1 });
    const shard = {
      parts: [{ documentIndex: 2, ids: new Int32Array(4), plan, range: { start: 0, end: 4 } }],
    };
    const score = (documentIndex: number, n: number) =>
      encodeScore({ parts: [{ documentIndex, start: 0, columns: emptyColumns(n, 0) }], tokensRun: 1 });
    for (const wrong of [score(1, 4), score(2, 5), score(2, 0), { parts: [], tokensRun: 0 }])
      expect(() => decodeScore(wrong, shard)).toThrow(expect.objectContaining({ code: "WIRE_MALFORMED" }));
  });
});

describe("errors on the wire", () => {
  it("are the model's own", () => {
    const error = new SurprisalError({
      code: "CONTEXT_EXCEEDED",
      what: "Too long",
      where: "x",
      wayOut: "Cut it.",
    });
    const back = decodeError(encodeError(error));
    expect(back).toMatchObject({ code: "CONTEXT_EXCEEDED", message: error.message });
  });

  it("of later versions are INTERNAL; others are words", () => {
    expect(decodeError('surprisal.error/1 {"code":"LATER","what":"x"}')).toMatchObject({
      code: "INTERNAL",
      what: "x",
    });
    expect(decodeError(encodeError(new Error("job stalled")))).toBe(null);
  });
});

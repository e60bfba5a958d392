import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { emptyColumns, planWindows, SurprisalError, type WindowOptions } from "../../core/index.ts";
import { TableModel } from "../../models/test/index.ts";
import { type Shard, type ShardPart, scoreShard, shardsOf } from "../harness/shard.ts";
import { readShard, referenceFault } from "./messages.ts";
import {
  decodeError,
  decodeScore,
  decodeShard,
  encodeError,
  encodeScore,
  encodeShard,
  hasAllNumbers,
} from "./wire.ts";

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

describe("what comes out of Redis", () => {
  const window = { method: "cached", context: 32, stride: 8, sinks: 4, prefix: 256 } as const;
  const ids = Int32Array.from({ length: 90 }, (_, i) => i);
  const shard: Shard = { parts: [...shardsOf(1, ids, planWindows(ids.length, window))] };
  const changed = (change: (wire: ReturnType<typeof encodeShard>) => void) => {
    const wire = overWire(encodeShard(shard));
    change(wire);
    return { ...wire, check: encodeShard(shard).check };
  };
  const part = (wire: ReturnType<typeof encodeShard>) => wire.parts[0]!;
  const refuses = (value: unknown) =>
    expect(() => decodeShard(value)).toThrow(expect.objectContaining({ code: "WIRE_MALFORMED" }));

  it("is no shard if anything of it was changed, however well it still looks", () => {
    expect(decodeShard(overWire(encodeShard(shard))).parts).toHaveLength(1);
    refuses(changed((wire) => Object.assign(part(wire), { documentIndex: 2 })));
    refuses(changed((wire) => Object.assign(part(wire), { ids: `B${part(wire).ids.slice(1)}` })));
    refuses(changed((wire) => Object.assign(part(wire).plan, { context: 33 })));
    refuses({ ...overWire(encodeShard(shard)), check: "0".repeat(16) });
    for (const value of [null, [], 7, "x", {}, { parts: [null], check: "" }]) refuses(value);
  });

  it("is no plan if its steps do not fit together", () => {
    const isShard = (plan: object) =>
      readShard({ ...encodeShard(shard), parts: [{ ...part(encodeShard(shard)), plan }] }) !== null;
    const { plan } = shard.parts[0]!;
    const first = plan.steps[0]!;
    const steps = (...list: object[]) => ({ ...plan, steps: [...list, ...plan.steps.slice(list.length)] });
    expect(isShard(plan)).toBe(true);
    for (const wrong of [
      steps({ ...first, forget: "none" }), // nothing is before it
      steps(first, { ...plan.steps[1]!, forget: { start: 4, end: 1e9 } }),
      steps(first, { ...plan.steps[1]!, forget: "none" }), // more than the context is kept
      steps({ ...first, run: { start: 0, end: 1e9 } }),
      steps({ ...first, run: { start: 5, end: 1 } }),
      steps({ ...first, score: { start: 3, end: 3 } }),
      steps(first, first), // twice the same tokens
      steps({ ...first, prefix: [-1] }),
      steps({ ...first, prefix: new Array(1000).fill(256) }),
      steps({ ...first, overwriteFirst: 0.5 }),
      { ...plan, steps: [] },
      { ...plan, steps: null },
      { ...plan, tokens: 1e9 },
      { ...plan, context: -1 },
      { ...plan, method: "__proto__" },
    ])
      expect(isShard(wrong)).toBe(false);
  });

  it("is the result of one shard only, whole", async () => {
    await using model = TableModel.bytes();
    const { check } = encodeShard(shard);
    const score = await scoreShard(model, shard);
    const answer = encodeScore(score, check);
    expect(decodeScore(overWire(answer), shard, check)).toEqual(score);
    expect(hasAllNumbers(score, shard)).toBe(true);
    const { columns } = score.parts[0]!;
    const other = { ...columns, logprobs: columns.logprobs.slice() };
    other.logprobs[7] = Number.NaN;
    expect(hasAllNumbers({ ...score, parts: [{ ...score.parts[0]!, columns: other }] }, shard)).toBe(false);
    for (const wrong of [
      encodeScore(score, "0".repeat(16)), // of another shard
      { ...answer, tokensRun: answer.tokensRun + 1 },
      encodeScore({ ...score, tokensRun: 1e9 }, check),
      encodeScore(
        {
          ...score,
          parts: [{ ...score.parts[0]!, columns: { ...columns, logprobs: columns.logprobs.map(() => 1) } }],
        },
        check,
      ),
      null,
    ])
      expect(() => decodeScore(wrong, shard, check)).toThrow(
        expect.objectContaining({ code: "WIRE_MALFORMED" }),
      );
  });

  it("names models, not whatever a worker can read", () => {
    for (const name of [
      "mini",
      "smollm2",
      "hf:owner/repository/model.gguf",
      "pypi:package",
      "/models/a.gguf",
      "a.gguf",
    ])
      expect(referenceFault(name)).toBe(null);
    for (const name of [
      "/dev/zero",
      "../a.gguf",
      "/etc/passwd",
      "~/a.gguf",
      "/proc/1/a.gguf",
      "http://host/a.gguf",
    ])
      expect(referenceFault(name)).not.toBe(null);
    for (const name of ["file:///a.gguf", "models/../../a.gguf", "mini\u0000", "C:\\a\\..\\b.gguf"])
      expect(referenceFault(name)).not.toBe(null);
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

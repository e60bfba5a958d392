import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Sight, visibility } from "./visibility.ts";
import { planWindows, tokensRun, type WindowOptions } from "./windows.ts";

const BOS = 7;
const prefix = fc.constantFrom(null, BOS);
const prefixIn = fc.constantFrom("first" as const, "every" as const);
const context = fc.integer({ min: 2, max: 24 });

const disjoint = fc.record({
  method: fc.constant("disjoint" as const),
  context,
  prefix,
  prefixIn,
  extendLast: fc.boolean(),
});

const strided = context.chain((context) =>
  fc.record({
    method: fc.constant("strided" as const),
    context: fc.constant(context),
    stride: fc.integer({ min: 1, max: context - 1 }),
    prefix,
  }),
);

const cached = context.chain((context) =>
  fc.integer({ min: 1, max: context - 1 }).chain((stride) =>
    fc.record({
      method: fc.constant("cached" as const),
      context: fc.constant(context),
      stride: fc.constant(stride),
      sinks: fc.nat(context - stride - 1),
      prefix,
    }),
  ),
);

const full = fc.record({ method: fc.constant("full" as const), context: fc.constantFrom(200, null), prefix });
const windows: fc.Arbitrary<Exclude<WindowOptions, { method: "half" }>> = fc.oneof(
  disjoint,
  strided,
  cached,
  full,
);
const tokens = fc.integer({ min: 2, max: 120 });

/** Document tokens seen, one by one. */
const documentSeen = ({ document }: Sight) =>
  document.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i));

describe("every plan that promises it", () => {
  it("scores each token exactly once, in document order, from earlier tokens only", () => {
    fc.assert(
      fc.property(windows, tokens, (window, n) => {
        const sights = visibility(planWindows(n, window)); // throws beyond the context
        const first = window.prefix === null ? 1 : 0;
        expect(sights.map(({ token }) => token)).toEqual(
          Array.from({ length: n - first }, (_, i) => i + first),
        );
        for (const sight of sights) {
          expect(sight.count).toBeGreaterThan(0);
          expect(sight.count).toBeLessThanOrEqual(window.context ?? Infinity);
          expect(sight.document.every(({ end }) => end <= sight.token)).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("runs ranges inside the document and scores within what it runs", () => {
    fc.assert(
      fc.property(windows, tokens, (window, n) => {
        const plan = planWindows(n, window);
        let run = 0;
        for (const {
          prefix,
          run: { start, end },
          score,
        } of plan.steps) {
          expect(0 <= start && start <= end && end <= n - 1).toBe(true);
          expect(start <= score.start && score.start < score.end && score.end <= end + 1).toBe(true);
          run += prefix.length + end - start;
        }
        expect(tokensRun(plan)).toBe(run);
        expect(plan).toMatchObject({ method: window.method, tokens: n });
        expect(plan.context).toBeLessThanOrEqual(window.context ?? Infinity);
      }),
    );
  });
});

describe("disjoint", () => {
  it("makes the windows lm-evaluation-harness makes, for every length", () => {
    const file = new URL("fixtures/lm-eval-rolling-windows.json", import.meta.url);
    const { cases } = JSON.parse(readFileSync(file, "utf8")) as {
      cases: { context: number; tokens: number; windows: number[][] }[];
    };
    expect(cases.length).toBeGreaterThan(150);
    for (const { context, tokens, windows } of cases) {
      const { steps } = planWindows(tokens, {
        method: "disjoint",
        context,
        prefix: BOS,
        prefixIn: "first",
        extendLast: true,
      });
      const made = steps.map(({ prefix, run, score }) => [
        prefix.length,
        run.start,
        run.end,
        score.start,
        score.end,
      ]);
      expect(made, `${tokens} tokens in a context of ${context}`).toEqual(windows);
    }
  });

  it("overlaps by one token and runs each token once", () => {
    const plan = planWindows(25, {
      method: "disjoint",
      context: 10,
      prefix: null,
      prefixIn: "first",
      extendLast: false,
    });
    expect(plan.steps.map(({ run, score }) => [run.start, run.end, score.start, score.end])).toEqual([
      [0, 10, 1, 11],
      [10, 20, 11, 21],
      [20, 24, 21, 25],
    ]);
    expect(tokensRun(plan)).toBe(24);
  });

  it("can put the prefix in front of every window", () => {
    const plan = planWindows(8, {
      method: "disjoint",
      context: 4,
      prefix: BOS,
      prefixIn: "every",
      extendLast: true,
    });
    expect(
      plan.steps.map(({ prefix, run, score }) => [prefix[0], run.start, run.end, score.start, score.end]),
    ).toEqual([
      [BOS, 0, 3, 0, 4],
      [BOS, 3, 6, 4, 7],
      [BOS, 4, 7, 7, 8],
    ]);
  });
});

describe("strided", () => {
  it("is Hugging Face's sliding window", () => {
    // transformers 5.23.0, 5330 tokens, max_length 1024, stride 512: [begin, end, tokens scored]
    const golden = [
      [0, 1024, 1023],
      [512, 1536, 512],
      [1024, 2048, 512],
      [1536, 2560, 512],
      [2048, 3072, 512],
      [2560, 3584, 512],
      [3072, 4096, 512],
      [3584, 4608, 512],
      [4096, 5120, 512],
      [4608, 5330, 210],
    ];
    const window = {
      method: "strided",
      context: 1024,
      stride: 512,
      prefix: null,
      prefixIn: "first",
    } as const;
    const { steps } = planWindows(5330, window);
    expect(steps.map(({ run, score }) => [run.start, run.end + 1, score.end - score.start])).toEqual(golden);
  });

  it("equals the loop of Hugging Face's documentation for any length, stride and context", () => {
    fc.assert(
      fc.property(tokens, context, fc.nat(), (n, context, s) => {
        const stride = 1 + (s % context);
        const expected: number[][] = [];
        let previousEnd = 0;
        for (let begin = 0; begin < n; begin += stride) {
          const end = Math.min(begin + context, n);
          const labels = Array.from({ length: end - begin }, (_, i) => begin + i >= previousEnd);
          const scored = labels.flatMap((label, i) => (label && i > 0 ? [begin + i] : [])); // shifted labels
          if (scored.length > 0) expected.push([begin, end, scored[0]!, scored.length]);
          previousEnd = end;
          if (end === n) break;
        }
        const plan = planWindows(n, { method: "strided", context, stride, prefix: null });
        expect(
          plan.steps.map(({ run, score }) => [run.start, run.end + 1, score.start, score.end - score.start]),
        ).toEqual(expected);
        visibility(plan);
      }),
    );
  });

  it("counts the prefix of every window in the context", () => {
    fc.assert(
      fc.property(strided, tokens, (options, n) => {
        const window = { ...options, prefix: BOS };
        for (const sight of visibility(planWindows(n, window))) {
          expect(sight.prefix).toEqual([BOS]);
          // every token but those of the first window sees what the overlap promises
          if (sight.step > 0)
            expect(sight.count).toBeGreaterThanOrEqual(Math.min(n, window.context) - window.stride);
        }
      }),
    );
  });
});

describe("half", () => {
  it("scores 255 of 512, drops the tail, and overwrites the first token of each chunk", () => {
    const plan = planWindows(1600, { method: "half", context: 512, overwriteFirst: BOS });
    expect(plan.steps.map(({ run, score }) => [run.start, run.end, score.start, score.end])).toEqual([
      [0, 512, 257, 512],
      [512, 1024, 769, 1024],
      [1024, 1536, 1281, 1536],
    ]);
    for (const sight of visibility(plan)) {
      const start = 512 * sight.step;
      expect(sight.prefix).toEqual([BOS]);
      expect(sight.document).toEqual([{ start: start + 1, end: sight.token }]);
    }
    expect(tokensRun(plan)).toBe(1536);
    const plain = visibility(planWindows(8, { method: "half", context: 3, overwriteFirst: null }));
    expect(plain.map(({ token, document }) => [token, ...document])).toEqual([
      [2, { start: 0, end: 2 }],
      [5, { start: 3, end: 5 }],
    ]);
  });

  it("asks for two chunks", () => {
    expect(() => planWindows(1023, { method: "half", context: 512, overwriteFirst: null })).toThrow(
      expect.objectContaining({ code: "TOO_FEW_TOKENS" }),
    );
    expect(planWindows(1024, { method: "half", context: 512, overwriteFirst: null }).steps).toHaveLength(2);
  });
});

describe("cached", () => {
  it("runs every token once, never passes the context, and sees between C - S and C earlier positions", () => {
    fc.assert(
      fc.property(cached, tokens, (window, n) => {
        const plan = planWindows(n, window);
        const front = window.prefix === null ? 0 : 1;
        expect(tokensRun(plan)).toBe(front + n - 1); // nothing reads what the last token predicts
        for (const sight of visibility(plan)) {
          const before = front + sight.token; // all there is
          expect(sight.count).toBeLessThanOrEqual(window.context);
          expect(sight.count).toBeGreaterThanOrEqual(Math.min(before, window.context - window.stride));
          // what it sees: the sinks, and then everything from some token on
          const kept = [...sight.prefix, ...documentSeen(sight).map((token) => `t${token}`)];
          const all = [...(front ? [BOS] : []), ...Array.from({ length: sight.token }, (_, i) => `t${i}`)];
          const recent = sight.count - Math.min(window.sinks, sight.count);
          expect(kept).toEqual([...all.slice(0, sight.count - recent), ...all.slice(all.length - recent)]);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("fills the cache, then forgets exactly the overflow behind the sinks", () => {
    const plan = planWindows(20, { method: "cached", context: 10, stride: 4, sinks: 2, prefix: BOS });
    expect(
      plan.steps.map(({ forget, prefix, run, score }) => [
        forget,
        prefix.length,
        run.start,
        run.end,
        score.start,
        score.end,
      ]),
    ).toEqual([
      ["all", 1, 0, 9, 0, 10],
      [{ start: 2, end: 6 }, 0, 9, 13, 10, 14],
      [{ start: 2, end: 6 }, 0, 13, 17, 14, 18],
      [{ start: 2, end: 4 }, 0, 17, 19, 18, 20],
    ]);
    const sights = visibility(plan);
    expect(sights[9]).toEqual({
      token: 9,
      step: 0,
      prefix: [BOS],
      document: [{ start: 0, end: 9 }],
      count: 10,
    });
    expect(sights[10]).toEqual({
      token: 10,
      step: 1,
      prefix: [BOS],
      document: [
        { start: 0, end: 1 },
        { start: 5, end: 10 },
      ],
      count: 7,
    });
  });

  it("is one step when the document fits", () => {
    for (const method of ["cached", "full"] as const) {
      const plan = planWindows(11, { method, context: 10, stride: 4, sinks: 2, prefix: null });
      expect(plan.steps).toEqual([
        {
          forget: "all",
          prefix: [],
          run: { start: 0, end: 10 },
          overwriteFirst: null,
          score: { start: 1, end: 11 },
        },
      ]);
    }
  });
});

describe("full", () => {
  it("is an error beyond the context that names the other windows", () => {
    expect(() => planWindows(12, { method: "full", context: 10, prefix: null })).toThrow(
      expect.objectContaining({ code: "CONTEXT_EXCEEDED", wayOut: expect.stringContaining("cached") }),
    );
    expect(() => planWindows(11, { method: "full", context: 10, prefix: BOS })).toThrow(
      expect.objectContaining({ code: "CONTEXT_EXCEEDED" }),
    );
    expect(planWindows(10, { method: "full", context: 10, prefix: BOS }).steps).toHaveLength(1);
    expect(planWindows(1e6, { method: "full", context: null, prefix: null }).context).toBe(1e6);
  });
});

describe("parameters", () => {
  const d = { method: "disjoint", context: 8, prefix: null, prefixIn: "first", extendLast: false } as const;
  const s = { method: "strided", context: 8, stride: 4, prefix: null } as const;
  const c = { method: "cached", context: 8, stride: 4, sinks: 2, prefix: null } as const;
  const h = { method: "half", context: 8, overwriteFirst: null } as const;
  const f = { method: "full", context: 8, prefix: null } as const;
  const bad: [string, WindowOptions][] = [
    ["a context of 1", { ...d, context: 1 }],
    ["a context that is no integer", { ...s, context: 8.5 }],
    ["a context that is no number", { ...c, context: Number.NaN }],
    ["an infinite context", { ...f, context: Infinity }],
    ["a half window of 2", { ...h, context: 2 }],
    ["a stride of 0", { ...s, stride: 0 }],
    ["a stride beyond the context", { ...s, stride: 9 }],
    ["a stride beyond the context less the prefix", { ...s, stride: 8, prefix: BOS }],
    ["a stride that is no integer", { ...c, stride: 1.5 }],
    ["a cached stride of the whole context", { ...c, stride: 8, sinks: 0 }],
    ["as many sinks as context - stride", { ...c, sinks: 4 }],
    ["a negative number of sinks", { ...c, sinks: -1 }],
    ["a negative prefix id", { ...d, prefix: -1 }],
  ];
  it.each(bad)("refuses %s", (_, window) => {
    expect(() => planWindows(100, window)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", wayOut: expect.stringMatching(/^Give/) }),
    );
  });

  it("refuses a number of tokens that is none, and documents with nothing to predict", () => {
    for (const n of [-1, 2.5, Number.NaN])
      expect(() => planWindows(n, d)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    for (const window of [d, s, c, f]) {
      for (const n of [0, 1])
        expect(() => planWindows(n, window)).toThrow(expect.objectContaining({ code: "NOTHING_TO_SCORE" }));
      const one = planWindows(1, { ...window, prefix: BOS });
      expect(visibility(one)).toEqual([{ token: 0, step: 0, prefix: [BOS], document: [], count: 1 }]);
    }
  });
});

describe("visibility", () => {
  it("refuses plans that cannot be carried out", () => {
    const step = { forget: "all", prefix: [], overwriteFirst: null } as const;
    const plan = (context: number, score: { start: number; end: number }) => ({
      method: "full" as const,
      tokens: 5,
      context,
      steps: [{ ...step, run: { start: 0, end: 4 }, score }],
    });
    expect(() => visibility(plan(3, { start: 1, end: 5 }))).toThrow(/4 positions in a context of 3/);
    expect(() => visibility(plan(4, { start: 0, end: 5 }))).toThrow(/token 0, which nothing predicts/);
    const [window] = plan(4, { start: 1, end: 3 }).steps;
    const afresh = { ...window!, run: { start: 4, end: 5 }, score: { start: 4, end: 5 } };
    expect(() => visibility({ ...plan(4, window!.score), steps: [window!, afresh] })).toThrow(
      /token 4, which nothing predicts \(step 1\)/,
    );
  });

  it("takes a step's first prediction from the last input of the step before", () => {
    const step = { prefix: [], overwriteFirst: null } as const;
    const sights = visibility({
      method: "cached",
      tokens: 4,
      context: 3,
      steps: [
        { ...step, forget: "all", run: { start: 0, end: 2 }, score: { start: 1, end: 2 } },
        { ...step, forget: { start: 0, end: 1 }, run: { start: 2, end: 3 }, score: { start: 2, end: 4 } },
      ],
    });
    expect(sights.map(({ token, document }) => [token, ...document])).toEqual([
      [1, { start: 0, end: 1 }],
      [2, { start: 0, end: 2 }],
      [3, { start: 1, end: 3 }],
    ]);
  });
});

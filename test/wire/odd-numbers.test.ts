/** Numbers of odd servers: none is believed that is none. Sources: test/fixtures/wire/manifest.json (special/). */
import { describe, expect, it } from "vitest";
import { PerplexityMeter } from "../../src/core/index.ts";
import { chatReader, completionsReader } from "../../src/models/openai/index.ts";
import { chat, chunk, entry, read, said, usage } from "./short-chats.ts";

describe("numbers that are all 0", () => {
  const answer = (numbers: readonly number[], top?: (token: string) => unknown[]) =>
    chat(
      ...numbers.map((logprob, i) => {
        const token = String.fromCharCode(97 + (i % 26));
        return chunk({ content: token }, [
          { ...entry(token, logprob), ...(top && { top_logprobs: top(token) }) },
        ]);
      }),
      chunk({}, [], "length"),
    );
  const zeros = (n: number) => Array.from({ length: n }, () => 0);

  it.each([
    [1, 1, false],
    [2, 2, true],
    [3, 3, true],
    [4, 0, true],
    [16, 0, true],
    [17, 0, true],
    [500, 0, true],
  ])("%i of them: %i are numbers, doubted: %s", (n, scored, partial) => {
    const { end, records } = answer(zeros(n));
    expect(end).toMatchObject({ scored, partial });
    expect(records.filter(({ logprob }) => logprob !== null)).toHaveLength(scored);
    expect(end!.warnings.length).toBe(partial ? 1 : 0);
  });

  it.each([-0, 1e-6, 5e-4])("%d is 0 too", (zero) => {
    expect(answer(Array.from({ length: 8 }, () => zero)).end!.scored).toBe(0);
  });

  it("but for one: they are numbers, also where it comes late", () => {
    for (const at of [0, 3, 7, 15]) {
      const numbers = zeros(20).map((zero, i) => (i === at ? -0.5 : zero));
      expect(answer(numbers).end).toMatchObject({ scored: 20, partial: false, warnings: [] });
    }
    expect(answer([...zeros(40), -0.5, 0]).end).toMatchObject({ scored: 2, partial: true });
  });

  it("are numbers where the lists show a distribution, and none where they contradict it", () => {
    const list = (own: number, other: number) => (token: string) => [
      { token, logprob: own },
      { token: "~", logprob: other },
    ];
    expect(answer(zeros(30), list(0, -18.625)).end).toMatchObject({ scored: 30, partial: false });
    expect(answer(zeros(30), list(-0.7, -0.9)).end).toMatchObject({ scored: 0, partial: true });
    expect(answer(zeros(30), list(0, 0)).end).toMatchObject({ scored: 0, partial: true });
    expect(answer(zeros(30), (token) => [{ token, logprob: 0 }]).end).toMatchObject({
      scored: 0,
      partial: true,
    });
    expect(answer(zeros(30), list(0, -9999)).end).toMatchObject({ scored: 0, partial: true });
  });

  it("wait for no more than a few tokens, and come before an error", () => {
    const reader = chatReader();
    let given = 0;
    for (let i = 0; i < 20; i++) given += reader.push(said("a", 0)).length;
    expect(given).toBe(20);
    const broken = chat(said("a", 0), said("b", 0), { error: { message: "no" } });
    expect([broken.text, broken.error?.code]).toEqual(["ab", "SERVER_ERROR"]);
  });

  it("one other number for all is said, and stays", () => {
    const { end } = answer(Array.from({ length: 20 }, () => -1));
    expect(end).toMatchObject({ scored: 20, partial: false });
    expect(end!.warnings.join()).toContain("Every log-probability is -1");
  });
});

describe("lists of alternatives", () => {
  const one = (logprob: number, top: readonly (readonly [string, number | null])[], token = "a") => {
    const top_logprobs = top.map(([token, logprob]) => ({ token, logprob }));
    const answer = chat(
      chunk({ content: token }, [{ ...entry(token, logprob), top_logprobs }]),
      chunk({}, [], "length"),
    );
    const meter = new PerplexityMeter({ vocabularySize: 1000 });
    for (const record of answer.records) meter.push(record);
    const { entropy, confidence } = meter.read();
    const { rank, alternatives, logprob: kept } = answer.records[0]!;
    return {
      rank,
      alternatives: alternatives?.length,
      kept,
      known: [entropy.tokens, confidence.tokens],
      end: answer.end!,
    };
  };

  it.each([
    // likelier than the last, and not among them
    [
      -0.5,
      [
        ["x", -1],
        ["y", -2],
      ],
    ],
    [
      -1.5,
      [
        ["x", -1],
        ["y", -2],
      ],
    ],
    // its own number is another one there
    [
      -0.5,
      [
        ["a", -2],
        ["y", -3],
      ],
    ],
    // more than 1 together
    [
      -0.5,
      [
        ["a", -0.5],
        ["x", -0.6],
        ["y", -0.7],
      ],
    ],
  ] as const)("that are not its token's are left out: %d among %j", (logprob, top) => {
    const { rank, alternatives, kept, known, end } = one(logprob, top);
    expect({ rank, alternatives, kept, known }).toEqual({
      rank: undefined,
      alternatives: undefined,
      kept: logprob,
      known: [0, 0],
    });
    expect(end).toMatchObject({ partial: false, scored: 1 });
    expect(end.warnings).toHaveLength(1);
  });

  it.each([
    [
      -1,
      [
        ["a", -1],
        ["y", -2],
      ],
      1,
    ],
    [
      -2,
      [
        ["x", -1],
        ["a", -2],
        ["y", -3],
      ],
      2,
    ],
    [
      -9,
      [
        ["x", -1],
        ["y", -2],
      ],
      undefined,
    ],
    [
      -1,
      [
        ["a", -1.004],
        ["y", -2],
      ],
      1,
    ], // rounded, either way
    [
      -1,
      [
        ["a", -0.9999],
        ["y", -2],
      ],
      1,
    ],
    [
      -0.5,
      [
        ["a", -0.5],
        ["y", null],
      ],
      1,
    ],
  ] as const)("that may be its token's stay: %d among %j", (logprob, top, rank) => {
    const read = one(logprob, top);
    expect(read.rank).toBe(rank);
    expect(read.known).toEqual([1, 1]);
    expect(read.end.warnings).toEqual([]);
  });

  it("with gaps say nothing of entropy and confidence, and of the rank only what is certain", () => {
    const completion = (logprob: number, top: Record<string, number>) => {
      const logprobs = { tokens: ["a"], token_logprobs: [logprob], top_logprobs: [top] };
      const { records, end } = read(completionsReader(), {
        choices: [{ text: "a", logprobs, finish_reason: "stop" }],
      });
      return { ...records[0]!, warnings: end!.warnings };
    };
    const likely = completion(-0.25, { a: -0.25, "": -2 });
    expect([likely.rank, likely.alternatives, likely.logprob]).toEqual([1, undefined, -0.25]);
    const open = completion(-1.5, { a: -1.5, b: -2, "\uFFFD": -1 });
    expect([open.rank, open.alternatives, open.logprob]).toEqual([undefined, undefined, -1.5]);
    expect(open.warnings).toHaveLength(1);
  });
});

describe("counts", () => {
  it.each([
    [1, null, true],
    [0, null, true],
    [2, 2, false],
    [3, 2, false],
  ])("%i counted of 2: %j tokens", (counted, tokens, partial) => {
    const { end } = chat(said("a"), said("b"), chunk({}, [], "stop"), usage(counted));
    expect(end).toMatchObject({ tokens, partial, scored: 2 });
    expect(end!.warnings.join()).not.toMatch(/2 of 1/);
  });

  it("are never fewer than what carries a number", () => {
    const { end } = chat(said("a"), chunk({ content: " b" }), said("c"), chunk({}, [], "stop"), usage(2));
    expect(end).toMatchObject({ partial: true, scored: 2 });
    expect(end!.tokens === null || end!.tokens >= 2).toBe(true);
    expect(end!.warnings.join()).not.toMatch(/2 of 1/);
  });
});

describe("several choices under one index", () => {
  const ends = [chunk({}, [], "stop"), chunk({}, [], "stop")];
  const two = (...values: unknown[]) => read(chatReader({ choices: 2 }), ...values);

  it("are doubted: one index for all, two ends, or two in one piece", () => {
    expect(two(said("a"), said("a"), ...ends).end!.partial).toBe(true);
    expect(two(said("a"), said("b"), ends[0]!).end!.partial).toBe(true);
    const [choice] = said("a").choices;
    const whole = {
      choices: [
        { ...choice!, finish_reason: "stop" },
        { ...choice!, finish_reason: "stop" },
      ],
    };
    const { end, text } = two(whole);
    expect([text, end!.partial]).toEqual(["a", true]);
    expect(() => chatReader().push(whole)).toThrow("twice");
  });

  it("are not where each has its own", () => {
    const second = (value: ReturnType<typeof chunk>) => ({ choices: [{ ...value.choices[0]!, index: 1 }] });
    expect(two(said("a"), second(said("b")), ends[0]!, second(ends[1]!)).end!.partial).toBe(false);
  });
});

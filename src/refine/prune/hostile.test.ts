/** Chains that models cannot follow, mergers that do not merge, options that are none. */
import { describe, expect, it } from "vitest";
import { TableModel } from "../../models/test/index.ts";
import { reasoningChain } from "../chain.ts";
import { stepGraph } from "../graph/index.ts";
import { stepImportance } from "../importance.ts";
import { comparePrunings, type PruneSampleOptions, pruneSample, pruneSteps } from "./index.ts";

/** p(a|a) = p(b|b) = 1/2; "a" and "b" never stand next to each other. */
const model = new TableModel({
  symbols: ["a", "b", "\n", "<s>"],
  bos: 3,
  transitions: [
    [0.5, 0, 0.5, 0],
    [0, 0.5, 0.5, 0],
    [0.5, 0.5, 0, 0],
    [0.5, 0.5, 0, 0],
  ],
});
const bytes = TableModel.bytes();
const chainOf = (reasoning: string[], answer = "a") => reasoningChain({ prompt: "", reasoning, answer });
const textsOf = ({ steps }: { steps: readonly { text: string }[] }) => steps.map(({ text }) => text);

describe("infinite perplexity", () => {
  it("does not make every later step harmless", async () => {
    // Only "ab" is impossible. Without it every token has p = 1/2: the perplexity is 2 whatever else goes, so that 0.99 allows nothing more.
    const chain = chainOf(["ab", "aa", "aaaa"]);
    const strict = { thresholds: { remove: 0.99, merge: 0.99 } };
    const pruned = await pruneSample(model, chain, strict);
    expect(textsOf(pruned.chain)).toEqual(["aa", "aaaa"]);
    expect(pruned.rounds.map(({ ratio, perplexity }) => [ratio, perplexity])).toEqual([[0, 2]]);
    expect(pruned.stopped).toContain("1 times as high, more than 0.99");
    const ratio = await pruneSample(model, chain, { stop: { ratio: 0.99 }, thresholds: { remove: 9 } });
    expect(ratio.rounds).toEqual([]);
  });

  it("says so where nothing can be said", async () => {
    const pruned = await pruneSample(model, chainOf(["a", "aa"], "ab"), { measure: "answer" });
    expect([pruned.rounds, pruned.stopped]).toEqual([
      [],
      expect.stringContaining("infinite, as it is with it"),
    ]);
    const { order, warnings, steps } = await stepImportance(model, chainOf(["a", "aa"], "ab"));
    expect([order, warnings.length, steps[0]!.answer]).toEqual([
      [0, 1],
      1,
      { mean: null, total: null, ratio: null },
    ]);
  });
});

describe("merging", () => {
  const steps = ["Red pens: 40-4=36", "as step three said: 36 pens", "and 36 of them are new"];
  const chain = reasoningChain({ prompt: "Q\n", reasoning: steps, answer: "17" });

  it("asks about steps that others refer to, and leaves no reference to what is gone", async () => {
    const asked: number[] = [];
    const merged = await pruneSample(bytes, chain, {
      substitute: false,
      thresholds: { remove: 1e9, merge: 1e9 },
      stop: { steps: 2 },
      merge: async ({ steps: now, step, into }) => {
        asked.push(step);
        return `${now[step]}, ${now[into]}`;
      },
    });
    const left = textsOf(merged.chain);
    expect(left).toHaveLength(2);
    for (const [i, text] of left.entries())
      if (/36/.test(text)) expect(left.slice(0, i + 1).some((each) => each.includes("40-4=36"))).toBe(true);
    const first = merged.rounds[0]!.candidates.find(({ step }) => step === 0)!;
    expect([first.kind, first.why]).toEqual(["kept", "step 2 uses 36 of it"]);
    expect(first.ratio).toBeGreaterThan(0);
  });

  it("goes on with the next step where a merger has nothing, and asks once", async () => {
    const asked: string[] = [];
    const options: PruneSampleOptions = {
      thresholds: { remove: 1e-9, merge: 1e9 },
      merge: async ({ steps: now, step }) => {
        asked.push(now[step]!);
        return null;
      },
    };
    const { rounds, stopped } = await pruneSample(bytes, chainOf(["x", "y", "z"], "5"), options);
    expect(rounds).toEqual([]);
    expect([...asked].sort()).toEqual(["x", "y", "z"]);
    expect(stopped).toContain("wrote no step");
  });

  it("takes no merged step that gives the answer away", async () => {
    for (const [answer, merged] of [
      ["1,700", "x, y, so it is 1700"],
      ["north", "x, y: north"],
    ] as const) {
      const { rounds, stopped } = await pruneSample(bytes, chainOf(["x", "y"], answer), {
        thresholds: { remove: 1e-9, merge: 1e9 },
        merge: async () => merged,
      });
      expect([rounds, stopped]).toEqual([[], expect.stringContaining("says the answer")]);
    }
  });

  it("is not passed over because there is a target", async () => {
    let asked = 0;
    const merge = async () => {
      asked++;
      return "xy";
    };
    // The table knows "x" from "y": a step that raises the perplexity by more than 5 % is merged, not removed.
    const { rounds } = await pruneSample(bytes, chainOf(["x", "y"], "5"), {
      merge,
      stop: { steps: 1 },
      thresholds: { remove: 1e-9 },
    });
    expect([asked > 0, rounds.every(({ kind }) => kind === "rewritten")]).toEqual([true, true]);
  });

  it("sees that a number stays under another spelling", async () => {
    // "1,200" is gone with the first step; the merged text still speaks of 1200, which nothing states.
    const pen = reasoningChain({
      prompt: "Q\n",
      reasoning: ["600*2=1,200", "a word", "1200 is paid"],
      answer: "5",
    });
    const { chain: left } = await pruneSample(bytes, pen, {
      thresholds: { remove: 1e9, merge: 1e9 },
      substitute: false,
      merge: async () => "a word",
    });
    const graph = stepGraph(textsOf(left));
    const said = textsOf(left).join("\n");
    expect(said.includes("1200") && !said.includes("600*2")).toBe(false);
    expect(graph.references.every(({ from }) => from.length > 0)).toBe(true);
  });
});

describe("options that are none", () => {
  const chain = chainOf(["x", "y", "z"], "5");
  it.each([
    [{ against: "x" }],
    [{ dangling: "maybe" }],
    [{ substitute: "no" }],
    [{ merge: 5 }],
    [{ items: {} }],
    [{ stop: null }],
    [{ thresholds: 1.1 }],
    [{ thresholds: { remove: "1.1" } }],
    [{ thresholds: { remove: Number.NaN } }],
    [{ stop: { ratio: "2" } }],
  ])("pruneSample refuses %j", async (options) => {
    await expect(pruneSample(bytes, chain, options as never)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      wayOut: expect.stringContaining("ive"),
    });
  });
  it.each([
    [{ method: "token-budget", measure: "zzz", keep: { steps: 1 } }],
    [{ method: "step-entropy", entropy: "zz" }],
    [{ method: "random", dangling: "zz", keep: { steps: 1 } }],
    [{ method: "random", seed: Number.NaN, keep: { steps: 1 } }],
    [{ method: "shortest", keep: { bogus: 1 } }],
    [{ method: "shortest", keep: { share: Number.NaN } }],
  ])("pruneSteps refuses %j", async (options) => {
    await expect(pruneSteps(bytes, chain, options as never)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
  });

  it("lowers the first threshold with the second", async () => {
    const { stopped } = await pruneSample(bytes, chain, { thresholds: { merge: 1e-9 } });
    expect(stopped).toContain("more than");
  });

  it("knows whether a baseline reached what was asked for", async () => {
    const needed = reasoningChain({ prompt: "Q\n", reasoning: ["3+4=7", "7*2=14"], answer: "14" });
    const options = { method: "random", keep: { steps: 1 }, dangling: "refuse" } as const;
    expect((await pruneSteps(bytes, needed, { ...options, seed: 1 })).isReached).toBe(true);
    const chained = reasoningChain({
      prompt: "Q\n",
      reasoning: ["v=3+4", "w=v*2", "v+w=21, w"],
      answer: "14",
    });
    const some = await pruneSteps(bytes, chained, options);
    expect(some.isReached).toBe(some.kept.length <= 1);
    await expect(comparePrunings(bytes, chain, [] as never)).rejects.toThrow("no pruning to compare");
  });

  it("refuses chains that are none", async () => {
    for (const parts of [
      undefined,
      { prompt: "q", reasoning: null, answer: "5" },
      { prompt: "q", reasoning: "x", answer: 5 },
      { prompt: "q", reasoning: "x", answer: "5", frame: 3 },
    ])
      expect(() => reasoningChain(parts as never)).toThrow(
        expect.objectContaining({ code: "INVALID_ARGUMENT" }),
      );
    for (const none of [undefined, null, { prompt: "", steps: chain.steps, answer: "a" }])
      await expect(stepImportance(bytes, none as never)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("wants a prompt where no token begins a text", async () => {
    const bare = new TableModel({
      symbols: ["a", "b", "\n"],
      transitions: [
        [0.5, 0.3, 0.2],
        [0.2, 0.5, 0.3],
        [0.3, 0.3, 0.4],
      ],
    });
    const error = { code: "NOTHING_TO_SCORE", wayOut: "Give a prompt, such as the question." };
    await expect(stepImportance(bare, chainOf(["a", "b"]))).rejects.toMatchObject(error);
    await expect(pruneSample(bare, chainOf(["a", "b"]))).rejects.toMatchObject(error);
  });
});

it("draws every set of steps equally often", async () => {
  const chain = chainOf(["aaaa", "bbbb", "cccc", "dddd"], "5");
  const counts = new Map<string, number>();
  for (let seed = 0; seed < 600; seed++) {
    const { removed } = await pruneSteps(bytes, chain, { method: "random", keep: { steps: 2 }, seed });
    const key = [...removed].sort().join(" ");
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  // Chi-squared with 5 degrees of freedom: 20.5 is its 0.999 quantile.
  const chi = [...counts.values()].reduce((sum, count) => sum + (count - 100) ** 2 / 100, 0);
  expect([counts.size, chi < 20.5]).toEqual([6, true]);
});

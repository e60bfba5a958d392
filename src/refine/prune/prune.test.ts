import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CopyingModel } from "../../../test/copying-model.ts";
import { ScriptedModel } from "../../../test/scripted-model.ts";
import { TableModel } from "../../models/test/index.ts";
import { reasoningChain } from "../chain.ts";
import { stepGraph } from "../graph/index.ts";
import { rewriteMerger, substituteStep } from "../merge/index.ts";
import {
  comparePrunings,
  PRUNE_METHODS,
  pruneSample,
  pruneSteps,
  refineDemonstrations,
  stepPurpose,
} from "./index.ts";

const model = TableModel.bytes();
const chainOf = (reasoning: string[], prompt = "Q\n", answer = "27") =>
  reasoningChain({ prompt, reasoning, frame: "Answer: ", answer });
const textsOf = ({ steps }: { steps: readonly { text: string }[] }) => steps.map(({ text }) => text);

/** Sums that build on each other: "v1=11+3", "v2=v1*2"; each names earlier ones. And what nothing builds on. */
const sums = fc
  .array(fc.record({ source: fc.nat(), filler: fc.boolean() }), { minLength: 1, maxLength: 8 })
  .map((list) => {
    const names: string[] = [];
    return list.map(({ source, filler }, i) => {
      if (filler) return "The sky is high.";
      const from = names.length > 0 ? names[source % names.length]! : "11";
      const name = `v${i + 1}`;
      names.push(name);
      return `${name}=${from}+3`;
    });
  });

/** Names that stand right of "=" and were given a value by no step before. */
function undefinedNames(steps: readonly string[]): string[] {
  const known = new Set<string>();
  return steps.flatMap((step) => {
    const [name, side = ""] = step.split("=");
    const missing = (side.match(/v\d+/g) ?? []).filter((each) => !known.has(each));
    if (side !== "") known.add(name!);
    return missing;
  });
}

describe("pruneSample", () => {
  it("never leaves a step that refers to a removed result", async () => {
    await fc.assert(
      fc.asyncProperty(sums, fc.boolean(), async (steps, substitute) => {
        const pruned = await pruneSample(model, chainOf(steps, "Q\n", "5"), {
          stop: { steps: 1 },
          measure: "chain",
          substitute,
        });
        expect(undefinedNames(textsOf(pruned.chain))).toEqual([]);
        expect(pruned.steps.filter(({ fate }) => fate === "kept")).toHaveLength(pruned.chain.steps.length);
      }),
      { numRuns: 60 },
    );
  });

  it("leaves one where it is told to", async () => {
    const steps = ["v1=2+3", "v2=v1+4", "v3=v2+5"];
    const allowed = await pruneSample(model, chainOf(steps), { stop: { steps: 1 }, dangling: "allow" });
    expect(allowed.chain.steps).toHaveLength(1);
    const refused = await pruneSample(model, chainOf(steps), {
      stop: { steps: 2 },
      measure: "chain",
      substitute: false,
    });
    expect(undefinedNames(textsOf(refused.chain))).toEqual([]);
  });

  it("changes nothing where nothing may go", async () => {
    const chain = chainOf(["40-4=36", "36*3/4=27"]);
    const pruned = await pruneSample(model, chain, { stop: { steps: 2 } });
    expect(pruned.chain).toEqual({ ...chain });
    expect([pruned.rounds, pruned.before, pruned.tokens.after]).toEqual([
      [],
      pruned.after,
      pruned.tokens.before,
    ]);
    const none = await pruneSample(model, chain, { thresholds: { remove: 1e-9, merge: 1e-9 } });
    expect(none.rounds).toEqual([]);
    expect(none.stopped).toContain("the least harmful");
  });

  it("puts an expression in the place of its result", async () => {
    const pruned = await pruneSample(model, chainOf(["40-4=36", "36*3/4=27"]), { stop: { steps: 1 } });
    // Either could go: the last step is removed, or the first merged into it.
    expect([["(40-4)*3/4=27"], ["40-4=36"]]).toContainEqual(textsOf(pruned.chain));
  });

  it("keeps what the answer is copied from, and drops filler", async () => {
    const chain = reasoningChain({
      prompt: "Q.\n",
      reasoning: ["blue up high", "so the key is 4711", "green below"],
      frame: "answer: key is ",
      answer: "4711",
    });
    const pruned = await pruneSample(new CopyingModel(), chain);
    expect(textsOf(pruned.chain)).toEqual(["so the key is 4711"]);
    expect(pruned.steps.map(({ fate, round }) => [fate, round])).toEqual([
      ["removed", 1],
      ["kept", null],
      ["removed", 2],
    ]);
    expect(pruned.after.answerPerplexity).toBeCloseTo(pruned.before.answerPerplexity, 10);
    expect(pruned.reasoning).toBe("so the key is 4711");
    expect(pruned.reconstructed.length).toBeGreaterThan(0);
  });

  it("merges between the thresholds, and stops beyond", async () => {
    const chain = reasoningChain({
      prompt: "Q.\n",
      reasoning: ["key is 4", "some more"],
      frame: "key is ",
      answer: "4",
    });
    const whole = await pruneSample(new CopyingModel(), chain, {
      stop: { tokens: 0 },
      thresholds: { remove: 1e-9, merge: 1e-8 },
    });
    expect(whole.rounds).toEqual([]);
    const merge = async () => "key is 4, some more";
    const merged = await pruneSample(new CopyingModel(), chain, {
      thresholds: { remove: 0.5, merge: 2 },
      merge,
    });
    expect(textsOf(merged.chain)).toEqual(["key is 4, some more"]);
    expect(merged.steps.map(({ fate }) => fate)).toEqual(["kept", "merged"]);
    const dumb = await pruneSample(new CopyingModel(), chain, {
      thresholds: { remove: 0.5, merge: 2 },
      merge: async () => null,
    });
    expect([dumb.rounds.length, dumb.stopped]).toEqual([0, expect.stringContaining("wrote no step")]);
  });

  it("refuses rules that are none", async () => {
    const chain = chainOf(["a", "b"]);
    await expect(pruneSample(model, chain, { stop: { steps: 0 } })).rejects.toThrow(
      "0 is no number of steps",
    );
    await expect(pruneSample(model, chain, { stop: { ratio: 0 } })).rejects.toThrow("no ratio");
    await expect(pruneSample(model, chain, { thresholds: { remove: 2, merge: 1 } })).rejects.toThrow(
      "2 and 1 are no thresholds",
    );
  });

  it("speaks of steps by their first numbers", async () => {
    const chain = reasoningChain({
      prompt: "Q.\n",
      reasoning: ["blue up high", "so v1=2+5", "v2=v1+1"],
      frame: "answer: v2=v1",
      answer: "+1",
    });
    const pruned = await pruneSample(new CopyingModel(), chain, { measure: "answer", substitute: false });
    expect(pruned.steps[0]!.fate).toBe("removed");
    expect(pruned.steps[1]!.why).toBe("step 3 uses v1 of it");
  });

  it("leaves a chain of one step as it is", async () => {
    const pruned = await pruneSample(model, chainOf(["40-4=36"]));
    expect([textsOf(pruned.chain), pruned.stopped]).toEqual([["40-4=36"], "1 step is left"]);
  });
});

describe("substituteStep", () => {
  const merged = (steps: string[], step = 0, given = "") => {
    const changed = substituteStep(steps, step, stepGraph(steps, { given }));
    return changed && Object.fromEntries(changed);
  };
  it.each([
    [["40-4=36", "36*3/4=27"], { 1: "(40-4)*3/4=27" }],
    [["So 40 - 4 = 36 remain.", "Then 36 × 3 = 108."], { 1: "Then (40 - 4) × 3 = 108." }],
    [["3*4=12", "12+1=13", "12-1=11"], { 1: "(3*4)+1=13", 2: "(3*4)-1=11" }],
    [["x=5", "2x+1=11"], { 1: "2*5+1=11" }],
    [["总共40-4=36个", "36*2=72"], { 1: "(40-4)*2=72" }],
    [["2+3=5", "5=10/2"], { 1: "2+3=10/2" }],
    [["So the area is 3^2=9.", "So 9π in all."], { 1: "So (3^2)π in all." }],
    [["剩下40-4=36个。", "他把36个卖掉，36×3÷4=27个。"], { 1: "他把40-4个卖掉，(40-4)×3÷4=27个。" }],
    [["```\nprice = 12\ncount = 3\n```", "price*count = 36"], { 1: "12*3 = 36" }],
    [["$\\frac{3}{4} \\times 36 = 27$", "27+5=32"], { 1: "(((3)/(4)) * 36)+5=32" }],
    [["9-3=6 gives 16", "16/8=2"], null], // 16 is the value of nothing that stands there
    [["2+3=6", "6*2=12"], null], // nor is a wrong sum
    [["Rule 1: red is hot.", "By rule 1 it is hot."], null],
    [["40-4=36", "No number here."], null], // nobody needs it
  ])("%j", (steps, expected) => {
    expect(merged(steps)).toEqual(expected);
  });
});

describe("rewriteMerger", () => {
  const request = { prompt: "Q", steps: ["40-4=36", "36*3/4=27"], step: 0, into: 1 };
  it("asks for one step in the place of two", async () => {
    const writer = new ScriptedModel(() => ({ text: " (40-4)*3/4=27\n" }));
    expect(await rewriteMerger(writer)(request)).toBe("(40-4)*3/4=27");
    expect(JSON.stringify(writer.asked[0]!.prompt)).toContain("Step A: 40-4=36\\nStep B: 36*3/4=27");
  });
  it("takes nothing that is empty, cut off or longer than both", async () => {
    for (const said of [{ text: " " }, { text: "27", cut: true }, { text: "x".repeat(99) }])
      expect(await rewriteMerger(new ScriptedModel(() => said))(request)).toBeNull();
    expect(() => rewriteMerger(model, { wording: "Merge!" })).toThrow("does not say where the steps stand");
  });
});

describe("pruneSteps", () => {
  const chain = chainOf(["a long first step of words", "b", "Check: it is so", "middle step"], "Q\n", "5");
  it("has every method behind one interface", async () => {
    for (const method of PRUNE_METHODS) {
      const { kept, removed, tokens, ...rest } = await pruneSteps(model, chain, {
        method,
        keep: { steps: 2 },
      });
      expect([...kept, ...removed].sort()).toEqual([0, 1, 2, 3]);
      expect(kept).toHaveLength(method === "full" ? 4 : method === "pir" ? 3 : 2);
      expect(rest.isReached).toBe(method !== "pir");
      expect(tokens.after <= tokens.before).toBe(true);
    }
  });

  it("takes the shortest first, as far as tokens allow", async () => {
    const all = await pruneSteps(model, chain, { method: "shortest", keep: { steps: 2 } });
    expect(all.removed).toEqual([1, 3]);
    const { tokens } = await pruneSteps(model, chain, { method: "shortest", keep: { share: 0.5 } });
    expect(tokens.after).toBeGreaterThanOrEqual(Math.floor(tokens.before / 2));
  });

  it("draws at random, the same for the same seed", async () => {
    const draw = async (seed: number) =>
      (await pruneSteps(model, chain, { method: "random", keep: { steps: 2 }, seed })).removed;
    expect(await draw(3)).toEqual(await draw(3));
    const draws = await Promise.all(Array.from({ length: 12 }, (_, seed) => draw(seed)));
    expect(new Set(draws.map(String)).size).toBeGreaterThan(4);
  });

  it("takes steps that the model was surest of first, by the authors' formula", async () => {
    const { scores, removed } = await pruneSteps(model, chain, { method: "step-entropy", dangling: "allow" });
    // By hand: the mean of -p ln p over a step's bytes, each after the byte before it.
    const bytes = [...new TextEncoder().encode("\na long first step of words\n")];
    const terms = bytes
      .slice(1)
      .map((byte, i) => model.chain.probability(bytes[i]!, byte))
      .map((p) => -p * Math.log(p));
    expect(scores[0]).toBeCloseTo(terms.reduce((a, b) => a + b) / terms.length, 10);
    expect(removed).toEqual([0, 1, 2, 3].sort((a, b) => scores[a]! - scores[b]!).slice(0, 3));
  });

  it("prunes with PIR nothing but functional steps", async () => {
    const { removed, reconstructed } = await pruneSteps(model, chain, { method: "pir", keep: { steps: 1 } });
    expect([removed, reconstructed.length]).toEqual([[2], 2]);
  });

  it("wants to know how much is to be left", async () => {
    await expect(pruneSteps(model, chain, { method: "spirit" })).rejects.toThrow(
      "not said how much is to be left",
    );
    await expect(pruneSteps(model, chain, { method: "random", keep: { share: 2 } })).rejects.toThrow(
      "2 is no share",
    );
    await expect(pruneSteps(model, chain, { method: "best" as never })).rejects.toThrow(
      '"best" is no way to prune',
    );
  });

  it("stands beside its baselines, with no fewer tokens", async () => {
    const pruned = await pruneSteps(model, chain, { method: "spirit", keep: { share: 0.6 } });
    const { rows, draws } = await comparePrunings(model, chain, [pruned]);
    expect(rows.map(({ name }) => name)).toEqual(["spirit", "full", "shortest", "random, mean of 20"]);
    expect(draws).toHaveLength(20);
    for (const draw of draws) expect(draw.tokens.after).toBeGreaterThanOrEqual(pruned.tokens.after);
  });
});

describe("stepPurpose", () => {
  it.each([
    ["Check: 2*3=6", "verification"],
    ["Let me double-check this.", "verification"],
    ["3. Verify the result.", "verification"],
    ["验算：2*3=6", "verification"],
    ["Wait, that is wrong.", "error-correction"],
    ["不对，应该是5。", "error-correction"],
    ["Alternatively, use the formula.", "multi-method"],
    ["另一种方法是代入。", "multi-method"],
    ["So 40-4=36.", "progressive"],
    ["The check of 20 dollars is paid.", "progressive"],
  ])("%s: %s", (text, purpose) => {
    expect(stepPurpose(text)).toBe(purpose);
  });
});

describe("refineDemonstrations", () => {
  const demonstration = (key: string) =>
    reasoningChain({
      prompt: `Q of ${key}.\n`,
      reasoning: ["the sky is high", `so key is ${key}`, "grass is green"],
      frame: "answer: ",
      answer: key,
    });
  const set = {
    demonstrations: [demonstration("4711"), demonstration("1234")],
    calibration: [demonstration("8888"), demonstration("5151")],
  };

  it("takes the same step out of all, down to a target", async () => {
    const refined = await refineDemonstrations(new CopyingModel(), set, {
      stop: { steps: 1 },
      dangling: "allow",
      measure: "answer",
    });
    expect(refined.demonstrations.map((one) => one.steps.length)).toEqual([1, 1]);
    expect(refined.rounds).toHaveLength(2);
    expect(refined.tokens.after!).toBeLessThan(refined.tokens.before!);
    expect(refined.text).toBe(
      refined.demonstrations
        .map((one) => `${one.prompt}${one.steps[0]!.text}\n${one.frame}${one.answer}\n\n`)
        .join(""),
    );
  });

  it("runs edited demonstrations once for all questions, and what candidates share once", async () => {
    const first = await refineDemonstrations(model, set, { stop: { steps: 2 }, dangling: "allow" });
    const written = (keep: (step: number) => boolean, chains: typeof set.demonstrations) =>
      chains.map((chain) =>
        [
          chain.prompt,
          ...chain.steps.filter((_, i) => keep(i)).map(({ text }) => `${text}\n`),
          chain.frame,
          chain.answer,
        ].join(""),
      );
    const nodes = (keeps: ((step: number) => boolean)[]) => {
      const beginnings = new Set<string>();
      for (const keep of keeps)
        for (const question of written(keep, set.calibration)) {
          const text = `${written(keep, set.demonstrations)
            .map((one) => `${one}\n\n`)
            .join("")}${question}`;
          for (let end = model.vocabulary.addsBos ? 0 : 1; end < text.length; end++)
            beginnings.add(text.slice(0, end));
        }
      return beginnings.size;
    };
    const candidates = [0, 1, 2].map((gone) => (step: number) => step !== gone);
    expect(first.tokensRun).toBe(nodes([() => true]) + nodes(candidates));
  });

  it("answers questions without steps", async () => {
    const calibration = set.calibration.map((chain) => ({ ...chain, steps: [] }));
    const refined = await refineDemonstrations(
      model,
      { ...set, calibration },
      { stop: { ratio: 1e9, steps: 2 } },
    );
    expect([refined.measure, refined.demonstrations[0]!.steps.length]).toEqual(["answer", 2]);
  });

  it("refuses demonstrations that do not correspond, and says which", async () => {
    const odd = reasoningChain({ prompt: "Q", reasoning: ["a", "b"], answer: "5" });
    const refine = (given: Partial<typeof set>) => refineDemonstrations(model, { ...set, ...given });
    await expect(refine({ demonstrations: [...set.demonstrations, odd] })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      where: "demonstration 3",
    });
    await expect(refine({ calibration: [odd] })).rejects.toMatchObject({ where: "calibration question 1" });
    await expect(refine({ demonstrations: [] })).rejects.toThrow("no demonstrations");
    await expect(refine({ calibration: [] })).rejects.toThrow("no questions");
  });
});

/** The ± of a comparison is that of a score and of a run of the same texts under the same recipe. */
import { describe, expect, it } from "vitest";
import { ratioBootstrap, seededRandom } from "../../core/index.ts";
import { TableModel } from "../../models/test/index.ts";
import { evaluate } from "../harness/index.ts";
import { scoreText } from "../scoring/index.ts";
import { compareModels } from "./index.ts";

const base = TableModel.twoState(0.1, 0.3);
const model = TableModel.twoState(0.2, 0.25);

/** A text of long stretches of one letter, whose tokens are anything but independent. */
function textOf(length: number, seed: number): string {
  const random = seededRandom(seed);
  let letter = "a";
  return Array.from({ length }, () => {
    if (random() < 0.08) letter = letter === "a" ? "b" : "a";
    return letter;
  }).join("");
}

async function compared(texts: readonly string[], recipe: "cached" | "llama.cpp") {
  const documents = texts.map((text, i) => ({ name: `${i}`, text }));
  const { comparisons } = await compareModels(base, [model], documents, { recipe, context: 64 });
  const [comparison] = comparisons;
  if (comparison?.per !== "token") throw new Error("compared per byte");
  return comparison.measures;
}

describe("the standard errors of a comparison", () => {
  it.each(["cached", "llama.cpp"] as const)("are the score's of one text, under %s", async (recipe) => {
    const text = textOf(3000, 1);
    const measures = await compared([text], recipe);
    for (const [one, { value, standardError }] of [
      [base, measures.basePerplexity],
      [model, measures.perplexity],
    ] as const) {
      const score = await scoreText(one, text, { recipe, context: 64 });
      expect(measures.standardErrorMethod).toBe(score.standardErrorMethod);
      expect(value).toBeCloseTo(score.perplexity!, 5);
      expect(standardError! / score.standardError!).toBeCloseTo(1, 5);
    }
  });

  it("are the run's of several texts", async () => {
    const texts = Array.from({ length: 12 }, (_, i) => textOf(100 + 40 * i, i));
    const measures = await compared(texts, "cached");
    const corpus = {
      name: "texts",
      source: "texts",
      domain: null,
      rule: { name: "list", source: null },
      async *documents() {
        for (const [i, text] of texts.entries()) yield { name: `${i}`, text };
      },
    };
    const run = await evaluate({ models: [base, model], corpora: [corpus], recipe: "cached", context: 64 });
    for (const [i, { standardError }] of [measures.basePerplexity, measures.perplexity].entries()) {
      expect(measures.standardErrorMethod).toBe(run.results[i]!.standardErrorMethod);
      expect(standardError! / run.results[i]!.standardError!).toBeCloseTo(1, 5);
    }
  });

  it("of the ratio and the difference are by pairs", async () => {
    const text = textOf(4000, 3);
    const measures = await compared([text], "cached");
    const [a, b] = [
      await scoreText(base, text, { recipe: "cached", context: 64 }),
      await scoreText(model, text, { recipe: "cached", context: 64 }),
    ];
    const ratios = ratioBootstrap(a.table.logprobs.map((logprob, i) => b.table.logprobs[i]! - logprob))!;
    const ratio = b.perplexity! / a.perplexity!;
    expect(measures.ratio.value).toBeCloseTo(ratio, 6);
    expect(measures.ratio.standardError!).toBeCloseTo(ratios.standardError, 6);
    expect(measures.logRatio.standardError!).toBeCloseTo(ratios.standardError / ratio, 6);
    expect(measures.ratioInterval!.low).toBeCloseTo(ratios.low, 6);
    expect(measures.ratioInterval!.high).toBeCloseTo(ratios.high, 6);
    expect(measures.difference.standardError!).toBeLessThan(
      Math.hypot(measures.perplexity.standardError!, measures.basePerplexity.standardError!),
    );
  });
});

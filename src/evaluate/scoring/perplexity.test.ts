import { describe, expect, it } from "vitest";
import { perplexity, RECIPES } from "../../index.ts";
import { TableModel } from "../../models/test/index.ts";

const model = () => TableModel.twoState(0.1, 0.3);
/** p of the texts below, BOS in front: π(a) · aa · ab, and π(b) · ba · aa · aa · aa. */
const AAB = 0.75 * 0.9 * 0.1;
const BAAAA = 0.25 * 0.3 * 0.9 ** 3;
const predictions = ["aab", "baaaa"];

describe("perplexity.compute", () => {
  it("gives each text's perplexity, their arithmetic mean, and that of the corpus", async () => {
    const { perplexities, mean, corpus, recipe } = await perplexity.compute({ model: model(), predictions });
    const [first, second] = [AAB ** (-1 / 3), BAAAA ** (-1 / 5)];
    expect(perplexities).toEqual([expect.closeTo(first, 10), expect.closeTo(second, 10)]);
    expect(mean).toBeCloseTo((first + second) / 2, 10);
    expect(corpus).toBeCloseTo((AAB * BAAAA) ** (-1 / 8), 10);
    expect(recipe).toMatchObject({ name: "hf-evaluate", aggregate: "mean-of-texts" });
  });

  it("does without BOS where asked to, as add_start_token=False", async () => {
    const recipe = { ...RECIPES["hf-evaluate"], prefix: "none" as const };
    const { perplexities } = await perplexity.compute({ model: model(), predictions, recipe });
    expect(perplexities[0]).toBeCloseTo((0.9 * 0.1) ** (-1 / 2), 10);
    await expect(
      perplexity.compute({ model: model(), predictions: ["ab", "a"], recipe }),
    ).rejects.toMatchObject({
      code: "NOTHING_TO_SCORE",
      where: "text 1",
    });
  });

  it("takes a text of one token after BOS", async () => {
    const { perplexities } = await perplexity.compute({ model: model(), predictions: ["b"] });
    expect(perplexities).toEqual([expect.closeTo(4, 10)]); // π(b) = ¼
  });

  it("carries Infinity and leaves the caller's model open", async () => {
    const never = new TableModel({
      symbols: ["a", "b"],
      transitions: [
        [1, 0],
        [1, 0],
      ],
    });
    const { perplexities, mean, corpus, recipe } = await perplexity.compute({
      model: never,
      predictions: ["aa", "ab"],
    });
    expect([perplexities, mean, corpus]).toEqual([[1, Infinity], Infinity, Infinity]);
    expect(recipe.notes).toEqual([expect.stringContaining("no BOS")]);
    await expect(never.tokenize("a")).resolves.toBeDefined();
  });

  it("tells how far it is", async () => {
    const reports: object[] = [];
    await perplexity.compute({ model: model(), predictions, onProgress: (report) => reports.push(report) });
    expect(reports).toEqual([
      { texts: 1, total: 2 },
      { texts: 2, total: 2 },
    ]);
  });

  it("refuses an empty list, a string in place of a list, an empty text, a model nobody knows", async () => {
    for (const wrong of [[], "a text" as unknown as string[]])
      await expect(perplexity.compute({ model: model(), predictions: wrong })).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        where: "predictions",
      });
    await expect(perplexity.compute({ model: model(), predictions: ["ab", ""] })).rejects.toMatchObject({
      code: "EMPTY_INPUT",
      where: "text 1",
    });
    await expect(perplexity.compute({ model: "no-such-model", predictions })).rejects.toMatchObject({
      code: "UNKNOWN_MODEL",
    });
  });

  it("is also the plain function of numbers at hand", () => {
    expect(perplexity([Math.log(0.5), null, Math.log(0.125)])).toBeCloseTo(4, 12);
  });
});

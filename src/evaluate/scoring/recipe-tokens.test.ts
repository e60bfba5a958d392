import { expect, it } from "vitest";
import { TableModel } from "../../models/test/index.ts";
import { recipeTokens } from "./recipe-tokens.ts";
import { scoreText } from "./score-text.ts";

const SYMBOLS = ["a", "b", "<s>"];
const HALF = [0.5, 0.25, 0.25];
const model = new TableModel({ symbols: SYMBOLS, bos: 2, transitions: [HALF, HALF, HALF] });

it("lm-eval: a text that begins with BOS gets none added (0.4.13, has_bos_prefix)", async () => {
  // get_rolling_token_windows(token_list=tok_encode(text), prefix_token=<s>): the prefix stands in front in any case
  const plain = await scoreText(model, "ab", { recipe: "lm-eval" });
  expect([...plain.table.ids]).toEqual([2, 0, 1]); // the tokenizer's BOS is scored
  expect(plain.sums.totalNll).toBeCloseTo(-Math.log(0.25 * 0.5 * 0.25), 12);
  const withBos = await scoreText(model, "<s>ab", { recipe: "lm-eval" });
  expect([...withBos.table.ids]).toEqual([2, 0, 1]);
  expect(withBos.sums.totalNll).toBeCloseTo(plain.sums.totalNll, 12);
  expect(withBos.scored).toBe(3);
  const inside = await scoreText(model, "a<s>b", { recipe: "lm-eval" });
  expect([...inside.table.ids]).toEqual([2, 0, 2, 1]);
});

it("the others leave it to the tokenizer, as Hugging Face's snippet does", async () => {
  const { recipe } = await scoreText(model, "ab".repeat(600), { recipe: "hf-strided" });
  expect([...(await recipeTokens(model, recipe, "<s>ab")).ids]).toEqual([2, 2, 0, 1]);
});

it("reads special tokens where that is asked for, and says so in the recipe", async () => {
  const asText = scoreText(model, "a<s>b", { recipe: "cached" });
  await expect(asText).rejects.toMatchObject({ code: "INVALID_ARGUMENT" }); // no symbol for "<"
  const read = await scoreText(model, "a<s>b", { recipe: "cached", parseSpecial: true });
  expect([...read.table.ids]).toEqual([0, 2, 1]);
  expect(read.recipe.parseSpecial).toBe(true);
  expect(read.recipe.id).not.toBe((await scoreText(model, "ab", { recipe: "cached" })).recipe.id);
});

it("refuses half a surrogate pair, as corpora do", async () => {
  for (const text of ["a\ud83d", "\ude42b", "a\ud83d\ud83d\ude42"])
    await expect(scoreText(TableModel.bytes(), text)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      what: "The text holds half a surrogate pair, which no UTF-8 can express",
    });
  await expect(scoreText(TableModel.bytes(), "a\ud83d\ude42")).resolves.toBeDefined();
});

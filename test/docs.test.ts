/** docs/recipes.md states ids and costs: they are those that the code has. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { planFor, RECIPES, resolveRecipe, tokensRun } from "../src/core/index.ts";

const page = readFileSync(new URL("../docs/recipes.md", import.meta.url), "utf8");
const SMOLLM2 = { trainedContext: 8192, bos: 1, eos: 2, addsBos: false, canShift: true };

describe("docs/recipes.md", () => {
  it.each(Object.keys(RECIPES))("has the id and the cost of %s, and draws or names it", (name) => {
    const recipe = resolveRecipe(name, {}, SMOLLM2);
    const tokens = recipe.method === "full" ? 8000 : 100_000;
    const plan = planFor(recipe, tokens, SMOLLM2);
    const scored = plan.steps.reduce((sum, { score }) => sum + score.end - score.start, 0);
    const row = page.split("\n").find((line) => line.startsWith(`| \`${name}\` `));
    const cells = row!.split("|").map((cell) => cell.trim());
    expect(cells.slice(2, 5)).toEqual([
      `\`${recipe.id}\``,
      `${Math.round((100 * scored) / tokens)} %`,
      (tokensRun(plan) / tokens).toFixed(2),
    ]);
    expect(cells[6]).toBe(recipe.denominator);
    expect(cells[7]).toBe(recipe.standardErrorMethod.replace("-", " "));
    expect(page).toMatch(new RegExp(`^## .*\`${name.replace(".", "\\.")}\``, "m"));
  });
});

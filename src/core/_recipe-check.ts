/** Whether what came from a program without types, or out of a file, is a recipe. Internal to this room. */
import { quoted } from "./_arguments.ts";
import { invalidArgument } from "./errors.ts";
import type { Recipe } from "./recipe.ts";

/** What a field may be, in words and as a test. */
interface Allowed {
  words: string;
  has: (value: unknown) => boolean;
}

const oneOf = (...values: readonly (string | boolean)[]): Allowed => ({
  words: values.map((value) => JSON.stringify(value)).join(", "),
  has: (value) => values.some((allowed) => allowed === value),
});

/** A number, or what stands for one that depends on the model. Whether numbers fit together, `checkWindow` says. */
const length = (...words: readonly string[]): Allowed => ({
  words: ["a number of tokens", ...words.map((word) => `"${word}"`), "{ atMost: tokens } or null"].join(", "),
  has: (value) =>
    value === null ||
    typeof value === "number" ||
    words.some((word) => word === value) ||
    (typeof value === "object" && "atMost" in value && Number.isSafeInteger(value.atMost)),
});

const FIELDS: { readonly [Name in keyof Recipe]: Allowed } = {
  name: { words: "a text or null", has: (value) => value === null || typeof value === "string" },
  method: oneOf("disjoint", "strided", "half", "cached", "full"),
  context: length("model"),
  stride: length("half"),
  sinks: length(),
  extendLast: oneOf(true, false),
  prefix: oneOf("none", "model", "bos", "bos-else-eos"),
  prefixIn: oneOf("first", "every"),
  addSpecial: oneOf(true, false),
  parseSpecial: oneOf(true, false),
  denominator: oneOf("scored", "original"),
  aggregate: oneOf("corpus", "mean-of-texts"),
  standardErrorMethod: oneOf("llama.cpp", "block-bootstrap"),
};

const WAY_OUT =
  'Give the name of a recipe, such as "cached", or change one: { ...RECIPES.cached, context: 1024 }.';

/** @throws SurprisalError INVALID_ARGUMENT with what is missing, or the first field that is wrong. */
export function checkRecipe(recipe: Recipe): Recipe {
  if (typeof recipe !== "object" || recipe === null)
    throw invalidArgument(`${quoted(recipe)} is no recipe`, "recipe", WAY_OUT);
  const missing = Object.keys(FIELDS).filter((name) => recipe[name as keyof Recipe] === undefined);
  if (missing.length > 0)
    throw invalidArgument(`This recipe has no ${missing.join(", ")}`, "recipe", WAY_OUT);
  for (const [name, { words, has }] of Object.entries(FIELDS)) {
    const value = recipe[name as keyof Recipe];
    if (!has(value))
      throw invalidArgument(`${quoted(value)} is not allowed here`, `recipe.${name}`, `Give ${words}.`);
  }
  return recipe;
}

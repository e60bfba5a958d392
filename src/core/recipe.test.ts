import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SurprisalError } from "./errors.ts";
import { planFor, RECIPES, type Recipe, type RecipeFacts, type RecipeName, resolveRecipe } from "./recipe.ts";
import { visibility } from "./visibility.ts";

/** SmolLM2: has BOS and EOS, its tokenizer adds neither. */
const smollm2: RecipeFacts = { trainedContext: 8192, bos: 1, eos: 2, addsBos: false, canShift: true };
/** Gemma 3: its tokenizer adds BOS. */
const gemma: RecipeFacts = { trainedContext: 32768, bos: 2, eos: 1, addsBos: true, canShift: true };
const names = Object.keys(RECIPES) as RecipeName[];
const resolve = (recipe: string | Recipe, facts = smollm2, overrides = {}) =>
  resolveRecipe(recipe, overrides, facts);
const first = (name: string, facts: RecipeFacts, tokens = 20_000) =>
  planFor(resolve(name, facts), tokens, facts).steps[0]!;

describe("resolveRecipe", () => {
  it("fills in the numbers of the design", () => {
    const numbers = (name: string, facts = smollm2, overrides = {}) => {
      const { method, context, stride, sinks } = resolve(name, facts, overrides);
      return [method, context, stride, sinks];
    };
    expect(numbers("cached")).toEqual(["cached", 2048, 512, 4]);
    expect(numbers("strided")).toEqual(["strided", 2048, 1024, null]);
    expect(numbers("disjoint")).toEqual(["disjoint", 2048, null, null]);
    expect(numbers("full")).toEqual(["full", 8192, null, null]);
    expect(numbers("llama.cpp")).toEqual(["half", 512, null, null]);
    expect(numbers("lm-eval")).toEqual(["disjoint", 8192, null, null]);
    expect(numbers("hf-strided")).toEqual(["strided", 1024, 512, null]);
    expect(numbers("hf-evaluate")).toEqual(["full", 8192, null, null]);
    const small = { ...smollm2, trainedContext: 256 };
    expect(numbers("cached", small)).toEqual(["cached", 256, 128, 4]);
    expect(numbers("hf-strided", small)).toEqual(["strided", 256, 128, null]);
    expect(numbers("cached", { ...smollm2, trainedContext: 8 })).toEqual(["cached", 8, 4, 3]);
    expect(numbers("cached", smollm2, { context: 1024, sinks: 8 })).toEqual(["cached", 1024, 512, 8]);
    expect(numbers("cached", smollm2, { context: 1024, stride: 128 })).toEqual(["cached", 1024, 128, 4]);
    expect(numbers("strided", smollm2, { context: 512 })).toEqual(["strided", 512, 256, null]);
    expect(numbers("llama.cpp", smollm2, { context: 1024, stride: undefined })).toEqual([
      "half",
      1024,
      null,
      null,
    ]);
  });

  it("makes a plan of every recipe, on models with and without BOS", () => {
    for (const name of names)
      for (const facts of [smollm2, gemma, { ...smollm2, trainedContext: null, bos: null, eos: null }]) {
        const recipe = resolve(name, facts);
        expect(recipe.name).toBe(name);
        expect(recipe.id).toMatch(/^[0-9a-f]{8}$/);
        expect(planFor(recipe, 5000, facts).method).toBe(recipe.method);
      }
  });

  it("names the recipes when asked for one that does not exist", () => {
    for (const name of ["lamma.cpp", "toString", ""])
      expect(() => resolve(name)).toThrow(
        expect.objectContaining({
          code: "UNKNOWN_RECIPE",
          wayOut: expect.stringContaining("llama.cpp, lm-eval"),
        }),
      );
  });

  it("refuses numbers that do not fit or that the method would ignore", () => {
    for (const [name, overrides] of [
      ["cached", { stride: 0 }],
      ["cached", { context: 1 }],
      ["cached", { context: 100, stride: 50, sinks: 50 }],
      ["hf-strided", { context: 256, stride: 512 }],
      ["disjoint", { stride: 5 }],
      ["strided", { sinks: 4 }],
      ["llama.cpp", { stride: 256 }],
      ["full", { context: 8193 }],
      ["strided", { context: Number.NaN }],
    ] as const)
      expect(() => resolve(name, smollm2, overrides), `${name} ${JSON.stringify(overrides)}`).toThrow(
        expect.objectContaining({ code: "INVALID_ARGUMENT" }),
      );
  });

  it("falls back to strided, under its id, where the cache cannot be shifted", () => {
    const fixed = { ...gemma, canShift: false };
    const fallback = resolve("cached", fixed);
    const { notes, ...strided } = resolve("strided", fixed);
    expect(notes).toEqual([]);
    expect(fallback).toMatchObject(strided);
    expect(fallback.notes).toEqual([expect.stringMatching(/cannot be shifted.*strided/)]);
    expect(planFor(fallback, 5000, fixed)).toEqual(planFor(resolve("strided", fixed), 5000, fixed));
    expect(resolve("cached", fixed, { context: 512, stride: 64, sinks: 4 })).toMatchObject({
      method: "strided",
      context: 512,
      stride: 64,
      sinks: null,
    });
  });

  it("tells what is odd about a recipe on a model", () => {
    expect(resolve("lm-eval", smollm2).notes).toEqual([]);
    expect(resolve("lm-eval", gemma).notes).toEqual([expect.stringMatching(/BOS is itself scored/)]);
    expect(resolve("llama.cpp", gemma).notes).toEqual([]);
    expect(resolve("llama.cpp", { ...smollm2, trainedContext: 256 }).notes).toEqual([
      expect.stringMatching(/512 is beyond the 256 tokens/),
    ]);
    expect(resolve("cached", { ...smollm2, trainedContext: null }).notes).toEqual([
      expect.stringMatching(/does not tell its context/),
    ]);
    expect(resolve("full", { ...smollm2, trainedContext: null })).toMatchObject({ context: null, notes: [] });
    for (const name of ["lm-eval", "hf-evaluate"])
      expect(resolve(name, { ...smollm2, bos: null, eos: null }).notes).toEqual([
        expect.stringMatching(/no BOS|neither BOS nor EOS/),
      ]);
  });
});

describe("prefix policy", () => {
  it("is that of each tool", () => {
    expect(first("cached", smollm2).prefix).toEqual([]);
    expect(first("cached", gemma).prefix).toEqual([2]);
    expect(first("lm-eval", smollm2).prefix).toEqual([1]);
    expect(first("lm-eval", { ...smollm2, bos: null }).prefix).toEqual([2]);
    expect(first("hf-strided", gemma).prefix).toEqual([]);
    expect(first("hf-evaluate", smollm2, 100).prefix).toEqual([1]);
    expect(first("hf-evaluate", { ...smollm2, bos: null }, 100).prefix).toEqual([]);
    expect(first("llama.cpp", gemma)).toMatchObject({ prefix: [], overwriteFirst: 2 });
    expect(first("llama.cpp", smollm2)).toMatchObject({ prefix: [], overwriteFirst: null });
  });

  it("puts BOS in front of every window of our strided and disjoint, and of lm-eval's first only", () => {
    const prefixes = (name: string) =>
      planFor(resolve(name, gemma), 40_000, gemma).steps.map(({ prefix }) => prefix.length);
    expect(new Set(prefixes("strided"))).toEqual(new Set([1]));
    expect(new Set(prefixes("disjoint"))).toEqual(new Set([1]));
    expect(prefixes("lm-eval")).toEqual([1, 0]);
  });
});

describe("id", () => {
  it("is that of the method, whatever its name", () => {
    const ids = names.map((name) => resolve(name).id);
    expect(new Set(ids).size).toBe(names.length);
    for (const name of names) {
      expect(resolve({ ...RECIPES[name], name: null }).id).toBe(resolve(name).id);
      const again = resolve(resolve(name)); // a resolved recipe is a recipe
      expect(again).toEqual(resolve(name));
    }
    expect(resolve({ ...RECIPES.cached, context: 2048, stride: 512, sinks: 4 }).id).toBe(
      resolve("cached").id,
    );
    expect(resolve("cached", { ...smollm2, trainedContext: 1024 }).id).not.toBe(resolve("cached").id);
    expect(resolve("cached", gemma).id).toBe(resolve("cached").id); // the policy, not the model's ids
  });

  it("does not depend on what the method does not use", () => {
    expect(resolve({ ...RECIPES["hf-strided"], prefixIn: "first", extendLast: true }).id).toBe(
      resolve("hf-strided").id,
    );
    expect(resolve({ ...RECIPES["hf-strided"], parseSpecial: false }).id).not.toBe(resolve("hf-strided").id);
  });

  it("stays what it is: results on disk carry it", () => {
    expect(Object.fromEntries(names.map((name) => [name, resolve(name).id]))).toEqual({
      cached: "f78621f5",
      strided: "367ccd51",
      disjoint: "9da2d07e",
      half: "41721147",
      full: "ebaeedd6",
      "llama.cpp": "d29838f6",
      "lm-eval": "bbd7d850",
      "hf-strided": "6510cf0d",
      "hf-evaluate": "91fbd262",
    });
  });
});

describe("a recipe of one's own", () => {
  const refusal = (recipe: unknown) => {
    try {
      resolve(recipe as Recipe);
    } catch (error) {
      if (SurprisalError.isInstance(error)) return error;
    }
    return null;
  };

  it("says what it lacks, and what a field may be", () => {
    expect(refusal({})).toMatchObject({
      code: "INVALID_ARGUMENT",
      what: expect.stringContaining("has no name, method, context, stride, sinks, extendLast"),
    });
    expect(refusal({ ...RECIPES.cached, stride: undefined })?.what).toBe("This recipe has no stride");
    expect(refusal({ ...RECIPES.cached, method: "moving" })).toMatchObject({
      code: "INVALID_ARGUMENT",
      where: "recipe.method",
      wayOut: 'Give "disjoint", "strided", "half", "cached", "full".',
    });
  });

  it("is refused whatever is wrong with it", () => {
    for (const recipe of [null, 5, true, [], () => "cached"])
      expect(refusal(recipe)?.code).toBe("INVALID_ARGUMENT");
    for (const name of ["", "Cached", "toString", "__proto__"])
      expect(refusal(name)?.code).toBe("UNKNOWN_RECIPE");
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.constantFrom(...Object.keys(RECIPES.cached)),
        fc.constantFrom<unknown>(
          undefined,
          {},
          { atMost: "5" },
          { atMost: 0.5 },
          [],
          Number.NaN,
          0.5,
          -1,
          "x",
          7n,
        ),
        (name, field, wrong) => {
          if (field === "name" && wrong === "x") return;
          const recipe = { ...RECIPES[name], [field]: wrong };
          expect([null, "INVALID_ARGUMENT"]).toContain(refusal(recipe)?.code ?? null);
          if (wrong === undefined || typeof wrong !== "number")
            expect(refusal(recipe)?.code).toBe("INVALID_ARGUMENT");
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("planFor", () => {
  it("scores 255 of 512 for llama.cpp, everything for the others", () => {
    const scored = (name: string) => visibility(planFor(resolve(name, gemma), 1100, gemma)).length;
    expect(scored("llama.cpp")).toBe(2 * 255);
    expect(scored("lm-eval")).toBe(1100);
    expect(scored("hf-strided")).toBe(1099);
    expect(scored("cached")).toBe(1100);
  });
});

/** What an edge runtime or a browser would load of the entries that are for them: nothing of Node's. Bundles: test/bundles.test.ts. */
import { readFileSync } from "node:fs";
import { posix } from "node:path";
import { describe, expect, it } from "vitest";

const source = new URL("../src/", import.meta.url);

/** Imports and re-exports that are there at run time: those of types alone are not. */
const IMPORT = /^(?:import|export)\s+(?!type\b)(?:([^;]*?)\s*from\s+)?"([^"]+)"/gm;
const TYPES_ONLY = /^\{(?:\s*type\s[^,}]+,?)+\s*\}$/;

/** Packages and modules of Node that a file loads, itself or through others: each with the file that does. */
function loadedBy(entry: string): Map<string, string> {
  const packages = new Map<string, string>();
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const [, what = "", specifier = ""] of readFileSync(new URL(file, source), "utf8").matchAll(
      IMPORT,
    )) {
      if (TYPES_ONLY.test(what)) continue;
      if (specifier.startsWith(".")) visit(posix.join(posix.dirname(file), specifier));
      else packages.set(specifier, file);
    }
  };
  visit(entry);
  expect(seen.size).toBeGreaterThan(20);
  return packages;
}

describe("outside Node", () => {
  it.each([
    ["surprisal/core", "entries/core.ts", []],
    ["surprisal/openai", "entries/openai.ts", []],
    ["surprisal/ai-sdk", "entries/ai-sdk.ts", []],
    ["surprisal/test", "entries/test.ts", []],
    ["surprisal/charts", "entries/charts.ts", ["@observablehq/plot"]],
  ])("%s needs nothing of Node", (_, entry, packages) => {
    const loaded = [...loadedBy(entry).keys()];
    expect(loaded.sort()).toEqual(packages);
  });

  it("is a check that can fail", () => {
    expect([...loadedBy("models/llama/index.ts").keys()]).toContain("node:fs");
  });
});

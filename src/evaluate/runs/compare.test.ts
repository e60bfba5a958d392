import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { TableModel } from "../../models/test/index.ts";
import type { Corpus } from "../corpora/corpus.ts";
import { evaluate } from "../harness/evaluate.ts";
import { compareRuns } from "./compare.ts";

const corpus: Corpus = {
  name: "texts",
  source: "texts",
  domain: null,
  rule: { name: "list", source: null },
  async *documents() {
    for (const text of ["aab", "aaa", "aba"]) yield { name: text, text };
  },
};

/** @param toB probability of "b" after "a" */
const modelOf = (toB: number) =>
  new TableModel({
    symbols: ["a", "b"],
    transitions: [
      [1 - toB, toB],
      [1, 0],
    ],
  });

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-compare-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it("of a token of probability 0 is Infinity, and missing where both have one", async () => {
  const places = await Promise.all(
    [0.5, 0, 0].map(async (toB, i) => {
      const place = join(folder, `run ${i}`);
      await evaluate({ models: [modelOf(toB)], corpora: [corpus], folder: place });
      return place;
    }),
  );
  const [finite, never, neither] = places as [string, string, string];
  const infinite = { standardError: null, interval: null };
  expect(compareRuns(finite, never)).toMatchObject([{ ...infinite, difference: Infinity, documents: 3 }]);
  expect(compareRuns(never, finite)).toMatchObject([{ ...infinite, difference: -Infinity }]);
  expect(compareRuns(never, neither)).toMatchObject([{ ...infinite, difference: null }]);
});

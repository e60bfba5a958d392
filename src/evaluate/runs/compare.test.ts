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

it("of one document has the error over its stretches of bytes", async () => {
  const text = ["ab".repeat(32), "a".repeat(64)].join("").repeat(8); // 16 stretches of 64 bytes
  const one = {
    ...corpus,
    documents: async function* () {
      yield { name: "one", text };
    },
  };
  const places = await Promise.all(
    [0.5, 0.25].map(async (toB, i) => {
      const place = join(folder, `run ${i}`);
      await evaluate({ models: [modelOf(toB)], corpora: [one], folder: place });
      return place;
    }),
  );
  const [difference] = compareRuns(places[0]!, places[1]!);
  // "ab": 0.5 bits per byte and 1; "aa": 1 bit and -log2 0.75. So 8 times 0.5 more, and 8 times 0.585 less.
  const less = 1 + Math.log2(0.75);
  expect(difference).toMatchObject({ documents: 1 });
  expect(difference!.difference).toBeCloseTo((0.5 - less) / 2, 2);
  const expected = (0.5 + less) / 2 / Math.sqrt(16);
  expect(Math.abs(difference!.standardError! / expected - 1)).toBeLessThan(0.1);
  expect(difference!.interval![0]).toBeLessThan(0);
  expect(difference!.interval![1]).toBeGreaterThan(0);
});

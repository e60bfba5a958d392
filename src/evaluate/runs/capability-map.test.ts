import { describe, expect, it } from "vitest";
import { TableModel } from "../../models/test/index.ts";
import { exportRuns } from "../../report/runs/export.ts";
import type { Corpus } from "../corpora/corpus.ts";
import { evaluate } from "../harness/evaluate.ts";
import { capabilitiesOf } from "./capability-map.ts";

const corpusOf = (domain: string, texts: readonly string[], name = domain): Corpus => ({
  name,
  source: name,
  domain,
  rule: { name: "list", source: null },
  async *documents() {
    for (const [i, text] of texts.entries()) yield { name: `${domain}:${i}`, text };
  },
});

describe("capabilitiesOf", () => {
  it("is the arithmetic of the domains' bits per byte", async () => {
    const corpora = [
      corpusOf("a", ["aaaa", "aaab"]),
      corpusOf("b", ["bbbb", "baab"]),
      corpusOf("c", ["abab", "abba"]),
    ];
    const run = await evaluate({ models: [TableModel.twoState(0.1, 0.3)], corpora });
    const [a, b, c] = run.results.map(({ bitsPerByte }) => bitsPerByte!);
    const [map] = capabilitiesOf([run], ["a", "b"]);
    expect(map!.mean).toBeCloseTo((a! + b! + c!) / 3, 12);
    expect(map!.inDomain).toBeCloseTo((a! + b!) / 2, 12);
    expect(map!.gap).toBeCloseTo(c! - (a! + b!) / 2, 12);
    const mean = map!.mean!;
    expect(map!.spread).toBeCloseTo(
      Math.sqrt(((a! - mean) ** 2 + (b! - mean) ** 2 + (c! - mean) ** 2) / 2),
      12,
    );
    const [ea, eb, ec] = run.results.map(({ bitsPerByteStandardError }) => bitsPerByteStandardError!);
    expect(map!.gapStandardError).toBeCloseTo(Math.sqrt((ea! ** 2 + eb! ** 2) / 4 + ec! ** 2), 12);
    expect(map!.domains.map(({ bitsPerByte }) => bitsPerByte)).toEqual([a, b, c].sort((x, y) => x! - y!));
  });

  it("has no gap where no domain is named, and refuses one that is none", async () => {
    const run = await evaluate({ models: [TableModel.bytes()], corpora: [corpusOf("a", ["text one"])] });
    expect(capabilitiesOf([run])[0]).toMatchObject({
      gap: null,
      inDomain: null,
      outOfDomain: null,
      spread: null,
    });
    expect(() => capabilitiesOf([run], ["news"])).toThrow(/There is no domain "news"/);
    expect(() => capabilitiesOf([run, run])).toThrow(/two scores in the domain a/);
  });

  it("keeps apart what several runs say of a model in one domain, or under several recipes", async () => {
    const models = [TableModel.bytes()];
    const [text, other] = [corpusOf("a", ["text one"]), corpusOf("b", ["text two"])];
    const runs = [
      await evaluate({ models, corpora: [text] }),
      await evaluate({ models, corpora: [other] }),
      await evaluate({ models, corpora: [other], recipe: "disjoint" }),
    ].map((run, i) => ({ ...run, id: `run ${i + 1}` }));
    const names = (of: typeof runs) => capabilitiesOf(of).map(({ model }) => model.replace(/^.*? \(/, "("));
    expect(capabilitiesOf(runs.slice(0, 2))).toHaveLength(1); // one model, one recipe: one row of the map
    expect(names(runs.slice(1)).sort()).toEqual(["(run 2)", "(run 3)"]);
    expect(names([runs[0]!, runs[2]!]).sort()).toEqual(["(run 1)", "(run 3)"]);
  });

  it("tells corpora of one domain apart by their names, in one run or several", async () => {
    const models = [TableModel.bytes(), TableModel.twoState(0.1, 0.3)];
    const news = ["d1/news.txt", "d2/news.txt"].map((name) => corpusOf("news", ["aab", "abb"], name));
    const [both, one, other] = [
      await evaluate({ models, corpora: [...news, corpusOf("law", ["bba"])] }),
      await evaluate({ models, corpora: news.slice(0, 1) }),
      await evaluate({ models, corpora: [news[1]!, corpusOf("law", ["bba"])] }),
    ];
    for (const runs of [[both], [one, other]]) {
      const map = capabilitiesOf(runs, ["d1/news.txt"]);
      expect(map).toHaveLength(2);
      for (const { domains, gap } of map) {
        expect(domains.map(({ domain }) => domain).sort()).toEqual(["d1/news.txt", "d2/news.txt", "law"]);
        expect(gap).not.toBeNull();
      }
      expect(await exportRuns(runs, "svg")).toContain("d1/news.txt");
      expect(await exportRuns(runs, "html")).toContain("d2/news.txt");
    }
    expect(capabilitiesOf([one]).map(({ domains }) => domains[0]!.domain)).toEqual(["news", "news"]);
  });

  it("has no number where Infinity leaves none", async () => {
    const never = new TableModel({
      symbols: ["a", "b"],
      transitions: [
        [0.5, 0.5],
        [1, 0],
      ],
    });
    const corpora = [corpusOf("a", ["aab", "aba"]), corpusOf("b", ["abb"]), corpusOf("c", ["bb"])];
    const run = await evaluate({ models: [never], corpora });
    expect(run.results.map(({ bitsPerByte }) => bitsPerByte === Infinity)).toEqual([false, true, true]);
    const infinite = { mean: Infinity, spread: null, gapStandardError: null };
    expect(capabilitiesOf([run], ["a"])[0]).toMatchObject({ ...infinite, gap: Infinity });
    expect(capabilitiesOf([run], ["b", "c"])[0]).toMatchObject({ ...infinite, gap: -Infinity });
    expect(capabilitiesOf([run], ["b"])[0]).toMatchObject({ ...infinite, gap: null });
  });
});

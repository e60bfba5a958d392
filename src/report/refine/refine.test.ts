import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { datasetReport, demonstrationReport, LEAST, refinedSample } from "../../../test/refine-report.ts";
import { refinePage, refinePicture } from "../refine-page/index.ts";
import { barAt, countsText, scaleOf, stepsOfPattern, stepsOfSample } from "./steps.ts";
import { ratioOf, ratioText, savedText, signedNats, worseText } from "./words.ts";

describe("words of a refinement", () => {
  it.each([
    [0.1234, "+0.123"],
    [-0.02, "−0.020"],
    [-0.0001, "0.000"],
    [1234.5, "+1235"],
    [-123456, "−1.235e5"],
    [Number.POSITIVE_INFINITY, "+∞"],
    [Number.NEGATIVE_INFINITY, "−∞"],
    [null, "–"],
  ])("writes %s nats as %s", (value, shown) => {
    expect(signedNats(value)).toBe(shown);
  });

  it.each([
    [1, "1.000"],
    [1.0236, "1.024"],
    [0.0001, "0.0001000"],
    [12345, "12345"],
    [Number.POSITIVE_INFINITY, "∞"],
    [null, "–"],
  ])("writes the ratio %s as %s", (value, shown) => {
    expect(ratioText(value)).toBe(shown);
  });

  it("says what was saved, and what more there is", () => {
    expect(savedText({ before: 100, after: 69 })).toBe("31% fewer");
    expect(savedText({ before: 100, after: 102 })).toBe("2.0% more");
    expect(savedText({ before: 7, after: 7 })).toBe("as many");
    expect(savedText({ before: 0, after: 0 })).toBe("–");
    expect(savedText({ before: null, after: null })).toBe("–");
    expect(worseText({ mean: 0.1, standardError: 0.0123, count: 9 })).toBe("+0.100 ± 0.012");
    expect(worseText(null)).toBe("–");
  });

  it("has no ratio of infinite perplexities", () => {
    const sample = { ...refinedSample("a"), rounds: [] };
    const infinite = { ...sample.before, chainPerplexity: Number.POSITIVE_INFINITY };
    expect(ratioOf(sample, "chain")).toBeCloseTo(1.02, 12);
    expect(ratioOf({ ...sample, before: infinite, after: infinite }, "chain")).toBe(null);
    expect(ratioOf({ ...sample, after: infinite }, "chain")).toBe(Number.POSITIVE_INFINITY);
    expect(ratioOf({ ...sample, after: sample.before }, "answer")).toBe(1);
  });
});

describe("steps", () => {
  it("have what became of them in words; the reason of the end is not said of each", () => {
    const steps = stepsOfSample(refinedSample("Ada"), "chain");
    expect(steps.map(({ fate, fateText, why }) => [fate, fateText, why])).toEqual([
      ["removed", "removed in round 1, at 0.950 times the full chain's perplexity", LEAST],
      ["kept", "kept", ""],
      [
        "substituted",
        "merged: written into the steps that use it in round 2, at 1.020 times the full chain's perplexity",
        "what it computes stands now in the steps that use it",
      ],
      ["kept", "kept, with another step in it", "step 4 uses 27 of it"],
    ]);
    expect(steps.map(({ importance }) => importance)).toEqual([-0.05, 0.4, null, Number.POSITIVE_INFINITY]);
    expect(stepsOfSample(refinedSample("Ada"), "rest").map(({ importance }) => importance)).toEqual([
      0.5, 0.5, 0.5, 0.5,
    ]);
    expect(countsText(steps)).toBe("1 removed, 1 merged");
    expect(countsText([{ fate: "kept" }])).toBe("all kept");
  });

  it("of a pattern have the text of the first demonstration, and importance as ln of the ratio", () => {
    const steps = stepsOfPattern(demonstrationReport("Ada"));
    expect(steps.map(({ now }) => now)).toEqual([null, null, "(2+1)*5=15"]);
    expect(steps.map(({ importance }) => importance)).toEqual([null, Math.log(0.8), Math.log(2)]);
  });

  it("have bars that begin at 0 and lie on the scale", () => {
    const value = fc.option(fc.double({ noNaN: true }), { nil: null });
    fc.assert(
      fc.property(fc.array(value), (values) => {
        const scale = scaleOf(values);
        expect(scale.high).toBeGreaterThan(scale.low);
        expect(scale.low).toBeLessThanOrEqual(0);
        expect(scale.high).toBeGreaterThanOrEqual(0);
        const zero = barAt(0, scale)![0];
        for (const each of values) {
          const bar = barAt(each, scale);
          if (each === null) expect(bar).toBe(null);
          else {
            expect(bar![0]).toBeGreaterThanOrEqual(0);
            expect(bar![1]).toBeLessThanOrEqual(1);
            expect(bar![each < 0 ? 1 : 0]).toBe(zero);
          }
        }
      }),
    );
  });
});

describe("the page", () => {
  it("says what is reconstructed, what the measure is, and what is not known", () => {
    const html = refinePage(datasetReport("Ada"));
    for (const piece of [
      "<h1>Refined: Ada.jsonl</h1>",
      "4 samples, 1 of them shorter; 0.28% fewer tokens in their steps. SPIRIT-FT with Ada.",
      '<h2 id="h-reconstructed">What is reconstructed</h2>',
      "<li>thresholds: ours, Ada</li>",
      "as change of the mean -ln p per token, nats",
      "<dt>Samples</dt><dd>4 <small>2 weighed, 1 left as it was, 1 left out</small></dd>",
      "2 no reasoning steps (EMPTY_INPUT).",
      "The chain has no steps (Ada) (EMPTY_INPUT)",
      "<dt>stop</dt><dd>steps 1</dd>",
      "<dt>limit</dt><dd>∞</dd>",
      '<span class="figure">+∞ nats</span>',
      '<span class="figure">–</span>',
    ])
      expect(html).toContain(piece);
    expect(html).not.toMatch(/NaN|undefined|\[object/);
  });

  it("shows a long step behind its beginning, with all of it", () => {
    const html = refinePage(datasetReport("Ada"));
    expect(html).toMatch(
      /<summary>长步骤很长的推理.*… <small class="soft">\([\d,]+ characters: open for all\)/,
    );
    expect(html.split("很长的推理").length - 1).toBeGreaterThanOrEqual(1700);
  });

  it("shows code and tables by their columns, and reads no markup in them", () => {
    const sample = refinedSample("Ada");
    const text = "| a | b |\n|---|---|\n| <b>1</b> | 2 |";
    const steps = sample.steps.map((step) => ({ ...step, text, now: step.now && text }));
    const html = refinePage({ ...datasetReport("Ada"), samples: [{ ...sample, steps }] });
    expect(html).toContain('<span class="columns">| a | b |\n|---|---|\n| &lt;b&gt;1&lt;/b&gt; | 2 |</span>');
  });

  it("leaves out what a browser could not hold, and says so", () => {
    const many = Array.from({ length: 501 }, (_, i) => refinedSample("Ada", 4 + i));
    const html = refinePage({ ...datasetReport("Ada", many), samples: many });
    expect(html).toContain("The first 500 of 501 are shown; the manifest has all.");
    expect(html.match(/<details class="sample"/g)!.length).toBe(500);
  });

  it("is the same bytes every time; so is its picture", () => {
    for (const report of [datasetReport("Ada"), demonstrationReport("Ada")]) {
      expect(refinePage(report)).toBe(refinePage(report));
      expect(refinePicture(report)).toBe(refinePicture(report));
      expect(refinePicture(report)).not.toMatch(/NaN|Infinity|undefined/);
    }
  });

  it("is made of a data set of which nothing was refined", () => {
    const { samples, totals, ...rest } = datasetReport("Ada");
    const none = samples.filter(({ outcome }) => outcome !== "refined");
    const html = refinePage({
      ...rest,
      samples: none,
      totals: {
        ...{ ...totals, samples: 2, refined: 0, changed: 0, cut: null, chainChange: null, baselines: null },
        ...{ steps: { before: 0, removed: 0, merged: 0, after: 0 }, tokens: { before: 0, after: 0 } },
      },
    });
    expect(html).toContain("No sample was refined.");
    expect(html).not.toMatch(/NaN|undefined/);
  });
});

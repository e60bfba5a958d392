import fc from "fast-check";
import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import {
  DIVERGENCES,
  everySection,
  madeUpCalibration,
  madeUpLogprobs,
  madeUpMap,
  PERPLEXITIES,
  PRUNING,
} from "../../test/chart-data.ts";
import { emptySums, perplexity, perplexityStandardError, quantileOf, wilsonInterval } from "../core/index.ts";
import { formatNumber, formatProbability, luminance, visible } from "../text/index.ts";
import { binSurprisal, logTicks, sortedBits } from "./bins.ts";
import { cutToPixels, pixelWidth } from "./pixels.ts";
import * as charts from "./server.ts";
import { coloursOf, viridis } from "./theme.ts";

type Drawn = {
  querySelectorAll(
    selector: string,
  ): ArrayLike<{ textContent: string; getAttribute(name: string): string | null }>;
};
const parse = (svg: string) => parseHTML(`<html><body>${svg}</body></html>`).document as unknown as Drawn;
const all = (svg: string, selector: string) => Array.from(parse(svg).querySelectorAll(selector));
const texts = (svg: string) => all(svg, "text").map(({ textContent }) => textContent);
/** What XML allows; that it is well-formed is tested by a browser's parser in test/charts.browser.test.ts. */
function expectXml(svg: string) {
  expect(svg).not.toMatch(/&(?!(?:amp|lt|gt|quot|#39);)/);
  expect(svg).not.toMatch(/[\0-\x08\x0b-\x1f\x7f\u202a-\u202e\ud800-\udbff](?![\udc00-\udfff])/);
}

const HOSTILE = `</script></title><script>window.harmed=1</script><img src=x onerror="window.harmed=1">&\u202e\u0000\ud800"'日本語`;
const kinds = everySection().flatMap(({ chart }) => (chart ? [[chart.title, chart] as const] : []));

describe("every picture", () => {
  it.each(kinds)("%s: is an image with title, words and a key, from any theme and width", (_, chart) => {
    for (const theme of ["auto", "light", "dark"] as const)
      for (const width of [336, 720]) {
        const svg = charts.renderSvg(chart, { theme, width });
        const [root] = all(svg, "svg");
        expect(root!.getAttribute("role")).toBe("img");
        expect(root!.getAttribute("aria-labelledby")).toBe("chart-title");
        expect(all(svg, "svg > title")[0]!.textContent).toBe(chart.title);
        expect(all(svg, "desc")[0]!.textContent).toContain(chart.summary);
        expect(svg).not.toMatch(/NaN|undefined|⚠| style="|url\(|href/);
        expect(svg.includes("var(")).toBe(theme === "auto");
        expect(Number(root!.getAttribute("height"))).toBeGreaterThan(100);
      }
    expect(chart.table.rows.length).toBeGreaterThan(0);
    for (const row of chart.table.rows) expect(row).toHaveLength(chart.table.columns.length);
    expect(chart.summary).toMatch(/\d|level/);
  });

  it("is the same bytes every time", () => {
    const figures = () => everySection().map(({ chart }) => chart && charts.renderFigure(chart));
    expect(figures()).toEqual(figures());
  });

  it("takes any name for text", () => {
    const logprobs = madeUpLogprobs(50);
    const hostile = [
      charts.surprisalAlong({ logprobs, name: HOSTILE }),
      charts.surprisalDistribution([
        { name: HOSTILE, logprobs },
        { name: "", logprobs },
      ]),
      charts.calibrationByRank({ documents: [madeUpCalibration(50)], name: HOSTILE }),
      charts.topChoiceReliability({ documents: [madeUpCalibration(50)], name: HOSTILE }),
      charts.capabilityMap([
        { model: HOSTILE, domain: HOSTILE, bitsPerByte: 1 },
        { model: "__proto__", domain: "constructor", bitsPerByte: 2 },
      ]),
      charts.divergencePercentiles([{ ...DIVERGENCES[0]!, name: HOSTILE }], { base: HOSTILE }),
      charts.perplexityIntervals([{ model: HOSTILE, corpus: HOSTILE, perplexity: 3 }]),
      charts.convergence([{ name: HOSTILE, logprobs }]),
      charts.noiseFloorChart([{ name: HOSTILE, observed: 0.1, mean: 0.05, low: 0.02, high: 0.08 }]),
      charts.pruningCurve({
        path: [{ name: HOSTILE, steps: 2, tokens: 9, perplexity: 2 }],
        baselines: [{ name: HOSTILE, steps: 1, tokens: 4, perplexity: 3 }],
        limits: [{ name: HOSTILE, ratio: 1.1 }],
      }),
    ];
    for (const chart of hostile) {
      const svg = charts.renderSvg(chart);
      expectXml(svg);
      expect(all(svg, "script, img")).toEqual([]);
      expect(svg).toContain("⟨U+202E⟩");
    }
  });

  it.each([
    ["no tokens", []],
    ["only missing ones", [Number.NaN, null]],
    ["one token", [-1]],
    ["a certain token", [0]],
    ["probability 0", [-1, Number.NEGATIVE_INFINITY, -2]],
    ["only probability 0", [Number.NEGATIVE_INFINITY]],
    ["two equal tokens", [-2, -2]],
  ])("draws %s", (_, logprobs) => {
    for (const chart of [
      charts.surprisalAlong({ logprobs, byteOffsets: logprobs.map((_, i) => 3 * i) }),
      charts.surprisalAlong({ logprobs }),
      charts.surprisalDistribution([{ name: "m", logprobs }]),
      charts.convergence([{ name: "m", logprobs }]),
    ]) {
      const svg = charts.renderSvg(chart);
      expect(svg).not.toMatch(/NaN|Infinity|undefined|⚠/);
      expect(chart.summary).not.toMatch(/NaN|Infinity|undefined/);
    }
  });

  it("draws answers of an infinite perplexity at the end of its axis", () => {
    const bin = { count: 3, accuracy: 0.5, accuracyLow: 0.2, accuracyHigh: 0.8, confidence: null };
    const svg = charts.renderSvg(
      charts.accuracyByPerplexity([
        { ...bin, low: 1, high: 2 },
        { ...bin, low: 2, high: Infinity },
      ]),
    );
    expect(svg).not.toMatch(/NaN|Infinity|undefined|⚠/);
  });

  it("draws nothing at all, and says so", () => {
    const empty = [
      charts.surprisalDistribution([]),
      charts.calibrationByRank({ documents: [] }),
      charts.reliabilityDiagram({ bins: [] }),
      charts.accuracyByPerplexity([]),
      charts.accuracyTokensChart({ curve: [], methods: [] }),
      charts.perplexityTimeChart({ tau: 0.1, methods: [] }),
      charts.pruningCurve({ path: [] }),
      charts.tokensSavedChart([]),
      charts.riskCoverageChart({ points: [], aurc: 0 }),
      charts.noiseFloorChart([]),
      charts.topChoiceReliability({ documents: [{ ranks: [1], alternatives: null }] }),
      charts.capabilityMap([]),
      charts.divergencePercentiles([]),
      charts.perplexityIntervals([]),
      charts.convergence([]),
    ];
    for (const chart of empty) expect(texts(charts.renderSvg(chart))).toContain("No numbers to draw.");
    for (const chart of empty) expect(charts.renderFigure(chart)).not.toContain("<table>");
  });

  it("draws whatever numbers there are", () => {
    const number = fc.oneof(
      fc.double(),
      fc.constant(null),
      fc.constant(0),
      fc.double({ min: 0, max: 1e-300 }),
      fc.double({ min: 1, max: 30 }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), fc.string(), number, number), { maxLength: 6 }), (rows) => {
        const unique = [...new Map(rows.map((row) => [`${row[0]}\n${row[1]}`, row])).values()];
        for (const chart of [
          charts.capabilityMap(
            unique.map(([model, domain, bitsPerByte, standardError]) => ({
              model,
              domain,
              bitsPerByte,
              standardError,
            })),
          ),
          charts.perplexityIntervals(
            rows.map(([model, corpus, value, error]) => ({
              model,
              corpus,
              perplexity: value === null ? null : Math.abs(value),
              standardError: error,
            })),
          ),
          charts.divergencePercentiles(
            rows.map(([name, , a, b]) => ({ name, median: a, p90: a, p95: b, p99: b, p999: b, max: b })),
          ),
        ])
          for (const width of [336, 720])
            expect(charts.renderSvg(chart, { width })).not.toMatch(/="[^"]*(?:NaN|Infinity|undefined)/);
      }),
      { numRuns: 60 },
    );
  });

  it("needs a document, an id and a width that make sense", async () => {
    const { drawChart } = await import("./index.ts");
    const [, chart] = kinds[0]!;
    expect(() => drawChart(chart)).toThrow(/no document/);
    expect(() => charts.renderSvg(chart, { width: 10 })).toThrow(/10 is not allowed/);
    expect(() => charts.renderSvg(chart, { id: '"><script>' })).toThrow(/no id/);
  });
});

describe("the numbers in the pictures", () => {
  it("bins a million tokens in bounded time, points and bytes", () => {
    const logprobs = madeUpLogprobs(1_000_000);
    const started = performance.now();
    const before = process.memoryUsage().rss;
    const svgs = [
      charts.surprisalAlong({ logprobs }),
      charts.surprisalDistribution([{ name: "m", logprobs }]),
      charts.convergence([{ name: "m", logprobs }]),
    ].map((chart) => charts.renderSvg(chart));
    expect(performance.now() - started).toBeLessThan(15_000); // about 1 s where nothing else runs
    expect(process.memoryUsage().rss - before).toBeLessThan(300e6);
    for (const svg of svgs) expect(svg.length).toBeLessThan(100_000);
    expect(binSurprisal(logprobs, 800).length).toBeLessThanOrEqual(800);
  });

  it("loses no token and no extreme in the bins", () => {
    const value = fc.oneof(fc.double({ min: -30, max: 0, noNaN: true }), fc.constant(Number.NaN));
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 200 }),
        fc.integer({ min: 1, max: 50 }),
        (logprobs, most) => {
          const bins = binSurprisal(logprobs, most);
          const bits = sortedBits(logprobs);
          expect(bins.length).toBeLessThanOrEqual(most);
          expect(bins.map(({ start }) => start)).toEqual([0, ...bins.slice(0, -1).map(({ end }) => end)]);
          expect(bins.at(-1)!.end).toBe(logprobs.length);
          const filled = bins.filter(({ count }) => count > 0);
          expect(filled.reduce((sum, { count }) => sum + count, 0)).toBe(bits.length);
          if (bits.length === 0) return;
          expect(Math.max(...filled.map(({ max }) => max))).toBe(bits.at(-1));
          expect(Math.min(...filled.map(({ min }) => min))).toBe(bits[0]);
          expect(filled.reduce((sum, { count, mean }) => sum + count * mean, 0)).toBeCloseTo(
            bits.reduce((a, b) => a + b, 0),
            6,
          );
        },
      ),
    );
  });

  it("ends the running perplexity where core/ puts the perplexity", () => {
    const logprobs = [...madeUpLogprobs(5000)];
    const { table } = charts.convergence([{ name: "m", logprobs }]);
    const sums = {
      ...emptySums(),
      scored: 5000,
      totalNll: -logprobs.reduce((a, b) => a + b, 0),
      totalNllSquared: logprobs.reduce((a, b) => a + b * b, 0),
    };
    const last = table.rows.at(-1)!;
    expect(Number(last[2])).toBeCloseTo(perplexity(logprobs)!, 1);
    expect(Number(last[3])).toBeCloseTo(perplexityStandardError(sums)!, 1);
  });

  it("counts ranks and probabilities", () => {
    const half = Math.log(0.5);
    const columns = {
      ranks: [1, 2, 1, 0, 7],
      alternatives: { k: 2, logprobs: [half, half, half, half, half, Number.NaN, 0, 0, half, half] },
    };
    const byRank = charts.calibrationByRank({ documents: [columns] }).table.rows;
    expect(byRank.map((row) => row.slice(0, 4))).toEqual([
      ["1", "4", "50%", "50%"],
      ["2", "3", "50%", "33%"],
    ]);
    const top = charts.topChoiceReliability({ documents: [columns, columns] }).table.rows;
    expect(top.map((row) => row.slice(0, 4))).toEqual([["50% to 60%", "8", "50%", "50%"]]);
  });

  it("finds the excess that a model is too sure by", () => {
    expect(charts.topChoiceReliability({ documents: [madeUpCalibration(20_000, 0.3)] }).summary).toContain(
      "too sure",
    );
    expect(charts.topChoiceReliability({ documents: [madeUpCalibration(20_000, 0)] }).summary).toContain(
      "well matched",
    );
  });

  it("puts the better model and the easier domain first, and marks the best", () => {
    const { table } = charts.capabilityMap([
      { model: "bad", domain: "hard", bitsPerByte: 3, standardError: 0.1 },
      { model: "good", domain: "hard", bitsPerByte: 2, standardError: 0.1 },
      { model: "bad", domain: "easy", bitsPerByte: 1.5 },
      { model: "good", domain: "easy", bitsPerByte: null },
      { model: "good", domain: "middle", bitsPerByte: 1.8 },
      { model: "bad", domain: "middle", bitsPerByte: 1.8 },
    ]);
    expect(table.columns).toEqual(["domain", "good", "bad"]);
    expect(table.rows).toEqual([
      ["easy", "–", "1.500 ◆"],
      ["middle", "1.800 ◆", "1.800 ◆"],
      ["hard", "2.00 ± 0.10 ◆", "3.00 ± 0.10"],
    ]);
  });

  it.each([
    [1, 1],
    [1, 12],
    [12, 1],
    [4, 8],
    [12, 40],
    [12, 3],
  ])("maps %i models over %i domains, every cell with its number", (models, domains) => {
    const cells = madeUpMap(models, domains);
    const svg = charts.renderSvg(charts.capabilityMap(cells));
    const figures = texts(svg).filter(
      (text) => /\d ?± ?\d|\d\.\d{3}/.test(text) && !/better|worse/.test(text),
    );
    expect(figures.length).toBe(models * domains);
    expect(figures.filter((text) => text.includes("◆")).length).toBe(models > 1 ? domains : 0);
    expect(Number(all(svg, "svg")[0]!.getAttribute("width"))).toBeLessThan(1700);
  });

  it("refuses two numbers for one cell", () => {
    const cell = { model: "m", domain: "d", bitsPerByte: 1 };
    expect(() => charts.capabilityMap([cell, cell])).toThrow(/two numbers.*m over d/);
  });

  it("lists perplexities best first, those without a number last", () => {
    const { rows } = charts.perplexityIntervals(PERPLEXITIES).table;
    expect(rows.map(([, model]) => model).slice(0, 5)).toEqual([
      "gemma-3-270m",
      "SmolLM2-135M-Instruct F16",
      "SmolLM2-135M-Instruct Q8_0",
      "SmolLM2-135M-Instruct Q4_0",
      "mini",
    ]);
  });

  it("has quantiles, intervals and ticks", () => {
    expect([0, 0.5, 0.9, 1].map((fraction) => quantileOf([1, 2, 3, 4, 5], fraction))).toEqual([1, 3, 4.6, 5]);
    expect(wilsonInterval(0, 10).low).toBe(0);
    const { low, high } = wilsonInterval(5, 10);
    expect([low, high].map((x) => Number(x.toFixed(4)))).toEqual([0.2366, 0.7634]);
    expect(logTicks(0.0008, 12, 10)).toEqual([0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10]);
    expect(logTicks(0.0008, 12, 4).length).toBeLessThanOrEqual(5);
    expect([
      formatNumber(0.00051, 2),
      formatNumber(null),
      formatProbability(0.00001),
      formatProbability(0.9999),
    ]).toEqual(["0.00051", "–", "<0.01%", ">99.9%"]);
    expect(visible("a\u202e\0\n\ud800b")).toBe("a⟨U+202E⟩␀↵⟨U+D800⟩b");
    expect(pixelWidth(cutToPixels("SmolLM2-135M-Instruct Q8_0", 90, 12), 12)).toBeLessThanOrEqual(90);
  });
});

describe("colours", () => {
  const contrast = (a: string, b: string) => {
    const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p) as [number, number];
    return (x + 0.05) / (y + 0.05);
  };

  it.each(["light", "dark"] as const)("stand out in %s", (theme) => {
    const { page, ink, soft, main, accent, series } = coloursOf(theme);
    for (const text of [ink, soft, ...series]) expect(contrast(text, page)).toBeGreaterThanOrEqual(4.5);
    for (const mark of [main, accent]) expect(contrast(mark, page)).toBeGreaterThanOrEqual(3);
  });

  it("leave text readable on every shade of the map, and grow lighter all the way", () => {
    let before = -1;
    for (let i = 0; i <= 100; i++) {
      const { fill, text } = viridis(i / 100);
      expect(contrast(fill, text)).toBeGreaterThanOrEqual(4.5);
      expect(luminance(fill)).toBeGreaterThanOrEqual(before);
      before = luminance(fill);
    }
  });
});

describe("the noise floor", () => {
  const floor = { observed: 0.1, mean: 0.05, low: 0.02, high: 0.08 };

  it("shows every row with its whole name, also of two that are named alike", () => {
    const name = "Qwen2.5-Coder-0.5B, TruthfulQA mc1, before";
    const svg = charts.renderSvg(
      charts.noiseFloorChart([
        { name, ...floor },
        { name, ...floor },
      ]),
    );
    const places = all(svg, "text")
      .filter(({ textContent }) => textContent === name)
      .map((text) => /translate\(([\d.]+),([\d.]+)\)/.exec(text.getAttribute("transform") ?? "") ?? []);
    expect(places).toHaveLength(2);
    for (const [, right] of places) expect(Number(right)).toBeGreaterThan(pixelWidth(name, 12));
    expect(places[0]![2]).not.toBe(places[1]![2]);
  });
});

describe("what pruning does", () => {
  it("draws perplexity against steps and tokens, and says how random draws compare", () => {
    const chart = charts.pruningCurve(PRUNING);
    expect(chart.summary).toContain("From 2.000 with all 5 steps to 2.400 with 2.");
    expect(chart.summary).toContain("Of 3 random draws with at least as many tokens, 1 is as low.");
    expect(chart.table.rows[0]).toEqual(["full", "5", "60", "2.000", "1.000"]);
    expect(chart.table.rows[3]).toEqual(["round 3: step 2 substituted", "2", "30", "2.400", "1.200"]);
    expect(chart.table.rows[5]).toEqual(["random, mean of 3", "2.50", "33", "3.400", "1.700"]);
    expect(chart.table.rows[8]).toEqual(["random draw 3", "3", "33", "∞", "∞"]);
    const shown = texts(charts.renderSvg(chart));
    for (const words of [
      "steps left",
      "tokens left in the steps",
      "perplexity",
      "1.05 ×",
      "shortest",
      "full",
    ])
      expect(shown).toContain(words);
  });

  it("draws no panel over numbers that are not known, and nothing but infinite ones", () => {
    const point = { name: "full", steps: 3, tokens: null, perplexity: Infinity };
    const chart = charts.pruningCurve({ path: [point, { ...point, steps: 2 }], draws: [point] });
    const svg = charts.renderSvg(chart);
    expect(texts(svg)).not.toContain("tokens left in the steps");
    expect(svg).not.toMatch(/NaN|Infinity|undefined|⚠/);
    expect(chart.table.rows[0]).toEqual(["full", "3", "–", "∞", "–"]);
  });

  it("counts samples in tenths, those without a saving apart", () => {
    const shares = [-0.1, 0, 0.05, 0.1, 0.1001, 0.3, 0.95, 1];
    const chart = charts.tokensSavedChart(shares.map((saved) => ({ saved, ratio: 1 })));
    expect(chart.table.rows).toEqual([
      ["nothing", "2", "25%"],
      ["up to 10%", "2", "25%"],
      ["more than 10%, up to 20%", "1", "13%"],
      ["more than 20%, up to 30%", "1", "13%"],
      ["more than 90%, up to 100%", "2", "25%"],
    ]);
    expect(chart.summary).toContain("2 did not become shorter");
  });

  it("gives every sample one bar", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1 }), (shares) => {
        const { table } = charts.tokensSavedChart(shares.map((saved) => ({ saved, ratio: null })));
        expect(table.rows.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(shares.length);
      }),
    );
  });
});

/**
 * The page of `surprisal bench-uncertainty` in a real browser: axe-core finds no fault, and the table can be read at any width. Needs
 * a Chromium, as html.browser.test.ts does.
 */
import { existsSync } from "node:fs";
import axe from "axe-core";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { benchPage } from "../src/report/bench/page.ts";
import type { BenchView } from "../src/report/bench/view.ts";
import { benchMethods } from "../src/uncertainty/index.ts";
import { needing } from "./needing.ts";

const executablePath = [
  process.env.SURPRISAL_CHROMIUM,
  ...["chromium", "chromium-browser", "google-chrome"].map((name) => `/usr/bin/${name}`),
].find((path) => path && existsSync(path));

const ATTACK = "</script><img src=x onerror='window.harmed=1'>";

const correct = Array.from({ length: 40 }, (_, i) => i % 2 === 0);
const view: BenchView = {
  title: ATTACK,
  model: ATTACK,
  sections: [
    {
      name: ATTACK,
      benched: benchMethods(
        {
          methods: {
            "pairwise-disagreement/rouge-l": correct.map((right, i) => (right ? i : i + 5)),
            [ATTACK]: correct.map((_, i) => (i * 7) % 11),
          },
          correct,
        },
        { resamples: 20, folds: 2 },
      ),
    },
  ],
  ...{ families: { [ATTACK]: "own" }, prices: {}, details: [["file", ATTACK]], notes: [ATTACK] },
};

needing(!executablePath && "needs a Chromium").describe("the page of a benchmark", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: executablePath!,
      args: ["--no-sandbox"],
      headless: true,
    });
  });
  afterAll(() => browser?.close());

  it.each([
    ["light", { colorScheme: "light" }],
    ["dark", { colorScheme: "dark" }],
    ["narrow", { viewport: { width: 360, height: 740 } }],
    ["high contrast", { forcedColors: "active" }],
  ] as const)("can be read, and runs nothing: %s", async (_, options) => {
    const page = await browser.newPage({ viewport: { width: 1100, height: 800 }, ...options });
    await page.setContent(benchPage(view));
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate<{ violations: { id: string }[] }>(
      "axe.run(document, { resultTypes: ['violations'] })",
    );
    expect(violations.map(({ id }) => id)).toEqual([]);
    expect(await page.evaluate("window.harmed")).toBeUndefined();
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    // Headings stand in one line, and so do numbers: the table scrolls by itself where it is too wide.
    const lines = await page.evaluate<
      number[]
    >(`[...document.querySelectorAll("table.top thead th")].map((cell) => {
      const range = document.createRange();
      range.selectNodeContents(cell);
      return range.getClientRects().length;
    })`);
    expect(lines).toEqual(lines.map(() => 1));
    expect(lines.length).toBe(8);
    await page.close();
  });
});

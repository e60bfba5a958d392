/**
 * The pages of refining in a real browser: no script of a text runs, samples open and can be put into another order, axe-core finds no
 * fault. Needs a Chromium, as html.browser.test.ts does.
 */
import { existsSync } from "node:fs";
import axe from "axe-core";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { RefineReport } from "../src/refine/index.ts";
import { refinePage } from "../src/report/refine-page/index.ts";
import { needing } from "./needing.ts";
import { datasetReport, demonstrationReport, refinedSample, sampleReport } from "./refine-report.ts";

const executablePath = [
  process.env.SURPRISAL_CHROMIUM,
  ...["chromium", "chromium-browser", "google-chrome"].map((name) => `/usr/bin/${name}`),
].find((path) => path && existsSync(path));

const ATTACK =
  "</script><script>window.harmed=1</script><img src=x onerror='window.harmed=1'>\u202e &amp; 日本語 שלום 🦔\u0007";

const REPORTS: [string, (name: string) => RefineReport][] = [
  ["one sample", sampleReport],
  ["a data set", datasetReport],
  ["demonstrations", demonstrationReport],
];

needing(!executablePath && "needs a Chromium").describe("the page of a refinement", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: executablePath!,
      args: ["--no-sandbox"],
      headless: true,
    });
  });
  afterAll(() => browser?.close());

  async function open(html: string, options: object = {}) {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
    const [requests, errors]: [string[], string[]] = [[], []];
    page.on("request", (request) => requests.push(request.url()));
    page.on("pageerror", (error) => errors.push(error.message));
    page.on("console", (message) => errors.push(message.text()));
    await page.setContent(html);
    return { page, requests, errors };
  }

  it.each(REPORTS)(
    "runs no script of a text, obeys no control of it, asks for nothing: %s",
    async (_, of) => {
      const html = refinePage(of(ATTACK));
      expect(html).not.toMatch(/\u202e|\u0007/);
      const { page, requests, errors } = await open(html);
      expect(await page.evaluate("window.harmed")).toBeUndefined();
      expect(await page.evaluate("document.images.length")).toBe(0);
      expect([requests, errors]).toEqual([[], []]);
      await page.close();
    },
  );

  const modes: [string, object][] = [
    ["light", { colorScheme: "light" }],
    ["dark", { colorScheme: "dark" }],
    ["narrow", { viewport: { width: 360, height: 740 } }],
    ["high contrast", { forcedColors: "active" }],
  ];
  it.each(
    REPORTS.flatMap(([name, of]) => modes.map(([mode, options]) => [name, mode, of, options] as const)),
  )("has no fault that axe-core finds: %s, %s", async (_, __, of, options) => {
    const { page, errors } = await open(refinePage(of("Name")), options);
    await page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true })");
    await page.evaluate(axe.source);
    const { violations, passes } = await page.evaluate<{
      violations: { id: string; nodes: { html: string }[] }[];
      passes: unknown[];
    }>("axe.run(document, { resultTypes: ['violations'] })");
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html).slice(0, 3)])).toEqual([]);
    expect(passes.length).toBeGreaterThan(20);
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    expect(errors).toEqual([]);
    await page.close();
  });

  it("opens a sample from the keyboard, and puts samples into another order", async () => {
    const better = { ...refinedSample("Better", 4), tokens: { before: 100, after: 20 }, rounds: [] };
    const { page } = await open(refinePage(datasetReport("Name", [better])));
    const names = () =>
      page.evaluate<string[]>(
        "[...document.querySelectorAll('.sample .name')].map((name) => name.textContent)",
      );
    expect(await names()).toEqual([
      "Name · Name.jsonl:1 with a warning",
      "2 · Name.jsonl:2",
      "Better · Better.jsonl:5 with a warning",
    ]);
    await page.selectOption("#order", "saved");
    expect((await names()).map((name) => name.split(" ")[0])).toEqual(["Better", "Name", "2"]);
    await page.selectOption("#order", "index");
    expect((await names()).map((name) => name.split(" ")[0])).toEqual(["Name", "2", "Better"]);
    await page.focus("#s-0 > summary");
    await page.keyboard.press("Enter");
    expect(await page.evaluate("document.querySelector('#s-0').open")).toBe(true);
    expect(await page.locator("#s-0 .chain > li").count()).toBe(4);
    // What was taken out is struck out, what stands there now is marked: neither is said by colour alone.
    expect(await page.locator("#s-0 del").allTextContents()).toEqual([
      "A week has 7 days, says Name.",
      "40-4=36",
      "36*3/4=27",
    ]);
    expect(await page.locator("#s-0 ins").allTextContents()).toEqual(["(40-4)*3/4=27"]);
    await page.close();
  });

  it("draws bars from 0: to the right where a step is needed, to the left where the chain is better without", async () => {
    const { page } = await open(refinePage(sampleReport("Name")));
    const bars = await page.evaluate<{ left: number; right: number; zero: number }[]>(
      `[...document.querySelectorAll(".weigh .bar")].map((bar) => {
        const zero = bar.parentElement.querySelector(".zero").getBoundingClientRect().left;
        const { left, right } = bar.getBoundingClientRect();
        return { left, right, zero };
      })`,
    );
    expect(bars.length).toBe(3); // the merged one has no number
    const [without, needed, infinite] = bars as [(typeof bars)[0], (typeof bars)[0], (typeof bars)[0]];
    expect(without.right).toBeCloseTo(without.zero, 0);
    expect(needed.left).toBeCloseTo(needed.zero, 0);
    // -0.05 beside +0.4; what is infinite is as long as the longest.
    expect((needed.right - needed.left) / (without.right - without.left)).toBeCloseTo(8, 0);
    expect(infinite.right).toBeCloseTo(needed.right, 1);
    await page.close();
  });

  it("is of use without a script", async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.setContent(refinePage(datasetReport("Name")));
    expect(await page.locator("#order").isVisible()).toBe(false);
    await page.click("#s-0 > summary");
    expect(await page.locator("#s-0 .answer").textContent()).toBe("Answer: 27");
    await context.close();
  });
});

/**
 * The page of `surprisal confidence` in a real browser: no script of a text runs, the keyboard reaches every token, axe-core finds no
 * fault. Needs a Chromium, as html.browser.test.ts does.
 */
import { existsSync } from "node:fs";
import axe from "axe-core";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { confidencePage } from "../src/report/confidence/page.ts";
import type { ConfidenceAnswer, ConfidenceView } from "../src/report/index.ts";
import { needing } from "./needing.ts";

const executablePath = [
  process.env.SURPRISAL_CHROMIUM,
  ...["chromium", "chromium-browser", "google-chrome"].map((name) => `/usr/bin/${name}`),
].find((path) => path && existsSync(path));

const ATTACK =
  "</script><script>window.harmed=1</script><img src=x onerror='window.harmed=1'>\u202e &amp; 日本語 🦔\n";

const price = { samples: 0, calls: 0, tokensWritten: 0, tokensRead: 0 };
const answer = (name: string, words: readonly string[]): ConfidenceAnswer => ({
  ...{ id: name, question: `${name}?`.repeat(20), answer: words.join("") },
  ...{
    answerFrom: "written",
    numbersFrom: "written",
    correct: words.length % 2 === 0,
    group: null,
    notes: [name],
  },
  tokens: words.map((text, i) => ({
    ...{ text, logprob: i === 1 ? null : -1.5 * i },
    alternatives: [{ text: name, logprob: -0.5 }],
  })),
  samples: [{ text: name, logprob: -2 }, { text: "b" }, { text: name }],
  clusters: [[0, 2], [1]],
  estimates: [
    {
      ...{ name: "mean-nll", family: "one-pass", method: "mean-nll", variant: "mean", needs: ["logprobs"] },
      ...{ uncertainty: 1.5, confidence: 0.22, price },
    },
    {
      ...{
        name: "mean-token-entropy",
        family: "one-pass",
        method: "mean-token-entropy",
        variant: name,
        needs: [],
      },
      ...{ uncertainty: null, interval: { low: 0.5, high: null }, reason: name, price },
    },
    {
      ...{ name: "verbalised", family: "asking", method: "verbalised", variant: name, needs: ["calls"] },
      ...{ uncertainty: Infinity, confidence: 0, price: { ...price, calls: 1 }, replies: [name] },
    },
  ],
});
const view = (name: string): ConfidenceView => ({
  ...{ title: name, model: name, details: [[name, name]], notes: [name] },
  answers: [answer(name, ["The", " train", " left", ".\n", "Late", " 🦔", name]), answer(name, ["No", "."])],
  ranking: [
    {
      ...{ name: "mean-nll", family: "one-pass", n: 40, right: 20, missing: 0 },
      auroc: { value: 0.7, standardError: 0.05, low: 0.6, high: 0.8 },
      aurc: { value: 0.3, standardError: 0.05, low: 0.2, high: 0.4 },
    },
    {
      ...{ name: "p-true", family: "asking", n: 2, right: 1, missing: 38 },
      auroc: { value: 0.5, standardError: null, low: null, high: null },
      aurc: { value: 0.5, standardError: null, low: null, high: null },
    },
  ],
});

needing(!executablePath && "needs a Chromium").describe("the page of confidences", () => {
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

  it("runs no script of a text, and asks for nothing", async () => {
    const { page, requests, errors } = await open(confidencePage(view(ATTACK)));
    expect(await page.evaluate("window.harmed")).toBeUndefined();
    expect(await page.evaluate("document.images.length")).toBe(0);
    expect(await page.evaluate("document.querySelector('.answer span').tabIndex")).toBe(0); // its own script ran
    expect([requests, errors]).toEqual([[], []]);
    await page.close();
  });

  it.each([
    ["light", { colorScheme: "light" }],
    ["dark", { colorScheme: "dark" }],
    ["narrow", { viewport: { width: 360, height: 740 } }],
    ["high contrast", { forcedColors: "active" }],
  ])("has no fault that axe-core finds: %s", async (_, options) => {
    const { page, errors } = await open(confidencePage(view("Name")), options);
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

  it("has each answer as one stop of the Tab key, with the arrow keys inside, and says what they reach", async () => {
    const { page } = await open(confidencePage(view("Name")));
    const active = () => page.evaluate<string>("document.activeElement.textContent");
    const line = () => page.evaluate<string>("document.querySelector('.token-line').textContent");
    const IN = "document.activeElement.closest('.answer') !== null";
    for (let i = 0; i < 30 && !(await page.evaluate<boolean>(IN)); i++) await page.keyboard.press("Tab");
    expect(await active()).toBe("The");
    await page.keyboard.press("ArrowRight");
    expect([await active(), await line()]).toEqual(["train", "train: no number"]);
    await page.keyboard.press("ArrowRight");
    expect(await line()).toMatch(/^left: 4\.3 bits, 5\.0%\. Likely were: Name 61%$/);
    await page.keyboard.press("End");
    expect(await active()).toBe("Name");
    await page.keyboard.press("ArrowRight");
    expect(await active()).toBe("Name");
    await page.keyboard.press("Tab");
    expect(await page.evaluate<boolean>(IN)).toBe(false);
    await page.close();
  });
});

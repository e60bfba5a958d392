/**
 * The page of `surprisal detect` in a real browser: no script of a text runs, the keyboard reaches every span and token, axe-core
 * finds no fault. Needs a Chromium, as html.browser.test.ts does.
 */
import { existsSync } from "node:fs";
import axe from "axe-core";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { detectionPage } from "../src/report/detect-page/page.ts";
import { detectionView } from "./detect-view.ts";
import { needing } from "./needing.ts";

const executablePath = [
  process.env.SURPRISAL_CHROMIUM,
  ...["chromium", "chromium-browser", "google-chrome"].map((name) => `/usr/bin/${name}`),
].find((path) => path && existsSync(path));

const ATTACK =
  "</script><script>window.harmed=1</script><img src=x onerror='window.harmed=1'>\u202e &amp; 日本語 שלום 🦔\u0007";

needing(!executablePath && "needs a Chromium").describe("the page of what is suspected", () => {
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

  it("runs no script of a text, obeys no control of it, and asks for nothing", async () => {
    const html = detectionPage(detectionView(ATTACK));
    expect(html).not.toMatch(/\u202e|\u0007/);
    const { page, requests, errors } = await open(html);
    await page.evaluate("document.querySelectorAll('.mark, .heat span').forEach((stop) => stop.focus())");
    expect(await page.evaluate("window.harmed")).toBeUndefined();
    expect(await page.evaluate("document.images.length")).toBe(0);
    expect(await page.evaluate("document.querySelector('.mark').tabIndex")).toBe(-1); // its own script ran
    expect([requests, errors]).toEqual([[], []]);
    await page.close();
  });

  it.each([
    ["light", { colorScheme: "light" }],
    ["dark", { colorScheme: "dark" }],
    ["narrow", { viewport: { width: 360, height: 740 } }],
    ["high contrast", { forcedColors: "active" }],
  ])("has no fault that axe-core finds: %s", async (_, options) => {
    const { page, errors } = await open(detectionPage(detectionView("Name")), options);
    await page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true })");
    await page.evaluate("document.querySelectorAll('.mark').forEach((mark) => mark.focus())");
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

  it("lists names of any direction with their bar and number behind them", async () => {
    const view = detectionView("Name");
    const [first] = view.answers;
    const answers = ["Where?", "מה זה?"].map((question) => ({ ...first!, id: null, question }));
    const { page } = await open(detectionPage({ ...view, answers }));
    const places = await page.evaluate<
      [number, number][]
    >(`[...document.querySelectorAll("ol.answers li")].map((item) =>
      [item.querySelector("a").getBoundingClientRect().right, item.querySelector("svg").getBoundingClientRect().left])`);
    expect(places.length).toBe(2);
    for (const [name, bar] of places) expect(name).toBeLessThanOrEqual(bar);
    // A detail that is not known says nothing.
    expect(detectionPage(view)).not.toContain("distance:");
    await page.close();
  });

  it("has the spans of an answer as one stop of the Tab key, with the arrow keys inside, and says their reasons", async () => {
    const { page } = await open(detectionPage(detectionView("Name")));
    const active = () => page.evaluate<string>("document.activeElement.textContent");
    const why = () => page.evaluate<string>("document.querySelector('.why').innerText");
    const IN = "document.activeElement.closest('.suspected') !== null";
    for (let i = 0; i < 40 && !(await page.evaluate<boolean>(IN)); i++) await page.keyboard.press("Tab");
    expect(await active()).toBe("1899 reason 1");
    expect(await why()).toContain("The context says 1889, not 1899 (Name).");
    expect(await why()).toContain("No document makes it likelier.");
    await page.keyboard.press("ArrowRight");
    expect(await active()).toBe("says Name reason 2");
    expect(await why()).toContain("A spike of 14.2 bits");
    await page.keyboard.press("ArrowRight");
    expect(await active()).toBe("says Name reason 2");
    await page.keyboard.press("Home");
    expect(await active()).toBe("1899 reason 1");
    expect(await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")).toBe("solid");
    await page.keyboard.press("Tab");
    expect(await page.evaluate<boolean>(IN)).toBe(false);
    // Its reason leads back to it.
    await page.evaluate("document.querySelector('#why-0-1 .back').focus()");
    await page.keyboard.press("Enter");
    expect(await active()).toBe("says Name reason 2");
    await page.close();
  });

  it("says the lift of each token", async () => {
    const { page } = await open(detectionPage(detectionView("Name")));
    const line = () => page.evaluate<string>("document.querySelector('.token-line').textContent");
    await page.evaluate("document.querySelector('.heat span').focus()");
    expect(await line()).toBe("The: lift +0.1 bits: 1.4 bits without documents, 1.3 with");
    await page.keyboard.press("ArrowRight");
    expect(await line()).toBe("tower: lift +1.4 bits");
    await page.keyboard.press("ArrowRight");
    expect(await line()).toBe("was: no number");
    await page.close();
  });

  it("is of use without a script: spans are links to their reasons", async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.setContent(detectionPage(detectionView("Name")));
    expect(await page.locator("#span-0-0").getAttribute("href")).toBe("#why-0-0");
    expect(await page.locator("#why-0-0").textContent()).toContain("The context says 1889");
    await context.close();
  });
});

/**
 * The HTML page in a real browser: no script of the text runs, nothing is asked from the network, the keyboard
 * reaches every token, and axe-core finds no fault in light, dark or narrow.
 *
 * Needs a Chromium (SURPRISAL_CHROMIUM=path, or where Linux distributions put it); without one it is skipped, with
 * the reason.
 */
import { existsSync, readFileSync } from "node:fs";
import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { scorePage } from "../src/report/score-page/score-page.ts";
import { needing } from "./needing.ts";
import { madeUpView } from "./score-view.ts";

const executablePath = [
  process.env.SURPRISAL_CHROMIUM,
  ...["chromium", "chromium-browser", "google-chrome"].map((name) => `/usr/bin/${name}`),
].find((path) => path && existsSync(path));

const missing = executablePath ? [] : ["a Chromium"];

const DEMO = readFileSync(new URL("../examples/demo.txt", import.meta.url), "utf8");
const ATTACK =
  "</script><script>window.harmed=1</script><img src=x onerror='window.harmed=1'>\u202e &amp; 日本語 🦔\n";

needing(missing.length > 0 && `needs ${missing.join(" and ")}`).describe("the HTML page", () => {
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
    const requests: string[] = [];
    const errors: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    page.on("pageerror", (error) => errors.push(error.message));
    page.on("console", (message) => errors.push(message.text())); // also what the policy refuses
    await page.setContent(html);
    return { page, requests, errors };
  }
  const panel = (page: Page) => page.evaluate<string>("document.getElementById('detail').innerText");
  const active = (page: Page) => page.evaluate<string>("document.activeElement.textContent");
  const tabTo = async (page: Page, inText: string) => {
    for (let i = 0; i < 60 && !(await page.evaluate<boolean>(inText)); i++) await page.keyboard.press("Tab");
    expect(await page.evaluate<boolean>(inText)).toBe(true);
  };
  const IN_TEXT = "document.getElementById('text').contains(document.activeElement)";

  it("runs no script of the text or of a name, and asks for nothing", async () => {
    const view = madeUpView(ATTACK.repeat(3));
    const html = await scorePage({
      ...view,
      title: ATTACK,
      notes: [ATTACK],
      model: { ...view.model, name: ATTACK },
    });
    const { page, requests, errors } = await open(html);
    expect(await page.evaluate("window.harmed")).toBeUndefined();
    expect(await page.evaluate("document.images.length")).toBe(0);
    expect(await page.evaluate("document.scripts.length")).toBe(2);
    expect(await page.evaluate("document.getElementById('detail').hidden")).toBe(false); // its own script ran
    expect(requests).toEqual([]);
    expect(errors).toEqual([]);
    await page.close();
  });

  it.each([
    ["light", { colorScheme: "light" }],
    ["dark", { colorScheme: "dark" }],
    ["narrow", { viewport: { width: 360, height: 740 } }],
    ["narrow and dark", { viewport: { width: 360, height: 740 }, colorScheme: "dark" }],
    ["in between", { viewport: { width: 790, height: 740 } }],
    ["reduced motion, high contrast", { reducedMotion: "reduce", forcedColors: "active" }],
  ])("has no fault that axe-core finds: %s", async (_, options) => {
    // Every shade occurs, and a token without a number.
    const view = madeUpView(DEMO, { bits: (_, i) => (i === 0 ? Number.NaN : i % 18) });
    const { page, errors } = await open(await scorePage({ ...view, title: "demo.txt" }), options);
    expect(errors).toEqual([]);
    await page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true })");
    await page.evaluate(axe.source);
    const { violations, passes } = await page.evaluate<{
      violations: { id: string; nodes: { html: string }[] }[];
      passes: unknown[];
    }>("axe.run(document, { resultTypes: ['violations'] })");
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html).slice(0, 3)])).toEqual([]);
    expect(passes.length).toBeGreaterThan(20);
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    await page.close();
  });

  it("explains the token under the pointer, and goes back to the one in question", async () => {
    const { page } = await open(
      await scorePage(madeUpView("The train left.", { bits: (_, i) => [1, 3, 9, 2][i]! })),
    );
    expect(await panel(page)).toMatch(/^␣left\n/);
    await page.hover("#text span:nth-of-type(2)");
    expect(await panel(page)).toMatch(
      /^␣train\s+token 2 · 3\.0 bits · rank \d+ · entropy \d\.\d bits\s+The model expected\s/,
    );
    await page.hover("h1");
    expect(await panel(page)).toMatch(/^␣left\n/);
    await page.close();
  });

  it("is one stop of the Tab key, with the arrow keys inside, and says what they reach", async () => {
    const { page } = await open(
      await scorePage(madeUpView("The train left.\nIt was late.", { bits: (_, i) => 9 - i })),
    );
    await tabTo(page, IN_TEXT);
    expect(await active(page)).toBe("The");
    await page.keyboard.press("ArrowRight");
    expect(await active(page)).toBe("train");
    expect(await panel(page)).toMatch(/^␣train\n/);
    expect(await page.evaluate("document.getElementById('spoken').textContent")).toMatch(
      /^train: 8\.0 bits\. Expected: ␣?\S+ \d+%/,
    );
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowDown");
    expect(await active(page)).toBe("It");
    await page.keyboard.press("ArrowUp");
    expect(await active(page)).toBe("The");
    await page.keyboard.press("End");
    await page.keyboard.press("ArrowRight");
    expect(await active(page)).toBe(".");
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowLeft");
    expect(await active(page)).toBe("The");
    expect(await page.evaluate("document.querySelectorAll('#text [tabindex]').length")).toBe(1);
    await page.keyboard.press("Tab");
    expect(await page.evaluate<boolean>(IN_TEXT)).toBe(false);
    await page.close();
  });

  it("goes from the table to the token in the text", async () => {
    const { page } = await open(
      await scorePage(madeUpView(DEMO, { bits: (token) => (token === " pangolin" ? 15 : 1) })),
    );
    await page.click(".top tbody tr:first-child a");
    expect(await active(page)).toBe("pangolin");
    await page.close();
  });

  it.each([
    ["a screen", { width: 1280, height: 900 }],
    ["a phone", { width: 360, height: 740 }],
  ])("has each picture once on %s, and its numbers from the keyboard", async (_, viewport) => {
    const { page } = await open(await scorePage(madeUpView(DEMO)), { viewport });
    const pictures = await page.evaluate<{ name: string; inside: boolean }[]>(
      `[...document.querySelectorAll("svg.chart")].filter((svg) => svg.getClientRects().length > 0).map((svg) => ({
          name: document.getElementById(svg.getAttribute("aria-labelledby")).textContent,
          inside: svg.getBoundingClientRect().right <= innerWidth,
        }))`,
    );
    expect(pictures).toEqual(
      ["Surprisal along the text", "How surprising the tokens were", "Calibration by rank"].map((name) => ({
        name,
        inside: true,
      })),
    );
    await page.focus("section:has(> #h-picture-3) summary");
    await page.keyboard.press("Enter");
    expect(await page.evaluate<string>("document.querySelector('details[open] table').innerText")).toMatch(
      /^choice\s+places\s+probability given/,
    );
    await page.close();
  });

  it("draws the pictures in the reader's colours", async () => {
    const html = await scorePage(madeUpView(DEMO));
    const colours = async (options: object) => {
      const { page } = await open(html, options);
      const found = await page.evaluate<string[]>(
        `[getComputedStyle(document.body).color, getComputedStyle(document.querySelector("svg.chart")).fill, getComputedStyle(document.querySelector(".wide .plot rect")).fill]`,
      );
      await page.close();
      return found;
    };
    const [light, dark, forced] = await Promise.all(
      [{ colorScheme: "light" }, { colorScheme: "dark" }, { forcedColors: "active" }].map(colours),
    );
    for (const [text, ofPicture] of [light!, dark!, forced!]) expect(ofPicture).toBe(text);
    expect(dark).not.toContain(light![0]);
    expect(dark![2]).not.toBe(light![2]);
  });

  it("shows everything but the explanations without scripts", async () => {
    const html = await scorePage(madeUpView(DEMO));
    const { page } = await open(html, { javaScriptEnabled: false });
    const text = await page.evaluate<string>("document.getElementById('text').textContent");
    expect(text).toBe(DEMO);
    expect(await page.evaluate("document.getElementById('detail').hidden")).toBe(true);
    expect(await page.evaluate<string>("document.querySelector('#text span:nth-of-type(2)').title")).toMatch(
      /bits$/,
    );
    await page.close();
  });

  it("stays usable with twenty thousand tokens", async () => {
    const { page } = await open(await scorePage(madeUpView(DEMO.repeat(90))));
    expect(await page.evaluate<number>("document.querySelectorAll('#text span').length")).toBeGreaterThan(
      19_000,
    );
    await page.evaluate("document.querySelector('#text span').focus()");
    await page.evaluate("document.querySelectorAll('#text span')[10000].click()");
    const before = await active(page);
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowLeft");
    expect(await active(page)).toBe(before);
    await page.keyboard.press("ArrowDown");
    expect(await page.evaluate<boolean>(IN_TEXT)).toBe(true);
    await page.close();
  });
});

/**
 * core/ as it is published, in a real browser: plain ES modules over loopback, no bundler, no polyfill.
 *
 * Needs a Chromium (SURPRISAL_CHROMIUM=path, or where Linux distributions put it) and `npm run build`; without them
 * it is skipped, with the reason.
 */
import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import type * as Core from "../src/core/index.ts";
import { needing } from "./needing.ts";

const dist = new URL("../dist/", import.meta.url);
const executablePath = [
  process.env.SURPRISAL_CHROMIUM,
  ...["chromium", "chromium-browser", "google-chrome"].map((name) => `/usr/bin/${name}`),
].find((path) => path && existsSync(path));

const missing = [
  ...(executablePath ? [] : ["a Chromium"]),
  ...(existsSync(new URL("core/index.js", dist)) ? [] : ["`npm run build`"]),
];

/** What runs in the page: one perplexity, a row through the kernel, a plan, an error. */
async function measure(core: typeof Core, logits: number[], facts: Core.RecipeFacts) {
  const kernel = await core.LogitKernel.create(logits.length, 3);
  kernel.row.set(logits);
  kernel.analyse(7, 3);
  const recipe = core.resolveRecipe("cached", {}, facts);
  let code: string | undefined;
  try {
    core.entropy([0.5, 0.4]);
  } catch (error) {
    if (core.SurprisalError.isInstance(error)) code = error.code;
  }
  return {
    perplexity: core.perplexity([Math.log(0.5), null, Math.log(0.125)]),
    entropy: core.entropy([0.5, 0.25, 0.25]),
    standardError: core.blockBootstrap([-1, -2, -3, -4, -5])?.standardError,
    kernel: [kernel.logprob, kernel.entropy, kernel.rank, ...kernel.topIds],
    recipe: recipe.id,
    tokensRun: core.tokensRun(core.planFor(recipe, 10_000, facts)),
    code,
  };
}

needing(missing.length > 0 && `needs ${missing.join(" and ")}`).describe("core/ in a browser", () => {
  let server: Server;
  let browser: Browser;
  let page: Page;
  const asked: string[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      const path = request.url ?? "/";
      asked.push(path);
      const script = /^\/(?:core\/)[\w/-]+\.js$/.test(path) && existsSync(new URL(`.${path}`, dist));
      if (!script && path !== "/") return response.writeHead(404).end();
      response.setHeader("content-type", script ? "text/javascript" : "text/html");
      response.end(script ? readFileSync(new URL(`.${path}`, dist)) : "<!doctype html><title>core</title>");
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    browser = await chromium.launch({ executablePath: executablePath!, args: ["--no-sandbox"] });
    page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  it("gives the numbers that Node gives, and asks for nothing outside core/", async () => {
    const logits = Array.from({ length: 1000 }, (_, i) => Math.fround(8 * Math.sin(i * i)));
    const facts = { trainedContext: 8192, bos: 1, eos: 2, addsBos: false, canShift: true };
    const core = await import(new URL("core/index.js", dist).href);
    const there = await page.evaluate<unknown>(
      `import("/core/index.js").then((core) =>
          (${measure})(core, ${JSON.stringify(logits)}, ${JSON.stringify(facts)}))`,
    );
    expect(there).toEqual(await measure(core, logits, facts));
    expect(there).toMatchObject({
      perplexity: expect.closeTo(4, 12),
      entropy: expect.closeTo(1.5 * Math.LN2, 12),
      recipe: "f78621f5",
      tokensRun: 9999,
      code: "INVALID_ARGUMENT",
    });
    expect(asked).toContain("/core/kernel/index.js");
    expect(asked.filter((path) => !/^\/(core\/.*|favicon\.ico)?$/.test(path))).toEqual([]);
  });
});

/**
 * The pictures in a real browser: the page asks for nothing and runs nothing, axe-core finds no fault in light, dark
 * or narrow, the files are well-formed XML, and drawing in the browser gives the bytes that Node gives.
 *
 * Needs a Chromium (SURPRISAL_CHROMIUM=path, or where Linux distributions put it); the last test also
 * `npm run build`. Without them they are skipped, with the reason.
 */
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import * as Plot from "@observablehq/plot";
import axe from "axe-core";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { capabilityMap, renderSvg, surprisalAlong } from "../src/charts/server.ts";
import { renderPage } from "../src/report/page/sections.ts";
import { everySection, madeUpLogprobs, madeUpMap } from "./chart-data.ts";
import { needing } from "./needing.ts";

const dist = new URL("../dist/", import.meta.url);
const modules = new URL("../node_modules/", import.meta.url);
const executablePath = [
  process.env.SURPRISAL_CHROMIUM,
  ...["chromium", "chromium-browser", "google-chrome"].map((name) => `/usr/bin/${name}`),
].find((path) => path && existsSync(path));
const missing = executablePath ? [] : ["a Chromium"];
const built = existsSync(new URL("charts/index.js", dist));

const HOSTILE = `</script></title></style><script>window.harmed=1</script><img src=x onerror="window.harmed=1">&\u202e\0`;

needing(missing.length > 0 && `needs ${missing.join(" and ")}`).describe("pictures in a browser", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: executablePath!, args: ["--no-sandbox"] });
  });
  afterAll(() => browser?.close());

  async function open(html: string, options: object = {}) {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
    const requests: string[] = [];
    const errors: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    page.on("pageerror", (error) => errors.push(error.message));
    page.on("console", (message) => errors.push(message.text()));
    await page.setContent(html);
    return { page, requests, errors };
  }

  const sections = [
    ...everySection(),
    { heading: "A large map", chart: capabilityMap(madeUpMap(12, 40, 0.1)) },
    { heading: "An empty one", chart: capabilityMap([]) },
  ];

  it.each([
    ["light", { colorScheme: "light" }],
    ["dark", { colorScheme: "dark" }],
    ["narrow", { viewport: { width: 360, height: 740 } }],
    ["narrow and dark", { viewport: { width: 360, height: 740 }, colorScheme: "dark" }],
    ["high contrast", { forcedColors: "active" }],
    ["in between", { viewport: { width: 790, height: 740 } }],
  ])("have no fault that axe-core finds, and no sideways scrolling: %s", async (_, options) => {
    const { page, requests, errors } = await open(renderPage("Evaluation", sections, "Made up."), options);
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    expect(
      await page.evaluate(
        "[...document.querySelectorAll('svg.chart')].filter((svg) => svg.getClientRects().length > 0).length",
      ),
    ).toBe(23);
    expect(requests).toEqual([]);
    expect(errors).toEqual([]);
    await page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true })");
    await page.evaluate(axe.source);
    const { violations, passes } = await page.evaluate<{
      violations: { id: string; nodes: { html: string }[] }[];
      passes: unknown[];
    }>("axe.run(document, { resultTypes: ['violations'] })");
    expect(
      violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html.slice(0, 200)).slice(0, 3)]),
    ).toEqual([]);
    expect(passes.length).toBeGreaterThan(15);
    await page.close();
  });

  it("run nothing that a name brings, inside a page and as a file", async () => {
    const charts = [
      capabilityMap([{ model: HOSTILE, domain: HOSTILE, bitsPerByte: 1 }]),
      surprisalAlong({ logprobs: madeUpLogprobs(30), name: HOSTILE }),
    ];
    const html = renderPage(HOSTILE, [
      ...charts.map((chart) => ({ chart })),
      {
        heading: HOSTILE,
        text: HOSTILE,
        details: [[HOSTILE, HOSTILE]],
        table: { columns: [HOSTILE], rows: [[HOSTILE]] },
      },
    ]);
    const { page, requests, errors } = await open(html);
    const harm = "[window.harmed, document.images.length, document.scripts.length]";
    expect(await page.evaluate(harm)).toEqual([undefined, 0, 0]);
    for (const chart of charts) {
      const file = await open(renderSvg(chart));
      expect(await file.page.evaluate(harm)).toEqual([undefined, 0, 0]);
      expect([...file.requests, ...file.errors]).toEqual([]);
      await file.page.close();
    }
    expect(requests).toEqual([]);
    expect(errors).toEqual([]);
    await page.close();
  });

  it("are well-formed XML", async () => {
    const { page } = await open("<title>x</title>");
    for (const { chart } of [...sections, { chart: surprisalAlong({ logprobs: [-1, -2], name: HOSTILE }) }]) {
      if (!chart) continue;
      const root = await page.evaluate<string>(
        `new DOMParser().parseFromString(${JSON.stringify(renderSvg(chart))}, "image/svg+xml").documentElement.nodeName`,
      );
      expect(root).toBe("svg");
    }
    await page.close();
  });

  needing(!built && "needs npm run build").it("come out the same when drawn there", async () => {
    // No bundler: Plot's own bundle as a script, and a module that hands its names on.
    const names = Object.keys(Plot).join(", ");
    const umd = (name: string) => readFileSync(fileURLToPath(new URL(name, modules)), "utf8");
    const files: Record<string, string> = {
      "/": `<!doctype html><title>x</title><script type="importmap">{"imports":{"@observablehq/plot":"/plot.js"}}</script><script src="/d3.js"></script><script src="/plot.umd.js"></script>`,
      "/d3.js": umd("d3/dist/d3.min.js"),
      "/plot.umd.js": umd("@observablehq/plot/dist/plot.umd.min.js"),
      "/plot.js": `export const { ${names} } = globalThis.Plot;`,
    };
    const server = createServer((request, response) => {
      const path = request.url ?? "/";
      const script =
        /^\/(?:core|charts|text)\/[\w/-]+\.js$/.test(path) && existsSync(new URL(`.${path}`, dist));
      const body = script ? readFileSync(new URL(`.${path}`, dist), "utf8") : files[path];
      if (body === undefined) return response.writeHead(404).end();
      response
        .setHeader(
          "content-type",
          path === "/" ? "text/html; charset=utf-8" : "text/javascript; charset=utf-8",
        )
        .end(body);
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    try {
      // Plot moves lines by half a pixel on coarse screens, and not in Node.
      const page = await browser.newPage({ deviceScaleFactor: 2 });
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      const cells = madeUpMap(3, 5);
      const logprobs = [...madeUpLogprobs(1500)];
      const there = await page.evaluate<string[]>(
        `import("/charts/index.js").then((charts) => [
            charts.renderSvg(charts.capabilityMap(${JSON.stringify(cells)})),
            charts.renderSvg(charts.surprisalAlong({ logprobs: ${JSON.stringify(logprobs)} })),
          ])`,
      );
      const built = await import(new URL("charts/server.js", dist).href);
      expect(there).toEqual([
        built.renderSvg(built.capabilityMap(cells)),
        built.renderSvg(built.surprisalAlong({ logprobs })),
      ]);
      await page.close();
    } finally {
      server.close();
    }
  });
});

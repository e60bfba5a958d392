import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { everySection, madeUpLogprobs } from "../../../test/chart-data.ts";
import { capabilityMap, convergence, surprisalAlong, surprisalDistribution } from "../../charts/server.ts";
import { renderPage } from "./sections.ts";

const HOSTILE = `</script></title><script>window.harmed=1</script><img src=x onerror="window.harmed=1">&\u202e\u0000\ud800"'日本語`;

it("is the same bytes every time", () => {
  const page = () => renderPage("t", everySection());
  expect(page()).toBe(page());
});

it("takes any name for text", () => {
  const logprobs = madeUpLogprobs(50);
  const charts = [
    surprisalAlong({ logprobs, name: HOSTILE }),
    surprisalDistribution([{ name: HOSTILE, logprobs }]),
    capabilityMap([{ model: HOSTILE, domain: HOSTILE, bitsPerByte: 1 }]),
    convergence([{ name: HOSTILE, logprobs }]),
  ];
  const page = renderPage(
    HOSTILE,
    [
      ...charts.map((chart) => ({ chart })),
      {
        heading: HOSTILE,
        text: HOSTILE,
        details: [[HOSTILE, HOSTILE]],
        table: { columns: [HOSTILE], rows: [[HOSTILE]] },
      },
    ],
    HOSTILE,
  );
  expect(page).not.toMatch(/<script|<img|\u202e|\0/);
});

it("has no table where there are no numbers", () => {
  const empty = [surprisalDistribution([]), capabilityMap([]), convergence([])];
  expect(
    renderPage(
      "t",
      empty.map((chart) => ({ chart })),
    ),
  ).not.toContain("<table>");
});

it("has a style sheet that its policy knows, and lets no script run", () => {
  const page = renderPage("t", everySection());
  const [, style] = /<style>([\s\S]*?)<\/style>/.exec(page)!;
  const hash = createHash("sha256").update(style!).digest("base64");
  expect(page).toContain(`default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'`);
});

/** What may come, and how probably: bars of shares, one panel for each question. */
import { axisX, axisY, barX, gridX, type PlotOptions, text } from "@observablehq/plot";
import { formatProbability, visible } from "../text/index.ts";
import { type Chart, emptyChart, FONT_SIZE, NARROW } from "./chart.ts";
import { cutToPixels } from "./pixels.ts";
import type { Colours } from "./theme.ts";

/** One question and its shares. */
export interface SharesPanel {
  name: string;
  /** Beside its name: entropy, choices. */
  note?: string | undefined;
  /** In the order they are drawn; each 0 ... 1. */
  shares: readonly { name: string; share: number }[];
}

/** What `sharesChart` draws. */
export interface SharesInput {
  title: string;
  /** What there is to see: the caption. */
  summary: string;
  panels: readonly SharesPanel[];
  /** What a bar is. Default "a token that may come". */
  what?: string | undefined;
}

/** The bar of what is not listed. */
const REST = "all others";

/** Shares side by side, all on one scale. */
export function sharesChart({ title, summary, panels, what = "a token that may come" }: SharesInput): Chart {
  const columns = ["of", "what", "share"];
  const drawn = panels.map(({ name, note, shares }) => {
    const listed = shares.reduce((sum, { share }) => sum + share, 0);
    const rows = shares.map((each) => ({ name: visible(each.name), share: each.share, isRest: false }));
    const left = Math.max(0, 1 - listed);
    return {
      heading: `${visible(name)}${note ? ` (${visible(note)})` : ""}`,
      rows: (left > 1e-4 ? [...rows, { name: REST, share: left, isRest: true }] : rows).map((row, place) => ({
        ...row,
        place,
      })),
    };
  });
  if (drawn.every(({ rows }) => rows.length === 0)) return emptyChart(title, summary, columns);
  const most = Math.max(...drawn.flatMap(({ rows }) => rows.map(({ share }) => share)));
  const first = drawn[0]!.rows.filter(({ isRest }) => !isRest)[0];
  const said = first ? ` ${drawn[0]!.heading}: ${first.name} ${formatProbability(first.share)}.` : "";
  return {
    title,
    summary: summary + said,
    numbers: "",
    table: {
      columns,
      rows: drawn.flatMap(({ heading, rows }) =>
        rows.map(({ name, share }) => [heading, name, formatProbability(share)]),
      ),
    },
    key: [
      { sign: "bar", colour: ({ main }) => main, text: what },
      ...(drawn.some(({ rows }) => rows.some(({ isRest }) => isRest))
        ? [{ sign: "bar" as const, colour: ({ soft }: Colours) => soft, opacity: 0.6, text: REST }]
        : []),
    ],
    draw: ({ width, colours }) =>
      drawn.map(({ heading, rows }) => {
        const left = width < NARROW ? 110 : 170;
        return {
          heading,
          plot: {
            width,
            height: 44 + 20 * Math.max(1, rows.length),
            marginLeft: left,
            marginRight: 52,
            marginTop: 6,
            marginBottom: 34,
            x: { domain: [0, most] },
            y: { type: "band", domain: rows.map(({ place }) => place), padding: 0.2, label: null },
            marks: [
              gridX({ stroke: colours.line, strokeOpacity: 1, ticks: 4 }),
              axisX({ ticks: 4, tickFormat: formatProbability, labelArrow: "none", label: "share" }),
              axisY({
                tickSize: 0,
                label: null,
                tickFormat: (place: number) => cutToPixels(rows[place]!.name, left - 16, FONT_SIZE),
              }),
              barX(rows, {
                x: "share",
                y: "place",
                fill: ({ isRest }: { isRest: boolean }) => (isRest ? colours.soft : colours.main),
                fillOpacity: ({ isRest }: { isRest: boolean }) => (isRest ? 0.6 : 1),
              }),
              text(rows, {
                x: "share",
                y: "place",
                text: ({ share }: { share: number }) => formatProbability(share),
                textAnchor: "start",
                dx: 6,
                fill: colours.ink,
              }),
            ],
          } satisfies PlotOptions,
        };
      }),
  };
}

/** How well methods tell right answers from wrong ones: a dot with its interval each. */
import { axisX, axisY, dot, gridX, link, type PlotOptions, ruleX } from "@observablehq/plot";
import { formatCount, formatNumber, shorten, visible } from "../text/index.ts";
import { type Chart, emptyChart, NARROW } from "./chart.ts";

/** A method and its AUROC. */
export interface RankedRow {
  name: string;
  /** 0 ... 1; 0.5 says nothing. */
  auroc: number;
  /** Ends of its interval; `null`: none. */
  low: number | null;
  high: number | null;
  /** Answers it was measured on. */
  n: number;
}

/** AUROC of methods with their intervals, in the order given. */
export function rankingChart(given: readonly RankedRow[], level: number = 0.95): Chart {
  const title = "Which methods tell right from wrong";
  const interval = `${Math.round(100 * level)}% interval`;
  const columns = ["method", "AUROC", interval, "answers"];
  const rows = given.map((row, place) => ({ ...row, place, name: visible(row.name) }));
  const [first] = rows;
  if (first === undefined)
    return emptyChart(title, "No method has numbers of answers that have labels.", columns);
  const bounded = rows.filter(({ low, high }) => low !== null && high !== null);
  const useful = rows.filter(({ low }) => low !== null && low > 0.5).length;
  const least = Math.min(0.5, ...rows.flatMap(({ auroc, low }) => [auroc, low ?? auroc]));
  return {
    title,
    summary: `Best is ${first.name} with ${formatNumber(first.auroc, 3)}. Of ${formatCount(rows.length)}, ${formatCount(useful)} ${useful === 1 ? "has an interval" : "have intervals"} above 0.5, which is what chance gives.`,
    numbers: "",
    table: {
      columns,
      rows: rows.map(({ name, auroc, low, high, n }) => [
        name,
        formatNumber(auroc, 3),
        low === null || high === null ? "–" : `${formatNumber(low, 3)} to ${formatNumber(high, 3)}`,
        formatCount(n),
      ]),
    },
    key: [
      { sign: "circle", colour: ({ main }) => main, text: "AUROC" },
      { sign: "bar", colour: ({ soft }) => soft, opacity: 0.5, text: interval },
    ],
    draw({ width, colours }) {
      const narrow = width < NARROW;
      return [
        {
          plot: {
            width,
            height: 60 + 22 * Math.max(2, rows.length),
            marginLeft: narrow ? 140 : 240,
            marginRight: 16,
            marginTop: 12,
            marginBottom: 40,
            x: { domain: [least, 1] },
            y: { type: "point", domain: rows.map(({ place }) => place), padding: 0.5, label: null },
            marks: [
              gridX({ stroke: colours.line, strokeOpacity: 1, ticks: 5 }),
              axisX({ ticks: narrow ? 4 : 6, labelArrow: "none", label: "AUROC" }),
              axisY({
                tickSize: 0,
                label: null,
                tickFormat: (place: number) => shorten(rows[place]!.name, narrow ? 18 : 34),
              }),
              ruleX([0.5], { stroke: colours.ink, strokeDasharray: "6 4" }),
              link(bounded, {
                ...{ x1: "low", x2: "high", y1: "place", y2: "place" },
                ...{ stroke: colours.soft, strokeOpacity: 0.5, strokeWidth: 8 },
              }),
              dot(rows, { x: "auroc", y: "place", r: 4, fill: colours.main }),
            ],
          } satisfies PlotOptions,
        },
      ];
    },
  };
}

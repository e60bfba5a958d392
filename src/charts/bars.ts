/** Numbers of a few named things as bars, in the order given. */
import { axisX, axisY, gridX, link, type PlotOptions, text } from "@observablehq/plot";
import { shorten, visible } from "../text/index.ts";
import { type Chart, emptyChart, NARROW } from "./chart.ts";

/** A named number. */
interface Bar {
  name: string;
  /** 0 or more. */
  value: number;
  /** As it is shown; default: two decimals. */
  label?: string | undefined;
  /** Stands out among the others. */
  own?: boolean | undefined;
}

/** What `barsChart` draws. */
interface BarsInput {
  title: string;
  /** What there is to see. */
  summary: string;
  /** Of the axis, such as "bits per byte". */
  unit: string;
  bars: readonly Bar[];
}

/** Bars from 0, each with its number behind. */
export function barsChart({ title, summary, unit, bars }: BarsInput): Chart {
  const rows = bars.map(({ name, value, label = value.toFixed(2), own }, place) => ({
    ...{ name: visible(name), value, label, own, place, zero: 0 },
  }));
  const columns = ["", unit];
  if (rows.length === 0) return emptyChart(title, summary, columns);
  return {
    title,
    summary,
    numbers: "",
    table: { columns, rows: rows.map(({ name, label }) => [name, label]) },
    key: [],
    draw({ width, colours }) {
      const narrow = width < NARROW;
      return [
        {
          plot: {
            width,
            height: 46 + 24 * rows.length,
            marginLeft: narrow ? 128 : 200,
            marginRight: 64,
            marginTop: 6,
            marginBottom: 40,
            x: { domain: [0, Math.max(1e-9, ...rows.map(({ value }) => value))] },
            y: { type: "point", domain: rows.map(({ place }) => place), padding: 0.5, label: null },
            marks: [
              gridX({ stroke: colours.line, strokeOpacity: 1, ticks: 4 }),
              axisX({ ticks: narrow ? 3 : 5, labelArrow: "none", label: unit }),
              axisY({
                tickSize: 0,
                label: null,
                tickFormat: (place: number) => shorten(rows[place]!.name, narrow ? 17 : 28),
              }),
              link(rows, {
                ...{ x1: "zero", x2: "value", y1: "place", y2: "place", strokeWidth: 13 },
                ...{ strokeLinecap: "butt", stroke: (row) => (row.own ? colours.accent : colours.main) },
              }),
              text(rows, {
                x: "value",
                y: "place",
                text: "label",
                textAnchor: "start",
                dx: 5,
                fill: colours.ink,
              }),
            ],
          } satisfies PlotOptions,
        },
      ];
    },
  };
}

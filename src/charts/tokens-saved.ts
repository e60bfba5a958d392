/** How much shorter the samples of a data set became, and what that did to their perplexity. */
import { axisX, axisY, dot, gridX, gridY, type PlotOptions, rectY, ruleX, ruleY } from "@observablehq/plot";
import { quantileOf } from "../core/index.ts";
import { formatCount, formatNumber, formatPlural, formatProbability } from "../text/index.ts";
import { boundsOf, LARGEST } from "./bins.ts";
import { type Chart, emptyChart, MOST_POINTS, NARROW, type Panel } from "./chart.ts";
import type { Colours } from "./theme.ts";

/** A sample before and after. */
export interface TokensSaved {
  /** Share of its tokens that went, 0 ... 1; below 0 where it became longer. */
  saved: number;
  /** Perplexity after by before; Infinity at probability 0, `null` = not known. */
  ratio: number | null;
}

/** Samples that kept everything have a bar of their own; the others lie in tenths. */
const TENTHS = 10;

interface Bar {
  from: number;
  to: number;
  samples: number;
  name: string;
}

/** The samples by the share of their tokens that went, and the perplexity of each against that. */
export function tokensSavedChart(samples: readonly TokensSaved[]): Chart {
  const title = "Tokens saved, sample by sample";
  const columns = ["tokens saved", "samples", "share"];
  if (samples.length === 0) return emptyChart(title, "There are no samples.", columns);
  const sorted = Float64Array.from(samples, ({ saved }) => saved).sort();
  const middle = quantileOf(sorted, 0.5);
  const unchanged = samples.filter(({ saved }) => saved <= 0).length;
  const bars = barsOf(samples);
  const shown = bars.filter(({ samples: n }) => n > 0);
  const ratios = Float64Array.from(
    samples.flatMap(({ ratio }) => (ratio === null || Number.isNaN(ratio) ? [] : [ratio])),
  ).sort();
  return {
    title,
    summary: `Of ${formatPlural(samples.length, "sample")} half became at least ${formatProbability(Math.max(0, middle))} shorter; ${formatCount(unchanged)} did not become shorter.`,
    numbers:
      ratios.length > 0
        ? `Perplexity after by before: ${formatNumber(ratios[0])} to ${formatNumber(ratios.at(-1))}, half of them up to ${formatNumber(quantileOf(ratios, 0.5))}.`
        : "",
    table: {
      columns,
      rows: shown.map(({ name, samples: n }) => [
        name,
        formatCount(n),
        formatProbability(n / samples.length),
      ]),
    },
    key: [
      { sign: "bar", colour: ({ main }) => main, text: "samples" },
      { sign: "dashed", colour: ({ ink }) => ink, text: "median" },
      ...(ratios.length > 0
        ? [
            {
              sign: "circle" as const,
              colour: ({ accent }: Colours) => accent,
              text: "perplexity of a sample",
            },
          ]
        : []),
    ],
    draw: ({ width, colours }) => [
      barPanel(bars, middle, width, colours),
      ...(ratios.length > 0 ? [ratioPanel(samples, width, colours)] : []),
    ],
  };
}

/** Its tenth, from 0; the upper end belongs to it. */
const tenthOf = (saved: number): number =>
  Math.min(TENTHS - 1, Math.max(0, Math.ceil(saved * TENTHS - 1e-9) - 1));

function barsOf(samples: readonly TokensSaved[]): Bar[] {
  const none = samples.filter(({ saved }) => saved <= 0).length;
  const tenths = Array.from({ length: TENTHS }, (_, i): Bar => {
    const inside = samples.filter(({ saved }) => saved > 0 && tenthOf(saved) === i);
    return {
      from: i / TENTHS,
      to: (i + 1) / TENTHS,
      samples: inside.length,
      name: `${i === 0 ? "up" : `more than ${10 * i}%, up`} to ${10 * (i + 1)}%`,
    };
  });
  return [{ from: -0.05, to: 0, samples: none, name: "nothing" }, ...tenths];
}

const DOMAIN: [number, number] = [-0.06, 1];
const axes = (width: number) => ({
  width,
  marginLeft: 58,
  marginRight: 24,
  marginTop: 26,
  marginBottom: 42,
  x: { domain: DOMAIN },
});

function barPanel(bars: readonly Bar[], middle: number, width: number, colours: Colours): Panel {
  const most = Math.max(...bars.map(({ samples }) => samples));
  return {
    plot: {
      ...axes(width),
      height: width < NARROW ? 200 : 220,
      y: { domain: [0, most * 1.05] },
      marks: [
        gridY({ stroke: colours.line, strokeOpacity: 1, ticks: Math.min(5, most) }),
        axisX({ ticks: 6, tickFormat: formatProbability, labelArrow: "none", label: "tokens saved" }),
        axisY({
          ticks: Math.min(5, most),
          tickFormat: (value: number) => (Number.isInteger(value) ? formatCount(value) : ""),
          labelArrow: "none",
          label: "samples",
        }),
        rectY(bars, { x1: "from", x2: "to", y: "samples", fill: colours.main, insetLeft: 1, insetRight: 1 }),
        ruleX([Math.max(0, middle)], { stroke: colours.ink, strokeDasharray: "6 4", strokeWidth: 1.5 }),
      ],
    } satisfies PlotOptions,
  };
}

function ratioPanel(samples: readonly TokensSaved[], width: number, colours: Colours): Panel {
  const every = Math.ceil(samples.length / MOST_POINTS);
  const points = samples.filter(({ ratio }, i) => i % every === 0 && ratio !== null && !Number.isNaN(ratio));
  const finite = points.map(({ ratio }) => (ratio! < LARGEST ? ratio : null));
  const [low, high] = boundsOf([...finite, 1])!;
  const pad = Math.max(0.05, 0.08 * (high - low));
  const top = high + pad;
  return {
    plot: {
      ...axes(width),
      height: width < NARROW ? 220 : 260,
      y: { domain: [Math.max(0, low - pad), top] },
      marks: [
        gridX({ stroke: colours.line, strokeOpacity: 1, ticks: 6 }),
        gridY({ stroke: colours.line, strokeOpacity: 1, ticks: 5 }),
        axisX({ ticks: 6, tickFormat: formatProbability, labelArrow: "none", label: "tokens saved" }),
        axisY({
          ticks: 5,
          text: (value: number) =>
            formatNumber(value, 3)
              .replace(/(\.\d*?)0+$/, "$1")
              .replace(/\.$/, ""),
          labelArrow: "none",
          label: "perplexity, times that of the full chain",
        }),
        ruleY([1], { stroke: colours.ink, strokeWidth: 1 }),
        dot(points, {
          x: ({ saved }: TokensSaved) => Math.max(DOMAIN[0] / 2, saved),
          y: ({ ratio }: TokensSaved) => Math.min(top, ratio!),
          r: 3.5,
          fill: colours.accent,
          fillOpacity: 0.65,
        }),
      ],
    } satisfies PlotOptions,
  };
}

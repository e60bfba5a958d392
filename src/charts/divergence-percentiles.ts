/** How far models are from a base model, token by token. */
import { axisX, axisY, dot, gridX, link, type PlotOptions, ruleY } from "@observablehq/plot";
import { formatNumber, inSentence, isNumber, visible } from "../text/index.ts";
import { LARGEST, logTicks } from "./bins.ts";
import { type Chart, emptyChart, FONT_SIZE, type KeySymbol, NARROW } from "./chart.ts";
import { pixelWidth, shortenTogether } from "./pixels.ts";
import type { Colours } from "./theme.ts";

/** How far one model is from the base, token by token. */
export interface ModelDivergence {
  name: string;
  /** KL(base‖model) per token, nats; `null` = not measured. */
  median: number | null;
  p90: number | null;
  p95: number | null;
  p99: number | null;
  p999: number | null;
  max: number | null;
  mean?: number | null | undefined;
}

const POINTS = [
  ["median", "median", "circle"],
  ["p90", "90%", "square"],
  ["p95", "95%", "diamond"],
  ["p99", "99%", "triangle"],
  ["p999", "99.9%", "times"],
  ["max", "max", "ring"],
] as const satisfies readonly (readonly [keyof ModelDivergence, string, KeySymbol])[];

/** Options of `divergencePercentiles`. */
export interface DivergenceOptions {
  /** Name of the base model. */
  base?: string | undefined;
}

/** Plot's name of a sign, its paint and its size. */
function paint(symbol: KeySymbol, colours: Colours, colour: string) {
  if (symbol === "ring")
    return { symbol: "circle", fill: colours.page, stroke: colour, strokeWidth: 2, r: 4.5 } as const;
  if (symbol === "times") return { symbol: "times", stroke: colour, strokeWidth: 2, r: 5 } as const;
  return {
    symbol,
    fill: colour,
    stroke: colours.page,
    strokeWidth: 1,
    r: symbol === "circle" ? 5.5 : 5,
  } as const;
}

/**
 * A row per model: median, 90th, 95th, 99th, 99.9th percentile and the largest divergence, on a logarithmic axis,
 * the closest model (by median) first. Numbers of 0 or below (rounding) stand at the left edge.
 */
export function divergencePercentiles(
  models: readonly ModelDivergence[],
  { base }: DivergenceOptions = {},
): Chart {
  const title =
    base === undefined ? "KL divergence from the base model" : `KL divergence from ${inSentence(base)}`;
  const columns = ["model", ...POINTS.map(([, label]) => label), "mean"];
  const sorted = [...models].sort((a, b) => (a.median ?? Infinity) - (b.median ?? Infinity) || 0);
  const points = sorted.flatMap((model, row) =>
    POINTS.flatMap(([field, label, symbol]) => {
      const value = model[field];
      return isNumber(value) && value < LARGEST ? [{ row, field, label, symbol, value }] : [];
    }),
  );
  const table = {
    columns,
    rows: sorted.map((model) => [
      visible(model.name),
      ...POINTS.map(([field]) => formatNumber(model[field], 3)),
      formatNumber(model.mean, 3),
    ]),
  };
  if (points.length === 0) return { ...emptyChart(title, "No model has a number.", columns), table };

  const most = Math.max(...points.map(({ value }) => value), 1e-9);
  const floor = Math.max(
    most * 1e-9,
    Math.min(most / 10, ...points.map(({ value }) => value).filter((value) => value > 0)) * 0.8,
  );
  const atEdge = points.some(({ value }) => value < floor);
  const medians = sorted.filter(({ median }) => isNumber(median));
  const middle = ({ name, median }: ModelDivergence) =>
    `${inSentence(name)} (median ${formatNumber(median, 2)})`;
  const closest =
    medians.length > 1
      ? `The closest is ${middle(medians[0]!)}, the furthest ${middle(medians.at(-1)!)}.`
      : medians.map((model) => `${middle(model)}.`).join("");
  const infinite = sorted.filter((model) => isNumber(model.max) && model.max >= LARGEST);
  return {
    title,
    summary: `How far each model's next-token probabilities are from those of ${base === undefined ? "the base model" : inSentence(base)}, token by token, in nats (log scale): further left is closer, 0 is the same. ${closest}`,
    numbers: sorted
      .map(
        (model) =>
          `${inSentence(model.name)}: ${POINTS.map(([field, label]) => `${label} ${formatNumber(model[field], 3)}`).join(", ")}.`,
      )
      .join(" "),
    table,
    key: [
      ...POINTS.map(([, text, sign]) => ({
        sign,
        colour: ({ main }: Colours) => main,
        text: text.endsWith("%") ? `${text} of the tokens are below` : text,
      })).map((entry, i) => (i > 1 && i < POINTS.length - 1 ? { ...entry, text: POINTS[i]![1] } : entry)),
      ...(atEdge
        ? [
            {
              sign: "thin" as const,
              colour: ({ ink }: Colours) => ink,
              text: "left edge: 0, or too small to show",
            },
          ]
        : []),
      ...(infinite.length > 0
        ? [
            {
              sign: "thin" as const,
              colour: ({ ink }: Colours) => ink,
              text: "max ∞: not drawn, see the table",
            },
          ]
        : []),
    ],
    draw({ width, colours }) {
      const room = width < NARROW ? 100 : 220;
      const names = shortenTogether(
        sorted.map(({ name }) => name),
        room,
        FONT_SIZE,
      );
      const place = ({ value }: { value: number }) => Math.max(value, floor);
      const ranges = sorted.flatMap((_, row) => {
        const values = points.filter((point) => point.row === row).map(place);
        return values.length > 0 ? [{ row, from: Math.min(...values), to: Math.max(...values) }] : [];
      });
      const rowHeight = 30;
      const ticks = logTicks(floor, most * 1.1, width / 60);
      return [
        {
          plot: {
            width,
            height: 54 + rowHeight * Math.max(sorted.length, 2),
            marginLeft: Math.max(...names.map((name) => pixelWidth(name, FONT_SIZE))) + 14,
            marginRight: 16,
            marginTop: 8,
            marginBottom: 46,
            x: { type: "log", domain: [floor, most * 1.1], label: null },
            y: { type: "point", domain: sorted.map((_, row) => row), label: null, padding: 0.6 },
            marks: [
              gridX({ stroke: colours.line, strokeOpacity: 1, ticks }),
              ruleY(
                sorted.map((_, row) => row),
                { stroke: colours.line },
              ),
              axisX({
                ticks,
                text: shortNumber, // not tickFormat: on a log axis Plot would leave some of them out
                label: "nats per token (log scale)",
                labelAnchor: "right",
              }),
              axisY({ tickSize: 0, tickPadding: 8, tickFormat: (row: number) => names[row]! }),
              link(ranges, {
                x1: "from",
                x2: "to",
                y: "row",
                stroke: colours.main,
                strokeWidth: 2,
                strokeOpacity: 0.6,
              }),
              ...POINTS.map(([field, , symbol]) =>
                dot(
                  points.filter((point) => point.field === field),
                  { x: place, y: "row", ...paint(symbol, colours, colours.main) },
                ),
              ),
            ],
          } satisfies PlotOptions,
        },
      ];
    },
  };
}

/** 0.001, 0.1, 10; 1e-6 for what would be long. */
const shortNumber = (value: number): string =>
  value >= 1e-4 && value < 1e5
    ? String(Number(value.toPrecision(2)))
    : value.toExponential(0).replace("e+", "e");

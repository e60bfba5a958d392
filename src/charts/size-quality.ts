/** Size against quality: which of a model's files are worth choosing among. */
import { axisX, axisY, dot, gridX, gridY, line, link, type PlotOptions, text } from "@observablehq/plot";
import { formatBytes, formatNumber, inSentence, isNumber, visible } from "../text/index.ts";
import { LARGEST, logTicks } from "./bins.ts";
import { type Chart, emptyChart, NARROW } from "./chart.ts";
import { labelsApart } from "./labels.ts";

/** A file of `sizeQuality`. */
export interface SizedModel {
  name: string;
  /** Size of the file, bytes. */
  bytes: number;
  /** Mean KL divergence from the source, nats per token, and its standard error; `null` = not measured. */
  divergence: number | null;
  standardError?: number | null | undefined;
  /** No file that is not larger is nearer to the source. */
  isOnFront: boolean;
}

/** Options of `sizeQuality`. */
export interface SizeQualityOptions {
  /** Name and size of the source, whose divergence is 0. */
  source?: { name: string; bytes: number } | undefined;
}

/** Standard errors to either side of 95 %. */
const Z95 = 1.959964;

/**
 * A point per file: its size, and its mean KL divergence from the source on a logarithmic axis, with the 95 % interval; the
 * Pareto front as a line. Further left is smaller, further down is nearer to the source, which at 0 is not on the picture.
 */
export function sizeQuality(models: readonly SizedModel[], { source }: SizeQualityOptions = {}): Chart {
  const title = "Size against quality";
  const columns = ["file", "size", "KL divergence, nats", "95 %", "on the front"];
  const sorted = models.toSorted((a, b) => a.bytes - b.bytes);
  const points = sorted.flatMap(({ name, bytes, divergence, standardError, isOnFront }) => {
    if (!isNumber(divergence) || divergence <= 0 || divergence > LARGEST) return [];
    // In logarithms: an interval of something above 0 does not reach below it.
    const ratio = isNumber(standardError) ? Math.exp((Z95 * standardError) / divergence) : 1;
    return [
      {
        name: visible(name),
        size: bytes / 1e6,
        value: divergence,
        low: divergence / ratio,
        high: Math.min(LARGEST, divergence * ratio),
        isOnFront,
      },
    ];
  });
  const table = {
    columns,
    rows: sorted.map(({ name, bytes, divergence, isOnFront }) => {
      const point = points.find((one) => one.name === visible(name));
      return [
        visible(name),
        formatBytes(bytes),
        formatNumber(divergence, 3),
        point ? `${formatNumber(point.low, 3)} to ${formatNumber(point.high, 3)}` : "–",
        isOnFront ? "yes" : "no",
      ];
    }),
  };
  if (points.length === 0)
    return { ...emptyChart(title, "No file differs from the source by a number.", columns), table };
  const front = points.filter(({ isOnFront }) => isOnFront);
  const behind = sorted.filter(({ isOnFront }) => !isOnFront);
  const about = source
    ? ` The source, ${inSentence(source.name)} (${formatBytes(source.bytes)}), is at 0.`
    : "";
  return {
    title,
    summary: `How near is a file to its source for its size? Further left is smaller, further down is nearer. On the front, where no smaller file is nearer: ${front.map(({ name }) => inSentence(name)).join(", ")}.${about}`,
    numbers: `${points
      .map(
        ({ name, size, value }) =>
          `${inSentence(name)}: ${formatBytes(size * 1e6)}, ${formatNumber(value, 3)} nats.`,
      )
      .join(
        " ",
      )}${behind.length > 0 ? ` Not on the front: ${behind.map(({ name }) => inSentence(name)).join(", ")}.` : ""}`,
    table,
    key: [
      { sign: "circle", colour: ({ main }) => main, text: "on the front, with the 95 % interval" },
      ...(behind.length > 0
        ? [
            {
              sign: "ring" as const,
              colour: ({ main }: { main: string }) => main,
              text: "a smaller file is nearer",
            },
          ]
        : []),
      { sign: "line", colour: ({ soft }) => soft, text: "Pareto front" },
    ],
    draw({ width, colours }) {
      const narrow = width < NARROW;
      const [height, left, right, top, bottom] = [narrow ? 320 : 380, 62, narrow ? 34 : 48, 26, 44];
      const [low, high] = [
        Math.min(...points.map((point) => point.low)) * 0.7,
        Math.max(...points.map((point) => point.high)) * 1.6,
      ];
      const widest = Math.max(...points.map(({ size }) => size)) * 1.08;
      const ticks = logTicks(low, high, (height - top - bottom) / 45);
      const places = points.map(({ name, size, value }) => ({
        name,
        x: left + (size / widest) * (width - left - right),
        y: top + (Math.log(high / value) / Math.log(high / low)) * (height - top - bottom),
      }));
      const named = {
        x: "size",
        y: "value",
        text: "name",
        fill: colours.ink,
        stroke: colours.page,
        strokeWidth: 4,
      } as const;
      return [
        {
          plot: {
            width,
            height,
            marginLeft: left,
            marginRight: right,
            marginTop: top,
            marginBottom: bottom,
            x: { domain: [0, widest] },
            y: { type: "log", domain: [low, high] },
            marks: [
              gridX({ stroke: colours.line, strokeOpacity: 1, ticks: narrow ? 4 : 7 }),
              gridY({ stroke: colours.line, strokeOpacity: 1, ticks }),
              axisX({ ticks: narrow ? 4 : 7, labelArrow: "none", label: "size of the file, MB" }),
              axisY({ ticks, text: short, labelArrow: "none", label: "KL divergence, nats (log scale)" }),
              line(front, { x: "size", y: "value", stroke: colours.soft, strokeWidth: 2 }),
              link(points, { x: "size", y1: "low", y2: "high", stroke: colours.main, strokeWidth: 2 }),
              dot(
                points.filter(({ isOnFront }) => !isOnFront),
                { x: "size", y: "value", r: 5, fill: colours.page, stroke: colours.main, strokeWidth: 2 },
              ),
              dot(front, {
                x: "size",
                y: "value",
                r: 5.5,
                fill: colours.main,
                stroke: colours.page,
                strokeWidth: 1,
              }),
              ...labelsApart(places).map((dy, i) => text([points[i]!], { ...named, dy })),
            ],
          } satisfies PlotOptions,
        },
      ];
    },
  };
}

/** 0.001, 0.1, 10; 1e-6 for what would be long. */
const short = (value: number): string =>
  value >= 1e-4 && value < 1e5
    ? String(Number(value.toPrecision(2)))
    : value.toExponential(0).replace("e+", "e");

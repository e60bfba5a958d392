/** Whether claims come true: reliability over confidence, and accuracy over perplexity. */
import { axisX, axisY, dot, gridY, line, link, type PlotOptions, rectY, ruleY } from "@observablehq/plot";
import { formatCount, formatNumber, formatPlural, formatProbability, visible } from "../text/index.ts";
import { LARGEST, logTicks } from "./bins.ts";
import { type Chart, emptyChart, NARROW } from "./chart.ts";

/** One bin of answers. */
export interface ReliabilityChartBin {
  /** Bounds, in the unit of what is binned. */
  low: number;
  high: number;
  /** Answers in it. */
  count: number;
  /** Share right, and the ends of its interval, 0 ... 1. */
  accuracy: number;
  accuracyLow: number;
  accuracyHigh: number;
  /** Mean confidence; `null` where none was given. */
  confidence: number | null;
}

/** What `reliabilityDiagram` draws; `reliability` of surprisal/calibrate gives it. */
export interface ReliabilityDiagramInput {
  /** Bins of confidence that hold an answer. */
  bins: readonly ReliabilityChartBin[];
  /** The isotonic curve: accuracy of each block of confidence. Left out: not drawn. */
  corp?: readonly { low: number; high: number; accuracy: number }[] | undefined;
  /** Coverage of the intervals. Default 0.95. */
  level?: number | undefined;
  /** In the place of "Reliability". */
  title?: string | undefined;
}

/**
 * Accuracy by confidence, each bin with its interval, the isotonic curve, and below how the confidences are spread. Dots below
 * the diagonal: over-confident; above: under-confident.
 */
export function reliabilityDiagram({
  bins,
  corp = [],
  level = 0.95,
  ...given
}: ReliabilityDiagramInput): Chart {
  const title = visible(given.title ?? "Reliability");
  const interval = `${Math.round(100 * level)}% interval`;
  const columns = ["confidence", "answers", "mean confidence", "were right", interval];
  const rows = bins.flatMap((bin) => (bin.confidence === null ? [] : [{ ...bin, claimed: bin.confidence }]));
  if (rows.length === 0) return emptyChart(title, "There are no answers with a confidence.", columns);
  const total = rows.reduce((sum, { count }) => sum + count, 0);
  const claimed = rows.reduce((sum, row) => sum + row.count * row.claimed, 0) / total;
  const right = rows.reduce((sum, row) => sum + row.count * row.accuracy, 0) / total;
  const steps = corp.flatMap(({ low, high, accuracy }) => [
    { x: low, y: accuracy },
    { x: high, y: accuracy },
  ]);
  return {
    title,
    summary: `Of answers that claim 70%, are 70% right? On average ${formatProbability(claimed)} was claimed and ${formatProbability(right)} was right. Dots below the diagonal are over-confident, above it under-confident.`,
    numbers: `${formatPlural(total, "answer")}. ${rows.map((row) => `Of ${formatCount(row.count)} that claim ${formatProbability(row.claimed)}, ${formatProbability(row.accuracy)} are right.`).join(" ")}`,
    table: {
      columns,
      rows: rows.map((row) => [
        `${formatProbability(row.low)} to ${formatProbability(row.high)}`,
        formatCount(row.count),
        formatProbability(row.claimed),
        formatProbability(row.accuracy),
        `${formatProbability(row.accuracyLow)} to ${formatProbability(row.accuracyHigh)}`,
      ]),
    },
    key: [
      { sign: "circle", colour: ({ main }) => main, text: `how often right, with ${interval}` },
      ...(steps.length > 0
        ? [
            {
              sign: "line" as const,
              colour: ({ accent }: { accent: string }) => accent,
              text: "isotonic (CORP), without bins",
            },
          ]
        : []),
      { sign: "dashed", colour: ({ ink }) => ink, text: "as sure as it should be" },
      { sign: "bar", colour: ({ soft }) => soft, opacity: 0.6, text: "share of the answers" },
    ],
    draw({ width, colours }) {
      const margins = { marginLeft: 46, marginRight: 20 };
      const size = Math.min(width, 440);
      return [
        {
          plot: {
            width: size,
            height: size - 24,
            ...margins,
            marginTop: 26,
            marginBottom: 24,
            x: { domain: [0, 1], label: null, ticks: 5, tickFormat: formatProbability },
            y: { domain: [0, 1], ticks: 5, tickFormat: formatProbability, label: "how often it was right" },
            marks: [
              gridY({ stroke: colours.line, strokeOpacity: 1, ticks: 5 }),
              line([0, 1], {
                x: (d: number) => d,
                y: (d: number) => d,
                stroke: colours.ink,
                strokeDasharray: "6 4",
                strokeWidth: 1.5,
              }),
              line(steps, { x: "x", y: "y", stroke: colours.accent, strokeWidth: 1.5 }),
              link(rows, {
                x: "claimed",
                y1: "accuracyLow",
                y2: "accuracyHigh",
                stroke: colours.main,
                strokeWidth: 2,
              }),
              dot(rows, { x: "claimed", y: "accuracy", r: 4.5, fill: colours.main }),
            ],
          } satisfies PlotOptions,
        },
        {
          plot: {
            width: size,
            height: 110,
            ...margins,
            marginTop: 8,
            marginBottom: 40,
            x: { domain: [0, 1], label: "confidence", ticks: 5, tickFormat: formatProbability },
            y: { ticks: 2, tickFormat: formatProbability, label: null },
            marks: [
              gridY({ stroke: colours.line, strokeOpacity: 1, ticks: 2 }),
              rectY(rows, {
                x1: "low",
                x2: "high",
                y: (row: { count: number }) => row.count / total,
                fill: colours.soft,
                fillOpacity: 0.6,
                inset: 1,
              }),
              ruleY([0], { stroke: colours.soft }),
            ],
          } satisfies PlotOptions,
        },
      ];
    },
  };
}

/**
 * How often answers were right, by their perplexity: a step for each interval with its interval of accuracy, and the mean
 * confidence where it is known. `reliabilityOverPerplexity` of surprisal/calibrate gives the bins.
 */
export function accuracyByPerplexity(bins: readonly ReliabilityChartBin[]): Chart {
  const title = "Accuracy by perplexity";
  const columns = ["perplexity", "answers", "were right", "95% interval", "mean confidence"];
  if (bins.length === 0) return emptyChart(title, "There are no answers with a perplexity.", columns);
  const rows = bins
    .map((bin) => ({ ...bin, low: Math.min(bin.low, LARGEST), high: Math.min(bin.high, LARGEST) }))
    .map((bin) => ({ ...bin, middle: Math.sqrt(bin.low * bin.high) }));
  const total = rows.reduce((sum, { count }) => sum + count, 0);
  const [first, last] = [rows[0]!, rows.at(-1)!];
  const [from, to] = [first.low, Math.max(last.high, first.low * 1.01)];
  const claims = rows.filter(({ confidence }) => confidence !== null);
  const written = (perplexity: number) => formatNumber(perplexity, 3);
  return {
    title,
    summary: `Are answers of low perplexity right more often? Of those from ${written(first.low)} to ${written(first.high)}, ${formatProbability(first.accuracy)} are right; of those from ${written(last.low)} to ${written(last.high)}, ${formatProbability(last.accuracy)}.`,
    numbers: `${formatPlural(total, "answer")}.`,
    table: {
      columns,
      rows: rows.map((row) => [
        `${written(row.low)} to ${written(row.high)}`,
        formatCount(row.count),
        formatProbability(row.accuracy),
        `${formatProbability(row.accuracyLow)} to ${formatProbability(row.accuracyHigh)}`,
        formatProbability(row.confidence),
      ]),
    },
    key: [
      { sign: "circle", colour: ({ main }) => main, text: "how often right, with 95% interval" },
      ...(claims.length > 0
        ? [
            {
              sign: "diamond" as const,
              colour: ({ accent }: { accent: string }) => accent,
              text: "mean confidence: above the dot over-confident, below it under-confident",
            },
          ]
        : []),
    ],
    draw({ width, colours }) {
      const ticks = logTicks(from, to, width < NARROW ? 4 : 8);
      return [
        {
          plot: {
            width,
            height: width < NARROW ? 260 : 300,
            marginLeft: 50,
            marginRight: 16,
            marginTop: 26,
            marginBottom: 40,
            x: { type: "log", domain: [from, to] },
            y: { domain: [0, 1] },
            marks: [
              gridY({ stroke: colours.line, strokeOpacity: 1, ticks: 5 }),
              axisY({
                ticks: 5,
                tickFormat: formatProbability,
                labelArrow: "none",
                label: "how often right",
              }),
              axisX({
                ticks,
                tickFormat: (value: number) => formatNumber(value, 2),
                labelArrow: "none",
                label: "perplexity (log scale)",
              }),
              link(rows, {
                x1: "low",
                x2: "high",
                y1: "accuracy",
                y2: "accuracy",
                stroke: colours.main,
                strokeWidth: 1.5,
              }),
              link(rows, {
                x: "middle",
                y1: "accuracyLow",
                y2: "accuracyHigh",
                stroke: colours.main,
                strokeWidth: 2,
              }),
              dot(rows, { x: "middle", y: "accuracy", r: 4.5, fill: colours.main }),
              dot(claims, { x: "middle", y: "confidence", symbol: "diamond", r: 5, fill: colours.accent }),
            ],
          } satisfies PlotOptions,
        },
      ];
    },
  };
}

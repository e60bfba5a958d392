/** What accuracy costs in tokens: a router's thresholds, and what is done without one. */
import { line } from "@observablehq/plot";
import { formatCount, formatNumber, formatProbability, visible } from "../text/index.ts";
import { type Chart, emptyChart } from "./chart.ts";
import type { Colours } from "./theme.ts";
import { waysPlot } from "./ways.ts";

/** What `accuracyTokensChart` draws; `evaluateRouter` and `accuracyTokensCurve` of surprisal/route give it. */
export interface AccuracyTokensInput {
  /** What every threshold gives, in any order. */
  curve: readonly { tokens: number; accuracy: number; kept: number }[];
  /** Ways of routing; one of the name "router" stands out. */
  methods: readonly {
    name: string;
    tokens: { value: number };
    accuracy: { value: number; low: number; high: number };
  }[];
  /** What `kept` is the share of, in words. Default "of the short answers kept". */
  kept?: string | undefined;
}

/** Accuracy against tokens per question: the curve of all thresholds, and each way of routing with its interval. */
export function accuracyTokensChart({
  curve,
  methods,
  kept = "of the short answers kept",
}: AccuracyTokensInput): Chart {
  const title = "Accuracy against tokens";
  const columns = ["way", "tokens per question", "accuracy", "interval"];
  const rows = methods.map(({ name, tokens, accuracy }) => ({
    name: visible(name),
    x: tokens.value,
    ...accuracy,
  }));
  if (rows.length === 0) return emptyChart(title, "There is nothing to compare.", columns);
  const sorted = curve.toSorted((a, b) => a.tokens - b.tokens);
  const all = [...rows.map(({ x }) => x), ...sorted.map(({ tokens }) => tokens)];
  const heights = [
    ...rows.flatMap(({ low, high }) => [low, high]),
    ...sorted.map(({ accuracy }) => accuracy),
  ];
  const [least, most] = [Math.max(0, Math.min(...heights) - 0.02), Math.min(1, Math.max(...heights) + 0.02)];
  const router = rows.find(({ name }) => name === "router");
  const best = sorted.reduce<(typeof sorted)[number] | null>(
    (found, point) => (found === null || point.accuracy > found.accuracy ? point : found),
    null,
  );
  const said = router
    ? `The router is right ${formatProbability(router.value)} of the time, with ${formatNumber(router.x, 3)} tokens per question.`
    : "";
  return {
    title,
    summary: `What does accuracy cost? Further up is better, further left is cheaper. ${said}`.trim(),
    numbers: best
      ? `The best of ${formatCount(sorted.length)} thresholds: ${formatProbability(best.accuracy)} with ${formatNumber(best.tokens, 3)} tokens, ${formatProbability(best.kept)} ${kept}.`
      : "",
    table: {
      columns,
      rows: rows.map(({ name, x, value, low, high }) => [
        name,
        formatNumber(x, 3),
        formatProbability(value),
        `${formatProbability(low)} to ${formatProbability(high)}`,
      ]),
    },
    key: [
      ...(sorted.length > 0
        ? [{ sign: "line" as const, colour: ({ soft }: Colours) => soft, text: "every threshold" }]
        : []),
      { sign: "diamond", colour: ({ accent }) => accent, text: "the router, with its interval" },
      { sign: "circle", colour: ({ main }) => main, text: "without a router" },
    ],
    draw({ width, colours }) {
      const plot = waysPlot({
        ...{ width, colours, points: rows, left: 50, widest: Math.max(...all) * 1.05 },
        domain: [least, most],
        labels: { x: "tokens per question", y: "accuracy" },
        tickFormat: formatProbability,
        below: [line(sorted, { x: "tokens", y: "accuracy", stroke: colours.soft, strokeWidth: 2 })],
      });
      return [{ plot }];
    },
  };
}

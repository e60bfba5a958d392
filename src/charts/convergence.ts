/** Running perplexity over the tokens scored. */
import { areaY, axisX, axisY, dot, gridX, gridY, line, type PlotOptions, text } from "@observablehq/plot";
import { emptySums, logInterval, perplexityStandardError } from "../core/index.ts";
import {
  formatCount,
  formatNumber,
  formatPerplexity,
  formatPlural,
  inSentence,
  perplexityAndError,
  visible,
} from "../text/index.ts";
import { boundsOf, LARGEST, logTicks } from "./bins.ts";
import { type Chart, emptyChart, FONT_SIZE, MOST_POINTS, NARROW } from "./chart.ts";
import { pixelWidth, shortenTogether } from "./pixels.ts";

/** One line of `convergence`: a model, a recipe, or whatever is compared. */
export interface ConvergenceSeries {
  name: string;
  /** [n] ln p per token in the order it was scored, nats; NaN or null = missing, does not count. */
  logprobs: ArrayLike<number | null>;
}

interface Point {
  /** Tokens scored so far. */
  tokens: number;
  perplexity: number;
  /** ± of it; 0 where unknown. */
  error: number;
}

/** Fewer tokens say nothing that the eye should see. */
const FIRST = 16;
const DASHES = ["", "7 4", "2 3", "9 3 2 3", "4 2", "1 2"];
/** Rows of the table per series: 10, 25, 50 ... % of its tokens. */
const SHARES = [0.1, 0.25, 0.5, 0.75, 0.9, 1];

/**
 * Perplexity of the first n tokens, for n from 16 to all of them, on a logarithmic axis, with a band of ± one
 * standard error on the log scale (`perplexityStandardError`): where the line has become level and the band narrow, more text would
 * not change the number. One line per series, its name at its end.
 */
export function convergence(series: readonly ConvergenceSeries[]): Chart {
  const title = "Running perplexity over the tokens scored";
  const columns = ["model", "tokens scored", "perplexity", "±"];
  const runs = series.map(({ name, logprobs }, index) => ({ name, index, points: running(logprobs) }));
  const drawn = runs.filter(({ points }) => points.length > 0);
  const without = runs
    .filter(({ points }) => points.length === 0)
    .map(({ name }) => `${inSentence(name)} has no finite perplexity.`);
  if (drawn.length === 0) return emptyChart(title, without.join(" ") || "There are no numbers.", columns);
  const last = (points: readonly Point[]) => points[points.length - 1]!;
  const written = ({ perplexity, error }: Point) => formatPerplexity(perplexity, error);
  const at = (points: readonly Point[], tokens: number) =>
    points.find((point) => point.tokens >= tokens) ?? last(points);
  return {
    title,
    summary:
      `Perplexity of the first tokens of the text, more and more of them (log scale). Where a line is level and its band narrow, more text would not change the number. ${without.join(" ")}`.trim(),
    numbers: drawn
      .map(({ name, points }) => {
        const end = last(points);
        const half = at(points, end.tokens / 2);
        return `${inSentence(name)}: ${written(end)} after ${formatPlural(end.tokens, "token")}, ${written(half)} after ${formatCount(half.tokens)}.`;
      })
      .join(" "),
    table: {
      columns,
      rows: drawn.flatMap(({ name, points }) =>
        [...new Set(SHARES.map((share) => at(points, share * last(points).tokens)))].map((point) => {
          const [value, error] = perplexityAndError(point.perplexity, point.error);
          return [visible(name), formatCount(point.tokens), value, error?.replace(/^± |^\(|\)$/g, "") ?? "–"];
        }),
      ),
    },
    key: [
      { sign: "line", colour: ({ series: [first] }) => first!, text: "perplexity of the tokens so far" },
      { sign: "band", colour: ({ series: [first] }) => first!, opacity: 0.25, text: "± one standard error" },
    ],
    draw({ width, colours }) {
      const phone = width < NARROW;
      const total = Math.max(...drawn.map(({ points }) => last(points).tokens));
      const first = Math.min(...drawn.map(({ points }) => points[0]!.tokens));
      // The first tokens may be anywhere: the axis shows what comes after a hundredth of the text.
      const settled = drawn.flatMap(({ points }) =>
        points.filter(({ tokens }) => tokens >= Math.min(total / 100, last(points).tokens)),
      );
      const [low, high] = boundsOf(settled.flatMap((point) => bandOf(point)))!;
      const least = Math.min(...settled.map(({ perplexity }) => perplexity));
      // Models far apart: a linear axis would press the good ones together.
      const log = high / least > 4;
      const pad = Math.max(0.08 * (high - low), 0.02 * high);
      const bottom = log ? 0.9 * Math.max(low, least / 2) : Math.max(0, low - pad);
      const top = log ? 1.1 * high : high + pad;
      const inside = (value: number) => Math.min(top, Math.max(bottom, value));
      // Each line begins where it stays on the axis for good.
      const shown = (points: readonly Point[]) => {
        const lastOutside = points.findLastIndex(({ perplexity: value }) => value < bottom || value > top);
        return points.slice(lastOutside + 1);
      };
      const paint = (index: number) =>
        drawn.length <= colours.series.length ? colours.series[index % 6]! : colours.main;
      const names = shortenTogether(
        drawn.map(({ name }) => name),
        phone ? 86 : 170,
        FONT_SIZE,
      );
      const labels = drawn.map((run, i) => {
        const end = last(run.points);
        const figure = written(end);
        return { run, end, text: names[i]!, figure };
      });
      const marginRight =
        Math.max(
          ...labels.map(({ text, figure }) =>
            Math.max(pixelWidth(text, FONT_SIZE), pixelWidth(figure, FONT_SIZE)),
          ),
        ) + 16;
      const row = 32;
      const marginTop = 26;
      const height = Math.max(phone ? 280 : 320, row * labels.length + 80);
      const inner = height - marginTop - 44;
      const scale = log ? Math.log : (value: number) => value;
      const heightOf = ({ end }: { end: Point }) =>
        marginTop + ((scale(top) - scale(end.perplexity)) / (scale(top) - scale(bottom))) * inner;
      const ticks = log ? logTicks(bottom, top, 7) : 5;
      const ticksAcross = logTicks(first, total, phone ? 4 : 8);
      const placed = spread(labels, heightOf, row, marginTop + 8, marginTop + inner - 8);
      return [
        {
          plot: {
            width,
            height,
            marginLeft: 50,
            marginRight,
            marginTop,
            marginBottom: 44,
            x: { type: "log", domain: [first, Math.max(total, first * 2)], label: null },
            y: { type: log ? "log" : "linear", domain: [bottom, top] },
            marks: [
              gridX({ stroke: colours.line, strokeOpacity: 1, ticks: ticksAcross }),
              gridY({ stroke: colours.line, strokeOpacity: 1, ticks }),
              axisX({
                ticks: ticksAcross,
                text: shortCount,
                label: "tokens scored (log scale)",
                labelAnchor: "right",
              }),
              axisY({
                ticks,
                label: `perplexity per token${log ? " (log scale)" : ""}`,
                text: (value: number) => formatNumber(value, 3).replace(/\.0+$/, ""),
              }),
              ...drawn.flatMap(({ points, index }, i) => {
                const colour = paint(i);
                return [
                  areaY(shown(points), {
                    x: "tokens",
                    y1: (point: Point) => inside(bandOf(point)[0]),
                    y2: (point: Point) => inside(bandOf(point)[1]),
                    fill: colour,
                    fillOpacity: 0.2,
                  }),
                  line(shown(points), {
                    x: "tokens",
                    y: "perplexity",
                    stroke: colour,
                    strokeWidth: 2,
                    ...(DASHES[index % 6] && { strokeDasharray: DASHES[index % 6]! }),
                  }),
                  dot([last(points)], { x: "tokens", y: "perplexity", r: 3.5, fill: colour }),
                ];
              }),
              ...placed.map(({ item, y }, i) => {
                const { text: name, figure, end } = item;
                return text([end], {
                  x: () => total,
                  y: "perplexity",
                  text: () => `${name}\n${figure}`,
                  textAnchor: "start",
                  dx: 10,
                  dy: y - heightOf(item),
                  fill: paint(i),
                  lineHeight: 1.15,
                  fontSize: FONT_SIZE,
                });
              }),
            ],
          } satisfies PlotOptions,
        },
      ];
    },
  };
}

/** One standard error either way of the mean of -ln p, so that the band is never below 1. */
function bandOf({ perplexity, error }: Point): [low: number, high: number] {
  const { low, high } = logInterval(perplexity, error, 1, 1)!;
  return [low, Math.min(LARGEST, high)];
}

/** 1k, 20k, 1M. */
const shortCount = (value: number): string =>
  value >= 1e6 ? `${value / 1e6}M` : value >= 1000 ? `${value / 1000}k` : String(value);

/** Places of labels that wish to stand at `wish`, moved apart to `distance`, in the order of the items. */
function spread<T>(
  items: readonly T[],
  wish: (item: T) => number,
  distance: number,
  least: number,
  most: number,
) {
  const placed = items.map((item) => ({ item, y: Math.min(most, Math.max(least, wish(item))) }));
  const order = [...placed].sort((a, b) => a.y - b.y);
  for (let i = 1; i < order.length; i++) order[i]!.y = Math.max(order[i]!.y, order[i - 1]!.y + distance);
  for (let i = order.length - 1, limit = most; i >= 0; i--, limit -= distance)
    order[i]!.y = Math.min(order[i]!.y, limit);
  return placed;
}

/** Running perplexity at places that are evenly spaced on a logarithmic axis. */
function running(logprobs: ArrayLike<number | null>): Point[] {
  let scoredInAll = 0;
  for (let i = 0; i < logprobs.length; i++) {
    const logprob = logprobs[i] ?? Number.NaN;
    if (!Number.isNaN(logprob)) scoredInAll++;
  }
  const first = Math.min(FIRST, scoredInAll);
  const step = Math.max(1.0001, (scoredInAll / first) ** (1 / (MOST_POINTS / 2)));
  const points: Point[] = [];
  let [scored, nll, nllSquared, next] = [0, 0, 0, first];
  for (let i = 0; i < logprobs.length; i++) {
    const logprob = logprobs[i] ?? Number.NaN;
    if (Number.isNaN(logprob)) continue;
    scored++;
    nll -= logprob;
    nllSquared += logprob * logprob;
    if (scored < next && scored !== scoredInAll) continue;
    next = Math.max(scored + 1, scored * step);
    const perplexity = Math.exp(nll / scored);
    if (!(perplexity < LARGEST)) return [];
    points.push({
      tokens: scored,
      perplexity,
      error:
        perplexityStandardError({ ...emptySums(), scored, totalNll: nll, totalNllSquared: nllSquared }) ?? 0,
    });
  }
  return points;
}

/** Perplexity with error bars. */
import { axisX, axisY, dot, gridX, link, type PlotOptions, text } from "@observablehq/plot";
import { logInterval } from "../core/index.ts";
import {
  errorStyle,
  formatList,
  formatNumber,
  formatPerplexity,
  formatWithError,
  inSentence,
  isNumber,
  isPerplexityName,
  numberAndError,
  perplexityAndError,
  visible,
} from "../text/index.ts";
import { boundsOf, LARGEST, logTicks } from "./bins.ts";
import { type Chart, emptyChart, FONT_SIZE, NARROW } from "./chart.ts";
import { pixelWidth, shortenTogether } from "./pixels.ts";

/** One row of `perplexityIntervals`: a perplexity and how sure it is. */
export interface PerplexityResult {
  model: string;
  corpus: string;
  /** `null` = not measured. */
  perplexity: number | null;
  /** Of the perplexity; `null` = unknown. */
  standardError?: number | null | undefined;
  /** How the model stands over the corpus by differences in pairs; left out of every result: the smallest is the best. */
  standing?: "best" | "tied" | "behind" | null | undefined;
}

/** Options of `perplexityIntervals`. */
export interface PerplexityIntervalsOptions {
  /**
   * What the numbers are; a name with "perplexity" in it is taken for an exponential of a mean, whose wide errors are
   * intervals on the log scale. Default "perplexity per token", which is not comparable across tokenizers: there give bits per
   * byte, and say so here.
   */
  measure?: string | undefined;
  /** What an error bar is. Default "± one standard error". */
  interval?: string | undefined;
}

/**
 * A panel per corpus, on its own axis because corpora differ more than models do: a dot per model with its error
 * bar, the best first, the number beside it.
 */
export function perplexityIntervals(
  results: readonly PerplexityResult[],
  options: PerplexityIntervalsOptions = {},
): Chart {
  const { measure = "perplexity per token", interval = "± one standard error" } = options;
  const title = `${visible(measure).replace(/^\w/, (first) => first.toUpperCase())} by model`;
  const columns = ["corpus", "model", visible(measure), "±"];
  const corpora = groups(results);
  const isLog = isPerplexityName(measure);
  const format = isLog ? formatPerplexity : formatWithError;
  const parts = (value: number | null, error: number | null | undefined) => {
    if (!isLog) return numberAndError(value, error);
    const [number, shown] = perplexityAndError(value, error);
    return [number, shown?.replace(/^± |^\(|\)$/g, "") ?? null] as const;
  };
  const table = {
    columns,
    rows: corpora.flatMap(({ corpus, rows }) =>
      rows.map(({ model, perplexity, standardError }) => {
        const [value, error] = parts(perplexity, standardError);
        return [visible(corpus), visible(model), value, error ?? "–"];
      }),
    ),
  };
  const drawn = corpora.filter(({ rows }) => rows.some(({ perplexity }) => isNumber(perplexity)));
  if (drawn.length === 0) return { ...emptyChart(title, "There are no numbers.", columns), table };
  const written = (result: PerplexityResult) =>
    isNumber(result.perplexity) ? format(result.perplexity, result.standardError) : "no number";
  return {
    title,
    summary: `${drawn
      .map(({ corpus, rows }) => leading(corpus, rows, written))
      .join(" ")} Further left is better; every corpus has its own axis.`.trimStart(),
    numbers: corpora
      .map(
        ({ corpus, rows }) =>
          `${inSentence(corpus)}: ${formatList(rows.map((result) => `${inSentence(result.model)} ${isNumber(result.perplexity) ? written(result) : "without a number"}`))}.`,
      )
      .join(" "),
    table,
    key: [
      {
        sign: "circle",
        colour: ({ main }) => main,
        text: `${visible(measure)}, ${visible(interval)}; left is better`,
      },
    ],
    draw({ width, colours }) {
      const room = width < NARROW ? 100 : 220;
      const every = drawn.flatMap(({ rows }) => rows);
      const models = [...new Set(every.map(({ model }) => model))];
      const labels = shortenTogether(models, room, FONT_SIZE);
      const names = (rows: readonly PerplexityResult[]) =>
        rows.map(({ model }) => labels[models.indexOf(model)]!);
      const marginLeft = Math.max(...names(every).map((name) => pixelWidth(name, FONT_SIZE))) + 14;
      const marginRight = Math.max(...every.map((result) => pixelWidth(written(result), FONT_SIZE))) + 14;
      return drawn.map(({ corpus, rows }) => {
        const finite = rows.flatMap(({ perplexity, standardError }, row) => {
          if (!isNumber(perplexity) || perplexity > LARGEST) return [];
          const error =
            isNumber(standardError) && Math.abs(standardError) < LARGEST ? Math.abs(standardError) : 0;
          const range = isLog ? wideRange(perplexity, error) : null;
          const [low, high] = range ?? [Math.max(0, perplexity - error), perplexity + error];
          return [{ row, value: perplexity, low, high }];
        });
        const [low, high] = boundsOf(finite.flatMap((entry) => [entry.low, entry.high])) ?? [1, 1];
        // Beyond a factor of 20 a linear axis would show only the worst model.
        const log = low > 0 && high / low > 20;
        const pad =
          high > low ? Math.max(0.06 * (high - low), 1e-6 * high, 1e-9) : Math.max(0.05 * high, 0.5);
        const shown = names(rows);
        const room = (width - marginLeft - marginRight) / 55;
        const ticks = log ? logTicks(low * 0.9, high * 1.1, room) : room;
        return {
          ...((drawn.length > 1 || corpora.length > 1 || corpus !== "") && {
            heading: log ? `${corpus} (log scale)` : corpus,
          }),
          plot: {
            width,
            height: 46 + 26 * Math.max(rows.length, 1),
            marginLeft,
            marginRight,
            marginTop: 8,
            marginBottom: 30,
            x: log
              ? { type: "log", domain: [low * 0.9, high * 1.1] }
              : { domain: [Math.max(0, low - pad), high + pad] },
            y: { type: "point", domain: rows.map((_, row) => row), label: null, padding: 0.5 },
            marks: [
              gridX({ stroke: colours.line, strokeOpacity: 1, ticks }),
              axisX({
                ticks,
                text: tick,
                label: null,
              }),
              axisY({ tickSize: 0, tickPadding: 8, tickFormat: (row: number) => shown[row]! }),
              link(
                finite.filter((entry) => entry.high > entry.low),
                { x1: "low", x2: "high", y: "row", stroke: colours.main, strokeWidth: 2 },
              ),
              dot(finite, {
                x: "value",
                y: "row",
                r: 4.5,
                fill: colours.main,
                stroke: colours.page,
                strokeWidth: 1,
              }),
              text(rows, {
                y: (_, row) => row,
                text: written,
                frameAnchor: "right",
                textAnchor: "end",
                dx: marginRight - 2,
                fontVariant: "tabular-nums",
              }),
            ],
          } satisfies PlotOptions,
        };
      });
    },
  };
}

/** Who is the best on a corpus; "" where that is not known. */
function leading(
  corpus: string,
  rows: readonly PerplexityResult[],
  written: (result: PerplexityResult) => string,
): string {
  const isDecided = rows.some(({ standing }) => standing !== undefined);
  const best = isDecided ? rows.find(({ standing }) => standing === "best") : rows[0];
  const place = corpus === "" ? "" : ` on ${inSentence(corpus)}`;
  if (best) return `Best${place}: ${inSentence(best.model)}, ${written(best)}.`;
  const tied = rows.filter(({ standing }) => standing === "tied");
  return tied.length > 0
    ? `Not told apart${place}: ${formatList(tied.map((result) => `${inSentence(result.model)}, ${written(result)}`))}.`
    : "";
}

/** The error bar on the log scale, where ± would be too wide; `null` where it is not. An error that says nothing has no bar. */
function wideRange(value: number, error: number): readonly [low: number, high: number] | null {
  const style = errorStyle(value, error);
  if (style === "useless") return [value, value];
  const range = style === "interval" ? logInterval(value, error, 1, 1) : null;
  return range && [range.low, Math.min(LARGEST, range.high)];
}

const tick = (value: number): string =>
  Math.abs(value) >= 1e5 ? formatNumber(value, 2) : String(Number(value.toPrecision(6)));

/** Corpora in the order they occur, each with its models, best first, those without a number last. */
function groups(results: readonly PerplexityResult[]): { corpus: string; rows: PerplexityResult[] }[] {
  const found = new Map<string, PerplexityResult[]>();
  for (const result of results) {
    const rows = found.get(result.corpus);
    if (rows) rows.push(result);
    else found.set(result.corpus, [result]);
  }
  const place = ({ perplexity }: PerplexityResult) =>
    isNumber(perplexity) ? perplexity : Number.POSITIVE_INFINITY;
  return [...found].map(([corpus, rows]) => ({
    corpus,
    rows: rows.sort((a, b) => (place(a) === place(b) ? 0 : place(a) - place(b))),
  }));
}

/** Distribution of token surprisal, one panel per model. */
import { axisX, dot, gridY, type PlotOptions, rectY, ruleX, ruleY, text } from "@observablehq/plot";
import { quantileOf } from "../core/index.ts";
import {
  formatBits,
  formatCount,
  formatList,
  formatPlural,
  formatProbability,
  inSentence,
  visible,
} from "../text/index.ts";
import { impossible, meanOf, sortedBits } from "./bins.ts";
import { type Chart, emptyChart, NARROW } from "./chart.ts";

/** What `surprisalDistribution` draws of one model. */
export interface SurprisalOfModel {
  name: string;
  /** [n] ln p per token, nats; NaN or null = missing. */
  logprobs: ArrayLike<number | null>;
}

const QUANTILES = [
  [0.5, "median"],
  [0.9, "90%"],
  [0.99, "99%"],
] as const;
const MOST_BARS = 40;

/**
 * How many tokens were how surprising: a histogram per model on common axes, with median, 90th and 99th percentile
 * and the mean. Tokens of probability 0 have no place on the axis: they are counted in words.
 */
export function surprisalDistribution(models: readonly SurprisalOfModel[]): Chart {
  const title = "How surprising the tokens were";
  const columns = [
    "model",
    "tokens",
    "mean bits",
    ...QUANTILES.map(([, label]) => label),
    "highest",
    "probability 0",
    "no number",
  ];
  const measured = models.map(({ name, logprobs }) => {
    const sorted = sortedBits(logprobs);
    const zeros = impossible(logprobs).length;
    return { name, sorted, zeros, missing: logprobs.length - sorted.length - zeros, mean: meanOf(sorted) };
  });
  const drawn = measured.filter(({ sorted }) => sorted.length > 0);
  if (drawn.length === 0) return emptyChart(title, "No token has a number.", columns);

  const highest = Math.max(1, ...drawn.map(({ sorted }) => sorted[sorted.length - 1]!));
  // The last bar holds the few tokens beyond the crowd, so that one of them does not stretch the axis.
  const crowd = 1.1 * Math.max(1, ...drawn.map(({ sorted }) => quantileOf(sorted, 0.998)));
  const end = crowd < 0.75 * highest ? crowd : highest;
  const step = [0.25, 0.5, 1, 2, 5, 10].find((width) => end / width <= MOST_BARS) ?? end / MOST_BARS;
  const count = Math.floor(end / step) + 1;
  const open = highest >= count * step;
  const histograms = drawn.map(({ sorted }) => {
    const shares = new Float64Array(count);
    for (const bits of sorted) shares[Math.min(count - 1, Math.floor(bits / step))]! += 1 / sorted.length;
    return Array.from(shares, (share, i) => ({ share, from: i * step, to: (i + 1) * step }));
  });
  const tallest = Math.max(...histograms.flatMap((bars) => bars.map(({ share }) => share)));
  return {
    title,
    summary: `How many tokens had how much surprisal. Half of them are below: ${formatList(
      drawn.map(({ name, sorted }) => `${inSentence(name)} ${formatBits(quantileOf(sorted, 0.5))} bits`),
    )}.`,
    numbers: measured
      .map(({ name, sorted, zeros, mean }) =>
        sorted.length === 0
          ? `${inSentence(name)} has no numbers.`
          : `${inSentence(name)}: ${formatPlural(sorted.length, "token")}, mean ${formatBits(mean)} bits, median ${formatBits(quantileOf(sorted, 0.5))}, 90% below ${formatBits(quantileOf(sorted, 0.9))}, 99% below ${formatBits(quantileOf(sorted, 0.99))}${zeros > 0 ? `, and ${formatPlural(zeros, "token")} of probability 0` : ""}.`,
      )
      .join(" "),
    table: {
      columns,
      rows: measured.map(({ name, sorted, zeros, missing, mean }) => [
        visible(name),
        formatCount(sorted.length + zeros),
        formatBits(mean),
        ...[...QUANTILES.map(([fraction]) => fraction), 1].map((fraction) =>
          formatBits(quantileOf(sorted, fraction)),
        ),
        formatCount(zeros),
        formatCount(missing),
      ]),
    },
    key: [
      {
        sign: "bar",
        colour: ({ main }) => main,
        opacity: 0.75,
        text: `share of the tokens, per ${step === 1 ? "bit" : `${step} bits`}${open ? "; the last bar: all above" : ""}`,
      },
      { sign: "line", colour: ({ ink }) => ink, text: "median; 90% and 99% of the tokens lie left of it" },
      { sign: "diamond", colour: ({ accent }) => accent, text: "mean" },
    ],
    draw: ({ width, colours }) =>
      drawn.map(({ name, sorted, mean }, i) => {
        const marks = QUANTILES.map(([fraction, label], row) => {
          const x = quantileOf(sorted, fraction);
          return { x, row, label: `${label} ${formatBits(x)}` };
        });
        const height = (drawn.length === 1 ? 260 : 150) + (i === drawn.length - 1 ? 16 : 0);
        const above = 42;
        return {
          ...(drawn.length > 1 && { heading: name }),
          plot: {
            width,
            height: width < NARROW && drawn.length === 1 ? 240 : height + above - 20,
            marginLeft: 40,
            marginRight: 14,
            marginTop: above,
            marginBottom: i === drawn.length - 1 ? 40 : 24,
            x: { domain: [0, count * step], label: null },
            y: {
              domain: [0, tallest * 1.02],
              label: null,
              ticks: drawn.length === 1 ? 5 : 3,
              tickFormat: formatProbability,
            },
            marks: [
              gridY({ stroke: colours.line, strokeOpacity: 1, ticks: drawn.length === 1 ? 5 : 3 }),
              axisX({ ticks: width / 80, label: i === drawn.length - 1 ? "surprisal, bits →" : null }),
              rectY(
                histograms[i]!.filter(({ share }) => share > 0),
                {
                  x1: "from",
                  x2: "to",
                  y: "share",
                  fill: colours.main,
                  fillOpacity: 0.75,
                  insetLeft: 0.5,
                  insetRight: 0.5,
                },
              ),
              ruleY([0], { stroke: colours.soft }),
              // Flags: each label at the right of its own line, the next one lower, so that no line cuts a label.
              ...marks.flatMap((mark) => {
                const rise = 12 * (marks.length - mark.row);
                const beyond = mark.x > 0.75 * count * step;
                return [
                  ruleX([mark], { x: "x", stroke: colours.ink, strokeWidth: 1.5, insetTop: -rise }),
                  text([mark], {
                    x: "x",
                    text: "label",
                    frameAnchor: "top",
                    lineAnchor: "top",
                    dy: -rise,
                    dx: beyond ? -4 : 4,
                    textAnchor: beyond ? "end" : "start",
                  }),
                ];
              }),
              dot([mean], {
                x: (x: number) => x,
                y: 0,
                symbol: "diamond",
                r: 6,
                fill: colours.accent,
                stroke: colours.page,
                strokeWidth: 1.5,
              }),
            ],
          } satisfies PlotOptions,
        };
      }),
  };
}

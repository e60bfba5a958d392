/** Surprisal along a document. */
import { areaY, dot, lineY, type PlotOptions, ruleX, ruleY } from "@observablehq/plot";
import { quantileOf } from "../core/index.ts";
import { formatBits, formatCount, formatPlural, inSentence } from "../text/index.ts";
import { type Bin, binSurprisal, bitsOf, impossible, meanOf, runningSums, sortedBits } from "./bins.ts";
import { type Chart, emptyChart, type KeyEntry, MOST_POINTS, NARROW } from "./chart.ts";

/** What `surprisalAlong` draws: one text, token by token. */
export interface SurprisalAlongInput {
  /** [n] ln p per token in the order of the text, nats; NaN or null = missing. */
  logprobs: ArrayLike<number | null>;
  /** [n] or more: where each token begins, bytes. Without it the picture counts tokens. */
  byteOffsets?: ArrayLike<number> | undefined;
  /** What was read. */
  name?: string | undefined;
}

/** Most tokens that are drawn each by itself. */
const MOST_NEEDLES = 600;
/** Rows of the table. */
const STRETCHES = 20;

/**
 * How surprised the model was from the beginning of a document to its end: a moving mean over the tokens (each a
 * needle where there is room, else bins of the same number of tokens with their whole range and the middle 80 %).
 * A `TokenTable` can be passed as it is. Time n log n, memory O(n).
 */
export function surprisalAlong({ logprobs, byteOffsets, name }: SurprisalAlongInput): Chart {
  const n = logprobs.length;
  const title = name === undefined ? "Surprisal along the document" : `Surprisal along ${inSentence(name)}`;
  const unit = byteOffsets ? "byte" : "token";
  const columns = [`from ${unit}`, "tokens", "mean bits per token", "lowest", "highest"];
  const sorted = sortedBits(logprobs);
  if (sorted.length === 0)
    return emptyChart(title, `None of ${formatPlural(n, "token")} has a number.`, columns);

  const place = (token: number): number => byteOffsets?.[Math.min(token, n - 1)] ?? token;
  const middle = ({ start, end }: Bin) => (place(start) + place(end - 1)) / 2;
  const mean = meanOf(sorted);
  const zeros = impossible(logprobs);
  const missing = n - sorted.length - zeros.length;
  const highest = sorted[sorted.length - 1]!;
  let peak = 0;
  while (bitsOf(logprobs[peak]) !== highest) peak++;

  const window = Math.max(16, 2 * Math.round(n / 80));
  const sums = runningSums(logprobs);
  const movingMean = (token: number): number => {
    const start = Math.max(0, Math.floor(token - window / 2));
    const end = Math.min(n, start + window);
    return (sums.bits[end]! - sums.bits[start]!) / (sums.counts[end]! - sums.counts[start]!);
  };
  const stretches = binSurprisal(logprobs, STRETCHES);
  const notes = [
    missing > 0 && `${formatPlural(missing, "token")} without a number.`,
    zeros.length > 0 && `${formatPlural(zeros.length, "token")} of probability 0, in no mean.`,
  ].filter((note) => note !== false);
  const means = stretches.filter(({ count }) => count > 0).sort((a, b) => a.mean - b.mean);
  const needles = n <= MOST_NEEDLES;
  // Of many tokens a few stand far above the rest; an axis for them would press the text flat.
  const crowd = 1.4 * Math.max(...binSurprisal(logprobs, 100).map(({ high }) => high || 0));
  const cut = !needles && crowd > 0 && crowd < 0.8 * highest;
  const top = cut ? Math.ceil(crowd) : highest > 0 ? highest * 1.04 : 1;
  const key: KeyEntry[] = [
    {
      sign: "line",
      colour: ({ accent }) => accent,
      text: `moving mean of ${formatCount(Math.min(window, n))} tokens`,
    },
    { sign: "dashed", colour: ({ ink }) => ink, text: `mean of all: ${formatBits(mean)}` },
    ...(needles
      ? [{ sign: "thin", colour: ({ main }) => main, text: "one token" } satisfies KeyEntry]
      : [
          {
            sign: "band",
            colour: ({ main }) => main,
            opacity: 0.55,
            text: "middle 80% of the tokens",
          } satisfies KeyEntry,
          {
            sign: "band",
            colour: ({ main }) => main,
            opacity: 0.2,
            text: cut ? `all of them, cut at ${top} bits` : "all of them",
          } satisfies KeyEntry,
        ]),
    ...(zeros.length > 0
      ? [{ sign: "triangle", colour: ({ ink }) => ink, text: "probability 0" } satisfies KeyEntry]
      : []),
  ];
  return {
    title,
    summary: [
      `${formatPlural(sorted.length, "token")} with a mean of ${formatBits(mean)} bits.`,
      `Half of them are below ${formatBits(quantileOf(sorted, 0.5))} bits, nine in ten below ${formatBits(quantileOf(sorted, 0.9))}.`,
      `The highest, ${formatBits(highest)} bits, is at ${unit} ${formatCount(place(peak))}.`,
      ...notes,
    ].join(" "),
    numbers:
      means.length > 1
        ? `In ${stretches.length} stretches the mean goes from ${formatBits(means[0]!.mean)} (from ${unit} ${formatCount(place(means[0]!.start))}) to ${formatBits(means.at(-1)!.mean)} (from ${unit} ${formatCount(place(means.at(-1)!.start))}).`
        : "",
    table: {
      columns,
      rows: stretches.map((bin) => [
        formatCount(place(bin.start)),
        formatCount(bin.end - bin.start),
        ...[bin.mean, bin.min, bin.max].map(formatBits),
      ]),
    },
    key,
    draw({ width, colours }) {
      const bins = binSurprisal(logprobs, needles ? n : Math.min(MOST_POINTS, Math.floor(width * 0.8)));
      const moving = bins.map((bin) => ({ x: middle(bin), y: movingMean((bin.start + bin.end) / 2) }));
      const tokens = needles
        ? [
            ruleX(bins, {
              x: middle,
              y1: 0,
              y2: "mean",
              stroke: colours.main,
              strokeWidth: Math.max(0.5, Math.min(2, (width - 80) / n / 1.6)),
            }),
          ]
        : [
            areaY(bins, {
              x: middle,
              y1: "min",
              y2: ({ max }: Bin) => Math.min(top, max),
              fill: colours.main,
              fillOpacity: 0.2,
            }),
            areaY(bins, {
              x: middle,
              y1: "low",
              y2: ({ high }: Bin) => Math.min(top, high),
              fill: colours.main,
              fillOpacity: 0.45,
            }),
          ];
      return [
        {
          plot: {
            width,
            height: width < NARROW ? 260 : 320,
            marginLeft: 36,
            marginRight: 14,
            marginTop: 26,
            marginBottom: 40,
            x: {
              domain: [place(0), Math.max(place(n - 1), place(0) + 1)],
              label: `${unit} of the text →`,
              ticks: width / 90,
              tickFormat: formatCount,
            },
            y: { domain: [0, top], label: "↑ bits per token", ticks: 5 },
            marks: [
              ruleY([0], { stroke: colours.soft }),
              ...tokens,
              ruleY([mean], { stroke: colours.ink, strokeDasharray: "6 4", strokeWidth: 1.5 }),
              // A halo in the page's colour keeps the line apart from what is under it.
              lineY(moving, { x: "x", y: "y", stroke: colours.page, strokeWidth: 5, strokeOpacity: 0.7 }),
              n === 1
                ? dot(moving, { x: "x", y: "y", fill: colours.accent, r: 4 })
                : lineY(moving, { x: "x", y: "y", stroke: colours.accent, strokeWidth: 2.25 }),
              dot(zeros.slice(0, MOST_POINTS), {
                x: place,
                y: top,
                symbol: "triangle",
                fill: colours.ink,
                r: 4,
              }),
            ],
          } satisfies PlotOptions,
        },
      ];
    },
  };
}

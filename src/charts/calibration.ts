/** Whether the probabilities of a model mean what they say. */
import { axisX, axisY, dot, gridY, link, type PlotOptions } from "@observablehq/plot";
import { wilsonInterval } from "../core/index.ts";
import { formatCount, formatNumber, formatPlural, formatProbability, inSentence } from "../text/index.ts";
import { logTicks } from "./bins.ts";
import { type Chart, emptyChart, NARROW } from "./chart.ts";
import { aroundDiagonal } from "./diagonal.ts";

/** What is read of a document's tokens; a `TokenTable` has it. */
export interface CalibrationColumns {
  /** [n] rank of the token that stands there, 1 = the model's first choice; 0 = missing. */
  ranks: ArrayLike<number>;
  /** The model's k most probable tokens per position, [n*k] ln p in nats, best first; NaN = missing. */
  alternatives: { k: number; logprobs: ArrayLike<number> } | null;
}

/** What `calibrationByRank` and `topChoiceReliability` draw: one model on some documents. */
export interface CalibrationInput {
  documents: readonly CalibrationColumns[];
  /** Of the model. */
  name?: string | undefined;
}

interface RankCount {
  rank: number;
  /** Places where the model's choice of this rank has a probability. */
  places: number;
  /** Places where the token that stands there is that choice. */
  hits: number;
  /** Σ probability given to that choice. */
  claimed: number;
}

const MOST_RANKS = 10;

/**
 * For the model's first, second, third ... choice: the probability it gave, on average, and how often that choice
 * was what stands there. Dots above diamonds: the model was too modest; below: too sure.
 */
export function calibrationByRank({ documents, name }: CalibrationInput): Chart {
  const title = "Calibration by rank";
  const columns = ["choice", "places", "probability given", "was right", "95% interval"];
  const counts = countRanks(documents);
  if (counts.length === 0)
    return emptyChart(title, "There are no ranks and alternatives to compare.", columns);
  const rows = counts.map((count) => {
    const { low, high } = wilsonInterval(count.hits, count.places);
    return { ...count, given: count.claimed / count.places, share: count.hits / count.places, low, high };
  });
  const first = rows[0]!;
  const widest = rows.reduce((far, row) => (gap(row) > gap(far) ? row : far));
  const smallest = Math.min(
    ...rows.flatMap(({ given, share, low }) => [given, share, low]).filter((x) => x > 0),
  );
  const floor = Math.max(smallest, 1e-6) * 0.8;
  const ticks = logTicks(floor, 1, 7);
  return {
    title,
    summary: `How often ${name === undefined ? "the model" : inSentence(name)}'s first, second, third ... choice was what stands there, against the probability it gave: a dot above its diamond means too modest, below too sure. Its first choice was right ${formatProbability(first.share)} of the time and was given ${formatProbability(first.given)}.`,
    numbers: `${formatPlural(first.places, "token")}. The largest ratio between the two is at choice ${widest.rank}: right ${formatProbability(widest.share)}, given ${formatProbability(widest.given)}.`,
    table: {
      columns,
      rows: rows.map(({ rank, places, given, share, low, high }) => [
        String(rank),
        formatCount(places),
        formatProbability(given),
        formatProbability(share),
        `${formatProbability(low)} to ${formatProbability(high)}`,
      ]),
    },
    key: [
      {
        sign: "circle",
        colour: ({ main }) => main,
        text: "how often that choice was right, with 95% interval",
      },
      {
        sign: "diamond",
        colour: ({ accent }) => accent,
        text: "probability that the model gave it, on average",
      },
    ],
    draw: ({ width, colours }) => [
      {
        plot: {
          width,
          height: width < NARROW ? 280 : 320,
          marginLeft: 50,
          marginRight: 14,
          marginTop: 26,
          marginBottom: 40,
          x: {
            type: "point",
            domain: rows.map(({ rank }) => rank),
            padding: 0.6,
            label: "rank of the model's choice →",
          },
          y: { type: "log", domain: [floor, 1], label: "↑ share of places (log scale)" },
          marks: [
            gridY({ stroke: colours.line, strokeOpacity: 1, ticks }),
            axisY({
              ticks,
              text: (share: number) => `${Number((100 * share).toPrecision(2))}%`,
              labelArrow: "none",
              label: "↑ share of places (log scale)",
            }),
            axisX({ labelArrow: "none", labelAnchor: "right" }),
            link(rows, {
              x: "rank",
              y1: (row: { low: number }) => Math.max(row.low, floor),
              y2: "high",
              stroke: colours.main,
              strokeWidth: 2,
              dx: -5,
            }),
            dot(
              rows.filter(({ share }) => share > 0),
              { x: "rank", y: "share", r: 4.5, fill: colours.main, dx: -5 },
            ),
            dot(
              rows.filter(({ given }) => given > 0),
              { x: "rank", y: "given", symbol: "diamond", r: 5.5, fill: colours.accent, dx: 5 },
            ),
          ],
        } satisfies PlotOptions,
      },
    ],
  };
}

const gap = ({ given, share }: { given: number; share: number }): number =>
  given > 0 && share > 0 ? Math.abs(Math.log(given / share)) : 0;

function countRanks(documents: readonly CalibrationColumns[]): RankCount[] {
  const counts: RankCount[] = [];
  for (const { ranks, alternatives } of documents) {
    if (!alternatives) continue;
    const { k, logprobs } = alternatives;
    for (let i = 0; i < ranks.length; i++) {
      if (!(ranks[i]! > 0)) continue;
      for (let j = 0; j < Math.min(k, MOST_RANKS); j++) {
        const logprob = logprobs[i * k + j]!;
        if (Number.isNaN(logprob)) continue;
        while (counts.length <= j) counts.push({ rank: counts.length + 1, places: 0, hits: 0, claimed: 0 });
        const count = counts[j]!;
        count.places++;
        count.claimed += Math.exp(logprob);
        if (ranks[i] === j + 1) count.hits++;
      }
    }
  }
  return counts.filter(({ places }) => places > 0);
}

/** Equal-width bins of the probability given to the first choice. */
const BINS = 10;

/**
 * Reliability diagram of the model's first choices: where it gave them 70 %, were 70 % right? Ten bins of equal
 * width, accuracy with Wilson's 95 % interval over the mean probability of the bin, and how many tokens each holds.
 * The gap in words is the expected calibration error of the first choice with these bins (Naeini et al. 2015;
 * Guo et al. 2017).
 */
export function topChoiceReliability({ documents, name }: CalibrationInput): Chart {
  const title = "Reliability of the first choice";
  const columns = ["probability given", "tokens", "mean given", "was right", "95% interval"];
  const bins = Array.from({ length: BINS }, (_, i) => ({
    from: i / BINS,
    to: (i + 1) / BINS,
    tokens: 0,
    hits: 0,
    claimed: 0,
  }));
  for (const { ranks, alternatives } of documents) {
    if (!alternatives || alternatives.k < 1) continue;
    for (let i = 0; i < ranks.length; i++) {
      const probability = Math.exp(alternatives.logprobs[i * alternatives.k]!);
      if (!(ranks[i]! > 0) || Number.isNaN(probability)) continue;
      const bin = bins[Math.min(BINS - 1, Math.floor(probability * BINS))]!;
      bin.tokens++;
      bin.claimed += probability;
      if (ranks[i] === 1) bin.hits++;
    }
  }
  const rows = bins
    .filter(({ tokens }) => tokens > 0)
    .map((bin) => {
      const { low, high } = wilsonInterval(bin.hits, bin.tokens);
      return { ...bin, given: bin.claimed / bin.tokens, share: bin.hits / bin.tokens, low, high };
    });
  if (rows.length === 0) return emptyChart(title, "There are no ranks and alternatives to compare.", columns);
  const total = rows.reduce((sum, { tokens }) => sum + tokens, 0);
  const given = rows.reduce((sum, { claimed }) => sum + claimed, 0) / total;
  const right = rows.reduce((sum, { hits }) => sum + hits, 0) / total;
  const error = rows.reduce((sum, row) => sum + (row.tokens / total) * Math.abs(row.share - row.given), 0);
  return {
    title,
    summary: `Where ${name === undefined ? "the model" : inSentence(name)} gave its first choice 70%, were 70% right? It was right ${formatProbability(right)} of the time and gave ${formatProbability(given)} on average: ${Math.abs(given - right) < 0.005 ? "well matched" : given > right ? "too sure" : "too modest"} overall. Probability and accuracy differ by ${formatNumber(100 * error, 2)} percentage points on average.`,
    numbers: `${formatPlural(total, "token")}. The difference is the expected calibration error of the first choice with ${BINS} bins of equal width.`,
    table: {
      columns,
      rows: rows.map((row) => [
        `${formatProbability(row.from)} to ${formatProbability(row.to)}`,
        formatCount(row.tokens),
        formatProbability(row.given),
        formatProbability(row.share),
        `${formatProbability(row.low)} to ${formatProbability(row.high)}`,
      ]),
    },
    key: [
      { sign: "circle", colour: ({ main }) => main, text: "how often right, with 95% interval" },
      {
        sign: "dashed",
        colour: ({ ink }) => ink,
        text: "as sure as it should be: above it too modest, below it too sure",
      },
      { sign: "bar", colour: ({ soft }) => soft, opacity: 0.6, text: "share of the tokens" },
    ],
    draw: (space) =>
      aroundDiagonal(space, {
        marks: [
          link(rows, { x: "given", y1: "low", y2: "high", stroke: space.colours.main, strokeWidth: 2 }),
          dot(rows, { x: "given", y: "share", r: 5, fill: space.colours.main }),
        ],
        label: "probability that the model gave its first choice",
        shares: rows.map(({ from, to, tokens }) => ({ from, to, share: tokens / total })),
      }),
  };
}

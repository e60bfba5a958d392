/** Blocks, rates and distances of a text, in words and tables. */
import type { EntropyLab, ExtrapolatedRate, LempelZivMethod } from "../../entropy/index.ts";
import { formatCount, formatList, formatNumber, formatProbability } from "../../text/index.ts";
import { bitsText, type EntropyPart, type EntropyShown, intervalText, levelText } from "./shown.ts";

/** The rate as a model's running perplexity gives it, nats per symbol of the lab's unit. */
export interface ModelRate {
  model: string;
  /** Tokens scored, and symbols of the unit that they are. */
  tokens: number;
  symbols: number;
  /** Perplexity per token. */
  perplexity: number;
  rate: number;
  /** Circular block bootstrap over tokens; `null`: none. */
  interval: { low: number; high: number; level: number } | null;
}

/** What is shown of a text. */
export interface LabView {
  kind: "lab";
  /** File, or "standard input". */
  name: string;
  lab: EntropyLab;
  /** `null`: no model was asked. */
  model: ModelRate | null;
  /** Of all intervals. */
  level: number;
}

const METHODS: Readonly<Record<LempelZivMethod, string>> = {
  "match-length": "match lengths",
  lz76: "Lempel-Ziv 76",
  lz78: "Lempel-Ziv 78",
};
const UNITS = { bytes: "byte", characters: "character", tokens: "token" } as const;

export function showLab({ name, lab, model, level }: LabView): EntropyShown {
  const unit = UNITS[lab.unit];
  const parts: EntropyPart[] = [
    { heading: "In short", text: [...inShort(lab, unit), ...lab.notes] },
    {
      heading: "Blocks",
      text: [
        `Bits a ${unit} given those before it, h, by order n (block entropy of n less that of n-1), and of the whole block, H. The plain estimate is too low; Miller & Madow's and Chao & Shen's correct it. Not to be believed: marked with ?.`,
      ],
      table: {
        columns: [
          "n",
          "h, Miller-Madow",
          "h, Chao-Shen",
          "h, plain",
          `${levelText(level)} of plain`,
          "H, Miller-Madow",
          "distinct",
          "blocks",
          "coverage",
        ],
        rows: lab.blocks.map(
          ({ order, conditional, block, interval, distinct, samples, coverage, trustworthy }) => [
            `${order}${conditional !== null && !trustworthy ? "?" : ""}`,
            bitsText(conditional?.["miller-madow"]),
            bitsText(conditional?.["chao-shen"]),
            bitsText(conditional?.plugin),
            intervalText(interval),
            bitsText(block?.["miller-madow"]),
            formatCount(distinct),
            formatCount(samples),
            formatProbability(coverage),
          ],
        ),
      },
    },
    {
      heading: "Entropy rate",
      text: rateWords(lab),
      table: {
        columns: ["estimate", `bits a ${unit}`, `${levelText(level)} interval`, "how"],
        rows: rateRows(lab, model),
      },
    },
  ];
  if (lab.distances.length > 0)
    parts.push({
      heading: "Mutual information by distance",
      text: [
        `Bits that a ${unit} tells about the one d places further on; the correction (Miller & Madow) takes off what chance alone would show. Where nothing is left of it, nothing is known.`,
      ],
      table: {
        columns: ["d", "corrected", "plain", "taken off", "pairs"],
        rows: lab.distances.map(({ distance, corrected, plugin, bias, pairs }) => [
          formatCount(distance),
          bitsText(corrected, 3),
          bitsText(plugin, 3),
          bitsText(bias, 2),
          formatCount(pairs),
        ]),
      },
    });
  return {
    title: `Entropy of ${name}`,
    lead: `${formatCount(lab.symbols)} ${lab.symbols === 1 ? unit : lab.unit}, ${formatCount(lab.alphabet)} different.`,
    parts,
  };
}

function inShort({ plugin, extrapolated }: EntropyLab, unit: string): string[] {
  if (plugin === null) return [];
  const limit =
    extrapolated && extrapolated.limit < plugin.rate
      ? ` Extrapolated to blocks without end: ${bitsText(extrapolated.limit, 3)}${rangeWords(extrapolated)}.`
      : "";
  const before = plugin.order - 1;
  const given =
    before === 0 ? "whatever stands before it" : `given the ${before === 1 ? "one" : before} before it`;
  return [`${bitsText(plugin.rate)} bits a ${unit}, ${given}.${limit}`];
}

const rangeWords = ({ low, high }: ExtrapolatedRate): string =>
  low === null || high === null
    ? ", from no more orders than a fit takes"
    : `, between ${bitsText(low, 3)} and ${bitsText(high, 3)} by which order is left out`;

function rateWords({ lempelZiv, lempelZivConvergence }: EntropyLab): string[] {
  if (lempelZiv.length === 0 || lempelZivConvergence === null) return [];
  const known = lempelZiv.filter(({ shuffledBias }) => shuffledBias !== null);
  return [
    `The universal estimates know no order and converge slowly, about as log log N / log N = ${formatNumber(lempelZivConvergence, 2)} here.${
      known.length === 0
        ? ""
        : ` On the same symbols in random order, whose entropy is known, they are off by ${formatList(
            known.map(({ method, shuffledBias }) => `${signedPercent(shuffledBias!)} (${METHODS[method]})`),
          )}.`
    }`,
  ];
}

const signedPercent = (share: number): string =>
  `${share < 0 ? "-" : "+"}${formatNumber(100 * Math.abs(share), 2)}%`;

function rateRows(
  { plugin, extrapolated, lempelZiv, blocks }: EntropyLab,
  model: ModelRate | null,
): string[][] {
  const rows: string[][] = [];
  if (model)
    rows.push([
      `perplexity of ${model.model}`,
      bitsText(model.rate),
      intervalText(model.interval),
      `${formatNumber(model.perplexity)} per token, ${formatCount(model.tokens)} tokens; an upper bound`,
    ]);
  if (plugin)
    rows.push([
      `blocks of ${plugin.order}`,
      bitsText(plugin.rate),
      intervalText(plugin.interval),
      `${plugin.estimator}${plugin.interval ? `; bootstrap over ${plugin.interval.segments} segments` : "; too short for an interval"}`,
    ]);
  if (extrapolated) {
    const { low, high } = extrapolated;
    rows.push([
      "extrapolated blocks",
      bitsText(extrapolated.limit),
      low === null || high === null ? "–" : intervalText({ low, high }),
      `h + c/n^${formatNumber(extrapolated.exponent, 3)}, orders 1 to ${extrapolated.orders.at(-1)} of ${blocks.length}${low === null ? "" : "; range with one order left out"}`,
    ]);
  }
  for (const { method, rate, interval, course } of lempelZiv)
    rows.push([
      METHODS[method],
      bitsText(rate),
      intervalText(interval),
      course.length > 1
        ? `half of the text: ${bitsText(course.at(-2)!.rate)}${interval ? `; bootstrap over ${interval.segments} segments` : ""}`
        : "",
    ]);
  return rows;
}

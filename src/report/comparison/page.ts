/** A comparison as a page with pictures. */
import { divergencePercentiles } from "../../charts/server.ts";
import type { Comparison, ModelComparison, Place } from "../../evaluate/compare/index.ts";
import {
  formatBits,
  formatCount,
  formatNumber,
  formatPercent,
  formatPerplexity,
  formatPerplexityDifference,
  formatProbability,
  formatRatio,
} from "../../text/index.ts";
import { ERROR_METHODS, formatEstimate } from "../measures.ts";
import { type PageSection, renderPage } from "../page/sections.ts";
import { comparisonMethod, comparisonVerdict } from "./export.ts";
import { comparedRows, summaryTable } from "./summary.ts";

/**
 * A comparison as an HTML page of its own.
 * @param comparison its models are told apart by `labels`, in their order.
 */
export function comparisonPage(comparison: ModelComparison, base: string, labels: readonly string[]): string {
  const { comparisons } = comparison;
  const named = comparisons.map((one, i) => ({ one, name: labels[i]! }));
  const sections: PageSection[] = [
    {
      heading: "Summary",
      table: summaryTable(comparedRows(comparison, base, labels)),
    },
  ];
  const verdict = comparisonVerdict(comparison, base, labels);
  if (verdict.length > 0) sections.push({ heading: "What this text can tell", text: verdict });
  const divergences = named.flatMap(({ one, name }) => {
    if (one.per !== "token") return [];
    const { median, p90, p95, p99, "p99.9": p999, max } = one.measures.divergencePercentiles;
    return [{ name, median, p90, p95, p99, p999, max, mean: one.measures.divergence.value }];
  });
  if (divergences.length > 0) sections.push({ chart: divergencePercentiles(divergences, { base }) });
  for (const { one, name } of named) sections.push(numbers(one, name, base), changes(one, name));
  const lead = comparisonMethod(comparison).join(" ");
  return renderPage(`Compared with ${base}`, sections, lead);
}

function numbers(one: Comparison, name: string, base: string): PageSection {
  const text = [...one.notes];
  if (one.per === "byte") {
    const { measures } = one;
    return {
      heading: name,
      text,
      details: [
        ["bits per byte", formatEstimate(measures.bitsPerByte)],
        [`bits per byte of ${base}`, formatEstimate(measures.baseBitsPerByte)],
        ["difference", `${formatEstimate(measures.difference)}, bootstrap over ${measures.resampled}`],
        ["bytes compared", formatCount(measures.bytes)],
      ],
    };
  }
  const { measures } = one;
  const { ratioInterval } = measures;
  return {
    heading: name,
    text,
    details: [
      ["perplexity", formatEstimate(measures.perplexity, formatPerplexity)],
      [`perplexity of ${base}`, formatEstimate(measures.basePerplexity, formatPerplexity)],
      [
        "ratio",
        `${formatEstimate(measures.ratio, formatRatio)}${ratioInterval ? `; 95% between ${formatNumber(ratioInterval.low, 5)} and ${formatNumber(ratioInterval.high, 5)}, bootstrap over ${ratioInterval.blockLength === null ? "documents" : "blocks of tokens"}` : ""}`,
      ],
      [
        "difference",
        formatPerplexityDifference(measures.difference, [measures.perplexity, measures.basePerplexity]),
      ],
      ["KL divergence, nats", formatEstimate(measures.divergence)],
      ["Δp, %", formatEstimate(measures.deltaP, formatPercent)],
      ["RMS of Δp, %", formatEstimate(measures.rmsDeltaP, formatPercent)],
      ["same most probable token, %", formatEstimate(measures.sameTop, formatPercent)],
      ["±", ERROR_METHODS[measures.standardErrorMethod]],
      ["tokens", formatCount(measures.scored)],
    ],
  };
}

/** Text shown on either side, characters. */
const CONTEXT = 50;

function changes(one: Comparison, name: string): PageSection {
  const heading = `What changed most under ${name}`;
  const around = ({ before, text, after }: Place) =>
    `${before.slice(-CONTEXT)}⟦${text}⟧${after.slice(0, CONTEXT)}`;
  const probability = (logprob: number) => formatProbability(Math.exp(logprob));
  const bits = (nats: number) => formatBits(nats / Math.LN2);
  if (one.per === "byte")
    return {
      heading,
      table: {
        columns: ["in context", "bits, base", "bits", "document"],
        rows: one.measures.mostChanged.map((span) => [
          around(span),
          bits(span.totalBaseNll),
          bits(span.totalNll),
          span.document,
        ]),
      },
    };
  return {
    heading,
    table: {
      columns: ["in context", "KL, nats", "p, base", "p", "base expected", "expected", "document"],
      rows: one.measures.mostChanged.map((token) => [
        around(token),
        formatNumber(token.divergence, 3),
        probability(token.baseLogprob),
        probability(token.logprob),
        token.baseTop,
        token.top,
        token.document,
      ]),
    },
  };
}

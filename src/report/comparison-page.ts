/** A comparison as a page with pictures. */
import { divergencePercentiles } from "../charts/server.ts";
import type { Comparison, ModelComparison, Place } from "../evaluate/compare/index.ts";
import { formatCount, formatNumber, formatPercent, formatPlural, formatWithError } from "../text/index.ts";
import { type PageSection, renderPage } from "./page/sections.ts";

/**
 * A comparison as an HTML page of its own.
 * @param comparison its models are told apart by `labels`, in their order.
 */
export function comparisonPage(comparison: ModelComparison, base: string, labels: readonly string[]): string {
  const { comparisons, texts } = comparison;
  const named = comparisons.map((one, i) => ({ one, name: labels[i]! }));
  const sections: PageSection[] = [];
  const divergences = named.flatMap(({ one, name }) => {
    if (one.per !== "token") return [];
    const { median, p90, p95, p99, "p99.9": p999, max } = one.measures.divergencePercentiles;
    return [{ name, median, p90, p95, p99, p999, max, mean: one.measures.divergence.value }];
  });
  if (divergences.length > 0) sections.push({ chart: divergencePercentiles(divergences, { base }) });
  for (const { one, name } of named) sections.push(numbers(one, name, base), changes(one, name));
  const lead = [
    `${formatPlural(texts.documents, "document")}, ${formatPlural(texts.bytes, "byte")}, sha256 ${texts.sha256.slice(0, 12)}; recipe ${comparison.base.recipe.name} (${comparison.base.recipe.id}).`,
    "± is one standard error.",
  ].join(" ");
  return renderPage(`Compared with ${base}`, sections, lead);
}

type Estimate = Readonly<{ value: number; standardError: number | null }>;
const estimate = ({ value, standardError }: Estimate): string => formatWithError(value, standardError);
const percent = ({ value, standardError }: Estimate): string => formatPercent(value, standardError);

function numbers(one: Comparison, name: string, base: string): PageSection {
  const text = [...one.notes];
  if (one.per === "byte") {
    const { measures } = one;
    return {
      heading: name,
      text,
      details: [
        ["bits per byte", estimate(measures.bitsPerByte)],
        [`bits per byte of ${base}`, estimate(measures.baseBitsPerByte)],
        ["difference", `${estimate(measures.difference)}, bootstrap over ${measures.resampled}`],
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
      ["perplexity", estimate(measures.perplexity)],
      [`perplexity of ${base}`, estimate(measures.basePerplexity)],
      [
        "ratio",
        `${estimate(measures.ratio)}${ratioInterval ? `; 95% between ${formatNumber(ratioInterval.low, 5)} and ${formatNumber(ratioInterval.high, 5)}, bootstrap over blocks of tokens` : ""}`,
      ],
      ["difference", estimate(measures.difference)],
      ["KL divergence, nats", estimate(measures.divergence)],
      ["Δp, %", percent(measures.deltaP)],
      ["RMS of Δp, %", percent(measures.rmsDeltaP)],
      ["same most probable token, %", percent(measures.sameTop)],
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
  const probability = (logprob: number) => `${formatNumber(100 * Math.exp(logprob), 3)}%`;
  const bits = (nats: number) => formatNumber(nats / Math.LN2, 3);
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

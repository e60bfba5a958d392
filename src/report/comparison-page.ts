/** A comparison as a page with pictures. */
import type { PageSection } from "../charts/index.ts";
import type { Comparison, ModelComparison, Place } from "../evaluate/compare/index.ts";

/**
 * A comparison as an HTML page of its own.
 * @param comparison its models are told apart by `labels`, in their order.
 */
export async function comparisonPage(
  comparison: ModelComparison,
  base: string,
  labels: readonly string[],
): Promise<string> {
  const { divergencePercentiles, renderPage } = await import("../charts/server.ts"); // slow to load
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
    `${texts.documents} document${texts.documents === 1 ? "" : "s"}, ${texts.bytes} bytes, sha256 ${texts.sha256.slice(0, 12)}; recipe ${comparison.base.recipe.name} (${comparison.base.recipe.id}).`,
    "± is one standard error.",
  ].join(" ");
  return renderPage(`Compared with ${base}`, sections, { lead });
}

const figure = (value: number, digits = 5): string =>
  Number.isFinite(value) ? String(Number(value.toPrecision(digits))) : value > 0 ? "∞" : "−∞";

/** The error with two digits, the number as far as that. */
function estimate(
  { value, standardError }: { value: number; standardError: number | null },
  scale = 1,
): string {
  if (standardError === null || standardError === 0 || !Number.isFinite(value)) return figure(scale * value);
  const error = scale * standardError;
  const decimals = Math.min(20, Math.max(0, 1 - Math.floor(Math.log10(error))));
  return `${(scale * value).toFixed(decimals)} ± ${error.toFixed(decimals)}`;
}

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
        ["bytes compared", String(measures.bytes)],
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
        `${estimate(measures.ratio)}${ratioInterval ? `; 95% between ${figure(ratioInterval.low)} and ${figure(ratioInterval.high)}, bootstrap over blocks of tokens` : ""}`,
      ],
      ["difference", estimate(measures.difference)],
      ["KL divergence, nats", estimate(measures.divergence)],
      ["Δp, %", estimate(measures.deltaP, 100)],
      ["RMS of Δp, %", estimate(measures.rmsDeltaP, 100)],
      ["same most probable token, %", estimate(measures.sameTop, 100)],
      ["tokens", String(measures.scored)],
    ],
  };
}

/** Text shown on either side, characters. */
const CONTEXT = 50;

function changes(one: Comparison, name: string): PageSection {
  const heading = `What changed most under ${name}`;
  const around = ({ before, text, after }: Place) =>
    `${before.slice(-CONTEXT)}⟦${text}⟧${after.slice(0, CONTEXT)}`;
  const probability = (logprob: number) => `${figure(100 * Math.exp(logprob), 3)}%`;
  if (one.per === "byte")
    return {
      heading,
      table: {
        columns: ["in context", "bits, base", "bits", "document"],
        rows: one.measures.mostChanged.map((span) => [
          around(span),
          figure(span.totalBaseNll / Math.LN2, 3),
          figure(span.totalNll / Math.LN2, 3),
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
        figure(token.divergence, 3),
        probability(token.baseLogprob),
        probability(token.logprob),
        token.baseTop,
        token.top,
        token.document,
      ]),
    },
  };
}

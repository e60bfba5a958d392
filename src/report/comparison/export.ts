/** A comparison as a file: a table for programs, a document, or a page. */
import { type ModelComparison, resolutionOf } from "../../evaluate/compare/index.ts";
import { computedWith } from "../../models/kernels.ts";
import { formatCount, formatPlural } from "../../text/index.ts";
import { inline, markdownTable } from "../markdown.ts";
import { ERROR_METHODS } from "../measures.ts";
import { csvTable } from "../runs/index.ts";
import { resolutionSentences } from "./sentences.ts";
import { type ComparedRow, comparedRows, summaryTable } from "./summary.ts";

/** What a comparison can be written as. */
export const COMPARISON_FORMATS = ["csv", "md", "html"] as const;
/** One of `COMPARISON_FORMATS`. */
export type ComparisonFormat = (typeof COMPARISON_FORMATS)[number];

/**
 * A comparison as the text of a file.
 * @param base name of the base; `labels` those of the others, in their order.
 */
export async function exportComparison(
  comparison: ModelComparison,
  base: string,
  labels: readonly string[],
  format: ComparisonFormat,
): Promise<string> {
  if (format === "html") return (await import("./page.ts")).comparisonPage(comparison, base, labels);
  const rows = comparedRows(comparison, base, labels);
  return format === "csv" ? csv(rows, comparison) : markdown(rows, comparison, base, labels);
}

function csv(rows: readonly ComparedRow[], { base, texts }: ModelComparison): string {
  return csvTable(
    rows.map((row) => ({
      model: row.model,
      isBase: row.isBase,
      quantisation: row.identity.quantisation,
      modelBytes: row.bytes,
      bitsPerWeight: row.bitsPerWeight,
      parameters: row.identity.parameters,
      modelSha256: row.identity.sha256,
      perplexity: row.perplexity?.value ?? null,
      standardError: row.perplexity?.standardError ?? null,
      ratio: row.ratio?.value ?? null,
      ratioLow: row.ratioInterval?.low ?? null,
      ratioHigh: row.ratioInterval?.high ?? null,
      divergence: row.divergence?.value ?? null,
      divergenceStandardError: row.divergence?.standardError ?? null,
      divergence99: row.divergence99,
      sameTop: row.sameTop?.value ?? null,
      sameTopStandardError: row.sameTop?.standardError ?? null,
      bitsPerByte: row.bitsPerByte?.value ?? null,
      bitsPerByteStandardError: row.bitsPerByte?.standardError ?? null,
      difference: row.difference?.value ?? null,
      differenceLow: row.difference?.low ?? null,
      differenceHigh: row.difference?.high ?? null,
      recipe: base.recipe.name ?? "own",
      recipeId: base.recipe.id,
      textsSha256: texts.sha256,
    })),
  );
}

function markdown(
  rows: readonly ComparedRow[],
  comparison: ModelComparison,
  base: string,
  labels: readonly string[],
): string {
  const sentences = [
    ...comparisonVerdict(comparison, base, labels),
    ...comparisonMethod(comparison),
    ...comparison.comparisons.flatMap(({ notes }, i) => notes.map((note) => `${labels[i]}: ${note}`)),
  ];
  return [
    `# Compared with ${inline(base)}`,
    "",
    ...markdownTable(summaryTable(rows)),
    ...sentences.map((sentence) => `- ${inline(sentence)}`),
    "",
  ].join("\n");
}

/** Whether the text is long enough to choose by, in sentences. */
export function comparisonVerdict(
  { comparisons }: ModelComparison,
  base: string,
  labels: readonly string[],
): string[] {
  const named = comparisons.flatMap((one, i) =>
    one.per === "token" ? [{ name: labels[i]!, measures: one.measures }] : [],
  );
  const [first] = named;
  if (!first) return [];
  const choices = named.map(({ name, measures }) => ({ name, blocks: measures.blocks }));
  const resolution = resolutionOf(first.measures.basePerplexity, [{ name: base, blocks: null }, ...choices]);
  return resolutionSentences(resolution, first.measures.scored);
}

/** How the numbers were made, in sentences. */
export function comparisonMethod({ base, comparisons, texts }: ModelComparison): string[] {
  const computed = [base, ...comparisons].flatMap(({ settings }) => computedWith(settings) ?? []);
  const methods = comparisons.flatMap((one) =>
    one.per === "token" ? [ERROR_METHODS[one.measures.standardErrorMethod]] : [],
  );
  return [
    `${formatPlural(texts.documents, "document")}, ${formatCount(texts.bytes)} bytes, sha256 ${texts.sha256.slice(0, 12)}; recipe ${base.recipe.name ?? "own"} (${base.recipe.id}).`,
    ...[...new Set(computed)].map((how) => `Computed with ${how}.`),
    ...[...new Set(methods)].map(
      (how) =>
        `± is one standard error: ${how}; (a to b) the same on the log scale, where a perplexity's is too wide for ±. Intervals are of 95 %.`,
    ),
  ];
}

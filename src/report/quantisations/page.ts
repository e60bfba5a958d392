/** A model's quantisations as a page: size against quality, the table, and every number with its interval. */
import { divergencePercentiles, perplexityIntervals, sizeQuality } from "../../charts/server.ts";
import type { Quantisations } from "../../evaluate/quantisations/index.ts";
import { type PageSection, renderPage } from "../page/sections.ts";
import { quantisationMethod, quantisationRows, quantisationTable, quantisationVerdict } from "./table.ts";

/** @param notes what has to be said of it, as `compareQuantisations` gives them. */
export function quantisationsPage(quantisations: Quantisations, notes: readonly string[]): string {
  const { source, files } = quantisations;
  const rows = quantisationRows(quantisations);
  const measured = files.flatMap(({ type, measures }) =>
    measures === null ? [] : [{ name: type, measures }],
  );
  const verdict = quantisationVerdict(quantisations);
  const sections: PageSection[] = [];
  if (measured.length > 0)
    sections.push({
      chart: sizeQuality(
        rows
          .filter(({ isSource }) => !isSource)
          .map(({ type: name, bytes, measures, isOnFront }) => ({
            ...{ name, bytes, isOnFront },
            divergence: measures?.divergence.value ?? null,
            standardError: measures?.divergence.standardError,
          })),
        { source: { name: source.type, bytes: source.bytes } },
      ),
    });
  sections.push({ heading: "All numbers", text: verdict, table: quantisationTable(rows) });
  if (measured.length > 0)
    sections.push(
      {
        heading: "Perplexity",
        chart: perplexityIntervals(
          rows.map(({ type: model, perplexity }) => ({
            model,
            corpus: "",
            perplexity: perplexity?.value ?? null,
            standardError: perplexity?.standardError,
            standing: null,
          })),
        ),
      },
      {
        chart: divergencePercentiles(
          measured.map(({ name, measures }) => {
            const { median, p90, p95, p99, "p99.9": p999, max } = measures.divergencePercentiles;
            return { name, median, p90, p95, p99, p999, max, mean: measures.divergence.value };
          }),
          { base: source.type },
        ),
      },
    );
  const method = [...notes, ...quantisationMethod(quantisations)];
  if (method.length > 0) sections.push({ heading: "What to know", text: method });
  return renderPage(`Quantisations of ${source.name}`, sections);
}

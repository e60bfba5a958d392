/** Runs as a page with pictures. */
import { type Chart, capabilityMap, perplexityIntervals, renderSvg } from "../../charts/server.ts";
import { domainRows, type Run } from "../../evaluate/runs/index.ts";
import { ERRORS_IN_WORDS } from "../measures.ts";
import { type PageSection, renderPage } from "../page/sections.ts";
import { methodOf } from "./method.ts";
import { runTable, taskTable } from "./tables.ts";
import { tokenPictures } from "./token-pictures.ts";

/** The capability map as an SVG of its own. */
export function capabilityPicture(runs: readonly Run[]): string {
  return renderSvg(mapOf(runs));
}

/** @param folders of the runs, in their order; without one, a run has no pictures of its tokens. */
export async function runPage(
  runs: readonly Run[],
  folders: readonly (string | undefined)[],
): Promise<string> {
  const [results, tasks] = [runTable(runs), taskTable(runs)];
  const sections: PageSection[] = [];
  if (results) {
    sections.push({ heading: "Capability map", chart: mapOf(runs) });
    sections.push(intervals(runs));
    sections.push({ heading: "Results", table: results });
  }
  const tokens = await tokenPictures(runs, folders);
  sections.push(...tokens.sections);
  if (tasks) sections.push({ heading: "Tasks", table: tasks });
  sections.push({ heading: "How the numbers were made", text: [...methodOf(runs), ...tokens.notes] });
  const title = runs.length === 1 ? runs[0]!.id : "Runs";
  return renderPage(title, sections, ERRORS_IN_WORDS);
}

/**
 * Perplexity per token of one model; of several, which may have different tokenizers, bits per byte: perplexities per
 * tokens of different sizes must not stand beside each other.
 */
function intervals(runs: readonly Run[]): PageSection {
  const rows = domainRows(runs);
  if (new Set(rows.map(({ label }) => label)).size === 1)
    return {
      heading: "Perplexity per token",
      chart: perplexityIntervals(
        rows.map(({ label, row: { corpus, perplexity, standardError } }) => ({
          model: label,
          corpus,
          perplexity,
          standardError,
          standing: null,
        })),
      ),
    };
  const measured = rows.map(({ label, row, standing }) => ({
    model: label,
    corpus: row.corpus,
    perplexity: row.bitsPerByte,
    standardError: row.bitsPerByteStandardError,
    standing,
  }));
  return { heading: "Bits per byte", chart: perplexityIntervals(measured, { measure: "bits per byte" }) };
}

function mapOf(runs: readonly Run[]): Chart {
  const cells = domainRows(runs).map(({ label, domain, row, standing }) => ({
    model: label,
    domain,
    bitsPerByte: row.bitsPerByte,
    standardError: row.bitsPerByteStandardError,
    standing,
  }));
  return capabilityMap(cells);
}

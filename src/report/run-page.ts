/** Runs as a page with pictures. */
import type { Chart, PageSection } from "../charts/index.ts";
import { capabilityMap, perplexityIntervals, renderPage, renderSvg } from "../charts/server.ts";
import type { Run } from "../evaluate/runs/index.ts";
import { labelled, type RunRow, withDomains } from "../evaluate/runs/index.ts";
import { methodOf, taskTable } from "./export.ts";
import { tokenPictures } from "./token-pictures.ts";

/** The capability map as an SVG of its own. */
export function mapPicture(rows: readonly RunRow[]): string {
  return renderSvg(mapOf(rows));
}

/** @param folders of the runs, in their order; without one, a run has no pictures of its tokens. */
export async function runsPage(
  runs: readonly Run[],
  rows: readonly RunRow[],
  folders: readonly (string | undefined)[],
): Promise<string> {
  const [first] = runs;
  const sections: PageSection[] = [];
  if (rows.length > 0) sections.push({ heading: "Capability map", chart: mapOf(rows) });
  const intervals = labelled(rows).map(({ label, row }) => ({
    model: label,
    corpus: row.corpus,
    perplexity: row.perplexity,
    standardError: row.standardError,
  }));
  if (rows.length > 0)
    sections.push({ heading: "Perplexity per token", chart: perplexityIntervals(intervals) });
  const tokens = await tokenPictures(runs, folders);
  sections.push(...tokens.sections);
  const tasks = taskTable(runs);
  if (tasks) sections.push({ heading: "Tasks", table: tasks });
  sections.push({ heading: "How the numbers were made", text: [...methodOf(runs), ...tokens.notes] });
  const title = runs.length === 1 && first ? first.id : "Runs";
  return renderPage(title, sections, { lead: "± is one standard error." });
}

function mapOf(rows: readonly RunRow[]): Chart {
  const cells = withDomains(rows).map(({ label, domain, row }) => ({
    model: label,
    domain,
    bitsPerByte: row.bitsPerByte,
    standardError: row.bitsPerByteStandardError,
  }));
  return capabilityMap(cells);
}

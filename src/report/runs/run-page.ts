/** Runs as a page with pictures. */
import { type Chart, capabilityMap, perplexityIntervals, renderSvg } from "../../charts/server.ts";
import { labelled, type Run, type RunRow, runRows, withDomains } from "../../evaluate/runs/index.ts";
import { type PageSection, renderPage } from "../page/sections.ts";
import { methodOf } from "./method.ts";
import { runTable, taskTable } from "./tables.ts";
import { tokenPictures } from "./token-pictures.ts";

/** The capability map as an SVG of its own. */
export function capabilityPicture(runs: readonly Run[]): string {
  return renderSvg(mapOf(runs.flatMap(runRows)));
}

/** @param folders of the runs, in their order; without one, a run has no pictures of its tokens. */
export async function runPage(
  runs: readonly Run[],
  folders: readonly (string | undefined)[],
): Promise<string> {
  const rows = runs.flatMap(runRows);
  const [results, tasks] = [runTable(runs), taskTable(runs)];
  const sections: PageSection[] = [];
  if (results) {
    sections.push({ heading: "Capability map", chart: mapOf(rows) });
    sections.push({ heading: "Perplexity per token", chart: perplexityIntervals(intervalsOf(rows)) });
    sections.push({ heading: "Results", table: results });
  }
  const tokens = await tokenPictures(runs, folders);
  sections.push(...tokens.sections);
  if (tasks) sections.push({ heading: "Tasks", table: tasks });
  sections.push({ heading: "How the numbers were made", text: [...methodOf(runs), ...tokens.notes] });
  const title = runs.length === 1 ? runs[0]!.id : "Runs";
  return renderPage(title, sections, "± is one standard error.");
}

function intervalsOf(rows: readonly RunRow[]) {
  return labelled(rows).map(({ label, row: { corpus, perplexity, standardError } }) => ({
    model: label,
    corpus,
    perplexity,
    standardError,
  }));
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

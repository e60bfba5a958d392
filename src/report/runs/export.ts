/** Runs as a file: tables for programs and people, a page with pictures, or the capability map alone. */
import type { Run } from "../../evaluate/runs/index.ts";
import { csvOf } from "./csv.ts";
import { markdownOf } from "./markdown.ts";

/** What runs can be exported as. */
export const EXPORT_FORMATS = ["csv", "md", "html", "svg"] as const;
/** One of `EXPORT_FORMATS`. */
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** Options of `exportRuns`. */
export interface ExportOptions {
  /** Folder of each run, in the order of the runs: a page then has pictures of the tokens that are kept there. */
  folders?: readonly (string | undefined)[] | undefined;
}

/**
 * Runs as the text of a file.
 * @param runs their results stand below each other.
 */
export async function exportRuns(
  runs: readonly Run[],
  format: ExportFormat,
  { folders = [] }: ExportOptions = {},
): Promise<string> {
  if (format === "csv") return csvOf(runs);
  if (format === "md") return markdownOf(runs);
  const { capabilityPicture, runPage } = await import("./run-page.ts"); // slow to load
  return format === "svg" ? capabilityPicture(runs) : runPage(runs, folders);
}

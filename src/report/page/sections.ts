/** A page of sections with pictures, what they show in words, and their numbers as tables. */
import { type Chart, type ChartTable, renderFigure, renderTable } from "../../charts/server.ts";
import { escapeMarkup, visible } from "../../text/index.ts";
import { htmlDetails, htmlPage, htmlSection, oneLine } from "./skeleton.ts";

/** A part of a page; what is left out is not there. Every text is shown as text: no name can bring markup. */
export interface PageSection {
  /** Default: the title of the chart. */
  heading?: string | undefined;
  /** Paragraphs above the picture. */
  text?: string | readonly string[] | undefined;
  chart?: Chart | undefined;
  /** A table of its own; the chart's stands under the picture anyway. */
  table?: ChartTable | undefined;
  /** Names and values, such as what a number was measured with. */
  details?: readonly (readonly [name: string, value: string])[] | undefined;
}

/**
 * One HTML page without a script: see `htmlPage`. It has each picture for a screen and for a phone.
 * @param lead stands under the title.
 */
export function renderPage(title: string, sections: readonly PageSection[], lead?: string): string {
  return htmlPage({
    title,
    lead: lead === undefined ? undefined : oneLine(lead),
    main: sections.map((section, i) => renderSection(section, i + 1)).join("\n"),
  });
}

function renderSection(
  { text = [], chart, table, details, ...section }: PageSection,
  number: number,
): string {
  // What a chart says is safe to show; its marks of direction are to stay.
  const heading = section.heading === undefined ? chart?.title : visible(section.heading);
  const content = [
    ...[text].flat().map((paragraph) => `<p>${oneLine(paragraph)}</p>`),
    chart ? renderFigure(chart, { number }) : "",
    table ? renderTable(table, `Table ${number}: ${heading ?? ""}`) : "",
    details ? htmlDetails(details) : "",
  ];
  return htmlSection(
    `h-${number}`,
    heading === undefined ? undefined : escapeMarkup(heading),
    content.join("\n"),
  );
}

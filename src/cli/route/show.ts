/** An evaluation in front of a person: terminal, JSON, picture, page. */
import { assertWritable, isSameFile, writeWhole } from "../../files/index.ts";
import { renderPage } from "../../report/index.ts";
import { visible } from "../../text/index.ts";
import { usage } from "../errors.ts";
import { printDocument } from "../json.ts";
import { renderRouting, WAY_COLUMNS, type Way } from "../render/index.ts";

/** What is shown of it. */
export interface Shown {
  title: string;
  /** Lines above the table. */
  first: readonly string[];
  ways: readonly Way[];
  sentences: readonly string[];
  /** What every threshold gives; none: []. */
  curve: readonly { tokens: number; accuracy: number; kept: number }[];
  /** What the curve's `kept` is the share of, if not of short answers. */
  kept?: string | undefined;
  /** Name of the way that stands out. */
  router: string;
  document: object;
}

interface ShowGiven {
  json: boolean;
  svg: string | undefined;
  html: string | undefined;
}

/** Before the work begins. @throws SurprisalError USAGE, FILE_UNWRITABLE */
export function checkPictures({ svg, html }: ShowGiven, inputs: readonly (string | undefined)[]): void {
  for (const file of [svg, html]) {
    if (file === undefined) continue;
    if (inputs.some((input) => input !== undefined && input !== "-" && isSameFile(file, input)))
      throw usage("The file that is read would be overwritten", file);
    assertWritable(file);
  }
}

export async function showEvaluation(shown: Shown, { json, svg, html }: ShowGiven): Promise<void> {
  const methods = shown.ways.map((way) => ({
    ...way,
    name: way.name === shown.router ? "router" : way.name,
  }));
  if (svg !== undefined) {
    const { accuracyTokensChart, renderSvg } = await import("../../charts/server.ts");
    await writeWhole(svg, renderSvg(accuracyTokensChart({ curve: shown.curve, methods, kept: shown.kept })));
  }
  if (html !== undefined) {
    const { accuracyTokensChart } = await import("../../charts/server.ts");
    const rows = shown.ways.map((way) => WAY_COLUMNS.map(([, cell]) => cell(way)));
    const page = await renderPage(
      shown.title,
      [
        { heading: "In short", text: shown.sentences },
        { chart: accuracyTokensChart({ curve: shown.curve, methods, kept: shown.kept }) },
        {
          heading: "All ways",
          text: "Accuracy in per cent and tokens per question; the router's less each of the others', on the same questions.",
          table: { columns: WAY_COLUMNS.map(([heading]) => heading), rows },
        },
      ],
      shown.first.join(" "),
    );
    await writeWhole(html, page);
  }
  if (json) printDocument(shown.document);
  else {
    process.stdout.write(renderRouting(shown, process.stdout));
    for (const file of [svg, html])
      if (file !== undefined) process.stdout.write(`Written to ${visible(file)}\n`);
  }
}

/** What was measured in front of a person: terminal, JSON, picture, page. */
import { writeWhole } from "../../files/index.ts";
import { type EntropyView, entropyPage, entropyPicture } from "../../report/index.ts";
import { printDocument } from "../json.ts";
import { renderEntropy } from "../render/index.ts";

interface ShowGiven {
  html: string | undefined;
  svg: string | undefined;
  json: boolean;
}

/** @param document what --json prints. */
export async function showView(
  view: EntropyView,
  document: object,
  { html, svg, json }: ShowGiven,
): Promise<void> {
  if (html !== undefined) await writeWhole(html, await entropyPage(view));
  if (svg !== undefined) await writeWhole(svg, await entropyPicture(view));
  if (json) printDocument(document);
  else process.stdout.write(renderEntropy(view, process.stdout));
}

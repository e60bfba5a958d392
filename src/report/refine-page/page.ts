/** A refinement as one self-contained page, and its picture as an SVG file. */
import { renderSvg } from "../../charts/server.ts";
import type { DatasetReport, DemonstrationReport, RefineReport } from "../../refine/index.ts";
import { formatCount, formatPlural, visible } from "../../text/index.ts";
import { htmlPage, oneLine } from "../page/skeleton.ts";
import { countsText } from "../refine/steps.ts";
import { savedText } from "../refine/words.ts";
import { SCORE_STYLE } from "../score-page/style.ts";
import { datasetSections, ORDER_SCRIPT } from "./dataset.ts";
import { demonstrationSections } from "./demonstrations.ts";
import { refineChart } from "./picture.ts";
import { sampleSections } from "./sample.ts";
import { REFINE_STYLE } from "./style.ts";
import { madeSection } from "./tables.ts";

/**
 * One HTML page (see `htmlPage`): of a data set what was saved, how it is spread, and each sample to open; of one sample, and of
 * demonstrations, each step with its importance as a bar, what became of it and why, the curve of perplexity against steps and
 * tokens, and the ways that it has to be better than.
 */
export function refinePage(report: RefineReport): string {
  const tokensRun = report.mode === "fs" ? report.tokensRun : report.totals.tokensRun;
  const { lead, main } = report.mode === "fs" ? demonstrationParts(report) : datasetParts(report);
  return htmlPage({
    title: `Refined: ${report.source}`,
    lead: oneLine(lead),
    main: `${main}\n${madeSection({ ...report, tokensRun })}`,
    style: SCORE_STYLE + REFINE_STYLE,
    script: { code: ORDER_SCRIPT, data: null },
  });
}

/** Its picture. */
export function refinePicture(report: RefineReport): string {
  return renderSvg(refineChart(report), { id: "refine" });
}

interface PageText {
  lead: string;
  main: string;
}

function datasetParts(report: DatasetReport): PageText {
  const { samples, totals, method, model } = report;
  const [only] = samples;
  const by = `${methodName(method)} with ${visible(model.name)}`;
  if (samples.length === 1 && only?.outcome === "refined")
    return {
      lead: `${formatPlural(only.steps.length, "step")}, ${countsText(only.steps)}; ${savedText(only.tokens)} tokens. ${by}. A step that a model does not need is not thereby wrong.`,
      main: sampleSections(only, report),
    };
  return {
    lead: `${formatPlural(samples.length, "sample")}, ${formatCount(totals.changed)} of them shorter; ${savedText(totals.tokens)} tokens in their steps. ${by}. A step that a model does not need is not thereby wrong.`,
    main: datasetSections(report),
  };
}

function demonstrationParts(report: DemonstrationReport): PageText {
  const { demonstrations, steps, tokens, model, calibration } = report;
  return {
    lead: `${formatPlural(demonstrations.length, "demonstration")} of ${formatPlural(steps.length, "step")}, ${countsText(steps)}; ${savedText(tokens)} tokens in their steps. SPIRIT-FS with ${visible(model.name)}, tried on ${formatPlural(calibration, "question")}.`,
    main: demonstrationSections(report),
  };
}

/** A method as it is called. */
const methodName = (method: DatasetReport["method"]): string => (method === "spirit" ? "SPIRIT-FT" : method);

/** A calibration as a page with pictures. */
import type { CalibrationReport, PerplexityReliability } from "../../calibrate/index.ts";
import {
  accuracyByPerplexity,
  noiseFloorChart,
  reliabilityDiagram,
  riskCoverageChart,
} from "../../charts/server.ts";
import { formatCount, formatPlural } from "../../text/index.ts";
import { type PageSection, renderPage } from "../page/sections.ts";
import { CALIBRATION_MEASURES, calibrationMethod, calibrationVerdict, measureText } from "./measures.ts";

/** What the page shows. */
export interface CalibrationView {
  /** What was measured: a file, a run. */
  name: string;
  /** As the answers were. */
  before: CalibrationReport;
  /** Calibrated; `null`: there is no calibration. */
  after: CalibrationReport | null;
  /** Accuracy by perplexity; `null`: the answers have none. */
  perplexity: PerplexityReliability | null;
  /** Names and values of the calibration, such as its kind and what it was fitted to. */
  details: readonly (readonly [name: string, value: string])[];
  /** Sentences. */
  notes: readonly string[];
}

/** One HTML page: verdict, noise floor, reliability before and after, risk and coverage, perplexity, all numbers. */
export function calibrationPage({
  name,
  before,
  after,
  perplexity,
  details,
  notes,
}: CalibrationView): string {
  const reports = [
    { title: after ? "before calibration" : "", report: before },
    ...(after ? [{ title: "after calibration", report: after }] : []),
  ];
  const { level } = before.intervals;
  const last = after ?? before;
  const sections: PageSection[] = [
    { heading: "In short", text: [...calibrationVerdict(last), last.confidence.words, ...notes] },
    {
      chart: noiseFloorChart(
        reports.map(({ title, report }) => ({
          name: title === "" ? "These answers" : title.replace(/^./, (first) => first.toUpperCase()),
          ...report.noiseFloor,
        })),
        level,
      ),
    },
    ...reports.map(({ title, report }) => ({
      chart: reliabilityDiagram({
        ...report.reliability,
        level,
        title: title === "" ? "Reliability" : `Reliability ${title}`,
      }),
    })),
    {
      chart: riskCoverageChart({ points: last.riskCoverage, aurc: last.measures.aurc.value! }),
    },
    ...(perplexity ? [{ chart: accuracyByPerplexity(perplexity.bins) }] : []),
    {
      heading: "All measures",
      text: calibrationMethod(last),
      table: {
        columns: ["measure", ...(after ? ["before", "after"] : ["value"]), "better"],
        rows: CALIBRATION_MEASURES.map(({ key, name, better }) => [
          name.trim(),
          ...reports.map(({ report }) => measureText(report, key)),
          better,
        ]),
      },
    },
    ...(details.length > 0 ? [{ heading: "The calibration", details }] : []),
  ];
  const missing = before.missingScores + before.missingLabels;
  const lead = [
    `${formatPlural(before.n, "answer")}, ${formatCount(before.right)} right`,
    ...(before.groups === null ? [] : [`in ${formatPlural(before.groups, "group")}`]),
    ...(missing > 0 ? [`${formatCount(missing)} more without a score or a label`] : []),
  ].join(", ");
  return renderPage(`Calibration of ${name}`, sections, `${lead}.`);
}

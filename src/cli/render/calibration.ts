/** Measures of a calibration in a terminal. */
import type { CalibrationReport, KeptMeasures } from "../../calibrate/index.ts";
import {
  CALIBRATION_MEASURES,
  calibrationMethod,
  calibrationVerdict,
  measureText,
} from "../../report/index.ts";
import { displayWidth, formatCount, formatNumber, formatPlural, wrapWords } from "../../text/index.ts";
import { table } from "./run.ts";

interface Row {
  name: string;
  cells: string[];
  better: string;
}

/**
 * The table of measures with what they say in words.
 * @param after `null`: nothing was calibrated.
 * @param stream where it is shown: in a narrow terminal the last column is left out, and sentences are broken.
 */
export function renderCalibration(
  before: CalibrationReport,
  after: CalibrationReport | null,
  stream: { isTTY?: boolean | undefined; columns?: number | undefined },
): string {
  const reports = after ? [before, after] : [before];
  const headings = after ? ["before", "after"] : ["value"];
  const last = after ?? before;
  const width = stream.isTTY ? stream.columns || 80 : Number.POSITIVE_INFINITY;
  const rows: Row[] = [
    ...CALIBRATION_MEASURES.map(({ key, name, better }) => ({
      name,
      cells: reports.map((report) => measureText(report, key)),
      better,
    })),
    { name: "noise floor of ECE", cells: reports.map(floorText), better: "" },
  ];
  const columns: [string, (row: Row) => string][] = [
    ["measure", ({ name }) => name],
    ...headings.map((heading, i): [string, (row: Row) => string] => [heading, ({ cells }) => cells[i]!]),
    ["better", ({ better }) => better],
  ];
  const whole = table(rows, columns, 1);
  const fits = whole.every((line) => displayWidth(line) <= width);
  const sentences = [...calibrationMethod(last), ...calibrationVerdict(last), last.confidence.words];
  return `${[
    countsText(before),
    "",
    ...(fits ? whole : table(rows, columns.slice(0, -1), 1)),
    "",
    ...sentences.flatMap((sentence) => (width === Infinity ? [sentence] : wrapWords(sentence, width))),
  ].join("\n")}\n`;
}

function countsText({ n, right, missingScores, missingLabels, groups }: CalibrationReport): string {
  const inGroups = groups === null ? "" : `, in ${formatPlural(groups, "group")}`;
  const leftOut =
    missingScores + missingLabels > 0
      ? `; left out: ${formatCount(missingScores)} without a score, ${formatCount(missingLabels)} without a label`
      : "";
  return `${formatPlural(n, "answer")}, ${formatCount(right)} right${inGroups}${leftOut}`;
}

const floorText = ({ noiseFloor: { mean, low, high } }: KeptMeasures): string =>
  `${formatNumber(mean, 3)} (${formatNumber(low, 3)} to ${formatNumber(high, 3)})`;

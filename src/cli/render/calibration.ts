/** Measures of a calibration in a terminal. */
import type { CalibrationReport, KeptMeasures } from "../../calibrate/index.ts";
import { CALIBRATION_MEASURES, calibrationVerdict, measureText } from "../../report/index.ts";
import { formatCount, formatNumber, formatPlural } from "../../text/index.ts";
import { table } from "./run.ts";

/** The table of measures with what they say in words. @param after `null`: nothing was calibrated. */
export function renderCalibration(before: CalibrationReport, after: CalibrationReport | null): string {
  const shown: [string, CalibrationReport][] = after
    ? [
        ["before", before],
        ["after", after],
      ]
    : [["value", before]];
  const { n, right, missingScores, missingLabels, groups, intervals } = before;
  const floor = ({ noiseFloor: { mean, low, high } }: KeptMeasures) =>
    `${formatNumber(mean, 3)} (${formatNumber(low, 3)} to ${formatNumber(high, 3)})`;
  const rows = [
    ...CALIBRATION_MEASURES.map(({ key, name, better }) => ({
      name,
      better,
      cells: shown.map(([, report]) => measureText(report, key)),
    })),
    { name: "noise floor of ECE, equal width", better: "", cells: shown.map(([, report]) => floor(report)) },
  ];
  const missing = missingScores + missingLabels;
  return `${[
    `${formatPlural(n, "answer")}, ${formatCount(right)} right${groups === null ? "" : `, in ${formatPlural(groups, "group")}`}${missing > 0 ? `; left out: ${formatCount(missingScores)} without a score, ${formatCount(missingLabels)} without a label` : ""}`,
    "",
    ...table(
      rows,
      [
        ["measure", ({ name }) => name],
        ...shown.map(
          ([heading], i) =>
            [heading, ({ cells }: (typeof rows)[number]) => cells[i]!] as [
              string,
              (row: (typeof rows)[number]) => string,
            ],
        ),
        ["better", ({ better }) => better],
      ],
      1,
    ),
    "",
    `intervals of ${Math.round(100 * intervals.level)} % by the bootstrap over ${intervals.over}, ${formatCount(intervals.resamples)} resamples`,
    ...calibrationVerdict(after ?? before),
    (after ?? before).confidence.words,
  ].join("\n")}\n`;
}

/** The measures of a calibration as people read them: in the terminal and on the page. */
import type { CalibrationMeasureName, KeptMeasures } from "../../calibrate/index.ts";
import { formatCount, formatNumber } from "../../text/index.ts";

/** What a measure is, and what is better. */
export interface CalibrationMeasureRow {
  key: CalibrationMeasureName;
  name: string;
  /** Which way is better; "": neither. */
  better: "lower" | "higher" | "";
}

/** In the order they are shown. */
export const CALIBRATION_MEASURES: readonly CalibrationMeasureRow[] = [
  { key: "accuracy", name: "accuracy", better: "higher" },
  { key: "meanConfidence", name: "mean confidence", better: "" },
  { key: "eceEqualWidth", name: "ECE, equal width", better: "lower" },
  { key: "eceEqualMass", name: "ECE, equal mass", better: "lower" },
  { key: "eceSweep", name: "ECE, adaptive (sweep)", better: "lower" },
  { key: "aceEqualMass", name: "ACE, equal mass", better: "lower" },
  { key: "rmsCalibrationError", name: "RMS calibration error", better: "lower" },
  { key: "mce", name: "MCE", better: "lower" },
  { key: "debiasedEceL2", name: "debiased error, l2", better: "lower" },
  { key: "smoothEce", name: "smooth ECE", better: "lower" },
  { key: "brier", name: "Brier score", better: "lower" },
  { key: "brierMiscalibration", name: "  miscalibration (CORP)", better: "lower" },
  { key: "brierDiscrimination", name: "  discrimination (CORP)", better: "higher" },
  { key: "brierUncertainty", name: "  uncertainty (CORP)", better: "" },
  { key: "logLoss", name: "log loss, nats", better: "lower" },
  { key: "baseRateLogLoss", name: "log loss, base rate", better: "" },
  { key: "auroc", name: "AUROC", better: "higher" },
  { key: "auprcRight", name: "AUPRC of right ones", better: "higher" },
  { key: "auprcWrong", name: "AUPRC of wrong ones", better: "higher" },
  { key: "aurc", name: "AURC", better: "lower" },
  { key: "auarc", name: "AUARC", better: "higher" },
  { key: "prr", name: "PRR", better: "higher" },
  { key: "prrHalf", name: "PRR up to half rejected", better: "higher" },
  { key: "spiegelhalterZ", name: "Spiegelhalter's z", better: "" },
];

/** "0.0812 (0.0641 to 0.0990)", or the value alone. */
export function measureText({ measures }: KeptMeasures, key: CalibrationMeasureName): string {
  const { value, low, high } = measures[key];
  const number = formatNumber(value, 3);
  return low === null || high === null
    ? number
    : `${number} (${formatNumber(low, 3)} to ${formatNumber(high, 3)})`;
}

/** What the numbers say, in sentences. */
export function calibrationVerdict(report: KeptMeasures): string[] {
  const { noiseFloor } = report;
  const number = (value: number | null) => formatNumber(value, 3);
  return [
    noiseFloor.inside
      ? `The calibration error (ECE ${number(noiseFloor.observed)}) is no larger than noise makes that of a calibrated model (up to ${number(noiseFloor.high)}).`
      : `The calibration error (ECE ${number(noiseFloor.observed)}) is beyond the noise of a calibrated model (up to ${number(noiseFloor.high)}).`,
    lossVerdict(report),
  ];
}

function lossVerdict({ measures: { accuracy, logLoss, baseRateLogLoss } }: KeptMeasures): string {
  const [loss, base] = [logLoss.value ?? Infinity, baseRateLogLoss.value ?? 0];
  const number = (value: number) => formatNumber(value, 3);
  if (accuracy.value === 0 || accuracy.value === 1)
    return `All answers are ${accuracy.value === 1 ? "right" : "wrong"}: what the scores tell apart cannot be said.`;
  if (loss === Infinity)
    return "Its log loss is infinite: something that was given probability 0 happened. A histogram or an isotonic curve does so where it saw few answers; platt, beta and temperature do not.";
  return loss < base
    ? `Its log loss (${number(loss)} nats) is below that of the base rate (${number(base)}): the scores say something.`
    : `Its log loss (${number(loss)} nats) is not below that of the base rate (${number(base)}): always claiming the share that is right would do as well.`;
}

/** How the numbers were made, in sentences. */
export function calibrationMethod({
  intervals,
  binning,
  noiseFloor: { withinGroups },
}: KeptMeasures): string[] {
  const { level, over, resamples } = intervals;
  return [
    `Intervals of ${Math.round(100 * level)} % by the bootstrap over ${over}, ${formatCount(resamples)} resamples.`,
    ...(binning
      ? [
          `Bins: ${binning.bins === "cube-root" ? "the cube root of n" : binning.bins}; a score on an edge counts to the bin ${binning.closed === "right" ? "below" : "above"} it.`,
        ]
      : []),
    ...(typeof withinGroups === "number" && withinGroups > 0
      ? [
          `The noise floor takes answers of a group to go together as they do here (${formatNumber(withinGroups, 2)}; 0 = independent, 1 = by one chance).`,
        ]
      : []),
  ];
}

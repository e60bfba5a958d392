/** The measures of a calibration as people read them: in the terminal and on the page. */
import type { CalibrationMeasureName, KeptMeasures } from "../../calibrate/index.ts";
import { formatNumber } from "../../text/index.ts";

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
  { key: "brierDiscrimination", name: "  discrimination", better: "higher" },
  { key: "brierUncertainty", name: "  uncertainty", better: "" },
  { key: "logLoss", name: "log loss, nats", better: "lower" },
  { key: "baseRateLogLoss", name: "  of the base rate", better: "" },
  { key: "auroc", name: "AUROC", better: "higher" },
  { key: "auprcRight", name: "AUPRC of right ones", better: "higher" },
  { key: "auprcWrong", name: "AUPRC of wrong ones", better: "higher" },
  { key: "aurc", name: "AURC", better: "lower" },
  { key: "auarc", name: "AUARC", better: "higher" },
  { key: "prr", name: "PRR", better: "higher" },
  { key: "prrHalf", name: "PRR, at most half rejected", better: "higher" },
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
export function calibrationVerdict({ measures, noiseFloor }: KeptMeasures): string[] {
  const { logLoss, baseRateLogLoss } = measures;
  const number = (value: number | null) => formatNumber(value, 3);
  return [
    noiseFloor.inside
      ? `The calibration error (ECE ${number(noiseFloor.observed)}) is no larger than noise makes that of a calibrated model (up to ${number(noiseFloor.high)}).`
      : `The calibration error (ECE ${number(noiseFloor.observed)}) is beyond the noise of a calibrated model (up to ${number(noiseFloor.high)}).`,
    (logLoss.value ?? Infinity) < (baseRateLogLoss.value ?? 0)
      ? `Its log loss (${number(logLoss.value)} nats) is below that of the base rate (${number(baseRateLogLoss.value)}): the scores say something.`
      : `Its log loss (${number(logLoss.value)} nats) is not below that of the base rate (${number(baseRateLogLoss.value)}): always claiming the share that is right would do as well.`,
  ];
}

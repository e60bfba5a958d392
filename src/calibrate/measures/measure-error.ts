/** The calibration error alone, with its interval and its floor: for many sets of scores, where all measures would take long. */
import { binsOf } from "./bins.ts";
import {
  bootstrapMeasures,
  type MeasureBootstrapOptions,
  type MeasureEstimate,
  resampleSlots,
} from "./bootstrap.ts";
import { errorOfBins } from "./calibration-error.ts";
import { type NoiseFloor, noiseFloor } from "./noise-floor.ts";
import { type Pairs, tallyOf } from "./pairs.ts";

const CENTRED: ReadonlySet<string> = new Set(["error"]);

/**
 * The ECE of `measureCalibration` (15 bins of equal width), its interval and its noise floor, and nothing else.
 * @throws SurprisalError INVALID_ARGUMENT, EMPTY_INPUT as `tallyOf`.
 */
export function measureCalibrationError(
  pairs: Pairs,
  { simulations, ...options }: MeasureBootstrapOptions & { simulations?: number | undefined } = {},
): { error: MeasureEstimate; floor: NoiseFloor } {
  const tally = tallyOf(pairs);
  const { error } = bootstrapMeasures(
    tally,
    resampleSlots(pairs, tally),
    (each) => ({ error: errorOfBins(binsOf(each, { binning: "equal-width" }), "l1") }),
    CENTRED,
    options,
  );
  const { seed, level } = options;
  return { error, floor: noiseFloor(tally, { simulations, seed, level, pairs }) };
}

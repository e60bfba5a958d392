/** What a score says of another model, which the one that read the text stands for. */
import { formatNumber, visible } from "../../text/index.ts";
import type { Detail } from "./view.ts";

/** A proxy's estimate, bits per byte. */
export interface StandInView {
  /** The model that is stood for; `null` = nobody named it. */
  model: string | null;
  /** What it would say, with the interval that holds it in a share `level` of texts; `null` without a calibration. */
  estimate: { value: number; low: number; high: number; level: number } | null;
  /** Root mean square error of such estimates for new texts; `null` without a calibration. */
  typicalError: number | null;
  /** Texts of the calibration; `null` without one. */
  pairs: number | null;
}

/** One line: the estimate and its error, or that there is none. */
export function standInLine({ model, estimate, typicalError, pairs }: StandInView): Detail {
  const name = visible(model ?? "the other model");
  if (!estimate)
    return {
      name: "stands for",
      value: `${name}, whose own numbers differ; --proxy-calibration estimates them`,
    };
  const { value, low, high, level } = estimate;
  const interval = `${Number((100 * level).toPrecision(3))} % of texts between ${formatNumber(low, 3)} and ${formatNumber(high, 3)}`;
  return {
    name: "estimate",
    value: `${formatNumber(value, 3)} bits per byte for ${name}, ${interval}; typical error ${formatNumber(typicalError, 2)}, from ${pairs} texts`,
  };
}

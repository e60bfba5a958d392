/** Surprisal that jumps or shifts within an answer. */
export { ANOMALY_KINDS, AnomalyWatch, detectAnomaly } from "./anomaly.ts";
export { type ChangePointOptions, changePoints, type Segment } from "./change-points.ts";
export type { AnomalyOptions } from "./options.ts";

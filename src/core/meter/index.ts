export { RunningMean, SlidingMean } from "./means.ts";
export { PerplexityMeter } from "./meter.ts";
export { type MeterOptions, type ResolvedMeterOptions, resolveMeterOptions } from "./options.ts";
export type {
  ConfidenceReading,
  EntropyReading,
  LastToken,
  MarginReading,
  MeterReading,
  PartReading,
  Spike,
  SpikesReading,
  WindowReading,
} from "./reading.ts";
export { RunningMedian } from "./running-median.ts";
export { robustZScore } from "./spikes.ts";
export type { MeterState } from "./state.ts";
export { tokenConfidence } from "./token-confidence.ts";
export { TopAlternatives } from "./top-alternatives.ts";

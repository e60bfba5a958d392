/** A meter in JSON. */
import type { JsonNumber, RunningMeanState, SlidingMeanState } from "./means.ts";
import type { ResolvedMeterOptions } from "./options.ts";
import type { SpikesState } from "./spikes.ts";

/** Raised whenever a state of before can no longer be read. */
export const METER_STATE_VERSION = 1;

/** What `PerplexityMeter.toState` returns: JSON, to be stored and given to `PerplexityMeter.from`, and not to be read. */
export interface MeterState {
  version: typeof METER_STATE_VERSION;
  options: ResolvedMeterOptions;
  tokens: number;
  bytes: JsonNumber;
  unscoredBytes: JsonNumber;
  average: JsonNumber;
  nll: RunningMeanState;
  window: SlidingMeanState;
  entropyLow: RunningMeanState;
  entropyHigh: RunningMeanState;
  entropyLowWindow: SlidingMeanState;
  entropyHighWindow: SlidingMeanState;
  confidence: RunningMeanState;
  group: SlidingMeanState;
  leastK: JsonNumber;
  mostK: number;
  margin: RunningMeanState;
  spikes: SpikesState;
  last: {
    index: number;
    text: string;
    id: number;
    surprisal: JsonNumber;
    zScore: JsonNumber;
    entropyLow: JsonNumber;
    entropyHigh: JsonNumber;
    confidence: JsonNumber;
    margin: JsonNumber;
  };
}

/** What the detector of anomalies can be told. */
import { invalidArgument, type ResolvedMeterOptions, resolveMeterOptions } from "../../core/index.ts";

/** Options of `detectAnomaly`. What a spike is, is the meter's definition (`MeterOptions`), here of words. */
export interface AnomalyOptions {
  /** A word whose robust z-score is above this is a spike, > 0. Default 6, the meter's. */
  spikeThreshold?: number | undefined;
  /** Words before a word that it is compared with, at least 2. Default 64. */
  spikeHistory?: number | undefined;
  /** Words that must lie behind before a word is judged as it comes, 2 ... spikeHistory. Default 8. */
  spikeWarmUp?: number | undefined;
  /** Smallest scale of the z-score, nats, > 0. Default 0.5. */
  spikeSmallestScale?: number | undefined;
  /** No word below this is a spike, nats, >= 0: in a short answer of certain words all else would be one. Default 4, p = 0.018. */
  spikeFloor?: number | undefined;
  /** Fewest words on each side of a change of the mean, at least 2. Default 8. */
  shiftLength?: number | undefined;
  /** A shift below this is none, nats per word, >= 0. Default 1. */
  shiftFloor?: number | undefined;
}

/** Options with every default filled in. */
export interface ResolvedAnomalyOptions {
  meter: ResolvedMeterOptions;
  spikeFloor: number;
  shiftLength: number;
  shiftFloor: number;
}

/** @throws SurprisalError INVALID_ARGUMENT */
export function resolveAnomalyOptions(options: AnomalyOptions): ResolvedAnomalyOptions {
  const { spikeFloor = 4, shiftLength = 8, shiftFloor = 1, spikeHistory = 64 } = options;
  const { spikeThreshold, spikeWarmUp = Math.min(8, spikeHistory), spikeSmallestScale } = options;
  requireNonNegative(spikeFloor, "spikeFloor");
  requireNonNegative(shiftFloor, "shiftFloor");
  if (!Number.isSafeInteger(shiftLength) || shiftLength < 2)
    throw invalidArgument(
      `${shiftLength} is not allowed here`,
      "shiftLength",
      "Give a whole number of at least 2.",
    );
  const meter = resolveMeterOptions({ spikeThreshold, spikeHistory, spikeWarmUp, spikeSmallestScale });
  return { meter, spikeFloor, shiftLength, shiftFloor };
}

function requireNonNegative(value: number, where: string): void {
  if (Number.isFinite(value) && value >= 0) return;
  throw invalidArgument(`${value} is not allowed here`, where, "Give a number of at least 0.");
}

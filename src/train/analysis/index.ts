/** What a curve says: phases, power laws, spikes, overfitting, plateaus. */

export { OverfitDetector, type OverfitOptions, type OverfitState } from "./overfit.ts";
export { type Phase, type PhaseKind, phasesOf } from "./phases.ts";
export { PlateauDetector, type PlateauOptions } from "./plateau.ts";
export { type Outlook, outlookOf, type PowerLaw, type Ranged } from "./power-law.ts";
export { type Bins, binned, medianOf, movingAverage, noiseOf } from "./smooth.ts";
export { type Breakdown, type LossSpike, SpikeDetector } from "./spikes.ts";

/** Choosing DeepConf's settings by what a person said. */
import type { DeepConfArtefact, DeepConfFitOptions } from "../../route/index.ts";
import { formatNumber, formatProbability } from "../../text/index.ts";
import { usage } from "../errors.ts";
import { type Declared, decimal, flag, option, repeated, wholeNumber } from "../parameters.ts";

const SHARE = decimal(0.0001, 1);
const COUNT = wholeNumber(1, 100_000);

interface SettingValues {
  warmUp: number[];
  window: number[];
  keep: number[];
  consensus: number[];
  noConsensus: boolean;
  budget: number | undefined;
}

// biome-ignore format: one option a line
const SETTINGS: Declared<SettingValues> = {
  warmUp: repeated(COUNT, { hint: "N", description: "Traces that are written to their end and set the bar (default: 4, 8 and 16 are tried)" }),
  window: repeated(COUNT, { hint: "TOKENS", description: "Of a group: a fraction of a trace's length (default: 4, 8, 16 ... are tried)" }),
  keep: repeated(SHARE, { hint: "SHARE", description: "Of the warm-up's traces that reach the bar (default: 0.1, 0.5 and 0.9 are tried)" }),
  consensus: repeated(SHARE, { hint: "SHARE", description: "No more traces are begun once this share of the weight is on one answer (default: 0.8 and 0.95 are tried)" }),
  noConsensus: flag({ description: "Go on to the budget, as DeepConf's code does" }),
  budget: option(COUNT, { hint: "N", description: "Most traces (default: as many as were recorded)" }),
};

/** How they are chosen. */
export interface DeepConfFitValues extends SettingValues {
  tolerance: number;
  least: number;
}

// biome-ignore format: one option a line
export const DEEPCONF_FIT: Declared<DeepConfFitValues> = {
  ...SETTINGS,
  tolerance: option(decimal(0, 1), { hint: "SHARE", description: "Accuracy below the full vote's that is taken", standard: "0.005" }),
  least: option(wholeNumber(1, 1_000_000), { hint: "N", description: "Fewest questions", standard: "30" }),
};

const orNone = <Value>(list: readonly Value[]): readonly Value[] | undefined =>
  list.length > 0 ? list : undefined;

/** @throws SurprisalError USAGE */
export function deepConfFitOptions({
  warmUp,
  window,
  keep,
  consensus,
  noConsensus,
  budget,
  tolerance,
  least,
}: DeepConfFitValues): DeepConfFitOptions {
  if (noConsensus && consensus.length > 0) throw usage("--consensus and --no-consensus exclude each other");
  return {
    warmUps: orNone(warmUp),
    windows: orNone(window),
    keeps: orNone(keep),
    consensuses: noConsensus ? [null] : orNone(consensus),
    budget,
    tolerance,
    least,
  };
}

/** The settings in words. */
export function deepConfSettings({ settings, point, fittedOn }: DeepConfArtefact): string[] {
  const { warmUp, window, keep, budget, consensus, topK } = settings;
  const number = (value: number) => formatNumber(value, 4);
  return [
    `Warm-up ${warmUp}, window ${window}, keep ${keep}, ${consensus === null ? "no consensus stop" : `consensus ${consensus}`}, at most ${budget} traces; confidences over ${topK} alternatives.`,
    `On ${fittedOn.n} questions these were chosen on: right ${formatProbability(point.accuracy)} with ${number(point.tokens)} tokens; the full vote ${formatProbability(point.fullVote.accuracy)} with ${number(point.fullVote.tokens)}.${point.reached ? "" : " The full vote's accuracy was not reached: this is the nearest."}`,
  ];
}

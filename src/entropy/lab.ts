/** A sequence seen whole: its blocks, what its rate is estimated at, and how far its symbols tell of each other. */
import { invalidArgument } from "../core/index.ts";
import { type BlockEntropy, type BlockOptions, blockEntropies, TRUST } from "./blocks.ts";
import type { EntropyEstimator } from "./counts.ts";
import { DEFAULT_DISTANCES, type DistanceInformation, informationByDistance } from "./distance.ts";
import type { RateInterval } from "./interval.ts";
import { type LempelZivEstimate, lempelZiv } from "./lempel-ziv.ts";
import { fitPowerLaw, type PowerLaw } from "./power-law.ts";
import { suffixesOf } from "./suffix-array.ts";
import type { SymbolSequence } from "./symbols.ts";

/** Options of `entropyLab`. */
export interface EntropyLabOptions extends BlockOptions {
  /** How the extrapolation and the plug-in rate read the blocks. Default "miller-madow". */
  estimator?: EntropyEstimator | undefined;
  /** Universal estimates too. Default true. */
  lempelZiv?: boolean | undefined;
  /** Default: `DEFAULT_DISTANCES`; [] = none. */
  distances?: readonly number[] | undefined;
  /** Called before each part of the work, with what it is. */
  onStage?: ((stage: string) => void) | undefined;
}

/** The rate as the blocks of one order give it, nats per symbol. */
export interface PluginRate {
  order: number;
  estimator: EntropyEstimator;
  rate: number;
  /** Of the plain estimate, moved by the correction: bootstrap over segments. Covers chance, not bias. */
  interval: RateInterval | null;
}

/** h_n = limit + scale · n^-exponent, fitted to the orders that may be believed, nats per symbol. */
export interface ExtrapolatedRate extends PowerLaw {
  /** Orders fitted. */
  orders: readonly number[];
  /**
   * The smallest and the largest limit when one of the orders is left out: how much the fit hangs on each; no confidence interval.
   * `null`: four orders, none of which can be left out.
   */
  low: number | null;
  high: number | null;
}

/** What a sequence says of its entropy. */
export interface EntropyLab {
  unit: SymbolSequence["unit"];
  /** Symbols N, and distinct ones. */
  symbols: number;
  alphabet: number;
  blocks: readonly BlockEntropy[];
  /** Highest order that may be believed (`TRUST`); `null`: none. */
  trustedOrder: number | null;
  /** Of the highest order that may be believed; `null`: none. */
  plugin: PluginRate | null;
  /** `null`: fewer than four orders may be believed, or they show no limit above 0, or another one when one of them is left out. */
  extrapolated: ExtrapolatedRate | null;
  /** Universal estimates; empty where they were not asked for. */
  lempelZiv: readonly LempelZivEstimate[];
  /** ln ln N / ln N, see `LempelZiv`; `null` below 3 symbols. */
  lempelZivConvergence: number | null;
  distances: readonly DistanceInformation[];
  /** What a person should know. */
  notes: readonly string[];
}

/**
 * Everything about the entropy of a sequence that needs no model. Time grows with N, about a second per million symbols;
 * memory is about 30 bytes per symbol.
 * @throws SurprisalError INVALID_ARGUMENT for an empty sequence, and for options out of their range.
 */
export function entropyLab(sequence: SymbolSequence, options: EntropyLabOptions = {}): EntropyLab {
  const { estimator = "miller-madow", distances = DEFAULT_DISTANCES, level, seed, onStage } = options;
  const n = sequence.symbols.length;
  if (n === 0) throw invalidArgument("There are no symbols", "sequence", "Give at least one.");
  onStage?.("sorting");
  const suffixes = suffixesOf(sequence.symbols, sequence.alphabet);
  onStage?.("counting blocks");
  const blocks = blockEntropies(suffixes, options);
  const trusted = blocks.filter(({ trustworthy }) => trustworthy);
  const last = trusted.at(-1) ?? null;
  if (options.lempelZiv !== false) onStage?.("looking for repetitions");
  const universal = options.lempelZiv === false ? null : lempelZiv(sequence, suffixes, { level, seed });
  if (distances.length > 0) onStage?.("counting pairs");
  const lab: Omit<EntropyLab, "notes"> = {
    unit: sequence.unit,
    symbols: n,
    alphabet: sequence.alphabet,
    blocks,
    trustedOrder: last?.order ?? null,
    plugin: last && pluginRate(last, estimator),
    extrapolated: extrapolate(trusted, estimator),
    lempelZiv: universal?.estimates ?? [],
    lempelZivConvergence: universal?.convergence ?? null,
    distances: informationByDistance(sequence, distances),
  };
  return { ...lab, notes: notesOf(lab) };
}

function pluginRate({ order, conditional, interval }: BlockEntropy, estimator: EntropyEstimator): PluginRate {
  const rate = conditional![estimator];
  const correction = rate - conditional!.plugin;
  return {
    order,
    estimator,
    rate,
    interval: interval && {
      ...interval,
      low: Math.max(0, interval.low + correction),
      high: interval.high + correction,
    },
  };
}

/** Limits that lie further apart when one order is left out, as a share of the limit, are none; a convention. */
const MOST_APART = 0.5;

function extrapolate(trusted: readonly BlockEntropy[], estimator: EntropyEstimator): ExtrapolatedRate | null {
  const points = trusted.map(({ order, conditional }) => ({ x: order, y: conditional![estimator] }));
  const fitted = fitPowerLaw(points);
  // A limit of 0 is the bound of the fit: so few orders show no limit.
  if (fitted === null || (fitted.limit === 0 && fitted.residual > 0 && fitted.scale > 0)) return null;
  const others = points
    .map((_, left) => fitPowerLaw(points.filter((_, i) => i !== left)))
    .filter((fit) => fit !== null);
  const orders = points.map(({ x }) => x);
  if (others.length === 0) return { ...fitted, orders, low: null, high: null };
  const limits = [fitted, ...others].map(({ limit }) => limit);
  const [low, high] = [Math.min(...limits), Math.max(...limits)];
  // Such as a source that falls at its order and is level before and after: no power law.
  return high - low > MOST_APART * fitted.limit ? null : { ...fitted, orders, low, high };
}

function notesOf(lab: Omit<EntropyLab, "notes">): string[] {
  const { symbols, alphabet, blocks, trustedOrder, extrapolated } = lab;
  const notes: string[] = [];
  const unit = { bytes: "byte", characters: "character", tokens: "token" }[lab.unit];
  const tooLong = blocks.filter(({ block }) => block === null);
  if (symbols === 1) notes.push(`One ${unit} says nothing about a source.`);
  else if (alphabet === 1) notes.push(`Only one ${unit} occurs: the entropy is 0 in this text.`);
  if (tooLong.length > 0)
    notes.push(
      `The text is shorter than the order from ${tooLong[0]!.order} on: there is no block to count.`,
    );
  const first = blocks.find((entropy) => entropy.block !== null && !entropy.trustworthy);
  if (trustedOrder === null)
    notes.push("The text is too short for any order: all estimates are too low, corrected or not.");
  else if (first) {
    const why =
      first.coverage! < TRUST.coverage
        ? "too many blocks occurred once"
        : "the text is too short for so many different blocks";
    notes.push(
      `Up to order ${trustedOrder} the counts may be believed; from order ${first.order} on ${why}, and the estimates are too low.`,
    );
  }
  if (extrapolated === null && trustedOrder !== null)
    notes.push(
      "No extrapolation: it takes at least 4 orders that may be believed, and that fall towards one limit, whichever is left out.",
    );
  return notes;
}

/**
 * Entropy of the blocks of n neighbours, H_n, and of a symbol given the n-1 before it, h_n, by order n, in nats.
 *
 * Edges. H_n counts all N-n+1 blocks that lie within the sequence; nothing is laid in a ring. h_n = H_n - H'_(n-1), where
 * H' counts only the N-n+1 blocks that a symbol follows, so that both are of the same places and the plain estimate is never
 * below 0; it differs from H_n - H_(n-1) by less than ln N / (N-n+1) or so.
 *
 * Sources: Shannon 1951, "Prediction and entropy of printed English" (F_N); Cover & Thomas, chapter 4.
 */
import { documentBootstrap, invalidArgument } from "../core/index.ts";
import { type CountedEntropy, countedEntropy, ENTROPY_ESTIMATORS, type EntropyEstimator } from "./counts.ts";
import { type RateInterval, segmentsFor } from "./interval.ts";
import type { Suffixes } from "./suffix-array.ts";

/** Entropies of one order. */
export interface BlockEntropy extends Omit<CountedEntropy, "entropy"> {
  /** Symbols of a block, n. */
  order: number;
  /** H_n by estimator, nats per block; `null`: the sequence has no block of this order. */
  block: Record<EntropyEstimator, number> | null;
  /** h_n by estimator, nats per symbol; for n = 1 the same as H_1. A difference of corrected estimates can be below 0. */
  conditional: Record<EntropyEstimator, number> | null;
  /** Of the plain h_n; `null`: too short. */
  interval: RateInterval | null;
  /** First term of what the plain h_n lacks: (K_n - K'_(n-1)) / 2(N-n+1), nats; `null` without blocks. */
  missing: number | null;
  /** Enough blocks for their number: see `TRUST`. */
  trustworthy: boolean;
}

/** When a conditional entropy may be believed, to a few per cent; both bounds are conventions, not theorems. */
export const TRUST = {
  /** At least so much of the probability is in blocks that were seen (Good's coverage). */
  coverage: 0.98,
  /** `missing` is at most this share of h_n, corrected by it. */
  bias: 0.03,
} as const;

/** Options of `blockEntropies`. */
export interface BlockOptions {
  /** Highest order, 1 ... 64. Default 8. */
  order?: number | undefined;
  /** Coverage of intervals. Default 0.95. */
  level?: number | undefined;
  /** Of the bootstrap, and of shuffled copies. Default 0. */
  seed?: number | undefined;
}

const DEFAULT_ORDER = 8;
const MOST_ORDER = 64;

/** Block entropies of a sequence, order 1 first. @throws SurprisalError INVALID_ARGUMENT for an order out of range. */
export function blockEntropies(
  suffixes: Suffixes,
  { order: highest = DEFAULT_ORDER, level = 0.95, seed = 0 }: BlockOptions = {},
): BlockEntropy[] {
  if (!(Number.isInteger(highest) && highest >= 1 && highest <= MOST_ORDER))
    throw invalidArgument(`${highest} is no order`, "order", `Give a whole number from 1 to ${MOST_ORDER}.`);
  const entropies: BlockEntropy[] = [];
  let trusted = true;
  for (let order = 1; order <= highest; order++) {
    const entropy = entropyOfOrder(suffixes, order, { level, seed });
    // Nobody should believe an order above one that is not to be believed.
    trusted &&= entropy.trustworthy;
    entropies.push({ ...entropy, trustworthy: trusted });
  }
  return entropies;
}

function entropyOfOrder(
  suffixes: Suffixes,
  order: number,
  drawn: { level: number; seed: number },
): BlockEntropy {
  const n = suffixes.sorted.length;
  const { blocks, contexts, surprisals, lengths } = countBlocks(suffixes, order);
  const { entropy: block, ...counted } = countedEntropy(blocks);
  const before = countedEntropy(contexts);
  if (block === null)
    return { order, ...counted, block, conditional: null, interval: null, missing: null, trustworthy: false };
  const given = order === 1 ? null : before.entropy!;
  const conditional = { ...block };
  for (const name of ENTROPY_ESTIMATORS) conditional[name] -= given?.[name] ?? 0;
  conditional.plugin = Math.max(0, conditional.plugin); // rounding may leave it below 0
  const missing = (counted.distinct - before.distinct) / (2 * counted.samples);
  const interval = lengths === null ? null : documentBootstrap(surprisals, lengths, drawn);
  return {
    order,
    ...counted,
    block,
    conditional,
    interval: interval && {
      low: interval.low,
      high: interval.high,
      level: drawn.level,
      segments: surprisals.length,
    },
    missing,
    trustworthy:
      n >= 2 && counted.coverage! >= TRUST.coverage && missing <= TRUST.bias * (conditional.plugin + missing),
  };
}

interface Counted {
  /** Count -> number of blocks of the order. */
  blocks: Map<number, number>;
  /** The same of the blocks one shorter that a symbol follows. */
  contexts: Map<number, number>;
  /** By segment of the text, Σ -ln(count of block / count of context), nats, and places; `lengths` is `null`: too short. */
  surprisals: Float64Array;
  lengths: Float64Array | null;
}

/** Blocks are neighbours in the order of the suffixes: one pass counts them, with their contexts around them. */
function countBlocks({ sorted, common }: Suffixes, order: number): Counted {
  const n = sorted.length;
  const places = n - order + 1;
  const [blocks, contexts] = [new Map<number, number>(), new Map<number, number>()];
  const segments = segmentsFor(Math.max(0, places));
  const surprisals = new Float64Array(segments ?? 0);
  const lengths = segments === null ? null : new Float64Array(segments);
  const perPlace = (segments ?? 0) / Math.max(1, places);
  const add = (profile: Map<number, number>, count: number) =>
    profile.set(count, (profile.get(count) ?? 0) + 1);
  // Counts of the blocks within the present context, and where each begins in the order.
  let starts = new Int32Array(1024);
  let counts = new Int32Array(1024);
  let within = 0;
  const endContext = () => {
    let total = 0;
    for (let b = 0; b < within; b++) total += counts[b]!;
    if (total > 0) add(contexts, total);
    for (let b = 0; b < within; b++) add(blocks, counts[b]!);
    if (lengths !== null)
      for (let b = 0; b < within; b++) {
        const surprisal = Math.log(total / counts[b]!);
        for (let k = starts[b]!, left = counts[b]!; left > 0; k++) {
          const at = sorted[k]!;
          if (at >= places) continue;
          const segment = Math.min(surprisals.length - 1, Math.floor(at * perPlace));
          surprisals[segment]! += surprisal;
          lengths[segment]!++;
          left--;
        }
      }
    within = 0;
  };
  let isNewBlock = true;
  for (let k = 0; k < n; k++) {
    if (common[k]! < order) isNewBlock = true;
    if (common[k]! < order - 1) endContext();
    if (sorted[k]! >= places) continue; // shorter than a block
    if (isNewBlock) {
      if (within === counts.length) {
        counts = grown(counts);
        starts = grown(starts);
      }
      starts[within] = k;
      counts[within++] = 0;
      isNewBlock = false;
    }
    counts[within - 1]!++;
  }
  endContext();
  return { blocks, contexts, surprisals, lengths };
}

function grown(array: Int32Array): Int32Array<ArrayBuffer> {
  const longer = new Int32Array(2 * array.length);
  longer.set(array);
  return longer;
}

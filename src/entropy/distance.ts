/**
 * How much a symbol tells about the one d places further on, I(X_t; X_t+d), from counts of pairs, in nats.
 *
 * Sources: Li 1990, "Mutual information functions versus correlation functions"; Ebeling & Pöschel 1994, "Entropy and
 * long-range correlations in literary English"; the correction is Miller & Madow's, of all three entropies.
 */
import { invalidArgument } from "../core/index.ts";
import { countedEntropy } from "./counts.ts";
import type { SymbolSequence } from "./symbols.ts";

/** Mutual information at one distance. */
export interface DistanceInformation {
  /** Places between the two, d >= 1; neighbours have 1. */
  distance: number;
  /** Pairs N-d; 0: the sequence is too short. */
  pairs: number;
  /** Plain estimate, nats, at least 0, too large on average; `null` without pairs. */
  plugin: number | null;
  /** Less its bias to first order, (K_xy - K_x - K_y + 1) / 2(N-d); may be below 0 where there is nothing; `null` without pairs. */
  corrected: number | null;
  /** What was taken off, nats. Where it is about as large as `plugin`, nothing is known. */
  bias: number | null;
}

export const DEFAULT_DISTANCES: readonly number[] = [1, 2, 3, 4, 6, 8, 12, 16, 32, 64, 128, 256];
/** More cells than these are counted in a hash table. */
const MOST_CELLS = 2 ** 24;

/** Mutual information by distance. @throws SurprisalError INVALID_ARGUMENT for a distance that is no whole number from 1. */
export function informationByDistance(
  { symbols, alphabet }: Pick<SymbolSequence, "symbols" | "alphabet">,
  distances: readonly number[] = DEFAULT_DISTANCES,
): DistanceInformation[] {
  const cells = alphabet * alphabet <= MOST_CELLS ? new Int32Array(alphabet * alphabet) : null;
  return distances.map((distance) => {
    if (!(Number.isInteger(distance) && distance >= 1))
      throw invalidArgument(`${distance} is no distance`, "distances", "Give whole numbers from 1.");
    const pairs = Math.max(0, symbols.length - distance);
    if (pairs === 0) return { distance, pairs, plugin: null, corrected: null, bias: null };
    const first = countedEntropy(singles(symbols.subarray(0, pairs), alphabet));
    const second = countedEntropy(singles(symbols.subarray(distance), alphabet));
    const both = countedEntropy(
      cells ? pairsInTable(symbols, distance, alphabet, cells) : pairsInMap(symbols, distance, alphabet),
    );
    const plugin = Math.max(0, first.entropy!.plugin + second.entropy!.plugin - both.entropy!.plugin);
    const bias = (both.distinct - first.distinct - second.distinct + 1) / (2 * pairs);
    return { distance, pairs, plugin, corrected: plugin - bias, bias };
  });
}

const bump = (profile: Map<number, number>, count: number): void => {
  profile.set(count, (profile.get(count) ?? 0) + 1);
};

function singles(symbols: Int32Array, alphabet: number): Map<number, number> {
  const counts = new Int32Array(alphabet);
  for (const symbol of symbols) counts[symbol]!++;
  const profile = new Map<number, number>();
  for (const count of counts) if (count > 0) bump(profile, count);
  return profile;
}

/** @param cells [K*K] zeros, and zeros again afterwards. */
function pairsInTable(
  symbols: Int32Array,
  distance: number,
  alphabet: number,
  cells: Int32Array,
): Map<number, number> {
  const pairs = symbols.length - distance;
  for (let i = 0; i < pairs; i++) cells[symbols[i]! * alphabet + symbols[i + distance]!]!++;
  const profile = new Map<number, number>();
  for (let i = 0; i < pairs; i++) {
    const cell = symbols[i]! * alphabet + symbols[i + distance]!;
    if (cells[cell]! > 0) bump(profile, cells[cell]!);
    cells[cell] = 0;
  }
  return profile;
}

function pairsInMap(symbols: Int32Array, distance: number, alphabet: number): Map<number, number> {
  const pairs = symbols.length - distance;
  const keys = new Float64Array(pairs);
  for (let i = 0; i < pairs; i++) keys[i] = symbols[i]! * alphabet + symbols[i + distance]!;
  keys.sort();
  const profile = new Map<number, number>();
  for (let start = 0; start < pairs; ) {
    let end = start + 1;
    while (end < pairs && keys[end] === keys[start]) end++;
    bump(profile, end - start);
    start = end;
  }
  return profile;
}

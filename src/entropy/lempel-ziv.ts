/**
 * Entropy rates from how a sequence repeats itself, without any order: universal, and slow to converge.
 *
 * Sources: Lempel & Ziv 1976, "On the complexity of finite sequences"; Ziv & Lempel 1978; Grassberger 1989 and Kontoyiannis,
 * Algoet, Suhov & Wyner 1998, "Nonparametric entropy estimation for stationary processes and random fields" (match lengths);
 * Gao, Kontoyiannis & Bienenstock 2008, "Estimating the entropy of binary time series" (comparison, bias).
 */
import { documentBootstrap, seededRandom } from "../core/index.ts";
import { type RateInterval, segmentsFor } from "./interval.ts";
import { longestEarlierMatches, type Suffixes, suffixesOf } from "./suffix-array.ts";
import type { SymbolSequence } from "./symbols.ts";

/**
 * - `match-length`: 1 / mean of Λ_i / ln(i+1), where Λ_i is 1 + the longest match of what begins at i with what began earlier
 *   (the increasing window of Kontoyiannis et al.; matches may overlap). The first symbol is left out.
 * - `lz76`: c ln N / N with c phrases, each the shortest that has not begun earlier.
 * - `lz78`: c ln c / N with c phrases, each an earlier phrase and one symbol.
 */
export type LempelZivMethod = "match-length" | "lz76" | "lz78";

/** A universal estimate. */
export interface LempelZivEstimate {
  method: LempelZivMethod;
  /** Nats per symbol; `null`: fewer than two symbols. */
  rate: number | null;
  /** Bootstrap over segments, of `match-length` only: phrases depend on all before them. Covers chance, not bias. */
  interval: RateInterval | null;
  /** Phrases c; `null` of `match-length`. */
  phrases: number | null;
  /** What it says of the first part of the sequence: where it still falls it has not converged. */
  course: readonly { symbols: number; rate: number }[];
  /**
   * (rate - H_1) / H_1 on the same symbols in random order, whose entropy per symbol is H_1: the bias of the method at this
   * length, on a source without memory. `null` where H_1 is 0 or the sequence was too long for it.
   */
  shuffledBias: number | null;
}

/** What the universal estimates say. */
export interface LempelZiv {
  estimates: readonly LempelZivEstimate[];
  /** ln ln N / ln N: the relative error of these estimates falls about as fast, very slowly; `null` below 3 symbols. */
  convergence: number | null;
}

/** Beyond so many symbols the shuffled copy is not made. */
const LONGEST_SHUFFLED = 4_000_000;
/** Parts of the sequence that are looked at. */
const PARTS = [1 / 16, 1 / 8, 1 / 4, 1 / 2, 1];

/** Options of `lempelZiv`. */
export interface LempelZivOptions {
  /** Coverage of intervals. Default 0.95. */
  level?: number | undefined;
  /** Of the bootstrap, and of the shuffled copy. Default 0. */
  seed?: number | undefined;
}

/** Universal estimates of the entropy rate of a sequence. @param suffixes of it. */
export function lempelZiv(
  sequence: SymbolSequence,
  suffixes: Suffixes,
  { level = 0.95, seed = 0 }: LempelZivOptions = {},
): LempelZiv {
  const { symbols, alphabet } = sequence;
  const n = symbols.length;
  const all = ratesOf(symbols, longestEarlierMatches(suffixes), { level, seed });
  const unigram = firstEntropy(symbols, alphabet);
  const shuffled =
    n < 2 || n > LONGEST_SHUFFLED || unigram === 0
      ? null
      : ratesOf(...withMatches(shuffle(symbols, seed), alphabet), null);
  return {
    estimates: all.map((estimate, i) => ({
      ...estimate,
      shuffledBias: shuffled === null ? null : (shuffled[i]!.rate! - unigram) / unigram,
    })),
    convergence: n < 3 ? null : Math.log(Math.log(n)) / Math.log(n),
  };
}

const withMatches = (symbols: Int32Array, alphabet: number): [Int32Array, Int32Array] => [
  symbols,
  longestEarlierMatches(suffixesOf(symbols, alphabet)),
];

type Rates = Omit<LempelZivEstimate, "shuffledBias">;

/** How an interval is drawn. */
interface Drawn {
  level: number;
  seed: number;
}

/** @param drawn `null`: no intervals. */
function ratesOf(symbols: Int32Array, matches: Int32Array, drawn: Drawn | null): Rates[] {
  const n = symbols.length;
  const places = [...new Set(PARTS.map((part) => Math.floor(part * n)))].filter((at) => at >= 2);
  return [matchLengthRate(matches, places, drawn), lz76Rate(matches, places), lz78Rate(symbols, places)];
}

function matchLengthRate(matches: Int32Array, places: readonly number[], drawn: Drawn | null): Rates {
  const n = matches.length;
  const segments = drawn === null ? null : segmentsFor(n - 1);
  const sums = new Float64Array(segments ?? 1);
  const lengths = new Float64Array(segments ?? 1);
  const course: { symbols: number; rate: number }[] = [];
  let total = 0;
  for (let i = 1, next = 0; i < n; i++) {
    const term = (matches[i]! + 1) / Math.log(i + 1);
    total += term;
    const segment = Math.floor(((i - 1) * sums.length) / (n - 1));
    sums[segment]! += term;
    lengths[segment]!++;
    if (i + 1 === places[next]) {
      course.push({ symbols: i + 1, rate: i / total });
      next++;
    }
  }
  const interval = segments === null || drawn === null ? null : documentBootstrap(sums, lengths, drawn);
  return {
    method: "match-length",
    rate: n < 2 ? null : (n - 1) / total,
    interval:
      interval && drawn
        ? { low: 1 / interval.high, high: 1 / interval.low, level: drawn.level, segments: sums.length }
        : null,
    phrases: null,
    course,
  };
}

function lz76Rate(matches: Int32Array, places: readonly number[]): Rates {
  const n = matches.length;
  const course: { symbols: number; rate: number }[] = [];
  let phrases = 0;
  let next = 0;
  for (let at = 0; at < n; ) {
    at += matches[at]! + 1;
    phrases++;
    // A phrase that lies across a place counts as begun there, as the last one of the sequence does.
    for (; next < places.length && at >= places[next]!; next++)
      course.push({ symbols: places[next]!, rate: (phrases * Math.log(places[next]!)) / places[next]! });
  }
  return {
    method: "lz76",
    rate: n < 2 ? null : (phrases * Math.log(n)) / n,
    interval: null,
    phrases,
    course,
  };
}

function lz78Rate(symbols: Int32Array, places: readonly number[]): Rates {
  const n = symbols.length;
  const course: { symbols: number; rate: number }[] = [];
  const rate = (count: number, length: number) => (count * Math.log(count)) / length;
  const tree = new PhraseTree(n);
  let phrases = 0;
  let node = 0;
  for (let i = 0, next = 0; i < n; i++) {
    const child = tree.child(node, symbols[i]!);
    if (child === 0) {
      phrases++;
      node = 0;
    } else node = child;
    if (i + 1 === places[next]) {
      const begun = phrases + (node === 0 ? 0 : 1);
      course.push({ symbols: i + 1, rate: rate(begun, i + 1) });
      next++;
    }
  }
  if (node !== 0) phrases++;
  return { method: "lz78", rate: n < 2 ? null : rate(phrases, n), interval: null, phrases, course };
}

/** Phrases as a tree: a hash table of (phrase, symbol) -> longer phrase, with open addressing. */
class PhraseTree {
  #parents: Int32Array;
  #symbols: Int32Array;
  #children: Int32Array;
  #used = 0;
  #mask: number;

  constructor(symbols: number) {
    const size = 2 ** Math.ceil(Math.log2(Math.max(16, symbols / 8)));
    this.#mask = size - 1;
    this.#parents = new Int32Array(size);
    this.#symbols = new Int32Array(size);
    this.#children = new Int32Array(size);
  }

  /** The phrase that goes on from `parent` with `symbol`, or 0, and then it is kept from now on. */
  child(parent: number, symbol: number): number {
    const slot = this.#slotOf(parent, symbol);
    if (this.#children[slot] !== 0) return this.#children[slot]!;
    this.#parents[slot] = parent;
    this.#symbols[slot] = symbol;
    this.#children[slot] = ++this.#used;
    if (2 * this.#used > this.#mask) this.#grow();
    return 0;
  }

  #slotOf(parent: number, symbol: number): number {
    let hash = Math.imul(parent, 0x9e3779b1) ^ Math.imul(symbol + 1, 0x85ebca6b);
    hash ^= hash >>> 15;
    let slot = Math.imul(hash, 0x2c1b3c6d) & this.#mask;
    while (this.#children[slot] !== 0 && (this.#parents[slot] !== parent || this.#symbols[slot] !== symbol))
      slot = (slot + 1) & this.#mask;
    return slot;
  }

  #grow(): void {
    const [parents, symbols, children] = [this.#parents, this.#symbols, this.#children];
    const size = 2 * parents.length;
    this.#mask = size - 1;
    this.#parents = new Int32Array(size);
    this.#symbols = new Int32Array(size);
    this.#children = new Int32Array(size);
    for (let i = 0; i < children.length; i++) {
      if (children[i] === 0) continue;
      const slot = this.#slotOf(parents[i]!, symbols[i]!);
      this.#parents[slot] = parents[i]!;
      this.#symbols[slot] = symbols[i]!;
      this.#children[slot] = children[i]!;
    }
  }
}

/** Plain entropy of single symbols, nats. */
function firstEntropy(symbols: Int32Array, alphabet: number): number {
  const counts = new Float64Array(alphabet);
  for (const symbol of symbols) counts[symbol]!++;
  let sum = 0;
  for (const count of counts) sum -= (count / symbols.length) * Math.log(count / symbols.length);
  return alphabet < 2 ? 0 : sum;
}

/** The same symbols in random order (Fisher & Yates). */
function shuffle(symbols: Int32Array, seed: number): Int32Array {
  const shuffled = symbols.slice();
  const random = seededRandom(seed);
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const kept = shuffled[i]!;
    shuffled[i] = shuffled[j]!;
    shuffled[j] = kept;
  }
  return shuffled;
}

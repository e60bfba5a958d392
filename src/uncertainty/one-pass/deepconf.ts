/**
 * DeepConf: the confidence of a token is -(1/k) Σ ln p over its k most probable choices; of an answer, a mean over windows.
 * Higher is more confident there; here the sign is turned.
 * Source: Fu et al. 2025, "Deep Think with Confidence", and its code (facebookresearch/deepconf, deepconf/utils.py).
 */
import { RunningMean, SlidingMean, tokenConfidence } from "../../core/index.ts";
import { leftOut, nothing, type OnePassMethod, type Reading, type Tally } from "./method.ts";
import type { CheckedOptions } from "./options.ts";
import type { TokenFacts } from "./token-facts.ts";
import { DEFAULT_TOP_K } from "./top-k.ts";

const DEFAULT_WINDOW = 128;
const WHAT = "known choice of a probability above 0";
const BOTTOM = 0.1;

/** Token confidences, their mean, and their means over sliding windows. */
class ConfidenceTally implements Tally {
  readonly mean = new RunningMean();
  readonly sliding: SlidingMean;
  /** Of every full window. */
  readonly windows = new GrowingList();
  missing = 0;
  readonly window: number;
  readonly #topK: number;

  constructor({ window = DEFAULT_WINDOW, topK = DEFAULT_TOP_K }: CheckedOptions) {
    this.window = window;
    this.#topK = topK;
    this.sliding = new SlidingMean(window);
  }

  add({ alternatives, count }: TokenFacts): void {
    const confidence = tokenConfidence(alternatives, this.#topK);
    if (Number.isNaN(confidence)) {
      this.missing += count;
      return;
    }
    this.sliding.push(confidence, this.mean.count);
    this.mean.add(confidence);
    if (this.mean.count >= this.window) this.windows.push(this.sliding.mean);
  }

  /** @param confidence over windows; of an answer shorter than one, the mean of all its tokens. */
  read(confidence: (tally: ConfidenceTally) => number, overWindows: boolean): Reading {
    const { count } = this.mean;
    const none = nothing(count, this.missing, WHAT);
    if (none) return none;
    const left = leftOut(count, this.missing, WHAT);
    if (!overWindows || count >= this.window)
      return { uncertainty: 0 - (overWindows ? confidence(this) : this.mean.mean), reason: left };
    const all = count === 1 ? "its 1 token is" : `its ${count} tokens are`;
    const short = `The answer is shorter than the window of ${this.window} tokens: ${all} the one window.`;
    return {
      uncertainty: 0 - this.mean.mean,
      reason: left === undefined ? short : `${short} ${left}`,
    };
  }
}

/** Numbers one after the other, 8 bytes each. */
export class GrowingList {
  #values = new Float64Array(64);
  length = 0;

  push(value: number): void {
    if (this.length === this.#values.length) {
      const larger = new Float64Array(2 * this.length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.length++] = value;
  }

  /** A copy. */
  toArray(): Float64Array {
    return this.#values.slice(0, this.length);
  }
}

/** Mean of the lowest tenth of the windows, of at least one: as DeepConf's code counts them, int(n · 0.1). */
export function bottomMean(windowMeans: Float64Array): number {
  const lowest = windowMeans.toSorted().subarray(0, Math.max(1, Math.trunc(windowMeans.length * BOTTOM)));
  return lowest.reduce((sum, mean) => sum + mean, 0) / lowest.length;
}

const deepconf = (
  method: string,
  formula: string,
  over: ((window: number) => string) | null,
  value: (tally: ConfidenceTally) => number,
): OnePassMethod => ({
  method,
  needs: ["alternatives"],
  unit: "nats, -Infinity ... 0",
  formula,
  source: "Fu et al. 2025 (DeepConf)",
  variant: ({ window = DEFAULT_WINDOW, topK = DEFAULT_TOP_K }) =>
    `top ${topK}, ${over ? over(window) : "mean over all tokens"}`,
  begin(tallies) {
    const tally = tallies.of(ConfidenceTally);
    return () => tally.read(value, over !== null);
  },
});

/** DeepConf's measures. */
export const DEEPCONF_METHODS: readonly OnePassMethod[] = [
  deepconf("deepconf-mean", "-(1/T) Σ C, C = -(1/k) Σ ln p", null, (tally) => tally.mean.mean),
  deepconf(
    "deepconf-lowest-group",
    "- least mean of C over a window",
    (window) => `lowest window of ${window} tokens`,
    (tally) => tally.sliding.lowest?.mean ?? Number.NaN,
  ),
  deepconf(
    "deepconf-tail",
    "- mean of C over the last tokens",
    (window) => `last ${window} tokens`,
    (tally) => tally.sliding.mean,
  ),
  deepconf(
    "deepconf-bottom-10",
    "- mean over the lowest 10 % of the windows",
    (window) => `lowest 10 % of the windows of ${window} tokens`,
    (tally) => bottomMean(tally.windows.toArray()),
  ),
];

/** Numbers of DeepConf's own code, deepconf/utils.py: higher = more confident, nats. */
import { bottomMean, GrowingList } from "../deepconf.ts";
import type { OnePassMethod, Tally } from "../method.ts";
import type { CheckedOptions } from "../options.ts";
import type { TokenFacts } from "../token-facts.ts";
import { everyToken, type PeerMethod, peerMethod } from "./peer.ts";

const WINDOW = 2048;

/** Python's round(x, 3): of two equally near numbers the even one. Only odd sixteenths lie in the middle of two. */
export function roundToThousandth(x: number): number {
  const sixteenths = x * 16;
  if (!Number.isInteger(sixteenths) || sixteenths % 2 === 0) return Number(x.toFixed(3));
  const below = Math.floor(x * 1000);
  return (below % 2 === 0 ? below : below + 1) / 1000;
}

/** Confidences of tokens over all choices that the server gave, be they k or k + 1, rounded to 0.001. */
class RoundedTally implements Tally {
  readonly confidences = new GrowingList();
  readonly window: number;
  missing = 0;

  constructor({ window = WINDOW }: CheckedOptions) {
    this.window = window;
  }

  add({ given, count }: TokenFacts): void {
    if (given.length === 0) {
      this.missing += count;
      return;
    }
    let sum = 0;
    for (let i = 0; i < given.length; i++) sum += given[i]!.logprob ?? Number.NaN;
    const confidence = 0 - sum / given.length;
    this.confidences.push(Number.isFinite(confidence) ? roundToThousandth(confidence) : confidence);
  }
}

const mean = (values: Float64Array): number => values.reduce((sum, each) => sum + each, 0) / values.length;

/** Means of all windows; of fewer values than one holds, their mean. */
function windowMeans(values: Float64Array, window: number): Float64Array {
  if (values.length < window) return Float64Array.of(mean(values));
  // Each summed anew, as there: what is rounded afterwards may lie in the middle of two.
  return Float64Array.from({ length: values.length - window + 1 }, (_, i) =>
    mean(values.subarray(i, i + window)),
  );
}

const least = (values: Float64Array): number => values.reduce((low, each) => Math.min(low, each), Infinity);

const method = (
  name: string,
  formula: string,
  differs: string,
  value: (confidences: Float64Array, window: number) => number,
): PeerMethod => ({
  name,
  needs: ["alternatives"],
  unit: "nats, -Infinity ... 0",
  formula,
  higher: "more confident",
  differs: `${differs}; over all choices given, each token rounded to 0.001, window 2048 unless given; 0 for an empty answer there, null here`,
  uncertainty: (confidence) => 0 - confidence,
  begin(tallies) {
    const tally = tallies.of(RoundedTally);
    return () =>
      everyToken(tally.confidences.length, tally.missing, "choice") ??
      value(tally.confidences.toArray(), tally.window);
  },
});

/** Numbers of DeepConf's code. */
export const DEEPCONF: readonly OnePassMethod[] = [
  method("mean", "mean of C", "deepconf-mean", mean),
  method("tail", "mean of the last C", "deepconf-tail", (all, window) => mean(all.subarray(-window))),
  method("bottom_window", "mean of the lowest tenth of windows", "deepconf-bottom-10", (all, window) =>
    bottomMean(windowMeans(all, window)),
  ),
  method("min_window", "lowest window", "deepconf-lowest-group", (all, window) =>
    least(windowMeans(all, window)),
  ),
  method(
    "min_conf",
    "lowest window, windows rounded to 0.001",
    "what decides where a chain of thought is stopped: deepconf-lowest-group",
    (all, window) =>
      all.length < window ? mean(all) : least(windowMeans(all, window).map(roundToThousandth)),
  ),
].map((each) => peerMethod("deepconf", "deepconf 0.1.0", each));

/** Whether a live stream is still like what was fitted on: a bet against it, whose winnings are the evidence. */
import { invalidArgument, seededRandom } from "../../core/index.ts";
import { requireShare } from "../measures/index.ts";
import { SimpleJumper } from "./jumper.ts";

/** Options of `DriftWatch`. */
export interface DriftWatchOptions {
  /** Chance of a false alarm, ever, strictly between 0 and 1. Default 0.01. */
  falseAlarms?: number | undefined;
  /** Share of the capital that changes sides at every step, between 0 and 1. Default 0.01. */
  jump?: number | undefined;
  /** Of what breaks ties. Default 0. */
  seed?: number | undefined;
}

/** What the watch says after a score. */
export interface DriftReading {
  /** Scores seen since the reference. */
  seen: number;
  /** Conformal p-value of the last one: uniform while nothing changes. */
  pValue: number;
  /** ln of the martingale: how much a bettor of 1 against "nothing changed" has now. */
  logMartingale: number;
  /** It has reached 1 / falseAlarms at some time: this is no longer what was fitted on. */
  drifted: boolean;
  /** After how many scores; `null` = not yet. */
  since: number | null;
}

/**
 * A conformal test martingale over scores of any kind: confidences, perplexities, losses. Each new score is ranked among all
 * before it, the reference first; while everything is exchangeable, the ranks are uniform and independent and nobody can
 * win by betting on them: the capital passes 1/falseAlarms with probability at most `falseAlarms`, ever (Ville 1939). Bets
 * are those of the simple jumper.
 * Source: Vovk, Petej, Nouretdinov, Ahlberg, Carlsson & Gammerman 2021, "Retrain or not retrain: Conformal test martingales for
 * change-point detection", algorithm 1.
 */
export class DriftWatch {
  readonly #sorted: number[];
  readonly #random: () => number;
  readonly #jumper: SimpleJumper;
  readonly #alarm: number;
  #log = 0;
  #seen = 0;
  #pValue = Number.NaN;
  #since: number | null = null;

  /**
   * @param reference scores of what was fitted on; they are ranked among, not bet on.
   * @throws SurprisalError INVALID_ARGUMENT for fewer than 2, and those that are no numbers.
   */
  constructor(
    reference: ArrayLike<number>,
    { falseAlarms = 0.01, jump = 0.01, seed = 0 }: DriftWatchOptions = {},
  ) {
    requireShare(falseAlarms, "falseAlarms");
    requireShare(jump, "jump");
    const sorted = Float64Array.from(reference);
    const bad = sorted.findIndex(Number.isNaN);
    if (bad >= 0) throw invalidArgument("NaN is no score", `reference[${bad}]`, "Leave missing scores out.");
    if (sorted.length < 2)
      throw invalidArgument(`${sorted.length} scores are no reference`, "reference", "Give those fitted on.");
    this.#sorted = Array.from(sorted.sort());
    this.#alarm = -Math.log(falseAlarms);
    this.#jumper = new SimpleJumper(jump);
    this.#random = seededRandom(seed);
  }

  /**
   * Takes the next score of the stream.
   * @throws SurprisalError INVALID_ARGUMENT for NaN; a missing score is not given at all.
   */
  next(score: number): DriftReading {
    if (Number.isNaN(score))
      throw invalidArgument("NaN is no score", "score", "Leave out what has no score, and count it.");
    const below = lowerBound(this.#sorted, score, false);
    const notAbove = lowerBound(this.#sorted, score, true);
    const above = this.#sorted.length - notAbove;
    this.#pValue = (above + this.#random() * (notAbove - below + 1)) / (this.#sorted.length + 1);
    this.#sorted.splice(notAbove, 0, score);
    this.#log = this.#jumper.next(this.#pValue);
    this.#seen++;
    if (this.#log >= this.#alarm) this.#since ??= this.#seen;
    return this.reading();
  }

  /** What it says now. */
  reading(): DriftReading {
    return {
      seen: this.#seen,
      pValue: this.#pValue,
      logMartingale: this.#log,
      drifted: this.#since !== null,
      since: this.#since,
    };
  }
}

/** How many are below the score, or with `equal` not above it. */
function lowerBound(sorted: readonly number[], score: number, equal: boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < score || (equal && sorted[middle] === score)) low = middle + 1;
    else high = middle;
  }
  return low;
}

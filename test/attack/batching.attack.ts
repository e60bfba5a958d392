/**
 * Continuous batching under load: sequences that join, fork, are cut, aborted and left at random, side by side, among answers
 * and samples of which some wait for cells. Every number is what it is one at a time (F32); nothing is lost; memory stays flat.
 */
import { attack } from "./attack.ts";
import { roundsOf } from "./rounds.ts";

/** A trial is a round of 12 lives, half a second on a quiet machine: 40 take half a minute, 900 ten minutes. */
attack({ name: "batching", short: 40, long: 900, trials: roundsOf("batching-child.mjs") });

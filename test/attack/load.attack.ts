/**
 * The library under load: rounds of mixed calls side by side on one real model, with aborts, early ends, crowds with one signal
 * and models disposed under their calls. What a call gives is what it gives alone; no warning, no listener is left; memory
 * stays flat.
 */
import { attack } from "./attack.ts";
import { roundsOf } from "./rounds.ts";

/** A trial is a round of 48 calls, half a second on a quiet machine: 40 take half a minute, 1,200 ten minutes. */
attack({ name: "load", short: 40, long: 1200, trials: roundsOf("load-child.mjs") });

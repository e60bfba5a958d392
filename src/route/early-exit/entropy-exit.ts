/** EAT: thinking ends once the entropy after `</think>` has settled. */
import {
  type EarlyExit,
  type ExitVerdict,
  GO_ON,
  invalidArgument,
  type TokenRecord,
} from "../../core/index.ts";
import { Paragraphs } from "./paragraphs.ts";
import type { Probe } from "./probe.ts";

/** Options of `EntropyExit`. */
export interface EntropyExitOptions {
  /** Asks a model; this rule closes it. */
  probe: Probe;
  /** Variance of the entropy below which thinking ends, nats², above 0: chosen on questions with known answers. */
  delta: number;
  /** Weight of the newest entropy in mean and variance, above 0 and up to 1. Default 0.2; the paper tries 0.015 to 0.3. */
  alpha?: number | undefined;
  /** Entropies before the first at which it may end: the variance starts from 0. Default 4 / alpha. */
  warmUp?: number | undefined;
  /** Behind which text, or which texts, the model is asked. Default: a blank line. */
  every?: string | readonly string[] | undefined;
  /** What the thinking is ended with when it is asked. Default "\n</think>\n". */
  suffix?: string | undefined;
}

/**
 * The exponential mean and variance of a series: m = αx + (1-α)m, v = α(x - m)² + (1-α)v, from m = x and v = 0 on.
 * Source: xidulu/EAT, early_stopping_utils.py.
 */
export class ExponentialVariance {
  readonly #alpha: number;
  #mean = Number.NaN;
  #variance = 0;
  #seen = 0;

  constructor(alpha: number) {
    this.#alpha = alpha;
  }

  /** Values so far. */
  get seen(): number {
    return this.#seen;
  }

  /** @returns the variance with this value. */
  push(value: number): number {
    const alpha = this.#alpha;
    if (this.#seen++ === 0) {
      this.#mean = value;
      return 0;
    }
    this.#mean = alpha * value + (1 - alpha) * this.#mean;
    this.#variance = alpha * (value - this.#mean) ** 2 + (1 - alpha) * this.#variance;
    return this.#variance;
  }
}

/**
 * Asks at the end of every paragraph how uncertain the model would be behind `</think>`, and stops once that has settled. An
 * entropy that is not known is left out, and counted.
 * Source: Wang, McInerney, Wang & Kallus 2025, "Entropy After </Think>", arXiv 2509.26522; where its code would stop
 * afterwards, this stops while the tokens come.
 */
export class EntropyExit implements EarlyExit {
  readonly rule: string;
  readonly #probe: Probe;
  readonly #delta: number;
  readonly #warmUp: number;
  readonly #suffix: string;
  readonly #paragraphs: Paragraphs;
  readonly #variance: ExponentialVariance;
  #missing = 0;

  /** @throws SurprisalError INVALID_ARGUMENT */
  constructor({
    probe,
    delta,
    alpha = 0.2,
    warmUp,
    every = "\n\n",
    suffix = "\n</think>\n",
  }: EntropyExitOptions) {
    if (!(delta > 0)) throw invalidArgument(`${delta} is no variance`, "delta", "Give a number above 0.");
    if (!(alpha > 0 && alpha <= 1))
      throw invalidArgument(
        `${alpha} is no weight`,
        "alpha",
        "Give a number above 0 and up to 1, such as 0.2.",
      );
    if (warmUp !== undefined && !(warmUp >= 0))
      throw invalidArgument(`${warmUp} is no number of entropies`, "warmUp", "Give a number from 0 on.");
    this.#probe = probe;
    this.#delta = delta;
    this.#warmUp = warmUp ?? 4 / alpha;
    this.#suffix = suffix;
    this.#paragraphs = new Paragraphs(typeof every === "string" ? [every] : every);
    this.#variance = new ExponentialVariance(alpha);
    this.rule = `variance of the entropy after "${suffix.trim()}" below ${delta}`;
  }

  /** Times that no entropy was known. */
  get missing(): number {
    return this.#missing;
  }

  observe(token: TokenRecord): ExitVerdict | Promise<ExitVerdict> {
    this.#probe.read([token]);
    return this.#paragraphs.ends(token) ? this.#ask() : GO_ON;
  }

  async #ask(): Promise<ExitVerdict> {
    const entropy = await this.#probe.entropyAfter(this.#suffix);
    if (entropy === null || Number.isNaN(entropy)) {
      this.#missing++;
      return GO_ON;
    }
    const variance = this.#variance.push(entropy);
    // Their code drops the first variance, which is 0 by definition, and counts from the second.
    if (this.#variance.seen - 2 < this.#warmUp || !(variance < this.#delta)) return GO_ON;
    const [h, v] = [entropy, variance].map((value) => Number(value.toPrecision(3)));
    return {
      kind: "stop",
      reason: `the entropy after the thinking has settled at ${h} nats (variance ${v})`,
    };
  }

  async close(): Promise<void> {
    await this.#probe[Symbol.asyncDispose]();
  }
}

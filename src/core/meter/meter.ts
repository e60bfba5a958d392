/** Perplexity and its relatives while the tokens arrive. */
import { requireInteger } from "../_arguments.ts";
import { isNoLogprob, LOGPROB_TOLERANCE, noLogprob } from "../_logprob.ts";
import { invalidArgument } from "../errors.ts";
import { type EntropyInterval, TOKEN_PARTS, type TokenPart, type TokenRecord } from "../token.ts";
import { type MeterOptions, type ResolvedMeterOptions, resolveMeterOptions } from "./options.ts";
import type { MeterReading } from "./reading.ts";
import { checkMeterState, METER_STATE_VERSION, type MeterState, WAY_OUT } from "./state.ts";
import { MeterSums } from "./sums.ts";
import { TopAlternatives } from "./top-alternatives.ts";

/**
 * Reads token records as they arrive: perplexity, windows, entropy, confidence, spikes, of all tokens and of each part
 * (`TokenPart`). Memory does not grow with the text: sums, a few windows, and the latest spikes.
 *
 * - A token without a number (`logprob` `null` or NaN) is counted and enters no mean.
 * - A record of several tokens (`tokenCount` > 1) counts as that many without a number: its own is not the text's.
 * - Alternatives that are no part of a distribution (the same token twice, a sum above 1 that rounding to bfloat16 does
 *   not explain) are as if they were not there: no entropy, confidence and margin of that token.
 * - A token of probability 0 (`logprob` -Infinity) is a number. Perplexity and exponential average are Infinity from
 *   then on; a window is while that token is in it.
 */
export class PerplexityMeter {
  readonly options: Readonly<ResolvedMeterOptions>;
  readonly #all: MeterSums;
  /** The part of every token so far; `null` before the first. With a second one, each has sums of its own in `#parts`. */
  #only: TokenPart | null = null;
  readonly #parts = new Map<TokenPart, MeterSums>();
  readonly #alternatives = new TopAlternatives();

  /** @throws SurprisalError INVALID_ARGUMENT */
  constructor(options: MeterOptions = {}) {
    this.options = resolveMeterOptions(options);
    this.#all = new MeterSums(this.options);
  }

  /**
   * A meter that goes on where the one that gave the state stood, to the last bit.
   * @throws SurprisalError INVALID_ARGUMENT when it is no state, or that of another version.
   */
  static from(state: MeterState): PerplexityMeter {
    if (state?.version !== METER_STATE_VERSION)
      throw invalidArgument(
        `This is not the state of a meter in version ${METER_STATE_VERSION}`,
        "state",
        "Give what toState() of this version of the package returned.",
      );
    if (typeof state.options !== "object" || state.options === null)
      throw invalidArgument("This state of a meter has no options", "state.options", WAY_OUT);
    const meter = new PerplexityMeter(state.options);
    checkMeterState(state, meter.options);
    meter.#restore(state);
    return meter;
  }

  /**
   * Reads one record.
   * @throws SurprisalError INVALID_ARGUMENT for what is no log-probability, for more alternatives than the vocabulary
   *   has tokens, for an entropy that is none, for a `tokenCount` below 1 and for a part that is none; the meter is then
   *   as it was before.
   */
  push(record: TokenRecord): void {
    const { tokenCount = 1, logprob, alternatives, part = "answer" } = record;
    const index = this.#all.tokens;
    const top = this.#alternatives;
    if (tokenCount !== 1) requireInteger(tokenCount, `tokenCount of token ${index}`, 1);
    if (logprob != null && isNoLogprob(logprob)) throw noLogprob(logprob, `logprob of token ${index}`);
    if (record.entropy != null) requireEntropy(record.entropy, index);
    if (part !== this.#only && !TOKEN_PARTS.includes(part)) throw noPart(part, index);
    if (tokenCount === 1 && alternatives !== undefined && alternatives.length > 0)
      top.read(alternatives, this.options.topK, this.options.vocabularySize);
    else top.forget();
    // Nothing throws from here on.
    if (part !== this.#only && this.#only !== null && this.#parts.size === 0) this.#split(this.#only);
    this.#only ??= part;
    this.#all.push(record, index, top);
    if (this.#parts.size > 0) this.#partOf(part).push(record, index, top);
  }

  /** The first part has what all have so far. */
  #split(first: TokenPart): void {
    this.#partOf(first).restore(this.#all.toState());
  }

  #partOf(part: TokenPart): MeterSums {
    let sums = this.#parts.get(part);
    if (!sums) {
      sums = new MeterSums(this.options);
      this.#parts.set(part, sums);
    }
    return sums;
  }

  /** Everything known now. It does not change with later tokens. */
  read(): MeterReading {
    const all = this.#all.read();
    const of = (part: TokenPart) => (part === this.#only ? all : null);
    const split = this.#parts.size > 0;
    return {
      ...all,
      parts: {
        answer: split ? (this.#parts.get("answer")?.read() ?? null) : of("answer"),
        reasoning: split ? (this.#parts.get("reasoning")?.read() ?? null) : of("reasoning"),
        "tool-call": split ? (this.#parts.get("tool-call")?.read() ?? null) : of("tool-call"),
      },
      lengths: {
        window: this.options.windowLength,
        halfLife: this.options.halfLife,
        group: this.options.groupLength,
      },
    };
  }

  /** Everything `from` needs to go on, in JSON. A few kilobytes: as much as the windows hold, whatever was read. */
  toState(): MeterState {
    const parts: MeterState["parts"] = {};
    for (const [part, sums] of this.#parts) parts[part] = sums.toState();
    return {
      version: METER_STATE_VERSION,
      options: { ...this.options },
      ...this.#all.toState(),
      ...(this.#only !== null && this.#only !== "answer" && { only: this.#only }),
      ...(this.#parts.size > 0 && { parts }),
    };
  }

  #restore(state: MeterState): void {
    this.#all.restore(state);
    this.#only = state.only ?? (state.tokens > 0 ? "answer" : null);
    for (const part of TOKEN_PARTS) {
      const sums = state.parts?.[part];
      if (sums) this.#partOf(part).restore(sums);
    }
  }
}

/** NaN = missing, as in a logprob. */
function requireEntropy(entropy: number | EntropyInterval, index: number): void {
  const { low, high } = typeof entropy === "number" ? { low: entropy, high: entropy } : entropy;
  if (Object.is(low, Number.NaN) && Object.is(high, low)) return;
  if (
    low >= -LOGPROB_TOLERANCE &&
    low < Infinity &&
    (high === null || (high >= low - LOGPROB_TOLERANCE && high < Infinity))
  )
    return;
  throw invalidArgument(
    `${JSON.stringify(entropy)} is no entropy`,
    `entropy of token ${index}`,
    "Give nats of at least 0, bounds with low <= high, or null where the source did not say.",
  );
}

function noPart(part: unknown, index: number) {
  return invalidArgument(
    `${JSON.stringify(part)} is no part of an answer`,
    `part of token ${index}`,
    `Give one of ${TOKEN_PARTS.join(", ")}, or leave it out for "answer".`,
  );
}

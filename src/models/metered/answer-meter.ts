/** Reads one answer while someone else uses it: whatever is wrong with its numbers, the answer itself goes on. */
import {
  type MeterReading,
  type MonitorOptions,
  PerplexityMeter,
  type PolicyEvent,
  SurprisalError,
  type TokenRecord,
  watchPolicy,
} from "../../core/index.ts";
import type { FinishReason } from "../language-model.ts";
import type { WireReader } from "../remote/wire.ts";
import { type AnswerFormat, formatOf, HOW_TO_ASK, readerOf } from "./format.ts";

export interface AnswerMeterOptions extends Omit<MonitorOptions, "controller"> {
  /**
   * Called for each token as it arrives, with what the meter says after it. A record without a number
   * (`logprob: null`) is a piece of text that came without one.
   */
  onToken?: ((record: TokenRecord, reading: MeterReading) => void) | undefined;
  /** Choices that were asked for (`n`). Default: those of a whole answer; 1 of a stream. */
  choices?: number | undefined;
  /** Which of several choices to read. Default 0. */
  choice?: number | undefined;
}

/** What is known when the answer has ended. */
export interface MeteredEnd {
  /** `null` when the answer does not say, and when a policy stopped it. */
  finishReason: FinishReason | null;
  /** Tokens written, as the source counts them; of a stopped answer, those that came; `null` when unknown. */
  tokens: number | null;
  /** Tokens that carry a number. */
  scored: number;
  /** Some token carries no number, or the numbers could not be read to the end. */
  partial: boolean;
  /** What a person should know about these numbers; empty when all is well. */
  warnings: readonly string[];
}

/** Events that may come before one that says what format they are in. */
const UNKNOWN_EVENTS_KEPT = 8;

export class AnswerMeter {
  readonly #options: AnswerMeterOptions;
  readonly #whole: boolean;
  readonly #meter: PerplexityMeter;
  readonly #stop: ((reading: MeterReading) => PolicyEvent | null) | null;
  readonly #alarm: ((reading: MeterReading) => PolicyEvent | null) | null;
  readonly #alarms: PolicyEvent[] = [];
  #held: unknown[] = [];
  #reader: WireReader | null = null;
  #format: AnswerFormat | null = null;
  #ended = false;
  #scored = 0;
  /** Why nothing more is read. */
  #broken: string | null = null;
  #stoppedBy: PolicyEvent | null = null;
  #end: MeteredEnd | null = null;

  /**
   * @param kind a whole answer is there already: what would have stopped it is an alarm.
   * @throws SurprisalError INVALID_ARGUMENT for options of the meter and policies that are none.
   */
  constructor(options: AnswerMeterOptions = {}, kind: "stream" | "whole" = "stream") {
    const { meter = {}, stopWhen, alarmWhen } = options;
    this.#options = options;
    this.#whole = kind === "whole";
    this.#meter = meter instanceof PerplexityMeter ? meter : new PerplexityMeter(meter);
    this.#stop =
      stopWhen === undefined
        ? null
        : watchPolicy(stopWhen, this.#whole ? "alarm" : "stopped", this.#meter.options);
    this.#alarm = alarmWhen === undefined ? null : watchPolicy(alarmWhen, "alarm", this.#meter.options);
  }

  /** Everything the meter knows now. */
  get reading(): MeterReading {
    const reading = this.#meter.read();
    const { partial = false } = this.#end ?? this.#reader?.doubts ?? {};
    return { ...reading, partial: reading.partial || this.#broken !== null || partial };
  }

  /** `null` until it is known. */
  get format(): AnswerFormat | null {
    return this.#format;
  }

  /** Why the answer was stopped; `null` when it was not. */
  get stoppedBy(): PolicyEvent | null {
    return this.#stoppedBy;
  }

  get alarms(): readonly PolicyEvent[] {
    return this.#alarms;
  }

  /** `null` before `finish`. */
  get end(): MeteredEnd | null {
    return this.#end;
  }

  /**
   * Reads an event of a stream, or a whole answer, as parsed JSON. Throws only what `onToken` and `onAlarm` throw.
   * @returns whether a policy says that enough was written.
   */
  push(json: unknown): boolean {
    if (this.#ended || this.#broken !== null) return this.#stoppedBy !== null;
    if (this.#reader) this.#read(json);
    else {
      this.#held.push(json);
      this.#format = formatOf(json);
      if (this.#format) {
        this.#reader = readerOf(this.#format, this.#readerOptions(json));
        for (const each of this.#held.splice(0)) this.#read(each);
      } else if (this.#held.length === UNKNOWN_EVENTS_KEPT) this.#doubt(UNKNOWN_FORMAT);
    }
    return this.#stoppedBy !== null;
  }

  /** To be called when the answer has come to its end, or was stopped. */
  finish(): MeteredEnd {
    if (this.#end) return this.#end;
    const finished = this.#broken === null && this.#stoppedBy === null ? this.#finishReading() : null;
    this.#ended = true;
    const { tokens, missing } = this.#meter.read();
    const known = finished ?? this.#reader?.doubts;
    const warnings = [...(known?.warnings ?? [])];
    if (this.#broken !== null) warnings.push(this.#broken);
    else if (this.#scored === 0 && finished?.tokens !== 0 && this.#format) warnings.push(this.#noNumbers());
    this.#end = {
      finishReason: finished?.finishReason ?? null,
      tokens: finished ? finished.tokens : this.#stoppedBy ? tokens : null,
      scored: this.#scored,
      partial: missing > 0 || this.#broken !== null || (known?.partial ?? false),
      warnings,
    };
    return this.#end;
  }

  #finishReading() {
    if (!this.#reader) {
      this.#doubt(UNKNOWN_FORMAT);
      return null;
    }
    const finished = this.#attempt(() => this.#reader!.finish());
    this.#ended = true; // there is nothing left to stop
    if (finished) this.#take(finished.records);
    return finished?.end ?? null;
  }

  #read(json: unknown): void {
    if (this.#broken !== null) return;
    const reader = this.#reader!;
    this.#take(this.#attempt(() => reader.push(json)) ?? []);
    const { failure } = reader; // what came before it was given first
    if (failure)
      this.#attempt(() => {
        throw failure;
      });
  }

  #take(records: readonly TokenRecord[]): void {
    for (const record of records) {
      this.#attempt(() => this.#meter.push(record));
      if (this.#broken !== null) return;
      if (record.logprob !== null) this.#scored++;
      this.#tell(record);
    }
  }

  #tell(record: TokenRecord): void {
    const { onToken, onAlarm } = this.#options;
    if (!onToken && !this.#stop && !this.#alarm) return;
    const reading = this.#meter.read();
    const stop = this.#ended && !this.#whole ? null : (this.#stop?.(reading) ?? null);
    if (stop && !this.#whole) this.#stoppedBy ??= stop;
    for (const alarm of [this.#alarm?.(reading), this.#whole ? stop : null]) {
      if (!alarm) continue;
      this.#alarms.push(alarm);
      onAlarm?.(alarm);
    }
    onToken?.(record, reading);
  }

  /** What cannot be read is a warning here, and no error of the answer. */
  #attempt<Result>(read: () => Result): Result | null {
    try {
      return read();
    } catch (error) {
      if (!SurprisalError.isInstance(error)) throw error;
      this.#doubt(error.where ? `${error.what} (${error.where}).` : `${error.what}.`);
      return null;
    }
  }

  #doubt(warning: string): void {
    this.#broken ??= `The numbers could not be read to the end: ${warning}`;
    this.#held = [];
  }

  #noNumbers(): string {
    return `No token carries a number: ${HOW_TO_ASK[this.#format!]}, of a model that gives log-probabilities.`;
  }

  #readerOptions(json: unknown) {
    const { choice, choices } = this.#options;
    const given = (json as { choices?: unknown }).choices;
    const there = this.#whole && Array.isArray(given) ? Math.max(1, given.length) : undefined;
    return { choice, choices: choices ?? there };
  }
}

const UNKNOWN_FORMAT =
  "the answer is in none of the known formats (chat completions, completions, responses).";

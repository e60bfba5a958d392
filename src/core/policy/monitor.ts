/** Acting on a stream of tokens while it runs. */
import { SurprisalError } from "../errors.ts";
import { type MeterOptions, type MeterReading, PerplexityMeter } from "../meter/index.ts";
import type { TokenRecord } from "../token.ts";
import { checkPolicy } from "./check.ts";
import { decidePolicy, type PolicyMemory } from "./decide.ts";
import type { EarlyExit, ExitVerdict } from "./exit.ts";
import type { Policy } from "./policy.ts";
import { refuseHopeless } from "./possible.ts";
import { type PolicyText, parsePolicy, writePolicy } from "./text.ts";
import { untilStopped } from "./until-stopped.ts";

/** That a policy came to hold. */
export interface PolicyEvent {
  /** How many tokens had been seen: 57 at the 57th. */
  token: number;
  /** The policy in its text form: "window(16)>80"; of an early exit, the name of its rule. */
  policy: string;
  /** "window perplexity 212 > 80" */
  because: string;
  /** "stopped at token 57: window perplexity 212 > 80", or "alarm at token ..." */
  message: string;
}

/**
 * Watches for a policy: the function returned is to be called with the reading after each token, and returns an event
 * each time the policy comes to hold, `null` while it goes on to hold and while it does not.
 * @param policy or its text form.
 * @param meter options of the meter that the readings come from.
 * @throws SurprisalError INVALID_ARGUMENT for what is no policy, and for one of which a condition can never hold.
 */
export function watchPolicy(
  policy: Policy | PolicyText,
  what: "alarm" | "stopped" = "alarm",
  meter: MeterOptions = {},
): (reading: MeterReading) => PolicyEvent | null {
  const watched = typeof policy === "string" ? parsePolicy(policy) : checkPolicy(policy);
  refuseHopeless(watched, meter);
  let memory: PolicyMemory = null;
  let held = false;
  return (reading) => {
    const { holds, because, memory: next } = decidePolicy(watched, reading, memory);
    const begins = holds === true && !held;
    memory = next;
    held = holds === true;
    if (!begins) return null;
    const token = reading.tokens;
    return {
      token,
      policy: writePolicy(watched),
      because,
      message: `${what} at token ${token}: ${because}`,
    };
  };
}

/** Options of `monitorTokens`. */
export interface MonitorOptions {
  /** The meter the tokens go through, or the options of a new one. */
  meter?: PerplexityMeter | MeterOptions | undefined;
  /** Ends the stream at the first token at which it holds. A policy, or its text form. */
  stopWhen?: Policy | PolicyText | undefined;
  /** Ends the stream at the first token at which this rule says so; asked after `stopWhen`. */
  exit?: EarlyExit | undefined;
  /** Reported each time it comes to hold. A policy, or its text form. */
  alarmWhen?: Policy | PolicyText | undefined;
  /** Called before the token that set the alarm off is given on. */
  onAlarm?: ((alarm: PolicyEvent) => void) | undefined;
  /** Aborted at a stop, so that whoever writes the tokens writes no more: give its signal to the source. */
  controller?: AbortController | undefined;
}

/** The tokens of a stream, metered. */
export interface MonitoredTokens<Token extends TokenRecord> extends AsyncIterableIterator<Token> {
  readonly meter: PerplexityMeter;
  /** Why the stream was ended; `null` while it runs, and when it came to its own end. */
  readonly stoppedBy: PolicyEvent | null;
}

/**
 * Gives on the tokens of a stream while they go through a meter, and ends it where a policy says so. The token that
 * decided is the last one; before it is given on, the controller is aborted and the source told to return; then the loop
 * over the tokens ends without an error. An error of the source comes through, unless the stop caused it.
 *
 *     const controller = new AbortController();
 *     const answer = model.generate(prompt, { signal: controller.signal });
 *     const monitored = monitorTokens(answer, { stopWhen: "window(16)>80 after 20 or repetition", controller });
 *     for await (const { text } of monitored) process.stdout.write(text);
 *     if (monitored.stoppedBy) console.error(monitored.stoppedBy.message);
 *
 * @throws SurprisalError INVALID_ARGUMENT for a text that is no policy, and for one that can never hold; from the iteration, for a record that the meter
 *   refuses.
 */
export function monitorTokens<Token extends TokenRecord>(
  tokens: AsyncIterable<Token>,
  options: MonitorOptions = {},
): MonitoredTokens<Token> {
  const { meter: given = {}, stopWhen, exit, alarmWhen, onAlarm, controller } = options;
  const meter = given instanceof PerplexityMeter ? given : new PerplexityMeter(given);
  const stop = stopWhen === undefined ? null : watchPolicy(stopWhen, "stopped", meter.options);
  const alarm = alarmWhen === undefined ? null : watchPolicy(alarmWhen, "alarm", meter.options);
  let stoppedBy: PolicyEvent | null = null;

  const isLast = (token: Token) => {
    meter.push(token);
    if (stop || alarm) {
      const reading = meter.read();
      const raised = alarm?.(reading);
      if (raised) onAlarm?.(raised);
      stoppedBy = stop?.(reading) ?? null;
    }
    if (stoppedBy !== null || !exit) return stoppedBy !== null;
    const verdict = exit.observe(token);
    return "kind" in verdict ? exits(exit, verdict) : verdict.then((later) => exits(exit, later));
  };
  const exits = ({ rule }: EarlyExit, verdict: ExitVerdict): boolean => {
    if (verdict.kind === "continue") return false;
    const { tokens: token } = meter.read();
    const because = verdict.reason;
    stoppedBy = { token, policy: rule, because, message: `stopped at token ${token}: ${because}` };
    return true;
  };
  const stopped = untilStopped(tokens, isLast, () =>
    controller?.abort(new SurprisalError({ code: "ABORTED", what: stoppedBy!.message })),
  );
  const running = exit?.close ? closing(stopped, exit) : stopped;
  return {
    meter,
    get stoppedBy() {
      return stoppedBy;
    },
    next: () => running.next(),
    return: () => running.return(undefined),
    throw: (error) => running.throw(error),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** Closes a rule when the stream has ended, however it did. */
async function* closing<Item>(
  items: AsyncGenerator<Item, undefined, undefined>,
  exit: EarlyExit,
): AsyncGenerator<Item, undefined, undefined> {
  try {
    yield* items;
  } finally {
    await exit.close?.();
  }
}

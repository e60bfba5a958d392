/** Asking several times, and averaging what is said. */
import { invalidArgument } from "../../core/index.ts";
import type { AskedEstimate, AskingMethod } from "./contract.ts";
import { sum } from "./reply.ts";

/** Options of `repeated`. */
export interface RepeatedOptions {
  /** How often, 2 to 128. Default 5. */
  n?: number | undefined;
  /** Default 1. */
  temperature?: number | undefined;
}

/** What repeated asking says besides. */
export interface RepeatedEstimate extends AskedEstimate {
  /** [n] each confidence, `null` where none was read. */
  each: readonly (number | null)[];
  /** Standard deviation of those that were read (divided by their number less one); `null` with fewer than two. */
  deviation: number | null;
}

/** A method that asks several times. */
export interface RepeatedMethod extends AskingMethod {
  ask(...parameters: Parameters<AskingMethod["ask"]>): Promise<RepeatedEstimate>;
}

/**
 * Asks n times with a temperature and averages the confidences that were read: ask i has the seed `seed + i`, where
 * there is one. All are asked at
 * once, so a model in process runs them together.
 * @throws SurprisalError INVALID_ARGUMENT for a method that samples nothing.
 */
export function repeated(
  base: AskingMethod,
  { n = 5, temperature = 1 }: RepeatedOptions = {},
): RepeatedMethod {
  if (!(Number.isSafeInteger(n) && n >= 2 && n <= 128))
    throw invalidArgument(`${n} is no number of asks`, "n", "Give a whole number from 2 to 128.");
  if (!base.samples)
    throw invalidArgument(
      `${base.method} samples nothing: it says the same each time`,
      "method",
      "Ask it once, or repeat a method that reads what the model says.",
    );
  if (!(temperature > 0))
    throw invalidArgument(
      `With a temperature of ${temperature} every ask says the same`,
      "temperature",
      "Give more than 0.",
    );
  const variant = `${base.variant}, mean of ${n} at temperature ${temperature}`;
  return {
    ...base,
    variant,
    async price(question, model) {
      const { calls, tokensWritten, tokensRead } = await base.price(question, model);
      const times = (value: number | null) => (value === null ? null : n * value);
      return { calls: n * calls, tokensWritten: times(tokensWritten), tokensRead: times(tokensRead) };
    },
    async ask(model, question, options = {}) {
      // A server samples anew by itself, and may take no seed; a model in process says the same for the same one.
      const seed = options.seed ?? (model.execution.place === "process" ? 0 : undefined);
      const asks = Array.from({ length: n }, (_, i) =>
        base.ask(model, question, {
          ...options,
          temperature: options.temperature ?? temperature,
          seed: seed === undefined ? undefined : seed + i,
        }),
      );
      const said = await allOf(asks);
      const each = said.map(({ confidence }) => confidence ?? null);
      const known = each.filter((confidence) => confidence !== null);
      const mean = known.length === 0 ? null : known.reduce((a, b) => a + b, 0) / known.length;
      const left = n - known.length;
      const firstReason = said.find(({ missing }) => missing !== null);
      return {
        ...said[0]!,
        variant,
        uncertainty: mean === null ? null : 1 - mean,
        confidence: mean,
        reason:
          left === 0 ? undefined : `${left} of ${n} replies gave no confidence: ${firstReason?.reason ?? ""}`,
        replies: said.flatMap(({ replies }) => replies),
        missing: mean === null ? firstReason!.missing : null,
        interval: undefined,
        confidenceInterval: null,
        each,
        deviation: deviationOf(known, mean),
        calls: said.reduce((total, { calls }) => total + calls, 0),
        tokens: {
          read: sum(said.map(({ tokens }) => tokens.read)),
          written: sum(said.map(({ tokens }) => tokens.written)),
        },
      };
    },
  };
}

/** Waits for all, so that none is left running, and throws the first fault. */
async function allOf<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(promises);
  return settled.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
}

function deviationOf(values: readonly number[], mean: number | null): number | null {
  if (mean === null || values.length < 2) return null;
  const squares = values.reduce((total, value) => total + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}

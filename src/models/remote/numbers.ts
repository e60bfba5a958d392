/** Log-probabilities as servers write them, and what they mean. */
import { malformed } from "./failure.ts";

/**
 * Servers that have no number write a very low one: -9999 (OpenAI, vLLM: "not among the top 20"), -3.4028235e38
 * (llama.cpp: the lowest float, for the logarithm of 0). No vocabulary and no double-precision softmax gets there.
 */
const SENTINEL = -9998;

/** Rounding in single or half precision may bring the logarithm of almost 1 this far above 0, nats. */
const ROUNDING = 1e-3;

/**
 * A log-probability, nats, <= 0; `null` = missing: not given, NaN, -Infinity, or a number that stands for "none".
 * @param where the server and the field, for the error.
 * @throws SurprisalError WIRE_MALFORMED for a number that is the logarithm of no probability.
 */
export function logprobOf(value: number | null | undefined, where: string): number | null {
  if (value === null || value === undefined || Number.isNaN(value) || value <= SENTINEL) return null;
  if (value > ROUNDING) throw malformed(`${value} is not the logarithm of a probability`, where);
  return value >= 0 ? 0 : value; // also -0
}

/**
 * The logarithm of a probability, nats; `null` = missing, which a probability of 0 is too: it says "less than I can write".
 * @throws SurprisalError WIRE_MALFORMED.
 */
export function logprobOfProbability(value: number | null | undefined, where: string): number | null {
  if (value === null || value === undefined || Number.isNaN(value)) return null;
  if (value < 0 || value > 1 + ROUNDING) throw malformed(`${value} is not a probability`, where);
  return logprobOf(Math.log(value), where);
}

/** Loops: text that repeats itself and is no surprise any more. Internal to this room. */
import type { MeterReading } from "../meter/index.ts";
import type { TokenPart } from "../token.ts";
import type { PolicyDecision } from "./decide.ts";

/** Longest phrase whose repetition is looked for, tokens. */
const LONGEST_PERIOD = 128;

/** Largest perplexity of a loop that the model has settled in. */
const CERTAIN = 1.25;

/** Small models go round for ever at a perplexity of 3 to 5. So many times as long, and it is a loop all the same. */
const STUBBORN = 4;

/** Of the last records, oldest first. */
export interface RepetitionMemory {
  /** Id, or text where there is no id; `null` where there is neither, which equals nothing. */
  keys: readonly (number | string | null)[];
  /** -ln p, nats; `null` = missing. */
  surprisals: readonly (number | null)[];
}

/** See `repetition`. */
export function decideRepetition(
  { tokens, part }: { tokens: number; part?: TokenPart | undefined },
  { last }: MeterReading,
  memory: RepetitionMemory | null,
): PolicyDecision {
  if (!last || (part !== undefined && (last.part ?? "answer") !== part))
    return { holds: false, because: "", memory };
  const key = last.id ?? (last.text === "" ? null : last.text);
  const surprisal = last.surprisal === Infinity ? Number.MAX_VALUE : last.surprisal; // JSON has no Infinity
  const next: RepetitionMemory = {
    keys: append(memory?.keys ?? [], key, STUBBORN * Math.max(tokens, LONGEST_PERIOD) + LONGEST_PERIOD),
    surprisals: append(memory?.surprisals ?? [], surprisal, tokens),
  };
  const decision = (because: string): PolicyDecision => ({ holds: because !== "", because, memory: next });
  const period = loopPeriod(next.keys, tokens, 2);
  if (period === null) return decision("");
  const perplexity = perplexityOf(next.surprisals);
  if (perplexity === null) return decision(loop(period));
  if (perplexity <= CERTAIN)
    return decision(`${loop(period)}, the last ${tokens} at perplexity ${perplexity.toFixed(2)}`);
  const stubborn = loopPeriod(next.keys, STUBBORN * tokens, STUBBORN);
  if (stubborn === null) return decision("");
  return decision(`${loop(stubborn)} for ${Math.max(STUBBORN * tokens, STUBBORN * stubborn)} tokens`);
}

const loop = (period: number): string => `a loop of ${period} token${period === 1 ? "" : "s"}`;

/** A new list of the last `most`. */
function append<Value>(list: readonly Value[], value: Value, most: number): Value[] {
  const next = list.length < most ? list.slice() : list.slice(list.length - most + 1);
  next.push(value);
  return next;
}

/** Smallest p for which each of the last max(tokens, times p) keys is the one p before it; `null` when there is none. */
function loopPeriod(keys: RepetitionMemory["keys"], tokens: number, times: number): number | null {
  for (let period = 1; period <= LONGEST_PERIOD; period++) {
    const start = keys.length - Math.max(tokens, times * period);
    if (start < period) continue;
    let i = keys.length - 1;
    while (i >= start && keys[i] !== null && keys[i] === keys[i - period]) i--;
    if (i < start) return period;
  }
  return null;
}

/** Of those with a number; `null` when none has one. */
function perplexityOf(surprisals: RepetitionMemory["surprisals"]): number | null {
  const known = surprisals.filter((surprisal) => surprisal !== null);
  return known.length === 0 ? null : Math.exp(known.reduce((sum, x) => sum + x / known.length, 0));
}

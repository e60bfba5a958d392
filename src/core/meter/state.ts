/** A meter in JSON. */
import { invalidArgument } from "../errors.ts";
import { TOKEN_PARTS, type TokenPart } from "../token.ts";
import type { JsonNumber, RunningMeanState, SlidingMeanState } from "./means.ts";
import type { ResolvedMeterOptions } from "./options.ts";
import type { SpikesState } from "./spikes.ts";

/** Raised whenever a state of before can no longer be read. */
export const METER_STATE_VERSION = 1;

/** What `PerplexityMeter.toState` returns: JSON, to be stored and given to `PerplexityMeter.from`, and not to be read. */
export interface MeterState extends SumsState {
  version: typeof METER_STATE_VERSION;
  options: ResolvedMeterOptions;
  /** Part of the first token; left out: "answer". */
  only?: TokenPart | undefined;
  /** Once there is more than one part: what is kept of each. */
  parts?: Partial<Record<TokenPart, SumsState>> | undefined;
}

/** What is kept of some tokens. */
export interface SumsState {
  tokens: number;
  bytes: JsonNumber;
  unscoredBytes: JsonNumber;
  average: JsonNumber;
  nll: RunningMeanState;
  window: SlidingMeanState;
  entropyLow: RunningMeanState;
  entropyHigh: RunningMeanState;
  entropyLowWindow: SlidingMeanState;
  entropyHighWindow: SlidingMeanState;
  confidence: RunningMeanState;
  group: SlidingMeanState;
  leastK: JsonNumber;
  mostK: number;
  margin: RunningMeanState;
  spikes: SpikesState;
  last: {
    index: number;
    text: string;
    id: number;
    part?: TokenPart | undefined;
    surprisal: JsonNumber;
    zScore: JsonNumber;
    entropyLow: JsonNumber;
    entropyHigh: JsonNumber;
    confidence: JsonNumber;
    margin: JsonNumber;
  };
}

/**
 * Throws unless a state has the shape of one and its parts fit each other: what was stored may have been changed, and a
 * meter that goes on from half a state would give numbers that look right.
 * @param options those of the state, resolved.
 * @throws SurprisalError INVALID_ARGUMENT naming the part.
 */
export function checkMeterState(state: MeterState, options: ResolvedMeterOptions): void {
  for (const [name, value] of Object.entries(options))
    must((part) => part === value)(
      state.options[name as keyof ResolvedMeterOptions],
      `state.options.${name}`,
    );
  checkSums(state, options, "state", null);
  if (state.only !== undefined) part(state.only, "state.only");
  if (state.parts === undefined) return;
  must((parts) => typeof parts === "object" && parts !== null)(state.parts, "state.parts");
  let tokens = 0;
  for (const [name, sums] of Object.entries(state.parts)) {
    part(name, "state.parts");
    checkSums(sums, options, `state.parts.${name}`, state.tokens);
    tokens += sums.tokens;
  }
  must((sum) => sum === state.tokens)(tokens, "state.parts, their tokens,");
}

/** @param stream tokens of the whole stream, where these are a part of it; `null` where they are all. */
function checkSums(
  state: SumsState,
  options: ResolvedMeterOptions,
  where: string,
  stream: number | null,
): void {
  const { windowLength, groupLength, spikeHistory, spikesKept } = options;
  fields({
    tokens: count,
    bytes: orWord(count, "NaN"),
    unscoredBytes: orWord(count, "NaN"),
    average: orWord(amount, "Infinity"),
    nll: runningMean,
    window: slidingMean(windowLength),
    entropyLow: runningMean,
    entropyHigh: runningMean,
    entropyLowWindow: slidingMean(windowLength),
    entropyHighWindow: slidingMean(windowLength),
    confidence: runningMean,
    group: slidingMean(groupLength),
    leastK: orWord(count, "Infinity"),
    mostK: count,
    margin: runningMean,
    spikes: fields({
      history: list(orWord(amount, "Infinity"), spikeHistory),
      count,
      recent: list(spike, spikesKept),
      largest: (part, where) => part === null || spike(part, where),
    }),
    last: fields({
      index: integerFrom(-1),
      text,
      id: integerFrom(-1),
      part: (given, where) => given === undefined || part(given, where),
      surprisal: orWord(amount, "NaN", "Infinity"),
      zScore: orWord(finite, "NaN", "Infinity"),
      entropyLow: orWord(amount, "NaN", "Infinity"),
      entropyHigh: orWord(amount, "NaN", "Infinity"),
      confidence: orWord(amount, "NaN", "Infinity"),
      margin: orWord(amount, "NaN"),
    }),
  })(state, where);
  checkCounts(state, options, where, stream ?? state.tokens);
}

/** Every window holds the last of what its mean is over, and nothing is over more tokens than there are. */
function checkCounts(state: SumsState, options: ResolvedMeterOptions, place: string, stream: number): void {
  const { windowLength, groupLength, spikeHistory, spikesKept } = options;
  const { tokens, nll, entropyLow, entropyHigh, confidence, margin, spikes, last } = state;
  const scored = nll[COUNT];
  const held = {
    window: [state.window.values, scored, windowLength],
    entropyLowWindow: [state.entropyLowWindow.values, entropyLow[COUNT], windowLength],
    entropyHighWindow: [state.entropyHighWindow.values, entropyHigh[COUNT], windowLength],
    group: [state.group.values, confidence[COUNT], groupLength],
    "spikes.history": [spikes.history, scored, spikeHistory],
    "spikes.recent": [spikes.recent, spikes.count, spikesKept],
  } as const;
  for (const [where, [values, seen, most]] of Object.entries(held))
    must((length) => length === Math.min(seen, most))(values.length, `${place}.${where}, its length,`);
  for (const [where, { end }] of Object.entries({ window: state.window, group: state.group }))
    must(() => end <= stream)(end, `${place}.${where}.end`);
  for (const [where, mean] of Object.entries({ nll, entropyLow, entropyHigh, confidence, margin }))
    must((seen) => (seen as number) <= tokens)(mean[COUNT], `${place}.${where}[${COUNT}]`);
  must((seen) => seen === entropyLow[COUNT])(entropyHigh[COUNT], `${place}.entropyHigh[${COUNT}]`);
  must((index) => (index as number) < stream && (index === -1) === (tokens === 0))(
    last.index,
    `${place}.last.index`,
  );
}

/** Throws where a part of a state is not what it must be. */
type Check = (part: unknown, where: string) => void;

const must =
  (allowed: (part: unknown) => boolean): Check =>
  (part, where) => {
    if (!allowed(part))
      throw invalidArgument(
        `${JSON.stringify(part)?.slice(0, 40)} cannot stand in the state of a meter`,
        where,
        WAY_OUT,
      );
  };

export const WAY_OUT = "Give what toState() returned, unchanged.";

const integerFrom = (least: number) =>
  must((part) => Number.isSafeInteger(part) && (part as number) >= least);
const count = integerFrom(0);
const finite = must(Number.isFinite);
const amount = must((part) => Number.isFinite(part) && (part as number) >= 0);
const text = must((part) => typeof part === "string");
const part = must((given) => TOKEN_PARTS.includes(given as TokenPart));

const orWord =
  (check: Check, ...words: JsonNumber[]): Check =>
  (part, where) =>
    words.includes(part as JsonNumber) || check(part, where);

const list =
  (check: Check, most: number): Check =>
  (part, where) => {
    must((given) => Array.isArray(given) && given.length <= most)(part, where);
    for (const [i, each] of (part as unknown[]).entries()) check(each, `${where}[${i}]`);
  };

const tuple =
  (...checks: readonly Check[]): Check =>
  (part, where) => {
    must((given) => Array.isArray(given) && given.length === checks.length)(part, where);
    for (const [i, check] of checks.entries()) check((part as unknown[])[i], `${where}[${i}]`);
  };

const fields =
  (checks: Record<string, Check>): Check =>
  (part, where) => {
    must((given) => typeof given === "object" && given !== null)(part, where);
    for (const [name, check] of Object.entries(checks))
      check((part as Record<string, unknown>)[name], `${where}.${name}`);
  };

/** Of a RunningMeanState. */
const COUNT = 3;

const meanOf =
  (sum: Check): Check =>
  (part, where) => {
    tuple(sum, finite, count, count)(part, where);
    const [, , infinite, all] = part as RunningMeanState;
    must(() => infinite <= all)(infinite, `${where}[2]`);
  };

const runningMean = meanOf(amount);

const stretch = tuple(count, count, orWord(amount, "NaN", "Infinity"));

const slidingMean =
  (length: number): Check =>
  (part, where) => {
    fields({
      values: list(orWord(amount, "Infinity"), length),
      indexes: list(count, length),
      head: count,
      end: count,
      held: meanOf(finite), // what was taken out may leave a rounding error below 0
      lowest: stretch,
      highest: stretch,
    })(part, where);
    const { values, indexes, head, held } = part as SlidingMeanState;
    must(() => indexes.length === values.length)(indexes, `${where}.indexes`);
    must(() => (values.length < length ? head === values.length : head < length))(head, `${where}.head`);
    must((all) => all === values.length)(held[COUNT], `${where}.held[${COUNT}]`);
  };

const spike = fields({
  index: count,
  byteOffset: (part, where) => part === null || count(part, where),
  text,
  surprisal: orWord(amount, "Infinity"),
  zScore: orWord(amount, "Infinity"),
});

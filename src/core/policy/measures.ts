/** What of a reading a policy can compare: over how many tokens, and of which part of the answer. */
import type { MeterReading, PartReading } from "../meter/index.ts";
import type { EntropyInterval, TokenPart } from "../token.ts";

/**
 * perplexity, window and average are perplexities; confidence and entropy are in nats; spike is a z-score; tokens and bits are
 * sums.
 */
export type PolicyMeasure =
  | "perplexity"
  | "window"
  | "average"
  | "confidence"
  | "entropy"
  | "spike"
  | "tokens"
  | "bits";

/** How much of an answer a measure is about. */
export interface MeasureScope {
  /**
   * Tokens in the window (`window`, `entropy`), in the group (`confidence`), or after which a weight has halved
   * (`average`). Left out: as the meter's options have it, 32, 32, 128 and 16 unless told otherwise.
   */
  length?: number | undefined;
  /** A window that is not full yet has a value too: that of the tokens there are. Left out: it has none. */
  partial?: true | undefined;
  /** Which part of the answer is looked at. Left out: all of it. */
  part?: TokenPart | undefined;
}

/** What a policy keeps of a measure whose length is not the meter's: JSON. */
export type MeasureMemory =
  | { values: readonly (number | EntropyInterval)[] }
  | { average: number; count: number };

type Value = number | EntropyInterval | null;

export interface MeasureDescription {
  /** For explanations. */
  name: string;
  unit: "" | " nats";
  /** Smallest value there is. */
  least: number;
  /** What says how long it is; left out: it has no length. */
  length?: keyof MeterReading["lengths"];
  /** Whether a window of it may be full or not. */
  canBePartial: boolean;
  /** At the length of the meter. */
  read: (reading: PartReading) => Value;
  /** The same of a window that is not full. */
  readPartial?: (reading: PartReading) => Value;
  /** Of the last token, to be put together here. */
  readLast?: (reading: PartReading) => Value;
}

export const MEASURES: Readonly<Record<PolicyMeasure, MeasureDescription>> = {
  perplexity: {
    name: "perplexity",
    unit: "",
    least: 1,
    canBePartial: false,
    read: ({ perplexity }) => perplexity,
  },
  window: {
    name: "window perplexity",
    unit: "",
    least: 1,
    length: "window",
    canBePartial: true,
    read: ({ window }) => window?.perplexity ?? null,
    readPartial: ({ perplexity }) => perplexity, // a window that is not full holds all there is
    readLast: ({ last }) => last?.surprisal ?? null,
  },
  average: {
    name: "average perplexity",
    unit: "",
    least: 1,
    length: "halfLife",
    canBePartial: false,
    read: ({ average }) => average?.perplexity ?? null,
    readLast: ({ last }) => last?.surprisal ?? null,
  },
  confidence: {
    name: "group confidence",
    unit: " nats",
    least: 0,
    length: "group",
    canBePartial: true,
    read: ({ confidence }) => confidence.group,
    readPartial: ({ confidence }) => confidence.tail,
    readLast: ({ confidence }) => confidence.last,
  },
  entropy: {
    name: "window entropy",
    unit: " nats",
    least: 0,
    length: "window",
    canBePartial: true,
    read: ({ entropy }) => entropy.window,
    readPartial: ({ entropy }) => entropy.mean,
    readLast: ({ entropy }) => entropy.last,
  },
  spike: {
    name: "spike",
    unit: "",
    least: Number.NEGATIVE_INFINITY,
    canBePartial: false,
    read: ({ last }) => last?.zScore ?? null,
  },
  tokens: { name: "tokens", unit: "", least: 1, canBePartial: false, read: ({ tokens }) => tokens },
  bits: { name: "bits", unit: "", least: 0, canBePartial: false, read: ({ bits }) => bits },
};

/** A measure and its scope, as it is read at a token. */
interface Asked extends MeasureScope {
  measure: PolicyMeasure;
}

/**
 * The value of a measure at a reading, and what is to be kept for the next token: nothing where the meter has it.
 * @param memory of the token before.
 */
export function readMeasure(
  asked: Asked,
  reading: MeterReading,
  memory: MeasureMemory | null,
): { value: Value; memory: MeasureMemory | null } {
  const { measure, length, partial, part } = asked;
  const description = MEASURES[measure];
  const source = part === undefined ? reading : reading.parts[part];
  const isAtIt = source !== null && source.last?.index === reading.last?.index;
  if (
    length === undefined ||
    description.length === undefined ||
    length === reading.lengths[description.length]
  ) {
    if (source === null) return { value: measure === "tokens" ? 0 : null, memory: null };
    if (measure === "spike" && !isAtIt) return { value: null, memory: null };
    const full = description.read(source);
    return { value: full ?? (partial ? (description.readPartial?.(source) ?? null) : null), memory: null };
  }
  const next = isAtIt ? (description.readLast?.(source) ?? null) : null;
  return measure === "average"
    ? averageOf(length, next, memory as { average: number; count: number } | null)
    : windowOf(asked, length, next, memory as { values: readonly (number | EntropyInterval)[] } | null);
}

/** JSON has no Infinity. */
const stored = (value: number): number => Math.min(value, Number.MAX_VALUE);

function windowOf(
  { measure, partial }: Asked,
  length: number,
  next: Value,
  memory: { values: readonly (number | EntropyInterval)[] } | null,
): { value: Value; memory: MeasureMemory } {
  const before = memory?.values ?? [];
  const values =
    next === null
      ? before
      : [
          ...before.slice(Math.max(0, before.length + 1 - length)),
          typeof next === "number" ? stored(next) : next,
        ];
  const enough = values.length === length || (partial && values.length > 0);
  const mean = enough ? meanOf(values) : null;
  const value = measure === "window" && typeof mean === "number" ? Math.exp(mean) : mean;
  return { value, memory: { values } };
}

/** A number, or bounds where one of the values has them. */
function meanOf(values: readonly (number | EntropyInterval)[]): number | EntropyInterval {
  let [low, high] = [0, 0];
  for (const value of values) {
    low += (typeof value === "number" ? value : value.low) / values.length;
    high += (typeof value === "number" ? value : (value.high ?? Number.POSITIVE_INFINITY)) / values.length;
  }
  return low === high ? low : { low, high: high === Number.POSITIVE_INFINITY ? null : high };
}

/** As `MeterReading.average`. */
function averageOf(
  halfLife: number,
  next: Value,
  memory: { average: number; count: number } | null,
): { value: Value; memory: MeasureMemory } {
  let { average, count } = memory ?? { average: 0, count: 0 };
  const decay = 2 ** (-1 / halfLife);
  if (typeof next === "number") {
    average = stored(decay * average + (1 - decay) * stored(next));
    count++;
  }
  const weight = -Math.expm1(count * Math.log(decay));
  return { value: count === 0 ? null : Math.exp(average / weight), memory: { average, count } };
}

/** Whether a policy holds. */
import type { MeterReading } from "../meter/index.ts";
import { checkPolicy } from "./check.ts";
import { MEASURES, type MeasureMemory, readMeasure } from "./measures.ts";
import type { Policy, Relation } from "./policy.ts";
import { decideRepetition, type RepetitionMemory } from "./repetition.ts";
import { writePolicy } from "./text.ts";

/** What a policy remembers from token to token: JSON, of the policy's own shape. */
export type PolicyMemory =
  | null
  | readonly PolicyMemory[]
  | { since: number | null; policy: PolicyMemory }
  | { since: number | null; because: string; enter: PolicyMemory; leave: PolicyMemory }
  | RepetitionMemory
  | MeasureMemory;

/** What became of a policy at one token. */
export interface PolicyDecision {
  /** Whether it holds; `null` when that is not known, because a number it needs is missing or not there yet. */
  holds: boolean | null;
  /** Why it holds: "window perplexity 212 > 80"; "" while it does not. */
  because: string;
  /** For the decision at the next token. */
  memory: PolicyMemory;
}

/**
 * Whether a policy holds at a reading. A pure function: to be called once per token, with the memory of the decision
 * before.
 *
 * What is not known (`null`) follows Kleene's logic: `any` holds once one is known to hold, `all` does not hold once one
 * is known not to, and otherwise what is unknown in a part is unknown in the whole.
 * @param memory of the decision at the token before; `null` at the first.
 * @throws SurprisalError INVALID_ARGUMENT for what is no policy.
 */
export function decidePolicy(
  policy: Policy,
  reading: MeterReading,
  memory: PolicyMemory = null,
): PolicyDecision {
  if (!CHECKED.has(policy)) {
    checkPolicy(policy);
    CHECKED.add(policy);
  }
  return decide(policy, reading, memory);
}

/** Policies that were found to be some: at every further token that costs a look-up. */
const CHECKED = new WeakSet<Policy>();

function decide(policy: Policy, reading: MeterReading, memory: PolicyMemory): PolicyDecision {
  switch (policy.kind) {
    case "compare":
      return decideComparison(policy, reading, memory as MeasureMemory | null);
    case "repetition":
      return decideRepetition(policy, reading, memory as RepetitionMemory | null);
    case "any":
    case "all":
      return decideSeveral(policy.kind, policy.policies, reading, memory as readonly PolicyMemory[] | null);
    case "not": {
      const { holds, memory: next } = decide(policy.policy, reading, memory);
      return decision(holds === null ? null : !holds, writePolicy(policy), next);
    }
    case "after": {
      const { holds, because, memory: next } = decide(policy.policy, reading, memory);
      return decision(reading.tokens >= policy.tokens ? holds : false, because, next);
    }
    case "lasting":
      return decideLasting(policy, reading, memory as { since: number | null; policy: PolicyMemory } | null);
    case "hysteresis":
      return decideHysteresis(policy, reading, memory as HysteresisMemory | null);
  }
}

type HysteresisMemory = Extract<PolicyMemory, { enter: PolicyMemory }>;

const decision = (holds: boolean | null, because: string, memory: PolicyMemory): PolicyDecision => ({
  holds,
  because: holds ? because : "",
  memory,
});

/** An interval is above a bound when its lower end is. */
function decideComparison(
  policy: Extract<Policy, { kind: "compare" }>,
  reading: MeterReading,
  memory: MeasureMemory | null,
): PolicyDecision {
  const { relation, bound } = policy;
  const { value, memory: next } = readMeasure(policy, reading, memory);
  if (value === null) return decision(null, "", next);
  const interval = typeof value === "number" ? { low: value, high: value } : value;
  const [low, high] = [interval.low, interval.high ?? Infinity];
  const [worst, best] = relation.startsWith(">") ? [low, high] : [high, low];
  if (!compares(worst, relation, bound))
    return decision(compares(best, relation, bound) ? null : false, "", next);
  const because = `${nameOf(policy)} ${shown(worst, relation, bound)} ${relation} ${bound}${MEASURES[policy.measure].unit}`;
  return decision(true, because, next);
}

/** "window perplexity", "reasoning window(16) perplexity". */
function nameOf({ measure, length, part }: Extract<Policy, { kind: "compare" }>): string {
  const { name } = MEASURES[measure];
  const [first, ...rest] = name.split(" ");
  const sized = length === undefined ? name : [`${first}(${length})`, ...rest].join(" ");
  return part === undefined ? sized : `${part} ${sized}`;
}

function compares(value: number, relation: Relation, bound: number): boolean {
  if (relation === ">") return value > bound;
  if (relation === ">=") return value >= bound;
  return relation === "<" ? value < bound : value <= bound;
}

/** Three digits, or as many as show that the relation holds. */
function shown(value: number, relation: Relation, bound: number): string {
  if (Number.isInteger(value) || !Number.isFinite(value)) return String(value);
  for (let digits = 3; digits <= 17; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (compares(rounded, relation, bound)) return String(rounded);
  }
  return String(value);
}

function decideSeveral(
  kind: "any" | "all",
  policies: readonly Policy[],
  reading: MeterReading,
  memory: readonly PolicyMemory[] | null,
): PolicyDecision {
  // Every part is asked, also where the outcome is clear: each has a memory to keep.
  const parts = policies.map((policy, i) => decide(policy, reading, memory?.[i] ?? null));
  const decisive = parts.find(({ holds }) => holds === (kind === "any"));
  const open = parts.some(({ holds }) => holds === null);
  const holds = decisive ? decisive.holds : open ? null : kind === "all";
  const because = decisive?.because ?? parts.map((part) => part.because).join(" and ");
  return decision(
    holds,
    because,
    parts.map((part) => part.memory),
  );
}

function decideLasting(
  { tokens, policy }: { tokens: number; policy: Policy },
  reading: MeterReading,
  memory: { since: number | null; policy: PolicyMemory } | null,
): PolicyDecision {
  const inner = decide(policy, reading, memory?.policy ?? null);
  const since = inner.holds ? (memory?.since ?? reading.tokens) : null;
  const holds = since === null ? inner.holds : reading.tokens - since + 1 >= tokens;
  return decision(holds, `${inner.because} for ${tokens} tokens`, { since, policy: inner.memory });
}

function decideHysteresis(
  policy: Extract<Policy, { kind: "hysteresis" }>,
  reading: MeterReading,
  memory: HysteresisMemory | null,
): PolicyDecision {
  const enter = decide(policy.enter, reading, memory?.enter ?? null);
  const leave = decide(policy.leave, reading, memory?.leave ?? null);
  let since = memory?.since ?? null;
  let because = memory?.because ?? "";
  if (since === null && enter.holds) {
    since = reading.tokens;
    because = enter.because;
  }
  if (leave.holds) since = null;
  const holds = since !== null || (enter.holds === null && !leave.holds ? null : false);
  const begun = since === null || since === reading.tokens ? "" : ` at token ${since}`;
  return decision(holds, because + begun, { since, because, enter: enter.memory, leave: leave.memory });
}

/** Where a policy may hold, and that it can nowhere: worked out before a token is written. */
import { invalidArgument } from "../errors.ts";
import { type MeterOptions, type ResolvedMeterOptions, resolveMeterOptions } from "../meter/index.ts";
import { checkPolicy } from "./check.ts";
import { MEASURES } from "./measures.ts";
import type { Policy, Relation } from "./policy.ts";
import { writePolicy } from "./text.ts";

/** Something a person did not mean. */
export interface PolicyProblem {
  /** "never": it cannot come to hold. "always": it holds from its first number on. "idle": a part of it changes nothing. */
  kind: "never" | "always" | "idle";
  /** The part of the policy that it is about, in its text form. */
  policy: string;
  /** "window(32)>80 can never hold: ..." */
  what: string;
  wayOut: string;
}

/** From one number of tokens to another, where something may be so. */
export interface Span {
  from: number;
  until: number;
}

/** Where a policy may hold, and where it may be known not to; `null` = nowhere. */
interface Possible {
  holds: Span | null;
  fails: Span | null;
}

export type Compare = Extract<Policy, { kind: "compare" }>;

const EVER: Span = { from: 1, until: Number.POSITIVE_INFINITY };

/** Values that a measure can have, and why no others; `most` below `least` where it has none at all. */
export interface ValueRange {
  least: number;
  most: number;
  why: string;
}

/** @throws SurprisalError INVALID_ARGUMENT when a condition of the policy can never hold, whatever the source. */
export function refuseHopeless(policy: Policy, meter: MeterOptions | undefined): void {
  const possibilities = new Possibilities(meter);
  possibilities.review(policy);
  const problem = possibilities.problems.find(({ kind }) => kind === "never");
  if (problem) throw invalidArgument(problem.what, "policy", problem.wayOut);
}

/** Finds what can never hold, whatever the source. What else there is to say of a policy, {@link Review} adds. */
export class Possibilities {
  readonly problems: PolicyProblem[] = [];
  protected readonly meter: ResolvedMeterOptions;

  constructor(meter: MeterOptions = {}) {
    this.meter = resolveMeterOptions(meter);
  }

  /**
   * @returns where the policy may hold.
   * @throws SurprisalError INVALID_ARGUMENT for what is no policy.
   */
  review(policy: Policy): Span | null {
    const { holds } = this.of(checkPolicy(policy));
    if (holds === null && !this.problems.some(({ kind }) => kind === "never"))
      this.never(policy, "what it denies always holds", "Give another bound.");
    return holds;
  }

  protected of(policy: Policy): Possible {
    switch (policy.kind) {
      case "compare":
        return this.#compare(policy);
      case "repetition":
        return { holds: { ...EVER, from: policy.tokens + 1 }, fails: EVER };
      case "any":
        if (deniesItself(policy.policies)) this.always(policy, "one of its conditions denies another");
        return this.#several(policy.policies, "any");
      case "all":
        this.#contradictions(policy);
        return this.#several(policy.policies, "all");
      case "not": {
        const { holds, fails } = this.of(policy.policy);
        return { holds: fails, fails: holds };
      }
      case "after":
        return this.#after(policy);
      case "lasting": {
        const inner = this.of(policy.policy);
        const holds =
          inner.holds && cut({ ...inner.holds, from: inner.holds.from + policy.tokens - 1 }, EVER);
        if (inner.holds && !holds)
          this.never(
            policy,
            `it holds for no more than ${lengthOf(inner.holds)} tokens`,
            "Give fewer tokens.",
          );
        return { holds, fails: EVER };
      }
      case "hysteresis": {
        const enter = this.of(policy.enter);
        this.of(policy.leave);
        return { holds: enter.holds && { ...EVER, from: enter.holds.from }, fails: EVER };
      }
    }
  }

  #compare(policy: Compare): Possible {
    if (policy.measure === "tokens") return this.#tokens(policy);
    const { least, most, why } = this.range(policy);
    if (most < least) {
      this.never(policy, why, wayOutOf(policy));
      return { holds: null, fails: null };
    }
    const known: Span = { ...EVER, from: this.firstValue(policy) };
    const holds = reaches(policy.relation, policy.bound, least, most) ? known : null;
    const fails = reaches(OPPOSITE[policy.relation], policy.bound, least, most) ? known : null;
    if (!holds) this.never(policy, why, wayOutOf(policy));
    else if (!fails) this.always(policy, why);
    return { holds, fails };
  }

  /** How many tokens there are at the n-th is no question, unless those of a part are counted. */
  #tokens(policy: Compare): Possible {
    const { relation, bound, part } = policy;
    const more = relation.startsWith(">");
    const inside = relation.endsWith("=");
    const from = more ? (inside ? Math.ceil(bound) : Math.floor(bound) + 1) : 1;
    const until = more ? Number.POSITIVE_INFINITY : inside ? Math.floor(bound) : Math.ceil(bound) - 1;
    const least = part === undefined ? 1 : 0;
    if (until < least) {
      this.never(policy, `there is at least ${least} token`, "Give a larger number.");
      return { holds: null, fails: EVER };
    }
    if (from <= least && until === Number.POSITIVE_INFINITY)
      this.always(policy, `there is at least ${least} token`);
    if (part !== undefined) return { holds: { ...EVER, from: more ? Math.max(1, from) : 1 }, fails: EVER };
    return {
      holds: { from: Math.max(1, from), until },
      fails: more
        ? cut({ from: 1, until: from - 1 }, EVER)
        : cut({ from: until + 1, until: Number.POSITIVE_INFINITY }, EVER),
    };
  }

  protected range({ measure }: Compare): ValueRange {
    const { least, name } = MEASURES[measure];
    const why = least === 1 ? `a perplexity is at least 1` : `${name} is at least ${least}`;
    return { least, most: Number.POSITIVE_INFINITY, why };
  }

  /** The first token at which there is a value. */
  protected firstValue({ measure, length, partial }: Compare): number {
    const { windowLength, groupLength, spikeWarmUp } = this.meter;
    if (measure === "spike") return spikeWarmUp + 1;
    if (partial) return 1;
    if (measure === "window" || measure === "entropy") return length ?? windowLength;
    return measure === "confidence" ? (length ?? groupLength) : 1;
  }

  #several(policies: readonly Policy[], kind: "any" | "all"): Possible {
    const parts = policies.map((policy) => this.of(policy));
    const holds = parts.map((part) => part.holds);
    const fails = parts.map((part) => part.fails);
    if (kind === "any") return { holds: hull(holds), fails: overlap(fails) };
    const together = overlap(holds);
    if (!together && holds.every((span) => span !== null))
      this.never(
        { kind: "all", policies },
        "its conditions do not hold at the same tokens",
        "Leave one of them out.",
      );
    return { holds: together, fails: hull(fails) };
  }

  /** Bounds of one measure that leave no value between them. */
  #contradictions(policy: Extract<Policy, { kind: "any" | "all" }>): void {
    const bounds = new Map<string, { least: number; most: number }>();
    const policies = policy.policies.map(withoutNot);
    if (deniesItself(policy.policies)) {
      this.never(policy, "one of its conditions denies another", "Leave one of them out.");
      return;
    }
    for (const part of policies) {
      if (part.kind !== "compare" || part.measure === "tokens") continue;
      const name = writePolicy({ ...part, relation: ">", bound: 0 });
      const range = bounds.get(name) ?? { least: Number.NEGATIVE_INFINITY, most: Number.POSITIVE_INFINITY };
      if (part.relation.startsWith(">")) range.least = Math.max(range.least, part.bound);
      else range.most = Math.min(range.most, part.bound);
      bounds.set(name, range);
      if (range.least > range.most || (range.least === range.most && isOpen(policies, range.most))) {
        this.never(policy, "no value is on the right side of both bounds", 'Did you mean "or"?');
        return;
      }
    }
  }

  #after(policy: Extract<Policy, { kind: "after" | "lasting" }>): Possible {
    const { tokens, policy: inner } = policy;
    const { holds, fails } = this.of(inner);
    const late = holds && cut(holds, { ...EVER, from: tokens });
    if (holds && !late)
      this.never(
        policy,
        `it holds until token ${holds.until} only`,
        "Give fewer tokens after the word after.",
      );
    else if (holds && holds.from >= tokens && tokens > 1) this.idle(policy, holds.from);
    return { holds: late, fails: tokens > 1 ? EVER : fails };
  }

  protected never(policy: Policy, why: string, wayOut: string): void {
    const text = writePolicy(policy);
    this.problems.push({ kind: "never", policy: text, what: `${text} can never hold: ${why}`, wayOut });
  }

  /** It holds from its first number on. */
  protected always(_policy: Policy, _why: string): void {}

  /** The word after changes nothing. */
  protected idle(_policy: Extract<Policy, { kind: "after" | "lasting" }>, _from: number): void {}
}

const OPPOSITE: Readonly<Record<Relation, Relation>> = { ">": "<=", ">=": "<", "<": ">=", "<=": ">" };

/** Among the conditions is one, and that it does not hold. */
function deniesItself(policies: readonly Policy[]): boolean {
  const texts = new Set(policies.map(writePolicy));
  return policies.some((policy) => policy.kind === "not" && texts.has(writePolicy(policy.policy)));
}

/** What is no comparison's, as the comparison that says the same. */
function withoutNot(policy: Policy): Policy {
  if (policy.kind !== "not" || policy.policy.kind !== "compare") return policy;
  return { ...policy.policy, relation: OPPOSITE[policy.policy.relation] };
}

/** Whether a value of least ... most, both of which there are, is on the right side. */
function reaches(relation: Relation, bound: number, least: number, most: number): boolean {
  if (relation === ">") return most > bound;
  if (relation === ">=") return most >= bound;
  return relation === "<" ? least < bound : least <= bound;
}

/** Whether some of the bounds there is not itself among the values. */
function isOpen(policies: readonly Policy[], bound: number): boolean {
  return policies.some(
    (part) => part.kind === "compare" && part.bound === bound && !part.relation.endsWith("="),
  );
}

function wayOutOf({ measure }: Compare): string {
  return measure === "confidence"
    ? "Give a larger bound: DeepConf's confidence is high where the model is certain."
    : "Give another bound.";
}

const lengthOf = ({ from, until }: Span): number => until - from + 1;

/** What two spans have in common; `null` = nothing. */
function cut(one: Span, other: Span): Span | null {
  const both = { from: Math.max(one.from, other.from), until: Math.min(one.until, other.until) };
  return both.from <= both.until ? both : null;
}

function hull(spans: readonly (Span | null)[]): Span | null {
  const there = spans.filter((span) => span !== null);
  if (there.length === 0) return null;
  return {
    from: Math.min(...there.map(({ from }) => from)),
    until: Math.max(...there.map(({ until }) => until)),
  };
}

function overlap(spans: readonly (Span | null)[]): Span | null {
  let both: Span | null = EVER;
  for (const span of spans) both = both && span && cut(both, span);
  return both;
}

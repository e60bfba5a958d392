/** What of a policy can never hold, always holds, or says nothing: worked out before a token is written. */
import { invalidArgument } from "../errors.ts";
import { type MeterOptions, type ResolvedMeterOptions, resolveMeterOptions } from "../meter/index.ts";
import { checkPolicy } from "./check.ts";
import { MEASURES } from "./measures.ts";
import type { Policy, Relation } from "./policy.ts";
import { writePolicy } from "./text.ts";

/** What is known of the answers that a policy is for; what is left out is not known. */
export interface PolicyCircumstances {
  /** Options of the meter: its lengths are those of windows that name none. */
  meter?: MeterOptions | undefined;
  /** Most tokens an answer may have. */
  maxTokens?: number | undefined;
  /** Alternatives per token that the source gives; 0 = none. */
  alternatives?: number | undefined;
  /** The source gives exact entropies (`ModelCapabilities.distribution`). */
  distribution?: boolean | undefined;
  /** V of the model; `null` = unknown. */
  vocabularySize?: number | null | undefined;
}

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
interface Span {
  from: number;
  until: number;
}

/** Where a policy may hold, and where it may be known not to; `null` = nowhere. */
interface Possible {
  holds: Span | null;
  fails: Span | null;
}

type Compare = Extract<Policy, { kind: "compare" }>;

const EVER: Span = { from: 1, until: Number.POSITIVE_INFINITY };

/**
 * What is wrong with a policy: conditions that can never hold, hold always, or say nothing. Without circumstances: what is
 * wrong with it anywhere.
 *
 *     policyProblems(parsePolicy("window>80 after 20"))[0].what
 *     // "after 20" changes nothing: window(32) has no value before token 32
 * @throws SurprisalError INVALID_ARGUMENT for what is no policy.
 */
export function policyProblems(policy: Policy, circumstances: PolicyCircumstances = {}): PolicyProblem[] {
  const review = new Review(circumstances);
  const { holds } = review.of(checkPolicy(policy));
  review.checkWhole(policy, holds);
  return review.problems;
}

/** @throws SurprisalError INVALID_ARGUMENT when a condition of the policy can never hold, whatever the source. */
export function refuseHopeless(policy: Policy, meter: MeterOptions | undefined): void {
  const problem = policyProblems(policy, { meter }).find(({ kind }) => kind === "never");
  if (problem) throw invalidArgument(problem.what, "policy", problem.wayOut);
}

class Review {
  readonly problems: PolicyProblem[] = [];
  readonly #circumstances: PolicyCircumstances;
  readonly #meter: ResolvedMeterOptions;

  constructor(circumstances: PolicyCircumstances) {
    this.#circumstances = circumstances;
    this.#meter = resolveMeterOptions(circumstances.meter ?? {});
  }

  of(policy: Policy): Possible {
    switch (policy.kind) {
      case "compare":
        return this.#compare(policy);
      case "repetition":
        return { holds: { ...EVER, from: policy.tokens + 1 }, fails: EVER };
      case "any":
        if (deniesItself(policy.policies)) this.#always(policy, "one of its conditions denies another");
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
          this.#never(
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

  /** What no part shows: a whole that never holds, and an answer that ends before it can. */
  checkWhole(policy: Policy, holds: Span | null): void {
    const { maxTokens } = this.#circumstances;
    if (holds === null && !this.problems.some(({ kind }) => kind === "never"))
      this.#never(policy, "what it denies always holds", "Give another bound.");
    if (maxTokens === undefined || holds === null || holds.from <= maxTokens) return;
    this.#never(
      policy,
      `it holds from token ${holds.from} at the earliest, and an answer has at most ${maxTokens}`,
      "Allow longer answers, or give a shorter window: window(16), window(32, partial).",
    );
  }

  #compare(policy: Compare): Possible {
    if (policy.measure === "tokens") return this.#tokens(policy);
    const { least, most, why } = this.#range(policy);
    if (most < least) {
      this.#never(policy, why, wayOutOf(policy));
      return { holds: null, fails: null };
    }
    const known: Span = { ...EVER, from: this.#firstValue(policy) };
    const holds = reaches(policy.relation, policy.bound, least, most) ? known : null;
    const fails = reaches(OPPOSITE[policy.relation], policy.bound, least, most) ? known : null;
    if (!holds) this.#never(policy, why, wayOutOf(policy));
    else if (!fails) this.#always(policy, why);
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
      this.#never(policy, `there is at least ${least} token`, "Give a larger number.");
      return { holds: null, fails: EVER };
    }
    if (from <= least && until === Number.POSITIVE_INFINITY)
      this.#always(policy, `there is at least ${least} token`);
    if (part !== undefined) return { holds: { ...EVER, from: more ? Math.max(1, from) : 1 }, fails: EVER };
    return {
      holds: { from: Math.max(1, from), until },
      fails: more
        ? cut({ from: 1, until: from - 1 }, EVER)
        : cut({ from: until + 1, until: Number.POSITIVE_INFINITY }, EVER),
    };
  }

  /** Values that a measure can have, and why no others; `most` below `least` where it has none at all. */
  #range({ measure, relation }: Compare): { least: number; most: number; why: string } {
    const { alternatives, distribution, vocabularySize } = this.#circumstances;
    const { least, name } = MEASURES[measure];
    const none = (why: string) => ({ least: 0, most: -1, why });
    const most = Number.POSITIVE_INFINITY;
    if (measure === "confidence" && alternatives !== undefined) {
      if (alternatives === 0) return none("it is made of alternatives, and the source gives none");
      const k = Math.min(alternatives, this.#meter.topK);
      const floor = Math.log(k);
      return {
        least: floor,
        most,
        why: `over ${k} alternatives it is at least ln ${k} = ${round(floor)} nats`,
      };
    }
    if (measure === "entropy") {
      if (alternatives === 0 && distribution === false)
        return none("it is made of alternatives, and the source gives none");
      if (distribution === false && vocabularySize === null && relation.startsWith("<"))
        return none(
          "the source gives only the likeliest tokens, of a vocabulary of unknown size: no upper bound is known",
        );
      if (typeof vocabularySize === "number") {
        const all = Math.log(vocabularySize);
        const why = `it is between 0 and ln ${vocabularySize} = ${round(all)} nats`;
        return { least, most: all, why };
      }
    }
    return { least, most, why: least === 1 ? `a perplexity is at least 1` : `${name} is at least ${least}` };
  }

  /** The first token at which there is a value. */
  #firstValue({ measure, length, partial }: Compare): number {
    const { windowLength, groupLength, spikeWarmUp } = this.#meter;
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
      this.#never(
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
      this.#never(policy, "one of its conditions denies another", "Leave one of them out.");
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
        this.#never(policy, "no value is on the right side of both bounds", 'Did you mean "or"?');
        return;
      }
    }
  }

  #after(policy: Extract<Policy, { kind: "after" | "lasting" }>): Possible {
    const { tokens, policy: inner } = policy;
    const { holds, fails } = this.of(inner);
    const late = holds && cut(holds, { ...EVER, from: tokens });
    if (holds && !late)
      this.#never(
        policy,
        `it holds until token ${holds.until} only`,
        "Give fewer tokens after the word after.",
      );
    else if (holds && holds.from >= tokens && tokens > 1) this.#idle(policy, holds.from);
    return { holds: late, fails: tokens > 1 ? EVER : fails };
  }

  #idle(policy: Extract<Policy, { kind: "after" | "lasting" }>, from: number): void {
    const { tokens, policy: inner } = policy;
    const named = inner.kind === "compare" && inner.measure !== "tokens" ? inner : null;
    const { measure, length } = named ?? {};
    const size = named && (length ?? this.#firstValue(named));
    this.problems.push({
      kind: "idle",
      policy: writePolicy(policy),
      what: named
        ? `"after ${tokens}" changes nothing: ${measure}${MEASURES[named.measure].length ? `(${size})` : ""} has no value before token ${from}`
        : `"after ${tokens}" changes nothing: it holds from token ${from} at the earliest anyway`,
      wayOut:
        named && MEASURES[named.measure].canBePartial
          ? `Write ${writePolicy({ ...policy, policy: { ...named, length: tokens } })} for a shorter window, ${writePolicy({ ...policy, policy: { ...named, length: size ?? tokens, partial: true } })} to begin before it is full, or leave "after ${tokens}" out.`
          : `Leave "after ${tokens}" out.`,
    });
  }

  #never(policy: Policy, why: string, wayOut: string): void {
    const text = writePolicy(policy);
    this.problems.push({ kind: "never", policy: text, what: `${text} can never hold: ${why}`, wayOut });
  }

  #always(policy: Policy, why: string): void {
    const text = writePolicy(policy);
    const what = `${text} always holds: ${why}`;
    this.problems.push({ kind: "always", policy: text, what, wayOut: "Give another bound." });
  }
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

const round = (value: number): number => Number(value.toPrecision(3));
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

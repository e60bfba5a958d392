/** What of a policy can never hold, always holds, or says nothing, with what is known of the answers that it is for. */
import type { MeterOptions } from "../meter/index.ts";
import { MEASURES } from "./measures.ts";
import type { Policy } from "./policy.ts";
import { type Compare, type PolicyProblem, Possibilities, type Span, type ValueRange } from "./possible.ts";
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
  review.checkLength(policy, review.review(policy));
  return review.problems;
}

class Review extends Possibilities {
  readonly #circumstances: PolicyCircumstances;

  constructor(circumstances: PolicyCircumstances) {
    super(circumstances.meter);
    this.#circumstances = circumstances;
  }

  /** An answer that ends before the policy can hold. */
  checkLength(policy: Policy, holds: Span | null): void {
    const { maxTokens } = this.#circumstances;
    if (maxTokens === undefined || holds === null || holds.from <= maxTokens) return;
    this.never(
      policy,
      `it holds from token ${holds.from} at the earliest, and an answer has at most ${maxTokens}`,
      "Allow longer answers, or give a shorter window: window(16), window(32, partial).",
    );
  }

  protected override range(policy: Compare): ValueRange {
    const { measure, relation } = policy;
    const { least, most } = super.range(policy);
    const { alternatives, distribution, vocabularySize } = this.#circumstances;
    const none = (why: string) => ({ least: 0, most: -1, why });
    if (measure === "confidence" && alternatives !== undefined) {
      if (alternatives === 0) return none("it is made of alternatives, and the source gives none");
      const k = Math.min(alternatives, this.meter.topK);
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
    return super.range(policy);
  }

  protected override idle(policy: Extract<Policy, { kind: "after" | "lasting" }>, from: number): void {
    const { tokens, policy: inner } = policy;
    const named = inner.kind === "compare" && inner.measure !== "tokens" ? inner : null;
    const { measure, length } = named ?? {};
    const size = named && (length ?? this.firstValue(named));
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

  protected override always(policy: Policy, why: string): void {
    const text = writePolicy(policy);
    const what = `${text} always holds: ${why}`;
    this.problems.push({ kind: "always", policy: text, what, wayOut: "Give another bound." });
  }
}

const round = (value: number): number => Number(value.toPrecision(3));

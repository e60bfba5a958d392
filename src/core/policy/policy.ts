/**
 * Conditions on a meter's reading, as data: plain JSON that can be stored, compared and written as text
 * (`describePolicy`, `parsePolicy`). `decidePolicy` says whether one holds.
 */
import { requireInteger } from "../_arguments.ts";
import { invalidArgument } from "../errors.ts";
import { TOKEN_PARTS, type TokenPart } from "../token.ts";
import { MEASURES, type MeasureScope, type PolicyMeasure } from "./measures.ts";

const RELATIONS = [">", ">=", "<", "<="] as const;
/** How a measure is compared with its bound. */
export type Relation = (typeof RELATIONS)[number];

/** A condition on what a meter says. */
export type Policy =
  | ({ kind: "compare"; measure: PolicyMeasure; relation: Relation; bound: number } & MeasureScope)
  | { kind: "repetition"; tokens: number; part?: TokenPart | undefined }
  | { kind: "any" | "all"; policies: readonly Policy[] }
  | { kind: "not"; policy: Policy }
  | { kind: "after" | "lasting"; tokens: number; policy: Policy }
  | { kind: "hysteresis"; enter: Policy; leave: Policy };

/** Longest window that a policy keeps by itself, tokens. */
const LONGEST_WINDOW = 10_000;

/**
 * A measure against a bound.
 * @param scope over how many tokens, and of which part of the answer. Default: the meter's own lengths, all of the answer.
 * @throws SurprisalError INVALID_ARGUMENT when the bound is negative or not finite, and for a scope that the measure has
 *   not: perplexity, spike, tokens and bits have no length, and only windows and groups can be partial.
 */
export function compare(
  measure: PolicyMeasure,
  relation: Relation,
  bound: number,
  scope: MeasureScope = {},
): Policy {
  if (!Object.hasOwn(MEASURES, measure))
    throw invalidArgument(
      `"${measure}" is no measure`,
      "measure",
      `Give one of ${Object.keys(MEASURES).join(", ")}.`,
    );
  if (!RELATIONS.includes(relation))
    throw invalidArgument(`"${relation}" is no relation`, "relation", `Give one of ${RELATIONS.join(", ")}.`);
  if (typeof bound !== "number" || !(bound >= 0 && bound < Infinity))
    throw invalidArgument(
      `${bound} is no bound for ${MEASURES[measure].name}`,
      "bound",
      "Give a finite number of at least 0.",
    );
  return { kind: "compare", measure, relation, bound: Math.abs(bound), ...checkedScope(measure, scope) }; // -0 is 0
}

/** Only what is given. */
function checkedScope(measure: PolicyMeasure, { length, partial, part }: MeasureScope): MeasureScope {
  const { length: has, canBePartial } = MEASURES[measure];
  if (length !== undefined) {
    if (has === undefined)
      throw invalidArgument(
        `${measure} has no length`,
        "length",
        "Those that have one are window, entropy, confidence and average: window(16).",
      );
    if (has !== "halfLife") requireInteger(length, "length", 1, LONGEST_WINDOW);
    else if (typeof length !== "number" || !(length >= 0.1 && length <= LONGEST_WINDOW))
      throw invalidArgument(
        `${length} is no half-life`,
        "length",
        `Give a number of 0.1 ... ${LONGEST_WINDOW}.`,
      );
  }
  if (partial !== undefined && (partial !== true || !canBePartial))
    throw invalidArgument(
      canBePartial ? `${String(partial)} is not allowed here` : `${measure} cannot be partial`,
      "partial",
      "Give true, for window, entropy and confidence, or leave it out.",
    );
  return {
    ...(length !== undefined && { length }),
    ...(partial && { partial }),
    ...checkedPart(part),
  };
}

function checkedPart(part: TokenPart | undefined): { part?: TokenPart } {
  if (part === undefined) return {};
  if (!TOKEN_PARTS.includes(part))
    throw invalidArgument(`"${String(part)}" is no part`, "part", `Give one of ${TOKEN_PARTS.join(", ")}.`);
  return { part };
}

/** The perplexity of everything scored so far is above `bound`. */
export const perplexityAbove = (bound: number, scope?: Pick<MeasureScope, "part">): Policy =>
  compare("perplexity", ">", bound, scope);

/** The perplexity of the last full window is above `bound`: see `MeterReading.window`. */
export const windowAbove = (bound: number, scope?: MeasureScope): Policy =>
  compare("window", ">", bound, scope);

/** exp of the exponential average of the surprisal is above `bound`: see `MeterReading.average`. */
export const averageAbove = (bound: number, scope?: Omit<MeasureScope, "partial">): Policy =>
  compare("average", ">", bound, scope);

/** DeepConf's group confidence is below `bound`, nats: its rule for ending a trace. See `ConfidenceReading.group`. */
export const confidenceBelow = (bound: number, scope?: MeasureScope): Policy =>
  compare("confidence", "<", bound, scope);

/** The mean entropy of the last full window is surely above `bound`, nats: the lower end of its interval is. */
export const entropyAbove = (bound: number, scope?: MeasureScope): Policy =>
  compare("entropy", ">", bound, scope);

/** The mean entropy of the last full window is surely below `bound`, nats: the upper end of its interval is. */
export const entropyBelow = (bound: number, scope?: MeasureScope): Policy =>
  compare("entropy", "<", bound, scope);

/** The robust z-score of the last token is above `bound`: see `LastToken.zScore`. */
export const spikeAbove = (bound: number, scope?: Pick<MeasureScope, "part">): Policy =>
  compare("spike", ">", bound, scope);

/**
 * The text has run into a loop that surprises the model no more: for some period p of at most 128 tokens, each of the
 * last max(`tokens`, 2p) tokens is the one p before it, so that a phrase has come three times or more, and the last
 * `tokens` of them have a perplexity of at most 1.25. Or it goes on and on though it does surprise the model, as a small
 * one's loops do: the same for the last max(4 `tokens`, 4p), at any perplexity. Tokens are compared by id, or by text
 * where the source gives no ids. Where none of the last carries a number, the text alone decides. A table or a line of
 * dashes repeats itself too: give more `tokens` where such are expected.
 * @param tokens 2 ... 10,000. Default 24.
 * @param scope the part of the answer that is looked at. Default: all of it.
 */
export function repetition(tokens: number = 24, { part }: Pick<MeasureScope, "part"> = {}): Policy {
  requireInteger(tokens, "tokens", 2, 10_000);
  return { kind: "repetition", tokens, ...checkedPart(part) };
}

/**
 * So many tokens or bits have been spent: `tokens` seen, Σ -log2 p over those with a number. Holds from the token that
 * reaches the budget.
 * @throws SurprisalError INVALID_ARGUMENT when neither is given, or one is negative or not finite.
 */
export function budget({ tokens, bits }: { tokens?: number | undefined; bits?: number | undefined }): Policy {
  const parts: Policy[] = [];
  if (tokens !== undefined) parts.push(compare("tokens", ">=", tokens));
  if (bits !== undefined) parts.push(compare("bits", ">=", bits));
  return several("any", parts);
}

/** One of them holds. @throws SurprisalError INVALID_ARGUMENT when there are none. */
export const any = (...policies: readonly Policy[]): Policy => several("any", policies);

/** All of them hold. @throws SurprisalError INVALID_ARGUMENT when there are none. */
export const all = (...policies: readonly Policy[]): Policy => several("all", policies);

function several(kind: "any" | "all", policies: readonly Policy[]): Policy {
  if (policies.length === 0) throw invalidArgument("There is no policy", kind, "Give at least one.");
  return policies.length === 1 ? policies[0]! : { kind, policies };
}

/** It is known not to hold. */
export const not = (policy: Policy): Policy => ({ kind: "not", policy });

/** It holds, and at least so many tokens have been seen. */
export function after(tokens: number, policy: Policy): Policy {
  requireInteger(tokens, "tokens", 1);
  return { kind: "after", tokens, policy };
}

/** It has held at each of the last so many tokens. */
export function lasting(tokens: number, policy: Policy): Policy {
  requireInteger(tokens, "tokens", 1);
  return { kind: "lasting", tokens, policy };
}

/**
 * Hysteresis: holds from where `enter` holds until where `leave` does, so that a value that wavers about one bound is not
 * an alarm each time. Where both hold at once, it does not.
 */
export const hysteresis = (enter: Policy, leave: Policy): Policy => ({ kind: "hysteresis", enter, leave });

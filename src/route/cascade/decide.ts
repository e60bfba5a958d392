/** Whether a further model is worth its price. */
import { invalidArgument } from "../../core/index.ts";
import { type Signals, signalOf } from "../answer-signals.ts";
import { posteriorAt } from "../posterior.ts";
import type { CascadeArtefact, CascadeStepFit } from "./artefact.ts";

/** Where a question stands. */
export interface CascadeState {
  /** Model that has just answered. */
  model: string;
  /** Of its answer: by name, or the value of the signal that the cascade goes by; `null` or NaN = missing. */
  signals: Signals | number | null;
  /** What is left of the budget, in the unit of the prices. Default: no limit. */
  left?: number | undefined;
  /** Models that cannot be asked, since they have failed. */
  failed?: ReadonlySet<string> | undefined;
}

/** A later model, weighed. */
export interface WeighedModel {
  name: string;
  /** P(the answer so far is wrong and this one's would be right); `null`: the signal is missing. */
  better: number | null;
  /** P(the answer so far is right and this one's would be wrong). */
  worse: number | null;
  /** Expected price of asking it. */
  price: number;
}

/** What is done next, and why. */
export interface CascadeDecision {
  /** Model to be asked next; `null`: the answer is kept. */
  next: string | null;
  /**
   * "worth it": it is likely enough to do better. "missing": the signal is missing, which is never taken for confidence. "sure":
   * no later model is worth its price. "budget": one is, but what is left does not pay for it. "last": there is none left.
   */
  because: "worth it" | "missing" | "sure" | "budget" | "last";
  /** The same for people, with the numbers. */
  reason: string;
  /** P(the answer so far is right); `null`: it cannot be said. */
  probability: number | null;
  later: readonly WeighedModel[];
}

/** Expected price of asking a model once. */
export const expectedPrice = ({ price, tokens, promptTokens }: CascadeStepFit): number =>
  price.written * tokens + (price.read ?? 0) * (promptTokens ?? 0);

/**
 * Weighs every later model: gain = P(it would do better) - P(it would do worse), from the signal of the answer so far. The one
 * with the largest gain × worth - price is asked, if that is not negative and its gain is above 0.
 * @throws SurprisalError INVALID_ARGUMENT for a model that the cascade does not have.
 */
export function decideCascade(artefact: CascadeArtefact, state: CascadeState): CascadeDecision {
  const { steps, signal, point } = artefact;
  const { model, signals, left = Number.POSITIVE_INFINITY, failed } = state;
  const at = steps.findIndex(({ name }) => name === model);
  const here = steps[at];
  if (here === undefined)
    throw invalidArgument(
      `The cascade has no model "${model}"`,
      "model",
      `Give one of ${steps.map(({ name }) => name).join(", ")}.`,
    );
  const given = typeof signals === "object" && signals !== null ? signals : { [signal]: signals };
  const u = signalOf(given, signal);
  const probability = u === null ? null : posteriorAt(here.right, u);
  const weighed = here.later.flatMap(({ name, whenWrong, whenRight }) => {
    const step = steps.find((each) => each.name === name);
    if (step === undefined || failed?.has(name)) return [];
    const price = expectedPrice(step);
    if (u === null || probability === null) return { name, better: null, worse: null, price };
    const better = (1 - probability) * posteriorAt(whenWrong, u);
    return { name, better, worse: probability * (1 - posteriorAt(whenRight, u)), price };
  });
  const decided = (
    next: WeighedModel | null,
    because: CascadeDecision["because"],
    reason: string,
  ): CascadeDecision => ({ next: next?.name ?? null, because, reason, probability, later: weighed });
  if (weighed.length === 0) return decided(null, "last", "No further model can be asked");
  const affordable = weighed.filter(({ price }) => price <= left);
  if (u === null) {
    const [next] = affordable;
    const why = `The signal "${signal}" is missing: no number is no confidence`;
    return next
      ? decided(next, "missing", why)
      : decided(null, "budget", `${why}, but ${shown(left)} is left`);
  }
  const next = mostWorth(affordable, point.worth);
  if (next) {
    const gain = `would do better with ${shown(next.better!)}, worse with ${shown(next.worse!)}`;
    return decided(next, "worth it", `${next.name} ${gain}, for ${shown(next.price)}`);
  }
  const wanted = mostWorth(weighed, point.worth);
  if (wanted)
    return decided(
      null,
      "budget",
      `${wanted.name} costs about ${shown(wanted.price)}, and ${shown(left)} is left`,
    );
  return decided(null, "sure", `right with ${shown(probability ?? 0)}: no later model is worth its price`);
}

/** The model with the largest gain × worth - price; `null`: none has a gain that is worth its price. */
export function mostWorth(models: readonly WeighedModel[], worth: number): WeighedModel | null {
  let best: WeighedModel | null = null;
  for (const model of models)
    if (
      gainOf(model) > 0 &&
      netOf(model, worth) >= 0 &&
      (best === null || netOf(model, worth) > netOf(best, worth))
    )
      best = model;
  return best;
}

const gainOf = ({ better, worse }: WeighedModel): number => (better ?? 0) - (worse ?? 0);
const netOf = (model: WeighedModel, worth: number): number => gainOf(model) * worth - model.price;
const shown = (value: number): string => String(Number(value.toPrecision(3)));

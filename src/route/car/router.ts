/** A fitted router at work. */

import type { LanguageModel } from "../../models/index.ts";
import { type Signals, signalOf } from "../answer-signals.ts";
import { requireKind } from "../checks.ts";
import { posteriorAt } from "../posterior.ts";
import type { CarArtefact } from "./artefact.ts";
import { gaussianPosterior } from "./gaussians.ts";
import { type CarAnswer, type CarRunOptions, runCar } from "./run.ts";

/** Which way a question goes, and why. */
export interface CarDecision {
  path: "short" | "long";
  /**
   * "sure": the short answer is kept. "uncertain": it is not sure enough. "missing": the signal is missing, which is never
   * taken for confidence. "never": no threshold reached the goal, so the long way is always taken.
   */
  because: "sure" | "uncertain" | "missing" | "never";
  /** The same for people, with the numbers. */
  reason: string;
  /** Value of the signal; `null` = missing. */
  uncertainty: number | null;
  /** P(the short answer is right), 0 ... 1; `null` = it cannot be said. */
  probability: number | null;
}

/** How questions went so far. */
export interface CarCounts {
  short: number;
  /** `missing` ones among them. */
  long: number;
  missing: number;
}

/** Routes questions by a fitted artefact, and counts. */
export class CarRouter {
  readonly artefact: CarArtefact;
  readonly #counts: CarCounts = { short: 0, long: 0, missing: 0 };

  /** @throws SurprisalError INVALID_ARGUMENT for a router of another kind. */
  constructor(artefact: CarArtefact) {
    requireKind(artefact, "car");
    this.artefact = artefact;
  }

  /** How questions went so far. */
  get counts(): Readonly<CarCounts> {
    return { ...this.#counts };
  }

  /**
   * Which way to go, from the signals of the short answer.
   * @param signals by name, or the value of the one that the router goes by; `null` or NaN = missing.
   */
  route(signals: Signals | number | null): CarDecision {
    const decision = decideCar(this.artefact, signals);
    this.#counts[decision.path]++;
    if (decision.because === "missing") this.#counts.missing++;
    return decision;
  }

  /**
   * Has a model answer: short first, and long where the short answer is not sure enough. A short answer that is kept is not
   * written again.
   * @throws SurprisalError as `LanguageModel.generate`; CALIBRATION_MISMATCH under `strict`.
   */
  run(model: LanguageModel, question: string, options: CarRunOptions = {}): Promise<CarAnswer> {
    return runCar(this, model, question, options);
  }
}

/** The decision alone: a pure function, without counting. */
export function decideCar({ rule, signal }: CarArtefact, signals: Signals | number | null): CarDecision {
  const uncertainty = signalOf(
    typeof signals === "object" && signals !== null ? signals : { [signal]: signals },
    signal,
  );
  if (uncertainty === null)
    return {
      path: "long",
      because: "missing",
      reason: `The signal "${signal}" is missing: no number is no confidence`,
      uncertainty,
      probability: null,
    };
  const probability = probabilityOf(rule, uncertainty);
  const found = { uncertainty, probability };
  const value = `${signal} ${shown(uncertainty)}`;
  if (rule.kind === "faithful") {
    const keeps = probability !== null && probability > 0.5;
    const than = `P(right) ${probability === null ? "unknown" : shown(probability)}`;
    return keeps
      ? { path: "short", because: "sure", reason: `${value}: ${than}, above P(wrong)`, ...found }
      : { path: "long", because: "uncertain", reason: `${value}: ${than}, not above P(wrong)`, ...found };
  }
  const threshold = rule.kind === "pilot" ? rule.threshold : rule.point.threshold;
  if (threshold === null)
    return {
      path: "long",
      because: "never",
      reason: "No threshold reached the goal when it was fitted",
      ...found,
    };
  return uncertainty <= threshold
    ? { path: "short", because: "sure", reason: `${value} is at most ${shown(threshold)}`, ...found }
    : { path: "long", because: "uncertain", reason: `${value} is above ${shown(threshold)}`, ...found };
}

function probabilityOf(rule: CarArtefact["rule"], uncertainty: number): number | null {
  if (rule.kind === "monotone") return posteriorAt(rule.posterior, uncertainty);
  return rule.kind === "faithful" ? gaussianPosterior(rule.gaussians, uncertainty) : null;
}

const shown = (value: number): string => String(Number(value.toPrecision(4)));

/** A fitted cascade as plain data. */
import type { CalibrationIdentity } from "../../calibrate/index.ts";
import type { AnswerCounting } from "../answer-signals.ts";
import type { RouterFacts } from "../artefact.ts";
import type { CarInstructions } from "../car/index.ts";
import type { MonotonePosterior } from "../posterior.ts";

/** What tokens of a model cost, in any unit that all of a cascade share: money, seconds, joules. */
export interface TokenPrice {
  /** Of a token written, >= 0. */
  written: number;
  /** Of a token of the prompt, >= 0. Default 0. */
  read?: number | undefined;
}

/** What a later model is likely to make of a question, from the signal of an earlier one's answer. */
export interface LaterModel {
  name: string;
  /** P(it is right | this one is wrong, signal). */
  whenWrong: MonotonePosterior;
  /** P(it is right | this one is right, signal). */
  whenRight: MonotonePosterior;
}

/** One model of a cascade. */
export interface CascadeStepFit {
  name: string;
  price: TokenPrice;
  /** Mean over the questions fitted to. */
  tokens: number;
  /** `null` = not known, and not paid for. */
  promptTokens: number | null;
  accuracy: number;
  /** Which model it was; left out or `null` = not known, and not compared. */
  identity?: CalibrationIdentity | null | undefined;
  /** P(it is right | signal). */
  right: MonotonePosterior;
  later: readonly LaterModel[];
}

/** What the cascade's one parameter is chosen for. */
export type CascadeGoal =
  /** The lowest price with an accuracy of at least this: a share, or that of the last model alone, less `tolerance` (default 0). */
  | { kind: "accuracy"; atLeast: number | "last-model"; tolerance?: number | undefined }
  /** The best accuracy with a mean price per question of at most this. */
  | { kind: "price"; atMost: number };

/** The chosen parameter, and what it does to the questions that it was chosen on. */
export interface CascadePoint {
  /** What one more right answer is worth, in the unit of the prices: a later model is asked where gain × worth >= price. */
  worth: number;
  n: number;
  accuracy: number;
  /** Mean per question, all models that were asked together. */
  price: number;
  /** Share of questions that each model gave the answer to. */
  shares: Readonly<Record<string, number>>;
  /** Of asking the last model alone, for comparison. */
  lastModel: { accuracy: number; price: number };
  reached: boolean;
}

/** A cascade, plain JSON: `saveRouter`, `loadRouter`. */
export interface CascadeArtefact extends RouterFacts {
  kind: "cascade";
  /** Cheapest first. */
  steps: readonly CascadeStepFit[];
  signal: string;
  counting: AnswerCounting | null;
  /** What the questions were asked with, the long instruction of it; left out or `null` = not known. */
  instructions?: CarInstructions | null | undefined;
  goal: CascadeGoal;
  point: CascadePoint;
}

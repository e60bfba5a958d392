/** A fitted CAR router as plain data: how it decides, what it was fitted to, and beside what it may be used. */
import type { AnswerCounting } from "../answer-signals.ts";
import type { RouterFacts } from "../artefact.ts";
import type { MonotonePosterior } from "../posterior.ts";
import type { Gaussians } from "./gaussians.ts";
import type { CarGoal, OperatingPoint } from "./operating-point.ts";

/** How a router decides. */
export type CarRule =
  /** Kept where the uncertainty is at most `point.threshold`; the posterior says how likely the short answer is right. */
  | { kind: "monotone"; posterior: MonotonePosterior; goal: CarGoal; point: OperatingPoint }
  /** As published: kept where P(right) is above P(wrong) by two Gaussians. */
  | { kind: "faithful"; gaussians: Gaussians }
  /** The pilot study's: kept where the signal is at most this quantile of those it was fitted to. */
  | { kind: "pilot"; percentile: number; threshold: number };

/** What the questions were asked with. */
export interface CarInstructions {
  /** What stands behind the question for the short answer. */
  short: string;
  /** For the long one. */
  long: string;
  /** "chat": a message of the user; "text": the text as it is. Left out: a chat where the model takes one. */
  form?: "chat" | "text" | undefined;
  /** Shown before the question, each with the answer of its path: the same instruction, and how it is followed. Default: none. */
  examples?: readonly CarExample[] | undefined;
}

/** A question with the answers that are wanted: what is called a shot. */
export interface CarExample {
  question: string;
  short: string;
  long: string;
}

/** A CAR router, plain JSON: `saveRouter`, `loadRouter`. */
export interface CarArtefact extends RouterFacts {
  kind: "car";
  rule: CarRule;
  /** Name of the signal that it goes by, such as "nll": higher = more uncertain. */
  signal: string;
  /** Which tokens of the short answer the signal is made from; `null` = not known. */
  counting: AnswerCounting | null;
  /** `null` = not known, and not compared. */
  instructions: CarInstructions | null;
}

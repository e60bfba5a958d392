/** DEER: thinking ends once a trial answer is sure enough. */
import {
  type EarlyExit,
  type ExitVerdict,
  GO_ON,
  invalidArgument,
  type TokenRecord,
} from "../../core/index.ts";
import { requireCount } from "../checks.ts";
import { Paragraphs } from "./paragraphs.ts";
import type { Probe, Trial } from "./probe.ts";

/** Options of `TrialExit`. */
export interface TrialExitOptions {
  /** Asks a model; this rule closes it. */
  probe: Probe;
  /** Confidence above which thinking ends, 0 ... 1. Default 0.95. */
  threshold?: number | undefined;
  /**
   * Mean of the probabilities. "arithmetic": DEER's avg1; "geometric": its avg2, which is 1 / perplexity of the trial answer
   * and lower, for models that are too sure. Default "arithmetic".
   */
  mean?: "arithmetic" | "geometric" | undefined;
  /** Behind which texts an answer is tried. Default: "Wait". */
  at?: readonly string[] | undefined;
  /** What calls for the answer. Default: DEER's "\n**Final Answer**\n\nThe final answer is \\boxed". */
  suffix?: string | undefined;
  /** Tokens at the beginning of a trial that do not count: the brace behind `\boxed`. Default 1. */
  skipFirst?: number | undefined;
  /** Tokens at its end that do not count: the closing brace. Default 0, as in DEER's code for vLLM; its other one has 1. */
  skipLast?: number | undefined;
  /** Texts that end a trial. Default: DEER's closing braces. */
  stop?: readonly string[] | undefined;
  /** Tokens of a trial. Default 20. */
  maxTokens?: number | undefined;
  /** Most trials. Default 10. */
  most?: number | undefined;
}

/** How sure a trial answer is. */
export interface TrialConfidence {
  /** 0 ... 1; `null`: no token counts, or one has no number. */
  confidence: number | null;
  /** Tokens that count. */
  tokens: number;
}

/** @throws SurprisalError INVALID_ARGUMENT */
function requireMean(mean: TrialExitOptions["mean"]): void {
  if (mean === "arithmetic" || mean === "geometric") return;
  throw invalidArgument(`There is no mean "${String(mean)}"`, "mean", "Give arithmetic or geometric.");
}

/** Mean probability of the first choices of a trial's tokens. */
export function trialConfidence(
  { logprobs }: Pick<Trial, "logprobs">,
  {
    mean = "arithmetic",
    skipFirst = 1,
    skipLast = 0,
  }: Pick<TrialExitOptions, "mean" | "skipFirst" | "skipLast"> = {},
): TrialConfidence {
  requireMean(mean);
  requireCount(skipFirst, "skipFirst", 0);
  requireCount(skipLast, "skipLast", 0);
  const counted = logprobs.slice(skipFirst, Math.max(0, logprobs.length - skipLast));
  const known = counted.filter((logprob): logprob is number => logprob !== null && !Number.isNaN(logprob));
  if (known.length === 0 || known.length < counted.length)
    return { confidence: null, tokens: counted.length };
  const sum = known.reduce(
    (total, logprob) => total + (mean === "geometric" ? logprob : Math.exp(logprob)),
    0,
  );
  const average = sum / known.length;
  return { confidence: mean === "geometric" ? Math.exp(average) : average, tokens: known.length };
}

/** Closers of what stands behind `\boxed{`, as DEER has them. */
const CLOSERS = ["}"];

/**
 * Tries an answer wherever the model is about to go on thinking, and stops once it is sure of it. A trial without a number is
 * no confidence, and is counted.
 * Source: Yang et al. 2025, "Dynamic Early Exit in Reasoning Models", arXiv 2504.15895; iie-ycx/DEER.
 */
export class TrialExit implements EarlyExit {
  readonly rule: string;
  readonly #options: TrialExitOptions;
  readonly #threshold: number;
  readonly #paragraphs: Paragraphs;
  #trials = 0;
  #missing = 0;

  /** @throws SurprisalError INVALID_ARGUMENT */
  constructor(options: TrialExitOptions) {
    const { threshold = 0.95, mean = "arithmetic", at = ["Wait"] } = options;
    if (!(threshold >= 0 && threshold < 1))
      throw invalidArgument(
        `${threshold} is no such confidence`,
        "threshold",
        "Give a number from 0 to below 1, such as 0.95.",
      );
    requireMean(mean);
    for (const [where, least] of [
      ["skipFirst", 0],
      ["skipLast", 0],
      ["maxTokens", 1],
      ["most", 1],
    ] as const)
      if (options[where] !== undefined) requireCount(options[where], where, least);
    if (at.length === 0 || at.includes(""))
      throw invalidArgument(
        "There is no text behind which to try an answer",
        "at",
        'Give texts such as "Wait".',
      );
    this.#options = options;
    this.#threshold = threshold;
    this.#paragraphs = new Paragraphs(at);
    this.rule = `trial answer with ${mean} mean probability above ${threshold}`;
  }

  /** Answers tried. */
  get trials(): number {
    return this.#trials;
  }

  /** Trials whose confidence is not known. */
  get missing(): number {
    return this.#missing;
  }

  observe(token: TokenRecord): ExitVerdict | Promise<ExitVerdict> {
    this.#options.probe.read([token]);
    return this.#paragraphs.ends(token) && this.#trials < (this.#options.most ?? 10) ? this.#try() : GO_ON;
  }

  async #try(): Promise<ExitVerdict> {
    const {
      probe,
      suffix = "\n**Final Answer**\n\nThe final answer is \\boxed",
      maxTokens = 20,
      stop = CLOSERS,
    } = this.#options;
    this.#trials++;
    const trial = await probe.trial(suffix, { maxTokens, stop });
    const { confidence } = trialConfidence(trial, this.#options);
    if (confidence === null) this.#missing++;
    if (confidence === null || confidence <= this.#threshold) return GO_ON;
    const said = trial.text.trim().slice(0, 40);
    return {
      kind: "stop",
      reason: `the trial answer "${said}" has a confidence of ${Number(confidence.toPrecision(4))}`,
    };
  }

  async close(): Promise<void> {
    await this.#options.probe[Symbol.asyncDispose]();
  }
}

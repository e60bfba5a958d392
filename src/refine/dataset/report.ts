/** What refining a data set or a few-shot prompt came to: the types of the manifest, of --json, and of what is shown. */
import type { ModelIdentity } from "../../models/index.ts";
import type { ScoreSummary } from "../importance.ts";
import type {
  ComparedPruning,
  CutKind,
  CutThresholds,
  PruneMethod,
  PruneRound,
  StepFate,
} from "../prune/index.ts";

import type { Change, MeasureScope } from "../score/measure.ts";

/** What stands above every report. */
export interface RefineReportHead {
  /** Name of the file, for people. */
  source: string;
  model: ModelIdentity;
  /** Every setting that the numbers depend on, by name. */
  settings: Readonly<Record<string, unknown>>;
  /** What of this is not the publication's, but ours; a sentence each. */
  reconstructed: readonly string[];
  /** Ratios beyond which a step is not removed, or not merged; `null`: none, or taken against the round before. */
  thresholds?: CutThresholds | null | undefined;
}

/** A data set, refined sample by sample (SPIRIT-FT, or another method). */
export interface DatasetReport extends RefineReportHead {
  mode: "ft";
  method: PruneMethod;
  /** What a ratio is of. */
  measure: MeasureScope;
  /** In the order of the file, those that were left as they were among them. */
  samples: readonly SampleReport[];
  totals: DatasetTotals;
  /** Samples that are not among the lines written, because their format has no place for them; `undefined`: no lines were written. */
  notWritten?: readonly { where: string; message: string }[] | undefined;
}

/** What became of a sample. */
export type SampleReport = RefinedSample | UnrefinedSample;

/** Where a sample is from. */
export interface SampleHead {
  /** Place among the samples, from 0. */
  index: number;
  /** Its own name, where it has one. */
  id: string | number | null;
  /** "train.jsonl:17". */
  where: string;
}

/** A sample whose steps were weighed; all of them may have stayed. */
export interface RefinedSample extends SampleHead {
  outcome: "refined";
  /** The layout that it was read in, in words, such as "messages, think tags". */
  layout: string;
  /** How it was cut into steps, and why so. */
  by: string;
  byWhy: string;
  /** Question as scored (with the model's template where it is a chat). */
  prompt: string;
  frame: string;
  answer: string;
  /** [original steps] */
  steps: readonly RefinedStep[];
  /** In their order; none of methods that score once. */
  rounds: readonly RefineRound[];
  /** Why it ended. */
  stopped: string;
  before: ScoreSummary;
  after: ScoreSummary;
  /** Tokens of the steps. */
  tokens: { before: number; after: number };
  /** What to know before this is believed; a sentence each. */
  warnings: readonly string[];
  /** This pruning first, then full, shortest, and the mean of the random draws; `null`: they were not scored for this sample. */
  baselines: readonly ComparedPruning[] | null;
  /** The single random draws behind the mean row of `baselines`. */
  draws?: readonly ComparedPruning[] | undefined;
  /** Tokens run through the model. */
  tokensRun: number;
}

/** A step of the original, what became of it, and what it is worth. */
export interface RefinedStep extends StepFate {
  /** Tokens of the step with its separator. */
  tokens: number;
  /** Mean -ln p of its own tokens, nats; `null` of none. */
  surprisal: number | null;
  /** What changes when this step alone goes, in the first round; ratio > 1 = it is needed. */
  importance: Readonly<Record<MeasureScope, Change>>;
}

/** A point of the curve of perplexity against steps; ratio and perplexity are those of `measure`. */
export type RefineRound = Omit<PruneRound, "candidates">;

/** A sample that was not refined. */
export interface UnrefinedSample extends SampleHead {
  /** Written as it was, or left out. */
  outcome: "kept" | "dropped";
  /** As of errors: EMPTY_INPUT (no steps), CONTEXT_EXCEEDED, NOTHING_TO_SCORE, ...; "ANSWER_DOES_NOT_FOLLOW". */
  code: string;
  message: string;
}

/** A mean over samples. */
export interface Estimate {
  mean: number;
  /** Of the mean: sample deviation / sqrt(count); `null` of fewer than 2. */
  standardError: number | null;
  count: number;
}

/** All samples together. */
export interface DatasetTotals {
  samples: number;
  refined: number;
  /** Refined ones of which at least one step went. */
  changed: number;
  kept: number;
  dropped: number;
  /** Of those not refined, by code, the most frequent first. */
  reasons: readonly { code: string; count: number }[];
  /** Of refined samples. */
  steps: { before: number; removed: number; merged: number; after: number };
  /** Tokens of steps, of refined samples. */
  tokens: { before: number; after: number };
  /** Share of a sample's tokens that went, 0 ... 1; `null` = no sample was refined. */
  cut: Estimate | null;
  /** ln(perplexity after / before) of chain and answer, nats; samples where it is infinite are left out. */
  chainChange: Estimate | null;
  answerChange: Estimate | null;
  /** `null` = no baselines were scored. */
  baselines: {
    /** Samples they were scored on (the first ones), of `refined`. */
    samples: number;
    /** Random draws for each. */
    draws: number;
    /** The method first, then full, shortest, random. */
    rows: readonly BaselineTotal[];
  } | null;
  tokensRun: number;
}

/** A way to prune over all samples that baselines were scored on. */
export interface BaselineTotal {
  name: string;
  /** Means over samples. */
  steps: number;
  tokens: number;
  /** exp of the mean of ln perplexity over samples. */
  chainPerplexity: number;
  answerPerplexity: number;
  /** ln(its perplexity / the method's) sample by sample, nats: > 0 = worse than the method. `null` for the method itself. */
  chainWorse: Estimate | null;
  answerWorse: Estimate | null;
}

/** Demonstrations of a few-shot prompt, refined together (SPIRIT-FS). */
export interface DemonstrationReport extends RefineReportHead {
  mode: "fs";
  measure: MeasureScope;
  /** The prompt, without and with what went. */
  text: string;
  fullText: string;
  demonstrations: readonly { where: string; steps: readonly string[]; now: readonly string[] }[];
  /** Questions that they were tried on. */
  calibration: number;
  /** The pattern's steps: all demonstrations have the same. `importance`: ratio when it alone goes, in the first round; `null` = it may not go. */
  steps: readonly {
    step: number;
    /** Its text in the first demonstration. */
    text: string;
    fate: "kept" | CutKind;
    round: number | null;
    ratio: number | null;
    importance: number | null;
    why: string;
  }[];
  rounds: readonly RefineRound[];
  stopped: string;
  /** Of the questions, behind the demonstrations. */
  perplexity: { before: number; after: number };
  tokens: { before: number | null; after: number | null };
  /** Full, this, shortest first, mean of random draws, at no fewer tokens. `perplexity` of the questions. */
  baselines: readonly { name: string; steps: number; tokens: number | null; perplexity: number }[];
  /** The single random draws behind the mean row of `baselines`. */
  draws?: readonly { steps: number; tokens: number | null; perplexity: number }[] | undefined;
  tokensRun: number;
}

/** What the page and the terminal show. */
export type RefineReport = DatasetReport | DemonstrationReport;

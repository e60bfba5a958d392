/** The options of `surprisal refine`, and what they come to. */
import { SurprisalError } from "../../core/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import {
  DATASET_FORMATS,
  type DatasetFormat,
  DEFAULT_THRESHOLDS,
  finalExpression,
  type KeepTarget,
  MEASURES,
  type MeasureScope,
  PRUNE_METHODS,
  type PruneMethod,
  type ReadSampleOptions,
  type RefineReportHead,
  type RefineSampleOptions,
  rewriteMerger,
  SAMPLE_LAYOUTS,
  type SampleLayout,
  SEGMENTATIONS,
  type SegmentBy,
} from "../../refine/index.ts";
import { usage } from "../errors.ts";
import { CONTEXT_SIZE, LOAD_OPTIONS } from "../load-options.ts";
import {
  type Declared,
  decimal,
  flag,
  oneOf,
  option,
  optionalArgument,
  text,
  type Values,
  wholeNumber,
} from "../parameters.ts";
import { MODEL_DESCRIPTION, MOST_MIB, QUIET } from "../shared-options.ts";

const LARGEST = 2 ** 31 - 2;

/** What a person gave. */
export interface RefineGiven extends Values<typeof LOAD_OPTIONS>, Values<typeof CONTEXT_SIZE> {
  file: string | undefined;
  mode: "ft" | "fs";
  model: string | undefined;
  method: PruneMethod;
  remove: number | undefined;
  merge: number | undefined;
  steps: number | undefined;
  targetTokens: number | undefined;
  share: number | undefined;
  ratio: number | undefined;
  measure: MeasureScope | undefined;
  against: "full" | "round";
  dangling: "refuse" | "allow";
  noSubstitute: boolean;
  rewrite: boolean;
  rewriteModel: string | undefined;
  by: SegmentBy;
  layout: SampleLayout | undefined;
  promptField: string | undefined;
  reasoningField: string | undefined;
  answerField: string | undefined;
  messagesField: string | undefined;
  frame: string | undefined;
  final: string | undefined;
  plain: boolean;
  unrefined: "keep" | "drop";
  unfollowed: "leave" | "refine";
  skipUnreadable: boolean;
  limit: number | undefined;
  baselines: number;
  draws: number;
  seed: number;
  calibration: string | undefined;
  calibrationShare: number | undefined;
  instruction: string | undefined;
  out: string | undefined;
  format: DatasetFormat;
  resume: boolean;
  html: string | undefined;
  json: boolean;
  atOnce: number | undefined;
  maxMib: number | undefined;
  quiet: boolean;
}

// biome-ignore format: one option a line
/** All of them. */
export const REFINE_PARAMETERS: Declared<RefineGiven> = {
  file: optionalArgument("JSON lines with questions, reasoning and answers; - or nothing: standard input"),
  mode: option(oneOf(["ft", "fs"]), { hint: "ft|fs", description: "ft: each line by itself, to train on; fs: demonstrations of a few-shot prompt, together", standard: "ft" }),
  model: option(text, { short: "m", description: MODEL_DESCRIPTION }),
  method: option(oneOf(PRUNE_METHODS), { hint: "NAME", description: `ft: ${PRUNE_METHODS.join(", ")}`, standard: "spirit" }),
  remove: option(decimal(0.001, 1e9), { hint: "RATIO", description: `Up to so many times the full chain's perplexity a step is removed (default: ${DEFAULT_THRESHOLDS.remove}; none where there is a target)` }),
  merge: option(decimal(0.001, 1e9), { hint: "RATIO", description: `Up to here it is merged, beyond it the pruning ends (default: ${DEFAULT_THRESHOLDS.merge}; none where there is a target)` }),
  steps: option(wholeNumber(1, 1_000_000), { hint: "N", description: "Target: so many steps are left" }),
  targetTokens: option(wholeNumber(0, LARGEST), { hint: "N", formerly: "tokens", description: "Target: no more tokens are left in the steps" }),
  share: option(decimal(0, 1), { hint: "SHARE", description: "ft: target: this share of the steps' tokens is left" }),
  ratio: option(decimal(0.001, 1e9), { hint: "RATIO", description: "Never beyond so many times the full chain's perplexity" }),
  measure: option(oneOf(MEASURES), { hint: "NAME", description: "What harm is measured on: answer, chain, rest (default: the method's own; spirit: chain)" }),
  against: option(oneOf(["full", "round"]), { hint: "full|round", description: "What a ratio is taken to: the full chain, or that of the round before", standard: "full" }),
  dangling: option(oneOf(["refuse", "allow"]), { hint: "refuse|allow", description: "Whether steps may be left that refer to removed results", standard: "refuse" }),
  noSubstitute: flag({ description: "Put no expressions in the place of results that would be missing" }),
  rewrite: flag({ description: "Between the thresholds, let the model write a step and its neighbour as one" }),
  rewriteModel: option(text, { hint: "MODEL", description: "The same, by another model" }),
  by: option(segmentation, { hint: "HOW", description: `How reasoning is cut into steps: auto, ${SEGMENTATIONS.join(", ")}, or /EXPRESSION/ that stands between steps`, standard: "auto" }),
  layout: option(oneOf(SAMPLE_LAYOUTS), { hint: "NAME", description: `How lines are read: ${SAMPLE_LAYOUTS.join(", ")} (default: what they look like)` }),
  promptField: option(text, { hint: "NAME", description: "Field of the question; a.b for one within another" }),
  reasoningField: option(text, { hint: "NAME", description: "Field of the reasoning: a text, or a list of steps" }),
  answerField: option(text, { hint: "NAME", description: "Field of the answer; alone: of reasoning and answer in one text" }),
  messagesField: option(text, { hint: "NAME", description: "Field of the list of messages" }),
  frame: option(text, { hint: "TEXT", mayBeEmpty: true, description: 'What introduces an answer that has a field of its own (default: "Answer: ")' }),
  final: option(text, { hint: "EXPRESSION", description: "What introduces the answer within a text, where it is no usual way" }),
  plain: flag({ description: "Score in plain text, though the model has a chat template" }),
  unrefined: option(oneOf(["keep", "drop"]), { hint: "keep|drop", description: "Samples that cannot be refined are written as they were, or left out", standard: "keep" }),
  unfollowed: option(oneOf(["leave", "refine"]), { hint: "leave|refine", description: "Samples whose answer does not follow from the steps, as the model sees it: left as they are, or refined", standard: "leave" }),
  skipUnreadable: flag({ description: "Go on without lines that are no JSON or not UTF-8, and say how many there are" }),
  limit: option(wholeNumber(1, LARGEST), { hint: "N", description: "Only the first N lines" }),
  baselines: option(wholeNumber(0, LARGEST), { hint: "N", description: "ft: samples that the baselines are scored on, the first ones", standard: "100" }),
  draws: option(wholeNumber(1, 10_000), { hint: "N", description: "Random draws of the baseline", standard: "20" }),
  seed: option(wholeNumber(0, LARGEST), { hint: "N", description: "Of the random draws", standard: "0" }),
  calibration: option(text, { hint: "FILE", description: "fs: lines that demonstrations are tried on, with reasoning, or questions and answers alone (default: a part of the same file)" }),
  calibrationShare: option(decimal(0.01, 0.99), { hint: "SHARE", description: "fs: share of the file, its last lines, that demonstrations are tried on (default: 0.5)" }),
  instruction: option(text, { hint: "TEXT", description: "fs: stands before the demonstrations" }),
  out: option(text, { short: "o", hint: "FILE", description: "ft: write the refined lines here, and beside them FILE.samples.jsonl and FILE.manifest.json; fs: the prompt. A name in .html is that of --html" }),
  format: option(oneOf(DATASET_FORMATS), { hint: "NAME", description: `ft: layout of --out: ${DATASET_FORMATS.join(", ")}`, standard: "same" }),
  resume: flag({ description: "ft: go on with the files of --out: what they have is kept" }),
  html: option(text, { hint: "FILE", description: "Write a page with every step, its importance, what became of it, and the curve" }),
  json: flag({ description: "One JSON document with all numbers on standard output" }),
  atOnce: option(wholeNumber(1, 64), { hint: "N", description: "Samples that are worked on side by side (default: 4)" }),
  maxMib: MOST_MIB,
  quiet: QUIET,
  ...CONTEXT_SIZE,
  ...LOAD_OPTIONS,
};

function segmentation(word: string, name: string): SegmentBy {
  const known = ["auto", ...SEGMENTATIONS] as const;
  const by = known.find((each) => each === word);
  if (by !== undefined) return by;
  const [, source] = /^\/(.+)\/$/.exec(word) ?? [];
  if (source !== undefined)
    try {
      return new RegExp(source, "gu");
    } catch (error) {
      throw usage(`${name} ${word} is no expression: ${(error as Error).message}`);
    }
  throw usage(`${name} takes ${known.join(", ")} or /EXPRESSION/, not "${word}"`);
}

/** How lines are read. */
export function readingOf(given: RefineGiven): ReadSampleOptions {
  const { layout, promptField, reasoningField, answerField, messagesField, frame, final } = given;
  const named = { layout, promptField, reasoningField, answerField, messagesField, frame };
  return { ...named, final: final === undefined ? undefined : finalExpression(final) };
}

/** How samples are refined, by the options alone. */
export function refiningOf(given: RefineGiven, writer: LanguageModel | null): RefineSampleOptions {
  const {
    method,
    steps,
    targetTokens: tokens,
    share,
    ratio,
    remove,
    merge,
    by,
    plain,
    measure,
    dangling,
    against,
    seed,
    draws,
  } = given;
  const isSpirit = method === "spirit";
  const targets = Object.entries({ steps, tokens, share }).filter(([, value]) => value !== undefined);
  const keep: KeepTarget | undefined = targets.length === 0 ? undefined : { steps, tokens, share };
  return {
    ...{ method, by, plain, measure, dangling, against, seed, draws },
    ...(isSpirit
      ? {
          keep: share === undefined ? undefined : { share },
          stop: [steps, tokens, ratio].every((value) => value === undefined)
            ? undefined
            : { steps, tokens, ratio },
          thresholds: remove === undefined && merge === undefined ? undefined : thresholdsOf(remove, merge),
          substitute: !given.noSubstitute,
          merge: writer === null ? undefined : rewriteMerger(writer),
        }
      : { keep }),
    ...{ unrefined: given.unrefined, unfollowed: given.unfollowed, baselineSamples: given.baselines },
  };
}

function thresholdsOf(
  remove: number | undefined,
  merge: number | undefined,
): { remove: number; merge: number } {
  const first = remove ?? Math.min(DEFAULT_THRESHOLDS.remove, merge ?? Number.POSITIVE_INFINITY);
  return { remove: first, merge: merge ?? Math.max(first, DEFAULT_THRESHOLDS.merge) };
}

/** The thresholds in force, for the report; `null`: there are none, or they are of the round before. */
export function shownThresholds({
  method,
  remove,
  merge,
  steps,
  targetTokens: tokens,
  share,
  ratio,
  against,
}: RefineGiven): RefineReportHead["thresholds"] {
  if (method !== "spirit" || against === "round") return null;
  if (remove !== undefined || merge !== undefined) return thresholdsOf(remove, merge);
  return [steps, tokens, share, ratio].some((value) => value !== undefined)
    ? null
    : { ...DEFAULT_THRESHOLDS };
}

/** What results depend on beside the model and the lines: a file is gone on with only if these are the same. */
export function settingsOf(given: RefineGiven): Record<string, unknown> {
  const { by, mode, method, layout, frame, final, plain, measure, against, dangling, noSubstitute } = given;
  const settings = {
    ...{ mode, method, ...shownThresholds(given) },
    ...{ steps: given.steps, tokens: given.targetTokens, share: given.share, ratio: given.ratio },
    ...{ measure, against, dangling, noSubstitute },
    rewrite: given.rewriteModel ?? (given.rewrite || undefined),
    by: by instanceof RegExp ? String(by) : by,
    ...{
      layout,
      promptField: given.promptField,
      reasoningField: given.reasoningField,
      answerField: given.answerField,
    },
    ...{ messagesField: given.messagesField, frame, final, plain },
    ...{ draws: given.draws, seed: given.seed },
    ...(mode === "ft"
      ? { unrefined: given.unrefined, unfollowed: given.unfollowed, baselines: given.baselines }
      : {
          calibration: given.calibration,
          calibrationShare: given.calibrationShare,
          instruction: given.instruction,
        }),
    ...{
      contextSize: given.contextSize,
      exact: given.exact,
      kernels: given.kernels,
      cacheType: given.cacheType,
    },
  };
  return Object.fromEntries(
    Object.entries(settings).filter(([, value]) => value !== undefined && value !== false),
  );
}

/** @throws SurprisalError USAGE for options that do not go together. */
export function checkOptions(given: RefineGiven): void {
  const { mode, method, remove, merge, steps, targetTokens: tokens, share, ratio } = given;
  if (remove !== undefined && merge !== undefined && merge < remove)
    throw usage(`--merge ${merge} is less than --remove ${remove}`);
  const wanted = [steps, tokens, share].filter((value) => value !== undefined).length;
  if (mode === "fs") {
    if (method !== "spirit") throw usage(`--method ${method} is of --mode ft`);
    if (given.resume) throw usage("--resume is of --mode ft");
    if (given.format !== "same") throw usage("--format is of --mode ft");
    if (share !== undefined)
      throw usage("--share is of --mode ft; demonstrations have --steps, --target-tokens and --ratio");
    if (given.measure === "rest") throw usage('--measure of demonstrations is "chain" or "answer"');
    if (given.calibration !== undefined && given.calibrationShare !== undefined)
      throw usage("Give --calibration or --calibration-share, not both");
    return;
  }
  for (const name of ["calibration", "calibrationShare", "instruction"] as const)
    if (given[name] !== undefined)
      throw usage(`--${name === "calibrationShare" ? "calibration-share" : name} is of --mode fs`);
  if (share !== undefined && tokens !== undefined) throw usage("Give --target-tokens or --share, not both");
  if (method === "spirit") return;
  if (
    remove !== undefined ||
    merge !== undefined ||
    ratio !== undefined ||
    given.rewrite ||
    given.rewriteModel !== undefined
  )
    throw usage(`--remove, --merge, --ratio and --rewrite are of --method spirit, not of ${method}`);
  if (wanted > 1) throw usage("Give one of --steps, --target-tokens, --share");
  if (wanted === 0 && method !== "full" && method !== "step-entropy")
    throw usage(
      `--method ${method} needs to know how much is to be left: --steps, --target-tokens or --share`,
    );
}

/** @throws SurprisalError UNSUPPORTED_CAPABILITY */
export function checkScores(model: LanguageModel): void {
  if (model.capabilities.score) return;
  throw new SurprisalError({
    code: "UNSUPPORTED_CAPABILITY",
    what: "This model cannot score given texts, which is what a step's importance is made of",
    where: model.identity.name,
    wayOut:
      "Use a model in process, or a server whose completions give log-probabilities of the prompt (surprisal probe).",
  });
}

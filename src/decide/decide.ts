/** A probability for every option of typed questions about a state, without a generated word. */
import { SurprisalError } from "../core/index.ts";
import type { LanguageModel, ModelIdentity } from "../models/index.ts";
import { type Decision, decisionOf, numbersOf, softmax } from "./answer.ts";
import {
  type CalibrationChoice,
  type ReadyCalibration,
  readyCalibration,
  type UsedCalibration,
  Wordings,
} from "./identity.ts";
import { Prompter, type PromptOptions } from "./prompt.ts";
import { checkState, type PreparedQuestion, prepareQuestions, type Question } from "./question.ts";
import { type OptionReading, type Readings, readAnswers, requestsOf } from "./requests.ts";
import { type DecideRule, type ResolvedRule, type RuleOptions, resolveRule } from "./rule.ts";

/** What is asked. */
export interface DecideRequest {
  /** What the questions are about. */
  state: string;
  questions: readonly Question[];
}

/** Options of `decide`. */
export interface DecideOptions extends RuleOptions, PromptOptions, CalibrationChoice {
  signal?: AbortSignal | undefined;
}

/** Answers to questions, with what they were made with. */
export interface Decisions {
  /** In the order of the questions. */
  decisions: readonly Decision[];
  model: ModelIdentity;
  settings: LanguageModel["settings"];
  rule: DecideRule;
  /** Rule and listing as calibrations are bound to them, such as "decide sum". */
  recipe: string;
  prompt: {
    form: "chat" | "plain";
    /** The whole text that the model is given, with {state}, {question} and, where they are listed, {options}. */
    frame: string;
    /** What ends an answer, and is scored with it; "" = nothing. */
    end: string;
  };
  /** `null`: the probabilities are the model's own. */
  calibration: UsedCalibration | null;
  /** `null`: it never abstains. */
  abstention: (UsedCalibration & { risk: number; threshold: number | null }) | null;
  usage: {
    /** Tokens run through the model, what questions and options share once; `null`: behind a server, which does not say. */
    tokensRun: number | null;
    /** What it is option by option. */
    tokensAlone: number;
  };
  notes: readonly string[];
}

/**
 * Asks a model questions about a state: every option is scored as the answer itself, with all its tokens and the end of turn,
 * and all are scored in one prefix tree, so that state and questions are run once.
 *
 * Options are not listed in the prompt unless asked, and their order does not matter: the same options in another order have
 * bit-identical numbers. The same answer in other tokens than the tokenizer's own is not counted.
 * @param model that scores texts and has a tokenizer here.
 * @throws SurprisalError EMPTY_INPUT, INVALID_ARGUMENT, CONTEXT_EXCEEDED naming the question, CALIBRATION_MISMATCH under `strict`,
 *   UNSUPPORTED_CAPABILITY, ABORTED, and what the model throws.
 */
export async function decide(
  model: LanguageModel,
  { state, questions }: DecideRequest,
  options: DecideOptions = {},
): Promise<Decisions> {
  checkState(state);
  const prepared = prepareQuestions(questions);
  const rule = resolveRule(options);
  requireScores(model);
  const prompter = await Prompter.of(model, options);
  const wordings = new Wordings(prompter, rule);
  const calibration = readyCalibration(model, prepared, rule, wordings, options);
  const asked = await requestsOf(model, prompter, state, prepared, rule);
  const answers = model.score(asked.requests, { signal: options.signal });
  const readings = await readAnswers(prepared, asked, answers);
  const end = new TextDecoder().decode(await model.detokenize(prompter.end));
  return {
    decisions: prepared.map((question, q) => ({
      ...decided(question, q, readings, rule, prompter, calibration),
      ...(isServer(model) && { tokensRun: null }),
    })),
    model: model.identity,
    settings: model.settings,
    rule: rule.rule,
    recipe: wordings.recipe,
    prompt: { form: prompter.form, frame: wordings.frame, end: rule.rule === "label" ? "" : end },
    calibration: calibration.used,
    abstention: calibration.usedThreshold && {
      ...calibration.usedThreshold,
      risk: options.risk!,
      threshold: calibration.threshold === Infinity ? null : calibration.threshold,
    },
    usage: {
      tokensRun: isServer(model) ? null : readings.tokensRun.reduce((sum, run) => sum + run, 0),
      tokensAlone: readings.tokensAlone,
    },
    notes: notesOf(model, prompter, rule, calibration),
  };
}

function decided(
  question: PreparedQuestion,
  q: number,
  readings: Readings,
  rule: ResolvedRule,
  prompter: Prompter,
  calibration: ReadyCalibration,
): Decision {
  const own = readings.options[q]!;
  const numbers = numbersOf(question, own, rule.rule);
  return decisionOf({
    question,
    numbers,
    tokens: own[0]!.map(({ tokens }: OptionReading) => tokens),
    probabilities: numbers.scores && probabilitiesOf(question, numbers.scores, calibration),
    calibrated: calibration.probabilities !== null,
    threshold: calibration.threshold,
    exclusive: rule.rule === "label" || prompter.end.length > 0 || !hasPrefixes(question),
    tokensRun: readings.tokensRun[q]!,
  });
}

function probabilitiesOf(
  { canonical, type }: PreparedQuestion,
  scores: readonly number[],
  { probabilities }: ReadyCalibration,
): Float64Array {
  if (probabilities === null) return softmax(scores, canonical);
  const sorted = probabilities(
    canonical.map((i) => scores[i]!),
    type,
  );
  const given = new Float64Array(sorted.length);
  for (const [place, i] of canonical.entries()) given[i] = sorted[place]!;
  return given;
}

const hasPrefixes = ({ options }: PreparedQuestion): boolean =>
  options.some((a) => options.some((b) => a !== b && b.text.startsWith(a.text)));

/** What it has in its cache it does not say. */
const isServer = ({ execution }: LanguageModel): boolean => execution.place === "server";

function requireScores({ capabilities, identity }: LanguageModel): void {
  if (capabilities.score && capabilities.tokenize) return;
  throw new SurprisalError({
    code: "UNSUPPORTED_CAPABILITY",
    what: `${identity.name} ${capabilities.score ? "has no tokenizer here" : "does not score texts"}, so options cannot be scored by their own text`,
    where: identity.source,
    wayOut:
      "Take a model in process, or a server that scores texts and tokenizes: `surprisal probe` says which does.",
  });
}

function notesOf(
  model: LanguageModel,
  prompter: Prompter,
  { rule }: ResolvedRule,
  { used, usedThreshold, threshold }: ReadyCalibration,
): string[] {
  return [
    ...(prompter.form === "plain" && !model.capabilities.chatTemplate
      ? [`${model.identity.name} has no chat template: it is asked in plain text.`]
      : []),
    ...(prompter.end.length === 0 && rule !== "label"
      ? ["Nothing ends an answer, so an option that begins another gains by what goes on from it."]
      : []),
    ...(used?.warnings ?? []),
    ...(usedThreshold?.warnings ?? []),
    ...(threshold === Infinity
      ? ["No threshold keeps to this risk, as far as was shown: it always abstains."]
      : []),
    ...(model.notes ?? []),
  ];
}

/** A probability for every option of typed questions about a state, without a generated word. */
import { invalidArgument, SurprisalError } from "../core/index.ts";
import type { LanguageModel, ModelIdentity } from "../models/index.ts";
import { type Decision, decisionOf, numbersOf, softmax } from "./answer.ts";
import { calibratedShares } from "./calibrated.ts";
import {
  type CalibrationChoice,
  type ReadyCalibration,
  readyCalibration,
  recipeOf,
  type UsedCalibration,
  Wordings,
} from "./identity.ts";
import { frameOf, Prompter, type PromptOptions, plainText } from "./prompt.ts";
import { checkState, type PreparedQuestion, prepareQuestions, type Question } from "./question.ts";
import { type OptionReading, type Readings, readAnswers, requestsOf } from "./requests.ts";
import { type DecideRule, type ResolvedRule, type RuleOptions, resolveRule } from "./rule.ts";
import { givesTopLabels, meanInterval, readTopLabels } from "./top-labels.ts";

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
    /** What it is option by option; `null`: not known. */
    tokensAlone: number | null;
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
  if (!scores(model) && rule.rule === "label" && givesTopLabels(model))
    return decideByTopLabels(model, state, prepared, rule, options);
  requireScores(model);
  const prompter = await Prompter.of(model, options);
  const wordings = new Wordings(prompter, rule);
  const calibration = await readyCalibration(model, prepared, rule, wordings, options);
  const asked = await requestsOf(model, prompter, state, prepared, rule, options.signal);
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
  const { artefact } = calibration;
  const own = readings.options[q]!;
  const numbers = numbersOf(question, own, rule.rule);
  return decisionOf({
    question,
    numbers,
    tokens: own[0]!.map(({ tokens }: OptionReading) => tokens),
    probabilities:
      numbers.scores &&
      (artefact
        ? calibratedShares(artefact, question, numbers.scores)
        : softmax(numbers.scores, question.canonical)),
    calibrated: artefact !== null,
    threshold: calibration.threshold,
    exclusive: rule.rule === "label" || prompter.end.length > 0 || !hasPrefixes(question),
    tokensRun: readings.tokensRun[q]!,
  });
}

const hasPrefixes = ({ options }: PreparedQuestion): boolean =>
  options.some((a) => options.some((b) => a !== b && b.text.startsWith(a.text)));

/** What it has in its cache it does not say. */
const isServer = ({ execution }: LanguageModel): boolean => execution.place === "server";

const scores = ({ capabilities }: LanguageModel): boolean => capabilities.score && capabilities.tokenize;

/** @throws SurprisalError UNSUPPORTED_CAPABILITY for a model that does not score texts. */
export function requireScores(model: LanguageModel): void {
  if (scores(model)) return;
  const { capabilities, identity } = model;
  throw new SurprisalError({
    code: "UNSUPPORTED_CAPABILITY",
    what: `${identity.name} ${capabilities.score ? "has no tokenizer here" : "does not score texts"}, so options cannot be scored by their own text`,
    where: identity.source,
    wayOut: givesTopLabels(model)
      ? 'Take the rule "label", which reads the letter from its most probable tokens; or a model in process.'
      : "Take a model in process, or a server that scores texts and tokenizes: `surprisal probe` says which does.",
  });
}

/** By the first token of a server's answer. */
async function decideByTopLabels(
  model: LanguageModel,
  state: string,
  questions: readonly PreparedQuestion[],
  rule: ResolvedRule,
  options: DecideOptions,
): Promise<Decisions> {
  const { artefact, threshold, risk } = options;
  if (artefact || threshold || risk !== undefined)
    throw invalidArgument(
      "What a server does not list is missing, and no calibration holds for the rest",
      "artefact",
      "Leave it out, or take a model that scores texts.",
    );
  const { readings, form, notes } = await readTopLabels(model, state, questions, rule, options);
  const decisions = questions.map((question, q) => {
    const own = readings[q]!;
    const numbers = numbersOf(
      question,
      own.map(({ options }) => options),
      "label",
    );
    const missing = own.map(({ missingMass }) => missingMass).filter((mass) => mass !== null);
    return decisionOf({
      question,
      numbers,
      tokens: question.options.map(() => 1),
      probabilities: numbers.scores && softmax(numbers.scores, question.canonical),
      calibrated: false,
      threshold: null,
      exclusive: true,
      tokensRun: null,
      intervals: question.options.map((_, i) => meanInterval(own, i)),
      missingMass: missing.length < own.length ? null : missing.reduce((a, b) => a + b, 0) / own.length,
    });
  });
  const message = frameOf(rule.listing);
  return {
    decisions,
    model: model.identity,
    settings: model.settings,
    rule: rule.rule,
    recipe: recipeOf(rule),
    prompt: { form, frame: form === "chat" ? message : plainText(message), end: "" },
    calibration: null,
    abstention: null,
    usage: { tokensRun: null, tokensAlone: null },
    notes: [...notes, ...(model.notes ?? [])],
  };
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

/** What a calibration of decisions is bound to, and which one is used. */
import {
  type CalibrationArtefact,
  type CalibrationIdentity,
  calibrationText,
  checkIdentity,
  type RiskThreshold,
  sha256Of,
  wordingSha256,
} from "../calibrate/index.ts";
import { invalidArgument } from "../core/index.ts";
import { kernelsOf, type LanguageModel } from "../models/index.ts";
import { checkServes, isOfPredicates, OF_YES } from "./calibrated.ts";
import { frameOf, messageOf, type Prompter } from "./prompt.ts";
import type { PreparedQuestion } from "./question.ts";
import type { ResolvedRule } from "./rule.ts";
import { tokenizerSha256 } from "./tokenizer.ts";

/** Which calibration an answer has. */
export interface UsedCalibration {
  kind: CalibrationArtefact["kind"];
  /** sha256 of the artefact as JSON, lower-case hex. */
  sha256: string;
  /** Answers that it was fitted to. */
  n: number;
  /** What is another one than where it was fitted, in sentences. */
  warnings: readonly string[];
}

/** What is asked for of calibration. */
export interface CalibrationChoice {
  /**
   * Calibrates the probabilities: of the kind temperature or temperature-by-kind; of predicates, also platt, beta, isotonic and
   * histogram, as `calibrateDecisions` fits them to the probability of yes. Default: none.
   */
  artefact?: CalibrationArtefact | undefined;
  /** A risk threshold that was fitted to answers calibrated like these. Default: the artefact's own. */
  threshold?: CalibrationArtefact | undefined;
  /** Largest share of wrong ones among what is answered; needs a threshold fitted for this or less. Default: it never abstains. */
  risk?: number | undefined;
  /** A calibration that was fitted beside something else is an error. Default false: a warning. */
  strict?: boolean | undefined;
}

/** The text of a rule that calibrations are bound to, such as "decide sum". */
export function recipeOf({ rule, listing, orders }: ResolvedRule): string {
  const parts = [
    rule,
    ...(listing === "lines" ? ["listed"] : []),
    ...(orders > 1 ? [`${orders} orders`] : []),
  ];
  return `decide ${parts.join(", ")}`;
}

/** Recipe of a threshold: it holds for confidences that were made in one way only. */
export function thresholdRecipe(rule: ResolvedRule, artefact: CalibrationArtefact | undefined): string {
  return `${recipeOf(rule)}, ${artefact ? `calibrated by ${sha256OfArtefact(artefact).slice(0, 12)}` : "not calibrated"}`;
}

/** Recipe of an artefact's own answers: the rule, and whether it is the probability of yes that was calibrated. */
export const artefactRecipe = (recipe: string, kind: string): string =>
  isOfPredicates(kind) ? `${recipe}${OF_YES}` : recipe;

/** Of what calibrates: the threshold within it was fitted to what it makes, and knows it by this. */
const sha256OfArtefact = ({ threshold: _, ...alone }: CalibrationArtefact): string =>
  sha256Of(calibrationText(alone));

/** Wordings of questions: of all under a rule, and of each. */
export class Wordings {
  /** Of the prompt, whatever is asked. */
  readonly frame: string;
  readonly frameSha256: string;
  readonly recipe: string;
  readonly #prompter: Prompter;
  readonly #rule: ResolvedRule;

  constructor(prompter: Prompter, rule: ResolvedRule) {
    this.#prompter = prompter;
    this.#rule = rule;
    this.frame = prompter.textOf(frameOf(rule.listing));
    this.frameSha256 = wordingSha256({ prompt: prompter.wordingOf(frameOf(rule.listing)) });
    this.recipe = recipeOf(rule);
  }

  /** Of one question with its options. */
  sha256Of(question: PreparedQuestion): string {
    const { listing } = this.#rule;
    const options = question.listing.map((i) => question.options[i]!);
    const shown = listing === "none" ? [] : options;
    return wordingSha256({
      prompt: this.#prompter.wordingOf(messageOf("{state}", question, listing, shown)),
      options: options.map(({ text }) => text),
    });
  }
}

/** What gives the answers, but for the recipe and the wording. */
export async function identityOf(
  model: LanguageModel,
): Promise<Omit<CalibrationIdentity, "wordingSha256" | "recipe">> {
  const { name, sha256 } = model.identity;
  const tokenizer = await tokenizerSha256(model);
  return { model: { name, sha256 }, tokenizer, kernels: kernelsOf(model.settings) };
}

/** A calibration that was looked at, and when to abstain. */
export interface ReadyCalibration {
  /** `null`: not calibrated. */
  artefact: CalibrationArtefact | null;
  used: UsedCalibration | null;
  /** Confidence below which it abstains; `null`: never; Infinity: always. */
  threshold: number | null;
  usedThreshold: UsedCalibration | null;
}

/**
 * Checks what is to be used against what it is used beside.
 * @throws SurprisalError CALIBRATION_MISMATCH under `strict`; INVALID_ARGUMENT for artefacts of kinds that do not serve, and a
 *   risk without a threshold for it.
 */
export async function readyCalibration(
  model: LanguageModel,
  questions: readonly PreparedQuestion[],
  rule: ResolvedRule,
  wordings: Wordings,
  { artefact, threshold = artefact?.threshold, risk, strict }: CalibrationChoice,
): Promise<ReadyCalibration> {
  const limit = limitOf(threshold, risk);
  if (artefact) for (const question of questions) checkServes(artefact, question);
  const identity = artefact || limit !== null ? await identityOf(model) : null;
  const use = (given: CalibrationArtefact, recipe: string): UsedCalibration => {
    const warnings = new Set<string>();
    const { wordingSha256: fitted } = given.identity;
    for (const question of questions) {
      const wording = fitted === wordings.frameSha256 ? fitted : wordings.sha256Of(question);
      const used = { ...identity, recipe, wordingSha256: wording };
      checkIdentity(given, used, { strict, onWarning: (warning) => warnings.add(warning) });
    }
    return {
      kind: given.kind,
      sha256: sha256OfArtefact(given),
      n: given.fittedOn.n,
      warnings: [...warnings],
    };
  };
  return {
    artefact: artefact ?? null,
    used: artefact ? use(artefact, artefactRecipe(wordings.recipe, artefact.kind)) : null,
    threshold: limit,
    usedThreshold: threshold && limit !== null ? use(threshold, thresholdRecipe(rule, artefact)) : null,
  };
}

/** @returns `null`: it never abstains. */
function limitOf(artefact: CalibrationArtefact | undefined, risk: number | undefined): number | null {
  if (risk === undefined) return null;
  if (!(risk > 0 && risk < 1))
    throw invalidArgument(`${risk} is no risk`, "risk", "Give a number between 0 and 1, such as 0.05.");
  const wayOut =
    "Fit one to labelled states: calibrateDecisions with this risk, or `surprisal decide --calibrate FILE --risk R`.";
  if (artefact === undefined) throw invalidArgument("There is no threshold for a risk", "threshold", wayOut);
  if (!isThreshold(artefact))
    throw invalidArgument(
      `An artefact of the kind ${artefact.kind} is no risk threshold`,
      "threshold",
      wayOut,
    );
  const { parameters } = artefact;
  if (parameters.risk > risk)
    throw invalidArgument(
      `The threshold was fitted for a risk of ${parameters.risk}, and ${risk} is asked for`,
      "risk",
      wayOut,
    );
  return parameters.threshold ?? Infinity;
}

const isThreshold = (artefact: CalibrationArtefact): artefact is CalibrationArtefact<RiskThreshold> =>
  artefact.parameters.kind === "risk-threshold";

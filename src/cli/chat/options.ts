/** The arguments of `surprisal chat` about what is written and when it stops. */
import {
  invalidArgument,
  type Policy,
  parsePolicy,
  policyProblems,
  SurprisalError,
  withLengths,
} from "../../core/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import { usage } from "../errors.ts";
import { type Declared, decimal, option, wholeNumber } from "../parameters.ts";
import type { AnswerOptions } from "./answer.ts";

const LARGEST = 2 ** 31 - 1;
/** What a policy over confidence or entropy is measured from, as far as the source gives so many. */
const ALTERNATIVES_FOR_POLICY = 20;

interface AnswerValues {
  maxTokens: number;
  temperature: number;
  topP: number | undefined;
  topK: number | undefined;
  seed: number | undefined;
  topLogprobs: number | undefined;
  stopWhen: Policy | undefined;
}

// biome-ignore format: one option a line
export const ANSWER_OPTIONS: Declared<AnswerValues> = {
  maxTokens: option(wholeNumber(1, LARGEST), { hint: "N", description: "Longest answer, tokens", standard: "512" }),
  temperature: option(decimal(0, 2), { hint: "T", description: "Spread of the choice: 0 always takes the likeliest token, at most 2", standard: "0.7" }),
  topP: option(probabilityMass, { hint: "P", description: "Choose among the likeliest tokens that have this probability together (default: all)" }),
  topK: option(wholeNumber(0, LARGEST), { hint: "K", description: "Choose among the K likeliest tokens (default: all)" }),
  seed: option(wholeNumber(0, LARGEST), { hint: "N", description: "The same seed gives the same answer on the same engine (default: 0; some services take none)" }),
  topLogprobs: option(wholeNumber(0, 1000), { hint: "K", description: "Ask for K alternatives per token; they stand in --json" }),
  stopWhen: option(readPolicy, { hint: "POLICY", description: "End the answer when this holds, see below" }),
};

export function answerOptions({
  topLogprobs,
  ...given
}: AnswerValues): AnswerOptions & { maxTokens: number } {
  const { maxTokens, temperature, topP, topK, seed, stopWhen } = given;
  return { maxTokens, temperature, topP, topK, seed, alternatives: topLogprobs, stopWhen };
}

function probabilityMass(text: string, name: string): number {
  const mass = decimal(0, 1)(text, name);
  if (mass === 0) throw usage(`${name} takes a number above 0, at most 1`);
  return mass;
}

/** As many alternatives as asked for; else as many as the policy has use for. */
export function withAlternatives<Options extends AnswerOptions>(
  options: Options,
  { capabilities }: Pick<LanguageModel, "capabilities">,
): Options {
  const used =
    options.stopWhen !== undefined && /"(?:confidence|entropy)"/.test(JSON.stringify(options.stopWhen));
  const wanted = used ? Math.min(ALTERNATIVES_FOR_POLICY, capabilities.alternatives) : 0;
  return { ...options, alternatives: options.alternatives ?? wanted };
}

/**
 * A policy from its text form, every window with its length; what is wrong with it is pointed at.
 * @throws SurprisalError INVALID_ARGUMENT, also for a policy of which a condition can never hold.
 */
export function readPolicy(text: string, option: string): Policy {
  const policy = withLengths(parsed(text, option));
  const hopeless = policyProblems(policy).find(({ kind }) => kind === "never");
  if (hopeless) throw invalidArgument(hopeless.what, option, hopeless.wayOut);
  return policy;
}

/** What a person should know of a policy before an answer of this model: what cannot hold here, what changes nothing. */
export function policyNotes(
  { stopWhen, maxTokens, alternatives }: AnswerOptions,
  { capabilities, vocabulary }: Pick<LanguageModel, "capabilities" | "vocabulary">,
): string[] {
  if (stopWhen === undefined) return [];
  const { distribution } = capabilities;
  const circumstances = { maxTokens, alternatives, distribution, vocabularySize: vocabulary.size };
  return policyProblems(stopWhen, circumstances).map(({ what, wayOut }) => `${what}. ${wayOut}`);
}

function parsed(text: string, option: string): Policy {
  try {
    return parsePolicy(text);
  } catch (error) {
    const place = SurprisalError.isInstance(error) ? /^character (\d+)/.exec(error.where ?? "") : null;
    if (!SurprisalError.isInstance(error) || !place) throw error;
    const { code, what, wayOut, cause } = error;
    const pointer = `${" ".repeat(Number(place[1]) - 1)}^`;
    throw new SurprisalError({
      code,
      what: `${option}: ${what}\n  ${text.replaceAll(/\s/g, " ")}\n  ${pointer}`,
      wayOut,
      cause,
    });
  }
}

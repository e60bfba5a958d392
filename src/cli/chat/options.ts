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
import { type Declared, decimal, option, repeated, text, wholeNumber } from "../parameters.ts";
import type { AnswerOptions } from "./answer.ts";

const LARGEST = 2 ** 31 - 1;
/** What a policy over confidence or entropy is measured from, as far as the source gives so many. */
const ALTERNATIVES_FOR_POLICY = 20;

/** How an answer is written. */
export interface WritingValues {
  maxTokens: number;
  temperature: number;
  topP: number | undefined;
  topK: number | undefined;
  seed: number | undefined;
  minP: number | undefined;
  repeatPenalty: number | undefined;
  repeatLastN: number | undefined;
  frequencyPenalty: number | undefined;
  presencePenalty: number | undefined;
  prefill: string | undefined;
  stop: string[];
  stopWhen: Policy | undefined;
}

// biome-ignore format: one option a line
export const WRITING_OPTIONS: Declared<WritingValues> = {
  maxTokens: option(wholeNumber(1, LARGEST), { hint: "N", description: "Longest answer, tokens", standard: "512" }),
  temperature: option(decimal(0, 2), { hint: "T", description: "Spread of the choice: 0 always takes the likeliest token, at most 2", standard: "0.7" }),
  topP: option(probabilityMass, { hint: "P", description: "Choose among the likeliest tokens that have this probability together (default: all)" }),
  topK: option(wholeNumber(0, LARGEST), { hint: "K", description: "Choose among the K likeliest tokens (default: all)" }),
  minP: option(decimal(0, 1), { hint: "P", description: "Choose among the tokens that have at least this share of the likeliest one's probability" }),
  repeatPenalty: option(decimal(0, 100), { hint: "X", description: "Divide by this the logits of tokens that stand among the last ones, as llama.cpp does (default: 1, nothing)" }),
  repeatLastN: option(lastTokens, { hint: "N", description: "Last tokens that penalties look at, prompt and answer together; all: all of them (default: 64)" }),
  frequencyPenalty: option(signed, { hint: "X", description: "Take this off the logit of a token for each time it stands among the last ones" }),
  presencePenalty: option(signed, { hint: "X", description: "Take this off the logits of tokens that stand among the last ones" }),
  seed: option(wholeNumber(0, LARGEST), { hint: "N", description: "The same seed gives the same answer on the same engine (default: 0; some services take none)" }),
  prefill: option(text, { hint: "TEXT", mayBeEmpty: true, description: "What the answer begins with; its tokens have no number" }),
  stop: repeated(withLineBreaks, { hint: "TEXT", description: "End the answer where this text would stand; \\n is a line break; may be given several times" }),
  stopWhen: option(readPolicy, { hint: "POLICY", description: "End the answer when this holds, see below" }),
};

/** Those of `surprisal chat`. */
// biome-ignore format: one option a line
export const ANSWER_OPTIONS: Declared<WritingValues & { topLogprobs: number | undefined }> = {
  ...WRITING_OPTIONS,
  topLogprobs: option(wholeNumber(0, 1000), { hint: "K", description: "Ask for K alternatives per token; they stand in --json" }),
};

/** What was given, and nothing else. */
export function writingOptions(given: WritingValues): AnswerOptions & { maxTokens: number } {
  const { maxTokens, temperature, topP, topK, minP, seed, stop, prefill, stopWhen } = given;
  const { repeatPenalty, repeatLastN, frequencyPenalty, presencePenalty } = given;
  return {
    ...{ maxTokens, temperature, topP, topK, minP, seed, stopWhen },
    ...{ repeatPenalty, repeatLastN, frequencyPenalty, presencePenalty },
    prefill: prefill || undefined,
    stop: stop.length > 0 ? stop : undefined,
  };
}

/** The same, with the alternatives that were asked for. */
export function answerOptions({
  topLogprobs,
  ...given
}: WritingValues & { topLogprobs: number | undefined }): AnswerOptions & { maxTokens: number } {
  return { ...writingOptions(given), alternatives: topLogprobs };
}

/** A text in which \n is a line break, since a shell gives it as it stands; \\n is a backslash and an n. */
export function withLineBreaks(text: string): string {
  const meant: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", "\\": "\\" };
  return text.replaceAll(/\\([nrt\\])/g, (_, letter: string) => meant[letter]!);
}

function signed(text: string, name: string): number {
  const minus = text.startsWith("-");
  const size = decimal(0, 100)(minus ? text.slice(1) : text, name);
  return minus ? -size : size;
}

function lastTokens(text: string, name: string): number {
  return text === "all" ? -1 : wholeNumber(0, LARGEST)(text, name);
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

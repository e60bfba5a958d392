/** The arguments of `surprisal chat` about what is written and when it stops. */
import { type Policy, parsePolicy, SurprisalError } from "../../core/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import { usage, wholeNumber } from "../arguments.ts";
import type { AnswerOptions } from "./answer.ts";

// biome-ignore format: one option a line
export const ANSWER_ARGUMENTS = {
  "max-tokens": { type: "string", valueHint: "N", description: "Longest answer, tokens", default: "512" },
  temperature: { type: "string", valueHint: "T", description: "Spread of the choice: 0 always takes the likeliest token, at most 2", default: "0.7" },
  "top-p": { type: "string", valueHint: "P", description: "Choose among the likeliest tokens that have this probability together (default: all)" },
  "top-k": { type: "string", valueHint: "K", description: "Choose among the K likeliest tokens (default: all)" },
  seed: { type: "string", valueHint: "N", description: "The same seed gives the same answer on the same engine (default: 0; some services take none)" },
  "top-logprobs": { type: "string", valueHint: "K", description: "Ask for K alternatives per token; they stand in --json" },
  "stop-when": { type: "string", valueHint: "POLICY", description: "End the answer when this holds, see below" },
} as const;

type AnswerArguments = { [Name in keyof typeof ANSWER_ARGUMENTS]?: string | undefined };

const LARGEST = 2 ** 31 - 1;
/** What a policy over confidence or entropy is measured from, as far as the source gives so many. */
const ALTERNATIVES_FOR_POLICY = 20;

/** @throws SurprisalError USAGE, INVALID_ARGUMENT */
export function answerOptions(given: AnswerArguments): AnswerOptions & { maxTokens: number } {
  const topP = decimal(given["top-p"], "top-p", 0, 1);
  if (topP === 0) throw usage("--top-p takes a number above 0, at most 1");
  const topK = wholeNumber(given["top-k"], "top-k", 0, LARGEST);
  const alternatives = wholeNumber(given["top-logprobs"], "top-logprobs", 0, 1000);
  const seed = wholeNumber(given.seed, "seed", 0, LARGEST);
  return {
    maxTokens: wholeNumber(given["max-tokens"], "max-tokens", 1, LARGEST)!,
    temperature: decimal(given.temperature, "temperature", 0, 2)!,
    topP,
    topK,
    seed,
    alternatives,
    ...(given["stop-when"] !== undefined && { stopWhen: readPolicy(given["stop-when"], "--stop-when") }),
  };
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
 * A policy from its text form; what is wrong with it is pointed at.
 * @throws SurprisalError INVALID_ARGUMENT
 */
export function readPolicy(text: string, option: string): Policy {
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
      ...(wayOut && { wayOut }),
      cause,
    });
  }
}

function decimal(value: string | undefined, option: string, from: number, to: number): number | undefined {
  if (value === undefined) return undefined;
  const number = /^(\d+\.?\d*|\.\d+)$/.test(value) ? Number(value) : Number.NaN;
  if (number >= from && number <= to) return number;
  throw usage(`--${option} takes a number from ${from} to ${to}, not "${value}"`);
}

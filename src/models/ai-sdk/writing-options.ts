/** What of a call becomes options of `generate`, and what to say of the rest. */
import { SurprisalError, type TokenRecord } from "../../core/index.ts";
import { askedFor } from "../asked-options.ts";
import type { GenerateOptions, Generation, GenerationEnd, LanguageModel, Prompt } from "../language-model.ts";
import type { Metadata, ModelCall, Warning } from "./types.ts";

const NUMBERS = ["minP", "repeatPenalty", "repeatLastN", "frequencyPenalty", "presencePenalty"] as const;
/** What `providerOptions.surprisal` has besides. */
const OTHERS: readonly string[] = ["alternatives", "prefill", "oneOf", ...NUMBERS];

/** @param maxTokens of a call that says nothing. */
export function generateOptions(call: ModelCall, maxTokens: number | undefined): GenerateOptions {
  const { temperature, topP, topK, seed, stopSequences: stop, maxOutputTokens } = call;
  const given = call.providerOptions?.surprisal ?? {};
  const options: GenerateOptions = {
    maxTokens: maxOutputTokens ?? maxTokens,
    ...{ temperature, topP, topK, seed, stop },
  };
  for (const name of NUMBERS) if (typeof given[name] === "number") options[name] = given[name];
  if (typeof given.prefill === "string") options.prefill = given.prefill;
  if (isTexts(given.oneOf)) options.oneOf = given.oneOf;
  return options;
}

/** Fields of `providerOptions.surprisal` that nothing is known of, or that hold something else than they should. */
export function unknownOptions({ providerOptions }: ModelCall): Warning[] {
  const isKnown = (name: string, value: unknown) =>
    OTHERS.includes(name) &&
    (name === "prefill"
      ? typeof value === "string"
      : name === "oneOf"
        ? isTexts(value)
        : typeof value === "number");
  return Object.entries(providerOptions?.surprisal ?? {})
    .filter(([name, value]) => value !== undefined && !isKnown(name, value))
    .map(([name]) => ({ type: "unsupported", feature: `providerOptions.surprisal.${name}` }));
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((text) => typeof text === "string");
}

/** An answer that has begun. */
export interface Begun {
  generation: Generation;
  /** Options that the model does not take, and that were left out. */
  warnings: Warning[];
  records(): AsyncGenerator<TokenRecord, void, void>;
}

/** The call's names of what `generate` calls otherwise. */
const FEATURES: Readonly<Record<string, string>> = { stop: "stopSequences" };

/**
 * Begins an answer. Options beyond those of every source are tried: what the model refuses by name is left out, with a
 * warning, as the AI SDK has it.
 */
export async function begin(model: LanguageModel, prompt: Prompt, options: GenerateOptions): Promise<Begun> {
  const asked = { ...options };
  const warnings: Warning[] = [];
  for (;;) {
    const generation = model.generate(prompt, asked);
    if (askedFor(asked).length === 0) return { generation, warnings, records: () => recordsOf(generation) };
    try {
      const first = await generation.next();
      return { generation, warnings, records: () => recordsOf(generation, first) };
    } catch (error) {
      const name = askedFor(asked).find((each) => isRefusalOf(error, each));
      if (name === undefined) throw error;
      delete asked[name];
      const feature = FEATURES[name] ?? `providerOptions.surprisal.${name}`;
      warnings.push({ type: "unsupported", feature, details: (error as SurprisalError).what });
    }
  }
}

function isRefusalOf(error: unknown, name: string): boolean {
  return (
    SurprisalError.isInstance(error) &&
    error.code === "UNSUPPORTED_CAPABILITY" &&
    error.what.endsWith(`takes no ${name}`)
  );
}

async function* recordsOf(
  generation: Generation,
  first?: IteratorResult<TokenRecord>,
): AsyncGenerator<TokenRecord, void, void> {
  if (first && !first.done) yield first.value;
  if (!first?.done) for await (const record of generation) yield record;
}

/** Which stop string or choice ended it, for `providerMetadata.surprisal`. */
export function endingOf({ stop, choice }: GenerationEnd): Metadata[string] {
  return {
    ...(stop && { stop: { text: stop.text, behind: stop.behind } }),
    ...(choice && { choice: { index: choice.index, outside: [...choice.outside] } }),
  };
}

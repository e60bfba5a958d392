/** Lets a server write, and reads what it writes. */
import type { TokenRecord } from "../../core/index.ts";
import type { GenerateOptions, GenerationEnd, ModelIdentity, Prompt } from "../language-model.ts";
import { readRecords } from "../remote/index.ts";
import type { Asked, Asking } from "./asking.ts";
import { type Dialect, probabilitiesAfter } from "./dialects.ts";
import type { ArrivingAnswer, SharedAnswers } from "./shared-answers.ts";

interface Source {
  dialect: Dialect;
  identity: ModelIdentity;
}

/** Token records as they arrive, and what is known at their end. Leaving the loop ends the request. */
export async function* writeTokens(
  asking: Asking,
  source: Source,
  prompt: Prompt,
  options: GenerateOptions,
): AsyncGenerator<TokenRecord, GenerationEnd, void> {
  return yield* readAnswer(await asking.ask(prompt, options), source, prompt, options);
}

/** One of the answers of a request; where the server gives one only, the others are asked for by themselves. */
export async function* writeShared(
  shared: SharedAnswers,
  index: number,
  asking: Asking,
  source: Source,
  prompt: Prompt,
  options: GenerateOptions,
): AsyncGenerator<TokenRecord, GenerationEnd, void> {
  const taken = await shared.take(index, options.signal);
  return yield* taken
    ? readAnswer(taken, source, prompt, options)
    : writeTokens(asking, source, prompt, options);
}

async function* readAnswer(
  { answer, reader: makeReader, warnings }: Omit<Asked, "answer"> & { answer: ArrivingAnswer },
  { dialect, identity }: Source,
  prompt: Prompt,
  options: GenerateOptions,
): AsyncGenerator<TokenRecord, GenerationEnd, void> {
  const { alternatives = 0, maxTokens, signal } = options;
  const { countsEndOfText } = dialect;
  const given = typeof prompt === "string" ? prompt : undefined;
  const settings = { server: answer.where, alternatives, maxTokens, countsEndOfText, prompt: given };
  const reader = makeReader(settings);
  const finished = yield* readRecords(answer, reader, signal);
  const { end, probabilities = probabilitiesAfter(dialect, options) } = finished;
  return {
    ...end,
    provenance: { model: identity, probabilities, eosCounted: false },
    warnings: [...warnings, ...end.warnings],
  };
}

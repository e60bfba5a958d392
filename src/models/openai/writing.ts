/** Lets a server write, and reads what it writes. */
import type { TokenRecord } from "../../core/index.ts";
import type { GenerateOptions, GenerationEnd, ModelIdentity, Prompt } from "../language-model.ts";
import { readRecords } from "../remote/index.ts";
import type { Asking } from "./asking.ts";
import { type Dialect, probabilitiesAfter } from "./dialects.ts";

/** Token records as they arrive, and what is known at their end. Leaving the loop ends the request. */
export async function* writeTokens(
  asking: Asking,
  { dialect, identity }: { dialect: Dialect; identity: ModelIdentity },
  prompt: Prompt,
  options: GenerateOptions,
): AsyncGenerator<TokenRecord, GenerationEnd, void> {
  const { alternatives = 0, maxTokens, signal } = options;
  const { answer, reader: makeReader, warnings } = await asking.ask(prompt, options);
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

/** Lets a server write, and reads what it writes. */
import { abortError, type TokenRecord } from "../../core/index.ts";
import type { GenerateOptions, GenerationEnd, ModelIdentity, Prompt } from "../language-model.ts";
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
  const reader = makeReader({ server: answer.where, alternatives, maxTokens, countsEndOfText });
  try {
    for await (const json of answer.messages())
      for (const record of reader.push(json)) {
        if (signal?.aborted) throw abortError("Generating", signal);
        yield record;
      }
  } finally {
    answer.dispose();
  }
  const { records, end, probabilities = probabilitiesAfter(dialect, options) } = reader.finish();
  yield* records;
  return {
    ...end,
    provenance: { model: identity, probabilities, eosCounted: false },
    warnings: [...warnings, ...end.warnings],
  };
}

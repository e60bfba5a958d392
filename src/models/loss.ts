/** Transformers-style loss, for every model that can score tokens. */
import { planWindows, SurprisalError } from "../core/index.ts";
import type { LanguageModel, Loss } from "./language-model.ts";

/**
 * Mean negative log-likelihood of a text, as `model(ids, labels=ids).loss` in Hugging Face Transformers: the text
 * with the special tokens its tokenizer adds, one window, the first token unscored.
 * @throws SurprisalError TOO_FEW_TOKENS, CONTEXT_EXCEEDED.
 */
export async function lossOf(
  model: LanguageModel,
  text: string,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<Loss> {
  const { ids } = await model.tokenize(text, { addSpecial: true });
  if (ids.length < 2)
    throw new SurprisalError({
      code: "TOO_FEW_TOKENS",
      what: `A text of ${ids.length} ${ids.length === 1 ? "token" : "tokens"} has nothing to predict`,
      wayOut: "Give a text of at least two tokens.",
    });
  const context = model.trainedContext ?? ids.length;
  const plan = planWindows(ids.length, { method: "full", context, prefix: null });
  let nll = 0;
  let scored = 0;
  for await (const span of model.scoreTokens(ids, plan, options))
    for (const logprob of span.logprobs) {
      if (Number.isNaN(logprob)) continue;
      nll -= logprob;
      scored++;
    }
  const loss = nll / scored; // nats per predicted token
  return { loss, perplexity: Math.exp(loss), tokens: ids.length, scored };
}

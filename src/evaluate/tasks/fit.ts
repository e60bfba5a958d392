/** Requests that are too long for the model, cut as lm-eval cuts them. */
import {
  type BorderTokenizer,
  encodeBorder,
  type LanguageModel,
  type ScoreRequest,
} from "../../models/index.ts";

/** A choice and what is read before it. */
export interface Pair {
  context: string;
  continuation: string;
}

/** What is asked in place of some pairs. */
export interface FittedRequests {
  requests: ScoreRequest[];
  /** Tokens cut off the beginning, of the one that lost most. */
  cutTokens: number;
  /** Why they cannot be asked; `null`: they can. */
  problem: string | null;
}

/** Tokens that a tokenizer may put around a text. */
const ADDED = 2;

/**
 * The pairs as they are where they fit; else as ids without their beginning: of context and continuation together the last L+1
 * tokens, for a context of L (the last token is not run). A continuation longer than L cannot be asked; lm-eval stops there.
 * Source: lm-eval 0.4.13, lm_eval/models/huggingface.py, `_loglikelihood_tokens`.
 * @param nameOf a choice, for the problem: "Choice 1".
 */
export async function requestsThatFit(
  model: LanguageModel,
  pairs: readonly Pair[],
  nameOf: (choice: number) => string,
): Promise<FittedRequests> {
  const { trainedContext: most, capabilities } = model;
  const fitted: FittedRequests = { requests: [...pairs], cutTokens: 0, problem: null };
  if (most === null || !capabilities.tokenize) return fitted;
  let tokenizer: BorderTokenizer | undefined;
  for (const [i, pair] of pairs.entries()) {
    // A token has at least a byte.
    if (Buffer.byteLength(pair.context) + Buffer.byteLength(pair.continuation) + ADDED <= most) continue;
    tokenizer ??= await tokenizerOf(model);
    const { context, continuation } = await encodeBorder(pair, nameOf(i), tokenizer, { border: "lm-eval" });
    if (continuation.length > most)
      return {
        ...fitted,
        problem: `${nameOf(i)} has ${continuation.length} tokens, more than the model's context of ${most}`,
      };
    const excess = context.length + continuation.length - (most + 1);
    if (excess <= 0) continue;
    fitted.requests[i] = { context: context.slice(excess), continuation };
    fitted.cutTokens = Math.max(fitted.cutTokens, excess);
  }
  return fitted;
}

async function tokenizerOf(model: LanguageModel): Promise<BorderTokenizer> {
  const prefix = model.vocabulary.bos ?? model.vocabulary.eos;
  return {
    prefix,
    prefixText: prefix === null ? "" : new TextDecoder().decode(await model.detokenize([prefix])),
    tokenize: (text, options) => model.tokenize(text, options),
    bytesOf: (ids) => model.detokenize(ids),
  };
}

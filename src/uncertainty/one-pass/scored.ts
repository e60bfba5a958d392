/** The tokens of a scored text as records, for the estimators. */
import { invalidArgument, type TokenRecord, tokenRecord } from "../../core/index.ts";
import type { TextScore } from "../../evaluate/index.ts";

/**
 * What `scoreText` found out, token by token: `estimateTokens(recordsOf(score))`.
 *
 *     const question = "Q: What is the capital of France?\nA:";
 *     const score = await scoreText(model, `${question} Paris.`, { alternatives: 20, shape: true });
 *     const estimates = estimateTokens(recordsOf(score, question));
 *
 * @param context what the text begins with and is no part of the answer; a token that holds the end of it and the beginning of the
 *   answer is the answer's. Default: nothing.
 * @throws SurprisalError INVALID_ARGUMENT when the text does not begin so.
 */
export function* recordsOf(score: TextScore, context: string = ""): Generator<TokenRecord, void, void> {
  const { table, text, piece, shapes } = score;
  const before = new TextEncoder().encode(context);
  if (before.some((byte, i) => text[i] !== byte))
    throw invalidArgument("The scored text does not begin with this", "context", "Give its own beginning.");
  for (let i = 0; i < table.length; i++) {
    if (table.byteOffsets[i + 1]! <= before.length) continue;
    const record = tokenRecord(table, i, text, piece);
    const shape = shapes?.[i];
    yield shape ? { ...record, shape } : record;
  }
}

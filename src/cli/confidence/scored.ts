/** The numbers of an answer that is there already: what a model says of it behind the question. */
import {
  distributionShape,
  emptyTable,
  fillColumns,
  SurprisalError,
  type TokenRecord,
  tokenRecord,
} from "../../core/index.ts";
import type { ChatMessage, LanguageModel, Prompt } from "../../models/index.ts";

/** Alternatives that are asked for, as far as the source lists so many. */
export const ALTERNATIVES = 20;

/** The answer's tokens with their numbers, or why there are none. */
export type Scored = { records: TokenRecord[]; tokensRead: number | null } | { why: string };

/** @throws SurprisalError CONTEXT_EXCEEDED, ABORTED, and what the model throws. */
export async function scoreAnswer(
  model: LanguageModel,
  prompt: Prompt,
  answer: string,
  signal: AbortSignal,
): Promise<Scored> {
  const { capabilities, identity, execution } = model;
  if (!capabilities.score)
    return { why: `${identity.name} gives no numbers of an answer that it did not write itself.` };
  const isChat = typeof prompt !== "string";
  if (isChat && !capabilities.chatTemplate)
    return {
      why: `The chat template of ${identity.name} is not known here: --plain scores the answer behind the question as it stands.`,
    };
  if (execution.place === "process" && capabilities.tokenize) {
    const context = await contextOf(model, prompt as string | readonly ChatMessage[]);
    const continuation = isChat
      ? await answerIds(model, answer)
      : await behind(model, prompt as string, answer);
    return {
      records: await ofIds(model, context, continuation, signal),
      tokensRead: context.length + continuation.length - 1,
    };
  }
  const request = { context: prompt as string, continuation: answer };
  const alternatives = Math.min(ALTERNATIVES, capabilities.alternatives);
  for await (const { tokens } of model.score([request], { alternatives, signal })) {
    const bytes = new TextEncoder().encode(answer);
    const pieces = await piecesOf(model, tokens.alternatives?.ids ?? new Int32Array());
    const start = tokens.byteOffsets[0] ?? 0;
    const own = { ...tokens, byteOffsets: tokens.byteOffsets.map((offset) => offset - start) };
    const records = Array.from({ length: tokens.length }, (_, i) => tokenRecord(own, i, bytes, pieces));
    return { records, tokensRead: null };
  }
  return { why: `${identity.name} gave no score.` };
}

/** With BOS where the tokenizer adds one and the template does not. */
async function contextOf(model: LanguageModel, prompt: string | readonly ChatMessage[]): Promise<Int32Array> {
  const text =
    typeof prompt === "string" ? prompt : model.applyChatTemplate(prompt, { addGenerationPrompt: true });
  const { bos, addsBos } = model.vocabulary;
  const { ids } = await model.tokenize(text, { parseSpecial: typeof prompt !== "string" });
  return addsBos && bos !== null && ids[0] !== bos ? Int32Array.of(bos, ...ids) : ids;
}

/** In a chat an answer begins after special tokens or a line feed, and is encoded by itself. */
async function answerIds(model: LanguageModel, answer: string): Promise<Int32Array> {
  const { ids } = await model.tokenize(answer);
  const bytes = await model.detokenize(ids);
  // SentencePiece puts a space in front of a text, but not behind a line feed.
  return Buffer.compare(bytes, Buffer.from(answer)) === 0 ? ids : behind(model, "\n", answer);
}

/** As it is encoded behind a text; where a token would hold the end of the one and the beginning of the other, by itself. */
async function behind(model: LanguageModel, before: string, answer: string): Promise<Int32Array> {
  const { ids, byteOffsets } = await model.tokenize(before + answer);
  const at = byteOffsets.indexOf(Buffer.byteLength(before));
  return at >= 0 ? ids.slice(at) : (await model.tokenize(answer)).ids;
}

/** In one pass, with the shape of every distribution where the model gives the whole of it. */
async function ofIds(
  model: LanguageModel,
  context: Int32Array,
  continuation: Int32Array,
  signal: AbortSignal,
): Promise<TokenRecord[]> {
  const { capabilities, trainedContext } = model;
  const ids = Int32Array.of(...context, ...continuation);
  const first = context.length;
  if (first === 0 || continuation.length === 0) return [];
  if (trainedContext !== null && ids.length - 1 > trainedContext)
    throw new SurprisalError({
      code: "CONTEXT_EXCEEDED",
      what: `Question and answer are ${ids.length} tokens, more than the ${trainedContext} this model was trained for`,
      wayOut: "Shorten them, or take a model with a longer context.",
    });
  const bytes: Uint8Array[] = [];
  for (const id of continuation) bytes.push(await model.detokenize([id]));
  const offsets = new Uint32Array(continuation.length + 1);
  for (const [i, piece] of bytes.entries()) offsets[i + 1] = offsets[i]! + piece.length;
  const k = Math.min(ALTERNATIVES, capabilities.alternatives);
  const table = emptyTable(continuation, offsets, k);
  const shapes: (TokenRecord["shape"] | undefined)[] = [];
  const distributions = capabilities.distribution;
  const step = {
    ...{ forget: "all" as const, prefix: [], run: { start: 0, end: ids.length - 1 }, overwriteFirst: null },
    score: { start: first, end: ids.length },
  };
  const plan = { method: "full" as const, tokens: ids.length, context: ids.length, steps: [step] };
  for await (const span of model.scoreTokens(ids, plan, { alternatives: k, distributions, signal })) {
    fillColumns(table, span.start - first, span);
    if (span.distributions === undefined) continue;
    const { logits, logSumExps } = span.distributions;
    const size = logits.length / logSumExps.length;
    for (let row = 0; row < logSumExps.length; row++)
      shapes[span.start - first + row] = distributionShape(
        Float64Array.from(logits.subarray(row * size, (row + 1) * size), (logit) => logit - logSumExps[row]!),
        "logprobs",
      );
  }
  const pieces = await piecesOf(model, table.alternatives?.ids ?? new Int32Array());
  const text = Buffer.concat(bytes);
  return Array.from(continuation, (_, i) => ({
    ...tokenRecord(table, i, text, pieces),
    ...(shapes[i] && { shape: shapes[i] }),
  }));
}

/** Bytes of tokens that are known beforehand. */
async function piecesOf(model: LanguageModel, ids: Int32Array): Promise<(id: number) => Uint8Array> {
  const known = new Map<number, Uint8Array>();
  for (const id of new Set(ids)) if (id >= 0) known.set(id, await model.detokenize([id]));
  return (id) => known.get(id) ?? new Uint8Array();
}

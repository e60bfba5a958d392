/** From a score request to token ids, the same for every model that has its own tokenizer. */
import { checkContinuation, checkedIds, checkKinds } from "./checks.ts";
import type { ModelVocabulary, ScoreRequest, TokenizedText, TokenizeOptions } from "./language-model.ts";

/** The part of a tokenizer that encoding a request needs. */
export interface RequestVocabulary extends ModelVocabulary {
  readonly size: number;
  tokenize(text: string, options?: TokenizeOptions): Promise<TokenizedText>;
  /** The exact bytes of one token. */
  piece(id: number): Uint8Array;
}

/** A request as ids. `input` is what is run: context and continuation without the last token. */
export interface EncodedRequest {
  input: Int32Array;
  /** Tokens of the context. The continuation's first token is predicted by input[contextLength - 1]. */
  contextLength: number;
  continuation: Int32Array;
  /** [n+1] from the continuation's start. */
  byteOffsets: Uint32Array;
  /** Continuation tokens before this index have nothing to be predicted from. */
  firstScored: number;
}

/**
 * Encodes a request as lm-eval does (`_encode_pair`): white space at the end of the context belongs to the
 * continuation, both are encoded together, and what goes beyond the context's own encoding is the continuation.
 * @param index of the request, for the error.
 * @throws SurprisalError NOTHING_TO_SCORE, INVALID_ARGUMENT.
 */
export async function encodeRequest(
  request: ScoreRequest,
  index: number,
  vocabulary: RequestVocabulary,
): Promise<EncodedRequest> {
  const { continuation, byteOffsets, ...pair } = await encodePair(request, index, vocabulary);
  checkContinuation(continuation.length, `request ${index}`);
  let { context } = pair;
  let firstScored = 0;
  if (context.length === 0) {
    const prefix = vocabulary.bos ?? vocabulary.eos;
    if (prefix === null || continuation[0] === prefix) firstScored = 1;
    else context = Int32Array.of(prefix);
  }
  const input = new Int32Array(context.length + continuation.length - 1);
  input.set(context);
  input.set(continuation.subarray(0, -1), context.length);
  return { input, contextLength: context.length, continuation, byteOffsets, firstScored };
}

interface EncodedPair {
  context: Int32Array;
  continuation: Int32Array;
  byteOffsets: Uint32Array;
}

async function encodePair(
  request: ScoreRequest,
  index: number,
  vocabulary: RequestVocabulary,
): Promise<EncodedPair> {
  const where = `request ${index}`;
  checkKinds(request, where);
  const { context, continuation } = request;
  if (typeof context === "string") return encodeStrings(context, continuation as string, vocabulary);
  const ids = checkedIds(continuation as ArrayLike<number>, vocabulary.size, where);
  const byteOffsets = new Uint32Array(ids.length + 1);
  for (let i = 0; i < ids.length; i++)
    byteOffsets[i + 1] = byteOffsets[i]! + vocabulary.piece(ids[i]!).length;
  return { context: checkedIds(context, vocabulary.size, where), continuation: ids, byteOffsets };
}

async function encodeStrings(
  context: string,
  continuation: string,
  vocabulary: RequestVocabulary,
): Promise<EncodedPair> {
  const special = { addSpecial: true };
  const whole = await vocabulary.tokenize(context + continuation, special);
  const own = await vocabulary.tokenize(context.trimEnd(), special);
  const split = Math.min(own.ids.length, whole.ids.length);
  const start = whole.byteOffsets[split]!;
  return {
    context: whole.ids.slice(0, split),
    continuation: whole.ids.slice(split),
    byteOffsets: whole.byteOffsets.slice(split).map((offset) => offset - start),
  };
}

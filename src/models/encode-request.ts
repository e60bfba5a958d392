/** From a score request to token ids, the same for every model that has its own tokenizer. */
import { type BorderTokenizer, encodeBorder } from "./border.ts";
import { checkContinuation, checkedIds, checkKinds } from "./checks.ts";
import type {
  Border,
  ModelVocabulary,
  ScoreOptions,
  ScoreRequest,
  TokenizedText,
  TokenizeOptions,
} from "./language-model.ts";

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
  /** [n+1] from the beginning of what is scored. */
  byteOffsets: Uint32Array;
  /** Continuation tokens before this index have nothing to be predicted from. */
  firstScored: number;
  /** How two strings were told apart; `null` of ids. */
  border: Border | null;
}

/**
 * Encodes a request: strings by the border rule that is asked for, an empty context as BOS, else EOS.
 * @param index of the request, for the error.
 * @throws SurprisalError NOTHING_TO_SCORE, INVALID_ARGUMENT.
 */
export async function encodeRequest(
  request: ScoreRequest,
  index: number,
  vocabulary: RequestVocabulary,
  options: Pick<ScoreOptions, "border" | "parseSpecial"> = {},
): Promise<EncodedRequest> {
  const { continuation, byteOffsets, border, ...pair } = await encodePair(
    request,
    index,
    vocabulary,
    options,
  );
  checkContinuation(continuation.length, `request ${index}`, border);
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
  return { input, contextLength: context.length, continuation, byteOffsets, firstScored, border };
}

interface EncodedPair {
  context: Int32Array;
  continuation: Int32Array;
  byteOffsets: Uint32Array;
  border: Border | null;
}

async function encodePair(
  request: ScoreRequest,
  index: number,
  vocabulary: RequestVocabulary,
  options: Pick<ScoreOptions, "border" | "parseSpecial">,
): Promise<EncodedPair> {
  const where = `request ${index}`;
  checkKinds(request, where);
  const { context, continuation } = request;
  if (typeof context === "string" && typeof continuation === "string")
    return encodeBorder({ context, continuation }, where, borderTokenizer(vocabulary), options);
  const ids = checkedIds(continuation as ArrayLike<number>, vocabulary.size, where);
  const byteOffsets = new Uint32Array(ids.length + 1);
  for (let i = 0; i < ids.length; i++)
    byteOffsets[i + 1] = byteOffsets[i]! + vocabulary.piece(ids[i]!).length;
  return {
    context: checkedIds(context as ArrayLike<number>, vocabulary.size, where),
    continuation: ids,
    byteOffsets,
    border: null,
  };
}

function borderTokenizer(vocabulary: RequestVocabulary): BorderTokenizer {
  const prefix = vocabulary.bos ?? vocabulary.eos;
  return {
    prefix,
    prefixText: prefix === null ? "" : new TextDecoder().decode(vocabulary.piece(prefix)),
    tokenize: (text, how) => vocabulary.tokenize(text, how),
    bytesOf: (ids) => Buffer.concat(Array.from(ids, (id) => vocabulary.piece(id))),
  };
}

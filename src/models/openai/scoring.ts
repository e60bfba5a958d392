/** `score` and `scoreTokens` over a server that gives the numbers of a prompt, and has proven that they are right. */
import {
  abortError,
  emptyColumns,
  emptyTable,
  SurprisalError,
  type TokenColumns,
  type WindowPlan,
} from "../../core/index.ts";
import { checkContinuation, checkedIds, checkKinds } from "../checks.ts";
import type {
  ModelIdentity,
  ModelVocabulary,
  ScoredSpan,
  ScoredText,
  ScoreOptions,
  ScoreRequest,
  TextOrIds,
} from "../language-model.ts";
import { malformed, type Piece, pieceOf, placeTokens } from "../remote/index.ts";
import { inOrder } from "./in-order.ts";
import type { PromptNumbers, PromptToken } from "./prompt-numbers.ts";
import type { ServerTokenizer } from "./tokenizer.ts";
import { windowsOf } from "./windows.ts";

/** Requests under way at once. */
const AT_ONCE = 4;

export interface ScoringSource {
  numbers: PromptNumbers;
  tokenizer: ServerTokenizer | null;
  identity: ModelIdentity;
  vocabulary: ModelVocabulary;
  trainedContext: number | null;
}

/** A request as it is sent. */
interface Prepared {
  /** Ids where the server takes them as they are. */
  prompt: string | number[];
  /** Tokens of the context; the continuation's first token comes after them. */
  contextLength: number;
  /** All tokens, where they are known before the answer. */
  ids: number[] | null;
  pieces: Piece[] | null;
  /** The whole text, where it was given as one. */
  text: string | null;
}

export class PromptScoring {
  readonly #source: ScoringSource;

  constructor(source: ScoringSource) {
    this.#source = source;
  }

  score(
    requests: Iterable<ScoreRequest>,
    { alternatives = 0, signal }: ScoreOptions,
  ): AsyncGenerator<ScoredText> {
    this.#checkAlternatives(alternatives);
    const one = async (request: ScoreRequest, index: number, either: AbortSignal) =>
      this.#answer(await this.#prepare(request, index, either), index, alternatives, either);
    return inOrder(requests, AT_ONCE, one, signal);
  }

  /** @throws SurprisalError UNSUPPORTED_CAPABILITY for a plan that shifts a kept cache, and where ids are not taken. */
  scoreTokens(
    ids: readonly number[],
    plan: WindowPlan,
    { alternatives: k = 0, signal }: ScoreOptions,
  ): AsyncGenerator<ScoredSpan> {
    this.#checkAlternatives(k);
    if (!this.#source.numbers.takesIds) throw this.#unsupported("takes texts, not token ids");
    checkedIds(ids, this.#source.vocabulary.size, "the document");
    this.#checkLength(plan.context, "the plan's context");
    return inOrder(
      windowsOf(ids, plan),
      AT_ONCE,
      async ({ tokens, first, start, count, tokensRun }, _index, either): Promise<ScoredSpan> => {
        const began = performance.now();
        const scored = await this.#numbers(tokens, tokens, k, either);
        const columns = columnsOf(scored.slice(first, first + count), k);
        return { start, ...columns, tokensRun, decodeMs: performance.now() - began };
      },
      signal,
    );
  }

  async #prepare(request: ScoreRequest, index: number, signal: AbortSignal): Promise<Prepared> {
    const where = `request ${index}`;
    checkKinds(request, where);
    const { context, continuation } = request;
    checkContinuation(continuation.length, where);
    const prepared =
      typeof context === "string"
        ? await this.#prepareText(context, continuation as string, signal)
        : this.#prepareIds(context, continuation as Exclude<TextOrIds, string>, where);
    if (prepared.ids) {
      checkContinuation(prepared.ids.length - prepared.contextLength, where);
      this.#checkLength(prepared.ids.length - 1, where);
    }
    return prepared;
  }

  #prepareIds(context: ArrayLike<number>, continuation: ArrayLike<number>, where: string): Prepared {
    if (!this.#source.numbers.takesIds) throw this.#unsupported("takes texts, not token ids");
    const { bos, eos } = this.#source.vocabulary;
    const prefix = context.length === 0 && continuation[0] !== (bos ?? eos) ? (bos ?? eos) : null;
    const front = prefix === null ? Array.from(context) : [prefix];
    const ids = [...front, ...Array.from(continuation)];
    checkedIds(ids, this.#source.vocabulary.size, where);
    return { prompt: ids, contextLength: front.length, ids, pieces: null, text: null };
  }

  /** As lm-eval: encoded together; what goes beyond the context's own tokens is the continuation. */
  async #prepareText(context: string, continuation: string, signal: AbortSignal): Promise<Prepared> {
    const { tokenizer, numbers, vocabulary } = this.#source;
    const { ids: sendsIds } = numbers;
    const text = context + continuation;
    const own = context.trimEnd();
    if (!tokenizer) {
      const contextLength = own === "" ? 0 : (await numbers.score(own, 0, { signal })).length;
      return { prompt: text, contextLength, ids: null, pieces: null, text };
    }
    const options = { addSpecial: true, parseSpecial: false, signal };
    const [whole, front] = await Promise.all([tokenizer(text, options), tokenizer(own, options)]);
    const contextLength = Math.min(front.ids.length, whole.ids.length);
    const prefix = contextLength === 0 ? (vocabulary.bos ?? vocabulary.eos) : null;
    if (prefix === null || !sendsIds)
      return { prompt: sendsIds ? whole.ids : text, contextLength, ...whole, text };
    const ids = [prefix, ...whole.ids];
    const pieces = [pieceOf({ token: "", special: true }), ...whole.pieces];
    return { prompt: ids, contextLength: 1, ids, pieces, text };
  }

  async #answer(prepared: Prepared, index: number, k: number, signal: AbortSignal): Promise<ScoredText> {
    const { identity, vocabulary } = this.#source;
    const all = await this.#numbers(prepared.prompt, prepared.ids, k, signal);
    const { text, ids } = prepared;
    const pieces = prepared.pieces ?? all.map(({ token }) => pieceOf({ token }));
    // Without a tokenizer, what stands in front of an empty context is seen only now.
    const contextLength = prepared.contextLength || Number(ids === null && Boolean(pieces[0]?.special));
    const offsets = text === null ? lengthsOf(pieces) : placeTokens(pieces, text);
    if (!offsets) throw this.#unsupported("gives tokens that cannot be found in the text");
    const tokens = all.slice(contextLength);
    checkContinuation(tokens.length, `request ${index}`);
    const known = Int32Array.from(tokens, ({ id }, i) => ids?.[contextLength + i] ?? id ?? -1);
    const begin = offsets[contextLength]!;
    const table = {
      ...emptyTable(
        known,
        offsets.slice(contextLength).map((offset) => offset - begin),
        k,
      ),
      ...columnsOf(tokens, k),
    };
    const missing = tokens.some(({ logprob }) => logprob === null);
    const firsts = tokens.map(({ first }) => first);
    return {
      index,
      logprob: missing ? null : tokens.reduce((sum, { logprob }) => sum + logprob!, 0),
      greedy: firsts.includes(false) ? false : firsts.includes(null) ? null : true,
      tokens: table,
      tokensRun: all.length - 1,
      provenance: {
        model: identity,
        probabilities: "raw",
        eosCounted: vocabulary.eos !== null && known.includes(vocabulary.eos),
      },
    };
  }

  /** @throws SurprisalError WIRE_MALFORMED when the numbers are not those of these tokens. */
  async #numbers(
    prompt: string | number[],
    ids: readonly number[] | null,
    k: number,
    signal: AbortSignal,
  ): Promise<PromptToken[]> {
    if (signal.aborted) throw abortError("Scoring", signal);
    const { numbers, identity } = this.#source;
    const tokens = await numbers.score(prompt, k, { signal });
    const where = `${identity.source}, ${numbers.method}`;
    if (ids && tokens.length !== ids.length)
      throw malformed(`${tokens.length} numbers for ${ids.length} tokens`, where);
    const other = tokens.findIndex(({ id }, i) => id !== null && ids && id !== ids[i]);
    if (other >= 0)
      throw malformed(`Token ${other} is ${tokens[other]!.id} instead of ${ids![other]}`, where);
    return tokens;
  }

  #checkLength(tokens: number, where: string): void {
    const { trainedContext } = this.#source;
    if (trainedContext === null || tokens <= trainedContext) return;
    throw new SurprisalError({
      code: "CONTEXT_EXCEEDED",
      what: `${tokens} tokens are more than the ${trainedContext} that the server takes`,
      where,
      wayOut: "Shorten the text, or score it with windows (recipe strided or disjoint).",
    });
  }

  #checkAlternatives(k: number): void {
    if (k > 0 && !this.#source.numbers.alternatives)
      throw this.#unsupported("gives no alternatives of a prompt's tokens that could be told apart");
  }

  #unsupported(what: string): SurprisalError {
    return new SurprisalError({
      code: "UNSUPPORTED_CAPABILITY",
      what: `The server ${what}`,
      where: this.#source.identity.source,
      wayOut: "Use a model in process (a GGUF file), or a server that can, such as vLLM.",
    });
  }
}

/** [n] columns of tokens; entropies are not known from so little. */
function columnsOf(tokens: readonly PromptToken[], k: number): TokenColumns {
  const columns = emptyColumns(tokens.length, k);
  for (const [i, { logprob, rank, alternatives }] of tokens.entries()) {
    columns.logprobs[i] = logprob ?? Number.NaN;
    columns.ranks[i] = rank ?? 0;
    for (const [j, other] of alternatives.slice(0, k).entries()) {
      columns.alternatives!.ids[i * k + j] = other.id ?? -1;
      columns.alternatives!.logprobs[i * k + j] = other.logprob ?? Number.NaN;
    }
  }
  return columns;
}

/** [n+1] offsets of tokens put one after the other. */
function lengthsOf(pieces: readonly Piece[]): Uint32Array {
  const offsets = new Uint32Array(pieces.length + 1);
  for (const [i, { text, bytes }] of pieces.entries())
    offsets[i + 1] = offsets[i]! + (bytes?.length ?? new TextEncoder().encode(text).length);
  return offsets;
}

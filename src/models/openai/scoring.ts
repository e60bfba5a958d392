/** `score` and `scoreTokens` over a server that gives the numbers of a prompt, and has proven that they are right. */
import {
  abortError,
  checkWellFormed,
  emptyColumns,
  emptyTable,
  pythonTrimEnd,
  SurprisalError,
  type TokenColumns,
  type WindowPlan,
} from "../../core/index.ts";
import { borderOptions, encodeBorder, lostBefore, nearestCut } from "../border.ts";
import { checkContinuation, checkedIds, checkKinds } from "../checks.ts";
import type {
  Border,
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
  /** How two strings were told apart; where `ids` are not known, as far as it is known before the answer. */
  border: Border | null;
  /** Byte of the text at which what is scored begins; where `ids` are not known. */
  end?: number | undefined;
}

export class PromptScoring {
  readonly #source: ScoringSource;

  constructor(source: ScoringSource) {
    this.#source = source;
  }

  score(requests: Iterable<ScoreRequest>, options: ScoreOptions): AsyncGenerator<ScoredText> {
    const { alternatives = 0, signal } = options;
    this.#checkAlternatives(alternatives);
    const one = async (request: ScoreRequest, index: number, either: AbortSignal) =>
      this.#answer(await this.#prepare(request, index, options, either), index, alternatives, either);
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

  async #prepare(
    request: ScoreRequest,
    index: number,
    options: ScoreOptions,
    signal: AbortSignal,
  ): Promise<Prepared> {
    const where = `request ${index}`;
    checkKinds(request, where);
    const { context, continuation } = request;
    checkContinuation(continuation.length, where);
    const prepared =
      typeof context === "string"
        ? await this.#prepareText({ context, continuation: continuation as string }, where, options, signal)
        : this.#prepareIds(context, continuation as Exclude<TextOrIds, string>, where);
    if (prepared.ids) {
      checkContinuation(prepared.ids.length - prepared.contextLength, where, prepared.border);
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
    return { prompt: ids, contextLength: front.length, ids, pieces: null, text: null, border: null };
  }

  async #prepareText(
    request: { context: string; continuation: string },
    where: string,
    options: ScoreOptions,
    signal: AbortSignal,
  ): Promise<Prepared> {
    const { tokenizer, numbers, vocabulary } = this.#source;
    const text = request.context + request.continuation;
    if (!tokenizer) return this.#prepareUnseen(request, where, options, signal);
    const prefix = vocabulary.bos ?? vocabulary.eos;
    const known = new Map<number, Piece>();
    const encoded = await encodeBorder(
      request,
      where,
      {
        prefix,
        prefixText: "", // a server that adds BOS to what begins with it is left to do so
        tokenize: async (part, { addSpecial = false, parseSpecial = false }) => {
          const { ids, pieces } =
            part === "" && !addSpecial
              ? { ids: [], pieces: [] }
              : await tokenizer(part, { addSpecial, parseSpecial, signal });
          for (const [i, id] of ids.entries()) known.set(id, pieces[i]!);
          const byteOffsets = placeTokens(pieces, part);
          if (!byteOffsets) throw this.#unsupported("gives tokens that cannot be found in the text");
          return { ids: Int32Array.from(ids), byteOffsets };
        },
        bytesOf: (ids) => {
          const parts = Array.from(ids, (id) => known.get(id)!);
          return Buffer.concat(parts.map(({ text: own, bytes }) => bytes ?? new TextEncoder().encode(own)));
        },
      },
      options,
    );
    const { context, border } = encoded;
    const ids = [...context, ...encoded.continuation];
    const pieces = ids.map((id) => known.get(id)!);
    const contextLength = context.length;
    if (!numbers.ids) {
      if (border.apart) throw this.#across(where);
      return { prompt: text, contextLength, ids, pieces, text, border };
    }
    if (contextLength > 0 || prefix === null)
      return { prompt: ids, contextLength, ids, pieces, text, border };
    const all = [prefix, ...ids];
    const withPrefix = [pieceOf({ token: "", special: true }), ...pieces];
    return { prompt: all, contextLength: 1, ids: all, pieces: withPrefix, text, border };
  }

  /** Without a tokenizer: by lm-eval's rule the context is asked for by itself, by ours its tokens are seen in the answer. */
  async #prepareUnseen(
    { context, continuation }: { context: string; continuation: string },
    where: string,
    options: ScoreOptions,
    signal: AbortSignal,
  ): Promise<Prepared> {
    checkWellFormed(context, `${where}, context`);
    checkWellFormed(continuation, `${where}, continuation`);
    const { rule } = borderOptions(options);
    const text = context + continuation;
    const own = pythonTrimEnd(context);
    const moved = lengthOf(context) - lengthOf(own);
    const ask = rule === "lm-eval" && own !== "";
    const contextLength = ask ? (await this.#source.numbers.score(own, 0, { signal })).length : 0;
    const border = { rule, apart: false, moved, lost: { bytes: 0, tokens: 0 } };
    return { prompt: text, contextLength, ids: null, pieces: null, text, border, end: lengthOf(own) };
  }

  async #answer(prepared: Prepared, index: number, k: number, signal: AbortSignal): Promise<ScoredText> {
    const { identity, vocabulary } = this.#source;
    const all = await this.#numbers(prepared.prompt, prepared.ids, k, signal);
    const { text, ids } = prepared;
    const pieces = prepared.pieces ?? all.map(({ token }) => pieceOf({ token }));
    // Without a tokenizer, what stands in front of an empty context is seen only now.
    const front = prepared.contextLength || Number(ids === null && Boolean(pieces[0]?.special));
    const offsets = text === null ? lengthsOf(pieces) : placeTokens(pieces, text);
    if (!offsets) throw this.#unsupported("gives tokens that cannot be found in the text");
    const where = `request ${index}`;
    const { contextLength, border } = this.#toldApart(prepared, front, offsets, where);
    const tokens = all.slice(contextLength);
    checkContinuation(tokens.length, where, border);
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
      border,
      tokensRun: all.length - 1,
      provenance: {
        model: identity,
        probabilities: "raw",
        eosCounted: vocabulary.eos !== null && known.includes(vocabulary.eos),
      },
    };
  }

  /** Where the tokens were not known before the answer, it is only now seen what lies across the border. */
  #toldApart(
    { ids, border, end }: Prepared,
    front: number,
    byteOffsets: Uint32Array,
    where: string,
  ): { contextLength: number; border: Border | null } {
    if (ids !== null || border === null || end === undefined) return { contextLength: front, border };
    if (border.rule === "lm-eval") {
      const contextLength = Math.min(front, byteOffsets.length - 1);
      return { contextLength, border: { ...border, lost: lostBefore({ byteOffsets }, contextLength, end) } };
    }
    const contextLength = nearestCut({ byteOffsets }, end, front);
    if (contextLength === null) throw this.#across(where);
    return { contextLength, border };
  }

  #across(where: string): SurprisalError {
    return this.#unsupported(
      `makes one token of the end of the context and the beginning of the continuation of ${where}, and takes texts, not token ids`,
      'Cut the text elsewhere, or use the border rule "lm-eval", which leaves such a token out.',
    );
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

  #unsupported(
    what: string,
    wayOut: string = "Use a model in process (a GGUF file), or a server that can: `surprisal probe` shows what one does.",
  ): SurprisalError {
    return new SurprisalError({
      code: "UNSUPPORTED_CAPABILITY",
      what: `The server ${what}`,
      where: this.#source.identity.source,
      wayOut,
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
    offsets[i + 1] = offsets[i]! + (bytes?.length ?? lengthOf(text));
  return offsets;
}

/** UTF-8 bytes of a text. */
const lengthOf = (text: string): number => new TextEncoder().encode(text).length;

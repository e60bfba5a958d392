/** A language model whose every number is known: a Markov chain behind the LanguageModel contract. */
import {
  abortError,
  emptyColumns,
  emptyTable,
  fillColumns,
  invalidArgument,
  SurprisalError,
  type TokenColumns,
  type TokenRecord,
  tokenRecord,
  type WindowPlan,
} from "../../core/index.ts";
import { checkAlternatives, checkedIds, checkLength, checkOpen } from "../checks.ts";
import { type EncodedRequest, encodeRequest } from "../encode-request.ts";
import { checkGenerateOptions } from "../generate-options.ts";
import {
  checkNotEmpty,
  checkPrompt,
  completeEnd,
  generationOf,
  isChat,
  promptIds,
  promptTooLong,
} from "../generation.ts";
import type {
  ChatMessage,
  GenerateOptions,
  Generation,
  GenerationEnd,
  LanguageModel,
  Loss,
  ModelCapabilities,
  ModelExecution,
  ModelIdentity,
  ModelSequence,
  Prompt,
  Provenance,
  SampleOptions,
  ScoredSpan,
  ScoredText,
  ScoreOptions,
  ScoreRequest,
  ScoreTokensOptions,
  SpanDistributions,
  TextOrIds,
  TokenizedText,
  TokenizeOptions,
} from "../language-model.ts";
import { lossOf } from "../loss.ts";
import { MOST_SAMPLES, sampleWith } from "../sample.ts";
import { type WritingSource, writeTokens } from "../write-tokens.ts";
import { MarkovChain } from "./markov-chain.ts";
import { grow, type PrefixTree } from "./prefix-tree.ts";
import { spansOf } from "./table-plan.ts";
import { TableSequence } from "./table-sequence.ts";
import { TableTokenizer, type TableTokenizerOptions } from "./table-tokenizer.ts";

/** Options of a TableModel. */
export interface TableModelOptions extends TableTokenizerOptions {
  /** [V][V] p(next | previous), each row summing to 1. The rows of BOS and EOS say how a text begins. */
  transitions: readonly ArrayLike<number>[];
  /** Default "table". */
  name?: string | undefined;
  /** Longest text in one window, tokens; `null` = no limit. Default null. */
  trainedContext?: number | null | undefined;
}

/**
 * An exact Markov model of order 1, for tests: no weights, no files, no rounding beyond double precision. What it
 * should say is known in closed form from `chain`.
 */
export class TableModel implements LanguageModel {
  readonly specVersion = "1";
  readonly identity: ModelIdentity;
  readonly vocabulary: TableTokenizer;
  readonly capabilities: ModelCapabilities;
  readonly execution: ModelExecution = { place: "process", threads: 1 };
  readonly trainedContext: number | null;
  readonly settings: Readonly<Record<string, string | number | boolean>> = { engine: "table", order: 1 };
  /** The chain itself: conditional probabilities, stationary distribution, entropy rate. */
  readonly chain: MarkovChain;
  #disposed = false;

  /** @throws SurprisalError INVALID_ARGUMENT when the table is no Markov chain over the symbols. */
  constructor({ transitions, name = "table", trainedContext = null, ...tokenizer }: TableModelOptions) {
    this.vocabulary = new TableTokenizer(tokenizer);
    this.chain = new MarkovChain(transitions);
    const { size } = this.chain;
    if (size !== this.vocabulary.size)
      throw invalidArgument(`${size} rows of transitions for ${this.vocabulary.size} symbols`, "transitions");
    this.trainedContext = trainedContext;
    this.identity = {
      name,
      source: name,
      sha256: null,
      architecture: "markov",
      parameters: size * size,
      quantisation: null,
      bytes: null,
    };
    this.capabilities = {
      score: true,
      alternatives: size,
      distribution: true,
      tokenize: true,
      generate: true,
      fork: true,
      shift: true,
      embed: false,
      chat: false,
      chatTemplate: false,
    };
  }

  /**
   * The chain over "a" and "b" that changes from a to b with probability `ab` and back with `ba`, both in (0, 1].
   * In the long run b has the share ab / (ab + ba), and that is also how a text begins (after BOS, id 2).
   */
  static twoState(ab: number, ba: number): TableModel {
    const b = ab / (ab + ba);
    const transitions = [
      [1 - ab, ab, 0],
      [ba, 1 - ba, 0],
      [1 - b, b, 0],
    ];
    return new TableModel({ name: "two-state", symbols: ["a", "b", "<s>"], bos: 2, transitions });
  }

  /**
   * A chain over all 256 bytes, so that it reads any text; BOS is 256, EOS 257. After each token the others follow
   * Zipf's law in an order of their own: probabilities 1, 1/2, 1/3, ... normalised; BOS never follows.
   */
  static bytes(): TableModel {
    const symbols = [...Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)), "<s>", "</s>"];
    const [bos, eos] = [256, 257];
    const transitions = symbols.map((_, previous) => {
      // Multiplying by a number modulo a prime larger than V puts the tokens into an order without ties.
      const weights = symbols.map((_, next) =>
        next === bos ? 0 : 1 / (1 + ((89 * next + 53 * previous) % 263)),
      );
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      return weights.map((weight) => weight / total);
    });
    return new TableModel({ name: "bytes", symbols, bos, eos, transitions });
  }

  async tokenize(text: string, options?: TokenizeOptions): Promise<TokenizedText> {
    this.#assertOpen();
    return this.vocabulary.tokenize(text, options);
  }

  async detokenize(ids: ArrayLike<number>): Promise<Uint8Array> {
    this.#assertOpen();
    return this.vocabulary.detokenize(ids);
  }

  async *score(requests: Iterable<ScoreRequest>, options: ScoreOptions = {}): AsyncGenerator<ScoredText> {
    checkAlternatives(this, options.alternatives);
    const alreadyRun: PrefixTree = new Map();
    let index = 0;
    for (const request of requests) {
      this.#assertOpen();
      if (options.signal?.aborted) throw abortError("Scoring", options.signal);
      const encoded = await encodeRequest(request, index, this.vocabulary, options);
      checkLength(this, encoded.input.length, `request ${index}`);
      yield {
        index,
        ...this.#answer(encoded, options.alternatives ?? 0),
        tokensRun: grow(alreadyRun, encoded.input),
      };
      index++;
    }
  }

  async *scoreTokens(
    ids: ArrayLike<number>,
    plan: WindowPlan,
    options: ScoreTokensOptions = {},
  ): AsyncGenerator<ScoredSpan> {
    this.#assertOpen();
    checkAlternatives(this, options.alternatives);
    checkedIds(ids, this.vocabulary.size);
    checkLength(this, plan.context, "the plan's context");
    for (const { start, previous, tokensRun } of spansOf(ids, plan)) {
      this.#assertOpen();
      if (options.signal?.aborted) throw abortError("Scoring", options.signal);
      const targets = Array.from(previous, (_, i) => ids[start + i]!);
      const columns = this.#read(previous, targets, options.alternatives ?? 0);
      const distributions = options.distributions ? this.#distributions(previous) : undefined;
      yield { start, ...columns, distributions, tokensRun, decodeMs: 0 };
    }
  }

  async loss(text: string, options: { signal?: AbortSignal | undefined } = {}): Promise<Loss> {
    return lossOf(this, text, options);
  }

  generate(prompt: Prompt, options: GenerateOptions = {}): Generation {
    return generationOf(this.#generate(prompt, options));
  }

  async *#generate(
    prompt: Prompt,
    options: GenerateOptions,
  ): AsyncGenerator<TokenRecord, GenerationEnd, void> {
    this.#assertOpen();
    checkAlternatives(this, options.alternatives);
    checkGenerateOptions(options);
    checkPrompt(prompt);
    if (isChat(prompt)) throw this.#unsupported("has no chat template");
    const ids = await promptIds(prompt as TextOrIds, options, (...given) => this.tokenize(...given));
    checkedIds(ids, this.vocabulary.size);
    checkNotEmpty(ids);
    const most = this.trainedContext ?? Number.POSITIVE_INFINITY;
    if (ids.length > most) throw promptTooLong(ids.length);
    let previous = ids[ids.length - 1]!;
    let held = ids.length;
    const distribution = () => {
      this.#assertOpen();
      return Float32Array.from(this.chain.prediction(previous).logprobs);
    };
    const source: WritingSource = {
      pieces: this.vocabulary,
      distribution,
      logits: distribution, // a table's logits are its ln p
      extend: async (id) => {
        if (held === most) return false;
        previous = id;
        held++;
        return true;
      },
      record: (id, _, alternatives) => this.#record(previous, id, alternatives),
    };
    const written = yield* writeTokens(source, ids, options);
    const provenance: Provenance = { model: this.identity, probabilities: "raw", eosCounted: false };
    return { ...completeEnd(written.finishReason, written.tokens, provenance), ...written };
  }

  sample(prompt: Prompt, options: SampleOptions): readonly Generation[] {
    return sampleWith(options, MOST_SAMPLES, (own) => this.#generate(prompt, own));
  }

  async open(): Promise<ModelSequence> {
    this.#assertOpen();
    return this.#sequence([]);
  }

  applyChatTemplate(_messages: readonly ChatMessage[]): string {
    this.#assertOpen();
    throw this.#unsupported("has no chat template");
  }

  async embed(_texts: readonly string[]): Promise<Float32Array[]> {
    this.#assertOpen();
    throw this.#unsupported("has no embeddings");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
  }

  #answer(request: EncodedRequest, k: number) {
    const { input, contextLength, continuation, byteOffsets, firstScored, border } = request;
    const table = emptyTable(continuation, byteOffsets, k);
    const previous = input.subarray(contextLength + firstScored - 1);
    fillColumns(table, firstScored, this.#read(previous, continuation.subarray(firstScored), k));
    const complete = firstScored === 0;
    return {
      logprob: complete ? table.logprobs.reduce((sum, logprob) => sum + logprob, 0) : null,
      greedy: complete ? table.ranks.every((rank) => rank === 1) : null,
      tokens: table,
      border,
      provenance: {
        model: this.identity,
        probabilities: "raw" as const,
        eosCounted: continuation.some((id) => id === this.vocabulary.eos),
      },
    };
  }

  /** What the chain says of each target after the token before it; -1 = nothing before it, so missing. */
  #read(previous: ArrayLike<number>, targets: ArrayLike<number>, k: number): TokenColumns {
    const columns = emptyColumns(targets.length, k);
    for (let i = 0; i < targets.length; i++) {
      if (previous[i] === -1) continue;
      const { logprobs, entropy, order } = this.chain.prediction(previous[i]!);
      const logprob = logprobs[targets[i]!]!;
      columns.logprobs[i] = logprob;
      columns.entropies[i] = entropy;
      columns.ranks[i] = 1 + order.findIndex((id) => logprobs[id]! <= logprob);
      const possible = order.subarray(0, k).filter((id) => logprobs[id]! > Number.NEGATIVE_INFINITY);
      columns.alternatives?.ids.set(possible, i * k);
      columns.alternatives?.logprobs.set(
        Array.from(possible, (id) => logprobs[id]!),
        i * k,
      );
    }
    return columns;
  }

  /** The rows of the table as they are, so that their logarithm of the sum is that of 1. */
  #distributions(previous: readonly number[]): SpanDistributions {
    const { size } = this.chain;
    const logits = new Float32Array(previous.length * size);
    for (const [i, token] of previous.entries()) logits.set(this.chain.prediction(token).logprobs, i * size);
    return { logits, logSumExps: new Float64Array(previous.length) };
  }

  #record(previous: number, id: number, k: number): TokenRecord {
    const bytes = this.vocabulary.piece(id);
    const table = emptyTable(Int32Array.of(id), Uint32Array.of(0, bytes.length), k);
    fillColumns(table, 0, this.#read([previous], [id], k));
    return tokenRecord(table, 0, bytes, (other) => this.vocabulary.piece(other));
  }

  #sequence(held: readonly number[]): ModelSequence {
    return new TableSequence(held, {
      read: (previous, targets, { alternatives = 0, signal }) => {
        this.#assertOpen();
        checkAlternatives(this, alternatives);
        checkedIds(targets, this.vocabulary.size);
        if (signal?.aborted) throw abortError("Scoring", signal);
        return this.#read(previous, targets, alternatives);
      },
      next: (previous) => {
        this.#assertOpen();
        return Float32Array.from(this.chain.prediction(previous).logprobs);
      },
      fork: (ids) => this.#sequence(ids),
    });
  }

  #assertOpen(): void {
    checkOpen(!this.#disposed);
  }

  #unsupported(what: string): SurprisalError {
    return new SurprisalError({
      code: "UNSUPPORTED_CAPABILITY",
      what: `A table ${what}`,
      where: this.identity.name,
    });
  }
}

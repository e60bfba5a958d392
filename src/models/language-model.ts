/**
 * The contract every source of log-probabilities fulfils. Types only; the conformance suite (`surprisal/test`)
 * says in code what the words below mean.
 */
import type { TokenTable, WindowPlan } from "../core/index.ts";
import type { GenerateOptions, Generation, Prompt, SampleOptions } from "./answer-contract.ts";

export type * from "./answer-contract.ts";

/** Which model gave a number: enough to tell two files of the same name apart. */
export interface ModelIdentity {
  /** Name for people: the alias, or the file's own `general.name`. */
  name: string;
  /** What the person asked for: alias, path, or address. */
  source: string;
  /**
   * sha256 of the weights, lower-case hex; of a model split into several files, of the text made of their sha256 in order,
   * each followed by a line feed; `null` when the source cannot give one.
   */
  sha256: string | null;
  /** The files of a split model, in order; left out for a single file. */
  files?: readonly { name: string; sha256: string; bytes: number }[] | undefined;
  /** Architecture, such as "llama" or "gemma3"; `null` when unknown. */
  architecture: string | null;
  /** Number of weights; `null` when unknown. */
  parameters: number | null;
  /** Weight format, such as "Q8_0"; `null` when unknown. */
  quantisation: string | null;
  /** Size of the model's files, bytes; `null` when unknown. */
  bytes: number | null;
  /** Bits per weight as stored, over all tensors, without the file's header; left out or `null` when unknown. */
  bitsPerWeight?: number | null | undefined;
}

/** What the tokenizer adds and what the model was trained for. */
export interface ModelVocabulary {
  /** Number of tokens V; `null` when unknown. */
  size: number | null;
  /** Beginning-of-sequence id, or `null`. */
  bos: number | null;
  /** End-of-sequence id, or `null`. */
  eos: number | null;
  /** The model's own tokenizer puts BOS in front of a text. */
  addsBos: boolean;
}

/** What this source can do. A source that says `true` is held to it by the conformance suite. */
export interface ModelCapabilities {
  /** Scores given text: `score`, `scoreTokens`, `loss`. */
  score: boolean;
  /** Largest number of alternatives per token; 0 = none. */
  alternatives: number;
  /** Exact entropy and rank from the full distribution. */
  distribution: boolean;
  tokenize: boolean;
  generate: boolean;
  /** Opens sequences that can be forked and truncated: `open`. */
  fork: boolean;
  /** A kept cache can be shifted, so the `cached` plan can be carried out. */
  shift: boolean;
  embed: boolean;
  /** `generate` takes a chat. */
  chat: boolean;
  /** Fills in its chat template here: `applyChatTemplate`. A server fills in its own. */
  chatTemplate: boolean;
}

/** Where the model computes: what decides how many of it may work side by side. */
export interface ModelExecution {
  /** "process": in the memory of this process, which may load it several times. "server": elsewhere, for many at once. */
  place: "process" | "server";
  /** CPU threads of one computation, at least 1; `null` = unknown, as of every server. */
  threads: number | null;
}

/** Options of `LanguageModel.tokenize`. */
export interface TokenizeOptions {
  /** Add the special tokens the model's tokenizer adds (BOS). Default false. */
  addSpecial?: boolean | undefined;
  /** Read `<|im_end|>` and the like in the text as special tokens. Default false: scored text is only text. */
  parseSpecial?: boolean | undefined;
}

/** A text as tokens. */
export interface TokenizedText {
  /** [n] token ids. */
  ids: Int32Array;
  /** [n+1] offsets into the text's UTF-8 bytes; token i is bytes [byteOffsets[i], byteOffsets[i+1]). */
  byteOffsets: Uint32Array;
}

/** A text, or token ids. */
export type TextOrIds = string | ArrayLike<number>;

/**
 * What happens where a token lies across the border of context and continuation, both given as strings. In either, white
 * space at the end of the context (Python's, as `str.rstrip` takes it off) belongs to the continuation, and both are encoded
 * together. docs/recipes.md says more.
 */
export type BorderRule =
  /**
   * Every byte of the continuation is scored, and none of the context: where a token would hold the end of the context and
   * the beginning of the continuation, the two are encoded apart.
   */
  | "whole"
  /**
   * lm-eval 0.4.13, `_encode_pair`: as many tokens as the context has by itself are cut off, so such a token is not scored,
   * or nothing is left. A text that begins with BOS gets no second one, and special tokens are read in it.
   */
  | "lm-eval";

/** How context and continuation were told apart. */
export interface Border {
  rule: BorderRule;
  /** The two were encoded apart, since a token would have been part of both. */
  apart: boolean;
  /** UTF-8 bytes of white space that were moved from the context's end to the continuation, and are scored there. */
  moved: number;
  /** Of the continuation, what is not scored: UTF-8 bytes (an empty continuation is none), and tokens that hold some of them. */
  lost: { bytes: number; tokens: number };
}

/** Score `continuation` given `context`. As strings they are encoded together and split by a `BorderRule`. */
export interface ScoreRequest {
  /** Empty: BOS where the model has one, else EOS. */
  context: TextOrIds;
  /** At least one token. */
  continuation: TextOrIds;
}

/** Options of `LanguageModel.score`. */
export interface ScoreOptions {
  /** Alternatives per token, 0 ... capabilities.alternatives. Default 0. */
  alternatives?: number | undefined;
  /** How requests of strings are told apart. Default "whole". */
  border?: BorderRule | undefined;
  /** Read special tokens in requests of strings. Default: false; true under the border rule "lm-eval", as there. */
  parseSpecial?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

/** Options of `LanguageModel.scoreTokens`. */
export interface ScoreTokensOptions extends Omit<ScoreOptions, "border" | "parseSpecial"> {
  /** Also the whole distribution each token was predicted from; needs the capability `distribution`. Default false. */
  distributions?: boolean | undefined;
}

/** What stands beside every number: where it came from. */
export interface Provenance {
  model: ModelIdentity;
  /** How it was computed: engine, device, kernels, precision; left out where a server does not say. */
  settings?: LanguageModel["settings"] | undefined;
  /** "raw": softmax of the model's own logits; "post-sampling": after temperature and the like. */
  probabilities: "raw" | "post-sampling";
  /** Whether an end-of-text token is among the scored ones. */
  eosCounted: boolean;
}

/** The answer to one ScoreRequest. */
export interface ScoredText {
  /** Index of the request. Answers come in the order of the requests. */
  index: number;
  /** ln p(continuation | context), nats; -Infinity at probability 0; `null` when a token of it carries no number. */
  logprob: number | null;
  /** Every token of the continuation was the model's first choice. */
  greedy: boolean | null;
  /** The continuation's tokens; byte offsets count from the beginning of what is scored. */
  tokens: TokenTable;
  /** How the two strings of a request were told apart; `null`, or left out: of ids, or the source does not say. */
  border?: Border | null | undefined;
  /** Tokens run through the model for this answer that no earlier answer had run already. */
  tokensRun: number;
  provenance: Provenance;
}

/** The whole distributions of m positions, as the model computes them: ln p = logit - ln Σ e^logit, nats. */
export interface SpanDistributions {
  /** [m*V] unnormalised ln p of every token, position by position; -Infinity = probability 0. */
  logits: Float32Array;
  /** [m] ln Σ e^logit per position. */
  logSumExps: Float64Array;
}

/** The scored tokens of one piece of a plan, in document order. */
export interface ScoredSpan {
  /** Document index of the first token in the columns. */
  start: number;
  /** [m] ln p, nats; NaN = missing. */
  logprobs: Float64Array;
  /** [m] entropy, nats; NaN = missing. */
  entropies: Float64Array;
  /** [m] 1 = first choice; 0 = missing. */
  ranks: Int32Array;
  /** [m*k] */
  alternatives: TokenTable["alternatives"];
  /**
   * What each token was predicted from, when it was asked for. The arrays are used again: they hold until the next
   * span is asked for, so that memory does not grow with the text.
   */
  distributions?: SpanDistributions | undefined;
  /** Tokens run through the model since the span before. */
  tokensRun: number;
  /** Time inside the model since the span before, milliseconds. */
  decodeMs: number;
}

/** A sequence held in the model's memory, that can be continued, forked and cut. */
export interface ModelSequence extends AsyncDisposable {
  /** Tokens held. */
  readonly length: number;
  /** Run tokens after what is held and score each of them (the very first of an empty sequence is missing). */
  extend(ids: ArrayLike<number>, options?: ScoreOptions): Promise<ScoredSpan>;
  /** [V] ln p of every next token, nats. Throws when nothing is held yet. */
  next(): Float32Array;
  /** A second sequence with the same past. Costs no decoding. */
  fork(): Promise<ModelSequence>;
  /** Keep only the first `length` tokens. */
  truncate(length: number): Promise<void>;
}

/** A message of a conversation: `role` is "system", "user", "assistant", or what else the template knows. */
export interface ChatMessage {
  role: string;
  content: string;
}

/** The loss of a text, as `model(ids, labels=ids).loss` in Transformers. */
export interface Loss {
  /** Mean negative log-likelihood per predicted token, nats. */
  loss: number;
  /** exp(loss). */
  perplexity: number;
  /** Tokens of the text, BOS included where the model's tokenizer adds one. */
  tokens: number;
  /** Tokens that carry a number (the first has nothing to be predicted from). */
  scored: number;
}

/** A source of log-probabilities. */
export interface LanguageModel extends AsyncDisposable {
  readonly specVersion: "1";
  readonly identity: ModelIdentity;
  readonly vocabulary: ModelVocabulary;
  readonly capabilities: ModelCapabilities;
  readonly execution: ModelExecution;
  /** Longest context the model was trained for, tokens; `null` when unknown. */
  readonly trainedContext: number | null;
  /** Settings that can change a number or its speed (device, threads, precision), shown in every result; for people. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  /** What a person should know about every number of this model, such as a tokenizer that is not the one it was trained with. */
  readonly notes?: readonly string[] | undefined;

  tokenize(text: string, options?: TokenizeOptions): Promise<TokenizedText>;
  /** The exact bytes of the tokens, special tokens as their text. */
  detokenize(ids: ArrayLike<number>): Promise<Uint8Array>;

  /** Answers in the order of the requests; requests that share a prefix cost that prefix once. */
  score(requests: Iterable<ScoreRequest>, options?: ScoreOptions): AsyncIterable<ScoredText>;
  /** Carries out a window plan over one document; spans arrive in document order as they are computed. */
  scoreTokens(
    ids: ArrayLike<number>,
    plan: WindowPlan,
    options?: ScoreTokensOptions,
  ): AsyncIterable<ScoredSpan>;
  /** Transformers-style loss of one text. Throws CONTEXT_EXCEEDED beyond the trained context. */
  loss(text: string, options?: { signal?: AbortSignal | undefined }): Promise<Loss>;

  /**
   * Writes on, one record per token; the end-of-text token is not among them. A chat needs the capability `chat`.
   * @throws SurprisalError from the iteration, after the records that did arrive
   */
  generate(prompt: Prompt, options?: GenerateOptions): Generation;
  /**
   * Writes `n` answers to one prompt; the prompt is run once, in process and where a server gives several answers to one request.
   * Answer i is what `generate` writes with the seed `seed + i`, see `SampleOptions.n`. Each is written while it is read, and
   * waits for no other unless there are more than can be written at once (`whenFull`); the prompt stays in memory until all have begun
   * or were closed (`return()`), or `signal` is aborted.
   * @throws SurprisalError INVALID_ARGUMENT for an `n` that is no whole number, less than 1, or more than the source runs at
   *   once; the rest from the iterations, as `generate`.
   */
  sample(prompt: Prompt, options: SampleOptions): readonly Generation[];
  open(): Promise<ModelSequence>;
  /** Fills in the model's own chat template. */
  applyChatTemplate(
    messages: readonly ChatMessage[],
    options?: { addGenerationPrompt?: boolean | undefined },
  ): string;
  /** [texts][n_embd] mean-pooled embeddings, one per text. */
  embed(texts: readonly string[], options?: { signal?: AbortSignal | undefined }): Promise<Float32Array[]>;
}

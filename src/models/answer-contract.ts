/** What is asked of a model that writes, and what it says: the half of the contract (language-model.ts) that is about answers. */
import type { TokenRecord } from "../core/index.ts";
import type { ChatMessage, Provenance, TextOrIds } from "./language-model.ts";

/** Options of `LanguageModel.generate`. */
export interface GenerateOptions {
  /** Most tokens to write. Default 256. */
  maxTokens?: number | undefined;
  /** 0 = greedy. Default 0. */
  temperature?: number | undefined;
  /** Keep only the k most probable tokens; 0 = all. Default 0. */
  topK?: number | undefined;
  /** Keep the smallest set of tokens with at least this probability mass, (0, 1]. Default 1. */
  topP?: number | undefined;
  /** Seed of the sampler; the same seed gives the same text on the same engine. Default 0. */
  seed?: number | undefined;
  /** Drop tokens with less than this share of the most probable one's probability, [0, 1]. Default 0: none. */
  minP?: number | undefined;
  /**
   * Makes tokens less likely that stand among the last `repeatLastN`: their logits are divided by it where positive, else
   * multiplied; more than 0. Default 1: nothing. Needs the model's logits. As llama.cpp's `--repeat-penalty`.
   */
  repeatPenalty?: number | undefined;
  /** How far back the three penalties look, tokens of prompt and answer together; 0 = nowhere, -1 = all. Default 64. */
  repeatLastN?: number | undefined;
  /** Taken off a token's logit for each time it stands among the last `repeatLastN`. Default 0. */
  frequencyPenalty?: number | undefined;
  /** Taken off the logit of every token that stands among the last `repeatLastN`. Default 0. */
  presencePenalty?: number | undefined;
  /**
   * Texts that end the writing; they are not part of the answer. They are looked for in everything that is written, also in
   * what is thought, but not in the prompt or the prefill. Default: none.
   */
  stop?: readonly string[] | undefined;
  /**
   * What the answer begins with. It is run after the prompt, in a chat as the beginning of the assistant's message; its tokens
   * are not among the records. Default: "".
   */
  prefill?: string | undefined;
  /**
   * The answer is one of these texts. In every place only tokens are drawn that go on with one of them, in whatever way
   * it is cut into tokens; where one text begins with another, the shorter is chosen as often as the model would write
   * anything else than the rest of a longer one. Default: anything.
   */
  oneOf?: readonly string[] | undefined;
  /** Alternatives per token. Default 0. */
  alternatives?: number | undefined;
  /**
   * Also the shape of every distribution (`TokenRecord.shape`), of which Rényi entropy, Fisher-Rao distance and self-certainty are made.
   * Needs the capability `distribution`. Default false.
   */
  shape?: boolean | undefined;
  /**
   * What happens where a model in process has no room for one more answer. "wait", the default: for its turn, in the order of
   * coming; where cells of the context run out, the youngest answers wait until older ones have ended. "refuse":
   * TOO_MANY_SEQUENCES, or CONTEXT_EXCEEDED for its prompt, or an end for the reason "length". Servers have rules of their own.
   */
  whenFull?: "wait" | "refuse" | undefined;
  /**
   * "on": what is asked of a model in process at the same moment is run together. "off": by itself, with the digits and the
   * tokens of one answer at a time. Default: as the model was loaded. Servers have rules of their own.
   */
  batching?: "on" | "off" | undefined;
  /** Read special tokens in a string prompt and in `prefill`. Default true: a prompt is usually a filled-in chat template. */
  parseSpecial?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

/** Options of `LanguageModel.sample`. */
export interface SampleOptions extends GenerateOptions {
  /**
   * How many answers, at least 1; in process, without `whenFull: "wait"`, no more than can be written at once. Answer i is
   * written with the seed `seed + i`; a server that gives several answers to one request (`n`) is told `seed` and makes the
   * others' of it in a way of its own, vLLM in this one.
   */
  n: number;
}

/** What a model writes on from: a text, token ids, or a chat, for which the source fills in the model's own template. */
export type Prompt = TextOrIds | readonly ChatMessage[];

/** Why writing ended. "other" is whatever a server says that is none of these. */
export type FinishReason = "stop" | "length" | "content-filter" | "tool-calls" | "other";

/** How a stop string ended the writing. */
export interface StopMatch {
  /** The stop string, as it was given: of several that are completed at once, the longest. */
  text: string;
  /** What the token that completed it held behind it. */
  behind: string;
  /**
   * The tokens from where the stop string begins, as the model wrote them. Where the first holds the end of the answer too, it
   * is also the last of the records, cut: see `TokenRecord.cut`.
   */
  records: readonly TokenRecord[];
}

/** What `oneOf` came to. */
export interface Choice {
  /** Which of the texts was written; `null`: `maxTokens` or the context ended it before. */
  index: number | null;
  /** Per token the probability, 0 ... 1, that the model itself gave to whatever neither goes on with one of the texts nor ends one. */
  outside: readonly number[];
}

/** What it took to read a prompt. */
export interface PromptRun {
  /** Tokens of the prompt with its prefill. */
  tokens: number;
  /** Of these, the ones that were not run for this answer: they lay in memory since another one had run them. */
  shared: number;
}

/** What is known when the last token has been written. */
export interface GenerationEnd {
  finishReason: FinishReason;
  /** Which stop string ended it; left out where none did, or the source does not say. */
  stop?: StopMatch | undefined;
  /** Left out without `oneOf`. */
  choice?: Choice | undefined;
  /**
   * Tokens written as the source counts them, the end-of-text token and those of a stop string not among them; `null` when
   * it does not say.
   */
  tokens: number | null;
  /** What it took to read the prompt; left out where the source does not say. */
  prompt?: PromptRun | undefined;
  /** Tokens that carry a number. */
  scored: number;
  /** Some token carries no number, so the perplexity of those that do is not the text's. */
  partial: boolean;
  provenance: Provenance;
  /** What a person should know about these numbers; empty when all is well. */
  warnings: readonly string[];
}

/** Token records as they are written. Leaving the loop early stops the source. */
export interface Generation extends AsyncIterableIterator<TokenRecord> {
  /** `null` until the last record was read, and for ever when writing failed, was aborted or left early. */
  readonly end: GenerationEnd | null;
  /**
   * What was known to be wrong with the numbers when the loop was left early, by a policy for example; `null` before, and
   * left out or `null` where the source says it only at the end.
   */
  readonly doubts?: Pick<GenerationEnd, "partial" | "warnings"> | null | undefined;
}

/** The contract of models that turn texts into vectors. Models that predict tokens have another: language-model.ts. */
import type { ModelExecution, ModelIdentity } from "./language-model.ts";

/** A text as a vector. */
export interface Embedding {
  /** [dimensions] of length 1, unless `normalise` is false. The cosine of two is then the sum of their products. */
  vector: Float32Array;
  /** Tokens the vector was made of, those that begin and end every text included. */
  tokens: number;
  /** Tokens of the text's end that were left out, because it is longer than `maxTokens`. */
  tokensLeftOut: number;
}

/** Options of `EmbeddingModel.embed`. */
export interface EmbedOptions {
  /** Vectors of length 1. Default true. */
  normalise?: boolean | undefined;
  /** Told after every batch how many texts are done. */
  onProgress?: ((progress: { done: number; total: number }) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** A source of vectors of texts. */
export interface EmbeddingModel extends AsyncDisposable {
  readonly specVersion: "1";
  readonly identity: ModelIdentity;
  readonly execution: ModelExecution;
  /** Length of a vector. */
  readonly dimensions: number;
  /** Longest text, tokens, those that begin and end every text included. What is longer loses its end, and the result says so. */
  readonly maxTokens: number;
  /** How the vectors of the tokens become one: their mean, the first token's, or the last token's. */
  readonly pooling: "mean" | "cls" | "last";
  /** Settings that can change a number or its speed, for people. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  /** What a person should know about every vector of this model. */
  readonly notes: readonly string[];

  /** The ids the model is given for a text, before anything is left out. */
  tokenize(text: string): Promise<Int32Array>;
  /**
   * One vector for each text, in their order. Many short texts are run together; what else is run moves a vector by no more than
   * rounding does (docs/embedding.md has the figure). An empty text has a vector, too: what the model makes of nothing.
   * @throws SurprisalError INVALID_ARGUMENT (half a surrogate pair), ABORTED, MODEL_DISPOSED, OUT_OF_MEMORY, ENGINE_FAILED
   */
  embed(texts: readonly string[], options?: EmbedOptions): Promise<Embedding[]>;
}

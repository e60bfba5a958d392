/** What a PAQ router knows of a prompt: the contract of all sources of it. */

/** A prompt as numbers. */
export interface PaqVector {
  /** [dimensions] finite. */
  vector: Float32Array;
  /** What it took, milliseconds. */
  ms: number;
  /** Tokens of the prompt's end that the vector does not know of, because it is too long for the source. */
  leftOut: number;
}

/** A source of numbers: `paq.encoder`, `paq.statistics`, or one of your own. */
export interface PaqFeatures {
  /** "encoder", "statistics" ...: a router refuses another than it was fitted with. */
  readonly name: string;
  /** Length of a vector. */
  readonly dimensions: number;
  /** What makes the numbers, where it is a model: a router refuses one with another sha256. `null`: no model. */
  readonly identity: { readonly name: string; readonly sha256: string | null } | null;
  /**
   * One vector for each prompt, in their order; each is made by itself, so that its digits and its time do not depend on the others.
   * @throws SurprisalError what the source throws.
   */
  of(
    prompts: readonly string[],
    options?: { signal?: AbortSignal | undefined; onProgress?: ((done: number) => void) | undefined },
  ): Promise<PaqVector[]>;
}

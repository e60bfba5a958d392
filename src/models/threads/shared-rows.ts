/**
 * Memory through which a thread learns where rows of logits lie, and gives their numbers back. The rows themselves are not
 * copied: on the way from one core's cache to another's that takes as long as reading them.
 */

/** Values of `state`. */
export const IDLE = 0;
export const WORK = 1;
export const FAILED = 2;

/**
 * What is computed: the numbers of a row and a token (`LogitKernel.analyse`), or how far two rows are apart
 * (`DivergenceKernel.measure`).
 */
export type KernelKind = "logits" | "divergence";

/** Numbers that go with a job and come back from it, at most. */
export const NUMBERS = 4;

/** Numbers that say where a row is. */
export const PLACE = 3;

/** The memory of one thread: typed arrays over SharedArrayBuffers. */
export interface SharedRows {
  kind: KernelKind;
  vocabularySize: number;
  maxAlternatives: number;
  /** [1] whose turn it is. */
  state: Int32Array;
  /** [2] how many jobs, and how many alternatives of each. */
  counts: Int32Array;
  /** [jobs * rows * PLACE] where each row of logits is: address and bytes of its buffer, and its offset there, bytes. */
  places: BigUint64Array;
  /** [jobs * NUMBERS] the token; the log-sum-exps of two rows. */
  given: Float64Array;
  /** [jobs * NUMBERS] ln p, rank, entropy, log-sum-exp; divergence, and the most probable token of each row. */
  found: Float64Array;
  /** [jobs * maxAlternatives] the first k of each: ids, and ln p, nats. */
  topIds: Int32Array;
  topLogprobs: Float32Array;
}

/** Rows of a job. */
export const rowsOf = (kind: KernelKind): number => (kind === "logits" ? 1 : 2);

/** For `jobs` jobs at a time. */
export function sharedRows(
  jobs: number,
  { kind, vocabularySize, maxAlternatives }: Pick<SharedRows, "kind" | "vocabularySize" | "maxAlternatives">,
): SharedRows {
  const bytes = (count: number) => new SharedArrayBuffer(count);
  return {
    kind,
    vocabularySize,
    maxAlternatives,
    state: new Int32Array(bytes(4)),
    counts: new Int32Array(bytes(8)),
    places: new BigUint64Array(bytes(8 * jobs * rowsOf(kind) * PLACE)),
    given: new Float64Array(bytes(8 * jobs * NUMBERS)),
    found: new Float64Array(bytes(8 * jobs * NUMBERS)),
    topIds: new Int32Array(bytes(4 * jobs * maxAlternatives)),
    topLogprobs: new Float32Array(bytes(4 * jobs * maxAlternatives)),
  };
}

/** Memory through which a thread gets rows of logits and gives their numbers back. */

/** Values of `state`. */
export const IDLE = 0;
export const WORK = 1;
export const FAILED = 2;

/** Numbers of a row, in this order: ln p and rank of its token, entropy, log-sum-exp. */
export const NUMBERS = 4;

/** The memory of one thread: typed arrays over SharedArrayBuffers. */
export interface SharedRows {
  vocabularySize: number;
  maxAlternatives: number;
  /** [1] whose turn it is. */
  state: Int32Array;
  /** [2 + rows] how many rows, how many alternatives of each, and the token of each row. */
  job: Int32Array;
  /** [rows * V] logits. */
  logits: Float32Array;
  /** [rows * NUMBERS] */
  numbers: Float64Array;
  /** [rows * maxAlternatives] the first k of each row: ids, and ln p, nats. */
  topIds: Int32Array;
  topLogprobs: Float32Array;
}

/** For `rows` rows at a time. */
export function sharedRows(rows: number, vocabularySize: number, maxAlternatives: number): SharedRows {
  const bytes = (count: number) => new SharedArrayBuffer(count);
  return {
    vocabularySize,
    maxAlternatives,
    state: new Int32Array(bytes(4)),
    job: new Int32Array(bytes(4 * (2 + rows))),
    logits: new Float32Array(bytes(4 * rows * vocabularySize)),
    numbers: new Float64Array(bytes(8 * rows * NUMBERS)),
    topIds: new Int32Array(bytes(4 * rows * maxAlternatives)),
    topLogprobs: new Float32Array(bytes(4 * rows * maxAlternatives)),
  };
}

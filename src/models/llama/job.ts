/** What a sequence asks of the batcher, and what comes of it. */
import { SurprisalError } from "../../core/index.ts";
import type { SequenceState } from "./sequence-memory.ts";

/** Tokens to be run after what a sequence holds. */
export interface Work {
  state: SequenceState;
  tokens: ArrayLike<number>;
  /**
   * Reads the logits after the new token `index`, which hold until it returns.
   * Left out: only those after the last are wanted, and what others have run already may be shared.
   */
  read?: ((index: number, logits: Float32Array) => void) | undefined;
  /** Where cells are missing: wait until others have ended. Default: fail. */
  waits?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

/** What it took. */
export interface Run {
  /** Tokens run. */
  tokensRun: number;
  /** Of the tokens held and new, those that another sequence had run. */
  shared: number;
  /** Time of the decode calls that it was part of, milliseconds. */
  decodeMs: number;
}

export interface Job extends Run {
  readonly work: Work;
  /** Cells that are kept for what is left to run; `null`: it was not let in yet. */
  cells: number[] | null;
  served: number;
  /** Tokens left to run. */
  readonly left: number;
  /** Why it ends after this decode call; `null`: it does not. */
  failed: unknown;
  resolve(run: Run): void;
  reject(error: unknown): void;
  off(): void;
}

/** A row of logits that comes out of a decode call: after the new token `index` of a job. */
export interface Row {
  job: Job;
  index: number;
  row: number;
}

/** What is refused that does not fit. @param room cells that are free, cells that there are, tokens that one sequence may hold. */
export function tooManyTokens(
  { left, work }: Job,
  { free, capacity, longest }: { free: number; capacity: number; longest: number },
): SurprisalError {
  const isLong = work.state.ids.length > longest;
  return new SurprisalError({
    code: "CONTEXT_EXCEEDED",
    what: isLong
      ? `${left} more tokens do not fit: a sequence holds ${longest} at most`
      : `${left} more tokens do not fit: ${free} cells of ${capacity} are free, open sequences hold the others`,
    wayOut: "Truncate or dispose open sequences, or load the model with a larger contextSize.",
  });
}

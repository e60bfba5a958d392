/** What merging is: a step goes, and what others need of it is written into them. */

/** A step to merge, with what stands around it. */
export interface MergeRequest {
  /** The question. */
  prompt: string;
  /** All steps as they are now. */
  steps: readonly string[];
  /** The step that goes, from 0. */
  step: number;
  /** Its neighbour, the following step, or before it for the last one. */
  into: number;
  signal?: AbortSignal | undefined;
}

/** Writes the neighbour anew so that it holds what the step said; `null` = it cannot. */
export type Merger = (request: MergeRequest) => Promise<string | null>;

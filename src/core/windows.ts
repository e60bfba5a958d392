/**
 * Window plans: how a document longer than the model's context is cut, as plain data.
 *
 * A plan says, step by step, which tokens are run through the model, which are scored, and (through what is
 * forgotten in between) what each one sees. Any engine can carry it out; nothing here knows a model.
 */

/** The five ways to cut a document. DESIGN: `disjoint`, `strided`, `half`, `cached`, `full`. */
export type WindowMethod = "disjoint" | "strided" | "half" | "cached" | "full";

/** A half-open range of document token indices, [start, end). */
export interface TokenRange {
  start: number;
  end: number;
}

/**
 * One step of a plan. The engine: (1) forgets, (2) runs `prefix` then the document tokens of `run` after what
 * is still kept, (3) reads the predictions of the document tokens of `score`.
 *
 * Token t is predicted by the input before it: the token t-1 when it was run in this step or as the last one of
 * the step before (nothing forgotten in between can change that prediction, it was computed already), or the
 * last prefix token when t is the first of `run`.
 */
export interface WindowStep {
  /** What is dropped from the kept sequence first, in positions of that sequence; the rest closes up. */
  forget: "all" | "none" | TokenRange;
  /** Token ids put in front of the run that are not tokens of the document (BOS or EOS). */
  prefix: readonly number[];
  /** Document tokens run through the model, in order. */
  run: TokenRange;
  /** llama.cpp's habit: the first token of the run is overwritten by this id; `null` = the document's own. */
  overwriteFirst: number | null;
  /** Document tokens whose log-probability is read in this step; within [run.start, run.end + 1). */
  score: TokenRange;
}

/** A document cut into steps. */
export interface WindowPlan {
  method: WindowMethod;
  /** Tokens in the document. */
  tokens: number;
  /** Most positions the model ever holds, prefix included. */
  context: number;
  steps: readonly WindowStep[];
}

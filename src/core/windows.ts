/**
 * Window plans: how a document longer than the model's context is cut, as plain data.
 *
 * A plan says, step by step, which tokens are run through the model, which are scored, and (through what is
 * forgotten in between) what each one sees. Any engine can carry it out; nothing here knows a model.
 */
import { requireInteger } from "./_arguments.ts";
import { invalidArgument, SurprisalError } from "./errors.ts";

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
  /** Positions the model must be able to hold, prefix included; no step needs more. */
  context: number;
  steps: readonly WindowStep[];
}

/** Disjoint windows that overlap by the one token the next is predicted from. Source: lm-evaluation-harness. */
export interface DisjointWindow {
  method: "disjoint";
  /** Most positions run in a window, prefix included, >= 2. */
  context: number;
  /** Id put in front of the text, from which its first token is predicted; `null`: that token is not scored. */
  prefix: number | null;
  /** Put the prefix in front of the first window only, or of each. */
  prefixIn: "first" | "every";
  /** lm-eval's habit: the last window reaches back to the full length; it scores the same tokens. */
  extendLast: boolean;
}

/** Windows that begin at multiples of the stride; each scores what the ones before did not. Source: Hugging Face. */
export interface StridedWindow {
  method: "strided";
  /** Tokens of a window, prefix included, >= 2; the last of them is scored and not run. */
  context: number;
  /** Tokens between the beginnings of windows, from 1 to context less the prefix. */
  stride: number;
  /** Id put in front of every window; `null`: none, and the text's first token is not scored. */
  prefix: number | null;
}

/** llama.cpp's chunks: disjoint, only the second half of each is scored, the tail of the text is dropped. */
export interface HalfWindow {
  method: "half";
  /** Tokens of a chunk, >= 3. */
  context: number;
  /** Id (BOS) that takes the place of each chunk's first token; `null` = that token stays. */
  overwriteFirst: number | null;
}

/** One pass over a kept cache that forgets its oldest tokens, attention sinks excepted. */
export interface CachedWindow {
  method: "cached";
  /** Most positions in the cache, prefix included, >= 2. */
  context: number;
  /** Most tokens run per step once the cache is full. */
  stride: number;
  /** First positions that are never forgotten, the prefix among them; less than context - stride. */
  sinks: number;
  prefix: number | null;
}

/** The whole document in one window. */
export interface FullWindow {
  method: "full";
  /** Most positions, prefix included; `null` = no limit is known. */
  context: number | null;
  prefix: number | null;
}

/** How to cut a document. Lengths are tokens. */
export type WindowOptions = DisjointWindow | StridedWindow | HalfWindow | CachedWindow | FullWindow;

/**
 * Cuts a document of `tokens` tokens. No step runs past `context` positions, and scored tokens come in the order
 * of the document.
 *
 * Every method but `half` scores each token exactly once, except the very first where there is no prefix to
 * predict it from. (One more exception, Hugging Face's own: `strided` with a stride of the whole context and no
 * prefix leaves the first token of every window without a number.)
 * @throws SurprisalError INVALID_ARGUMENT; NOTHING_TO_SCORE for a document of no token, or of one without a prefix;
 *   TOO_FEW_TOKENS (`half`); CONTEXT_EXCEEDED (`full`).
 */
export function planWindows(tokens: number, window: WindowOptions): WindowPlan {
  requireInteger(tokens, "tokens", 0);
  checkWindow(window);
  const prefix = window.method === "half" ? [] : idList(window.prefix);
  if (window.method !== "half" && tokens + prefix.length < 2)
    throw new SurprisalError({
      code: "NOTHING_TO_SCORE",
      what: `A document of ${tokens === 1 ? "one token" : "no tokens"} has nothing to predict`,
      wayOut: "Give a text of at least two tokens, or a recipe that puts BOS in front of it.",
    });
  const context = Math.min(window.context ?? Infinity, tokens + prefix.length);
  return { method: window.method, tokens, context, steps: planSteps(tokens, window) };
}

function planSteps(tokens: number, window: WindowOptions): WindowStep[] {
  switch (window.method) {
    case "disjoint":
      return disjointSteps(tokens, window);
    case "strided":
      return stridedSteps(tokens, window);
    case "half":
      return halfSteps(tokens, window);
    case "cached":
      return cachedSteps(tokens, window);
    case "full":
      return fullSteps(tokens, window);
  }
}

/**
 * As lm_eval.utils.get_rolling_token_windows with context_len 1, then make_disjoint_window: over the sequence
 * prefix + tokens, window k runs positions [kC, (k+1)C) and scores the token after each of them.
 */
function disjointSteps(
  tokens: number,
  { context, prefix, prefixIn, extendLast }: DisjointWindow,
): WindowStep[] {
  const steps: WindowStep[] = [];
  for (let scored = prefix === null ? 1 : 0; scored < tokens; ) {
    const front = steps.length === 0 || prefixIn === "every" ? idList(prefix) : [];
    const room = context - front.length;
    const begin = Math.max(0, scored - 1);
    const end = Math.min(tokens - 1, begin + room); // the document's last token predicts nothing
    const start = extendLast && end === tokens - 1 ? Math.max(0, end - room) : begin;
    steps.push(freshWindow(front, { start, end }, { start: scored, end: end + 1 }));
    scored = end + 1;
  }
  return steps;
}

/** As the loop in Hugging Face's "Perplexity of fixed-length models": windows [kS, kS + C), the rest is scored. */
function stridedSteps(tokens: number, { context, stride, prefix }: StridedWindow): WindowStep[] {
  const steps: WindowStep[] = [];
  const front = idList(prefix);
  let scored = 0;
  for (let begin = 0; scored < tokens; begin += stride) {
    const end = Math.min(tokens, begin + context - front.length);
    const first = Math.max(scored, begin + 1 - front.length); // nothing predicts a window's very first token
    if (first < end) steps.push(freshWindow(front, { start: begin, end: end - 1 }, { start: first, end }));
    scored = end;
  }
  return steps;
}

/**
 * As llama.cpp's llama-perplexity: chunk i runs [iC, (i+1)C) and scores from iC + C/2 + 1 on. The chunk's last
 * token is run although nothing reads its prediction, so that batches have the shape they have there.
 */
function halfSteps(tokens: number, { context, overwriteFirst }: HalfWindow): WindowStep[] {
  if (tokens < 2 * context)
    throw new SurprisalError({
      code: "TOO_FEW_TOKENS",
      what: `The half window needs at least ${2 * context} tokens for a context of ${context}; this text has ${tokens}`,
      where: "context",
      wayOut: "Give a longer text, a smaller context, or another window such as cached.",
    });
  const first = Math.floor(context / 2);
  return Array.from({ length: Math.floor(tokens / context) }, (_, chunk) => {
    const start = chunk * context;
    const end = start + context;
    return { ...freshWindow([], { start, end }, { start: start + first + 1, end }), overwriteFirst };
  });
}

/** Fills the cache, then steps of at most `stride` tokens, each making just the room it needs behind the sinks. */
function cachedSteps(tokens: number, { context, stride, sinks, prefix }: CachedWindow): WindowStep[] {
  const front = idList(prefix);
  let end = Math.min(tokens - 1, context - front.length);
  const steps = [freshWindow(front, { start: 0, end }, { start: 1 - front.length, end: end + 1 })];
  while (end < tokens - 1) {
    const start = end;
    end = Math.min(tokens - 1, start + stride);
    const overflow = end - start; // the cache is full
    steps.push({
      forget: { start: sinks, end: sinks + overflow },
      prefix: [],
      run: { start, end },
      overwriteFirst: null,
      score: { start: start + 1, end: end + 1 },
    });
  }
  return steps;
}

function fullSteps(tokens: number, { context, prefix }: FullWindow): WindowStep[] {
  const front = idList(prefix);
  const positions = front.length + tokens - 1;
  if (context !== null && positions > context)
    throw new SurprisalError({
      code: "CONTEXT_EXCEEDED",
      what: `The text needs ${positions} positions in one window; the context has ${context}`,
      where: "context",
      wayOut: "Give a shorter text, or a window that moves over it: cached, strided or disjoint.",
    });
  return [freshWindow(front, { start: 0, end: tokens - 1 }, { start: 1 - front.length, end: tokens })];
}

/** A window that knows nothing of the ones before. */
function freshWindow(prefix: readonly number[], run: TokenRange, score: TokenRange): WindowStep {
  return { forget: "all", prefix, run, overwriteFirst: null, score };
}

function idList(id: number | null): number[] {
  return id === null ? [] : [id];
}

/**
 * Throws unless the numbers fit together.
 * @throws SurprisalError INVALID_ARGUMENT with what is allowed.
 */
export function checkWindow(window: WindowOptions): void {
  if (window.context !== null) requireInteger(window.context, "context", window.method === "half" ? 3 : 2);
  const id = window.method === "half" ? window.overwriteFirst : window.prefix;
  if (id !== null) requireInteger(id, "prefix", 0);
  if (window.method === "strided")
    requireInteger(window.stride, "stride", 1, window.context - idList(window.prefix).length);
  if (window.method === "cached") checkCachedWindow(window);
}

function checkCachedWindow({ context, stride, sinks }: CachedWindow): void {
  requireInteger(stride, "stride", 1, context - 1);
  requireInteger(sinks, "sinks", 0);
  if (sinks >= context - stride)
    throw invalidArgument(
      `${sinks} sinks leave no room to forget ${stride} tokens in a context of ${context}`,
      "sinks",
      `Give fewer than context - stride = ${context - stride} sinks, or a smaller stride.`,
    );
}

/** Tokens run through the model by the whole plan, prefixes included. */
export function tokensRun(plan: WindowPlan): number {
  return plan.steps.reduce((sum, { prefix, run }) => sum + prefix.length + run.end - run.start, 0);
}

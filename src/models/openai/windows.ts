/** A window plan as prompts: a server keeps nothing for us, so each step is sent with everything it sees. */
import { SurprisalError, type WindowPlan } from "../../core/index.ts";

/** The scored tokens of one step. */
export interface PromptWindow {
  /** All that is sent: what the step sees, and the last token it predicts. */
  tokens: number[];
  /** Index in `tokens` of the first scored one. */
  first: number;
  /** Document index of the first scored one. */
  start: number;
  /** Scored tokens. */
  count: number;
  /** Tokens of the plan run since the window before; what a server runs again is not counted. */
  tokensRun: number;
}

/** @throws SurprisalError UNSUPPORTED_CAPABILITY for a plan that forgets the middle of what it holds. */
export function* windowsOf(ids: readonly number[], { steps }: WindowPlan): Generator<PromptWindow> {
  let held: number[] = [];
  let tokensRun = 0;
  for (const [index, { forget, prefix, run, overwriteFirst, score }] of steps.entries()) {
    if (typeof forget !== "string")
      throw new SurprisalError({
        code: "UNSUPPORTED_CAPABILITY",
        what: "A server's cache cannot be shifted",
        where: `step ${index} of the window plan`,
        wayOut: "Use another recipe: strided, disjoint.",
      });
    if (forget === "all") held = [];
    const document = ids.slice(run.start, run.end);
    if (overwriteFirst !== null && document.length > 0) document[0] = overwriteFirst;
    const runStart = held.length + prefix.length; // place of the document token run.start
    held = [...held, ...prefix, ...document];
    tokensRun += prefix.length + document.length;
    if (score.end <= score.start) continue;
    const tokens = score.end > run.end ? [...held, ids[run.end]!] : held;
    const first = runStart + score.start - run.start;
    yield { tokens, first, start: score.start, count: score.end - score.start, tokensRun };
    tokensRun = 0;
  }
}

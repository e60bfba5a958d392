/** What chooses a level for a prompt: a fitted router, or anything else with the same question and answer. */

/** Which level a prompt is answered with, and why. */
export interface PaqDecision {
  /** Name of the level: "4-bit". */
  level: string;
  /** P(the level is adequate) by name, 0 ... 1; the highest is always adequate. Empty: nothing was estimated. */
  probabilities: Readonly<Record<string, number>>;
  /** What the decision took, milliseconds. */
  ms: number;
  /** Tokens of the prompt's end that the router did not read, because they are more than its encoder takes. */
  leftOut: number;
}

/** Chooses a level by the prompt as the person wrote it, before a chat template. */
export interface PaqDecider {
  decide(prompt: string): Promise<PaqDecision>;
}

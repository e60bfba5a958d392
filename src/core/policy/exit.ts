/** Rules that end a stream by more than a meter's reading: probes, trial answers, runs of tokens (`surprisal/route` has some). */
import type { TokenRecord } from "../token.ts";

/** What a rule says after a token. */
export type ExitVerdict = { kind: "continue" } | { kind: "stop"; reason: string };

/** A rule that watches one stream, token by token; for the next stream a new one is made. */
export interface EarlyExit {
  /** Name of the rule, with its numbers: "DeepConf below 1.83 over 64". */
  readonly rule: string;
  /** Takes the next token. A rule that asks a model answers later, and the stream waits for it. */
  observe(token: TokenRecord): ExitVerdict | Promise<ExitVerdict>;
  /** Lets go of what it holds, such as a sequence of a model. Called when the stream has ended, however it did. */
  close?(): Promise<void>;
}

/** Go on. */
export const GO_ON: ExitVerdict = { kind: "continue" };

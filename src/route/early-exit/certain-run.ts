/** A run of near-certain tokens: whatever is still being thought, the model knows how it goes on. */
import {
  type EarlyExit,
  type ExitVerdict,
  GO_ON,
  invalidArgument,
  type TokenPart,
  type TokenRecord,
} from "../../core/index.ts";
import { requireCount } from "../checks.ts";
import { Paragraphs } from "./paragraphs.ts";

/** Options of `CertainRun`. */
export interface CertainRunOptions {
  /** Least probability of the first choice in every token of the run, above 0.5 and up to 1. Default 0.95. */
  probability?: number | undefined;
  /** Tokens of the run. Default 32. */
  run?: number | undefined;
  /** Tokens that are left alone at the beginning. Default 400. */
  after?: number | undefined;
  /** Which part is looked at; the others end a run. Default: whatever is written. */
  part?: TokenPart | undefined;
  /** Behind which texts the stream may end: once there has been such a run, the next of these ends it. Default: it ends in the run. */
  at?: readonly string[] | undefined;
}

/**
 * Stops after a run of tokens in each of which the most probable one has at least `probability`.
 *
 * The first choice's probability is that of the best alternative; without alternatives it is known only where the token itself
 * has more than a half. Where it is not known, the run is broken: a missing number is no confidence.
 * Source: the engine `met`'s early stop (after 400 thinking tokens, top-1 p >= 0.95); the length of the run is ours.
 */
export class CertainRun implements EarlyExit {
  readonly rule: string;
  readonly #options: { probability: number; run: number; after: number };
  readonly #part: TokenPart | undefined;
  #seen = 0;
  #run = 0;
  #unknown = 0;
  /** Tokens of the longest such run. */
  #found = 0;
  readonly #paragraphs: Paragraphs | null;

  /** @throws SurprisalError INVALID_ARGUMENT */
  constructor({ probability = 0.95, run = 32, after = 400, part, at }: CertainRunOptions = {}) {
    if (!(probability > 0.5 && probability <= 1))
      throw invalidArgument(
        `${probability} is no such probability`,
        "probability",
        "Give a number above 0.5, such as 0.95.",
      );
    requireCount(run, "run", 1);
    requireCount(after, "after", 0);
    this.#options = { probability, run, after };
    this.#part = part;
    this.#paragraphs = at === undefined ? null : new Paragraphs(at);
    this.rule = `${run} tokens in a row with a first choice of at least ${probability}`;
  }

  /** Tokens whose first choice had no known probability. */
  get unknown(): number {
    return this.#unknown;
  }

  observe(token: TokenRecord): ExitVerdict {
    const { probability, run, after } = this.#options;
    this.#seen++;
    const first = firstChoice(token);
    if (first === null) this.#unknown++;
    const looked = this.#part === undefined || (token.part ?? "answer") === this.#part;
    this.#run = looked && first !== null && first >= probability ? this.#run + 1 : 0;
    const ends = this.#paragraphs?.ends(token) ?? true;
    if (this.#paragraphs === null) this.#found = 0; // ended in the run, or not at all
    if (this.#run >= run && this.#seen > after) this.#found = Math.max(this.#found, this.#run);
    if (this.#found === 0 || !ends) return GO_ON;
    return {
      kind: "stop",
      reason: `the first choice of ${this.#found} tokens in a row had a probability of at least ${probability}`,
    };
  }
}

/** Probability of the most probable token in this place; `null` = not known. Internal to this folder. */
export function firstChoice({ logprob, alternatives, rank, tokenCount = 1 }: TokenRecord): number | null {
  if (tokenCount > 1) return null;
  const best = Math.max(
    ...(alternatives ?? []).flatMap((each) => each.logprob ?? []),
    Number.NEGATIVE_INFINITY,
  );
  const own = logprob === null || Number.isNaN(logprob) ? null : Math.exp(logprob);
  if (best > Number.NEGATIVE_INFINITY) return Math.max(Math.exp(best), own ?? 0);
  return own !== null && (rank === 1 || own > 0.5) ? own : null;
}

/** DeepConf online: traces that fall below a bar are ended, and sampling ends when the votes agree. */
import {
  type EarlyExit,
  type ExitVerdict,
  GO_ON,
  invalidArgument,
  quantileOf,
  SlidingMean,
  type TokenRecord,
} from "../../core/index.ts";
import { requireCount } from "../checks.ts";
import {
  GROUP_TOKENS,
  isKnown,
  requireWindow,
  TOP_K,
  tokenConfidence,
  traceConfidence,
} from "./confidence.ts";
import {
  majorityVote,
  shareBelow,
  type Vote,
  type VotedTrace,
  type VoteOptions,
  weightedVote,
} from "./vote.ts";

/** Options of `DeepConfVote`. */
export interface DeepConfOptions extends Pick<VoteOptions, "sameAnswer"> {
  /** Traces that are written to their end first, and set the bar; at least 1. Default 16. */
  warmUp?: number | undefined;
  /** Most traces, those of the warm-up among them. Default 256. */
  budget?: number | undefined;
  /**
   * Share of the warm-up's traces that reach the bar: 0.9 is the paper's "high" (the default of its code), 0.1 its "low", which
   * saves more and errs more.
   */
  keep?: number | undefined;
  /** Tokens of a group. Default 2,048; for short answers a fraction of their length, such as 16. */
  window?: number | undefined;
  /** Alternatives that a confidence is over. Default 20. */
  topK?: number | undefined;
  /** Sampling ends once this share of the weight is on one answer, 0 ... 1; `null`: never, as in DeepConf's code. Default 0.95. */
  consensus?: number | null | undefined;
}

/** The same with the defaults filled in. */
export interface ResolvedDeepConf {
  warmUp: number;
  budget: number;
  keep: number;
  window: number;
  topK: number;
  consensus: number | null;
}

/** A trace that has been written, to its end or until it was stopped. */
export interface DeepConfTrace extends VotedTrace {
  /** Tokens written; of one that was stopped, up to the one that fell below the bar. */
  tokens: number;
  /**
   * It fell below the bar, and has no vote by weight: as in DeepConf's code this holds at the very last token too. There it has
   * come to its own end, with its answer, which `majorityOfAll` counts.
   */
  stopped: boolean;
}

/** What came of it. */
export interface DeepConfResult {
  /** By the weight of the lowest group, of the traces that reached the bar; `null` = nobody voted. */
  answer: string | null;
  vote: Vote;
  /** One vote for each of the same traces: what DeepConf's code gives in the end. */
  majority: Vote;
  /** One vote for every trace that came to its end with an answer, below the bar or not. */
  majorityOfAll: Vote;
  /** Lowest group confidence below which a trace is stopped, nats; `null` = no trace of the warm-up has a confidence. */
  bar: number | null;
  traces: readonly DeepConfTrace[];
  /** Tokens written, of all traces. */
  tokens: number;
  stopped: number;
  /** Why sampling ended. */
  ended: "budget" | "consensus";
  /** What a person should know: a window longer than every trace, traces without confidences. */
  warnings: readonly string[];
}

/** The state of one question's vote. */
export class DeepConfVote {
  readonly options: Readonly<ResolvedDeepConf>;
  readonly #sameAnswer: DeepConfOptions["sameAnswer"];
  readonly #traces: DeepConfTrace[] = [];
  #bar: number | null = null;

  /** @throws SurprisalError INVALID_ARGUMENT */
  constructor({ sameAnswer, ...given }: DeepConfOptions = {}) {
    const { warmUp = 16, budget = 256, keep = 0.9, window = GROUP_TOKENS, topK = TOP_K } = given;
    const { consensus = 0.95 } = given;
    this.options = { warmUp, budget, keep, window, topK, consensus };
    this.#sameAnswer = sameAnswer;
    for (const where of ["warmUp", "window", "topK"] as const) requireCount(this.options[where], where, 1);
    requireCount(budget, "budget", warmUp);
    for (const [where, share] of [
      ["keep", keep],
      ["consensus", consensus ?? 1],
    ] as const)
      if (!(share > 0 && share <= 1))
        throw invalidArgument(`${share} is no share`, where, "Give a number above 0 and up to 1.");
  }

  /** The bar is known: the next traces may be stopped. */
  get warm(): boolean {
    return this.#traces.length >= this.options.warmUp;
  }

  /** Nats; `null` before the end of the warm-up, and where no trace of it has a confidence. */
  get bar(): number | null {
    return this.#bar;
  }

  /** Takes a trace. The last of the warm-up sets the bar. */
  add(trace: DeepConfTrace): void {
    this.#traces.push(trace);
    if (this.#traces.length !== this.options.warmUp) return;
    const lowest = this.#traces.flatMap((each) => this.#lowest(each) ?? []).toSorted((a, b) => a - b);
    this.#bar = lowest.length === 0 ? null : quantileOf(lowest, shareBelow(this.options.keep));
  }

  /** A rule that ends the next trace; `null` while there is no bar. */
  exit(): DeepConfExit | null {
    return this.#bar === null ? null : new DeepConfExit(this.#bar, this.options);
  }

  /** Why no further trace is needed; `null`: more are. */
  get ended(): DeepConfResult["ended"] | null {
    if (this.#traces.length >= this.options.budget) return "budget";
    const { consensus } = this.options;
    if (!this.warm || consensus === null) return null;
    return (this.vote().share ?? 0) >= consensus ? "consensus" : null;
  }

  /** The vote as it stands. */
  vote(): Vote {
    let unscored = 0;
    const votes = this.#voters().flatMap((trace) => {
      const weight = this.#lowest(trace);
      if (weight !== null && trace.answer !== null) return { answer: trace.answer, weight };
      unscored++;
      return [];
    });
    return { ...weightedVote(votes, this.#sameAnswer), votes: votes.length, unscored };
  }

  /** What came of it. */
  result(): DeepConfResult {
    const traces = this.#traces;
    const sameAnswer = this.#sameAnswer;
    const vote = this.vote();
    return {
      answer: vote.answer,
      vote,
      majority: majorityVote(this.#voters(), { sameAnswer }),
      majorityOfAll: majorityVote(traces, { sameAnswer }),
      bar: this.#bar,
      traces: [...traces],
      tokens: traces.reduce((sum, { tokens }) => sum + tokens, 0),
      stopped: traces.filter(({ stopped }) => stopped).length,
      ended: this.ended ?? "budget",
      warnings: this.#warnings(),
    };
  }

  /** Traces with an answer that reached the bar. Those of the warm-up are written to their end, and judged afterwards. */
  #voters(): DeepConfTrace[] {
    const bar = this.#bar ?? Number.NEGATIVE_INFINITY;
    return this.#traces.filter(
      (trace) => trace.answer !== null && !trace.stopped && (this.#lowest(trace) ?? bar) >= bar,
    );
  }

  #lowest({ confidences }: DeepConfTrace): number | null {
    return traceConfidence(confidences, "lowest", this.options);
  }

  #warnings(): string[] {
    const { window } = this.options;
    const longest = Math.max(0, ...this.#traces.map(({ confidences }) => confidences.length));
    const without = this.#traces.filter((trace) => this.#lowest(trace) === null).length;
    return [
      ...(longest < window
        ? [
            `No trace is as long as the window of ${window} tokens (the longest has ${longest}): none can be stopped. Give a smaller window.`,
          ]
        : []),
      ...(without > 0
        ? [`${without} of ${this.#traces.length} traces have no confidences: alternatives are missing.`]
        : []),
    ];
  }
}

/** Ends a trace whose group confidence falls below the bar. A token without alternatives is left out, and counted. */
export class DeepConfExit implements EarlyExit {
  readonly rule: string;
  readonly #bar: number;
  readonly #topK: number;
  readonly #window: number;
  readonly #group: SlidingMean;
  /** Of each token seen, nats; `null` = it has no alternatives. */
  readonly confidences: (number | null)[] = [];

  /** @throws SurprisalError INVALID_ARGUMENT */
  constructor(
    bar: number,
    { window = GROUP_TOKENS, topK = TOP_K }: { window?: number | undefined; topK?: number | undefined } = {},
  ) {
    if (typeof bar !== "number" || Number.isNaN(bar))
      throw invalidArgument(`${bar} is no confidence`, "bar", "Give a number of nats.");
    requireCount(topK, "topK", 1);
    this.#bar = bar;
    this.#topK = topK;
    this.#window = window;
    requireWindow(window);
    this.#group = new SlidingMean(window);
    this.rule = `DeepConf below ${Number(bar.toPrecision(4))} over ${window} tokens`;
  }

  observe(token: TokenRecord): ExitVerdict {
    return this.observeConfidence(tokenConfidence(token, this.#topK));
  }

  /** The same of a confidence that is known already; what is no finite number is not known. */
  observeConfidence(given: number | null): ExitVerdict {
    const confidence = isKnown(given) ? given : null;
    this.confidences.push(confidence);
    if (confidence === null) return GO_ON;
    this.#group.push(confidence, this.confidences.length - 1);
    const mean = this.#group.window?.mean ?? Number.POSITIVE_INFINITY;
    if (mean >= this.#bar) return GO_ON;
    const [found, bar] = [mean, this.#bar].map((value) => Number(value.toPrecision(4)));
    return { kind: "stop", reason: `confidence ${found} of the last ${this.#window} tokens is below ${bar}` };
  }
}

/**
 * DeepConf online on traces that were recorded to their end: what it would have written and answered.
 * @param traces in the order in which they are drawn.
 */
export function replayDeepConf(
  traces: readonly (VotedTrace & { tokens: number })[],
  options: DeepConfOptions = {},
): DeepConfResult {
  const warmUp = options.warmUp ?? 16;
  if (traces.length < warmUp)
    throw invalidArgument(
      `${traces.length} traces are fewer than the ${warmUp} of the warm-up`,
      "warmUp",
      "Give a smaller warmUp (--warm-up), or record more traces.",
    );
  const vote = new DeepConfVote({
    ...options,
    budget: Math.min(options.budget ?? traces.length, traces.length),
  });
  for (const trace of traces) {
    if (vote.ended !== null) break;
    const exit = vote.exit();
    const at =
      exit === null
        ? -1
        : trace.confidences.findIndex((each) => exit.observeConfidence(each).kind === "stop");
    // One that falls below the bar at its very last token has ended by itself, with its answer.
    vote.add(
      at < 0
        ? { ...trace, stopped: false }
        : {
            answer: at + 1 < trace.confidences.length ? null : trace.answer,
            confidences: trace.confidences.slice(0, at + 1),
            tokens: Math.min(trace.tokens, at + 1),
            stopped: true,
          },
    );
  }
  return vote.result();
}

/** Votes over sampled answers. */
import { invalidArgument, quantileOf } from "../../core/index.ts";
import { type TraceConfidenceOptions, type TraceMeasure, traceConfidence } from "./confidence.ts";

/** One of several answers to a question, as it is voted with. */
export interface VotedTrace {
  /** What it says; `null` = no answer was found: it has no vote. */
  answer: string | null;
  /** [tokens] confidence of each, nats; `null` = not known. */
  confidences: readonly (number | null)[];
}

/** What a vote came to. */
export interface Vote {
  /** `null` = nobody voted. */
  answer: string | null;
  /** Share of all weight that is on it, 0 ... 1; `null` = nobody voted. */
  share: number | null;
  /** Traces that voted. */
  votes: number;
  /** Traces with an answer that had no confidence, and were left out: a missing number is no weight. */
  unscored: number;
}

/** How votes are counted. */
export interface VoteOptions extends TraceConfidenceOptions {
  /** Whether two answers say the same. Default: they are the same text. */
  sameAnswer?: ((one: string, other: string) => boolean) | undefined;
}

/** Votes by weight; of answers with the same weight, the one that came first. */
export function weightedVote(
  votes: readonly { answer: string; weight: number }[],
  sameAnswer: (one: string, other: string) => boolean = (one, other) => one === other,
): Pick<Vote, "answer" | "share"> {
  const sums: { answer: string; weight: number }[] = [];
  let total = 0;
  for (const { answer, weight } of votes) {
    const known = sums.find((each) => sameAnswer(each.answer, answer));
    if (known) known.weight += weight;
    else sums.push({ answer, weight });
    total += weight;
  }
  const best = sums.reduce<(typeof sums)[number] | null>(
    (found, each) => (found === null || each.weight > found.weight ? each : found),
    null,
  );
  return { answer: best?.answer ?? null, share: best && total > 0 ? best.weight / total : null };
}

/** Every trace with an answer has one vote. */
export function majorityVote(traces: readonly VotedTrace[], { sameAnswer }: VoteOptions = {}): Vote {
  const votes = traces.flatMap(({ answer }) => (answer === null ? [] : { answer, weight: 1 }));
  return { ...weightedVote(votes, sameAnswer), votes: votes.length, unscored: 0 };
}

/** Every trace with an answer votes with its confidence. */
export function confidenceVote(
  traces: readonly VotedTrace[],
  measure: TraceMeasure,
  options: VoteOptions = {},
): Vote {
  let unscored = 0;
  const votes = traces.flatMap(({ answer, confidences }) => {
    if (answer === null) return [];
    const weight = traceConfidence(confidences, measure, options);
    if (weight !== null) return { answer, weight };
    unscored++;
    return [];
  });
  return { ...weightedVote(votes, options.sameAnswer), votes: votes.length, unscored };
}

/** 1 - `keep`, as the percentile that is meant: 1 - 0.7 is not 0.3, and a bar an ulp above a trace would leave that trace out. */
export const shareBelow = (keep: number): number => Math.round((1 - keep) * 1e12) / 1e12;

/**
 * The surest traces with an answer: those whose confidence reaches the quantile 1 - `keep` of all of them (numpy's linear
 * percentile). The paper keeps 0.1 ("low") or 0.9 ("high").
 */
export function surestTraces<Trace extends VotedTrace>(
  traces: readonly Trace[],
  measure: TraceMeasure,
  keep: number,
  options: TraceConfidenceOptions = {},
): Trace[] {
  if (!(keep > 0 && keep <= 1))
    throw invalidArgument(
      `${keep} is no share`,
      "keep",
      "Give a number above 0 and up to 1, such as 0.1 or 0.9.",
    );
  const scored = traces.flatMap((trace) => {
    const confidence = trace.answer === null ? null : traceConfidence(trace.confidences, measure, options);
    return confidence === null ? [] : { trace, confidence };
  });
  const bar = quantileOf(
    scored.map(({ confidence }) => confidence).toSorted((a, b) => a - b),
    shareBelow(keep),
  );
  return scored.filter(({ confidence }) => confidence >= bar).map(({ trace }) => trace);
}

/**
 * DeepConf offline: the votes of its `compute_all_voting_results`, by name. Which of them is the answer is a choice; its code
 * takes "majority", although the paper is about the others.
 */
export function deepConfVotes(
  traces: readonly VotedTrace[],
  options: VoteOptions = {},
): Record<string, Vote> {
  const filtered = (measure: TraceMeasure) =>
    confidenceVote(surestTraces(traces, measure, 0.1, options), measure, options);
  return {
    majority: majorityVote(traces, options),
    mean: confidenceVote(traces, "mean", options),
    tail: confidenceVote(traces, "tail", options),
    bottom: confidenceVote(traces, "bottom", options),
    lowest: confidenceVote(traces, "lowest", options),
    "surest tenth by tail": filtered("tail"),
    "surest tenth by bottom": filtered("bottom"),
  };
}

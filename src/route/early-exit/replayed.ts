/** DeepConf replayed on recorded questions. Internal to this room. */
import type { RecordedTrace, RouteRecord } from "../records.ts";
import { type DeepConfOptions, type DeepConfResult, replayDeepConf } from "./deepconf.ts";
import { majorityVote } from "./vote.ts";

/** What happens to one question. */
export interface ReplayedQuestion {
  record: RouteRecord;
  result: DeepConfResult;
  right: boolean;
  /** Of a majority vote over all traces. */
  fullVoteRight: boolean;
  fullTokens: number;
}

/** Replays questions; those whose traces are too few, or without labels, are left out. */
export function replayQuestions(
  records: readonly RouteRecord[],
  options: DeepConfOptions,
): ReplayedQuestion[] {
  const least = options.warmUp ?? 16;
  return records.flatMap((record) => {
    const { traces = [], rewordingOf } = record;
    if (rewordingOf !== undefined || traces.length < least || traces.some(({ correct }) => correct === null))
      return [];
    const budget = Math.min(options.budget ?? traces.length, traces.length);
    const all = traces.slice(0, budget);
    const result = replayDeepConf(all, { ...options, budget });
    return {
      record,
      result,
      right: isVotedRight(all, result.answer),
      fullVoteRight: isVotedRight(all, majorityVote(all, options).answer),
      fullTokens: all.reduce((sum, { tokens }) => sum + tokens, 0),
    };
  });
}

/** Whether the answer that was voted for is right, by the label of a trace that gave it. */
export const isVotedRight = (traces: readonly RecordedTrace[], answer: string | null): boolean =>
  answer !== null && traces.find((trace) => trace.answer === answer)?.correct === true;

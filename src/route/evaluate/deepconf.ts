/** What DeepConf online is worth, on traces that were recorded to their end. */
import { invalidArgument } from "../../core/index.ts";
import {
  confidenceVote,
  type DeepConfOptions,
  isVotedRight,
  majorityVote,
  type ReplayedQuestion,
  replayQuestions,
} from "../early-exit/index.ts";
import { groupOf, type RouteRecord, type RouteRecords } from "../records.ts";
import { type Interval, PairedBootstrap } from "./bootstrap.ts";
import type { EvaluateRouterOptions } from "./evaluate.ts";

/** Options of `evaluateDeepConf`. */
export interface EvaluateDeepConfOptions
  extends DeepConfOptions,
    Pick<EvaluateRouterOptions, "resamples" | "level" | "seed"> {}

/** One way of answering from several traces. */
export interface VoteResult {
  /**
   * "one trace": what one sample does on average; "majority of k": k traces written to their end, a vote each, with k such that they
   * have about the tokens of "online": the mean over k neighbours in the order they were drawn, from every place on;
   * "majority of all": the same of every trace; "weighted by confidence": all traces, by the lowest group; "online": the
   * router's; "online, a vote each".
   */
  name: string;
  accuracy: Interval;
  /** Written per question. */
  tokens: Interval;
  /** "online" less this one, in pairs; `null` of "online" itself. */
  difference: { accuracy: Interval; tokens: Interval } | null;
}

/** What DeepConf is worth. */
export interface DeepConfEvaluation {
  n: number;
  groups: number;
  /** Questions without enough traces, or with traces whose label is not known. */
  leftOut: number;
  methods: readonly VoteResult[];
  /** Share of the full vote's tokens that "online" saves. */
  saving: number;
  /** Share of the traces begun that were ended below the bar. */
  stopped: number;
  /** Share of the questions where the votes agreed before the budget was spent. */
  agreed: number;
  warnings: readonly string[];
  intervals: { level: number; resamples: number };
}

/**
 * Judges DeepConf online by recorded traces, without a model, beside one trace and the full vote.
 * @throws SurprisalError INVALID_ARGUMENT where nothing can be judged.
 */
export function evaluateDeepConf(
  given: RouteRecords | readonly RouteRecord[],
  { resamples = 1000, level = 0.95, seed = 0, ...options }: EvaluateDeepConfOptions = {},
): DeepConfEvaluation {
  const records = "records" in given ? given.records : given;
  const replayed = replayQuestions(records, options);
  if (replayed.length === 0)
    throw invalidArgument(
      `None of ${records.length} records has ${options.warmUp ?? 16} traces with labels`,
      "records",
      "Record traces (recordTraces), or give a smaller warmUp (--warm-up).",
    );
  const numbers = new Map<string, number>();
  const groups = Int32Array.from(replayed, ({ record }) => {
    const group = groupOf(record);
    const number = numbers.get(group) ?? numbers.size;
    numbers.set(group, number);
    return number;
  });
  const bootstrap = new PairedBootstrap(groups, numbers.size, resamples, seed, level);
  const column = (value: (each: ReplayedQuestion) => number) => Float64Array.from(replayed, value);
  const tracesOf = ({ record: { traces = [] } }: ReplayedQuestion) => traces.slice(0, options.budget);
  const full = column(({ fullTokens }) => fullTokens);
  const online = {
    right: column(({ right }) => Number(right)),
    tokens: column(({ result }) => result.tokens),
  };
  const oneTrace = {
    right: column((each) => meanOf(tracesOf(each), ({ correct }) => Number(correct))),
    tokens: column((each) => meanOf(tracesOf(each), ({ tokens }) => tokens)),
  };
  const k = Math.round(sumOf(online.tokens) / sumOf(oneTrace.tokens));
  const fewer = {
    right: column((each) => {
      const traces = tracesOf(each);
      return meanOf([...traces.keys()], (from) => {
        const some = [...traces.slice(from), ...traces.slice(0, from)].slice(0, k);
        return Number(isVotedRight(some, majorityVote(some, options).answer));
      });
    }),
    tokens: oneTrace.tokens.map((tokens) => tokens * k),
  };
  const ways: Record<string, typeof online> = {
    "one trace": oneTrace,
    ...(k > 1 && Number.isFinite(k) && { [`majority of ${k}`]: fewer }),
    "majority of all": { right: column(({ fullVoteRight }) => Number(fullVoteRight)), tokens: full },
    "weighted by confidence": {
      right: column((each) => {
        const traces = tracesOf(each);
        return Number(isVotedRight(traces, confidenceVote(traces, "lowest", options).answer));
      }),
      tokens: full,
    },
    "online, a vote each": {
      right: column((each) => Number(isVotedRight(tracesOf(each), each.result.majority.answer))),
      tokens: online.tokens,
    },
    online,
  };
  const begun = replayed.reduce((sum, { result }) => sum + result.traces.length, 0);
  const saved = sumOf(full) - sumOf(online.tokens);
  return {
    n: replayed.length,
    groups: numbers.size,
    leftOut: records.filter(({ rewordingOf }) => rewordingOf === undefined).length - replayed.length,
    methods: Object.entries(ways).map(([name, own]) => ({
      name,
      accuracy: bootstrap.mean(own.right)!,
      tokens: bootstrap.mean(own.tokens)!,
      difference:
        name === "online"
          ? null
          : {
              accuracy: bootstrap.mean(online.right, own.right)!,
              tokens: bootstrap.mean(online.tokens, own.tokens)!,
            },
    })),
    saving: sumOf(full) > 0 ? saved / sumOf(full) : 0,
    stopped: replayed.reduce((sum, { result }) => sum + result.stopped, 0) / begun,
    agreed: replayed.filter(({ result }) => result.ended === "consensus").length / replayed.length,
    warnings: [...new Set(replayed.flatMap(({ result }) => result.warnings))].slice(0, 5),
    intervals: { level, resamples },
  };
}

const sumOf = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);
const meanOf = <Thing>(things: readonly Thing[], value: (thing: Thing) => number): number =>
  things.reduce((sum, each) => sum + value(each), 0) / things.length;

/** DeepConf's settings, chosen on recorded traces, as a file. */
import type { CalibrationIdentity } from "../../calibrate/index.ts";
import { invalidArgument, SurprisalError } from "../../core/index.ts";
import { type RouterFacts, routerFacts } from "../artefact.ts";
import type { CarInstructions } from "../car/index.ts";
import { recordsOf, requireCount, requireShare } from "../checks.ts";
import { groupOf, type RouteRecord, type RouteRecords } from "../records.ts";
import { TOP_K, traceConfidence } from "./confidence.ts";
import type { ResolvedDeepConf } from "./deepconf.ts";
import { replayQuestions } from "./replayed.ts";

/** What the settings do to the questions that they were chosen on. */
export interface DeepConfPoint {
  n: number;
  accuracy: number;
  /** Per question, of all traces. */
  tokens: number;
  /** Every trace written to its end, a vote each. */
  fullVote: { accuracy: number; tokens: number };
  /** The accuracy of the full vote, less the tolerance, was reached. */
  reached: boolean;
}

/** DeepConf with its settings, plain JSON: `saveRouter`, `loadRouter`. */
export interface DeepConfArtefact extends RouterFacts {
  kind: "deepconf";
  /** What `deepConf` is called with. */
  settings: ResolvedDeepConf;
  point: DeepConfPoint;
  /** What the questions were asked with, the long instruction of it; `null` = not known. */
  instructions: CarInstructions | null;
}

/** Options of `fitDeepConf`. */
export interface DeepConfFitOptions {
  /** Tried, each with each. Default: 4, 8 and 16, as far as there are more traces. */
  warmUps?: readonly number[] | undefined;
  /** Tokens. Default: 4, 8, 16 ... up to half of what a trace has on average. */
  windows?: readonly number[] | undefined;
  /** Shares of the warm-up that reach the bar. Default: 0.1, 0.5 and 0.9. */
  keeps?: readonly number[] | undefined;
  /** Shares of the weight that are agreement; `null`: sampling goes on to the budget. Default: 0.8 and 0.95. */
  consensuses?: readonly (number | null)[] | undefined;
  /** Most traces. Default: as many as were recorded. */
  budget?: number | undefined;
  /** Alternatives that the recorded confidences are over. Default 20. */
  topK?: number | undefined;
  /** Accuracy below the full vote's that is taken. Default 0.005. */
  tolerance?: number | undefined;
  /** Fewest questions. Default 30. */
  least?: number | undefined;
  identity?: Partial<CalibrationIdentity> | undefined;
  /** Default: what the records' header says, else not known. */
  instructions?: CarInstructions | undefined;
}

/**
 * Tries settings on recorded traces, and takes those with the fewest tokens that are right as often as the full vote, less the
 * tolerance; where none are, those that are right most often. The point flatters a little, since it is chosen on the same
 * questions: `evaluateDeepConf` on others tells the truth.
 * @throws SurprisalError CALIBRATION_TOO_SMALL naming what is missing; INVALID_ARGUMENT.
 */
export function fitDeepConf(
  given: RouteRecords | readonly RouteRecord[],
  options: DeepConfFitOptions = {},
): DeepConfArtefact {
  const { topK = TOP_K, tolerance = 0.005, least = 30 } = options;
  requireShare(tolerance, "tolerance");
  requireCount(least, "least", 1);
  const { records: all, header } = recordsOf(given);
  const records = all.filter(
    ({ rewordingOf, traces = [] }) =>
      rewordingOf === undefined && traces.length > 0 && traces.every(({ correct }) => correct !== null),
  );
  if (records.length < least)
    throw new SurprisalError({
      code: "CALIBRATION_TOO_SMALL",
      what: `${records.length} of ${all.length} records have traces with labels: ${least - records.length} more are needed to have ${least}`,
      where: "records",
      wayOut: "Record traces of more questions, or ask for fewer (least, --least) and trust the result less.",
    });
  const fewest = records.reduce((n, { traces = [] }) => Math.min(n, traces.length), Infinity);
  const budget = Math.min(options.budget ?? fewest, fewest);
  const tried = combinations(records, options, budget).map((some) => {
    const settings: ResolvedDeepConf = { ...some, budget, topK };
    const replayed = replayQuestions(records, settings);
    const mean = (value: (each: (typeof replayed)[number]) => number) =>
      replayed.reduce((sum, each) => sum + value(each), 0) / replayed.length;
    const fullVote = {
      accuracy: mean(({ fullVoteRight }) => Number(fullVoteRight)),
      tokens: mean(({ fullTokens }) => fullTokens),
    };
    const accuracy = mean(({ right }) => Number(right));
    const reached = accuracy >= fullVote.accuracy - tolerance - 1e-12;
    const tokens = mean(({ result }) => result.tokens);
    return { settings, replayed, point: { n: replayed.length, accuracy, tokens, fullVote, reached } };
  });
  const reaching = tried.filter(({ point }) => point.reached);
  const best = (reaching.length > 0 ? reaching : tried).reduce((found, each) =>
    (
      reaching.length > 0
        ? each.point.tokens < found.point.tokens
        : each.point.accuracy > found.point.accuracy
    )
      ? each
      : found,
  );
  const { window } = best.settings;
  const cases = best.replayed.map(({ record, fullVoteRight }) => ({
    id: record.id,
    group: groupOf(record),
    kind: record.kind ?? null,
    uncertainty: surenessOf(record, window),
    right: fullVoteRight,
  }));
  return {
    ...routerFacts(cases, all.length - cases.length, header?.identity, options.identity),
    kind: "deepconf",
    settings: best.settings,
    point: best.point,
    instructions: options.instructions ?? header?.instructions ?? null,
  };
}

/** Less the mean lowest group of its traces: what a watch over the answers compares with. */
function surenessOf({ traces = [] }: RouteRecord, window: number): number | null {
  const lowest = traces.flatMap(
    ({ confidences }) => traceConfidence(confidences, "lowest", { window }) ?? [],
  );
  return lowest.length === 0 ? null : -lowest.reduce((sum, value) => sum + value, 0) / lowest.length;
}

type Tried = Pick<ResolvedDeepConf, "warmUp" | "window" | "keep" | "consensus">;

function combinations(
  records: readonly RouteRecord[],
  { warmUps, windows, keeps = [0.1, 0.5, 0.9], consensuses = [0.8, 0.95] }: DeepConfFitOptions,
  budget: number,
): Tried[] {
  const lengths = records.flatMap(({ traces = [] }) => traces.map(({ confidences }) => confidences.length));
  const half = lengths.reduce((sum, length) => sum + length, 0) / lengths.length / 2;
  const powers = Array.from({ length: 10 }, (_, i) => 4 * 2 ** i).filter((window) => window <= half);
  const ownWindows = powers.length > 0 ? powers : [Math.max(1, Math.floor(half))];
  const ownWarmUps = [4, 8, 16].filter((warmUp) => warmUp < budget);
  const all = (warmUps ?? (ownWarmUps.length > 0 ? ownWarmUps : [1])).flatMap((warmUp) =>
    (windows ?? ownWindows).flatMap((window) =>
      keeps.flatMap((keep) => consensuses.map((consensus) => ({ warmUp, window, keep, consensus }))),
    ),
  );
  const long = all.find(({ warmUp }) => warmUp > budget);
  if (all.length === 0 || long)
    throw invalidArgument(
      long ? `A warm-up of ${long.warmUp} is more than the ${budget} traces` : "There is nothing to try",
      long ? "warmUps" : "options",
      "Give at least one of each, and warm-ups no longer than the traces that were recorded.",
    );
  return all;
}

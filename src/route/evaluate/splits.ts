/** A router fitted and judged again and again, on other questions each time. */
import { groupFolds } from "../../calibrate/index.ts";
import { invalidArgument, quantileOf } from "../../core/index.ts";
import { recordsOf, requireShare } from "../checks.ts";
import { groupOf, type RouteRecord, type RouteRecords } from "../records.ts";
import { type Interval, requireLevel } from "./bootstrap.ts";
import type { RouteOf } from "./columns.ts";
import { type EvaluateRouterOptions, evaluateRouter } from "./evaluate.ts";

/** Options of `evaluateSplits`. */
export interface EvaluateSplitsOptions extends EvaluateRouterOptions {
  /** How often the groups are split anew, at least 100. Default 100. */
  splits?: number | undefined;
  /** Share of the groups that a router is fitted to, 0.1 ... 0.9. Default 0.5. */
  share?: number | undefined;
}

/** What came of it: over the splits, mean and percentile interval of every figure. */
export interface SplitsEvaluation {
  splits: number;
  /** Splits on which no router could be fitted, and why: none of the others' figures is of them. */
  failed: readonly string[];
  methods: readonly {
    name: string;
    accuracy: Interval;
    tokens: Interval;
    /** The router's less this one's, on the same questions; `null` of the router itself. */
    difference: { accuracy: Interval; tokens: Interval } | null;
  }[];
  /** Share of the splits in which the router was right more often than random routing at its rate. */
  aboveRandom: number;
}

const FOLDS = 10;

/**
 * Fits a router to a share of the groups and judges it on the others, for many splits: how much of a figure is the luck of the
 * split. Both calibration and judgement change from split to split, as in Lewis-Lim et al. 2025 (samlewislim/cgr).
 * @param fitter makes a router from the records of one part; where it throws, the split is counted as failed.
 * @throws SurprisalError INVALID_ARGUMENT
 */
export function evaluateSplits(
  given: RouteRecords | readonly RouteRecord[],
  fitter: (records: readonly RouteRecord[], split: number) => RouteOf,
  options: EvaluateSplitsOptions = {},
): SplitsEvaluation {
  const { splits = 100, share = 0.5, seed = 0 } = options;
  if (!(Number.isSafeInteger(splits) && splits >= 100))
    throw invalidArgument(`${splits} splits are too few`, "splits", "Give at least 100.");
  requireShare(share, "share", 0.1, 0.9);
  const { level = 0.95 } = options;
  requireLevel(level);
  const { records, header } = recordsOf(given);
  const paths = options.paths ?? header?.paths;
  const groups = records.map(groupOf);
  const count = new Set(groups).size;
  if (count < 2)
    throw invalidArgument(
      "One group cannot be split",
      "records",
      "Give records of at least two groups of questions.",
    );
  const folds = Math.min(FOLDS, count);
  const failed: string[] = [];
  const figures = new Map<string, Record<"accuracy" | "tokens" | "accuracyGain" | "tokensGain", number[]>>();
  let above = 0;
  for (let split = 0; split < splits; split++) {
    const fold = groupFolds(groups, { folds, seed: seed + split });
    const isFitted = (i: number) => fold[i]! < Math.min(folds - 1, Math.max(1, Math.round(share * folds)));
    let routeOf: RouteOf;
    try {
      routeOf = fitter(
        records.filter((_, i) => isFitted(i)),
        split,
      );
    } catch (error) {
      failed.push(error instanceof Error ? error.message : String(error));
      continue;
    }
    const others = records.filter((_, i) => !isFitted(i));
    const { methods } = evaluateRouter(others, routeOf, {
      ...options,
      paths,
      resamples: 100,
      seed: seed + split,
    });
    for (const { name, accuracy, tokens, difference } of methods) {
      const own = figures.get(name) ?? { accuracy: [], tokens: [], accuracyGain: [], tokensGain: [] };
      figures.set(name, own);
      own.accuracy.push(accuracy.value);
      own.tokens.push(tokens.value);
      own.accuracyGain.push(difference?.accuracy.value ?? 0);
      own.tokensGain.push(difference?.tokens.value ?? 0);
      if (name === "random" && difference!.accuracy.value > 0) above++;
    }
  }
  return {
    splits,
    failed,
    methods: [...figures].map(([name, own]) => ({
      name,
      accuracy: intervalOf(own.accuracy, level),
      tokens: intervalOf(own.tokens, level),
      difference:
        name === "router"
          ? null
          : { accuracy: intervalOf(own.accuracyGain, level), tokens: intervalOf(own.tokensGain, level) },
    })),
    aboveRandom: splits > failed.length ? above / (splits - failed.length) : 0,
  };
}

function intervalOf(values: readonly number[], level: number): Interval {
  const sorted = values.toSorted((a, b) => a - b);
  return {
    value: values.reduce((sum, value) => sum + value, 0) / values.length,
    low: quantileOf(sorted, (1 - level) / 2),
    high: quantileOf(sorted, (1 + level) / 2),
  };
}

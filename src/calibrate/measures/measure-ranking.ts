/** How well uncertainties on any scale order right before wrong: of one method, and of several on the same answers. */
import { invalidArgument, seededRandom } from "../../core/index.ts";
import {
  bootstrapMeasures,
  estimateOf,
  type MeasureBootstrapOptions,
  type MeasureEstimate,
  resampleSlots,
} from "./bootstrap.ts";
import { requireCount, requireShare } from "./checks.ts";
import { labelOf, type Pairs, placeOf, requireLength, type Tally, TallyRoom, tallyOf } from "./pairs.ts";
import { auroc, averagePrecision } from "./ranking.ts";
import { fullAndHalfRiskCoverage } from "./risk-coverage.ts";

/** A measure that only the order of the scores decides: no probability is needed. */
export type RankingMeasureName =
  | "accuracy"
  | "auroc"
  | "auprcRight"
  | "auprcWrong"
  | "aurc"
  | "auarc"
  | "prr"
  | "prrHalf";

/** Answers with an uncertainty each, in columns of one length. */
export interface UncertainAnswers {
  /** [n] any finite number, lower = surer, such as a perplexity; `null` = the method gave none. */
  uncertainties: ArrayLike<number | null>;
  /** [n] as in `Pairs`. */
  correct: ArrayLike<boolean | number | null>;
  /** [n] as in `Pairs`. */
  groups?: ArrayLike<string | number> | undefined;
}

/** What a method's order is worth. */
export interface RankingReport {
  /** Answers that were measured. */
  n: number;
  right: number;
  /** Left out, for want of a score or a label. */
  missingScores: number;
  missingLabels: number;
  /** Groups that were resampled; `null`: each answer for itself. */
  groups: number | null;
  measures: Record<RankingMeasureName, MeasureEstimate>;
}

const NONE: ReadonlySet<string> = new Set();

/** The measures of a tally. */
export function rankingMeasures(tally: Tally): Record<RankingMeasureName, number | null> {
  const { full, half } = fullAndHalfRiskCoverage(tally);
  return {
    accuracy: tally.totalRight / tally.n,
    auroc: auroc(tally),
    auprcRight: averagePrecision(tally, "right"),
    auprcWrong: averagePrecision(tally, "wrong"),
    aurc: full.aurc,
    auarc: full.auarc,
    prr: full.prr,
    prrHalf: half.prr,
  };
}

/** Minus the uncertainties: higher = surer. */
const asScores = (uncertainties: ArrayLike<number | null>): (number | null)[] =>
  Array.from(uncertainties, (each) => (each === null || each === undefined ? null : -each));

/**
 * Measures an order: AUROC, AUPRC, AURC, PRR, each with its bootstrap interval. Equal scores count as what they are: half in
 * AUROC, one step in AUPRC, the mean over all orders in the others. The scale does not matter.
 * @param answers scores (higher = surer) or uncertainties (lower = surer).
 * @throws SurprisalError INVALID_ARGUMENT, EMPTY_INPUT as `tallyOf`.
 */
export function measureRanking(
  answers: Pairs | UncertainAnswers,
  options: MeasureBootstrapOptions = {},
): RankingReport {
  const pairs: Pairs =
    "uncertainties" in answers ? { ...answers, scores: asScores(answers.uncertainties) } : answers;
  const tally = tallyOf(pairs, "any");
  const slots = resampleSlots(pairs, tally);
  return {
    n: tally.n,
    right: tally.totalRight,
    missingScores: tally.missingScores,
    missingLabels: tally.missingLabels,
    groups: slots.starts === null ? null : slots.starts.length - 1,
    measures: bootstrapMeasures(tally, slots, rankingMeasures, NONE, options),
  };
}

/** Several methods on the same answers, in columns of one length. */
export interface RankedMethods extends Omit<UncertainAnswers, "uncertainties"> {
  /** [n] of each method, by its name: as in `UncertainAnswers`. */
  methods: Readonly<Record<string, ArrayLike<number | null>>>;
}

/** Two methods on the same answers. */
export interface RankingDifference {
  first: string;
  second: string;
  /** First less second. An interval without 0: they are told apart. */
  measures: Record<RankingMeasureName, MeasureEstimate>;
}

/** What several methods are worth on the answers that all of them have a number for. */
export interface RankingComparison {
  /** Answers that were measured: with a label, and a number of each method. */
  n: number;
  right: number;
  /** Answers without a label. */
  missingLabels: number;
  /** Of each method, answers that it has no number for. */
  missing: Record<string, number>;
  /** Groups that were resampled; `null`: each answer for itself. */
  groups: number | null;
  methods: Record<string, Record<RankingMeasureName, MeasureEstimate>>;
  /** Every two methods, in the order of their names' appearance. */
  differences: RankingDifference[];
}

/**
 * Compares methods on the answers that all have a number for. All are measured on the same resamples, so that the intervals of the
 * differences are those of pairs: narrower than those of two methods apart.
 *
 * Cost: resamples x methods passes over the answers; ten methods, 10,000 answers and 200 resamples take about a second.
 * @throws SurprisalError INVALID_ARGUMENT for columns of other lengths, no method, numbers that are not finite; EMPTY_INPUT where
 *   no answer has all.
 */
export function compareRankings(
  { methods, correct, groups }: RankedMethods,
  options: MeasureBootstrapOptions = {},
): RankingComparison {
  const { resamples = 200, seed = 0, level = 0.95 } = options;
  requireCount(resamples, "resamples", 2);
  requireShare(level, "level");
  const names = Object.keys(methods);
  if (names.length === 0) throw invalidArgument("There are no methods", "methods", "Give one or more.");
  const length = correct.length;
  for (const name of names) requireLength(methods[name]!.length, length, `methods.${name}`);
  if (groups !== undefined) requireLength(groups.length, length, "groups");
  const missing: Record<string, number> = Object.fromEntries(names.map((name) => [name, 0]));
  const rows: number[] = [];
  let missingLabels = 0;
  for (let i = 0; i < length; i++) {
    const hasLabel = labelOf(correct[i], i) !== null;
    if (!hasLabel) missingLabels++;
    const lacking = names.filter((name) => methods[name]![i] === null || methods[name]![i] === undefined);
    for (const name of lacking) missing[name]!++;
    if (hasLabel && lacking.length === 0) rows.push(i);
  }
  const labels = rows.map((i) => labelOf(correct[i], i)!);
  const tallies = names.map((name) =>
    tallyOf({ scores: rows.map((i) => -methods[name]![i]!), correct: labels }, "any"),
  );
  const units = unitsOf(rows, groups);
  const draws = drawn(
    names.map((name, k) => {
      const { values } = tallies[k]!;
      return Uint32Array.from(
        rows,
        (i, r) => placeOf(values, -methods[name]![i]!) + (labels[r] ? values.length : 0),
      );
    }),
    tallies,
    units,
    { resamples, seed },
  );
  const found = tallies.map(rankingMeasures);
  const measureNames = Object.keys(found[0]!) as RankingMeasureName[];
  const summary = (
    value: (measure: RankingMeasureName) => number | null,
    draw: (measure: RankingMeasureName, b: number) => number | null,
  ) =>
    Object.fromEntries(
      measureNames.map((measure) => {
        const each = Array.from({ length: units.length > 1 ? resamples : 0 }, (_, b) => draw(measure, b));
        return [
          measure,
          estimateOf(
            value(measure),
            each.filter((one) => one !== null),
            { resamples, level },
          ),
        ];
      }),
    ) as Record<RankingMeasureName, MeasureEstimate>;
  const less = (a: number | null, b: number | null) => (a === null || b === null ? null : a - b);
  return {
    n: rows.length,
    right: tallies[0]!.totalRight,
    missingLabels,
    missing,
    groups: groups === undefined ? null : units.length,
    methods: Object.fromEntries(
      names.map((name, k) => [
        name,
        summary(
          (measure) => found[k]![measure],
          (measure, b) => draws[b]![k]![measure],
        ),
      ]),
    ),
    differences: names.flatMap((first, k) =>
      names.slice(k + 1).map((second, more) => {
        const other = k + 1 + more;
        return {
          first,
          second,
          measures: summary(
            (measure) => less(found[k]![measure], found[other]![measure]),
            (measure, b) => less(draws[b]![k]![measure], draws[b]![other]![measure]),
          ),
        };
      }),
    ),
  };
}

/** What is drawn as one: places among the rows. */
function unitsOf(rows: readonly number[], groups: ArrayLike<string | number> | undefined): number[][] {
  if (groups === undefined) return rows.map((_, r) => [r]);
  const units = new Map<string | number, number[]>();
  for (const [r, i] of rows.entries()) {
    const unit = units.get(groups[i]!);
    if (unit) unit.push(r);
    else units.set(groups[i]!, [r]);
  }
  return [...units.values()];
}

/** [resamples][methods] measures, all methods on the same draws. @param slots [methods][rows] which count each row adds to. */
function drawn(
  slots: readonly Uint32Array[],
  tallies: readonly Tally[],
  units: readonly number[][],
  { resamples, seed }: { resamples: number; seed: number },
): Record<RankingMeasureName, number | null>[][] {
  const random = seededRandom(seed);
  const weights = new Uint32Array(slots[0]!.length);
  const rooms = tallies.map((tally) => ({
    tally,
    room: new TallyRoom(tally.values.length),
    counts: new Uint32Array(2 * tally.values.length),
  }));
  return Array.from({ length: resamples }, () => {
    weights.fill(0);
    for (let k = 0; k < units.length; k++)
      for (const row of units[Math.floor(random() * units.length)]!) weights[row]!++;
    return rooms.map(({ tally, room, counts }, k) => {
      counts.fill(0);
      for (let row = 0; row < weights.length; row++) counts[slots[k]![row]!]! += weights[row]!;
      return rankingMeasures(room.tally(tally, counts));
    });
  });
}

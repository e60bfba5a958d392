/** The pictures of a refinement: the curve of one chain or of demonstrations, what a data set saved. */
import { type Chart, type PruningPoint, pruningCurve, tokensSavedChart } from "../../charts/server.ts";
import type {
  ComparedPruning,
  DatasetReport,
  DemonstrationReport,
  MeasureScope,
  RefinedSample,
  RefineReport,
  RefineRound,
} from "../../refine/index.ts";
import { perplexityOf, ratioOf, savedShare } from "../refine/words.ts";

/** Full chain, and what a method made of it: no other ways. */
const OWN_ROWS = 2;

type Thresholds = RefineReport["thresholds"];

/** Lines beyond which nothing is cut; "rest" has none, because its ratio is not of the perplexity that is drawn. */
function limitsOf(thresholds: Thresholds, measure: MeasureScope): { name: string; ratio: number }[] {
  if (!thresholds || measure === "rest") return [];
  const { remove, merge } = thresholds;
  return [
    ...(Number.isFinite(remove) ? [{ name: `removed up to ${remove} ×`, ratio: remove }] : []),
    ...(Number.isFinite(merge) && merge !== remove
      ? [{ name: `merged up to ${merge} ×`, ratio: merge }]
      : []),
  ];
}

const pathOf = (first: PruningPoint, rounds: readonly RefineRound[]): PruningPoint[] => [
  first,
  ...rounds.map(({ round, step, kind, steps, tokens, perplexity }) => ({
    name: `round ${round}: step ${step + 1} ${kind}`,
    steps,
    tokens,
    perplexity,
  })),
];

/** Of one sample. Methods that score once have no rounds: their curve goes from the full chain to what is left. */
export function sampleCurve(
  sample: RefinedSample,
  { measure, thresholds, method }: Pick<DatasetReport, "measure" | "thresholds" | "method">,
): Chart {
  const { before, after, tokens, steps, rounds, baselines, draws = [] } = sample;
  const key = measure === "answer" ? "answerPerplexity" : "chainPerplexity";
  const point = ({ name, steps: left, tokens: count, [key]: perplexity }: ComparedPruning): PruningPoint => ({
    name,
    steps: left,
    tokens: count,
    perplexity,
  });
  const full = { name: "full", steps: steps.length, tokens: tokens.before, perplexity: before[key] };
  const left = steps.filter(({ now }) => now !== null).length;
  const path =
    rounds.length > 0 || left === steps.length
      ? pathOf(full, rounds)
      : [full, { name: method, steps: left, tokens: tokens.after, perplexity: after[key] }];
  return pruningCurve({
    path,
    baselines: (baselines ?? []).map(point).slice(OWN_ROWS),
    draws: draws.map(point).map((draw, i) => ({ ...draw, name: `random draw ${i + 1}` })),
    limits: limitsOf(thresholds, measure),
    of: perplexityOf(measure, "ft"),
  });
}

/** Of demonstrations, as questions see them. */
export function demonstrationCurve(report: DemonstrationReport): Chart {
  const { steps, tokens, perplexity, rounds, baselines, draws = [], measure, thresholds } = report;
  const full = { name: "full", steps: steps.length, tokens: tokens.before, perplexity: perplexity.before };
  return pruningCurve({
    path: pathOf(full, rounds),
    baselines: baselines.slice(OWN_ROWS),
    draws: draws.map((draw, i) => ({ ...draw, name: `random draw ${i + 1}` })),
    limits: limitsOf(thresholds, measure),
    of: perplexityOf(measure, "fs"),
  });
}

/** Of a data set. */
export function savedChart({ samples, measure }: Pick<DatasetReport, "samples" | "measure">): Chart {
  return tokensSavedChart(
    refinedOf(samples).flatMap((sample) => {
      const saved = savedShare(sample.tokens);
      return saved === null ? [] : [{ saved, ratio: ratioOf(sample, measure) }];
    }),
  );
}

/** Samples whose steps were weighed. */
export const refinedOf = (samples: DatasetReport["samples"]): RefinedSample[] =>
  samples.filter((sample): sample is RefinedSample => sample.outcome === "refined");

/** The chart of a report: of a single sample its curve. */
export function refineChart(report: RefineReport): Chart {
  if (report.mode === "fs") return demonstrationCurve(report);
  const [only] = report.samples;
  return report.samples.length === 1 && only?.outcome === "refined"
    ? sampleCurve(only, report)
    : savedChart(report);
}

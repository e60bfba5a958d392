/** All samples of a data set together, with errors over samples. */
import type {
  BaselineTotal,
  DatasetTotals,
  Estimate,
  RefinedSample,
  SampleReport,
  UnrefinedSample,
} from "./report.ts";

/** @param draws random draws of each sample's baselines. */
export function totalsOf(samples: readonly SampleReport[], draws: number): DatasetTotals {
  const refined = samples.filter((one): one is RefinedSample => one.outcome === "refined");
  const others = samples.filter((one): one is UnrefinedSample => one.outcome !== "refined");
  const sum = (of: (sample: RefinedSample) => number) => refined.reduce((all, one) => all + of(one), 0);
  const fates = (fate: string) => sum(({ steps }) => steps.filter((step) => step.fate === fate).length);
  const [removed, merged] = [fates("removed"), fates("merged")];
  const before = sum(({ steps }) => steps.length);
  return {
    samples: samples.length,
    refined: refined.length,
    changed: refined.filter(({ steps }) => steps.some(({ fate }) => fate !== "kept")).length,
    kept: others.filter(({ outcome }) => outcome === "kept").length,
    dropped: others.filter(({ outcome }) => outcome === "dropped").length,
    reasons: reasonsOf(others),
    steps: { before, removed, merged, after: before - removed - merged },
    tokens: { before: sum(({ tokens }) => tokens.before), after: sum(({ tokens }) => tokens.after) },
    cut: estimate(refined.map(({ tokens }) => (tokens.before === 0 ? 0 : 1 - tokens.after / tokens.before))),
    chainChange: estimate(
      refined.map(({ before: b, after: a }) => Math.log(a.chainPerplexity) - Math.log(b.chainPerplexity)),
    ),
    answerChange: estimate(
      refined.map(({ before: b, after: a }) => Math.log(a.answerPerplexity) - Math.log(b.answerPerplexity)),
    ),
    baselines: baselinesOf(refined, draws),
    tokensRun: sum(({ tokensRun }) => tokensRun),
  };
}

/** Mean and its standard error; values that are no finite number are left out. `null` of none. */
export function estimate(values: readonly number[]): Estimate | null {
  const finite = values.filter(Number.isFinite);
  const count = finite.length;
  if (count === 0) return null;
  const mean = finite.reduce((sum, value) => sum + value, 0) / count;
  const squares = finite.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, standardError: count < 2 ? null : Math.sqrt(squares / (count - 1) / count), count };
}

function reasonsOf(others: readonly UnrefinedSample[]): DatasetTotals["reasons"] {
  const counts = new Map<string, number>();
  for (const { code } of others) counts.set(code, (counts.get(code) ?? 0) + 1);
  return [...counts]
    .map(([code, count]) => ({ code, count }))
    .sort((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1));
}

function baselinesOf(refined: readonly RefinedSample[], draws: number): DatasetTotals["baselines"] {
  const compared = refined.flatMap(({ baselines }) => (baselines === null ? [] : [baselines]));
  if (compared.length === 0) return null;
  const rows = compared[0]!.map(({ name }, i): BaselineTotal => {
    const mean = (of: (rows: (typeof compared)[number]) => number) =>
      compared.reduce((sum, each) => sum + of(each), 0) / compared.length;
    const worse = (key: "chainPerplexity" | "answerPerplexity") =>
      i === 0 ? null : estimate(compared.map((each) => Math.log(each[i]![key]) - Math.log(each[0]![key])));
    return {
      name,
      steps: mean((each) => each[i]!.steps),
      tokens: mean((each) => each[i]!.tokens),
      chainPerplexity: Math.exp(mean((each) => Math.log(each[i]!.chainPerplexity))),
      answerPerplexity: Math.exp(mean((each) => Math.log(each[i]!.answerPerplexity))),
      chainWorse: worse("chainPerplexity"),
      answerWorse: worse("answerPerplexity"),
    };
  });
  return { samples: compared.length, draws, rows };
}

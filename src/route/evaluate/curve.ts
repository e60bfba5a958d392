/** What every threshold of a signal would give: accuracy against tokens. */
import { signalOf } from "../answer-signals.ts";
import { recordsOf } from "../checks.ts";
import type { RouteRecord, RouteRecords } from "../records.ts";
import { judged } from "./columns.ts";

/** One threshold. */
export interface CurvePoint {
  /** Kept where the signal is at most this; `null`: never. */
  threshold: number | null;
  /** Share of questions whose short answer is kept. */
  kept: number;
  accuracy: number;
  /** Written per question, the short answer among them. */
  tokens: number;
}

/**
 * Accuracy and tokens at every threshold of a signal, from never keeping the short answer to keeping all that have the signal.
 * Where it is missing, the question goes the long way.
 * @param options.paths default: short and long.
 */
export function accuracyTokensCurve(
  given: RouteRecords | readonly RouteRecord[],
  {
    signal = "nll",
    paths = ["short", "long"],
  }: { signal?: string | undefined; paths?: readonly [string, string] | undefined } = {},
): CurvePoint[] {
  const { records } = judged(recordsOf(given).records, paths);
  const [short, long] = paths;
  const n = records.length;
  let [kept, right, tokens] = [0, 0, 0];
  const known: { signal: number; change: number; saved: number }[] = [];
  for (const record of records) {
    const [one, other] = [record.paths[short]!, record.paths[long]!];
    right += Number(other.correct);
    tokens += one.tokens + other.tokens;
    const value = signalOf(one.signals ?? {}, signal);
    if (value !== null)
      known.push({ signal: value, change: Number(one.correct) - Number(other.correct), saved: other.tokens });
  }
  const point = (threshold: number | null): CurvePoint => ({
    threshold,
    kept: kept / n,
    accuracy: right / n,
    tokens: tokens / n,
  });
  const points = [point(null)];
  known.sort((a, b) => a.signal - b.signal);
  for (const [i, each] of known.entries()) {
    kept++;
    right += each.change;
    tokens -= each.saved;
    if (known[i + 1]?.signal !== each.signal) points.push(point(each.signal));
  }
  return points;
}

/** What a fitted calibrator is: plain JSON, applied by `applyCalibrator`. */
import { invalidArgument } from "../../core/index.ts";
import { requireScore } from "../measures/index.ts";

/** p^(1/T), normalised. T > 1 makes less sure, T < 1 surer; the order of the options stays. */
export interface TemperatureCalibrator {
  kind: "temperature";
  /** T, 0.01 ... 10,000. */
  temperature: number;
  /** The best T lies at or beyond an end of that range: all were right, or the options' probabilities say nothing of them. */
  atBound: boolean;
}

/** One temperature for each kind of question. */
export interface KindTemperatureCalibrator {
  kind: "temperature-by-kind";
  temperatures: Readonly<Record<string, Omit<TemperatureCalibrator, "kind">>>;
}

/** sigmoid(slope x + intercept), x the logit of the score, or the score itself. */
export interface PlattCalibrator {
  kind: "platt";
  input: "logit" | "score";
  slope: number;
  intercept: number;
}

/** sigmoid(a ln s - b ln(1 - s) + c). */
export interface BetaCalibrator {
  kind: "beta";
  /** >= 0 */
  a: number;
  /** >= 0 */
  b: number;
  c: number;
}

/** A rising curve through points, straight between them and flat beyond. */
export interface IsotonicCalibrator {
  kind: "isotonic";
  /** Rising. */
  scores: readonly number[];
  /** At each score, 0 ... 1, never falling. */
  values: readonly number[];
}

/** A value for each bin of scores. */
export interface HistogramCalibrator {
  kind: "histogram";
  /** [bins + 1] rising from 0 to 1; a score on an edge belongs to the bin below it. */
  edges: readonly number[];
  /** [bins] share right; `null` = nothing was seen there, and a score stays as it is. */
  values: readonly (number | null)[];
}

/** A calibrator of one score. */
export type Calibrator =
  | TemperatureCalibrator
  | KindTemperatureCalibrator
  | PlattCalibrator
  | BetaCalibrator
  | IsotonicCalibrator
  | HistogramCalibrator;

/** Scores of 0 and 1 have no finite logit; they are taken for this far from it. */
const NEAREST = 1e-12;

/** ln(p / (1 - p)) of a score in 0 ... 1, kept finite. */
export function logitOf(score: number): number {
  const p = Math.min(1 - NEAREST, Math.max(NEAREST, score));
  return Math.log(p) - Math.log1p(-p);
}

/** ln s and ln(1 - s), kept finite. */
export const logsOf = (score: number): [number, number] => [
  Math.log(Math.max(NEAREST, score)),
  Math.log(Math.max(NEAREST, 1 - score)),
];

/** 1 / (1 + e^-x), exact at both ends. */
export function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const e = Math.exp(x);
  return e / (1 + e);
}

/**
 * A calibrated probability.
 * @param score 0 ... 1; of a Platt calibrator with the input "score" any finite number.
 * @param kind of question, for one temperature per kind.
 * @throws SurprisalError INVALID_ARGUMENT for a score out of its range, and a kind that no temperature was fitted for.
 */
export function applyCalibrator(calibrator: Calibrator, score: number, kind?: string): number {
  requireScore(score, calibrator.kind === "platt" && calibrator.input === "score" ? "any" : "probability", 0);
  switch (calibrator.kind) {
    case "temperature":
    case "temperature-by-kind":
      return tempered(score, temperatureOf(calibrator, kind));
    case "platt": {
      const x = calibrator.input === "logit" ? logitOf(score) : score;
      return sigmoid(calibrator.slope * x + calibrator.intercept);
    }
    case "beta": {
      const [log, logRest] = logsOf(score);
      return sigmoid(calibrator.a * log - calibrator.b * logRest + calibrator.c);
    }
    case "isotonic":
      return interpolated(calibrator, score);
    case "histogram":
      return calibrator.values[binAmong(calibrator.edges, score)] ?? score;
  }
}

/** T of a question's kind. @throws SurprisalError INVALID_ARGUMENT */
export function temperatureOf(
  calibrator: TemperatureCalibrator | KindTemperatureCalibrator,
  kind?: string,
): number {
  if (calibrator.kind === "temperature") return calibrator.temperature;
  const kinds = Object.keys(calibrator.temperatures);
  const found = kind !== undefined && kinds.includes(kind) ? calibrator.temperatures[kind] : undefined;
  if (found !== undefined) return found.temperature;
  throw invalidArgument(
    kind === undefined ? "The kind of the question is missing" : `No temperature was fitted for "${kind}"`,
    "kind",
    `Give one of ${kinds.join(", ")}.`,
  );
}

/** The binary case: 0 and 1 stay what they are. */
function tempered(p: number, temperature: number): number {
  if (p === 0 || p === 1 || temperature === 1) return p;
  return sigmoid((Math.log(p) - Math.log1p(-p)) / temperature);
}

function interpolated({ scores, values }: IsotonicCalibrator, score: number): number {
  const last = scores.length - 1;
  if (score <= scores[0]!) return values[0]!;
  if (score >= scores[last]!) return values[last]!;
  let [low, high] = [0, last]; // scores[low] <= score < scores[high]
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (scores[middle]! <= score) low = middle;
    else high = middle;
  }
  const share = (score - scores[low]!) / (scores[high]! - scores[low]!);
  return values[low]! + share * (values[high]! - values[low]!);
}

function binAmong(edges: readonly number[], score: number): number {
  let [low, high] = [0, edges.length - 2]; // the first bin whose upper edge is at or above the score
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (edges[middle + 1]! >= score) high = middle;
    else low = middle + 1;
  }
  return low;
}

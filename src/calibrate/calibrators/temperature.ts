/** Temperature scaling: one number, which makes probabilities surer or less sure and moves no choice. */
import { invalidArgument, SurprisalError } from "../../core/index.ts";
import { type Pairs, requireOption, tallyOf } from "../measures/index.ts";
import { type KindTemperatureCalibrator, logitOf, type TemperatureCalibrator } from "./calibrator.ts";

/** Questions with the log-probabilities of their options. Columns of one length. */
export interface OptionLogprobs {
  /**
   * [n][k] ln p of each option, nats, up to a constant of the question (logits will do); -Infinity = probability 0; `null` = the
   * source gave none for this question.
   */
  logprobs: readonly (ArrayLike<number> | null)[];
  /** [n] number of the right option, from 0; `null` = not known. */
  labels: readonly (number | null)[];
}

/** Least and largest temperature that is fitted (log-probabilities of whole sentences are hundreds of nats apart); artefact/file.ts takes no others. */
const TEMPERATURES = { least: 0.01, most: 10_000 } as const;

/** What the fit of a temperature needs: slope and curvature of Σ -ln p of the right options at β = 1/T. */
type LossAt = (beta: number) => { slope: number; curvature: number };

/**
 * The temperature with the least log loss on these questions: min over T of Σ -ln softmax(logprobs / T)[label]. The loss is
 * convex in 1/T, so there is one. Questions without numbers or label do not count.
 * Source: Guo, Pleiss, Sun & Weinberger 2017, "On Calibration of Modern Neural Networks".
 * @throws SurprisalError INVALID_ARGUMENT for labels that are no option, NaN, +Infinity, no options, and right options of
 *   probability 0, which no temperature can help; EMPTY_INPUT where no question counts.
 */
export function fitTemperature(questions: OptionLogprobs): TemperatureCalibrator {
  const known = knownQuestions(questions);
  return leastLoss((beta) => {
    let [slope, curvature] = [0, 0];
    for (const { row, label } of known) {
      const { mean, variance } = momentsAt(row, beta);
      slope += mean - row[label]!;
      curvature += variance;
    }
    return { slope, curvature };
  });
}

/**
 * The same for a score of one claim that was right or wrong: sigmoid(logit(score) / T). Scores of exactly 0 and 1 are
 * taken for 1e-12 from them in the fit.
 * @throws SurprisalError as `tallyOf`.
 */
export function fitPairTemperature(pairs: Pairs): TemperatureCalibrator {
  const { values, right, wrong } = tallyOf(pairs);
  const logits = values.map(logitOf);
  return leastLoss((beta) => {
    let [slope, curvature] = [0, 0];
    for (let j = 0; j < logits.length; j++) {
      const x = logits[j]!;
      const p = 1 / (1 + Math.exp(-beta * x));
      const count = right[j]! + wrong[j]!;
      slope += x * (count * p - right[j]!);
      curvature += count * x * x * p * (1 - p);
    }
    return { slope, curvature };
  });
}

/**
 * One temperature for each kind of question: a choice among many options is over-confident in another measure than a yes or
 * no.
 * @param kinds [n] of each question, such as "predicate", "choice", "score".
 * @throws SurprisalError as `fitTemperature`, naming the kind.
 */
export function fitTemperatureByKind(
  questions: OptionLogprobs,
  kinds: readonly string[],
): KindTemperatureCalibrator {
  if (kinds.length !== questions.logprobs.length)
    throw invalidArgument(
      `There are ${questions.logprobs.length} questions and ${kinds.length} kinds`,
      "kinds",
      "Give one for each.",
    );
  const temperatures = [...new Set(kinds)].sort().map((kind) => {
    const those = kinds.flatMap((each, i) => (each === kind ? [i] : []));
    const pick = <T>(column: readonly T[]) => those.map((i) => column[i]!);
    try {
      const { temperature, atBound } = fitTemperature({
        logprobs: pick(questions.logprobs),
        labels: pick(questions.labels),
      });
      return [kind, { temperature, atBound }] as const;
    } catch (error) {
      throw SurprisalError.isInstance(error) ? error.at(`kind ${kind}, ${error.where ?? ""}`) : error;
    }
  });
  return { kind: "temperature-by-kind", temperatures: Object.fromEntries(temperatures) };
}

/**
 * softmax(logprobs / T): probabilities of the options, which sum to 1. The order of the options stays, equal ones stay equal.
 * @param logprobs [k] ln p, nats, up to a constant; -Infinity stays 0.
 * @throws SurprisalError INVALID_ARGUMENT for a temperature that is not above 0, and where no option has a probability.
 */
export function temperedProbabilities(logprobs: ArrayLike<number>, temperature: number): Float64Array {
  if (!(temperature > 0 && temperature < Infinity))
    throw invalidArgument(`${temperature} is no temperature`, "temperature", "Give a number above 0.");
  checkRow(logprobs, "logprobs");
  const most = maximum(logprobs);
  const weights = Float64Array.from(logprobs, (logprob) => Math.exp((logprob - most) / temperature));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** The T at which the slope is 0: Newton's method, kept between ends that halve. */
export function leastLoss(lossAt: LossAt): TemperatureCalibrator {
  let low = 1 / TEMPERATURES.most;
  let high = 1 / TEMPERATURES.least;
  if (lossAt(high).slope <= 0) return { kind: "temperature", temperature: TEMPERATURES.least, atBound: true };
  if (lossAt(low).slope >= 0) return { kind: "temperature", temperature: TEMPERATURES.most, atBound: true };
  let beta = 1;
  for (let i = 0; i < 200; i++) {
    const { slope, curvature } = lossAt(beta);
    if (slope === 0) break;
    if (slope > 0) high = beta;
    else low = beta;
    const step = beta - slope / curvature;
    const next = step > low && step < high ? step : Math.sqrt(low * high);
    const moved = Math.abs(next - beta);
    beta = next;
    if (moved <= 1e-14 * beta) break;
  }
  return { kind: "temperature", temperature: 1 / beta, atBound: false };
}

function knownQuestions({ logprobs, labels }: OptionLogprobs): { row: ArrayLike<number>; label: number }[] {
  if (labels.length !== logprobs.length)
    throw invalidArgument(
      `There are ${logprobs.length} questions and ${labels.length} labels`,
      "labels",
      "Give one for each.",
    );
  const known = logprobs.flatMap((row, i) => {
    if (row === null || row === undefined) return [];
    checkRow(row, `logprobs[${i}]`);
    const label = labels[i] ?? null;
    requireOption(label, row.length, `labels[${i}]`);
    if (label === null) return [];
    if (row[label] === -Infinity)
      throw invalidArgument(
        "The right option has probability 0, which no temperature can help",
        `logprobs[${i}]`,
        "Leave the question out, or give null, and count it as missing.",
      );
    return [{ row, label }];
  });
  if (known.length > 0) return known;
  throw new SurprisalError({
    code: "EMPTY_INPUT",
    what: "No question has both numbers and a label",
    where: "logprobs",
    wayOut: "Give log-probabilities of the options, and the number of the right one.",
  });
}

function checkRow(row: ArrayLike<number>, where: string): void {
  if (row.length === 0) throw invalidArgument("The question has no options", where, "Give at least one.");
  for (let k = 0; k < row.length; k++)
    if (!(row[k]! < Infinity))
      throw invalidArgument(
        `${row[k]} is no log-probability`,
        `${where}[${k}]`,
        "Give a number, or -Infinity.",
      );
  if (maximum(row) === -Infinity)
    throw invalidArgument("All options have probability 0", where, "Give null where there are none.");
}

function maximum(row: ArrayLike<number>): number {
  let most = -Infinity;
  for (let k = 0; k < row.length; k++) if (row[k]! > most) most = row[k]!;
  return most;
}

/** Mean and variance of the log-probabilities under softmax(β row). */
function momentsAt(row: ArrayLike<number>, beta: number): { mean: number; variance: number } {
  const most = maximum(row);
  let [sum, first, second] = [0, 0, 0];
  for (let k = 0; k < row.length; k++) {
    const off = row[k]! - most;
    if (off === -Infinity) continue;
    const weight = Math.exp(beta * off);
    sum += weight;
    first += weight * off;
    second += weight * off * off;
  }
  const mean = first / sum;
  return { mean: mean + most, variance: Math.max(0, second / sum - mean * mean) };
}

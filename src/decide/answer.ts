/** From what the model scored to an answer: probabilities, and what is to be known beside them. */
import type { PreparedQuestion, Question } from "./question.ts";
import type { OptionReading } from "./requests.ts";
import type { DecideRule } from "./rule.ts";
import type { ProbabilityInterval } from "./top-labels.ts";

/** An option with its numbers. */
export interface DecidedOption {
  value: string | boolean;
  /** The text that was scored, or listed under a letter. */
  text: string;
  /**
   * ln p that the model says exactly this, nats: all tokens and the end of the answer; of a label, its letter. Over several
   * orders, of the mean of the probabilities. `null`: the source gives none.
   */
  logprob: number | null;
  /** Its score by the rule, nats: what the probabilities are made of. Over several orders, ln of the mean share. */
  score: number | null;
  /** Tokens scored. */
  tokens: number;
  /** Among the options, 0 ... 1; calibrated where the answer is. */
  probability: number | null;
  /**
   * Of a server that lists its most probable tokens only: between which the model's own, uncalibrated probability lies, whatever the
   * tokens are that were not listed. `null`: it is exact, or nothing is known.
   */
  interval: ProbabilityInterval | null;
}

/** The answer to one question. `null` = the source cannot say. */
export interface Decision {
  name: string;
  type: Question["type"];
  /** Value of the most probable option; `null` also where it abstains. */
  choice: string | boolean | null;
  /** It would rather not: `confidence` is below the threshold of the risk that was asked for. */
  abstained: boolean;
  /** Probability of the most probable option; of a server that decides itself, its own figure where it gives one. */
  confidence: number | null;
  /** Of a predicate: the probability that it holds. Else `null`. */
  probability: number | null;
  /** Of a score: the expected level, 0 = the first. Else `null`. */
  expected: number | null;
  /** In the order that they were given in. */
  options: readonly DecidedOption[];
  /** -Σ p ln p over the options, nats. */
  entropy: number | null;
  /** The largest probability less the second. */
  margin: number | null;
  /**
   * The model's probability of all options together, of the letters under the rule "label", 0 ... 1: what is missing to 1, it
   * would have said something else.
   */
  optionMass: number | null;
  /**
   * Probability of the tokens that a server did not list, 0 ... 1: `optionMass` may be larger by up to this. 0 where all is known;
   * `null`: the server gave no numbers.
   */
  missingMass: number | null;
  /** Whether the probabilities are calibrated. */
  calibrated: boolean;
  /** Orders that listed options were asked in; 1 where they are not listed. */
  orders: number;
  /** Share of the orders whose own choice is another one; `null` with one order. */
  flipRate: number | null;
  /** Tokens run through the model for it that no other question of the call had run already; `null`: not known. */
  tokensRun: number | null;
}

/** Numbers of a question's options under a rule. */
export interface OptionNumbers {
  /** [options] nats, `null` where the source gave none. */
  logprobs: (number | null)[];
  /** [options] scores, nats; `null`: some are missing, or none is possible. */
  scores: number[] | null;
  /** [orders] the option chosen in each; empty where scores are missing. */
  choices: number[];
}

/** Scores of the options over all orders. @param readings [orders][options] */
export function numbersOf(
  { canonical, options }: Pick<PreparedQuestion, "canonical" | "options">,
  readings: readonly (readonly OptionReading[])[],
  rule: DecideRule,
): OptionNumbers {
  const logprobs = options.map((_, i) => logMean(readings.map((order) => order[i]!.logprob)));
  const byOrder = readings.map((order) => order.map((reading) => scoreOf(reading, rule)));
  const [only] = byOrder;
  if (byOrder.length === 1) {
    const scores = usable(only!);
    return { logprobs, scores, choices: scores ? [mostProbable(scores, canonical)] : [] };
  }
  const shares: Float64Array[] = [];
  for (const order of byOrder) {
    const scores = usable(order);
    if (scores === null) return { logprobs, scores: null, choices: [] };
    shares.push(softmax(scores, canonical));
  }
  const mean = options.map((_, i) => shares.reduce((sum, share) => sum + share[i]!, 0) / shares.length);
  return {
    logprobs,
    scores: mean.map(Math.log),
    choices: shares.map((share) => mostProbable(share, canonical)),
  };
}

function scoreOf({ logprob, without, tokens }: OptionReading, rule: DecideRule): number | null {
  if (logprob === null) return null;
  if (rule === "mean") return logprob / tokens;
  if (rule !== "pmi") return logprob;
  // What is impossible with the state is impossible; what becomes possible by it has no ratio.
  if (logprob === -Infinity) return -Infinity;
  return without === null || without === -Infinity ? null : logprob - without;
}

const usable = (scores: readonly (number | null)[]): number[] | null => {
  const known = scores.filter((score) => score !== null);
  return known.length === scores.length && known.some((score) => score > -Infinity) ? known : null;
};

function logMean(logprobs: readonly (number | null)[]): number | null {
  if (logprobs.length === 1) return logprobs[0]!;
  let sum = 0;
  for (const logprob of logprobs) {
    if (logprob === null) return null;
    sum += Math.exp(logprob);
  }
  return Math.log(sum / logprobs.length);
}

/** Added up in the canonical order, so that the order the options came in does not show in the last digit. */
export function softmax(scores: readonly number[], canonical: readonly number[]): Float64Array {
  const most = Math.max(...scores);
  const weights = Float64Array.from(scores, (score) => Math.exp(score - most));
  const sum = canonical.reduce((total, i) => total + weights[i]!, 0);
  return weights.map((weight) => weight / sum);
}

/** The largest; of equal ones the first in canonical order. */
export function mostProbable(values: ArrayLike<number>, canonical: readonly number[]): number {
  return canonical.reduce((found, i) => (values[i]! > values[found]! ? i : found));
}

/** What an answer is made of. */
export interface AnswerParts {
  question: PreparedQuestion;
  numbers: OptionNumbers;
  /** [options] tokens scored. */
  tokens: readonly number[];
  /** [options], or `null`. */
  probabilities: ArrayLike<number> | null;
  calibrated: boolean;
  /** Abstain below this confidence; `null`: never; Infinity: always. */
  threshold: number | null;
  /** Whether options can be added up: no answer is the beginning of another. */
  exclusive: boolean;
  tokensRun: number | null;
  /** [options] where a server lists some tokens only. */
  intervals?: readonly (ProbabilityInterval | null)[] | undefined;
  missingMass?: number | null | undefined;
}

/** Puts an answer together. */
export function decisionOf(parts: AnswerParts): Decision {
  const { question, numbers, probabilities: p, threshold } = parts;
  const { options, canonical, name, type } = question;
  const { intervals, missingMass = 0 } = parts;
  const chosen = p === null ? null : mostProbable(p, canonical);
  const confidence = chosen === null ? null : p![chosen]!;
  const abstained = threshold !== null && (confidence === null || confidence < threshold);
  const { choices } = numbers;
  const total = (value: (i: number) => number) => canonical.reduce((sum, i) => sum + value(i), 0);
  return {
    name,
    type,
    choice: chosen === null || abstained ? null : options[chosen]!.value,
    abstained,
    confidence,
    probability: type === "predicate" && p !== null ? p[0]! : null,
    expected: type === "score" && p !== null ? total((i) => i * p[i]!) : null,
    options: options.map(({ value, text }, i) => ({
      value,
      text,
      logprob: isUnlisted(numbers.logprobs[i]!, intervals) ? null : numbers.logprobs[i]!,
      score: numbers.scores?.[i] ?? null,
      tokens: parts.tokens[i]!,
      probability: p?.[i] ?? null,
      interval: intervals?.[i] ?? null,
    })),
    entropy: p === null ? null : total((i) => (p[i]! > 0 ? -p[i]! * Math.log(p[i]!) : 0)),
    margin: p === null ? null : marginOf(p),
    optionMass:
      parts.exclusive && numbers.logprobs.every((logprob) => logprob !== null)
        ? Math.min(
            1,
            total((i) => Math.exp(numbers.logprobs[i]!)),
          )
        : null,
    missingMass,
    calibrated: parts.calibrated && p !== null,
    orders: Math.max(1, choices.length),
    flipRate: flipRateOf(numbers, canonical),
    tokensRun: parts.tokensRun,
  };
}

/** Against the choice by all orders together, before any calibration, which may move it. */
function flipRateOf({ scores, choices }: OptionNumbers, canonical: readonly number[]): number | null {
  if (scores === null || choices.length < 2) return null;
  const chosen = mostProbable(scores, canonical);
  return choices.filter((each) => each !== chosen).length / choices.length;
}

/** A label that was not listed has some probability, which is not known. */
const isUnlisted = (logprob: number | null, intervals: AnswerParts["intervals"]): boolean =>
  logprob === -Infinity && intervals !== undefined;

function marginOf(p: ArrayLike<number>): number {
  const sorted = Float64Array.from(p).sort();
  return sorted.at(-1)! - sorted.at(-2)!;
}

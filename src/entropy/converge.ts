/**
 * The Shannon-McMillan-Breiman theorem at work: -1/N ln p(x_1 ... x_N) settles as N grows, whatever part of the text it is.
 *
 * The text is cut into stretches that the model reads with nothing before them. The running mean of -ln p is followed in
 * each: their spread shrinks, about as 1/√N where what is far apart is independent. The limit is the mean surprisal behind a
 * full window where stretches are long enough; else it is fitted to the mean surprisal by place in the stretch, in bins that
 * share no token: a constant, or a power law where that fits better (see `fitPowerLaw`).
 *
 * What is estimated is the cross-entropy rate of the text under this model: no less than the entropy rate of the source.
 * Sources: Cover & Thomas, theorem 16.8.1; Takahira, Tanaka-Ishii & Dębowski 2016.
 */
import { invalidArgument, quantileOf, seededRandom, standardDeviation } from "../core/index.ts";
import type { LanguageModel } from "../models/index.ts";
import {
  type ModelOfRun,
  type ModelRunOptions,
  modelOf,
  recipeOf,
  requireCapability,
  scoreAlone,
  type TextOrTokens,
  tokensOf,
} from "./model-run.ts";
import { type CoursePoint, fitPowerLaw, type PowerLaw } from "./power-law.ts";

/** Options of `convergenceOf`. */
export interface ConvergenceOptions extends ModelRunOptions {
  /** Stretches, 2 ... 1000. Default 8. */
  starts?: number | undefined;
}

/** All stretches after as many tokens. */
export interface ConvergencePoint {
  /** Scored tokens N of each stretch. */
  tokens: number;
  /** [starts] running mean of -ln p, nats per token; its exponential is the running perplexity. */
  rates: readonly number[];
  /** Mean over the stretches, nats. */
  mean: number;
  /** Standard deviation over the stretches, nats. */
  spread: number;
}

/** Where it goes. */
export interface FittedLimit {
  /** Nats per token; its exponential is the limit of the perplexity, 2^H with H in bits. */
  rate: number;
  /** Percentile interval by the bootstrap over stretches, each fitted again; `null`: fewer than 4 stretches. */
  interval: { low: number; high: number; level: number; resamples: number } | null;
  /**
   * "full-window": the mean behind a full window, where stretches are at least twice as long: nothing changes any more for a
   * model with such a memory. Else "constant": place in the stretch makes no difference that shows; or "power-law".
   */
  course: "full-window" | "constant" | "power-law";
  /** Tokens that the model remembers at most, where the limit is behind so many; else `null`. */
  window: number | null;
  /** Of mean surprisal by place, of course "power-law"; else `null`. */
  law: PowerLaw | null;
}

/** What convergence shows. */
export interface Convergence extends ModelOfRun {
  recipe: { name: string | null; id: string };
  /** Tokens of the text that were used. */
  tokens: number;
  /** Where each stretch begins, tokens from the beginning. */
  starts: readonly number[];
  /** Tokens of a stretch. */
  length: number;
  points: readonly ConvergencePoint[];
  /** Mean of -ln p of all stretches, nats. */
  rate: number;
  limit: FittedLimit;
  /** Slope of ln spread against ln N: -0.5 for what is independent; `null` where there is no spread. */
  spreadSlope: number | null;
  notes: readonly string[];
}

const DEFAULT_STARTS = 8;
/** Tokens of a stretch, at least. */
const SHORTEST = 16;
const POINTS_PER_DECADE = 12;
const RESAMPLES = 400;
/** Better by this much, in units of χ², justifies two more numbers (95 % point of two degrees of freedom). */
const WORTH = 5.99;

/**
 * Follows the running perplexity from several starting points.
 * @throws SurprisalError UNSUPPORTED_CAPABILITY, EMPTY_INPUT; TOO_FEW_TOKENS for fewer than 16 per stretch;
 *   INVALID_ARGUMENT for a number of stretches out of range, and for a text that the model gives probability 0.
 */
export async function convergenceOf(
  model: LanguageModel,
  text: TextOrTokens,
  options: ConvergenceOptions = {},
): Promise<Convergence> {
  const { starts: count = DEFAULT_STARTS, level = 0.95, seed = 0, onProgress, signal } = options;
  if (!(Number.isInteger(count) && count >= 2 && count <= 1000))
    throw invalidArgument(`${count} starting points`, "starts", "Give a whole number from 2 to 1000.");
  requireCapability(model, "score", "This model does not score given text token by token");
  const ids = await tokensOf(model, text, options.tokens);
  const length = Math.floor(ids.length / count);
  if (length < SHORTEST)
    throw invalidArgument(
      `The text has ${ids.length} tokens: ${Math.max(0, length)} for each of ${count} starting points`,
      "text",
      `Give a longer text, or fewer starting points: each needs ${SHORTEST} tokens.`,
    );
  const recipe = recipeOf(model);
  const starts = Array.from({ length: count }, (_, i) => i * length);
  const stretches: Float64Array[] = [];
  let run = 0;
  for (const start of starts) {
    const logprobs = await scoreAlone(model, ids.slice(start, start + length), recipe, {
      signal,
      onRun(tokens) {
        run += tokens;
        onProgress?.(Math.min(run, count * length), count * length);
      },
    });
    const scored = logprobs.filter((logprob) => !Number.isNaN(logprob));
    if (!scored.every(Number.isFinite))
      throw invalidArgument(
        "The model gives a token of this text the probability 0: its surprisal has no mean",
        "text",
        "Give a text that the model can have written.",
      );
    stretches.push(scored.map((logprob) => -logprob));
  }
  const points = runningPoints(stretches);
  const last = points.at(-1)!;
  const limit = limitOf(stretches, recipe.context, { level, seed });
  return {
    ...modelOf(model),
    recipe: { name: recipe.name, id: recipe.id },
    tokens: ids.length,
    starts,
    length,
    points,
    rate: last.mean,
    limit,
    spreadSlope: slopeOf(points),
    notes: [
      ...(model.notes ?? []),
      ...recipe.notes,
      ...(count < 4 ? ["Fewer than 4 starting points: the limit has no interval."] : []),
    ],
  };
}

/** Places from 1 to n that are evenly spaced on a logarithmic axis. */
function logPlaces(n: number, perDecade: number): number[] {
  const steps = Math.ceil(Math.log10(n) * perDecade);
  const places = Array.from({ length: steps + 1 }, (_, i) => Math.round(n ** (i / Math.max(1, steps))));
  return [...new Set(places)].sort((a, b) => a - b);
}

function runningPoints(stretches: readonly Float64Array[]): ConvergencePoint[] {
  const places = logPlaces(Math.min(...stretches.map(({ length }) => length)), POINTS_PER_DECADE);
  const courses = stretches.map((surprisals) => {
    let [sum, at] = [0, 0];
    return places.map((place) => {
      for (; at < place; at++) sum += surprisals[at]!;
      return sum / place;
    });
  });
  return places.map((tokens, i) => {
    const rates = courses.map((course) => course[i]!);
    return { tokens, rates, mean: mean(rates), spread: standardDeviation(Float64Array.from(rates)) };
  });
}

/** Sums by place in the stretch; bins share no token. */
interface Bins {
  /** [bins] where each lies: geometric mean of its ends. */
  at: readonly number[];
  /** [bins] tokens of one stretch. */
  sizes: readonly number[];
  /** [stretches][bins] mean surprisal, nats. */
  means: readonly (readonly number[])[];
}

function binsOf(stretches: readonly Float64Array[]): Bins {
  const n = Math.min(...stretches.map(({ length }) => length));
  const ends = logPlaces(n, 6);
  const begins = [0, ...ends.slice(0, -1)];
  return {
    at: ends.map((end, i) => Math.sqrt((begins[i]! + 1) * end)),
    sizes: ends.map((end, i) => end - begins[i]!),
    means: stretches.map((surprisals) =>
      ends.map((end, i) => mean(Array.from(surprisals.subarray(begins[i]!, end)))),
    ),
  };
}

function limitOf(
  stretches: readonly Float64Array[],
  window: number | null,
  { level, seed }: { level: number; seed: number },
): FittedLimit {
  const limitFrom = fitting(stretches, window);
  const fitted = limitFrom([...stretches.keys()], null);
  if (stretches.length < 4) return { ...fitted, interval: null };
  const random = seededRandom(seed);
  const rates = new Float64Array(RESAMPLES);
  for (let b = 0; b < RESAMPLES; b++) {
    const drawn = stretches.map(() => Math.floor(random() * stretches.length));
    rates[b] = limitFrom(drawn, fitted.course).rate;
  }
  rates.sort();
  return {
    ...fitted,
    interval: {
      low: quantileOf(rates, (1 - level) / 2),
      high: quantileOf(rates, (1 + level) / 2),
      level,
      resamples: RESAMPLES,
    },
  };
}

type Fitted = Omit<FittedLimit, "interval">;

/** What fits a limit to the stretches that were drawn. */
function fitting(
  stretches: readonly Float64Array[],
  window: number | null,
): (drawn: readonly number[], course: FittedLimit["course"] | null) => Fitted {
  const length = Math.min(...stretches.map((surprisals) => surprisals.length));
  if (window === null || length < 2 * window) {
    const bins = binsOf(stretches);
    return (drawn, course) => fitBins(bins, drawn, course);
  }
  const means = stretches.map((surprisals) => mean(Array.from(surprisals.subarray(window))));
  return (drawn) => ({
    rate: mean(drawn.map((stretch) => means[stretch]!)),
    course: "full-window",
    window,
    law: null,
  });
}

/** @param course what is fitted; `null`: what is better. */
function fitBins(
  { at, sizes, means }: Bins,
  drawn: readonly number[],
  course: FittedLimit["course"] | null,
): Fitted {
  // The variance of a token's surprisal, from how much the stretches differ in each bin, gives the weights their scale.
  const variances = sizes.map(
    (size, i) => size * standardDeviation(Float64Array.from(means, (bin) => bin[i]!)) ** 2,
  );
  const variance = Math.max(1e-12, mean(variances));
  const points: CoursePoint[] = at.map((x, i) => ({
    x,
    y: mean(drawn.map((stretch) => means[stretch]![i]!)),
    weight: (sizes[i]! * means.length) / variance,
  }));
  const weights = points.reduce((sum, { weight }) => sum + weight!, 0);
  const constant = points.reduce((sum, { y, weight }) => sum + y * weight!, 0) / weights;
  const flat = { rate: constant, course: "constant", window: null, law: null } as const;
  if (course === "constant") return flat;
  const law = fitPowerLaw(points);
  if (law === null) return flat;
  const chiSquared = points.reduce((sum, { y, weight }) => sum + weight! * (y - constant) ** 2, 0);
  if (course === null && chiSquared - weights * law.residual ** 2 < WORTH) return flat;
  return { rate: law.limit, course: "power-law", window: null, law };
}

/** Slope of the least-squares line through ln spread against ln tokens. */
function slopeOf(points: readonly ConvergencePoint[]): number | null {
  const logs = points.flatMap(({ tokens, spread }) =>
    spread > 1e-12 ? [{ x: Math.log(tokens), y: Math.log(spread) }] : [],
  );
  if (logs.length < 3) return null;
  const [x, y] = [mean(logs.map((log) => log.x)), mean(logs.map((log) => log.y))];
  const across = logs.reduce((sum, log) => sum + (log.x - x) ** 2, 0);
  return logs.reduce((sum, log) => sum + (log.x - x) * (log.y - y), 0) / across;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * What a context is worth: mean surprisal of the same tokens behind 0, 1, 2, 4, ... N tokens of what stands before them.
 *
 * The difference to no context is the mutual information of a token and the n before it, as this model knows it; the first
 * length after which nothing more is saved is the window it deserves. Every length is of the same places, so that errors are
 * of pairs. Each place is run once for every length, from an empty memory (behind BOS where the model has one).
 * Sources: Khandelwal et al. 2018, "Sharp nearby, fuzzy far away"; Press, Smith & Lewis 2021, "Shortformer".
 */
import { blockBootstrapMean, invalidArgument } from "../core/index.ts";
import type { LanguageModel, ScoreRequest } from "../models/index.ts";
import type { MeanNats } from "./cross.ts";
import {
  type ModelOfRun,
  type ModelRunOptions,
  modelOf,
  requireCapability,
  type TextOrTokens,
  tokensOf,
} from "./model-run.ts";

/** Options of `contextWorth`. */
export interface ContextOptions extends ModelRunOptions {
  /** Longest context, tokens. Default 256, or as long as text and model allow. */
  longest?: number | undefined;
  /** Places that are scored, at least 2. Default 64, or as many as there are. */
  places?: number | undefined;
  /** A window is enough where its places cost at most so much more than behind the longest, as a share. Default 0.01. */
  tolerance?: number | undefined;
}

/** The places behind one length of context. */
export interface ContextPoint {
  /** Tokens before each place, besides BOS. */
  context: number;
  /** Mean surprisal, nats. */
  rate: MeanNats;
  /** What this context saves beside none, in pairs, nats: the mutual information; 0 of none. */
  saved: MeanNats;
  /** What it saves beside the next shorter one, in pairs, nats; `null` of none. */
  step: MeanNats | null;
  /** What it costs beside the longest, in pairs, nats; 0 of the longest. */
  excess: MeanNats;
}

/** What contexts are worth. */
export interface ContextWorth extends ModelOfRun {
  /** Places scored, of the text's tokens. */
  places: number;
  tokens: number;
  points: readonly ContextPoint[];
  /** The shortest context within the tolerance of the longest, tokens. */
  enough: number;
  tolerance: number;
  /** Even the upper end of its interval is within the tolerance. */
  certain: boolean;
  notes: readonly string[];
}

const DEFAULT_LONGEST = 256;
const DEFAULT_PLACES = 64;

/**
 * Measures what contexts are worth.
 * @throws SurprisalError UNSUPPORTED_CAPABILITY, EMPTY_INPUT; INVALID_ARGUMENT for options out of range, a text too short for two places
 *   behind one token, and one that the model gives probability 0.
 */
export async function contextWorth(
  model: LanguageModel,
  text: TextOrTokens,
  options: ContextOptions = {},
): Promise<ContextWorth> {
  const { tolerance = 0.01, level = 0.95, seed = 0, onProgress, signal } = options;
  requireCapability(model, "score", "This model does not score given text token by token");
  const ids = await tokensOf(model, text, options.tokens);
  const { bos, eos } = model.vocabulary;
  const prefix = bos ?? eos;
  const bounds = [
    ["longest", options.longest],
    ["places", options.places === undefined ? undefined : options.places - 1],
  ] as const;
  for (const [name, value] of bounds)
    if (value !== undefined && !(Number.isInteger(value) && value >= 1))
      throw invalidArgument(
        `${name} is out of range`,
        name,
        "Give a longest context of at least 1, and at least 2 places.",
      );
  const room = Math.min(model.trainedContext ?? Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER) - 1;
  const longest = Math.min(options.longest ?? DEFAULT_LONGEST, ids.length - 2, room);
  if (longest < 1)
    throw invalidArgument(
      `The text has ${ids.length} tokens: too few to put some before others`,
      "text",
      "Give a longer text.",
    );
  const first = longest;
  const count = Math.min(options.places ?? DEFAULT_PLACES, ids.length - first);
  const places = Array.from(
    { length: count },
    (_, i) => first + Math.floor(((i + 0.5) * (ids.length - first)) / count),
  );
  const lengths = lengthsTo(longest, prefix !== null);
  const total = count * lengths.reduce((sum, length) => sum + length + 1, 0);
  const requests = function* (): Generator<ScoreRequest> {
    for (const place of places)
      for (const length of lengths)
        yield {
          context: [...(prefix === null ? [] : [prefix]), ...ids.subarray(place - length, place)],
          continuation: [ids[place]!],
        };
  };
  const surprisals = lengths.map(() => new Float64Array(count));
  let run = 0;
  for await (const { index, logprob, tokensRun } of model.score(requests(), { signal })) {
    if (logprob === null || !Number.isFinite(logprob))
      throw invalidArgument(
        "A token of the text has no surprisal that could be averaged: the model gives it no number, or the probability 0",
        "text",
        "Give a text that the model can have written.",
      );
    surprisals[index % lengths.length]![Math.floor(index / lengths.length)] = -logprob;
    run += tokensRun;
    onProgress?.(Math.min(run, total), total);
  }
  const measured = (values: Float64Array): MeanNats => {
    const drawn = blockBootstrapMean(values, { level, seed });
    return {
      value: values.reduce((sum, value) => sum + value, 0) / values.length,
      interval: drawn && { low: drawn.low, high: drawn.high, level },
    };
  };
  const less = (a: Float64Array, b: Float64Array) => measured(a.map((value, i) => value - b[i]!));
  const best = surprisals.at(-1)!;
  const points = lengths.map((context, i) => ({
    context,
    rate: measured(surprisals[i]!),
    saved: less(surprisals[0]!, surprisals[i]!),
    step: i === 0 ? null : less(surprisals[i - 1]!, surprisals[i]!),
    excess: less(surprisals[i]!, best),
  }));
  const most = tolerance * points.at(-1)!.rate.value;
  // From there on, not only there.
  const lastBeyond = points.findLastIndex(({ excess }) => excess.value > most);
  const enough = points[lastBeyond + 1]!;
  return {
    ...modelOf(model),
    places: count,
    tokens: ids.length,
    points,
    enough: enough.context,
    tolerance,
    certain:
      enough === points.at(-1) ? false : (enough.excess.interval?.high ?? Number.POSITIVE_INFINITY) <= most,
    notes: [
      ...(model.notes ?? []),
      ...(prefix === null ? ["The model has no BOS or EOS: the shortest context is one token."] : []),
      ...(longest < (options.longest ?? DEFAULT_LONGEST)
        ? [`The longest context is ${longest} tokens: text or model allow no more.`]
        : []),
    ],
  };
}

/** 0 (where there is something in front), 1, 2, 4, ... and the longest. */
function lengthsTo(longest: number, withNone: boolean): number[] {
  const lengths = withNone ? [0] : [];
  for (let length = 1; length < longest; length *= 2) lengths.push(length);
  return [...lengths, longest];
}

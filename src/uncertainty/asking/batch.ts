/** Many questions by many methods: asked a few at a time, answered in order, with the price before and the count of what was not said. */
import { abortError, invalidArgument } from "../../core/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import type { Price } from "../estimator.ts";
import type { AskedEstimate, AskedQuestion, AskingMethod, AskOptions, NoEstimate } from "./contract.ts";
import { sum } from "./reply.ts";

/** Options of `askAll`. */
export interface AskAllOptions extends AskOptions {
  /** Questions that are asked about at once, 1 to 64. Default 4. */
  concurrency?: number | undefined;
}

/** One question with what all methods say of its answer. */
export interface AskedItem<Question extends AskedQuestion = AskedQuestion> {
  /** 0, 1, ... in the order of the questions. */
  index: number;
  question: Question;
  /** In the order of the methods. */
  estimates: readonly AskedEstimate[];
}

/**
 * Asks about many answers by several methods. Items come in the order of the questions, each when it is done, so a caller can write
 * them down one by one and go on later behind the last. Whether a model can be asked by all methods is checked before the first call.
 *
 * The questions may be an async iterable; it is read no further ahead than `concurrency`. Leaving the loop early ends what is running.
 * @throws SurprisalError as the methods; INVALID_ARGUMENT.
 */
export async function* askAll<Question extends AskedQuestion>(
  model: LanguageModel,
  questions: Iterable<Question> | AsyncIterable<Question>,
  methods: readonly AskingMethod[],
  { concurrency = 4, signal, ...options }: AskAllOptions = {},
): AsyncGenerator<AskedItem<Question>> {
  if (!(Number.isSafeInteger(concurrency) && concurrency >= 1 && concurrency <= 64))
    throw invalidArgument(
      `${concurrency} is no number of questions at once`,
      "concurrency",
      "Give a whole number from 1 to 64.",
    );
  if (methods.length === 0) throw invalidArgument("No method is given", "methods", "Give at least one.");
  for (const method of methods) method.check(model);
  const own = new AbortController();
  const all = signal ? AbortSignal.any([signal, own.signal]) : own.signal;
  const running: Promise<AskedItem<Question>>[] = [];
  let index = 0;
  try {
    for await (const question of questions) {
      if (signal?.aborted) throw abortError("Asking", signal);
      const item = askOne(model, question, index++, methods, { ...options, signal: all });
      item.catch(() => {}); // it is awaited in its turn
      running.push(item);
      if (running.length >= concurrency) yield await running.shift()!;
    }
    while (running.length > 0) yield await running.shift()!;
  } finally {
    own.abort();
    await Promise.allSettled(running);
  }
}

async function askOne<Question extends AskedQuestion>(
  model: LanguageModel,
  question: Question,
  index: number,
  methods: readonly AskingMethod[],
  options: AskOptions,
): Promise<AskedItem<Question>> {
  const estimates: AskedEstimate[] = [];
  for (const method of methods) estimates.push(await method.ask(model, question, options));
  return { index, question, estimates };
}

/** What asking about all of these costs at most, before anything is run. */
export async function priceAll(
  questions: Iterable<AskedQuestion> | AsyncIterable<AskedQuestion>,
  methods: readonly AskingMethod[],
  model?: LanguageModel,
): Promise<Price> {
  const prices: Price[] = [];
  for await (const question of questions)
    for (const method of methods) prices.push(await method.price(question, model));
  return {
    calls: prices.reduce((total, { calls }) => total + calls, 0),
    tokensWritten: sum(prices.map(({ tokensWritten }) => tokensWritten)),
    tokensRead: sum(prices.map(({ tokensRead }) => tokensRead)),
  };
}

/** How many estimates there are, and why some are `null`. */
export interface AskedCounts {
  total: number;
  said: number;
  /** By reason. */
  missing: Readonly<Partial<Record<NoEstimate, number>>>;
}

/** Counts the estimates of one method that say nothing, by their reason: a mean over the others leaves these out. */
export function countAsked(estimates: Iterable<Pick<AskedEstimate, "missing">>): AskedCounts {
  const missing: Partial<Record<NoEstimate, number>> = {};
  let [total, said] = [0, 0];
  for (const { missing: why } of estimates) {
    total++;
    if (why === null) said++;
    else missing[why] = (missing[why] ?? 0) + 1;
  }
  return { total, said, missing };
}

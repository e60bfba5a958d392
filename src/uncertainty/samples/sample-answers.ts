/** Several answers of a model to one question, as estimators want them. */
import { abortError, firstOf, invalidArgument, type TokenRecord } from "../../core/index.ts";
import type { FinishReason, Generation, LanguageModel, Prompt, SampleOptions } from "../../models/index.ts";
import { decodeLossless } from "../../text/index.ts";
import type { AnswerSample, Price } from "../estimator.ts";

/** Most answers to one question, as OpenAI's API has it. */
const MOST_ANSWERS = 128;

/** An answer that was sampled. */
export interface SampledAnswer extends AnswerSample {
  /** Which of the n, from 0; they arrive in the order in which they end. */
  index: number;
  /** ln p of the answer's tokens, nats, without the token that ends it; `null` when one of them carries no number, or there is none. */
  logprob: number | null;
  /** Tokens of the answer; what was thought before is not among them. */
  tokens: number;
  /** Mean entropy of the distributions its tokens were drawn from, nats; `null` when it is not exactly known of each. */
  entropy: number | null;
  /** "length": it was cut off, and may say less than it would. */
  finishReason: FinishReason;
}

/** Answers as they arrive. Leaving the loop stops those that are not ready. */
export interface SampledAnswers extends AsyncIterable<SampledAnswer> {
  /** How many were asked for. */
  readonly requested: number;
  readonly arrived: number;
  /** Of those that failed, what was thrown. Where none arrives, the loop throws the first. */
  readonly failures: readonly unknown[];
  /** Tokens that were written, thoughts and failed answers included. */
  readonly tokensWritten: number;
}

/**
 * Samples answers in one batch. The probabilities are the model's own: ln p(s) is that of the drawing only at temperature 1
 * with nothing cut off, which is the default here.
 * @param options as of `LanguageModel.sample`; `temperature` 1 unless given; answer i has the seed `seed + i`.
 * @throws SurprisalError INVALID_ARGUMENT for `n` outside 1 ... 128 and at a temperature of 0, where all answers are the same; in the
 *   loop ABORTED, and what the model throws where no answer arrives
 */
export function sampleAnswers(
  model: Pick<LanguageModel, "sample">,
  prompt: Prompt,
  options: SampleOptions,
): SampledAnswers {
  const { n, temperature = 1, signal } = options;
  if (!Number.isSafeInteger(n) || n < 1 || n > MOST_ANSWERS)
    throw invalidArgument(
      `${n} answers cannot be sampled`,
      "n",
      `Give a whole number from 1 to ${MOST_ANSWERS}; beyond about 10 they add little.`,
    );
  if (temperature === 0 && n > 1)
    throw invalidArgument(
      "At temperature 0 every answer is the same",
      "temperature",
      "Give more than 0; 1 is what the formulas mean.",
    );
  const state = { requested: n, arrived: 0, failures: [] as unknown[], tokensWritten: 0 };
  async function* answers(): AsyncGenerator<SampledAnswer, void, void> {
    if (signal?.aborted) throw abortError("Sampling", signal);
    Object.assign(state, { arrived: 0, failures: [], tokensWritten: 0 }); // whoever iterates again draws again
    const stop = new AbortController();
    const both = firstOf(signal, stop.signal);
    const ready: SampledAnswer[] = [];
    let wake = () => {};
    try {
      const all = model.sample(prompt, { ...options, temperature, signal: both.signal });
      let open = all.length;
      for (const [index, generation] of all.entries())
        void collect(generation, index, (tokens) => {
          state.tokensWritten += tokens;
        })
          .then(
            (answer) => ready.push(answer),
            (failure: unknown) => state.failures.push(failure),
          )
          .finally(() => {
            open--;
            wake();
          });
      for (;;) {
        if (signal?.aborted) throw abortError("Sampling", signal);
        const answer = ready.shift();
        if (answer) {
          state.arrived++;
          yield answer;
        } else if (open === 0) break;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
      if (state.arrived === 0) throw state.failures[0];
    } finally {
      stop.abort();
      both.letGo();
    }
  }
  return {
    get requested() {
      return state.requested;
    },
    get arrived() {
      return state.arrived;
    },
    get failures() {
      return state.failures;
    },
    get tokensWritten() {
      return state.tokensWritten;
    },
    [Symbol.asyncIterator]: answers,
  };
}

/** What sampling costs at most, before it is done. @param promptTokens `null` = not known */
export function priceOfSampling(
  { n, maxTokens = 256 }: Pick<SampleOptions, "n" | "maxTokens">,
  promptTokens: number | null,
): Price {
  return {
    calls: n,
    tokensWritten: n * maxTokens,
    tokensRead: promptTokens === null ? null : n * promptTokens,
  };
}

async function collect(
  generation: Generation,
  index: number,
  written: (tokens: number) => void,
): Promise<SampledAnswer> {
  const records: TokenRecord[] = [];
  for await (const record of generation) {
    written(record.tokenCount ?? 1);
    if ((record.part ?? "answer") === "answer") records.push(record);
  }
  const tokens = records.reduce((sum, { tokenCount = 1 }) => sum + tokenCount, 0);
  const whole =
    records.length > 0 &&
    records.every(({ logprob, tokenCount = 1 }) => logprob !== null && tokenCount === 1);
  const entropies = records.map(({ entropy }) => entropy).filter((value) => typeof value === "number");
  return {
    index,
    text: textOf(records),
    logprob: whole ? records.reduce((sum, { logprob }) => sum + logprob!, 0) : null,
    tokens,
    entropy:
      entropies.length === records.length && records.length > 0
        ? entropies.reduce((sum, value) => sum + value, 0) / entropies.length
        : null,
    finishReason: generation.end?.finishReason ?? "other",
  };
}

/** A character may be spread over several tokens: then only their bytes say which it is. */
function textOf(records: readonly TokenRecord[]): string {
  const bytes = records.map((record) => record.bytes);
  if (bytes.some((part) => part === undefined)) return records.map(({ text }) => text).join("");
  const all = new Uint8Array(bytes.reduce((sum, part) => sum + part!.length, 0));
  let at = 0;
  for (const part of bytes) {
    all.set(part!, at);
    at += part!.length;
  }
  return decodeLossless(all);
}

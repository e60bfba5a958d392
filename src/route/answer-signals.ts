/** The numbers of a written answer that a router may go by, and which of its tokens they are made from. */
import { invalidArgument, type TokenRecord } from "../core/index.ts";

/** Which tokens an answer's numbers are made from: one choice, kept in records and artefacts, so that both are compared in kind. */
export interface AnswerCounting {
  /**
   * The end-of-text token, where the model wrote one: it says how sure the model was that the answer ends here, and of an
   * answer of one token it is half of what there is. A source's records do not hold it: `car.run` asks a model that can score.
   */
  endToken: "counted" | "left out";
  /**
   * "all": every token of the answer. "trimmed": without those at either end that are white space only. "answer": only tokens
   * that hold some of what `answerOf` finds, so that a frame such as "Answer: ...", which costs the model no thought, does not
   * make it look surer than it is.
   */
  formatting: "all" | "trimmed" | "answer";
}

/** Every token of the answer but the end of text: what a stream of records holds. */
export const DEFAULT_COUNTING: AnswerCounting = { endToken: "left out", formatting: "all" };

/** Uncertainties by name: a higher one is more uncertain; `null` = it could not be said. */
export type Signals = Readonly<Record<string, number | null>>;

/** What is known of an answer's tokens. */
export interface AnswerSignals {
  signals: Signals;
  /** Tokens that were counted, with a number or without. */
  counted: number;
  /** Of these, the ones without a number: one is enough for every signal to be `null`. */
  missing: number;
}

/** Options of `answerSignals`. */
export interface AnswerSignalsOptions extends Partial<AnswerCounting> {
  /** What an answer says, as it stands in the text; needed for `formatting: "answer"`. */
  answerOf?: ((text: string) => string | null) | undefined;
  /** ln p of the end-of-text token, nats, where it was written; left out: it was not written. `null`: it is not known. */
  endLogprob?: number | null | undefined;
}

/** Names of the signals that `answerSignals` gives. */
export const ANSWER_SIGNALS = ["nll", "perplexity", "largest-surprisal", "first-margin"] as const;

/**
 * The signals of one answer, from its tokens:
 * - "nll": mean -ln p per token, nats
 * - "perplexity": exp of that; CAR's
 * - "largest-surprisal": -ln p of the least probable token, nats; 1 - p of it is what cascades of tool calls go by
 * - "first-margin": 1 - (p of the first choice - p of the second) in the first token's place, 0 ... 1; needs alternatives
 *
 * What was thought before the answer, and calls of tools, are not the answer. A token without a number makes all of them
 * `null`: the mean of the others is not the answer's.
 * @throws SurprisalError INVALID_ARGUMENT for `formatting: "answer"` without `answerOf`.
 */
export function answerSignals(
  tokens: readonly TokenRecord[],
  { endToken, formatting, answerOf, endLogprob }: AnswerSignalsOptions = {},
): AnswerSignals {
  const counting = { ...DEFAULT_COUNTING, ...(endToken && { endToken }), ...(formatting && { formatting }) };
  if (counting.endToken !== "counted" && counting.endToken !== "left out")
    throw invalidArgument(
      `"${String(counting.endToken)}" is not a way of counting`,
      "endToken",
      'Give "counted" or "left out".',
    );
  const answer = tokens.filter(({ part = "answer" }) => part === "answer");
  const counted = countedTokens(answer, counting.formatting, answerOf);
  const surprisals = counted.map(({ logprob, tokenCount = 1 }) =>
    tokenCount > 1 ? null : surprisal(logprob),
  );
  if (counting.endToken === "counted" && endLogprob !== undefined) surprisals.push(surprisal(endLogprob));
  const known = surprisals.filter((value) => value !== null);
  const missing = surprisals.length - known.length;
  const complete = missing === 0 && known.length > 0;
  const nll = complete ? known.reduce((sum, value) => sum + value, 0) / known.length : null;
  return {
    signals: {
      nll,
      perplexity: nll === null ? null : Math.exp(nll),
      "largest-surprisal": complete ? Math.max(...known) : null,
      "first-margin": marginOf(counted[0]),
    },
    counted: surprisals.length,
    missing,
  };
}

/** -ln p; `null` for what is no number, such as what a source of JavaScript leaves out. */
const surprisal = (logprob: number | null): number | null =>
  typeof logprob !== "number" || Number.isNaN(logprob) ? null : -logprob + 0; // -0 is 0

function marginOf(token: TokenRecord | undefined): number | null {
  const logprobs = token?.alternatives?.map(({ logprob }) => logprob) ?? [];
  const [first, second] = logprobs;
  if (first == null || second == null) return null;
  return 1 - (Math.exp(first) - Math.exp(second));
}

function countedTokens(
  tokens: readonly TokenRecord[],
  formatting: AnswerCounting["formatting"],
  answerOf: AnswerSignalsOptions["answerOf"],
): readonly TokenRecord[] {
  if (formatting === "all") return tokens;
  if (formatting === "trimmed") {
    const holds = (token: TokenRecord) => token.text.trim() !== "";
    const first = tokens.findIndex(holds);
    return first < 0 ? [] : tokens.slice(first, tokens.findLastIndex(holds) + 1);
  }
  if (formatting !== "answer")
    throw invalidArgument(
      `"${String(formatting)}" is not a way of counting`,
      "formatting",
      "Give all, trimmed or answer.",
    );
  if (answerOf === undefined)
    throw invalidArgument(
      "What the answer is within the text is not known",
      "answerOf",
      "Give a function that finds it, or count all tokens.",
    );
  const text = tokens.map((token) => token.text).join("");
  const found = answerOf(text);
  const start = found ? text.lastIndexOf(found) : -1;
  if (found === null || start < 0) return [];
  let at = 0;
  return tokens.filter((token) => {
    const begin = at;
    at += token.text.length;
    return begin < start + found.length && at > start;
  });
}

/**
 * One signal of several. Perplexity and mean surprisal stand for each other, since one is exp of the other. NaN is no number,
 * and neither has a perplexity of 0 or less a logarithm that could be gone by.
 * @returns `null` where it is missing.
 */
export function signalOf(signals: Signals, name: string): number | null {
  const given = Object.hasOwn(signals, name) ? signals[name] : undefined;
  if (typeof given === "number") return Number.isNaN(given) ? null : given;
  if (given === null) return null;
  const other = name === "perplexity" ? signals.nll : name === "nll" ? signals.perplexity : undefined;
  if (typeof other !== "number" || Number.isNaN(other)) return null;
  if (name === "perplexity") return Math.exp(other);
  return other > 0 ? Math.log(other) : null;
}

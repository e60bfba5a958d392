/** Methods that read what a model says about its answer: a number, a phrase, guesses, a review and a number. */
import { type Extraction, type Guess, readConfidence, readGuesses, textKey } from "../../answers/index.ts";
import { invalidArgument } from "../../core/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import type { AskedEstimate, AskedQuestion, AskingMethod, AskOptions, NoEstimate } from "./contract.ts";
import { requireWriting, sum, tokensOf, uncertaintyBounds, type Written, write } from "./reply.ts";
import {
  type Filling,
  fillingOf,
  promptOf,
  turnsOf,
  type UsedWording,
  usedWording,
  type Wording,
} from "./wording.ts";
import {
  GUESS_WORDINGS,
  type GuessWordingName,
  LINGUISTIC_WORDINGS,
  type LinguisticWordingName,
  NUMBER_WORDINGS,
  type NumberWording,
  type NumberWordingName,
  REVIEW_WORDINGS,
  type ReviewWordingName,
} from "./wordings.ts";

/** What was read out of the replies. */
interface Read {
  confidence: number | null;
  interval?: AskedEstimate["confidenceInterval"];
  missing?: NoEstimate | undefined;
  reason?: string | undefined;
}

interface SaidMethod {
  method: string;
  variant: string;
  wording: Wording;
  /** [calls] most tokens of each reply. */
  maxTokens: readonly number[];
  filling?: Filling;
  read(replies: readonly string[], question: AskedQuestion): Read;
}

function saidMethod({ method, variant, wording, maxTokens, filling, read }: SaidMethod): AskingMethod {
  const used: UsedWording = usedWording(wording);
  const turns = turnsOf(used);
  const needs = ["calls"] as const;
  return {
    method,
    variant,
    needs,
    wording: used,
    samples: true,
    check: requireWriting,
    async price(question, model) {
      const own = fillingOf(question, filling);
      let before = 0;
      const read: (number | null)[] = [];
      for (const [i, messages] of turns.entries()) {
        const tokens = await tokensOf(
          model,
          promptOf(
            model,
            messages,
            used.cue,
            own,
            turns.map(() => ""),
          ),
        );
        read.push(tokens === null ? null : tokens + before); // a reply is read again by the next call
        before += maxTokens[i]!;
      }
      return { calls: turns.length, tokensWritten: before, tokensRead: sum(read) };
    },
    async ask(
      model: LanguageModel,
      question: AskedQuestion,
      options: AskOptions = {},
    ): Promise<AskedEstimate> {
      requireWriting(model);
      const own = fillingOf(question, filling);
      const { temperature = 0, seed, signal } = options;
      const written: Written[] = [];
      for (const [i, messages] of turns.entries()) {
        const before = written.map(({ text }) => text);
        const prompt = promptOf(model, messages, used.cue, own, before);
        written.push(await write(model, prompt, { maxTokens: maxTokens[i]!, temperature, seed, signal }));
      }
      const replies = written.map(({ text, cut }) => ({ text, cut }));
      const {
        confidence,
        interval = null,
        missing,
        reason,
      } = read(
        replies.map(({ text }) => text),
        question,
      );
      return {
        method,
        variant,
        needs,
        uncertainty: confidence === null ? null : 1 - confidence,
        confidence,
        reason: confidence === null && replies.at(-1)!.cut ? `${reason}; the reply was cut off` : reason,
        wording: used,
        replies,
        missing: confidence === null ? (missing ?? "nothing") : null,
        interval: confidence === null ? uncertaintyBounds(interval) : undefined,
        confidenceInterval: interval,
        mass: null,
        calls: turns.length,
        tokens: {
          read: sum(written.map(({ tokensRead }) => tokensRead)),
          written: sum(written.map(({ tokensWritten }) => tokensWritten)),
        },
      };
    },
  };
}

/** A confidence that was read, as methods take it. */
function readOf(read: Extraction<number, { range: readonly [number, number] | null }>): Read {
  if (read.value === null) return { confidence: null, missing: read.why, reason: read.reason };
  const { value, range } = read;
  return { confidence: value, interval: range && { low: range[0], high: range[1] } };
}

/** Options of `verbalised`. */
export interface VerbalisedOptions {
  /** One of NUMBER_WORDINGS, or your own words. Default "confidence-en". */
  wording?: NumberWordingName | NumberWording | undefined;
}

/**
 * Verbalised confidence: the model is asked for a number, and the number is read out of its reply. Confidence is the number on the
 * wording's scale, uncertainty 1 less it.
 */
export function verbalised({ wording = "confidence-en" }: VerbalisedOptions = {}): AskingMethod {
  const used: NumberWording = typeof wording === "string" ? named(NUMBER_WORDINGS, wording) : wording;
  return saidMethod({
    method: "verbalised",
    variant: used.name,
    wording: used,
    maxTokens: [used.maxTokens],
    read: ([reply]) => readOf(readConfidence(reply!, { scale: used.scale })),
  });
}

/** Options of `linguistic`. */
export interface LinguisticOptions {
  /** Default "linguistic-en". */
  wording?: LinguisticWordingName | Wording | undefined;
}

/** The model chooses a phrase, and the phrase's number is its confidence: CONFIDENCE_PHRASES of `surprisal/answers`. */
export function linguistic({ wording = "linguistic-en" }: LinguisticOptions = {}): AskingMethod {
  const used: Wording = typeof wording === "string" ? named(LINGUISTIC_WORDINGS, wording) : wording;
  return saidMethod({
    method: "linguistic",
    variant: used.name,
    wording: used,
    maxTokens: [32],
    read: ([reply]) => readOf(readConfidence(reply!)),
  });
}

/** Options of `topGuesses`. */
export interface TopGuessesOptions {
  /** Guesses to ask for, 1 to 10. Default 4, the best of Tian et al.; 1 for the wording "tian-1s-top1", which asks for one. */
  k?: number | undefined;
  /**
   * "answer": the probability of the guess that is the given answer. "first": that of the first guess, whatever was answered, as
   * Tian et al. and LM-Polygraph, where the guess is the answer. Default "answer".
   */
  of?: "answer" | "first" | undefined;
  /** Whether a guess is the answer. Default: equal after `textKey` of `surprisal/answers`. */
  same?: ((guess: string, answer: string) => boolean) | undefined;
  /** One of GUESS_WORDINGS, or your own words, with {k} for the number of guesses. Default: the one for this k. */
  wording?: GuessWordingName | Wording | undefined;
}

/**
 * The model answers anew with k guesses and a probability each. Where none of them is the given answer the confidence is `null`, and
 * `interval` ends at what the guesses leave.
 */
export function topGuesses({
  wording,
  k = wording === "tian-1s-top1" ? 1 : 4,
  of = "answer",
  same = sameText,
}: TopGuessesOptions = {}): AskingMethod {
  if (!(Number.isSafeInteger(k) && k >= 1 && k <= 10))
    throw invalidArgument(`${k} is no number of guesses`, "k", "Give a whole number from 1 to 10.");
  const choice = wording ?? (k === 1 ? "tian-1s-top1" : "tian-1s-topk");
  const used: Wording = typeof choice === "string" ? named(GUESS_WORDINGS, choice) : choice;
  if (choice === "tian-1s-top1" && k !== 1)
    throw invalidArgument(
      `The wording tian-1s-top1 asks for one guess, not ${k}`,
      "k",
      'Leave k out, or take the wording "tian-1s-topk".',
    );
  return saidMethod({
    method: "top-guesses",
    variant: `${used.name}, k=${k}, of the ${of === "answer" ? "answer" : "first guess"}`,
    wording: used,
    filling: { k: String(k) },
    maxTokens: [40 * k + 24],
    read: ([reply], { answer }) => {
      const guesses = readGuesses(reply!).filter(({ number }) => number <= k);
      const found = of === "first" ? guesses[0] : guesses.find(({ guess }) => same(guess, answer));
      if (found) return readOf(found.probability);
      if (guesses.length === 0) return { confidence: null, missing: "nothing", reason: "It makes no guess" };
      return {
        confidence: null,
        missing: "nothing",
        interval: restOf(guesses),
        reason: `The answer is none of its ${guesses.length} guesses`,
      };
    },
  });
}

const sameText = (guess: string, answer: string): boolean => textKey(guess) === textKey(answer);

/** What guesses leave for all other answers. */
function restOf(guesses: readonly Guess[]): AskedEstimate["confidenceInterval"] {
  let rest = 1;
  for (const { probability } of guesses) {
    if (probability.value === null) return null;
    rest -= probability.value;
  }
  return { low: 0, high: Math.max(0, rest) };
}

/** Options of `introspective`. */
export interface IntrospectiveOptions {
  /** Default "review-en". */
  wording?: ReviewWordingName | Wording | undefined;
  /** Most tokens of the review. Default 256. */
  reviewTokens?: number | undefined;
}

/** Introspective review: the model looks for flaws in its answer, then says how confident it is in the light of them. */
export function introspective({
  wording = "review-en",
  reviewTokens = 256,
}: IntrospectiveOptions = {}): AskingMethod {
  const used: Wording = typeof wording === "string" ? named(REVIEW_WORDINGS, wording) : wording;
  if (!(Number.isSafeInteger(reviewTokens) && reviewTokens >= 1))
    throw invalidArgument(
      `${reviewTokens} is no number of tokens`,
      "reviewTokens",
      "Give a whole number of at least 1.",
    );
  const calls = turnsOf(used).length;
  return saidMethod({
    method: "introspective",
    variant: used.name,
    wording: used,
    maxTokens: Array.from({ length: calls }, (_, i) => (i === calls - 1 ? 32 : reviewTokens)),
    read: (replies) => readOf(readConfidence(replies.at(-1)!, { scale: { min: 0, max: 100 } })),
  });
}

/** @throws SurprisalError INVALID_ARGUMENT */
function named<T>(list: Readonly<Record<string, T>>, name: string): T {
  const found = Object.hasOwn(list, name) ? list[name] : undefined;
  if (found !== undefined) return found;
  throw invalidArgument(
    `There is no wording "${name}"`,
    "wording",
    `Give ${Object.keys(list).join(", ")}, or your own.`,
  );
}

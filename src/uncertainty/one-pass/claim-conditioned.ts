/**
 * Claim-conditioned probability: of the words that could stand in a place, those that mean the same are added up, those that
 * contradict are what could have been said instead, and those that do neither are another kind of claim and left aside.
 * Source: Fadeeva et al. 2024, "Fact-Checking the Output of Large Language Models via Token-Level Uncertainty Quantification".
 */
import { type Alternative, invalidArgument } from "../../core/index.ts";
import { type EntailmentProbabilities, type EntailmentVerdict, verdictOf } from "../entails.ts";
import { type OnePassMethod, type Reading, type Tally, unknown } from "./method.ts";
import type { CheckedOptions } from "./options.ts";
import type { TokenFacts } from "./token-facts.ts";

/** What is said of a pair: the three probabilities, or the verdict alone. */
export type EntailmentSaid = EntailmentVerdict | EntailmentProbabilities;

/** Whether `hypothesis` follows from `premise`, contradicts it, or neither. */
export type JudgeEntailment = (premise: string, hypothesis: string) => EntailmentSaid;

/** The choices of one place, the written one first. */
interface Place {
  texts: string[];
  /** ln p, nats. */
  logprobs: number[];
  /** What was written before it. */
  before: string;
}

const VERDICTS: readonly unknown[] = ["entailment", "neutral", "contradiction"];

/** What white space and ASCII punctuation leave of a token, as LM-Polygraph's `_strip`; but all white space, on both sides. */
const bareWord = (token: string): string =>
  token.replace(/^[\s!-/:-@[-`{-~]+/, "").replace(/[\s!-/:-@[-`{-~]+$/, "");

/** Keeps the choices of every place until they are judged. */
export class ChoicesTally implements Tally {
  readonly places: Place[] = [];
  missing = 0;
  #written = "";
  readonly #options: CheckedOptions;
  readonly #verdicts = new Map<string, EntailmentVerdict>();

  constructor(options: CheckedOptions) {
    this.#options = options;
  }

  add(facts: TokenFacts): void {
    const place = placeOf(facts, this.#written);
    this.#written += facts.text;
    if (place) this.places.push(place);
    else this.missing += facts.count;
  }

  /** What stands against a number, or `null`. */
  refusal(): Reading | null {
    const { places, missing } = this;
    if (!this.#options.entailment)
      return unknown("There is nobody to judge what follows from what: give the option entailment.");
    if (places.length === 0 && missing === 0) return unknown("There are no tokens.");
    if (missing > 0)
      return unknown(
        `${missing} of ${places.length + missing} tokens have no known choices: a product needs all of them.`,
      );
    return null;
  }

  /** ln of the probability that what is claimed is what is meant, by place, nats, <= 0. */
  logProbabilities(): number[] {
    return this.places.map((place) => this.#ofPlace(place));
  }

  #ofPlace({ texts, logprobs, before }: Place): number {
    const { isFunctionWord, entailmentOf = "words" } = this.#options;
    const words = texts.map(bareWord);
    if (isFunctionWord?.(words[0]!)) return 0;
    let same = Math.exp(logprobs[0]!);
    let other = 0;
    for (let i = 1; i < words.length; i++) {
      const p = Math.exp(logprobs[i]!);
      if (p === 0) continue;
      const verdict =
        words[i] === words[0] ? "entailment" : this.#between(compared(texts, words, i, entailmentOf, before));
      if (verdict === "entailment") same += p;
      else if (verdict === "contradiction") other += p;
    }
    // A token of probability 0 beside nothing that contradicts it: 0 / 0.
    return other === 0 ? 0 : Math.log(same / (same + other));
  }

  #between([chosen, alternative]: readonly [string, string]): EntailmentVerdict {
    return combined(this.#judge(chosen, alternative), this.#judge(alternative, chosen));
  }

  /** Every pair of texts that a judgement is needed of, both directions, each once. */
  pairs(): [premise: string, hypothesis: string][] {
    const { entailmentOf = "words", isFunctionWord } = this.#options;
    const pairs = new Map<string, [string, string]>();
    for (const { texts, logprobs, before } of this.places) {
      const words = texts.map(bareWord);
      if (isFunctionWord?.(words[0]!)) continue;
      for (let i = 1; i < words.length; i++) {
        if (words[i] === words[0] || logprobs[i] === -Infinity) continue;
        const [a, b] = compared(texts, words, i, entailmentOf, before);
        pairs.set(keyOf(a, b), [a, b]);
        pairs.set(keyOf(b, a), [b, a]);
      }
    }
    return [...pairs.values()];
  }

  /** Every pair is asked about once. */
  #judge(premise: string, hypothesis: string): EntailmentVerdict {
    const key = keyOf(premise, hypothesis);
    const known = this.#verdicts.get(key);
    if (known) return known;
    const said = this.#options.entailment?.(premise, hypothesis) ?? "neutral";
    const verdict = typeof said === "string" ? said : ofProbabilities(said);
    if (!VERDICTS.includes(verdict)) throw noVerdict(verdict);
    this.#verdicts.set(key, verdict);
    return verdict;
  }
}

export const keyOf = (premise: string, hypothesis: string): string =>
  `${premise.length} ${premise}${hypothesis}`;

/** The written word, and choice i in its place. */
function compared(
  texts: readonly string[],
  words: readonly string[],
  i: number,
  of: "words" | "beginnings",
  before: string,
): readonly [string, string] {
  return of === "words" ? [words[0]!, words[i]!] : [before + texts[0]!, before + texts[i]!];
}

/** Of both directions: what one says where the other is neutral; neutral where they differ. As LM-Polygraph's `_combine_nli`. */
function combined(forward: EntailmentVerdict, backward: EntailmentVerdict): EntailmentVerdict {
  if (forward === backward) return forward;
  if (forward === "neutral") return backward;
  return backward === "neutral" ? forward : "neutral";
}

/** The written token first, then its alternatives that are others than itself and carry a number; `null`: no numbers. */
function placeOf({ text, id, logprob, alternatives }: TokenFacts, before: string): Place | null {
  const isWritten = (other: Alternative): boolean =>
    id !== undefined && other.id !== undefined ? other.id === id : other.text === text;
  const own = Number.isNaN(logprob) ? alternatives.find(isWritten)?.logprob : logprob;
  if (own == null || Number.isNaN(own) || alternatives.length === 0) return null;
  const place: Place = { texts: [text], logprobs: [own], before };
  for (const other of alternatives) {
    if (isWritten(other) || other.logprob == null || Number.isNaN(other.logprob)) continue;
    place.texts.push(other.text);
    place.logprobs.push(other.logprob);
  }
  return place;
}

function ofProbabilities(said: EntailmentProbabilities): EntailmentVerdict {
  const { entailment, neutral, contradiction } = said;
  const sum = entailment + neutral + contradiction;
  if (!(Math.min(entailment, neutral, contradiction) >= 0 && sum > 0 && sum < Infinity))
    throw noVerdict(said);
  return verdictOf(said);
}

const noVerdict = (verdict: unknown) =>
  invalidArgument(
    `${JSON.stringify(verdict) ?? String(verdict)} is no verdict`,
    "entailment",
    'Answer with "entailment", "neutral" or "contradiction", or with the probabilities of the three; for a judge that has to be waited for, ask judgeChoices first.',
  );

const claimConditioned: OnePassMethod = {
  method: "claim-conditioned-probability",
  needs: ["logprobs", "alternatives", "entailment"],
  unit: "0 ... 1",
  formula: "1 - Π P(same meaning) / P(same or contrary meaning)",
  source: "Fadeeva et al. 2024 (CCP)",
  variant: ({ entailmentOf = "words", isFunctionWord }) =>
    `product over tokens, entailment in both directions between ${entailmentOf === "words" ? "words alone" : "the answer up to each word"}${isFunctionWord ? ", function words certain" : ""}`,
  begin(tallies) {
    const tally = tallies.of(ChoicesTally);
    return () => {
      const refusal = tally.refusal();
      if (refusal) return refusal;
      const sum = tally.logProbabilities().reduce((total, each) => total + each, 0);
      return { uncertainty: 0 - Math.expm1(sum), confidence: Math.exp(sum) };
    };
  },
};

/** Methods that need somebody who judges entailment. */
export const CLAIM_METHODS: readonly OnePassMethod[] = [claimConditioned];

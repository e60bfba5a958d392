/**
 * A local generative model as a judge of what follows from what: it is asked yes-or-no questions about two texts, and its
 * probabilities of "Yes" and "No" are read; nothing is written.
 *
 * A model that was trained for this (NLI) would be better and cheaper; those that are small enough to bundle come without a licence
 * that allows it.
 */
import { abortError, invalidArgument } from "../../core/index.ts";
import { decide, type PromptOptions, type Question } from "../../decide/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import {
  type EntailmentPair,
  type EntailmentProbabilities,
  type EntailmentVerdict,
  type Entails,
  verdictOf,
} from "../entails.ts";

/** Options of `entailmentJudge`. */
export interface EntailmentJudgeOptions extends PromptOptions {
  /** What both texts answer, shown before them. Default: nothing. */
  question?: string | undefined;
  /** Answers that are remembered, by their pair; the oldest are forgotten first. Default 65,536. */
  remembered?: number | undefined;
}

/** A judge with the shapes that estimators take it in. */
export interface EntailmentJudge {
  /** Many pairs at once, for `judgeChoices`: the two directions of a pair are asked about in one prefix tree. */
  entails: Entails;
  /** One pair, for `EntailmentTable`. */
  between: (premise: string, hypothesis: string) => Promise<EntailmentProbabilities>;
  /** The most probable of the three for each pair. */
  verdicts: (pairs: readonly EntailmentPair[]) => Promise<EntailmentVerdict[]>;
  /** Questions that the model was asked. */
  readonly asked: number;
}

const FOLLOWS = {
  forwards: "If text A is true, is text B true as well?",
  backwards: "If text B is true, is text A true as well?",
} as const;
const CONTRADICT = "Do text A and text B contradict each other?";

/** What is asked about two texts, a <= b by their code units. */
interface Asked {
  a: string;
  b: string;
  directions: Set<keyof typeof FOLLOWS>;
}

/**
 * A judge that asks a model.
 *
 * Three questions are asked of two texts, which stand in one order whichever is the premise: whether B follows from A, whether A
 * follows from B, whether they contradict each other. With e = P(yes) of the first and c of the last, taken as independent but never
 * both true: entailment e(1 - c), contradiction c(1 - e), neutral (1 - e)(1 - c), each divided by 1 - ec.
 * @param model that scores texts and has a tokenizer here; one that was trained to answer questions.
 * @throws SurprisalError INVALID_ARGUMENT for `remembered` below 0
 */
export function entailmentJudge(model: LanguageModel, options: EntailmentJudgeOptions = {}): EntailmentJudge {
  const { question, remembered = 65_536, ...prompt } = options;
  if (!Number.isSafeInteger(remembered) || remembered < 0)
    throw invalidArgument(`${remembered} answers cannot be remembered`, "remembered", "Give at least 0.");
  const known = new Map<string, EntailmentProbabilities>();
  let asked = 0;

  async function ask({ a, b, directions }: Asked, signal: AbortSignal | undefined) {
    const about = question === undefined ? "" : `Question: ${question}\n\n`;
    const ways = [...directions];
    const questions: Question[] = [...ways.map((way) => FOLLOWS[way]), CONTRADICT].map((instructions) => ({
      type: "predicate",
      instructions,
    }));
    asked += questions.length;
    const { decisions } = await decide(
      model,
      { state: `${about}Text A: ${a}\n\nText B: ${b}`, questions },
      { ...prompt, signal },
    );
    const yes = decisions.map(({ probability }) => {
      if (probability !== null) return probability;
      throw invalidArgument("The model gave no probability of its answer", model.identity.name);
    });
    const contradiction = yes.at(-1)!;
    return new Map(ways.map((way, i) => [way, threeWays(yes[i]!, contradiction)]));
  }

  const entails: Entails = async (pairs, { signal } = {}) => {
    const found = new Map<string, EntailmentProbabilities>();
    const wanted = new Map<string, Asked>();
    for (const [premise, hypothesis] of pairs) {
      const key = JSON.stringify([premise, hypothesis]);
      const before = known.get(key);
      if (before) found.set(key, before);
      if (found.has(key)) continue;
      const forwards = premise <= hypothesis;
      const [a, b] = forwards ? [premise, hypothesis] : [hypothesis, premise];
      const both = JSON.stringify([a, b]);
      const one = wanted.get(both) ?? { a, b, directions: new Set() };
      one.directions.add(forwards ? "forwards" : "backwards");
      wanted.set(both, one);
    }
    for (const one of wanted.values()) {
      if (signal?.aborted) throw abortError("Asking about entailment", signal);
      for (const [way, said] of await ask(one, signal)) {
        const pair = way === "forwards" ? [one.a, one.b] : [one.b, one.a];
        const key = JSON.stringify(pair);
        found.set(key, said);
        known.set(key, said);
        for (const oldest of known.keys()) {
          if (known.size <= remembered) break;
          known.delete(oldest);
        }
      }
    }
    return pairs.map((pair) => found.get(JSON.stringify(pair))!);
  };

  return {
    entails,
    between: async (premise, hypothesis) => (await entails([[premise, hypothesis]]))[0]!,
    verdicts: async (pairs) => (await entails(pairs)).map(verdictOf),
    get asked() {
      return asked;
    },
  };
}

/** @param follows P(yes) that it follows. @param against P(yes) that they contradict each other. */
function threeWays(follows: number, against: number): EntailmentProbabilities {
  const all = 1 - follows * against;
  // Sure of both, which cannot be: nothing is known.
  if (all === 0) return { entailment: 0.5, neutral: 0, contradiction: 0.5 };
  return {
    entailment: (follows * (1 - against)) / all,
    neutral: ((1 - follows) * (1 - against)) / all,
    contradiction: (against * (1 - follows)) / all,
  };
}

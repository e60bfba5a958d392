/** Whether one text follows from another, asked once for each pair of texts. */
import { abortError, invalidArgument } from "../../../core/index.ts";
import type { EntailmentProbabilities } from "../../entails.ts";
import type { PrepareOptions, TextPair } from "../estimator-of-samples.ts";
import { notPrepared } from "./embedding.ts";
import { rowsOf, type TextSimilarity } from "./similarity.ts";

/** Options of `EntailmentTable`. */
export interface EntailmentTableOptions {
  /**
   * Put before both texts with a space, as Kuhn et al. and Farquhar et al. do: short answers mean something only beside their
   * question. Default: nothing.
   */
  question?: string | undefined;
  /** How many pairs are asked about at the same time, at least 1. Default 1. */
  atOnce?: number | undefined;
}

const IDENTICAL: EntailmentProbabilities = { entailment: 1, neutral: 0, contradiction: 0 };
/** So far from 1 the three may sum, as they come from 32-bit numbers. */
const ROUNDING = 1e-3;

/** What a judge says about pairs of texts. Several estimators may share one; a pair is asked about once. */
export class EntailmentTable {
  /** Pairs that were asked about. */
  asked = 0;
  readonly #entails: (premise: string, hypothesis: string) => Promise<EntailmentProbabilities>;
  readonly #before: string;
  readonly #atOnce: number;
  readonly #known = new Map<string, Map<string, EntailmentProbabilities>>();
  /** Being asked about now. */
  readonly #coming = new Map<string, Promise<void>>();
  #asking = 0;
  /** Who waits for a place to be free. */
  readonly #turns: (() => void)[] = [];

  /**
   * @param entails a model or a function of yours. Its errors come out of `prepare`.
   * @throws SurprisalError INVALID_ARGUMENT for `atOnce` below 1
   */
  constructor(
    entails: (premise: string, hypothesis: string) => Promise<EntailmentProbabilities>,
    { question = "", atOnce = 1 }: EntailmentTableOptions = {},
  ) {
    if (!Number.isSafeInteger(atOnce) || atOnce < 1)
      throw invalidArgument(`${atOnce} pairs cannot be asked about at once`, "atOnce", "Give at least 1.");
    this.#entails = entails;
    this.#before = question === "" ? "" : `${question} `;
    this.#atOnce = atOnce;
  }

  /**
   * What is known already.
   * @param texts [n], no two of them the same
   * @param probabilities [n][n] from premise (row) to hypothesis (column); the neutral share is what the two leave
   * @throws SurprisalError INVALID_ARGUMENT for matrices of another size or numbers that are no probabilities
   */
  static from(
    texts: readonly string[],
    probabilities: {
      entailment: readonly ArrayLike<number>[];
      contradiction: readonly ArrayLike<number>[];
    },
  ): EntailmentTable {
    const { entailment, contradiction } = probabilities;
    rowsOf(texts, entailment, "entailment");
    rowsOf(texts, contradiction, "contradiction");
    const table = new EntailmentTable(async (premise) => {
      throw notPrepared("among the texts of the matrix", premise);
    });
    for (const [i, premise] of texts.entries())
      for (const [j, hypothesis] of texts.entries()) {
        const given = { entailment: entailment[i]![j]!, contradiction: contradiction[i]![j]! };
        const neutral = Math.max(0, 1 - given.entailment - given.contradiction);
        table.#keep(premise, hypothesis, checked({ ...given, neutral }, `row ${i}, column ${j}`));
      }
    return table;
  }

  /** Asks about the pairs that are not known, each once, however many ask at the same time. */
  async prepare(pairs: readonly TextPair[], { signal }: PrepareOptions = {}): Promise<void> {
    const unknown = pairs.filter(([premise, hypothesis]) => !this.#known.get(premise)?.has(hypothesis));
    const asking = unknown.map((pair) => {
      const key = JSON.stringify(pair);
      const coming = this.#coming.get(key) ?? this.#ask(pair, signal).finally(() => this.#coming.delete(key));
      this.#coming.set(key, coming);
      return coming;
    });
    const ended = await Promise.allSettled(asking);
    const failed = ended.find((one) => one.status === "rejected");
    if (failed) throw failed.reason;
  }

  async #ask([premise, hypothesis]: TextPair, signal: AbortSignal | undefined): Promise<void> {
    if (this.#asking === this.#atOnce) await new Promise<void>((resolve) => this.#turns.push(resolve));
    else this.#asking++;
    try {
      if (signal?.aborted) throw abortError("Asking about entailment", signal);
      this.asked++;
      const said = await this.#entails(this.#before + premise, this.#before + hypothesis);
      this.#keep(premise, hypothesis, checked(said, "entails"));
    } finally {
      const next = this.#turns.shift();
      if (next) next();
      else this.#asking--;
    }
  }

  #keep(premise: string, hypothesis: string, said: EntailmentProbabilities): void {
    const row = this.#known.get(premise) ?? new Map<string, EntailmentProbabilities>();
    this.#known.set(premise, row.set(hypothesis, said));
  }

  /**
   * What is known of a pair. A text entails itself: that is not asked.
   * @throws SurprisalError INVALID_ARGUMENT for a pair that was not prepared
   */
  between(premise: string, hypothesis: string): EntailmentProbabilities {
    return premise === hypothesis ? IDENTICAL : this.judged(premise, hypothesis);
  }

  /**
   * What the judge said of a pair, also of a text beside itself, where libraries ask that too.
   * @throws SurprisalError INVALID_ARGUMENT for a pair that was not prepared
   */
  judged(premise: string, hypothesis: string): EntailmentProbabilities {
    const said = this.#known.get(premise)?.get(hypothesis);
    if (said) return said;
    throw notPrepared("judged", premise);
  }
}

function checked(said: EntailmentProbabilities, where: string): EntailmentProbabilities {
  const { entailment, neutral, contradiction } = said;
  const values = [entailment, neutral, contradiction];
  const sum = values.reduce((total, value) => total + value, 0);
  if (values.every((value) => value >= -ROUNDING && value <= 1 + ROUNDING) && Math.abs(sum - 1) <= ROUNDING)
    return {
      entailment: within01(entailment),
      neutral: within01(neutral),
      contradiction: within01(contradiction),
    };
  throw invalidArgument(
    `${JSON.stringify(said)} are no three probabilities that sum to 1`,
    where,
    "Say entailment, neutral and contradiction, each from 0 to 1.",
  );
}

const within01 = (value: number): number => Math.max(0, Math.min(1, value));

/** Options of `entailmentSimilarity`. */
export interface EntailmentSimilarityOptions {
  /**
   * "entailment", the default: the mean of P(a entails b) and P(b entails a). "non-contradiction": 1 minus the mean of the two
   * probabilities of contradiction.
   */
  of?: "entailment" | "non-contradiction" | undefined;
  /**
   * "lm-polygraph": what a text is to itself is asked too, and used, where a text otherwise entails itself with probability 1.
   */
  as?: "lm-polygraph" | undefined;
}

/** How alike two texts are by what follows from them (Lin et al. 2024; lm-polygraph's affinities "entail" and "contra"). */
export function entailmentSimilarity(
  table: EntailmentTable,
  { of = "entailment", as: peer }: EntailmentSimilarityOptions = {},
): TextSimilarity {
  const value = ({ entailment, contradiction }: EntailmentProbabilities) =>
    of === "entailment" ? entailment : 1 - contradiction;
  const one = (a: string, b: string) => value(table.between(a, b));
  const itself = (text: string) => value(table.judged(text, text));
  return {
    name: peer ? `${of}, itself asked as in lm-polygraph` : of,
    needs: ["entailment"],
    prepare: (pairs, options) => table.prepare(pairs, options),
    open: () => (a, b) => (one(a, b) + one(b, a)) / 2,
    ...(peer && { itself, repeated: itself }),
  };
}

/**
 * Penalties for what has been written already, as llama.cpp's sampler "penalties" takes them (src/llama-sampler.cpp): over the
 * last tokens of prompt and answer together, in single precision.
 */
import { checkNumber as check } from "./checks.ts";
import type { GenerateOptions } from "./language-model.ts";

/** The options that penalise repetition; see GenerateOptions. */
export type PenaltyOptions = Pick<
  GenerateOptions,
  "repeatPenalty" | "repeatLastN" | "frequencyPenalty" | "presencePenalty"
>;

/** How far back llama.cpp looks unless told otherwise. */
const LAST = 64;

/** Remembers the last tokens, and lowers their logits. */
export class Penalties {
  /** They change nothing. */
  readonly off: boolean;
  readonly #options: Required<{ [Name in keyof PenaltyOptions]: number }>;
  readonly #last: number[] = [];
  /** Where the oldest of `#last` stands, once it is full. */
  #oldest = 0;
  readonly #counts = new Map<number, number>();

  /**
   * @param prompt tokens that count as written.
   * @throws SurprisalError INVALID_ARGUMENT
   */
  constructor(options: PenaltyOptions, prompt: ArrayLike<number>) {
    checkPenalties(options);
    const { repeatPenalty = 1, repeatLastN = LAST, frequencyPenalty = 0, presencePenalty = 0 } = options;
    this.#options = {
      repeatPenalty: Math.fround(repeatPenalty),
      repeatLastN,
      frequencyPenalty: Math.fround(frequencyPenalty),
      presencePenalty: Math.fround(presencePenalty),
    };
    this.off = repeatLastN === 0 || (repeatPenalty === 1 && frequencyPenalty === 0 && presencePenalty === 0);
    if (this.off) return;
    const first = repeatLastN === -1 ? 0 : Math.max(0, prompt.length - repeatLastN);
    for (let i = first; i < prompt.length; i++) this.accept(prompt[i]!);
  }

  /** Counts a token that was written. */
  accept(id: number): void {
    if (this.off) return;
    this.#counts.set(id, (this.#counts.get(id) ?? 0) + 1);
    const { repeatLastN } = this.#options;
    if (repeatLastN === -1) return;
    if (this.#last.length < repeatLastN) {
      this.#last.push(id);
      return;
    }
    const gone = this.#last[this.#oldest]!;
    const left = this.#counts.get(gone)! - 1;
    if (left === 0) this.#counts.delete(gone);
    else this.#counts.set(gone, left);
    this.#last[this.#oldest] = id;
    this.#oldest = (this.#oldest + 1) % repeatLastN;
  }

  /** @param logits [V] the model's own: ln p would be penalised otherwise, since all of them are negative. */
  apply(logits: Float32Array): Float32Array {
    const { repeatPenalty, frequencyPenalty, presencePenalty } = this.#options;
    const penalised = logits.slice();
    for (const [id, count] of this.#counts) {
      const logit = logits[id]!;
      const scaled = Math.fround(logit <= 0 ? logit * repeatPenalty : logit / repeatPenalty);
      penalised[id] = scaled - Math.fround(Math.fround(count * frequencyPenalty) + presencePenalty);
    }
    return penalised;
  }
}

/** @throws SurprisalError INVALID_ARGUMENT */
export function checkPenalties(options: PenaltyOptions): void {
  const { repeatPenalty = 1, repeatLastN = LAST, frequencyPenalty = 0, presencePenalty = 0 } = options;
  const finite = (value: number) => Math.abs(value) <= 100;
  check(
    repeatPenalty > 0 && finite(repeatPenalty),
    "repeatPenalty",
    repeatPenalty,
    "more than 0, at most 100",
  );
  const whole = Number.isInteger(repeatLastN) && repeatLastN >= -1;
  check(whole, "repeatLastN", repeatLastN, "a whole number, 0 or more, or -1 for all tokens");
  check(finite(frequencyPenalty), "frequencyPenalty", frequencyPenalty, "a number from -100 to 100");
  check(finite(presencePenalty), "presencePenalty", presencePenalty, "a number from -100 to 100");
}

/** Which tokens of an answer carry numbers, whether some were lost, and what a person should know about it. */
import type { AnswerOptions } from "./answer.ts";
import type { WireToken } from "./wire-token.ts";

/** What is known to be wrong with the numbers. */
export interface AnswerDoubts {
  /** Some token carries no number, or may not. */
  partial: boolean;
  warnings: readonly string[];
}

/** So many equal numbers are no chance. */
const FEWEST_ALIKE = 16;

export class AnswerNumbers {
  readonly #options: Pick<AnswerOptions, "maxTokens" | "countsEndOfText">;
  /** Records of tokens. */
  #records = 0;
  /** Text that came without tokens, so that an unknown number of tokens has no record. */
  #textWithoutTokens = false;
  /** Some token came with alternatives. */
  #givesAlternatives = false;
  #partial = false;
  readonly #warnings = new Set<string>();
  /** The number of all tokens so far; NaN once they differ, `null` before the first. */
  #constant: number | null = null;
  /** Tokens that carry a number. */
  scored = 0;

  constructor(options: Pick<AnswerOptions, "maxTokens" | "countsEndOfText">) {
    this.#options = options;
  }

  get doubts(): AnswerDoubts {
    return { partial: this.#partial, warnings: [...this.#warnings] };
  }

  warn(warning: string): void {
    this.#warnings.add(warning);
  }

  doubt(warning: string): void {
    this.#partial = true;
    this.#warnings.add(warning);
  }

  /** Counts a token that has a record. @returns its number, `null` = none. */
  take(token: WireToken): number | null {
    this.#records++;
    const logprob = this.#isPlaceholder(token) ? null : token.logprob;
    if (logprob === null) this.#partial = true;
    else {
      this.scored++;
      if (this.#constant === null) this.#constant = logprob;
      else if (this.#constant !== logprob) this.#constant = Number.NaN;
    }
    return logprob;
  }

  /** A number that was counted is none. */
  takeBack(): void {
    this.scored--;
    this.#partial = true;
  }

  /** Records of tokens so far. */
  get records(): number {
    return this.#records;
  }

  takeTextAlone(): void {
    this.#textWithoutTokens = true;
    this.#partial = true;
  }

  /**
   * A certain token has its alternatives, if only itself, where others have theirs. Without them the number was never
   * filled in: under speculative decoding llama-server writes 0 and an empty list for all tokens but the first
   * (ggml-org/llama.cpp issue 27972).
   */
  #isPlaceholder({ logprob, alternatives }: WireToken): boolean {
    if (alternatives?.length) this.#givesAlternatives = true;
    if (logprob !== 0 || alternatives?.length !== 0 || !this.#givesAlternatives) return false;
    this.warn(
      "Tokens with the probability 1 have no number where only others have alternatives: so servers fill them in under speculative decoding.",
    );
    return true;
  }

  /**
   * Compares the server's count with the records. Servers count the end-of-text token, most of them.
   * @returns the tokens written, without it; `null` where the server's count cannot be.
   */
  check(count: number | null, endsByItself: boolean, droppedEnd: boolean): number | null {
    const records = this.#records;
    if (count === null) return null;
    if (count < records + Number(droppedEnd)) {
      this.doubt(
        `The server counted ${count} tokens and gave ${records}: some came twice, or are the prompt's, or it is wrong.`,
      );
      return null;
    }
    const mayCountEnd = endsByItself && this.#options.countsEndOfText !== false;
    const complete = droppedEnd
      ? count === records + 1
      : count === records || (mayCountEnd && count === records + 1);
    if (complete && !this.#textWithoutTokens) return records;
    this.#partial = true;
    const tokens = Math.max(records, endsByItself && (droppedEnd || records > 0) ? count - 1 : count);
    if (tokens > this.scored) this.warn(`${this.scored} of ${tokens} tokens carry a number.`);
    else this.warn("Some text came without tokens.");
    return tokens;
  }

  /** One number for all tokens is a filler's. It may be one of a model too, of the few that there are, so it stays. */
  checkConstant(): void {
    const constant = this.#constant ?? 0;
    if (this.scored < FEWEST_ALIKE || constant === 0 || Number.isNaN(constant)) return;
    this.warn(`Every log-probability is ${constant}: a model gives each token its own.`);
  }

  /** An answer that ended for its length and has no count. */
  checkLength(): void {
    const { maxTokens } = this.#options;
    if (maxTokens === undefined || this.#textWithoutTokens || this.#records === maxTokens) return;
    this.doubt(`The answer was to end after ${maxTokens} tokens and has ${this.#records}: some may be lost.`);
  }
}

/**
 * Log-probabilities that are all exactly 0.
 *
 * A number is exactly 0 where the model gave the token 1 within rounding (single precision: less than 3e-8 for all others).
 * One token may well be so, and parts of a text; a whole text is not: its first token alone has rivals. What says 0
 * throughout has filled the numbers in, or gives those after greedy sampling, where the token that was taken is all there
 * is (triton-inference-server/tensorrtllm_backend issue 276, vllm-project/vllm issue 17876, ggml-org/llama.cpp issue 27972).
 */
import type { TokenRecord } from "../../core/index.ts";
import type { AnswerNumbers } from "./answer-numbers.ts";

/** From so many on, all that an answer has, zeros are no numbers; two or three are numbers that are doubted. */
const FEWEST = 4;

/** Records that wait for a number that is not 0: a text may begin with so many certain tokens. */
const MOST_WAITING = 16;

/** Text without tokens may stand between them; so much of it does not wait. */
const MOST_RECORDS = 64;

const ZERO = "Every log-probability is exactly 0, which is certainty:";
const FILLED = `${ZERO} no model has it of a whole text, so they are taken as missing.`;
const DOUBTED = `${ZERO} so few tokens may have it, or the server fills them in.`;

/** Holds back records whose numbers are all 0, until something shows what they are. */
export class Certainty {
  readonly #numbers: AnswerNumbers;
  #verdict: "open" | "believed" | "filled" = "open";
  #waiting: TokenRecord[] = [];
  #zeros = 0;

  constructor(numbers: AnswerNumbers) {
    this.#numbers = numbers;
  }

  /** Something shows that this server's zeros are numbers. */
  believe(): void {
    this.#verdict = "believed";
  }

  /** @returns what need not wait any longer, in order. */
  follow(records: readonly TokenRecord[]): TokenRecord[] {
    const ready: TokenRecord[] = this.#verdict === "believed" ? this.#release() : [];
    for (const record of records) {
      if (record.logprob === null) {
        if (this.#waiting.length > 0) this.#waiting.push(record);
        else ready.push(record);
      } else if (record.logprob !== 0) {
        this.#verdict = "believed";
        ready.push(...this.#release(), record);
      } else if (this.#verdict === "believed") ready.push(record);
      else if (this.#verdict === "filled") ready.push(this.#emptied(record));
      else {
        this.#waiting.push(record);
        this.#zeros++;
      }
      if (this.#zeros >= MOST_WAITING && this.#verdict === "open") ready.push(...this.rest());
      else if (this.#waiting.length >= MOST_RECORDS) ready.push(...this.#release());
    }
    return ready;
  }

  /** What waits, at the end of all. */
  rest(): TokenRecord[] {
    if (this.#verdict !== "open" || this.#zeros === 0) return this.#release();
    if (this.#zeros >= FEWEST) {
      this.#verdict = "filled";
      this.#numbers.doubt(FILLED);
      return this.#release().map((record) => (record.logprob === 0 ? this.#emptied(record) : record));
    }
    if (this.#zeros > 1) this.#numbers.doubt(DOUBTED);
    return this.#release();
  }

  #release(): TokenRecord[] {
    const released = this.#waiting;
    this.#waiting = [];
    return released;
  }

  #emptied({ rank: _, ...record }: TokenRecord): TokenRecord {
    this.#numbers.takeBack();
    return { ...record, logprob: null };
  }
}

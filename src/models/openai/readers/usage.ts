/** The server's own count of what it wrote. */
import type { AnswerAssembler } from "../../remote/index.ts";
import type { Usage } from "./schema.ts";

export class UsageCount {
  readonly #choices: number;
  #last: Usage | null = null;
  #shown = false;

  /** @param choices that were asked for: a server counts all of them together. */
  constructor(choices: number) {
    this.#choices = choices;
  }

  /** Counts grow during a stream; the last one holds. */
  add(usage: Usage | null | undefined): void {
    this.#last = usage ?? this.#last;
  }

  /** What the model thought is in the answer, not only in the count. */
  thinkingIsShown(): void {
    this.#shown = true;
  }

  /** Tokens of the answer; `null` when unknown. */
  tokens(answer: AnswerAssembler): number | null {
    const { completion_tokens: count, completion_tokens_details: details } = this.#last ?? {};
    if (typeof count !== "number") return null;
    if (this.#choices > 1) {
      answer.warn(
        "The server counts the tokens of all choices together, so the count of this one is not checked.",
      );
      return null;
    }
    const thought = this.#shown ? 0 : (details?.reasoning_tokens ?? 0);
    if (thought > 0) answer.warn(`${thought} tokens that the model thought are not shown by the server.`);
    return Math.max(0, count - thought);
  }
}

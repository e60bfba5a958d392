/** The server's own count of what it wrote. */
import type { AnswerAssembler } from "../../remote/wire.ts";
import type { Usage } from "./schema.ts";

export class UsageCount {
  readonly #choices: number;
  #last: Usage | null = null;
  #shown = false;

  /** @param choices that were asked for: a server counts all of them together. */
  constructor(choices: number) {
    this.#choices = choices;
  }

  /** Counts grow during a stream; the largest one holds. */
  add(usage: Usage | null | undefined): void {
    if (usage && (usage.completion_tokens ?? 0) >= (this.#last?.completion_tokens ?? 0)) this.#last = usage;
  }

  /** What the model thought is in the answer, not only in the count. */
  thinkingIsShown(): void {
    this.#shown = true;
  }

  /** Tokens of the answer; `null` when unknown. */
  tokens(answer: AnswerAssembler): number | null {
    const { completion_tokens: count, completion_tokens_details: details } = this.#last ?? {};
    if (!this.#last || typeof count !== "number") return null;
    if (this.#choices > 1) {
      answer.warn(
        "The server counts the tokens of all choices together, so the count of this one is not checked.",
      );
      return null;
    }
    const thought = details?.reasoning_tokens ?? 0;
    const all = count + (countsApart(this.#last, thought) ? thought : 0);
    if (this.#shown || thought === 0) return all;
    answer.warn(`${thought} tokens that the model thought are not shown by the server.`);
    return Math.max(0, all - thought);
  }
}

/**
 * Whether what was thought is not among the completion's tokens: xAI counts so in chat completions, and its total is the
 * sum of all three (vercel/ai pull request 12425).
 */
function countsApart({ completion_tokens, prompt_tokens, total_tokens }: Usage, thought: number): boolean {
  if (typeof total_tokens !== "number") return thought > (completion_tokens ?? 0);
  return total_tokens === (completion_tokens ?? 0) + (prompt_tokens ?? 0) + thought;
}

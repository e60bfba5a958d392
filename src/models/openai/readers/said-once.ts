/**
 * A text that a stream says piece by piece and then again: thoughts and calls in the Responses API. The repetition is no
 * news, but for a server that sends nothing else (LM Studio: earendil-works/pi pull request 4191; ChatGPT's own:
 * BerriAI/litellm pull request 32724).
 */
export class SaidOnce {
  #said = "";

  /** @returns the piece. */
  add(piece: string): string {
    this.#said += piece;
    return piece;
  }

  /** @returns what was not said before. */
  news(text: string): string {
    if (this.#said.includes(text)) return "";
    return this.add(text.startsWith(this.#said) ? text.slice(this.#said.length) : text);
  }
}

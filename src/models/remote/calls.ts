/**
 * Whether the tokens of tool calls came. Servers rewrite a call, and send it in steps of its own (vLLM and SGLang: a step's
 * tokens are dropped where its text waits, a later step sends the text), so tokens and call cannot be compared one by one.
 * But letters do not vanish: all tokens together spell no fewer than the answer and its calls have.
 */
import { pieceOf, type WireToken } from "./wire-token.ts";

export class Calls {
  #shown = 0;
  #spelled = 0;
  #called = false;

  /**
   * @param text of the answer and of what was thought.
   * @param calls names and arguments.
   */
  follow(text: string, calls: string, tokens: readonly WireToken[]): void {
    this.#called ||= calls !== "";
    this.#shown += lettersIn(text) + lettersIn(calls.replace(/\\u[\da-f]{4}|\\./gi, ""));
    for (const token of tokens) this.#spelled += lettersIn(pieceOf(token).text);
  }

  /** Some token of a call has no record. */
  get areMissing(): boolean {
    return this.#called && this.#spelled < this.#shown;
  }
}

/** A tool call as a text: its name and arguments, which a server writes as a text or as the object itself; else "". */
export function callText(call: unknown): string {
  if (typeof call !== "object" || call === null) return "";
  const { name, arguments: given, args, input } = call as Record<string, unknown>;
  const values = given ?? args ?? input;
  const written = typeof values === "string" ? values : values == null ? "" : JSON.stringify(values);
  return `${typeof name === "string" ? name : ""}${written}`;
}

/** Letters and digits, which every way of writing a call has in common; of ASCII, which no token cuts. */
function lettersIn(text: string): number {
  let letters = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i) | 0x20; // lower case; digits have the bit
    if ((unit >= 0x61 && unit <= 0x7a) || (unit >= 0x30 && unit <= 0x39)) letters++;
  }
  return letters;
}

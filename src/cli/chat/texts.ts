/** The texts of an answer's parts, while its tokens arrive. */
import type { TokenPart } from "../../core/index.ts";
import { withoutThinkingMarks } from "../../models/index.ts";

const newPart = () => ({ decoder: new TextDecoder("utf-8", { ignoreBOM: true }), text: "" });

/** Each part has bytes of its own: a character does not reach from one into the next. */
export class PartTexts {
  readonly #parts = new Map<TokenPart, ReturnType<typeof newPart>>();

  /** @returns the characters that a token completes. */
  add(part: TokenPart, bytes: Uint8Array): string {
    let own = this.#parts.get(part);
    if (!own) {
      own = newPart();
      this.#parts.set(part, own);
    }
    const completed = own.decoder.decode(bytes, { stream: true });
    own.text += completed;
    return completed;
  }

  get answer(): string {
    return this.#parts.get("answer")?.text ?? "";
  }

  /** `null` where nothing was thought. */
  get reasoning(): string | null {
    const part = this.#parts.get("reasoning");
    return part ? withoutThinkingMarks(part.text) : null;
  }

  /** `null` where no tool was called. */
  get toolCall(): string | null {
    return this.#parts.get("tool-call")?.text ?? null;
  }
}

/** The text of an answer as parts of a stream: what is thought apart from what is said. */
import type { TokenRecord } from "../../core/index.ts";
import { isThinkingMark } from "../reasoning-marks.ts";
import type { WrittenPart } from "./types.ts";

type Kind = "text" | "reasoning";

/**
 * Begins a part where the tokens change to another, and ends the one before. An answer without any text has an empty text
 * part. A call of a tool, which no call here asks for, is text.
 */
export class WrittenTexts {
  #kind: Kind | null = null;
  #id = -1;
  #decoder = new TextDecoder();

  *add(record: TokenRecord): Generator<WrittenPart, void, void> {
    const kind = record.part === "reasoning" ? "reasoning" : "text";
    if (kind === "reasoning" && isThinkingMark(record.text)) return;
    if (kind !== this.#kind) yield* this.#begin(kind);
    yield* this.#delta(
      this.#decoder.decode(record.bytes ?? new TextEncoder().encode(record.text), { stream: true }),
    );
  }

  *end(): Generator<WrittenPart, void, void> {
    if (this.#kind === null) yield* this.#begin("text");
    yield* this.#close();
  }

  *#begin(kind: Kind): Generator<WrittenPart, void, void> {
    yield* this.#close();
    this.#kind = kind;
    this.#id++;
    yield { type: `${kind}-start`, id: String(this.#id) };
  }

  *#close(): Generator<WrittenPart, void, void> {
    if (this.#kind === null) return;
    yield* this.#delta(this.#decoder.decode());
    yield { type: `${this.#kind}-end`, id: String(this.#id) };
  }

  *#delta(delta: string): Generator<WrittenPart, void, void> {
    if (delta !== "") yield { type: `${this.#kind!}-delta`, id: String(this.#id), delta };
  }
}

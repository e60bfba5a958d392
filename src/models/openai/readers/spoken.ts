/**
 * What is new in a chunk that says more than its own piece.
 *
 * A stream's text comes in deltas. Some servers say all of it again besides: Perplexity has the whole `message` so far in
 * every chunk, text-generation-webui each piece twice, MiniMax the whole message at the end; and DashScope writes the whole
 * text so far for a delta. Others write pieces as messages, and leave `delta` empty. What was said before is no news; what
 * was not is, wherever it stands.
 */

/** What a chunk says of one text. */
export interface Said {
  delta: string;
  message: string;
  /** What the chunk's tokens spell; "" = it has none. */
  spelled: string;
}

/** From so many characters on, deltas that each begin with the one before are no chance. */
const NO_CHANCE = 12;

/** One text of an answer: what is said, or what is thought. */
export class Spoken {
  static readonly DIFFERS: string =
    "The server says its answer twice, and not the same: some of it was lost, repeated or changed on the way.";
  #said = "";
  /** Some delta said something. */
  #deltas = false;
  /** How deltas go on: by their pieces, or by all that was said so far and their piece. */
  #form: "unknown" | "pieces" | "whole" = "unknown";
  /** Deltas that each begin with the one before, while it is not certain what they are. */
  #held: string[] = [];

  /** @returns what is new, and whether the two tell different texts. */
  next({ delta, message, spelled }: Said): { text: string; differs: boolean } {
    const piece = this.#pieceOf(delta, spelled);
    const before = this.#said + this.#held.join("");
    this.#deltas ||= delta !== "";
    if (message === "") return this.#take(piece);
    if (delta === "") return this.#fromMessage(message, spelled);
    const whole = this.#said + (this.#held.at(-1) ?? piece);
    if (isSame(message, whole) || message === delta || whole.startsWith(message) || isSame(message, before))
      return this.#take(piece);
    // The message has more than the deltas: some of them were lost.
    if (message.startsWith(whole)) return this.#take(message.slice(this.#said.length), true);
    return this.#take(piece, true);
  }

  /** What was held back, when nothing more comes. */
  rest(): string {
    const rest = this.#held.join("");
    this.#held = [];
    this.#said += rest;
    return rest;
  }

  #fromMessage(message: string, spelled: string): { text: string; differs: boolean } {
    if (!this.#deltas && spelled !== "" && spelled === message) return this.#take(message); // a piece, by its tokens
    const said = this.#said + this.#held.join("");
    if (said === "" || (!this.#deltas && !message.startsWith(said) && !isSame(message, said)))
      return this.#take(message);
    if (isSame(message, said) || (this.#held.length > 0 && isSame(message, this.#held.at(-1)!)))
      return { text: "", differs: false };
    if (!message.startsWith(said)) return { text: "", differs: true };
    return this.#take(message.slice(this.#said.length), this.#deltas);
  }

  #take(text: string, differs = false): { text: string; differs: boolean } {
    this.#said += text;
    return { text, differs };
  }

  /** What a delta adds; "" where it is held back. */
  #pieceOf(delta: string, spelled: string): string {
    if (delta === "" || this.#form === "pieces") return delta;
    if (this.#form === "whole") return this.#after(delta);
    const last = this.#held.at(-1) ?? this.#said;
    if (last === "") return delta;
    if (delta.length <= last.length || !delta.startsWith(last)) {
      this.#form = "pieces";
      return this.#released() + delta;
    }
    if (spelled !== "") {
      this.#form = spelled === delta.slice(last.length) ? "whole" : "pieces";
      return this.#form === "whole" ? this.#after(delta) : this.#released() + delta;
    }
    this.#held.push(delta);
    if (this.#held.length < 2 || delta.length < NO_CHANCE) return "";
    this.#form = "whole";
    this.#held = [];
    return this.#after(delta);
  }

  /** What a delta has after all that was said. */
  #after(delta: string): string {
    return delta.startsWith(this.#said) ? delta.slice(this.#said.length) : delta;
  }

  #released(): string {
    const released = this.#held.join("");
    this.#held = [];
    return released;
  }
}

/** Servers trim a whole text. */
function isSame(a: string, b: string): boolean {
  return a === b || a.trim() === b.trim();
}

/** The parts of a stream, or of another one in its place where the first is refused before it says anything. */
import type { PartFields } from "./types.ts";

/** Parts that a stream may begin with before it says anything. */
const PRELUDE: readonly string[] = ["stream-start", "raw", "response-metadata"];

/** That numbers are refused, in the provider's words. */
interface Refused {
  words: string;
  /** It said so now: a warning of this call. */
  isNew: boolean;
}

interface Other {
  stream: ReadableStream<PartFields>;
  refused: Refused;
}

/** Takes the first error for a reason to try the other stream, once, and only before there is anything of an answer. */
export class SwitchingSource {
  #reader: ReadableStreamDefaultReader<PartFields>;
  readonly #instead: ((error: unknown) => Promise<Other | null>) | null;
  #refused: Refused | null;
  /** What came before anything was said: given on once something was. */
  #held: PartFields[] = [];
  #holds: boolean;
  #cancelled = false;

  /**
   * @param instead gives the other stream; `null` where there is none to try.
   * @param refused what is known already.
   */
  constructor(
    stream: ReadableStream<PartFields>,
    instead: ((error: unknown) => Promise<Other | null>) | null,
    refused: Refused | null,
  ) {
    this.#reader = stream.getReader();
    this.#instead = instead;
    this.#refused = refused;
    this.#holds = instead !== null;
  }

  /** Why there are no numbers, where they are refused. */
  get refusal(): string | null {
    return this.#refused?.words ?? null;
  }

  /** The next part; `null` = there is none. */
  async next(): Promise<PartFields | null> {
    while (this.#holds) {
      const part = await this.#beginning();
      if (part && PRELUDE.includes(part.type)) this.#held.push(part);
      else {
        this.#holds = false;
        if (part) this.#held.push(part);
      }
    }
    const held = this.#held.shift();
    if (held) return this.#marked(held);
    const { done, value } = await this.#reader.read();
    return done ? null : this.#marked(value);
  }

  async cancel(reason?: unknown): Promise<void> {
    this.#cancelled = true;
    await this.#reader.cancel(reason);
  }

  /** A part of the beginning; an error among these is one to begin anew after. */
  async #beginning(): Promise<PartFields | null> {
    try {
      const { done, value } = await this.#reader.read();
      if (done) return null;
      if (value.type !== "error") return value;
      return (await this.#switch((value as { error?: unknown }).error)) ? this.#beginning() : value;
    } catch (error) {
      if (this.#cancelled || !(await this.#switch(error))) throw error;
      return this.#beginning();
    }
  }

  /** @returns whether there is another stream now. */
  async #switch(error: unknown): Promise<boolean> {
    if (!this.#holds) return false;
    this.#holds = false;
    const other = await this.#instead!(error);
    if (!other) return false;
    await this.#reader.cancel().catch(() => {});
    this.#reader = other.stream.getReader();
    this.#refused = other.refused;
    this.#held = [];
    if (this.#cancelled) await this.#reader.cancel();
    return true;
  }

  /** The call's own warnings say it too. */
  #marked(part: PartFields): PartFields {
    if (part.type !== "stream-start" || !this.#refused?.isNew) return part;
    const { warnings = [] } = part as PartFields & { warnings?: readonly unknown[] };
    const message = `surprisal: the provider refuses log-probabilities, so the call was made without: ${this.#refused.words}`;
    return { ...part, warnings: [...warnings, { type: "other", message }] } as PartFields;
  }
}

/** Several answers of one request: the server reads the prompt once, and its chunks are told apart by their index. */
import { whenAborted } from "../../core/index.ts";
import type { RemoteAnswer } from "../remote/index.ts";
import { type Asked, SamplesRefused } from "./asking.ts";

/** An answer as it arrives; see RemoteAnswer. */
export type ArrivingAnswer = Pick<
  RemoteAnswer,
  "messages" | "tokens" | "where" | "words" | "redact" | "dispose"
>;

type SharedAsked = Omit<Asked, "answer"> & { answer: ArrivingAnswer };

/**
 * The answers of one request, each read at a pace of its own: what arrives for another one waits for it. The request is made
 * when the first is read, and ended when all are read or left.
 */
export class SharedAnswers {
  readonly #ask: (signal: AbortSignal) => Promise<Asked>;
  /** Aborted with any of the answers: they are stopped by the same signals. */
  readonly #stop = new AbortController();
  /** Per answer what lets go of its signal. */
  readonly #letGo = new Map<number, () => void>();
  readonly #maxTokens: number;
  /** What has arrived for each answer, and whether it ends with that. */
  readonly #arrived: { json: unknown; isLast: boolean }[][];
  /** Answers that may still be read. */
  readonly #open: Set<number>;
  #asked: Promise<Asked | null> | null = null;
  #source: AsyncGenerator<unknown> | null = null;
  #pulling: Promise<void> | null = null;
  #ended = false;
  #failure: { error: unknown } | null = null;

  /** @param ask for `n` answers of at most `maxTokens` each. */
  constructor(n: number, maxTokens: number, ask: (signal: AbortSignal) => Promise<Asked>) {
    this.#ask = ask;
    this.#maxTokens = maxTokens;
    this.#arrived = Array.from({ length: n }, () => []);
    this.#open = new Set(this.#arrived.keys());
  }

  /**
   * @param signal of this answer; an abort ends them all.
   * @returns `null`: the server gives one answer to a request only, and this is to be asked for by itself.
   */
  async take(index: number, signal?: AbortSignal): Promise<SharedAsked | null> {
    const stop = () => this.#stop.abort(signal?.reason);
    if (signal?.aborted) stop();
    this.#letGo.set(index, whenAborted(signal, stop));
    try {
      this.#asked ??= this.#begin();
      const asked = await this.#asked;
      if (asked && (await this.#hasBegun(index))) return { ...asked, answer: this.#answer(index, asked) };
      this.leave(index);
      return null;
    } catch (error) {
      this.leave(index);
      throw error;
    }
  }

  /** Nobody reads this one on. */
  leave(index: number): void {
    this.#letGo.get(index)?.();
    if (!this.#open.delete(index) || this.#open.size > 0) return;
    this.#ended = true;
    void this.#asked?.then((asked) => asked?.answer.dispose()).catch(() => {});
  }

  async #begin(): Promise<Asked | null> {
    try {
      const asked = await this.#ask(this.#stop.signal);
      this.#source = asked.answer.messages();
      return asked;
    } catch (error) {
      if (error instanceof SamplesRefused) return null;
      throw error;
    }
  }

  /** A server that knows nothing of `n` gives the first one alone. */
  async #hasBegun(index: number): Promise<boolean> {
    while (this.#arrived[index]!.length === 0 && !this.#ended) await this.#pull();
    return index === 0 || this.#failure !== null || this.#arrived[index]!.length > 0;
  }

  #answer(index: number, { answer }: Asked): ArrivingAnswer {
    return {
      messages: () => this.#messages(index),
      tokens: this.#maxTokens,
      where: answer.where,
      get words() {
        return answer.words;
      },
      redact: (text) => answer.redact(text),
      dispose: () => this.leave(index),
    };
  }

  async *#messages(index: number): AsyncGenerator<unknown> {
    const arrived = this.#arrived[index]!;
    for (;;) {
      const next = arrived.shift();
      if (next) {
        yield next.json;
        if (next.isLast) return;
      } else if (this.#failure) throw this.#failure.error;
      else if (this.#ended) return;
      else await this.#pull();
    }
  }

  /** Reads one message more, whoever asks for it. */
  #pull(): Promise<void> {
    this.#pulling ??= this.#next().finally(() => {
      this.#pulling = null;
    });
    return this.#pulling;
  }

  async #next(): Promise<void> {
    try {
      const { done, value } = await this.#source!.next();
      if (done) this.#ended = true;
      else this.#sort(value);
    } catch (error) {
      this.#failure = { error };
      this.#ended = true;
    }
  }

  #sort(json: unknown): void {
    const { choices, usage, ...rest } = isObject(json) ? json : {};
    if (!isObject(json) || !Array.isArray(choices) || "error" in json) {
      for (const arrived of this.#arrived) arrived.push({ json, isLast: false });
      return;
    }
    // Counts are of all answers together, so they are nobody's.
    for (const choice of choices) {
      if (!isObject(choice)) continue;
      const index = typeof choice.index === "number" ? choice.index : 0;
      if (!this.#open.has(index)) continue;
      const isLast = typeof choice.finish_reason === "string";
      this.#arrived[index]!.push({ json: { ...rest, choices: [{ ...choice, index: 0 }] }, isLast });
    }
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

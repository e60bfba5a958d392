/** Several answers to one prompt. */
import { abortError, invalidArgument, type TokenRecord, whenAborted } from "../core/index.ts";
import { generationOf } from "./generation.ts";
import type { GenerateOptions, Generation, GenerationEnd, SampleOptions } from "./language-model.ts";

/** As many as OpenAI's API gives. */
export const MOST_SAMPLES = 128;

/**
 * @param most that the source runs at once.
 * @param write one answer, with the options of its own.
 * @param closed called once for each answer that was closed before it began.
 * @throws SurprisalError INVALID_ARGUMENT for another `n`, or seeds beyond the largest
 */
export function sampleWith(
  { n, ...options }: SampleOptions,
  most: number,
  write: (options: GenerateOptions, index: number) => AsyncGenerator<TokenRecord, GenerationEnd, void>,
  closed: (index: number) => Promise<void> = async () => {},
): Generation[] {
  if (!Number.isInteger(n) || n < 1 || n > most)
    throw invalidArgument(
      `${n} answers cannot be given at once`,
      "n",
      `Give a whole number from 1 to ${most}.`,
    );
  const { seed = 0 } = options;
  if (seed + n > 2 ** 32)
    throw invalidArgument(`${seed} + ${n - 1} is beyond the largest seed`, "seed", "Give a smaller one.");
  return Array.from({ length: n }, (_, i) => {
    const own = { ...options, seed: seed + i };
    let begun = false;
    async function* source() {
      begun = true;
      return yield* write(own, i);
    }
    return generationOf(source(), async () => {
      if (begun) return;
      begun = true;
      await closed(i);
    });
  });
}

/** What every answer begins from: forked for each, and freed when all have theirs. */
export class SharedPrompt<Held extends AsyncDisposable> {
  readonly #run: () => Promise<Held>;
  readonly #fork: (held: Held) => Promise<Held>;
  readonly #signal: AbortSignal | undefined;
  /** Lets go of the signal. */
  #letGo = () => {};
  #held: Promise<Held> | null = null;
  /** Answers that may still ask for it. */
  #waiting: number;
  #freed = false;

  /** @param signal frees it, whoever may still ask. */
  constructor(
    answers: number,
    run: () => Promise<Held>,
    fork: (held: Held) => Promise<Held>,
    signal?: AbortSignal | undefined,
  ) {
    this.#waiting = answers;
    this.#run = run;
    this.#fork = fork;
    this.#signal = signal;
  }

  /** The prompt, for one answer. It is run when the first asks for it. */
  async take(): Promise<Held> {
    try {
      if (this.#signal?.aborted) throw abortError("Generating", this.#signal);
      if (!this.#held) this.#letGo = whenAborted(this.#signal, () => void this.#dispose().catch(() => {}));
      this.#held ??= this.#run();
      return await this.#fork(await this.#held);
    } finally {
      await this.leave();
    }
  }

  /** One answer needs it no more. */
  async leave(): Promise<void> {
    if (--this.#waiting === 0) await this.#dispose();
  }

  async #dispose(): Promise<void> {
    this.#letGo();
    if (this.#freed) return;
    this.#freed = true;
    const held = await this.#held?.catch(() => null); // whoever asked for it has the error
    await held?.[Symbol.asyncDispose]();
  }
}

/** Asking a model what it would say if the thinking ended here. */
import { entropy, type TokenRecord } from "../../core/index.ts";
import type { LanguageModel, ModelSequence, Prompt } from "../../models/index.ts";
import { idsOfPrompt } from "../prompt-ids.ts";
import { textOf } from "../written.ts";

/** What a trial answer is made of. */
export interface TrialOptions {
  /** Most tokens. */
  maxTokens: number;
  /** Texts that end it. */
  stop: readonly string[];
}

/** A trial answer. */
export interface Trial {
  text: string;
  /** [tokens] ln p of the most probable token in each place, nats; `null` = not known. */
  logprobs: readonly (number | null)[];
}

/** A model that is asked in the middle of a stream. It sees the prompt, what was written, and a suffix. */
export interface Probe extends AsyncDisposable {
  /** Takes tokens of the stream, to be read before the next question. */
  read(tokens: readonly TokenRecord[]): void;
  /** Entropy of what follows the suffix, nats: exact, or a lower bound where only alternatives are known. `null` = not known. */
  entropyAfter(suffix: string): Promise<number | null>;
  /** Writes on greedily behind the suffix. Nothing of it stays. */
  trial(suffix: string, options: TrialOptions): Promise<Trial>;
}

/**
 * Probes with a sequence of a model in process: the suffix is run after what is held, and cut off again. What was written is
 * read once, when it is asked; the tokens of a question are all that it costs beside. The model need not be the one that
 * writes: another reads its text.
 * @throws SurprisalError UNSUPPORTED_CAPABILITY for a model without sequences (servers).
 */
export async function sequenceProbe(model: LanguageModel, prompt: Prompt): Promise<Probe> {
  const sequence = await model.open();
  try {
    await sequence.extend(await idsOfPrompt(model, prompt));
  } catch (error) {
    await sequence[Symbol.asyncDispose]();
    throw error;
  }
  return new SequenceProbe(model, sequence);
}

class SequenceProbe implements Probe {
  readonly #model: LanguageModel;
  readonly #sequence: ModelSequence;
  #waiting: TokenRecord[] = [];

  constructor(model: LanguageModel, sequence: ModelSequence) {
    this.#model = model;
    this.#sequence = sequence;
  }

  read(tokens: readonly TokenRecord[]): void {
    this.#waiting.push(...tokens);
  }

  entropyAfter(suffix: string): Promise<number | null> {
    return this.#behind(suffix, async () => entropy(this.#sequence.next(), "logprobs"));
  }

  trial(suffix: string, { maxTokens, stop }: TrialOptions): Promise<Trial> {
    return this.#behind(suffix, async () => {
      const logprobs: number[] = [];
      const ids: number[] = [];
      let text = "";
      while (ids.length < maxTokens) {
        const row = this.#sequence.next();
        let best = 0;
        for (let id = 1; id < row.length; id++) if (row[id]! > row[best]!) best = id;
        if (best === this.#model.vocabulary.eos) break;
        ids.push(best);
        logprobs.push(row[best]!);
        text = new TextDecoder().decode(await this.#model.detokenize(ids));
        if (stop.some((each) => text.includes(each))) break;
        if (ids.length < maxTokens) await this.#sequence.extend([best]);
      }
      return { text, logprobs };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sequence[Symbol.asyncDispose]();
  }

  /** Reads what waits and the suffix, asks, and cuts the suffix off. */
  async #behind<Found>(suffix: string, ask: () => Promise<Found>): Promise<Found> {
    const waiting = this.#waiting;
    this.#waiting = [];
    const written = await this.#idsOf(waiting);
    if (written.length > 0) await this.#sequence.extend(written);
    const held = this.#sequence.length;
    const { ids } = await this.#model.tokenize(suffix, { parseSpecial: true });
    try {
      if (ids.length > 0) await this.#sequence.extend(ids);
      return await ask();
    } finally {
      await this.#sequence.truncate(held);
    }
  }

  /** The ids of the records where they are ids of this model, which their text shows; else the text in tokens of this one. */
  async #idsOf(tokens: readonly TokenRecord[]): Promise<ArrayLike<number>> {
    if (tokens.length === 0) return [];
    const text = textOf(tokens);
    const ids = tokens.flatMap(({ id }) => id ?? []);
    const size = this.#model.vocabulary.size ?? 0;
    if (ids.length === tokens.length && ids.every((id) => id < size)) {
      const own = new TextDecoder("utf-8", { ignoreBOM: true }).decode(await this.#model.detokenize(ids));
      if (own === text) return ids;
    }
    return (await this.#model.tokenize(text, { parseSpecial: true })).ids;
  }
}

/**
 * Probes by asking a model to go on behind a prefill: works with every model that takes one, in process or on a server. The
 * prompt and what was written are sent each time; a server's prefix cache saves most of reading them again.
 */
export function askingProbe(model: LanguageModel, prompt: Prompt): Probe {
  const written: TokenRecord[] = []; // a character may lie in two of them
  const ask = async (suffix: string, maxTokens: number, stop: readonly string[]): Promise<TokenRecord[]> => {
    const alternatives = Math.min(20, model.capabilities.alternatives);
    const options = {
      maxTokens,
      prefill: textOf(written) + suffix,
      alternatives,
      ...(stop.length > 0 && { stop }),
    };
    const tokens: TokenRecord[] = [];
    for await (const token of model.generate(prompt, options)) tokens.push(token);
    return tokens;
  };
  return {
    read(tokens) {
      written.push(...tokens);
    },
    async entropyAfter(suffix) {
      const [first] = await ask(suffix, 1, []);
      const found = first?.entropy ?? null;
      return typeof found === "object" && found !== null ? found.low : found;
    },
    async trial(suffix, { maxTokens, stop }) {
      const tokens = await ask(suffix, maxTokens, stop);
      return { text: textOf(tokens), logprobs: tokens.map(({ logprob }) => logprob) };
    },
    async [Symbol.asyncDispose]() {},
  };
}

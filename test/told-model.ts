/** A model that writes what a test tells it, and remembers what it was asked. */
import { SurprisalError, type TokenRecord } from "../src/core/index.ts";
import { completeEnd, generationOf, isChat } from "../src/models/generation.ts";
import type {
  GenerateOptions,
  Generation,
  GenerationEnd,
  ModelCapabilities,
  Prompt,
  SampleOptions,
} from "../src/models/index.ts";
import { TableModel } from "../src/models/test/index.ts";

/** A token: its text, and ln p of it and of the other alternatives, best first. */
export interface ScriptedToken {
  text: string;
  logprob: number | null;
  others?: readonly number[] | undefined;
}

const BYTES = 256;

/** Every byte as likely as every other, so that it reads any text; what it writes is the script's. */
export class ToldModel extends TableModel {
  override readonly capabilities: ModelCapabilities;
  /** What it was asked, in order. */
  readonly asked: { prompt: string; options: GenerateOptions; written: number; aborted: boolean }[] = [];
  readonly #script: (prompt: string, options: GenerateOptions) => readonly ScriptedToken[];

  constructor(
    script: (prompt: string, options: GenerateOptions) => readonly ScriptedToken[],
    capabilities: Partial<ModelCapabilities> = {},
  ) {
    const symbols = [...Array.from({ length: BYTES }, (_, byte) => Uint8Array.of(byte)), "<s>", "</s>"];
    const row = symbols.map((_, id) => (id === BYTES ? 0 : 1 / (BYTES + 1)));
    super({ name: "told", symbols, bos: BYTES, eos: BYTES + 1, transitions: symbols.map(() => row) });
    this.#script = script;
    this.capabilities = { ...this.capabilities0(), ...capabilities };
  }

  capabilities0(): ModelCapabilities {
    return {
      score: true,
      alternatives: 20,
      distribution: true,
      tokenize: true,
      generate: true,
      fork: true,
      shift: true,
      embed: false,
      chat: false,
      chatTemplate: false,
    };
  }

  override generate(prompt: Prompt, options: GenerateOptions = {}): Generation {
    return generationOf(this.#write(prompt, options));
  }

  override sample(prompt: Prompt, { n, ...options }: SampleOptions): readonly Generation[] {
    const { seed = 0 } = options;
    return Array.from({ length: n }, (_, i) => this.generate(prompt, { ...options, seed: seed + i }));
  }

  async *#write(prompt: Prompt, options: GenerateOptions): AsyncGenerator<TokenRecord, GenerationEnd, void> {
    const text = isChat(prompt) ? prompt.map(({ content }) => content).join("\n") : String(prompt);
    const call = { prompt: text, options, written: 0, aborted: false };
    this.asked.push(call);
    const most = options.maxTokens ?? 256;
    const tokens = this.#script(text, options);
    for (const { text, logprob, others = [] } of tokens.slice(0, most)) {
      await new Promise((resolve) => setImmediate(resolve));
      if (options.signal?.aborted) {
        call.aborted = true;
        throw new SurprisalError({ code: "ABORTED", what: "Generating was aborted" });
      }
      call.written++;
      const alternatives = [logprob ?? Number.NaN, ...others].map((each, id) => ({
        text: `${id}`,
        id,
        logprob: each,
      }));
      yield { text, logprob, ...(others.length > 0 && { alternatives }) };
    }
    const provenance = { model: this.identity, probabilities: "raw" as const, eosCounted: false };
    const end = completeEnd(tokens.length > most ? "length" : "stop", call.written, provenance);
    return { ...end, prompt: { tokens: text.length, shared: 0 } };
  }
}

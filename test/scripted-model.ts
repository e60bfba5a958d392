/** A model that says what it is told to say, for tests of what is asked and of what is read. */
import type { Alternative } from "../src/core/index.ts";
import { generationOf } from "../src/models/generation.ts";
import type {
  ChatMessage,
  GenerateOptions,
  Generation,
  ModelCapabilities,
  Prompt,
} from "../src/models/index.ts";
import { TableModel } from "../src/models/test/index.ts";

/** What it says to a prompt: a text, or first tokens with their alternatives. */
export interface Said {
  text: string;
  logprob?: number | null;
  alternatives?: Alternative[];
  part?: "answer" | "reasoning";
  cut?: boolean;
}

export interface Asked {
  prompt: Prompt;
  options: GenerateOptions;
}

/** Every reply is one token record. Scoring and tokenizing are those of `TableModel.bytes()`. */
export class ScriptedModel extends TableModel {
  readonly asked: Asked[] = [];
  override readonly capabilities: ModelCapabilities;
  readonly #say: (asked: Asked, call: number) => Said | readonly Said[];
  readonly #refusesSystem: boolean;

  constructor(
    say: (asked: Asked, call: number) => Said | readonly Said[],
    capabilities: Partial<ModelCapabilities> = {},
    refusesSystem = false,
  ) {
    const { chain, vocabulary } = TableModel.bytes();
    const ids = Array.from({ length: vocabulary.size }, (_, id) => id);
    super({
      symbols: ids.map((id) => vocabulary.piece(id)),
      bos: vocabulary.bos,
      eos: vocabulary.eos,
      transitions: ids.map((previous) => ids.map((next) => chain.probability(previous, next))),
    });
    this.capabilities = {
      ...TableModel.bytes().capabilities,
      chat: true,
      chatTemplate: true,
      ...capabilities,
    };
    this.#say = say;
    this.#refusesSystem = refusesSystem;
  }

  override applyChatTemplate(
    messages: readonly ChatMessage[],
    options?: { addGenerationPrompt?: boolean | undefined },
  ): string {
    if (this.#refusesSystem && messages.some(({ role }) => role === "system"))
      throw new Error("System role not supported");
    const turns = messages.map(({ role, content }) => `<${role}>${content}</s>`).join("");
    return options?.addGenerationPrompt ? `${turns}<assistant>` : turns;
  }

  override generate(prompt: Prompt, options: GenerateOptions = {}): Generation {
    const call = this.asked.push({ prompt, options }) - 1;
    const said = this.#say({ prompt, options }, call);
    const list = Array.isArray(said) ? (said as readonly Said[]) : [said as Said];
    const { identity } = this;
    return generationOf(
      (async function* () {
        for (const { text, logprob = null, alternatives, part } of list)
          yield { text, logprob, alternatives, part };
        return {
          finishReason: list.some(({ cut }) => cut) ? ("length" as const) : ("stop" as const),
          tokens: list.length,
          prompt: { tokens: 10, shared: 0 },
          scored: list.length,
          partial: false,
          provenance: { model: identity, probabilities: "raw" as const, eosCounted: false },
          warnings: [],
        };
      })(),
    );
  }
}

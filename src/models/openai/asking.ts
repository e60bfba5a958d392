/** Asking for an answer with numbers, and what to give up when a server refuses a part of the request. */
import { invalidArgument, type SurprisalError } from "../../core/index.ts";
import { isChat } from "../generation.ts";
import type { GenerateOptions, Prompt } from "../language-model.ts";
import { type RemoteAnswer, type RemoteClient, ServerRefusal, type WireReader } from "../remote/index.ts";
import type { Dialect, Fields } from "./dialects.ts";
import type { ReaderOptions } from "./readers/index.ts";
import { type Wanted, wireRequest } from "./requests.ts";

export interface AskSettings {
  client: RemoteClient;
  dialect: Dialect;
  model: string;
  api: "chat" | "responses";
  stream: boolean;
}

export interface Asked {
  answer: RemoteAnswer;
  reader(options: ReaderOptions): WireReader;
  /** What a person should know about what was given up. */
  warnings: string[];
}

/** Fields that an option stands behind: given up only where the option was not given. */
const OPTION_OF: Readonly<Record<string, keyof GenerateOptions>> = {
  temperature: "temperature",
  top_p: "topP",
  top_k: "topK",
  seed: "seed",
  sampling_seed: "seed",
  min_p: "minP",
  repeat_penalty: "repeatPenalty",
};
/** Without one of these the text is another one. */
const TELLING = ["temperature", "top_p", "seed"];
/** Two names of one field. */
const RENAMED: Readonly<Record<string, string>> = {
  max_tokens: "max_completion_tokens",
  max_completion_tokens: "max_tokens",
};
/** Stop strings are looked for here too. */
const MAY_BE_LEFT_OUT = [
  ...Object.keys(OPTION_OF),
  ...["stream_options", "repetition_penalty", "store", "stop"],
];

/** The server gives one answer to a request only. */
export class SamplesRefused extends Error {}

/** Remembers what a server refused, so that it is asked once. */
export class Asking {
  readonly #settings: AskSettings;
  #api: "chat" | "responses";
  /** What the server said to a request for numbers, if it refused. */
  #silence: string | null = null;
  readonly #leftOut = new Map<string, string>();
  readonly #renamed = new Map<string, string>();
  /** The server refused to give several answers to one request. */
  #oneOnly = false;

  constructor(settings: AskSettings) {
    this.#settings = settings;
    this.#api = settings.api;
  }

  /** Requests may say a seed. */
  get takesSeed(): boolean {
    return this.#settings.dialect.takesSeed && this.#api === "chat";
  }

  /** Several answers may be asked for in one request. */
  takesSamples(prompt: Prompt): boolean {
    const { dialect } = this.#settings;
    if (!dialect.takesSamples || this.#oneOnly) return false;
    return isChat(prompt) ? this.#api === "chat" : dialect.text === "completions";
  }

  /**
   * @param samples answers of this one request.
   * @throws SamplesRefused where there is to be more than one, and the server gives one.
   * @throws SurprisalError SERVER_ERROR for what cannot be given up; INVALID_ARGUMENT when the server gives numbers, but
   *   not so many alternatives.
   */
  async ask(prompt: Prompt, options: GenerateOptions, samples = 1): Promise<Asked> {
    const { alternatives = 0, maxTokens = 256, signal } = options;
    const asked = { signal, tokens: samples * maxTokens, alternatives };
    let wanted: Wanted = this.#silence === null ? "numbers" : "none";
    let refused: ServerRefusal | null = null;
    for (;;) {
      const request = wireRequest(prompt, options, { ...this.#settings, api: this.#api, wanted });
      if (samples > 1 && !this.takesSamples(prompt)) throw new SamplesRefused();
      const body = this.#adapted({ ...request.body, ...(samples > 1 && { n: samples }) });
      try {
        const answer = await this.#settings.client.post(request.path, body, asked);
        if (wanted === "chosen") {
          answer.dispose();
          throw tooMany(alternatives, refused!);
        }
        return { answer, reader: request.reader, warnings: this.#warnings() };
      } catch (error) {
        if (!(error instanceof ServerRefusal) || error.passing || error.code !== "SERVER_ERROR") throw error;
        if (refusesNumbers(error) && wanted !== "none") {
          // Perhaps only the alternatives are refused: then that is what to say.
          wanted = wanted === "numbers" && alternatives > 0 ? "chosen" : "none";
          refused = error;
          if (wanted === "none") this.#silence = error.complaint.message;
        } else if (!this.#giveUp(error, body, prompt, options)) throw error;
      }
    }
  }

  #adapted(body: Fields): Fields {
    return Object.fromEntries(
      Object.entries(body).flatMap(([name, value]) =>
        this.#leftOut.has(name) ? [] : [[this.#renamed.get(name) ?? name, value]],
      ),
    );
  }

  /** @returns whether something was given up that had not been before. */
  #giveUp({ complaint }: ServerRefusal, body: Fields, prompt: Prompt, options: GenerateOptions): boolean {
    const { field, message } = complaint;
    if (field === "n" && body.n !== undefined) {
      this.#oneOnly = true;
      return true;
    }
    if (this.#api === "chat" && isChat(prompt) && /v1\/responses/.test(message)) {
      this.#api = "responses";
      return true;
    }
    // The field that it names; "model" stands in many a message about another one.
    const named = Object.keys(body).includes(field ?? "")
      ? field!
      : Object.keys(body).find((name) => new RegExp(`\\b${name}\\b`).test(message));
    if (named === undefined) return false;
    const other = RENAMED[named];
    if (other && !this.#renamed.has(other) && message.includes(other)) {
      this.#renamed.set(named, other);
      return true;
    }
    const option = OPTION_OF[named];
    if (!MAY_BE_LEFT_OUT.includes(named) || (option && options[option] !== undefined)) return false;
    this.#leftOut.set(named, message);
    return true;
  }

  #warnings(): string[] {
    const warnings = [...this.#leftOut]
      .filter(([name]) => TELLING.includes(name))
      .map(([name, words]) => `The server refuses "${name}" and goes by its own: ${words}`);
    if (this.#silence !== null) warnings.push(`The server refuses log-probabilities: ${this.#silence}`);
    return warnings;
  }
}

function refusesNumbers({ complaint: { field, message } }: ServerRefusal): boolean {
  // OpenRouter: "No endpoints found that can handle the requested parameters".
  return /logprob|n_probs|top_n_tokens/i.test(`${field} ${message}`) || /no endpoints found/i.test(message);
}

function tooMany(alternatives: number, cause: ServerRefusal): SurprisalError {
  return invalidArgument(
    `The server does not give ${alternatives} alternatives per token: ${cause.complaint.message}`,
    "alternatives",
    "Ask for fewer, or none.",
    cause,
  );
}

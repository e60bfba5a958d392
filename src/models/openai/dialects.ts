/** What each server that speaks OpenAI's API does in its own way. */
import { SurprisalError } from "../../core/index.ts";
import type { GenerateOptions, Provenance } from "../language-model.ts";

/** Servers that speak OpenAI's API each in a way of its own; "other" is the API as it is documented. */
export type DialectName =
  | "openai"
  | "azure"
  | "deepseek"
  | "openrouter"
  | "xai"
  | "lmstudio"
  | "vllm"
  | "sglang"
  | "llama-server"
  | "llama-cpp-python"
  | "tgi"
  | "ollama"
  | "other";

export type Fields = Record<string, unknown>;

/** What is particular to one kind of server. */
export interface Dialect {
  name: DialectName;
  /** For people. */
  title: string;
  /** Most alternatives per token. */
  mostAlternatives: number;
  /** Field for the most tokens to write, in a chat. */
  maxTokens: "max_tokens" | "max_completion_tokens";
  /** The route a text (or ids) is continued by; `null`: chats only. */
  text: "completions" | "llama-server" | "sglang" | "tgi" | null;
  /** The route takes token ids for a prompt. */
  takesIds: boolean;
  /** How the server says the numbers of a prompt, if it does. */
  prompt: "vllm" | "sglang" | "tgi" | "echo" | null;
  /** Whose tokenizer endpoint it has. */
  tokenizer: "vllm" | "sglang" | "tgi" | "llama-server" | null;
  takesTopK: boolean;
  /** Gives several answers to one request (`n`), in the routes of OpenAI. Default false. */
  takesSamples?: boolean | undefined;
  /** Most stop strings; the others are cut here. Default: any number. */
  mostStops?: number | undefined;
  takesSeed: boolean;
  /** Fields that switch off what the server would do to the distribution unasked. */
  plain: Fields;
  /** What the numbers of a written token come after. */
  numbersAfter: "nothing" | "temperature" | "everything";
  /** See AnswerOptions. */
  countsEndOfText?: boolean | undefined;
  /** Further fields of every request for numbers. */
  more?: Fields | undefined;
  /** Header of the key. Default "authorization". */
  keyHeader?: string | undefined;
}

const HOSTED: Omit<Dialect, "name" | "title"> = {
  mostAlternatives: 20,
  maxTokens: "max_tokens",
  text: null,
  takesIds: false,
  prompt: null,
  tokenizer: null,
  takesTopK: false,
  takesSeed: true,
  plain: {},
  numbersAfter: "nothing",
};

const LOCAL: Omit<Dialect, "name" | "title"> = {
  ...HOSTED,
  text: "completions",
  takesIds: true,
  takesTopK: true,
};

/** Local servers have no limit of their own; a client that asks for the whole vocabulary in JSON asks too much. */
const MANY = 100;

/** Sources are named in test/fixtures/wire/manifest.json. */
const DIALECTS: Record<DialectName, Omit<Dialect, "name">> = {
  openai: {
    ...HOSTED,
    title: "OpenAI",
    maxTokens: "max_completion_tokens",
    text: "completions",
    takesIds: true,
    takesSamples: true,
    mostStops: 4,
  },
  azure: {
    ...HOSTED,
    title: "Azure OpenAI",
    maxTokens: "max_completion_tokens",
    text: "completions",
    keyHeader: "api-key",
    takesSamples: true,
    mostStops: 4,
  },
  deepseek: { ...HOSTED, title: "DeepSeek", takesSeed: false, countsEndOfText: false },
  // Only providers that take every parameter, or the numbers would silently be missing.
  openrouter: {
    ...HOSTED,
    title: "OpenRouter",
    takesTopK: true,
    more: { provider: { require_parameters: true } },
  },
  xai: { ...HOSTED, title: "xAI", mostAlternatives: 8, takesSamples: true },
  lmstudio: {
    ...LOCAL,
    title: "LM Studio",
    takesIds: false,
    plain: { top_k: 0, min_p: 0, repeat_penalty: 1 },
  },
  vllm: {
    ...LOCAL,
    title: "vLLM",
    prompt: "vllm",
    tokenizer: "vllm",
    takesSamples: true, // answer i with the seed plus i (vllm/v1/engine/parallel_sampling.py)
    // The model's own generation_config.json would set them.
    plain: { top_k: 0, min_p: 0, repetition_penalty: 1 },
    more: { return_token_ids: true },
    countsEndOfText: true,
  },
  sglang: {
    ...LOCAL,
    title: "SGLang",
    mostAlternatives: MANY,
    text: "sglang",
    prompt: "sglang",
    tokenizer: "sglang",
    plain: { top_k: -1, min_p: 0, repetition_penalty: 1 },
    numbersAfter: "temperature",
    countsEndOfText: true,
  },
  "llama-server": {
    ...LOCAL,
    title: "llama-server",
    mostAlternatives: MANY,
    text: "llama-server",
    tokenizer: "llama-server",
    plain: { top_k: 0, min_p: 0 },
    countsEndOfText: true,
  },
  "llama-cpp-python": {
    ...LOCAL,
    title: "llama-cpp-python",
    mostAlternatives: MANY,
    takesIds: false,
    prompt: "echo",
    plain: { top_k: 0, min_p: 0, repeat_penalty: 1 },
  },
  tgi: {
    ...LOCAL,
    title: "Text Generation Inference",
    mostAlternatives: 5,
    text: "tgi",
    takesIds: false,
    prompt: "tgi",
    tokenizer: "tgi",
    numbersAfter: "everything",
    countsEndOfText: true,
  },
  // Its /v1/completions applies the chat template and gives no numbers.
  ollama: { ...HOSTED, title: "Ollama", countsEndOfText: true },
  other: { ...LOCAL, title: "an OpenAI-compatible server", prompt: "echo", takesTopK: false },
};

/** The dialects that are known. */
export const DIALECT_NAMES: readonly DialectName[] = Object.keys(DIALECTS) as DialectName[];

/** @throws SurprisalError INVALID_ARGUMENT. */
export function dialectOf(name: DialectName): Dialect {
  const dialect = DIALECTS[name];
  if (dialect) return { name, ...dialect };
  throw new SurprisalError({
    code: "INVALID_ARGUMENT",
    what: `There is no dialect "${name}"`,
    wayOut: `Dialects: ${DIALECT_NAMES.join(", ")}.`,
  });
}

/** OpenAI's own models of the first API: the only ones of its that echo a prompt with numbers. */
export function echoesPrompts(dialect: Dialect, model: string): boolean {
  return dialect.prompt === "echo" || (dialect.name === "openai" && /^(babbage|davinci)-002/.test(model));
}

/** Whether the numbers of what was written are those of the model itself. */
export function probabilitiesAfter(
  { numbersAfter }: Dialect,
  { temperature = 0, topK = 0, topP = 1 }: GenerateOptions,
): Provenance["probabilities"] {
  const heated = temperature !== 0 && temperature !== 1;
  const cut = temperature !== 0 && (topK > 0 || topP < 1);
  if (numbersAfter === "nothing" || !(heated || (cut && numbersAfter === "everything"))) return "raw";
  return "post-sampling";
}

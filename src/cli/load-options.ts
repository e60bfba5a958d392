/** Options of every command that loads a model, and loading it. */
import {
  type CacheType,
  DEFAULT_MODEL,
  type EmbeddingModel,
  KERNELS,
  type Kernels,
  type LanguageModel,
  type LlamaLoadOptions,
  resolve,
  resolveEmbedding,
  type ServerOptions,
} from "../models/index.ts";
import { usage } from "./errors.ts";
import { reportModel } from "./model-progress.ts";
import { type Declared, decimal, flag, oneOf, option, wholeNumber } from "./parameters.ts";
import { ACCEPT_TERMS, COUNT } from "./shared-options.ts";

/** Known here too, so that a wrong word is refused before anything is downloaded. */
const CACHE_TYPES = [
  "f16",
  "f32",
  "bf16",
  "q8_0",
  "q5_1",
  "q5_0",
  "q4_1",
  "q4_0",
  "iq4_nl",
] as const satisfies readonly CacheType[];

/** What bounds a server's answers. */
interface ServerValues {
  /** Seconds. */
  answerSeconds: number | undefined;
  /** MiB. */
  answerMib: number | undefined;
  followRedirects: boolean;
}

/** Longest timer that Node has, seconds: 24 days. */
const LONGEST_SECONDS = 2_147_483;

// biome-ignore format: one option a line
export const SERVER_OPTIONS: Declared<ServerValues> = {
  answerSeconds: option(decimal(0.001, LONGEST_SECONDS), { hint: "S", description: "Longest that a server may take for one answer (default: 20 minutes, and 30 s per token asked for)" }),
  answerMib: option(decimal(0.001, 65_536), { hint: "MIB", description: "Most that a server may send for one answer (default: 8 MiB, and what the tokens asked for may take)" }),
  followRedirects: flag({ description: "A server may send prompts on to other hosts" }),
};

/** What is not given is left to the environment. */
export function serverOptions({ answerSeconds, answerMib, followRedirects }: ServerValues): ServerOptions {
  return {
    patience: answerSeconds === undefined ? undefined : { overallMs: 1000 * answerSeconds },
    mostAnswerBytes: answerMib === undefined ? undefined : Math.ceil(answerMib * 2 ** 20),
    followRedirects: followRedirects || undefined,
  };
}

interface LoadValues extends ServerValues {
  threads: number | undefined;
  device: "auto" | "cpu" | number;
  batch: number | undefined;
  cacheType: CacheType | undefined;
  kernels: Kernels | undefined;
  exact: boolean;
  batching: "on" | "off" | undefined;
  mmap: boolean | "auto";
  acceptTerms: boolean;
}

// biome-ignore format: one option a line
export const LOAD_OPTIONS: Declared<LoadValues> = {
  threads: option(COUNT, { hint: "N", description: "Threads of the CPU backend (default: one per core, at most 16; one for a model under 32 MB)" }),
  device: option(deviceFor, { hint: "auto|cpu|N", description: "Where the model runs; N: that many layers on the GPU", standard: "auto" }),
  batch: option(wholeNumber(1, 4096), { hint: "TOKENS", description: "Tokens per decode call (default: 512 or less)" }),
  cacheType: option(oneOf(CACHE_TYPES), { hint: "TYPE", description: "Precision of the key-value cache: f16, f32, q8_0, ... (default: f16)" }),
  kernels: option(oneOf(KERNELS), { hint: "native|portable", description: "native: the fastest of this CPU; portable: the best without AMX, whose digits differ (default: native)" }),
  exact: flag({ description: "The weights as 32-bit floats, and nothing rounded: the same with all kernels, slower; makes a copy of 4 bytes per weight in the cache" }),
  batching: option(oneOf(["on", "off"]), { hint: "on|off", description: "off: what is written at once is run one at a time, whose digits it has then; scores are the same with both (default: on)" }),
  mmap: option(mappingFor, { hint: "on|off|auto", description: "Map the model's file into memory, or read it whole; auto: mapped in the cache, and where it takes more than half of the free memory", standard: "auto" }),
  acceptTerms: ACCEPT_TERMS,
  ...SERVER_OPTIONS,
};

export function loadOptions(given: LoadValues): LlamaLoadOptions {
  const { device, threads, batch: batchSize, cacheType, kernels, exact, batching, mmap } = given;
  return { device, threads, batchSize, cacheType, kernels, exact, batching, mmap };
}

function deviceFor(word: string, name: string): "auto" | "cpu" | number {
  if (word === "auto" || word === "cpu") return word;
  if (/^\d{1,4}$/.test(word)) return Number(word);
  throw usage(`${name} takes auto, cpu, or a number of GPU layers, not "${word}"`);
}

function mappingFor(word: string, name: string): boolean | "auto" {
  if (word === "auto") return word;
  if (word === "on" || word === "off") return word === "on";
  throw usage(`${name} takes on, off or auto, not "${word}"`);
}

// biome-ignore format: one option a line
/** Of commands that write answers. */
export const CONTEXT_SIZE: Declared<{ contextSize: number | undefined }> = {
  contextSize: option(wholeNumber(1, 2 ** 31 - 256), { hint: "TOKENS", description: "Tokens that the answers being written hold together, with their prompts (default: 4096, and for each no more than the model was trained for)" }),
};

/** The model a person named, with its progress on stderr. */
export async function openModel(
  given: LoadValues & {
    model?: string | undefined;
    contextSize?: number | undefined;
    quiet: boolean;
  },
): Promise<LanguageModel> {
  const reporter = reportModel(given);
  try {
    return await resolve(given.model ?? DEFAULT_MODEL, {
      ...loadOptions(given),
      contextSize: given.contextSize,
      ...reporter.options,
      server: serverOptions(given),
    });
  } finally {
    reporter.end();
  }
}

/** The encoder a person named with --embedding, in the same way; `null`: none. */
export async function openEncoder(
  given: Pick<LoadValues, "threads" | "acceptTerms"> & { embedding?: string | undefined; quiet: boolean },
): Promise<EmbeddingModel | null> {
  if (given.embedding === undefined) return null;
  const reporter = reportModel(given);
  try {
    return await resolveEmbedding(given.embedding, { ...reporter.options, threads: given.threads });
  } finally {
    reporter.end();
  }
}

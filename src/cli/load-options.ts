/** Options of every command that loads a model, and loading it. */
import {
  type CacheType,
  DEFAULT_MODEL,
  type LanguageModel,
  type LlamaLoadOptions,
  resolve,
} from "../models/index.ts";
import { oneOf, usage, wholeNumber } from "./arguments.ts";
import { reportModel } from "./model-progress.ts";

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

// biome-ignore format: one option a line
export const LOAD_ARGUMENTS = {
  threads: { type: "string", valueHint: "N", description: "Threads of the CPU backend (default: one per core, at most 16; one for a model under 32 MB)" },
  device: { type: "string", valueHint: "auto|cpu|N", description: "Where the model runs; N: that many layers on the GPU", default: "auto" },
  batch: { type: "string", valueHint: "TOKENS", description: "Tokens per decode call (default: 512 or less)" },
  "cache-type": { type: "string", valueHint: "TYPE", description: "Precision of the key-value cache: f16, f32, q8_0, ... (default: f16)" },
  "accept-terms": { type: "boolean", description: "Accept the terms of a model that has some", default: false },
} as const;

interface LoadArguments {
  threads?: string | undefined;
  device: string;
  batch?: string | undefined;
  "cache-type"?: string | undefined;
}

/** @throws SurprisalError USAGE */
export function loadOptions(given: LoadArguments): LlamaLoadOptions {
  const threads = wholeNumber(given.threads, "threads", 1, 1024);
  const batchSize = wholeNumber(given.batch, "batch", 1, 4096);
  const cacheType = oneOf(given["cache-type"], "cache-type", CACHE_TYPES);
  return {
    device: deviceFor(given.device),
    threads,
    batchSize,
    cacheType,
  };
}

function deviceFor(word: string): "auto" | "cpu" | number {
  if (word === "auto" || word === "cpu") return word;
  if (/^\d{1,4}$/.test(word)) return Number(word);
  throw usage(`--device takes auto, cpu, or a number of GPU layers, not "${word}"`);
}

/** The model a person named, with its progress on stderr. */
export async function openModel(
  given: { model?: string | undefined; quiet: boolean; "accept-terms": boolean },
  load: LlamaLoadOptions,
): Promise<LanguageModel> {
  const reporter = reportModel({ quiet: given.quiet, acceptTerms: given["accept-terms"] });
  try {
    return await resolve(given.model ?? DEFAULT_MODEL, { ...load, ...reporter.options });
  } finally {
    reporter.end();
  }
}

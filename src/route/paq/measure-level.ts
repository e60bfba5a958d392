/** What a level costs and is worth here: perplexity of a text, speeds, memory. */
import { createHash } from "node:crypto";
import { scoreText } from "../../evaluate/index.ts";
import type { CacheType, GgufFile, LanguageModel, ModelDescription } from "../../models/index.ts";
import type { PaqLevelFacts, PaqPerplexity } from "../levels.ts";

/** A text with the name that is shown. */
export interface LadderText {
  name: string;
  text: string;
}

/** How perplexities of a ladder are made: the recipe that `scoreText` takes where nothing is said. */
const RECIPE = "cached";

/** A text as a ladder names it. */
export function textFacts(text: LadderText): { name: string; sha256: string; recipe: string } {
  const sha256 = createHash("sha256").update(text.text).digest("hex");
  return { name: text.name, sha256, recipe: RECIPE };
}

/** Of a level's figures, those that are measured. */
export type LevelFigures = Pick<
  PaqLevelFacts,
  "perplexity" | "prefillTokensPerSecond" | "generationTokensPerSecond" | "memoryBytes"
>;

interface Measuring {
  text: LadderText | undefined;
  /** Size of the level's file, and resident memory of this process before it was loaded, bytes. */
  bytes: number;
  before: number;
  onProgress?: ((done: number, total: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** Tokens of the prompts that speeds are measured with, and of the answers; the best of so many. */
const PROMPT_TOKENS = 128;
const WRITTEN_TOKENS = 32;
const TRIES = 3;
/** No further try after so long, milliseconds: what takes longer is measured well enough. */
const LONG_ENOUGH_MS = 3000;
/** Standard errors to either side. */
const Z95 = 1.959964;

/** @throws SurprisalError as `LanguageModel.generate` and `scoreText`. */
export async function measureLevel(model: LanguageModel, given: Measuring): Promise<LevelFigures> {
  const speeds = await speedsOf(model, given);
  // What others have freed meanwhile hides some of it: it is not less than the weights.
  const memoryBytes = Math.max(given.bytes, process.memoryUsage.rss() - given.before);
  return { ...speeds, memoryBytes, perplexity: await perplexityOf(model, given) };
}

async function perplexityOf(
  model: LanguageModel,
  { text, onProgress, signal }: Measuring,
): Promise<PaqPerplexity | null> {
  if (!text) return null;
  const score = await scoreText(model, text.text, {
    recipe: RECIPE,
    onProgress: ({ run, total }) => onProgress?.(run, total),
    signal,
  });
  const { perplexity: value, standardError } = score;
  if (value === null) return null;
  // In logarithms: that of a level that has collapsed would reach below 0 else.
  const ratio =
    standardError === null || !Number.isFinite(value) ? 1 : Math.exp((Z95 * standardError) / value);
  return { value, low: value / ratio, high: value * ratio, tokens: score.sums.scored, text: text.name };
}

type Speeds = Pick<PaqLevelFacts, "prefillTokensPerSecond" | "generationTokensPerSecond">;

/** One sequence alone; the fastest of a few, since whatever else the machine does makes it slower only. */
async function speedsOf(model: LanguageModel, { text, signal }: Measuring): Promise<Speeds> {
  const prompt = await speedPrompt(model, text?.text);
  let [prefill, generation] = [0, 0];
  const begin = performance.now();
  for (let i = 0; i < TRIES && performance.now() - begin < LONG_ENOUGH_MS; i++) {
    const ids = [...prompt.slice(i), ...prompt.slice(0, i)]; // another beginning: nothing lies in memory already
    const start = performance.now();
    const times: number[] = [];
    const writing = model.generate(ids, { maxTokens: WRITTEN_TOKENS, batching: "off", signal });
    for await (const _ of writing) times.push(performance.now());
    if (times.length === 0) continue; // the end of text came first
    const run = ids.length - (writing.end?.prompt?.shared ?? 0);
    prefill = Math.max(prefill, (1000 * run) / (times[0]! - start));
    if (times.length > 1)
      generation = Math.max(generation, (1000 * (times.length - 1)) / (times.at(-1)! - times[0]!));
  }
  const known = (speed: number) => (speed > 0 && Number.isFinite(speed) ? speed : null);
  return { prefillTokensPerSecond: known(prefill), generationTokensPerSecond: known(generation) };
}

const FILLER = "It was a bright morning, and the whole town had come to the market to buy and to talk. ";

/** Tokens of the text, or of a filler, as many as fit with the answer. */
async function speedPrompt(model: LanguageModel, text: string | undefined): Promise<number[]> {
  const most = Math.min(PROMPT_TOKENS, Math.floor((model.trainedContext ?? PROMPT_TOKENS * 2) / 2));
  const beginning = (text ?? "").slice(0, 20 * most) + FILLER.repeat(Math.ceil(most / 10));
  const { ids } = await model.tokenize(beginning);
  return Array.from(ids.subarray(0, most));
}

/** Bytes of a value in the cache; of types with blocks, their mean. */
const CACHE_BYTES: Readonly<Record<CacheType, number>> = {
  f32: 4,
  f16: 2,
  bf16: 2,
  q8_0: 34 / 32,
  q5_1: 24 / 32,
  q5_0: 22 / 32,
  q4_1: 20 / 32,
  q4_0: 18 / 32,
  iq4_nl: 18 / 32,
};

/** Keys and values of a token, bytes; `null` where the header does not say it simply: layers that differ, states beside attention. */
export function cacheBytesPerToken(
  { metadata }: Pick<GgufFile, "metadata">,
  { layers, heads, keyValueHeads, embeddingLength, architecture }: ModelDescription,
  cacheType: CacheType = "f16",
): number | null {
  if (!layers || !heads || !keyValueHeads || !embeddingLength || !ORDINARY.has(architecture)) return null;
  const length = (key: string) => {
    const entry = metadata.get(`${architecture}.attention.${key}`);
    return entry?.type === "u32" ? entry.value : embeddingLength / heads;
  };
  const values = length("key_length") + length("value_length");
  return layers * keyValueHeads * values * CACHE_BYTES[cacheType];
}

/** Architectures whose layers all keep keys and values of all tokens, alike. */
const ORDINARY: ReadonlySet<string> = new Set([
  ...["llama", "qwen2", "qwen3", "phi3", "olmo2", "smollm3", "granite"],
]);

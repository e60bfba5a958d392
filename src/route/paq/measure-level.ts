/** What a level costs and is worth here: perplexity of a text, speeds, memory. */
import { createHash } from "node:crypto";
import { scoreText } from "../../evaluate/index.ts";
import { measureCosts } from "../../evaluate/quantisations/index.ts";
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

/** Standard errors to either side. */
const Z95 = 1.959964;

/** @throws SurprisalError as `LanguageModel.generate` and `scoreText`. */
export async function measureLevel(model: LanguageModel, given: Measuring): Promise<LevelFigures> {
  const { text, bytes, before, signal } = given;
  const costs = await measureCosts(model, { text: text?.text, bytes, before, signal });
  return { ...costs, perplexity: await perplexityOf(model, given) };
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

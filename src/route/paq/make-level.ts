/** The file of a level: made by `quantize`, and known again by its sha256. */
import { createHash } from "node:crypto";
import { createReadStream, statSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { type QuantizeOptions, type QuantizePlan, quantize } from "../../models/index.ts";
import { levelName, type PaqFallback, type PaqLevel } from "../levels.ts";
import type { WantedLevel } from "./level-types.ts";

/** A ladder of a quantised file is meant, and so is a level that is larger than its source. */
export const QUANTIZING: QuantizeOptions = { allowRequantize: true, allowLarger: true };

/** As `quantize` takes it; all tensors as they are, where the file has that format. */
export const formatOf = ({ type, asItIs }: WantedLevel): string => (asItIs ? "COPY" : type);

interface Making {
  /** Name of the model. */
  name: string;
  level: WantedLevel;
  plan: QuantizePlan;
  onProgress: (stage: "make" | "check", done: number, total: number) => void;
  signal: AbortSignal | undefined;
}

/** @returns the level, of which nothing is measured yet. @throws SurprisalError as `quantize`. */
export async function makeLevel(
  source: string,
  file: string,
  { name, level, plan, onProgress, signal }: Making,
): Promise<PaqLevel> {
  const { output } = await quantize(source, file, formatOf(level), {
    ...QUANTIZING,
    onProgress: ({ done, total }) => onProgress("make", done, total),
    signal,
  });
  const sha256 = await hashOf([file], (done) => onProgress("check", done, output.bytes));
  return {
    bits: level.bits,
    name: levelName(level.bits),
    file,
    type: level.type,
    bytes: output.bytes,
    bitsPerWeight: plan.bitsPerWeight,
    fallbacks: fallbacksOf(plan),
    identity: {
      model: { name: `${name} ${level.type}`, sha256 },
      tokenizer: null,
      wordingSha256: null,
      recipe: null,
      kernels: null,
    },
    perplexity: null,
    prefillTokensPerSecond: null,
    generationTokensPerSecond: null,
    cacheBytesPerToken: null,
    memoryBytes: null,
  };
}

/** Whether a level's file is there as it was made. */
export async function isWhole(
  { file, bytes, identity }: PaqLevel,
  onBytes: (done: number) => void = () => {},
): Promise<boolean> {
  const there = statSync(file, { throwIfNoEntry: false });
  if (!there?.isFile() || there.size !== bytes) return false;
  return (await hashOf([file], onBytes)) === identity.model?.sha256;
}

/**
 * sha256 of a model's file, lower-case hex; of several parts that of their sha256 in order, each followed by a line feed, as
 * `ModelIdentity.sha256`.
 */
export async function hashOf(
  files: readonly string[],
  onBytes: (done: number) => void = () => {},
): Promise<string> {
  let done = 0;
  const each: string[] = [];
  for (const file of files) {
    const hash = createHash("sha256");
    await pipeline(createReadStream(file), async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) {
        hash.update(chunk);
        done += chunk.length;
        onBytes(done);
      }
    });
    each.push(hash.digest("hex"));
  }
  if (each.length === 1) return each[0]!;
  return createHash("sha256")
    .update(each.map((one) => `${one}\n`).join(""))
    .digest("hex");
}

function fallbacksOf({ fallbacks }: QuantizePlan): PaqFallback[] {
  const counts = new Map<string, PaqFallback>();
  for (const { wanted: from, used: to } of fallbacks) {
    const key = `${from} ${to}`;
    counts.set(key, { from, to, tensors: (counts.get(key)?.tensors ?? 0) + 1 });
  }
  return [...counts.values()];
}

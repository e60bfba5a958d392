/** The file of a level: made by `quantize`, and known again by its sha256. */
import { fallbackCounts, hashOfFiles, isWholeFile } from "../../evaluate/quantisations/index.ts";
import { type QuantizeOptions, type QuantizePlan, quantize } from "../../models/index.ts";
import { levelName, type PaqLevel } from "../levels.ts";
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
  const sha256 = await hashOfFiles([file], (done) => onProgress("check", done, output.bytes));
  return {
    bits: level.bits,
    name: levelName(level.bits),
    file,
    type: level.type,
    bytes: output.bytes,
    bitsPerWeight: plan.bitsPerWeight,
    fallbacks: fallbackCounts(plan),
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
export const isWhole = (
  { file, bytes, identity }: PaqLevel,
  onBytes?: (done: number) => void,
): Promise<boolean> => isWholeFile({ file, bytes, sha256: identity.model?.sha256 }, onBytes);

/**
 * A ladder: one model at several bit widths, with what each costs and is worth on this machine. Records and the room paq/ both
 * know it.
 */
import type { CalibrationIdentity } from "../calibrate/index.ts";
import { shapes } from "../evaluate/runs/index.ts";

/** The form of a ladder's file. */
export const LADDER_SCHEMA = "surprisal.paq-ladder/1";

/** A level's name: "4-bit". Paths in records are called so, too. */
export const levelName = (bits: number): string => `${bits}-bit`;

/** Tensors that did not get the type of the format, because their rows are no multiple of its block. */
export interface PaqFallback {
  tensors: number;
  /** The type they should have had, and the one they have: "Q2_K", "Q4_0". */
  from: string;
  to: string;
}

/** A level without its file: what a file of records knows of it. */
export interface PaqLevelFacts {
  /** Bits per weight by name: 2, 4, 8, 16. What is really stored is `bitsPerWeight`. */
  bits: number;
  /** `levelName(bits)`. */
  name: string;
  /** Weight format, such as "Q4_0". */
  type: string;
  /** Size of the file, bytes. */
  bytes: number;
  /** Bits per weight as stored, over all tensors. */
  bitsPerWeight: number;
  fallbacks: readonly PaqFallback[];
  identity: CalibrationIdentity;
  /**
   * Perplexity per token on the ladder's text, with the 95 % interval of its standard error; Infinity where the model gives
   * something probability 0; `null` = not measured.
   */
  perplexity: PaqPerplexity | null;
  /** Tokens per second of one sequence; `null` = not measured. */
  prefillTokensPerSecond: number | null;
  generationTokensPerSecond: number | null;
  /** Keys and values of a token, bytes. */
  cacheBytesPerToken: number | null;
  /** What the process had more in memory once this level was loaded and had written, its file's size at least, bytes; `null` = not measured. */
  memoryBytes: number | null;
}

/** Perplexity of a level on the ladder's text. */
export interface PaqPerplexity {
  value: number;
  low: number;
  high: number;
  /** Tokens scored. */
  tokens: number;
  /** Name of the text, as the person gave it. */
  text: string;
}

/** A level of a ladder. */
export interface PaqLevel extends PaqLevelFacts {
  /** Path of its file; in a ladder's file it is relative to that. */
  file: string;
}

/** The model that a ladder was made of. */
export interface PaqSource {
  name: string;
  /** The format of most of its weights, such as "F16". */
  type: string;
  /** Of its weights, lower-case hex. */
  sha256: string;
  /** Its weights have lost digits already: the highest level is this file dequantised, and no better than it. */
  isQuantised: boolean;
  /** What has to be said with every figure, such as "the 16-bit level is Q8_0, dequantised"; `null` = nothing. */
  note: string | null;
}

/** What the figures were measured on. */
export interface PaqMachine {
  cpu: string;
  /** What multiplied the weights: "avx2", "amx"; `null` = not measured. */
  kernels: string | null;
  /** "llama.cpp ..."; `null` = not measured. */
  engine: string | null;
  threads: number | null;
  /** Of the whole machine, bytes. */
  memoryBytes: number;
  /** When it was measured, ISO 8601. */
  date: string;
}

/** One model at several bit widths: what `makeLadder` makes, and `readLadder` reads. */
export interface PaqLadder {
  schema: typeof LADDER_SCHEMA;
  source: PaqSource;
  /** Fewest bits first; at least one. */
  levels: readonly PaqLevel[];
  /** The text that perplexities are of; `null` = none was given. */
  text: { name: string; sha256: string; recipe: string } | null;
  machine: PaqMachine;
}

const { count, list, nullable, record, text } = shapes;

const least0: shapes.Shape = (value, at) =>
  typeof value === "number" && value >= 0 ? null : `${at} is not a number from 0 on`;
const positive: shapes.Shape = (value, at) =>
  typeof value === "number" && value > 0 ? null : `${at} is not a number above 0`;
const bits: shapes.Shape = (value, at) =>
  Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= 32
    ? null
    : `${at} is not a whole number from 1 to 32`;

/** Of an identity; records and artefacts have it too. */
export const identityShape: shapes.Shape = record({
  model: nullable(record({ name: text, sha256: nullable(text) })),
  tokenizer: nullable(text),
  wordingSha256: nullable(text),
  recipe: nullable(text),
  kernels: nullable(text),
});

/** Members of a level, without its file. */
export const LEVEL_MEMBERS: Readonly<Record<string, shapes.Shape>> = {
  bits,
  name: text,
  type: text,
  bytes: count,
  bitsPerWeight: positive,
  fallbacks: list(record({ tensors: count, from: text, to: text })),
  identity: identityShape,
  perplexity: nullable(record({ value: least0, low: least0, high: least0, tokens: count, text })),
  prefillTokensPerSecond: nullable(positive),
  generationTokensPerSecond: nullable(positive),
  cacheBytesPerToken: nullable(least0),
  memoryBytes: nullable(least0),
};

/** Levels by fewest bits first, each once and under its own name. */
export const levelsShape =
  (level: shapes.Shape): shapes.Shape =>
  (value, at) => {
    const problem = list(level)(value, at);
    if (problem !== null) return problem;
    const levels = value as readonly PaqLevelFacts[];
    if (levels.length === 0) return `${at} is empty`;
    for (const [i, each] of levels.entries()) {
      if (each.name !== levelName(each.bits)) return `${at}[${i}].name is not "${levelName(each.bits)}"`;
      if (i > 0 && each.bits <= levels[i - 1]!.bits) return `${at} do not rise in bits`;
    }
    return null;
  };

/** Of levels as a file of records has them. */
export const levelFactsShape: shapes.Shape = levelsShape(record(LEVEL_MEMBERS));

/** A level as records know it. */
export function levelFacts({ file: _, ...facts }: PaqLevel): PaqLevelFacts {
  return facts;
}

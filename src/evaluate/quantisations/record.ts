/** What is known of a model's quantisations: kept beside their files, and gone on with. */
import { dirname, join, relative, resolve } from "node:path";
import { type Estimate, type Percentiles, SurprisalError } from "../../core/index.ts";
import { readInput, writeWhole } from "../../files/index.ts";
import { infinityAsText, infinityFromText } from "../../text/index.ts";
import type { DifferenceBlocks, PairedErrorMethod } from "../compare/index.ts";
import { shapes } from "../runs/index.ts";
import type { ModelCosts } from "./costs.ts";
import type { FallbackCount } from "./model-file.ts";

/** The form of the file. */
export const QUANTISATIONS_SCHEMA = "surprisal.quantisations/1";

/** What a quantisation is against its source, on one text. */
export interface QuantisationMeasures {
  /** Tokens that have a number in both. */
  scored: number;
  perplexity: Estimate;
  /** Of the source, over the same tokens. */
  basePerplexity: Estimate;
  /** perplexity / basePerplexity, and its 95 % interval in pairs. */
  ratio: Estimate;
  ratioInterval: { low: number; high: number } | null;
  /** KL(source‖quantisation) per token, nats. */
  divergence: Estimate;
  divergencePercentiles: Percentiles;
  /** Share of the places in which both hold the same token for the most probable. */
  sameTop: Estimate;
  standardErrorMethod: PairedErrorMethod;
  /** What two quantisations differ by, in pairs: see `pairedRatio`. */
  blocks: DifferenceBlocks;
}

/** A file that was made. */
export interface QuantisedFile {
  /** One of `quantizationTypes`. */
  type: string;
  /** Path; in the record's file it is relative to that. */
  file: string;
  bytes: number;
  sha256: string;
  /** As stored, over all tensors. */
  bitsPerWeight: number;
  fallbacks: readonly FallbackCount[];
  /** What a person should know of it. */
  notes: readonly string[];
  /** `null`: not measured yet, or no text was given. */
  costs: ModelCosts | null;
  measures: QuantisationMeasures | null;
}

/** A model, the files made of it, and what each is worth on one text. */
export interface Quantisations {
  schema: typeof QUANTISATIONS_SCHEMA;
  source: {
    name: string;
    /** The format of most of its weights, such as "F16". */
    type: string;
    bytes: number;
    sha256: string;
    bitsPerWeight: number;
    /** Its weights have lost digits already: no file made of it is as good as one made of the original. */
    isQuantised: boolean;
    costs: ModelCosts | null;
  };
  /** In the order that was asked for. */
  files: readonly QuantisedFile[];
  /** `null`: none was given, and nothing is measured. */
  text: {
    name: string;
    documents: number;
    /** UTF-8 bytes. */
    bytes: number;
    /** As `RunCorpus.sha256`. */
    sha256: string;
    recipe: { name: string | null; id: string };
  } | null;
  /** What the figures were measured on. */
  machine: { cpu: string; kernels: string | null; engine: string | null; threads: number | null };
  /** Options of the quantisation that change bytes, as JSON. */
  settings: string;
}

/** The record of a folder. */
export const recordFile = (folder: string): string => join(folder, "quantisations.json");

const MOST_BYTES = 2 ** 24;
const WAY_OUT = "Name another folder, or begin anew in this one with --force.";

/** Writes it whole or not at all. @throws SurprisalError FILE_UNWRITABLE, DISK_FULL */
export async function writeQuantisations(file: string, record: Quantisations): Promise<void> {
  const files = record.files.map((one) => ({
    ...one,
    file: relative(resolve(dirname(file)), resolve(one.file)),
  }));
  await writeWhole(file, `${JSON.stringify({ ...record, files }, infinityAsText, 2)}\n`);
}

/** @throws SurprisalError FILE_NOT_FOUND, FILE_UNREADABLE; RUN_DAMAGED for what is no such record. */
export async function readQuantisations(file: string): Promise<Quantisations> {
  const bytes = await readInput(file, {
    most: MOST_BYTES,
    wayOutWhenLarge: WAY_OUT,
    wayOutWhenMissing: WAY_OUT,
  });
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes), reviver);
  } catch (cause) {
    throw damaged(file, "it is not JSON", cause);
  }
  const problem = recordShape(value, "");
  if (problem !== null) throw damaged(file, problem);
  const record = value as Quantisations;
  return {
    ...record,
    files: record.files.map((one) => ({ ...one, file: resolve(dirname(file), one.file) })),
  };
}

/** Divergences may be infinite too. */
function reviver(key: string, value: unknown): unknown {
  if (value === "Infinity" && /^(p\d|median|max|mean)/.test(key)) return Number.POSITIVE_INFINITY;
  return infinityFromText(key, value);
}

function damaged(where: string, problem: string, cause?: unknown): SurprisalError {
  return new SurprisalError({
    code: "RUN_DAMAGED",
    what: `This is no record of quantisations: ${problem}`,
    where,
    wayOut: WAY_OUT,
    ...(cause !== undefined && { cause }),
  });
}

const { count, flag, list, mapOf, nullable, number, oneOf, record, text } = shapes;

const estimate = record({ value: number, standardError: nullable(number) });
const costs = record({
  prefillTokensPerSecond: nullable(number),
  generationTokensPerSecond: nullable(number),
  memoryBytes: nullable(number),
});
const measures = record({
  scored: count,
  perplexity: estimate,
  basePerplexity: estimate,
  ratio: estimate,
  ratioInterval: nullable(record({ low: number, high: number })),
  divergence: estimate,
  divergencePercentiles: mapOf(number),
  sameTop: estimate,
  standardErrorMethod: text,
  blocks: record({ of: oneOf("documents", "tokens"), tokens: list(count), nats: list(number) }),
});
const recordShape = record({
  schema: oneOf(QUANTISATIONS_SCHEMA),
  source: record({
    name: text,
    type: text,
    bytes: count,
    sha256: text,
    bitsPerWeight: number,
    isQuantised: flag,
    costs: nullable(costs),
  }),
  files: list(
    record({
      type: text,
      file: text,
      bytes: count,
      sha256: text,
      bitsPerWeight: number,
      fallbacks: list(record({ tensors: count, from: text, to: text })),
      notes: list(text),
      costs: nullable(costs),
      measures: nullable(measures),
    }),
  ),
  text: nullable(
    record({
      name: text,
      documents: count,
      bytes: count,
      sha256: text,
      recipe: record({ name: nullable(text), id: text }),
    }),
  ),
  machine: record({
    cpu: text,
    kernels: nullable(text),
    engine: nullable(text),
    threads: nullable(count),
  }),
  settings: text,
});

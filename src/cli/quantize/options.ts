/** Options of `surprisal quantize`. */
import type { QuantizeOptions } from "../../models/index.ts";
import { usage } from "../errors.ts";
import {
  argument,
  type Declared,
  flag,
  option,
  optionalArgument,
  type Read,
  repeated,
  text,
} from "../parameters.ts";
import {
  ACCEPT_TERMS,
  COUNT,
  JSON_DOCUMENT,
  QUIET,
  RECIPE_OPTIONS,
  type RecipeValues,
} from "../shared-options.ts";
import { formatNamed } from "./formats.ts";

/** "Q8_0,Q4_0" */
const formatsFor: Read<string[]> = (given, name) => {
  const words = given.split(",").map((word) => word.trim());
  if (words.includes("")) throw usage(`${name} takes formats with commas between them, such as Q8_0,Q4_0`);
  const types = words.map(formatNamed);
  if (types.includes("COPY")) throw usage(`${name} takes formats; COPY is none`);
  const twice = types.find((type, i) => types.indexOf(type) < i);
  if (twice !== undefined) throw usage(`${name} has ${twice} twice`);
  return types;
};

/** "ffn_down=Q6_K", as `llama-quantize` takes it: the first equals sign divides. */
const tensorType: Read<{ pattern: string; type: string }> = (given, name) => {
  const [, pattern = "", type = ""] = /^([^=]+)=(.+)$/s.exec(given) ?? [];
  if (pattern === "") throw usage(`${name} takes PATTERN=TYPE, such as ffn_down=Q6_K`, given);
  return { pattern, type };
};

/** What a person gave. */
export interface QuantizeGiven extends RecipeValues {
  model: string;
  type: string | undefined;
  to: string[] | undefined;
  compare: string | undefined;
  out: string | undefined;
  resume: boolean;
  html: string | undefined;
  force: boolean;
  dryRun: boolean;
  imatrix: string | undefined;
  pure: boolean;
  tensorType: { pattern: string; type: string }[];
  leaveOutputTensor: boolean;
  outputTensorType: string | undefined;
  tokenEmbeddingType: string | undefined;
  keepSplit: boolean;
  allowRequantize: boolean;
  allowLarger: boolean;
  threads: number | undefined;
  acceptTerms: boolean;
  json: boolean;
  quiet: boolean;
}

// biome-ignore format: one option a line
export const QUANTIZE_PARAMETERS: Declared<QuantizeGiven> = {
  model: argument("Path to a .gguf file, best F16, BF16 or F32; or a name from `surprisal models list`"),
  type: optionalArgument("Format of the weights: Q8_0, Q6_K, Q5_K_M, Q4_K_M, Q4_0, ...; with --to none"),
  to: option(formatsFor, { hint: "TYPES", description: "Several formats with commas between, a file of each: Q8_0,Q5_1,Q4_0" }),
  compare: option(text, { hint: "TEXT", description: "With --to: compare the files with MODEL on this text (a file, a folder, wikitext-2, ...): quality, speed, memory" }),
  ...RECIPE_OPTIONS,
  out: option(text, { short: "o", hint: "FILE", description: "Where to (default: MODEL-TYPE.gguf in this folder); with --to a folder (default: MODEL-quantised)" }),
  resume: flag({ description: "With --to: go on in a folder that was begun; finished files and measurements are kept" }),
  html: option(text, { hint: "FILE", description: "With --to: also write a page with pictures" }),
  force: flag({ short: "f", description: "Replace a file that is there; with --to: begin anew in the folder" }),
  dryRun: flag({ description: "Only say what would be made" }),
  imatrix: option(text, { hint: "FILE", description: "Importance matrix, made by llama-imatrix from this model: GGUF or .dat" }),
  pure: flag({ description: "Every tensor in the format's own type, without a mixture" }),
  tensorType: repeated(tensorType, { hint: "PATTERN=TYPE", description: "Another type for the tensors whose name fits the regular expression; may be given several times, the first that fits counts" }),
  leaveOutputTensor: flag({ description: "Leave output.weight as it is" }),
  outputTensorType: option(text, { hint: "TYPE", description: "Another type for output.weight" }),
  tokenEmbeddingType: option(text, { hint: "TYPE", description: "Another type for the token embeddings" }),
  keepSplit: flag({ description: "As many files as the input has (default: one file)" }),
  allowRequantize: flag({ description: "Take a model that is quantised already: its weights lose twice" }),
  allowLarger: flag({ description: "Make a file that is larger than the input" }),
  threads: option(COUNT, { hint: "N", description: "Threads (default: one per core)" }),
  acceptTerms: ACCEPT_TERMS,
  json: JSON_DOCUMENT,
  quiet: QUIET,
};

/** How a file is made. */
export function quantizeOptions(given: QuantizeGiven): QuantizeOptions {
  const { imatrix, pure, leaveOutputTensor, outputTensorType, tokenEmbeddingType, keepSplit } = given;
  const { allowRequantize, allowLarger, threads, tensorType: tensorTypes } = given;
  return {
    ...{ imatrix, pure, leaveOutputTensor, outputTensorType, tokenEmbeddingType, keepSplit },
    ...{ allowRequantize, allowLarger, threads, tensorTypes },
  };
}

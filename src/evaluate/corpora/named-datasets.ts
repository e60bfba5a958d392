/** Data sets known by a short name, with the texts that each recipe's tool makes of them. */

import { invalidArgument } from "../../core/index.ts";
import type { DatasetRequest } from "../../models/index.ts";
import { nearestNames } from "../../text/index.ts";
import type { RuleName } from "./rules.ts";

/** What is fetched, and what is made of it. */
interface Variant {
  repository: string;
  config?: string | undefined;
  column: string;
  /** `null`: each row is a text. */
  rule: RuleName | null;
}

interface NamedDataset {
  /** For recipes that are nobody else's, and tools that say nothing of their own. */
  usual: Variant;
  /** By the name of the recipe. */
  recipes: Readonly<Record<string, Variant>>;
  split: string;
  revision?: string | undefined;
  /** The one file of a split that people measure on. */
  files?: Readonly<Record<string, string>> | undefined;
}

function wikitext(config: string): NamedDataset {
  const rows = { repository: "Salesforce/wikitext", config, column: "text" };
  const pages = { repository: "EleutherAI/wikitext_document_level", config, column: "page" };
  return {
    split: "test",
    usual: { ...rows, rule: "wikitext-file" },
    recipes: {
      "lm-eval": { ...pages, rule: "wikitext-detokenized" },
      "hf-strided": { ...rows, rule: "join-blank-line" },
      "hf-evaluate": { ...rows, rule: "not-empty" },
    },
  };
}

const PTB = { repository: "ptb-text-only/ptb_text_only", config: "penn_treebank", column: "sentence" };
const C4 = { repository: "allenai/c4", column: "text" };

/** People who score language models mean the raw text when they say WikiText-2; with <unk> it is "-v1". */
const DATASETS: Readonly<Record<string, NamedDataset>> = {
  "wikitext-2": wikitext("wikitext-2-raw-v1"),
  "wikitext-2-raw": wikitext("wikitext-2-raw-v1"),
  "wikitext-2-raw-v1": wikitext("wikitext-2-raw-v1"),
  "wikitext-2-v1": wikitext("wikitext-2-v1"),
  "wikitext-103": wikitext("wikitext-103-raw-v1"),
  "wikitext-103-raw": wikitext("wikitext-103-raw-v1"),
  "wikitext-103-raw-v1": wikitext("wikitext-103-raw-v1"),
  "wikitext-103-v1": wikitext("wikitext-103-v1"),
  ptb: {
    split: "test",
    // The repository itself holds a script in Python; the hub ran it and kept what came out.
    revision: "refs/convert/parquet",
    usual: { ...PTB, rule: "join-space" },
    recipes: { "hf-evaluate": { ...PTB, rule: "not-empty" } },
  },
  c4: {
    split: "validation",
    files: {
      validation: "en/c4-validation.00000-of-00008.json.gz",
      train: "en/c4-train.00000-of-01024.json.gz",
    },
    usual: { ...C4, rule: null },
    recipes: { "lm-eval": { ...C4, rule: "wikitext-detokenized" } },
  },
};

export const DATASET_NAMES: readonly string[] = Object.keys(DATASETS);

/** A corpus on the hub, as a person may write it. */
export interface HubCorpus {
  /** "wikitext-2", "wikitext-2#validation", "hf:owner/name/config#split" */
  name: string;
  request: DatasetRequest;
  /** `undefined`: as for any file. */
  column: string | undefined;
  rule: RuleName | null;
}

/**
 * "wikitext-2", "ptb#validation", "hf:owner/name[/config][@revision][#split]" (also "hf:owner/name@revision/config");
 * in place of the config, the path of one file. `null` for everything else.
 */
export function parseHubCorpus(spec: string, recipe: string | undefined): HubCorpus | null {
  const [name = "", splitGiven] = spec.split("#", 2);
  if (Object.hasOwn(DATASETS, name)) {
    const { usual, recipes, split: usualSplit, revision, files } = DATASETS[name]!;
    const variant = recipe !== undefined && Object.hasOwn(recipes, recipe) ? recipes[recipe]! : usual;
    const split = splitGiven ?? usualSplit;
    const file = files && Object.hasOwn(files, split) ? files[split] : undefined;
    const { repository, config, column, rule } = variant;
    const place = file ? { files: [file] } : { config, revision, split };
    return { name: split === usualSplit ? name : spec, request: { repository, ...place }, column, rule };
  }
  const match = /^hf:([\w.-]+\/[\w.-]+)(?:@([^/#\s]+))?(?:\/([^@#]+))?(?:@([^#\s]+))?$/.exec(name);
  if (!match) return null;
  const [, repository = "", before, config, after] = match;
  const revision = before ?? after;
  const request = {
    repository,
    config,
    revision: revision && decoded(revision, spec),
    split: splitGiven || undefined,
  };
  return { name: spec, request, column: undefined, rule: null };
}

function decoded(revision: string, spec: string): string {
  try {
    return decodeURIComponent(revision);
  } catch {
    throw invalidArgument("The revision holds a % that stands for nothing", spec, "Write % itself as %25.");
  }
}

/** Names that were perhaps meant. */
export function nearDatasets(spec: string): string[] {
  return nearestNames(spec, DATASET_NAMES).slice(0, 3);
}

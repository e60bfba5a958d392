/** Which files of a data set's repository hold a split, by the names that the hub's data sets go by. */

/** Words for a split in names of files and folders, as the `datasets` library reads them. */
const SPLITS: Readonly<Record<string, string>> = {
  train: "train",
  training: "train",
  validation: "validation",
  valid: "validation",
  dev: "validation",
  val: "validation",
  test: "test",
  testing: "test",
  eval: "test",
  evaluation: "test",
};

const DATA = /\.(?:parquet|jsonl|ndjson|json|csv|tsv|txt)(?:\.gz|\.zst|\.xz)?$/i;
const ABOUT = /(?:^|\/)(?:\.|dummy\/|dataset_infos?\.json|readme|metadata|licen[cs]e)/i;

/** Where nobody names a split: what models are measured on. */
const PREFERRED = ["test", "validation", "train"];

interface DataFile {
  /** Path inside the repository. */
  path: string;
  /** Subset, such as "wikitext-2-raw-v1"; "default" where the data set has none. */
  config: string;
  split: string;
  /** The converter stopped before the end of the split. */
  partial: boolean;
}

export type DataFileChoice =
  | { kind: "found"; config: string; split: string; files: DataFile[] }
  | { kind: "unclear"; what: "subset" | "split"; available: string[] }
  | { kind: "none" };

export function isDataFile(path: string): boolean {
  return DATA.test(path);
}

/** The files of a split, sorted; or which subsets or splits there are, when what was asked for is not among them. */
export function chooseDataFiles(
  paths: readonly string[],
  wanted: { config?: string | undefined; split?: string | undefined },
): DataFileChoice {
  const all = paths.filter((path) => DATA.test(path) && !ABOUT.test(path)).map(describe);
  if (all.length === 0) return { kind: "none" };
  const configs = namesOf(all, "config");
  const config = wanted.config ?? (configs.length === 1 ? configs[0] : "default");
  const ofConfig = all.filter((file) => file.config === config);
  if (config === undefined || ofConfig.length === 0)
    return { kind: "unclear", what: "subset", available: configs };
  const splits = namesOf(ofConfig, "split");
  const split = wanted.split ?? PREFERRED.find((name) => splits.includes(name)) ?? splits[0];
  const ofSplit = ofConfig.filter((file) => file.split === split);
  if (split === undefined || ofSplit.length === 0)
    return { kind: "unclear", what: "split", available: splits };
  // The same rows often lie there in two formats.
  const parquet = ofSplit.filter(({ path }) => /\.parquet$/i.test(path));
  return { kind: "found", config, split, files: parquet.length > 0 ? parquet : ofSplit };
}

function namesOf(files: readonly DataFile[], key: "config" | "split"): string[] {
  return [...new Set(files.map((file) => file[key]))].sort();
}

/**
 * Layouts: "CONFIG/SPLIT-00000-of-00002.parquet", "data/SPLIT-...", "CONFIG/CONFIG-SPLIT.parquet", "SPLIT.jsonl", and
 * "CONFIG/SPLIT/0000.parquet" of the hub's own conversion (a part of a large split lies in "partial-SPLIT").
 */
function describe(path: string): DataFile {
  const folders = path.split("/");
  const stem = folders.pop()!.replace(DATA, "");
  const numbered = /^\d+$/.test(stem) ? folders.at(-1) : undefined;
  const partial = numbered?.startsWith("partial-") ?? false;
  const inName = /^(.+?)[-.]\d{5}-of-\d{5}$/.exec(stem)?.[1];
  const named = splitIn(stem) ?? (numbered === undefined ? undefined : splitIn(numbered));
  const split = named ?? folders.map(splitIn).findLast(Boolean) ?? numbered ?? inName ?? "train";
  const [first] = folders;
  const config = first === undefined || first === "data" || isSplit(first) ? "default" : first;
  return { path, config, split, partial };
}

function splitIn(name: string): string | undefined {
  const words = name.toLowerCase().split(/[^a-z]+/);
  return words.map((word) => (Object.hasOwn(SPLITS, word) ? SPLITS[word] : undefined)).findLast(Boolean);
}

const isSplit = (name: string): boolean => Object.hasOwn(SPLITS, name.toLowerCase());

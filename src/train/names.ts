/** What the name of a logged number says: which split it is of, and what it measures. */
import type { LossUnit } from "./series.ts";

/** What a name was read as. */
export interface CurveName {
  split: "train" | "valid";
  unit: LossUnit;
  /** Whether the name itself says the unit; a "loss" is one of nats or bits. */
  known: boolean;
  /** Further words in it: 0 is a plain "train/loss". The least is taken. */
  extra: number;
}

const VALID = new Set([
  "valid",
  "val",
  "eval",
  "validation",
  "evaluation",
  "dev",
  "heldout",
  "holdout",
  "test",
  "testing",
  "va",
]);
const TRAIN = new Set(["train", "training", "tr"]);
const LOSS = new Set(["loss", "losses", "nll", "xent", "ce", "crossentropy", "lm", "cost"]);
const PERPLEXITY = new Set(["perplexity", "ppl"]);
const BITS_PER_BYTE = new Set(["bpb"]);
/** Words that change nothing about what is measured. */
const NEUTRAL = new Set([
  "epoch",
  "step",
  "batch",
  "iter",
  "mean",
  "avg",
  "average",
  "running",
  "smoothed",
  "cross",
  "entropy",
  "language",
  "log",
  "global",
]);
/** Numbers about training that are no losses, whatever else their names have. */
const OTHER = new Set([
  ..."lr rate grad gradient norm scale scaler time runtime seconds sec second duration samples throughput flops mfu speed".split(
    " ",
  ),
  ..."accuracy acc f1 bleu rouge std stddev stderr var min max best count num number size memory gpu cpu weight coef ratio ema delta diff".split(
    " ",
  ),
  ..."timestamp wall clock elapsed eta progress reward kl aux router balance auxiliary z".split(" "),
]);

/** Words of a name: "train/loss_epoch", "valLoss" and "eval.loss" are cut alike. */
const wordsOf = (name: string): string[] =>
  name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");

/** @returns `null`: no loss. @param split what the line says of itself, where it does. */
export function readCurveName(name: string, split: string | null = null): CurveName | null {
  const words = [...(split === null ? [] : wordsOf(split)), ...wordsOf(name)];
  const joined = words.join(" ");
  const bitsPerByte = /\bbits? per byte\b/.test(joined) || words.some((word) => BITS_PER_BYTE.has(word));
  const perplexity = words.some((word) => PERPLEXITY.has(word));
  const loss =
    words.some((word) => LOSS.has(word) && word !== "lm") ||
    /\bcross entropy\b/.test(joined) ||
    /\b(train|val|valid)loss\b/.test(joined);
  if (!bitsPerByte && !perplexity && !loss) return null;
  if (words.some((word) => OTHER.has(word))) return null;
  const glued = /\b(?:val|valid|eval|dev)(?:loss|ppl)\b/.test(joined);
  const valid = glued || words.some((word) => VALID.has(word));
  const bits = /\bbits?\b/.test(joined);
  const unit = bitsPerByte ? "bits-per-byte" : perplexity ? "perplexity" : bits ? "bits" : "nats";
  const plain = (word: string) =>
    VALID.has(word) ||
    TRAIN.has(word) ||
    LOSS.has(word) ||
    PERPLEXITY.has(word) ||
    BITS_PER_BYTE.has(word) ||
    NEUTRAL.has(word) ||
    ["bits", "bit", "nats", "nat", "per", "byte", "token"].includes(word) ||
    /^(?:train|val|valid|eval|dev)(?:loss|ppl)$/.test(word);
  const extra = words.filter((word) => !plain(word)).length;
  const averaged = words.includes("epoch") || words.includes("test") ? 0.5 : 0;
  return {
    split: valid ? "valid" : "train",
    unit,
    known: unit !== "nats" || /\bnats?\b/.test(joined),
    extra: extra + averaged,
  };
}

/** How good a curve of this unit is to have: a loss is exact, a perplexity is rounded more, bits per byte are of bytes. */
const ORDER: Readonly<Record<LossUnit, number>> = { nats: 0, bits: 0, perplexity: 0.1, "bits-per-byte": 0.2 };

/** Less is better. */
export const rankOf = ({ extra, unit }: CurveName): number => extra + ORDER[unit];

const STEP_NAMES = [
  "step",
  "_step",
  "global_step",
  "train/global_step",
  "trainer/global_step",
  "steps",
  "iter",
  "iteration",
  "iterations",
  "it",
  "batch",
  "update",
  "updates",
  "num_updates",
  "current_steps",
  "n_iter",
  "iter_num",
  "global step",
  "train_step",
];
const TOKEN_NAMES = [
  "tokens",
  "tokens_seen",
  "num_tokens",
  "total_tokens",
  "n_tokens",
  "num_input_tokens_seen",
  "train/num_input_tokens_seen",
  "train/tokens_seen",
  "tokens_processed",
  "consumed_tokens",
];
const RUN_NAMES = ["run", "run_name", "run_id", "experiment", "exp_name", "trial"];
const SPLIT_NAMES = ["split", "phase", "stage", "mode", "dataset", "subset"];

/** What a column is beside a measured number. */
export type Place = "step" | "epoch" | "tokens" | "run" | "split" | null;

/** @param name of a column or member. */
export function placeOf(name: string): Place {
  const low = name.trim().toLowerCase();
  if (STEP_NAMES.includes(low)) return "step";
  if (low === "epoch" || low === "epochs" || low === "train/epoch") return "epoch";
  if (TOKEN_NAMES.includes(low)) return "tokens";
  if (RUN_NAMES.includes(low)) return "run";
  return SPLIT_NAMES.includes(low) ? "split" : null;
}
/** Which of the names for a step a line's step is taken from: the first. */
export const stepRank = (name: string): number => {
  const at = STEP_NAMES.indexOf(name.trim().toLowerCase());
  return at < 0 ? STEP_NAMES.length : at;
};

/**
 * Checks of the hyper-parameters that llama.cpp asserts, divides by, or multiplies into sizes.
 * Source: src/llama-model.cpp (`load_hparams`), src/models/*.cpp (`load_arch_hparams`, the graphs).
 */
import {
  ATTENTION_FREE,
  EXPERTS_USED_BY_LAYER,
  FULL_ROTARY,
  IGNORES_ONE_EXPERT,
  MIXTURE_ONLY,
  POSITIVE_KEYS,
  RELATIONS,
  SECTIONED_ROTARY,
  STATE_SPACE,
  TENSOR_LAYOUTS,
  UNEQUAL_HEADS,
  VARIABLE_LAYERS,
} from "./architectures.ts";
import type { Metadata } from "./metadata.ts";

/** LLAMA_MAX_LAYERS and LLAMA_MAX_EXPERTS. */
const MOST_LAYERS = 512;
const MOST_EXPERTS = 1024;
/** LLAMA_POOLING_TYPE_RANK */
const MOST_POOLING_TYPE = 4;
/** Frequency bases reach some 1e10; numbers much larger overflow on the way to the logits. */
const LARGEST_FLOAT = 1e15;

/** The hyper-parameters that shapes are made of; letters as in architectures.ts. */
export interface Sizes {
  layers: number;
  embedding: number;
  context: number;
  vocabulary: number;
  experts: number;
  expertsUsed: number;
  /** Feed-forward length of one expert. */
  expertFeedForward: number;
  /** Of the first layer; 0 in an architecture without attention. */
  heads: number;
  keyValueHeads: number;
  headLength: number;
  /** All layers have attention, with heads alike. */
  ordinaryAttention: boolean;
  feedForward: number;
  /** Kinds of tokens an encoder tells apart; 0 elsewhere. */
  tokenTypes: number;
}

/** @throws SurprisalError GGUF_INVALID. */
export function readSizes(metadata: Metadata): Sizes {
  checkFloats(metadata);
  const sizes = collectSizes(metadata);
  checkRelations(metadata);
  return sizes;
}

/** NaN and infinity spread through every logit, and a negative epsilon is an assertion. */
function checkFloats(metadata: Metadata): void {
  for (const [key, entry] of metadata.file.metadata) {
    const number = entry.type === "f32" || entry.type === "f64" ? entry.value : 0;
    // A lower bound of minus infinity is llama.cpp's way to write that there is none.
    if (!(Math.abs(number) < LARGEST_FLOAT) && !(key.endsWith("_bound") && number < 0)) {
      throw metadata.invalid(key, `${number} is not a sensible number`);
    }
    if (/epsilon$/.test(key) && entry.type === "f32" && !(entry.value >= 0 && entry.value < 1)) {
      throw metadata.invalid(key, `${entry.value} is not a sensible epsilon`);
    }
  }
  for (const key of ["rope.scaling.factor", "attention.temperature_scale"].map((name) =>
    metadata.own(name),
  )) {
    const factor = metadata.float(key);
    if (factor !== null && factor < 0) throw metadata.invalid(key, `${factor} is negative`);
  }
  for (const key of ["rope.freq_base", "rope.freq_base_swa"].map((name) => metadata.own(name))) {
    const base = metadata.float(key);
    if (base !== null && !(base > 0)) throw metadata.invalid(key, `${base} is not a sensible frequency base`);
  }
}

function collectSizes(metadata: Metadata): Sizes {
  const { file } = metadata;
  const own = (key: string) => metadata.own(key);
  const layers = metadata.required(own("block_count"), 1, MOST_LAYERS);
  metadata.count(own("nextn_predict_layers"), 0, layers - 1);
  metadata.count(own("n_deepstack_layers"), 0, layers);
  for (const [key, architectures] of Object.entries(POSITIVE_KEYS)) {
    if (architectures.has(file.architecture)) metadata.count(own(key), 1);
  }
  metadata.count(own("attention.sliding_window"), file.architecture === "gemma2" ? 1 : 0);
  const scaling = metadata.text(own("rope.scaling.type"));
  if (scaling !== null && !["none", "linear", "yarn", "longrope"].includes(scaling)) {
    throw metadata.invalid(own("rope.scaling.type"), `Unknown kind of scaling, "${scaling}"`);
  }
  const epsilon = TENSOR_LAYOUTS[file.architecture]?.epsilon;
  if (epsilon && metadata.float(own(epsilon)) === null)
    throw metadata.invalid(own(epsilon), "This metadata key is missing");
  const softcap = metadata.float(own("attn_logit_softcapping"));
  if (softcap !== null && softcap <= 0 && file.architecture === "gemma2") {
    throw metadata.invalid(own("attn_logit_softcapping"), `${softcap} is not a sensible limit`);
  }
  metadata.count(own("pooling_type"), 0, MOST_POOLING_TYPE);
  const experts = readExperts(metadata, layers);
  const feedForward = layerValue(metadata, "feed_forward_length", layers, 0) ?? 0;
  const ofExpert = layerValue(metadata, "expert_feed_forward_length", layers, 0) ?? 0;
  return {
    layers,
    embedding: metadata.required(own("embedding_length"), 1, 2 ** 20),
    context: metadata.required(own("context_length")),
    vocabulary: file.vocabularySize,
    ...experts,
    ...readHeads(metadata, layers),
    feedForward,
    tokenTypes: metadata.count("tokenizer.ggml.token_type_count") ?? 0,
    expertFeedForward: ofExpert || Math.floor(feedForward / experts.expertsUsed),
  };
}

/** The value that all layers share, or the first layer's where the architecture lets them differ. */
function layerValue(metadata: Metadata, key: string, layers: number, least: number): number | null {
  const values = metadata.perLayer(metadata.own(key), layers, least);
  if (!values) return null;
  const odd = values.findIndex((value) => value !== values[0]);
  if (odd < 0 || VARIABLE_LAYERS.has(metadata.file.architecture)) return values[0]!;
  throw metadata.invalid(metadata.own(key), `${values[odd]} for layer ${odd} but ${values[0]} for layer 0`);
}

function readExperts(metadata: Metadata, layers: number): { experts: number; expertsUsed: number } {
  const own = (key: string) => metadata.own(key);
  const { architecture } = metadata.file;
  const experts = metadata.count(own("expert_count"), 0, MOST_EXPERTS) ?? 0;
  const used = metadata.perLayer(own("expert_used_count"), layers, 0) ?? [0];
  const expertsUsed = Math.max(...used);
  const odd = used.findIndex((value) => value !== used[0]);
  if (odd > 0 && !EXPERTS_USED_BY_LAYER.has(architecture)) {
    throw metadata.invalid(
      own("expert_used_count"),
      `${used[odd]} experts used in layer ${odd} but ${used[0]} in layer 0`,
    );
  }
  const few = IGNORES_ONE_EXPERT.has(architecture) && experts <= 1;
  if (!few && (expertsUsed > experts || (experts > 0 && expertsUsed === 0))) {
    throw metadata.invalid(own("expert_used_count"), `${expertsUsed} experts used of ${experts}`);
  }
  if (experts === 0 && MIXTURE_ONLY.has(architecture))
    throw metadata.invalid(own("expert_count"), "There are no experts");
  metadata.count(own("expert_gating_func"), 0, 4);
  const groups = metadata.count(own("expert_group_count")) ?? 0;
  if (groups > 0 && groups >= experts)
    throw metadata.invalid(own("expert_group_count"), `${groups} groups of ${experts} experts`);
  if (groups > 1) {
    const chosen = metadata.required(own("expert_group_used_count"), 1, groups - 1);
    if (experts % groups !== 0)
      throw metadata.invalid(own("expert_group_count"), `${groups} does not divide ${experts}`);
    if (expertsUsed > (chosen * experts) / groups) {
      throw metadata.invalid(
        own("expert_group_used_count"),
        `${chosen} groups of ${experts / groups} experts, of which ${expertsUsed} are used`,
      );
    }
  }
  return { experts, expertsUsed };
}

type Heads = Pick<Sizes, "heads" | "keyValueHeads" | "headLength" | "ordinaryAttention">;

function readHeads(metadata: Metadata, layers: number): Heads {
  const { architecture } = metadata.file;
  if (ATTENTION_FREE.has(architecture)) {
    return { heads: 0, keyValueHeads: 0, headLength: 0, ordinaryAttention: false };
  }
  const own = (key: string) => metadata.own(key);
  const least = VARIABLE_LAYERS.has(architecture) ? 0 : 1;
  const heads = layerValue(metadata, "attention.head_count", layers, least);
  if (heads === null) throw metadata.invalid(own("attention.head_count"), "This metadata key is missing");
  const keyValueHeads = layerValue(metadata, "attention.head_count_kv", layers, least) ?? heads;
  if (keyValueHeads > 0 && heads % keyValueHeads !== 0) {
    throw metadata.invalid(
      own("attention.head_count_kv"),
      `${keyValueHeads} does not divide the ${heads} heads`,
    );
  }
  const special = [VARIABLE_LAYERS, UNEQUAL_HEADS, STATE_SPACE].some((set) => set.has(architecture));
  const embedding = metadata.required(own("embedding_length"));
  const headLength = heads === 0 ? 0 : readHeadLength(metadata, "", embedding / heads);
  if (heads > 0) {
    const windowed = readHeadLength(metadata, "_swa", headLength);
    if (windowed !== headLength && !special) {
      throw metadata.invalid(own("attention.key_length_swa"), `It is ${windowed}, but must be ${headLength}`);
    }
    checkRotarySections(metadata, headLength);
  }
  return { heads, keyValueHeads, headLength, ordinaryAttention: !special };
}

/** Length of a head's keys. Layers with a sliding window ("_swa") can have their own. */
function readHeadLength(metadata: Metadata, suffix: "" | "_swa", otherwise: number): number {
  const { architecture } = metadata.file;
  const own = (key: string) => metadata.own(key + suffix);
  const key = metadata.count(own("attention.key_length"), 1) ?? otherwise;
  const value = metadata.count(own("attention.value_length"), 1) ?? otherwise;
  if (!Number.isInteger(key) || !Number.isInteger(value)) {
    throw metadata.invalid(metadata.own("attention.head_count"), "It does not divide the embedding length");
  }
  if (key !== value && !UNEQUAL_HEADS.has(architecture)) {
    throw metadata.invalid(own("attention.value_length"), `It is ${value}, but the keys' length is ${key}`);
  }
  const rotary = metadata.count(own("rope.dimension_count"), STATE_SPACE.has(architecture) ? 0 : 1) ?? key;
  if (rotary > key || rotary % 2 !== 0 || (FULL_ROTARY.has(architecture) && rotary !== key)) {
    throw metadata.invalid(own("rope.dimension_count"), `${rotary} rotary dimensions in a head of ${key}`);
  }
  return key;
}

/** Rotary embedding over several axes (text, height, width) shares out the dimensions of a head. */
function checkRotarySections(metadata: Metadata, headLength: number): void {
  const key = metadata.own("rope.dimension_sections");
  const { length } = metadata.array(key, "u32", "i32") ?? { length: 0 };
  const sections = length > 0 ? metadata.perLayer(key, length, 0)! : [];
  const sum = sections.reduce((a, b) => a + b, 0);
  if (length > 4 || sum > headLength || (sum === 0 && SECTIONED_ROTARY.has(metadata.file.architecture))) {
    throw metadata.invalid(key, `Sections [${sections.slice(0, 5).join(", ")}] of a head of ${headLength}`);
  }
}

function checkRelations(metadata: Metadata): void {
  const { architecture, metadata: entries } = metadata.file;
  const value = (key: string) => {
    const entry = entries.get(metadata.own(key));
    return entry && entry.type !== "arr" ? Number(entry.value) : 0;
  };
  for (const { architectures, key, rule, holds } of RELATIONS) {
    if (architectures.has(architecture) && !holds(value)) {
      throw metadata.invalid(metadata.own(key), `It is ${value(key)} and must be ${rule}`);
    }
  }
}

/**
 * From a sentence encoder as it is published for sentence-transformers (safetensors and JSON) to the GGUF file that llama.cpp
 * reads: what its own convert_hf_to_gguf.py writes for BertModel.
 * Source: llama.cpp, conversion/bert.py; gguf-py/gguf/tensor_mapping.py; src/llama-quant.cpp (which tensors are quantised).
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type WrittenTensor, type WrittenValue, writeGguf } from "../gguf/index.ts";
import { conversionFailure } from "./failure.ts";
import { JsonFile, readJson } from "./json-file.ts";
import { BLOCK_BYTES, toQ8 } from "./q8.ts";
import { readFloats, readSafetensors, type SafeTensor } from "./safetensors.ts";
import { vocabularyMetadata } from "./wordpiece-vocabulary.ts";

/** What the weights are kept as. */
export type ConvertedType = "F32" | "Q8_0";

/** The files that are read, by their paths inside the folder; only the last may be missing. */
export const SENTENCE_ENCODER_FILES = [
  "model.safetensors",
  "config.json",
  "tokenizer.json",
  "modules.json",
  "1_Pooling/config.json",
  "sentence_bert_config.json",
] as const;

/** Of a model with the licence and name that go into the file. */
export interface ConvertedModel {
  name: string;
  /** SPDX, in lower case as hubs have it. */
  licence: string;
  sourceUrl: string;
}

/** llama.cpp's numbers of file types. */
const FILE_TYPES: Readonly<Record<ConvertedType, number>> = { F32: 0, Q8_0: 7 };
const QUANTIZATION_VERSION = 2;
/** The longest text that sentence-transformers gives the model, tokens: no key of llama.cpp's says it. */
export const MOST_TOKENS_KEY = "sentence_transformers.max_seq_length";

/**
 * Writes the GGUF file of the encoder in `folder`.
 * @param output must not be there yet.
 * @throws SurprisalError CONVERSION_FAILED; what the file system says.
 */
export async function convertSentenceEncoder(
  folder: string,
  output: string,
  type: ConvertedType,
  about: ConvertedModel,
): Promise<void> {
  const [weightsFile, configFile, tokenizerFile, modulesFile, poolingFile, limitFile] =
    SENTENCE_ENCODER_FILES.map((name) => join(folder, name)) as [
      string,
      string,
      string,
      string,
      string,
      string,
    ];
  const config = JsonFile.read(configFile);
  checkConfig(config);
  const sizes = {
    layers: config.count("num_hidden_layers", 1, 512),
    width: config.count("hidden_size", 1, 2 ** 16),
    heads: config.count("num_attention_heads", 1, 1024),
    feedForward: config.count("intermediate_size", 1, 2 ** 20),
    context: config.count("max_position_embeddings", 1, 2 ** 20),
    vocabulary: config.count("vocab_size", 1, 2 ** 20),
    types: config.count("type_vocab_size", 2, 2),
  };
  const vocabulary = new Map(vocabularyMetadata(JsonFile.read(tokenizerFile)));
  const tokens = vocabulary.get("tokenizer.ggml.tokens");
  if (tokens?.type !== "arr" || tokens.values.length !== sizes.vocabulary)
    throw config.fails("vocab_size", `It is ${sizes.vocabulary}, and the tokenizer has another number`);
  const epsilon = config.get("layer_norm_eps");
  if (typeof epsilon !== "number" || !(epsilon > 0 && epsilon < 1))
    throw config.fails("layer_norm_eps", `${JSON.stringify(epsilon)} is no sensible epsilon`);
  checkModules(readJson(modulesFile));
  const limit = existsSync(limitFile)
    ? JsonFile.read(limitFile).count("max_seq_length", 3, sizes.context)
    : sizes.context;
  const u32 = (value: number): WrittenValue => ({ type: "u32", value });
  const str = (value: string): WrittenValue => ({ type: "str", value });
  const metadata = new Map<string, WrittenValue>([
    ["general.architecture", str("bert")],
    ["general.type", str("model")],
    ["general.name", str(about.name)],
    ["general.license", str(about.licence)],
    ["general.source.url", str(about.sourceUrl)],
    ["bert.block_count", u32(sizes.layers)],
    ["bert.context_length", u32(sizes.context)],
    ["bert.embedding_length", u32(sizes.width)],
    ["bert.feed_forward_length", u32(sizes.feedForward)],
    ["bert.attention.head_count", u32(sizes.heads)],
    ["bert.attention.layer_norm_epsilon", { type: "f32", value: epsilon }],
    ["bert.attention.causal", { type: "bool", value: false }],
    ["bert.pooling_type", u32(poolingOf(JsonFile.read(poolingFile)))],
    [MOST_TOKENS_KEY, u32(limit)],
    ["general.file_type", u32(FILE_TYPES[type])],
    ["general.quantization_version", u32(QUANTIZATION_VERSION)],
    ...vocabulary,
  ]);
  const there = readSafetensors(weightsFile);
  const tensors = [...tensorsOf(sizes)].map(([name, source, shape]) => {
    const tensor = there.get(source);
    if (!tensor || tensor.shape.join() !== shape.join())
      throw conversionFailure(
        tensor
          ? `Its shape is [${tensor.shape.join(", ")}] and must be [${shape.join(", ")}]`
          : "This tensor is missing",
        `model.safetensors, tensor ${source}`,
      );
    return writtenTensor(weightsFile, name, tensor, type);
  });
  await writeGguf(output, metadata, tensors);
}

function checkConfig(config: JsonFile): void {
  config.require("model_type", "bert");
  config.require("hidden_act", "gelu");
  config.require("position_embedding_type", "absolute", null);
}

/** A transformer, its pooling, and vectors of length one: anything more is another model. */
function checkModules(modules: unknown): void {
  const types = Array.isArray(modules)
    ? modules.map((each) => new JsonFile(each, "modules.json").get("type"))
    : [];
  const known = ["Transformer", "Pooling", "Normalize"].map((name) => `sentence_transformers.models.${name}`);
  if (types.join() === known.join() || types.join() === known.slice(0, 2).join()) return;
  throw conversionFailure(
    "Other steps than a transformer, pooling and normalisation are not converted",
    "modules.json",
  );
}

/** enum llama_pooling_type of what exactly one flag says. */
function poolingOf(pooling: JsonFile): number {
  const modes = [
    ["pooling_mode_mean_tokens", 1],
    ["pooling_mode_cls_token", 2],
    ["pooling_mode_lasttoken", 3],
    ["pooling_mode_max_tokens", 0],
    ["pooling_mode_mean_sqrt_len_tokens", 0],
    ["pooling_mode_weightedmean_tokens", 0],
  ] as const;
  const chosen = modes.filter(([key]) => pooling.get(key) === true);
  if (chosen.length === 1 && chosen[0]![1] > 0) return chosen[0]![1];
  throw pooling.fails("pooling_mode_*", "Only the mean, the first or the last token are converted");
}

interface BertSizes {
  layers: number;
  width: number;
  feedForward: number;
  context: number;
  vocabulary: number;
  types: number;
}

/** [name in the GGUF file, name in safetensors, shape there] in the order of the blocks. */
function* tensorsOf(
  sizes: BertSizes,
): Generator<readonly [name: string, source: string, shape: readonly number[]]> {
  const { width, feedForward } = sizes;
  yield ["token_embd.weight", "embeddings.word_embeddings.weight", [sizes.vocabulary, width]];
  yield ["position_embd.weight", "embeddings.position_embeddings.weight", [sizes.context, width]];
  yield ["token_types.weight", "embeddings.token_type_embeddings.weight", [sizes.types, width]];
  yield* pair("token_embd_norm", "embeddings.LayerNorm", [width]);
  for (let layer = 0; layer < sizes.layers; layer++) {
    const to = `blk.${layer}`;
    const from = `encoder.layer.${layer}`;
    yield* pair(`${to}.attn_q`, `${from}.attention.self.query`, [width, width]);
    yield* pair(`${to}.attn_k`, `${from}.attention.self.key`, [width, width]);
    yield* pair(`${to}.attn_v`, `${from}.attention.self.value`, [width, width]);
    yield* pair(`${to}.attn_output`, `${from}.attention.output.dense`, [width, width]);
    yield* pair(`${to}.attn_output_norm`, `${from}.attention.output.LayerNorm`, [width]);
    yield* pair(`${to}.ffn_up`, `${from}.intermediate.dense`, [feedForward, width]);
    yield* pair(`${to}.ffn_down`, `${from}.output.dense`, [width, feedForward]);
    yield* pair(`${to}.layer_output_norm`, `${from}.output.LayerNorm`, [width]);
  }
}

function* pair(
  name: string,
  source: string,
  shape: readonly number[],
): Generator<readonly [name: string, source: string, shape: readonly number[]]> {
  yield [`${name}.weight`, `${source}.weight`, shape];
  yield [`${name}.bias`, `${source}.bias`, shape.slice(0, 1)];
}

/** llama.cpp leaves vectors, and the embeddings of positions and token types, as floats. */
function writtenTensor(path: string, name: string, tensor: SafeTensor, type: ConvertedType): WrittenTensor {
  const shape = [...tensor.shape].reverse();
  const elements = shape.reduce((a, b) => a * b, 1);
  const quantised =
    type === "Q8_0" &&
    shape.length > 1 &&
    !/^(position_embd|token_types)\./.test(name) &&
    shape[0]! % 32 === 0;
  return quantised
    ? {
        name,
        shape,
        type: "Q8_0",
        bytes: (elements / 32) * BLOCK_BYTES,
        data: () => toQ8(readFloats(path, tensor)),
      }
    : {
        name,
        shape,
        type: "F32",
        bytes: 4 * elements,
        data: () => new Uint8Array(readFloats(path, tensor).buffer),
      };
}

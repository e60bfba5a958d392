/** A tiny sentence encoder as it is published (safetensors and JSON), the same every time, to be bent and converted. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { randomNumbers } from "./gguf-fixture.ts";

const WIDTH = 64;
const FEED_FORWARD = 96;
const LAYERS = 2;
const CONTEXT = 64;

export const TINY_TOKENS: readonly string[] = [
  "[PAD]",
  "[UNK]",
  "[CLS]",
  "[SEP]",
  "[MASK]",
  ..."abcdefghijklmnopqrstuvwxyz0123456789.,!?'-".split(""),
  ..."abcdefghijklmnopqrstuvwxyz0123456789".split("").map((letter) => `##${letter}`),
  "the",
  "cat",
  "##ing",
  "\u4e2d",
];

interface SafeEntry {
  dtype: string;
  shape: number[];
  data_offsets: number[];
}

/** Published files by their paths; JSON as data. */
export interface PublishedEncoder {
  header: Record<string, SafeEntry>;
  data: Buffer;
  json: Record<string, Record<string, unknown> | unknown[]>;
}

export function tinyEncoder(): PublishedEncoder {
  const random = randomNumbers(7);
  const header: Record<string, SafeEntry> = {};
  const parts: Buffer[] = [];
  let at = 0;
  const add = (name: string, shape: number[], value: () => number) => {
    const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, value);
    header[name] = { dtype: "F32", shape, data_offsets: [at, at + values.byteLength] };
    parts.push(Buffer.from(values.buffer));
    at += values.byteLength;
  };
  const weight = () => (random() - 0.5) / 4;
  const linear = (name: string, rows: number, columns: number) => {
    add(`${name}.weight`, [rows, columns], weight);
    add(`${name}.bias`, [rows], weight);
  };
  const norm = (name: string) => {
    add(`${name}.weight`, [WIDTH], () => 1 + weight());
    add(`${name}.bias`, [WIDTH], weight);
  };
  add("embeddings.word_embeddings.weight", [TINY_TOKENS.length, WIDTH], weight);
  add("embeddings.position_embeddings.weight", [CONTEXT, WIDTH], weight);
  add("embeddings.token_type_embeddings.weight", [2, WIDTH], weight);
  norm("embeddings.LayerNorm");
  for (let layer = 0; layer < LAYERS; layer++) {
    const own = `encoder.layer.${layer}`;
    for (const part of ["query", "key", "value"]) linear(`${own}.attention.self.${part}`, WIDTH, WIDTH);
    linear(`${own}.attention.output.dense`, WIDTH, WIDTH);
    norm(`${own}.attention.output.LayerNorm`);
    linear(`${own}.intermediate.dense`, FEED_FORWARD, WIDTH);
    linear(`${own}.output.dense`, WIDTH, FEED_FORWARD);
    norm(`${own}.output.LayerNorm`);
  }
  linear("pooler.dense", WIDTH, WIDTH);
  return {
    header,
    data: Buffer.concat(parts),
    json: {
      "config.json": {
        model_type: "bert",
        hidden_act: "gelu",
        num_hidden_layers: LAYERS,
        hidden_size: WIDTH,
        num_attention_heads: 4,
        intermediate_size: FEED_FORWARD,
        max_position_embeddings: CONTEXT,
        vocab_size: TINY_TOKENS.length,
        type_vocab_size: 2,
        layer_norm_eps: 1e-12,
        position_embedding_type: "absolute",
      },
      "tokenizer.json": {
        normalizer: {
          type: "BertNormalizer",
          clean_text: true,
          handle_chinese_chars: true,
          strip_accents: null,
          lowercase: true,
        },
        pre_tokenizer: { type: "BertPreTokenizer" },
        model: {
          type: "WordPiece",
          unk_token: "[UNK]",
          continuing_subword_prefix: "##",
          max_input_chars_per_word: 100,
          vocab: Object.fromEntries(TINY_TOKENS.map((token, id) => [token, id])),
        },
      },
      "modules.json": ["Transformer", "Pooling", "Normalize"].map((name) => ({
        type: `sentence_transformers.models.${name}`,
      })),
      "1_Pooling/config.json": { pooling_mode_mean_tokens: true, pooling_mode_cls_token: false },
      "sentence_bert_config.json": { max_seq_length: 32 },
    },
  };
}

/** A safetensors file. @param length announced length of the header; default: the true one. */
export function safetensors(header: unknown, data: Uint8Array, length?: bigint): Buffer {
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(length ?? BigInt(text.length));
  return Buffer.concat([start, text, data]);
}

/** The files by their paths. */
export function publishedFiles({ header, data, json }: PublishedEncoder): Map<string, Buffer> {
  return new Map([
    ["model.safetensors", safetensors(header, data)],
    ...Object.entries(json).map(([name, value]): [string, Buffer] => [
      name,
      Buffer.from(JSON.stringify(value)),
    ]),
  ]);
}

export function writePublished(folder: string, files: ReadonlyMap<string, Uint8Array>): void {
  for (const [name, bytes] of files) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
}

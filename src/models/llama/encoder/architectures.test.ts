/** Encoders of every architecture but BERT, as tiny files: they give vectors, in a process of their own that none may end. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeGguf, type FixtureModel, layoutModel, tinyModel } from "../../../../test/gguf-fixture.ts";
import { ModelLoader } from "../../../../test/model-loader.ts";
import { LlamaModel } from "../model.ts";
import { LlamaEncoder } from "./model.ts";

const DIST = fileURLToPath(new URL("../../../../dist/models/index.js", import.meta.url));

let folder: string;
const loader = new ModelLoader("embed-child.mjs");
beforeAll(() => {
  if (!existsSync(DIST)) throw new Error("This test loads the built package: run `npm run build` first.");
  folder = mkdtempSync(join(tmpdir(), "surprisal-encoders-"));
});
afterAll(async () => {
  await loader.stop();
  rmSync(folder, { recursive: true, force: true });
});

function write(model: FixtureModel): string {
  const path = join(folder, "model.gguf");
  writeFileSync(path, encodeGguf(model).bytes);
  return path;
}

const BERT_NORMS = {
  "attn_output_norm.weight": "E",
  "attn_output_norm.bias": "E",
  "layer_output_norm.weight": "E",
  "layer_output_norm.bias": "E",
};
const ROTARY_BERT = {
  "attn_qkv.weight": "E W",
  "attn_output.weight": "Q E",
  "ffn_up.weight": "E F",
  "ffn_down.weight": "F E",
  ...BERT_NORMS,
};
const EMBEDDINGS = { "token_embd.weight": "E V", "token_embd_norm.weight": "E" };
const BERT_MODEL = { ...EMBEDDINGS, "token_embd_norm.bias": "E" };
const LLAMA_BLOCK = {
  "attn_norm.weight": "E",
  "attn_q.weight": "E Q",
  "attn_k.weight": "E K",
  "attn_v.weight": "E K",
  "attn_output.weight": "Q E",
  "ffn_norm.weight": "E",
  "ffn_gate.weight": "E F",
  "ffn_up.weight": "E F",
  "ffn_down.weight": "F E",
};

interface Tiny {
  epsilon: string;
  model: Record<string, string>;
  block: Record<string, string>;
  numbers?: Record<string, number>;
}

const NORM = "attention.layer_norm_epsilon";
const RMS = "attention.layer_norm_rms_epsilon";
const TINY: Record<string, Tiny> = {
  "nomic-bert": { epsilon: NORM, model: BERT_MODEL, block: { ...ROTARY_BERT, "ffn_gate.weight": "E F" } },
  "jina-bert-v2": {
    epsilon: NORM,
    model: { ...BERT_MODEL, "token_types.weight": "E X" },
    block: {
      "attn_q.weight": "E Q",
      "attn_k.weight": "E K",
      "attn_v.weight": "E K",
      "attn_q.bias": "Q",
      "attn_k.bias": "K",
      "attn_v.bias": "K",
      "attn_output.weight": "Q E",
      "attn_output.bias": "E",
      "ffn_gate.weight": "E F",
      "ffn_up.weight": "E F",
      "ffn_down.weight": "F E",
      "ffn_down.bias": "E",
      ...BERT_NORMS,
    },
  },
  "jina-bert-v3": { epsilon: NORM, model: BERT_MODEL, block: ROTARY_BERT },
  "modern-bert": {
    epsilon: NORM,
    model: { ...EMBEDDINGS, "output_norm.weight": "E" },
    block: {
      "attn_norm.weight": "E",
      "attn_qkv.weight": "E G",
      "attn_output.weight": "Q E",
      "ffn_norm.weight": "E",
      "ffn_up.weight": "E G",
      "ffn_down.weight": "F E",
    },
    numbers: {
      "attention.sliding_window": 16,
      "attention.sliding_window_pattern": 2,
      "attention.head_count_kv": 4,
    },
  },
  "neo-bert": {
    epsilon: RMS,
    model: { "token_embd.weight": "E V", "enc.output_norm.weight": "E" },
    block: {
      "attn_norm.weight": "E",
      "attn_qkv.weight": "E W",
      "attn_output.weight": "Q E",
      "ffn_norm.weight": "E",
      "ffn_up.weight": "E G",
      "ffn_down.weight": "F E",
    },
  },
  eurobert: {
    epsilon: RMS,
    model: { "token_embd.weight": "E V", "output_norm.weight": "E" },
    block: LLAMA_BLOCK,
  },
  "llama-embed": {
    epsilon: RMS,
    model: { "token_embd.weight": "E V", "output_norm.weight": "E" },
    block: LLAMA_BLOCK,
  },
  "gemma-embedding": {
    epsilon: RMS,
    model: { "token_embd.weight": "E V", "output_norm.weight": "E" },
    block: {
      ...LLAMA_BLOCK,
      "attn_q_norm.weight": "H",
      "attn_k_norm.weight": "H",
      "post_attention_norm.weight": "E",
      "post_ffw_norm.weight": "E",
    },
    numbers: {
      "attention.sliding_window": 16,
      "attention.sliding_window_pattern": 2,
      "attention.key_length": 16,
      "attention.value_length": 16,
    },
  },
};

function tiny(architecture: string, pooling = 1): FixtureModel {
  const { epsilon, model, block, numbers = {} } = TINY[architecture]!;
  const made = layoutModel(architecture, epsilon, model, block);
  const set = (key: string, value: number) => made.metadata.set(key, { type: "u32", value });
  for (const [key, value] of Object.entries(numbers)) set(`${architecture}.${key}`, value);
  set("tokenizer.ggml.token_type_count", 2);
  set(`${architecture}.pooling_type`, pooling);
  // layoutModel takes a letter X for a mixture of experts, and here it is the number of token types.
  for (const key of ["expert_count", "expert_used_count", "expert_feed_forward_length"])
    made.metadata.delete(`${architecture}.${key}`);
  if (architecture !== "llama-embed")
    made.metadata.set(`${architecture}.attention.causal`, { type: "bool", value: false });
  return made;
}

describe("A tiny encoder", () => {
  it.each(Object.keys(TINY))("of architecture %s gives vectors", async (architecture) => {
    expect(await loader.load(write(tiny(architecture)))).toEqual({ result: "loaded" });
  });
});

describe("A model that writes", () => {
  const unit = (vector: Float32Array) => {
    const length = Math.hypot(...vector);
    return vector.map((value) => value / length);
  };
  const largest = (a: Float32Array, b: Float32Array) =>
    a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);
  const decoder = (pooling: number): FixtureModel => {
    const model = tinyModel();
    model.metadata.set("llama.pooling_type", { type: "u32", value: pooling });
    return model;
  };

  it("whose file says how it is pooled gives the vectors of its last layer", async () => {
    const texts = ["the cat in the hat", "one", "another and on, and on"];
    const path = write(decoder(1));
    await using model = await LlamaModel.load(path, { cacheType: "f32" });
    const expected = await model.embed(texts);
    await using encoder = await LlamaEncoder.load(path, { threads: 1 });
    for (const [i, { vector }] of (await encoder.embed(texts)).entries())
      expect(largest(vector, unit(expected[i]!))).toBeLessThan(1e-5);
  });

  it("pooled by its last token sees the whole text in it", async () => {
    await using encoder = await LlamaEncoder.load(write(decoder(3)), { threads: 1 });
    expect(encoder.pooling).toBe("last");
    const [ab, b, again] = await encoder.embed(["on the", "the", "on the"]);
    expect(largest(ab!.vector, again!.vector)).toBeLessThan(1e-5);
    expect(largest(ab!.vector, b!.vector)).toBeGreaterThan(1e-3);
  });

  it("is refused where its file says nothing of the kind, or that it ranks pairs", async () => {
    for (const model of [tinyModel(), decoder(4)])
      await expect(LlamaEncoder.load(write(model))).rejects.toMatchObject({ code: "GGUF_UNSUPPORTED" });
  });
});

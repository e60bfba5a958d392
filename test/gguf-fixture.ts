/**
 * Makes tiny GGUF models that llama.cpp really loads, as plain data that a test can bend before it is encoded.
 * Source of the format: ggml/src/gguf.cpp of llama.cpp.
 */

/** Value types by id in the file. */
const VALUE_TYPE_IDS = {
  u8: 0,
  i8: 1,
  u16: 2,
  i16: 3,
  u32: 4,
  i32: 5,
  f32: 6,
  bool: 7,
  str: 8,
  arr: 9,
  u64: 10,
  i64: 11,
  f64: 12,
} as const;

type ScalarType = Exclude<keyof typeof VALUE_TYPE_IDS, "arr">;
type Scalar = number | boolean | string;

export type FixtureValue =
  | { type: ScalarType; value: Scalar }
  | { type: "arr"; elementType: ScalarType; value: Scalar[]; declaredLength?: number };

export interface FixtureTensor {
  name: string;
  /** Sizes, the fastest-running dimension first. */
  shape: number[];
  /** Id of the ggml type. */
  type: number;
  data: Uint8Array;
  /** Offset written into the file; default: where the data are. */
  declaredOffset?: number;
}

export interface FixtureModel {
  version: number;
  alignment: number;
  metadata: Map<string, FixtureValue>;
  tensors: FixtureTensor[];
  declaredTensorCount?: number;
  declaredKeyCount?: number;
  /** Keys and values written after the others, which makes duplicates possible. */
  extraMetadata?: [string, FixtureValue][];
}

export const F32 = 0;
export const Q8_0 = 8;

export interface TinyModelOptions {
  /** Type of the matrices. Norms are F32 always. */
  weights?: typeof F32 | typeof Q8_0;
  layers?: number;
}

const EMBEDDING = 64;
const HEADS = 4;
const KEY_VALUE_HEADS = 2;
const FEED_FORWARD = 96;
const CONTEXT = 256;

/** A llama-architecture model with a byte-level vocabulary of 300 tokens and random weights, the same every time. */
export function tinyModel({ weights = F32, layers = 2 }: TinyModelOptions = {}): FixtureModel {
  const random = randomNumbers(1);
  const { tokens, merges } = tinyVocabulary();
  const matrix = (name: string, columns: number, rows: number): FixtureTensor => ({
    name,
    shape: [columns, rows],
    type: weights,
    data: weights === F32 ? randomF32(columns * rows, random) : randomQ8(columns * rows, random),
  });
  const ones = (name: string): FixtureTensor => ({
    name,
    shape: [EMBEDDING],
    type: F32,
    data: new Uint8Array(new Float32Array(EMBEDDING).fill(1).buffer),
  });
  const keyValues = (EMBEDDING / HEADS) * KEY_VALUE_HEADS;
  const tensors = [matrix("token_embd.weight", EMBEDDING, tokens.length), ones("output_norm.weight")];
  for (let layer = 0; layer < layers; layer++) {
    const name = (part: string) => `blk.${layer}.${part}.weight`;
    tensors.push(
      ones(name("attn_norm")),
      matrix(name("attn_q"), EMBEDDING, EMBEDDING),
      matrix(name("attn_k"), EMBEDDING, keyValues),
      matrix(name("attn_v"), EMBEDDING, keyValues),
      matrix(name("attn_output"), EMBEDDING, EMBEDDING),
      ones(name("ffn_norm")),
      matrix(name("ffn_gate"), EMBEDDING, FEED_FORWARD),
      matrix(name("ffn_up"), EMBEDDING, FEED_FORWARD),
      matrix(name("ffn_down"), FEED_FORWARD, EMBEDDING),
    );
  }
  return { version: 3, alignment: 32, metadata: tinyMetadata(tokens, merges, layers), tensors };
}

/**
 * A model of another architecture with just the tensors named, in two blocks. Shapes are letters as in
 * src/models/gguf/architectures.ts; X makes it a mixture of two experts.
 */
export function layoutModel(
  architecture: string,
  epsilon: string,
  model: Readonly<Record<string, string>>,
  block: Readonly<Record<string, string>>,
): FixtureModel {
  const tiny = tinyModel();
  const keyValues = (EMBEDDING / HEADS) * KEY_VALUE_HEADS;
  const lengths: Record<string, number> = {
    E: EMBEDDING,
    V: tinyVocabulary().tokens.length,
    C: CONTEXT,
    Q: EMBEDDING,
    K: keyValues,
    W: EMBEDDING + 2 * keyValues,
    H: EMBEDDING / HEADS,
    F: FEED_FORWARD,
    G: 2 * FEED_FORWARD,
    X: 2,
    M: 48,
  };
  const random = randomNumbers(4);
  const tensor = (name: string, letters: string): FixtureTensor => {
    const shape = letters.split(" ").map((letter) => lengths[letter]!);
    const count = shape.reduce((a, b) => a * b, 1);
    return { name, shape, type: F32, data: randomF32(count, random) };
  };
  const tensors = Object.entries(model).map(([name, letters]) => tensor(name, letters));
  for (const layer of [0, 1]) {
    for (const [name, letters] of Object.entries(block))
      tensors.push(tensor(`blk.${layer}.${name}`, letters));
  }
  const metadata = new Map(
    [...tiny.metadata].map(([key, value]) => [key.replace(/^llama\./, `${architecture}.`), value]),
  );
  metadata.set("general.architecture", { type: "str", value: architecture });
  metadata.set(`${architecture}.${epsilon}`, { type: "f32", value: 1e-5 });
  if (Object.values(block).some((letters) => letters.includes("X"))) {
    metadata.set(`${architecture}.expert_count`, { type: "u32", value: 2 });
    metadata.set(`${architecture}.expert_used_count`, { type: "u32", value: 1 });
    metadata.set(`${architecture}.expert_feed_forward_length`, { type: "u32", value: 48 });
  }
  return { ...tiny, metadata, tensors };
}

/** A mixture of two experts and a shared one, of the architecture hunyuan-moe, with other counts where they are given. */
export function hunyuanModel(counts: Readonly<Record<string, number>>): FixtureModel {
  const model = layoutModel(
    "hunyuan-moe",
    "attention.layer_norm_rms_epsilon",
    { "token_embd.weight": "E V", "output_norm.weight": "E" },
    {
      "attn_norm.weight": "E",
      "attn_q.weight": "E Q",
      "attn_k.weight": "E K",
      "attn_v.weight": "E K",
      "attn_q_norm.weight": "H",
      "attn_k_norm.weight": "H",
      "attn_output.weight": "Q E",
      "ffn_norm.weight": "E",
      "ffn_gate_inp.weight": "E X",
      "ffn_gate_exps.weight": "E F X",
      "ffn_up_exps.weight": "E F X",
      "ffn_down_exps.weight": "F E X",
      "ffn_gate_shexp.weight": "E F",
      "ffn_up_shexp.weight": "E F",
      "ffn_down_shexp.weight": "F E",
    },
  );
  for (const [key, value] of Object.entries(counts))
    model.metadata.set(`hunyuan-moe.${key}`, { type: "u32", value });
  return model;
}

function tinyMetadata(tokens: string[], merges: string[], layers: number): Map<string, FixtureValue> {
  const u32 = (value: number): FixtureValue => ({ type: "u32", value });
  const text = (value: string): FixtureValue => ({ type: "str", value });
  const end = tokens.length - 1;
  return new Map<string, FixtureValue>([
    ["general.architecture", text("llama")],
    ["general.type", text("model")],
    ["general.name", text("tiny")],
    ["general.alignment", u32(32)],
    ["llama.block_count", u32(layers)],
    ["llama.context_length", u32(CONTEXT)],
    ["llama.embedding_length", u32(EMBEDDING)],
    ["llama.feed_forward_length", u32(FEED_FORWARD)],
    ["llama.attention.head_count", u32(HEADS)],
    ["llama.attention.head_count_kv", u32(KEY_VALUE_HEADS)],
    ["llama.attention.layer_norm_rms_epsilon", { type: "f32", value: 1e-5 }],
    ["llama.rope.dimension_count", u32(EMBEDDING / HEADS)],
    ["llama.rope.freq_base", { type: "f32", value: 10000 }],
    ["llama.vocab_size", u32(tokens.length)],
    ["tokenizer.ggml.model", text("gpt2")],
    ["tokenizer.ggml.pre", text("smollm")],
    ["tokenizer.ggml.tokens", { type: "arr", elementType: "str", value: tokens }],
    [
      "tokenizer.ggml.token_type",
      { type: "arr", elementType: "i32", value: tokens.map((_, id) => (id === end ? 3 : 1)) },
    ],
    ["tokenizer.ggml.merges", { type: "arr", elementType: "str", value: merges }],
    ["tokenizer.ggml.bos_token_id", u32(end)],
    ["tokenizer.ggml.eos_token_id", u32(end)],
    ["tokenizer.ggml.add_bos_token", { type: "bool", value: false }],
  ]);
}

/** GPT-2's 256 byte tokens, 43 merged pairs and an end-of-text token. */
function tinyVocabulary(): { tokens: string[]; merges: string[] } {
  const bytes = byteAlphabet();
  const pairs =
    "Ġ t,Ġ a,h e,i n,r e,o n,Ġt he,e r,Ġ s,a t,Ġ w,Ġ o,e n,Ġ c,i t,i s,a n,o r,e s,Ġ b,e d,Ġ f,in g,Ġ p,o u,Ġa n,a l," +
    "a r,Ġt o,Ġ m,Ġo f,Ġ in,Ġ d,Ġ h,Ġan d,i c,a s,l e,Ġt h,i on,o m,l l,en t";
  const merges = pairs.split(",");
  return { tokens: [...bytes, ...merges.map((pair) => pair.replace(" ", "")), "<|endoftext|>"], merges };
}

/** GPT-2's one printable character for each byte, in the order of the bytes. */
function byteAlphabet(): string[] {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    return String.fromCodePoint(printable ? byte : next++);
  });
}

/** Uniform numbers in [0, 1) from a seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function randomF32(count: number, random: () => number): Uint8Array {
  return new Uint8Array(Float32Array.from({ length: count }, () => (random() - 0.5) / 4).buffer);
}

/** Blocks of 32 weights: a half-precision scale (2^-10), then 32 signed bytes. */
function randomQ8(count: number, random: () => number): Uint8Array {
  const bytes = new Uint8Array((count / 32) * 34);
  for (let i = 0; i < bytes.length; i++)
    bytes[i] = i % 34 === 0 ? 0x00 : i % 34 === 1 ? 0x14 : random() * 256;
  return bytes;
}

/** Where the parts of an encoded file begin, so that a test can hit them. */
export interface EncodedGguf {
  bytes: Uint8Array;
  /** Offset of the first metadata key. */
  metadataStart: number;
  /** Offset of the first tensor's name. */
  tensorInfoStart: number;
  /** Offset of the tensor data. */
  dataStart: number;
}

export function encodeGguf(model: FixtureModel): EncodedGguf {
  const out = new Writer();
  out.raw(Buffer.from("GGUF"));
  out.scalar("u32", model.version);
  out.scalar("i64", model.declaredTensorCount ?? model.tensors.length);
  const entries = [...model.metadata, ...(model.extraMetadata ?? [])];
  out.scalar("i64", model.declaredKeyCount ?? entries.length);
  const metadataStart = out.length;
  for (const [key, value] of entries) {
    out.scalar("str", key);
    out.value(value);
  }
  const tensorInfoStart = out.length;
  let offset = 0;
  for (const tensor of model.tensors) {
    out.scalar("str", tensor.name);
    out.scalar("u32", tensor.shape.length);
    for (const size of tensor.shape) out.scalar("i64", size);
    out.scalar("u32", tensor.type);
    out.scalar("i64", tensor.declaredOffset ?? offset);
    offset += Math.ceil(tensor.data.length / model.alignment) * model.alignment;
  }
  out.pad(model.alignment);
  const dataStart = out.length;
  for (const { data } of model.tensors) {
    out.raw(data);
    out.pad(model.alignment);
  }
  return { bytes: out.bytes(), metadataStart, tensorInfoStart, dataStart };
}

class Writer {
  length = 0;
  #pieces: Uint8Array[] = [];

  raw(bytes: Uint8Array): void {
    this.#pieces.push(bytes);
    this.length += bytes.length;
  }

  pad(alignment: number): void {
    this.raw(new Uint8Array(Math.ceil(this.length / alignment) * alignment - this.length));
  }

  scalar(type: ScalarType, value: Scalar): void {
    if (type === "str") {
      const bytes = Buffer.from(String(value));
      this.scalar("u64", bytes.length);
      this.raw(bytes);
      return;
    }
    const bytes = Buffer.alloc(
      { u8: 1, i8: 1, bool: 1, u16: 2, i16: 2, u32: 4, i32: 4, f32: 4 }[type as "u8"] ?? 8,
    );
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const number = Number(value);
    if (type === "f32") view.setFloat32(0, number, true);
    else if (type === "f64") view.setFloat64(0, number, true);
    else if (bytes.length === 8) view.setBigInt64(0, BigInt.asIntN(64, BigInt(Math.trunc(number))), true);
    else if (bytes.length === 4) view.setInt32(0, number, true);
    else if (bytes.length === 2) view.setInt16(0, number, true);
    else view.setInt8(0, number);
    this.raw(bytes);
  }

  value(value: FixtureValue): void {
    this.scalar("u32", VALUE_TYPE_IDS[value.type]);
    if (value.type !== "arr") {
      this.scalar(value.type, value.value);
      return;
    }
    this.scalar("u32", VALUE_TYPE_IDS[value.elementType]);
    this.scalar("u64", value.declaredLength ?? value.value.length);
    for (const element of value.value) this.scalar(value.elementType, element);
  }

  bytes(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.#pieces));
  }
}

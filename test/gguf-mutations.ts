/** Damaged copies of a tiny model, made the same way every time, each with what must become of it. */
import {
  encodeGguf,
  F32,
  type FixtureModel,
  type FixtureTensor,
  type FixtureValue,
  Q8_0,
  randomNumbers,
  tinyModel,
} from "./gguf-fixture.ts";

/**
 * broken: must be refused. harmless: must load and give finite numbers. either: one or the other, for damage done
 * at random, of which nobody can say beforehand what it hits.
 */
type Expectation = "broken" | "harmless" | "either";

export interface Mutation {
  name: string;
  expectation: Expectation;
  bytes: Uint8Array;
}

/** All mutations of the F32 and the Q8_0 model. */
export function* mutations(): Generator<Mutation> {
  for (const weights of [F32, Q8_0] as const) {
    const label = weights === F32 ? "f32" : "q8_0";
    for (const [name, expectation, change] of structuredMutations()) {
      const model = tinyModel({ weights });
      change(model);
      yield { name: `${label}: ${name}`, expectation, bytes: encodeGguf(model).bytes };
    }
    yield* byteMutations(label, tinyModel({ weights }));
  }
}

type Change = readonly [name: string, expectation: Expectation, change: (model: FixtureModel) => void];

function* structuredMutations(): Generator<Change> {
  yield* headerMutations();
  yield* metadataMutations();
  yield* hyperParameterMutations();
  yield* vocabularyMutations();
  yield* tensorMutations();
}

function* headerMutations(): Generator<Change> {
  for (const version of [0, 1, 4, 0x03000000, 0xffffffff]) {
    yield [`version ${version}`, "broken", (model) => set(model, { version })];
  }
  yield ["version 2", "harmless", (model) => set(model, { version: 2 })];
  for (const count of [0, 1, 19, 21, 2 ** 31, 2 ** 40, 2 ** 53, -1]) {
    yield [`${count} tensors announced`, "broken", (model) => set(model, { declaredTensorCount: count })];
  }
  for (const count of [0, 1, 21, 23, 2 ** 31, 2 ** 40, 2 ** 53, -1]) {
    yield [`${count} keys announced`, "broken", (model) => set(model, { declaredKeyCount: count })];
  }
  for (const alignment of [0, 1, 3, 8, 16, 64, 2 ** 31]) {
    const what = (model: FixtureModel) =>
      replace(model, "general.alignment", { type: "u32", value: alignment });
    // With 8 and 16 the data may still lie where they must, by chance.
    yield [
      `alignment said to be ${alignment}`,
      alignment === 8 || alignment === 16 ? "either" : "broken",
      what,
    ];
  }
  yield [
    "alignment really 64",
    "harmless",
    (model) => {
      set(model, { alignment: 64 });
      replace(model, "general.alignment", { type: "u32", value: 64 });
    },
  ];
  yield [
    "alignment really 8",
    "broken",
    (model) => {
      set(model, { alignment: 8 });
      replace(model, "general.alignment", { type: "u32", value: 8 });
      replace(model, "general.name", { type: "str", value: "eight" }); // so that the data do not land on 32 by chance
      model.metadata.delete("general.type");
    },
  ];
}

/** The model works without these. */
const OPTIONAL_KEYS = new Set([
  "general.type",
  "general.name",
  "general.alignment",
  "llama.rope.dimension_count",
  "llama.rope.freq_base",
  "llama.vocab_size",
  "tokenizer.ggml.pre",
  "tokenizer.ggml.token_type",
  "tokenizer.ggml.bos_token_id",
  "tokenizer.ggml.eos_token_id",
  "tokenizer.ggml.add_bos_token",
]);

function* metadataMutations(): Generator<Change> {
  for (const [key, value] of tinyModel().metadata) {
    const expectation = OPTIONAL_KEYS.has(key) ? "harmless" : "broken";
    yield [`${key} missing`, expectation, (model) => model.metadata.delete(key)];
    yield [`${key} twice`, "broken", (model) => set(model, { extraMetadata: [[key, value]] })];
    const read = key !== "llama.vocab_size" && !key.startsWith("general.type");
    if (read) yield [`${key} as f64`, "broken", (model) => replace(model, key, { type: "f64", value: 1 })];
    if (value.type !== "arr") continue;
    for (const declaredLength of [0, value.value.length - 1, value.value.length + 1, 2 ** 32, 2 ** 60]) {
      const change = (model: FixtureModel) => replace(model, key, { ...value, declaredLength });
      yield [`${key} with ${declaredLength} elements announced`, "broken", change];
    }
    const other: FixtureValue = { type: "arr", elementType: "u8", value: value.value.map(() => 0) };
    yield [`${key} as array of u8`, "broken", (model) => replace(model, key, other)];
  }
  yield ["an empty key", "broken", (model) => model.metadata.set("", { type: "u32", value: 1 })];
  yield [
    "a key with a zero byte",
    "broken",
    (model) => model.metadata.set("a\0b", { type: "u32", value: 1 }),
  ];
  yield ["an unknown key", "harmless", (model) => model.metadata.set("x.y", { type: "i64", value: -1 })];
  yield [
    "another name",
    "harmless",
    (model) => replace(model, "general.name", { type: "str", value: "é\n\u0007" }),
  ];
  for (const [key, text] of [
    ["general.architecture", "lama"],
    ["general.architecture", ""],
    ["general.architecture", "bert"],
    ["general.architecture", "mamba"],
    ["general.architecture", "qwen3"],
    ["general.architecture", "gpt2"],
    ["general.type", "adapter"],
    ["llama.rope.scaling.type", "bogus"],
  ] as const) {
    yield [`${key} "${text}"`, "broken", (model) => replace(model, key, { type: "str", value: text })];
  }
}

function* hyperParameterMutations(): Generator<Change> {
  const broken: Record<string, number[]> = {
    block_count: [0, 1, 3, 512, 513, 2 ** 32 - 1],
    context_length: [0, 2 ** 31, 2 ** 32 - 1],
    embedding_length: [0, 1, 32, 63, 65, 128, 2 ** 31],
    feed_forward_length: [0, 1, 95, 97, 192, 2 ** 32 - 1],
    "attention.head_count": [0, 1, 2, 3, 5, 8, 64, 2 ** 31, 2 ** 32 - 1],
    "attention.head_count_kv": [0, 1, 3, 4, 8, 2 ** 32 - 1],
    "attention.key_length": [0, 8, 15, 17, 32, 2 ** 32 - 1],
    "attention.value_length": [0, 8, 15, 17, 32, 2 ** 32 - 1],
    "rope.dimension_count": [0, 1, 8, 15, 17, 18, 32, 2 ** 32 - 1],
    expert_count: [1, 8, 1025, 2 ** 32 - 1],
    expert_used_count: [1, 2, 2 ** 32 - 1],
    expert_group_count: [1, 2],
    nextn_predict_layers: [2, 3, 2 ** 32 - 1],
  };
  for (const [key, values] of Object.entries(broken)) {
    for (const value of values) {
      yield [`${key} ${value}`, "broken", (model) => replace(model, `llama.${key}`, { type: "u32", value })];
    }
    const array: FixtureValue = { type: "arr", elementType: "u32", value: [4, 2] };
    yield [`${key} different in each layer`, "broken", (model) => replace(model, `llama.${key}`, array)];
  }
  yield [
    "context_length 128",
    "harmless",
    (model) => replace(model, "llama.context_length", { type: "u32", value: 128 }),
  ];
  const epsilon = "llama.attention.layer_norm_rms_epsilon";
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, -1e-5, 1e9]) {
    yield [`epsilon ${value}`, "broken", (model) => replace(model, epsilon, { type: "f32", value })];
  }
  for (const value of [Number.NaN, Number.NEGATIVE_INFINITY, 0, -10000]) {
    yield [
      `freq_base ${value}`,
      "broken",
      (model) => replace(model, "llama.rope.freq_base", { type: "f32", value }),
    ];
  }
  yield ["epsilon 1e-3", "harmless", (model) => replace(model, epsilon, { type: "f32", value: 1e-3 })];
  yield [
    "freq_base 5e5",
    "harmless",
    (model) => replace(model, "llama.rope.freq_base", { type: "f32", value: 5e5 }),
  ];
  yield [
    "not causal",
    "broken",
    (model) => replace(model, "llama.attention.causal", { type: "bool", value: false }),
  ];
}

function* vocabularyMutations(): Generator<Change> {
  const list = (model: FixtureModel, key: string) =>
    (model.metadata.get(`tokenizer.ggml.${key}`) as { value: (string | number)[] }).value;
  const put = (key: string, value: FixtureValue) => (model: FixtureModel) =>
    replace(model, `tokenizer.ggml.${key}`, value);
  yield [
    "two equal tokens",
    "broken",
    (model) => list(model, "tokens").splice(7, 1, list(model, "tokens")[200]!),
  ];
  yield ["an empty token", "harmless", (model) => list(model, "tokens").splice(280, 1, "")];
  yield [
    "an empty token and its stand-in",
    "broken",
    (model) => list(model, "tokens").splice(280, 2, "", "[EMPTY_280]"),
  ];
  yield ["a token too few", "broken", (model) => list(model, "tokens").pop()];
  yield ["a token too many", "broken", (model) => list(model, "tokens").push("more")];
  yield ["a token type too few", "broken", (model) => list(model, "token_type").pop()];
  yield ["a letter marked as byte", "broken", (model) => list(model, "token_type").splice(65, 1, 6)];
  yield ["an unknown token type", "harmless", (model) => list(model, "token_type").splice(65, 1, 99)];
  yield ["a merge that is no pair", "broken", (model) => list(model, "merges").splice(3, 1, "single")];
  yield ["a merge with nothing behind", "broken", (model) => list(model, "merges").splice(3, 1, "a ")];
  yield ["scores too few", "broken", put("scores", { type: "arr", elementType: "f32", value: [1, 2] })];
  const scores = new Array(300).fill(0);
  yield ["scores", "harmless", put("scores", { type: "arr", elementType: "f32", value: scores })];
  yield [
    "a score NaN",
    "broken",
    put("scores", { type: "arr", elementType: "f32", value: [Number.NaN, ...scores] }),
  ];
  yield ["SentencePiece without bytes", "broken", put("model", { type: "str", value: "llama" })];
  yield ["unknown tokenizer", "broken", put("model", { type: "str", value: "gpt3" })];
  yield ["no tokenizer", "broken", put("model", { type: "str", value: "none" })];
  yield ["unknown pre-tokenizer", "broken", put("pre", { type: "str", value: "smol" })];
  for (const key of ["bos_token_id", "eos_token_id"]) {
    for (const value of [300, 2 ** 32 - 1])
      yield [`${key} ${value}`, "broken", put(key, { type: "u32", value })];
    yield [`${key} 0`, "harmless", put(key, { type: "u32", value: 0 })];
  }
  yield ["adds BOS", "harmless", put("add_bos_token", { type: "bool", value: true })];
  yield [
    "adds BOS and has none",
    "broken",
    (model) => {
      put("add_bos_token", { type: "bool", value: true })(model);
      model.metadata.delete("tokenizer.ggml.bos_token_id");
    },
  ];
}

function* tensorMutations(): Generator<Change> {
  for (const [i, { name, shape }] of tinyModel().tensors.entries()) {
    const at = (change: (tensor: FixtureTensor, all: FixtureTensor[]) => void) => (model: FixtureModel) =>
      change(model.tensors[i]!, model.tensors);
    yield [`${name} missing`, "broken", at((_, all) => all.splice(i, 1))];
    yield [
      `${name} renamed`,
      "broken",
      at((tensor) => set(tensor, { name: name.replace("weight", "wait") })),
    ];
    yield [`${name} twice`, "broken", at((tensor, all) => all.push(tensor))];
    yield [
      `${name} one wider`,
      "broken",
      at((tensor) => resize(tensor, [shape[0]! + 32, ...shape.slice(1)])),
    ];
    yield [
      `${name} one row more`,
      "broken",
      at((tensor) => resize(tensor, [shape[0]!, (shape[1] ?? 1) + 1])),
    ];
    if (shape.length > 1 && shape[0] !== shape[1]) {
      const turned = at((tensor) => set(tensor, { shape: [...shape].reverse() }));
      if (shape[1]! % 32 === 0) yield [`${name} turned`, "broken", turned];
    }
  }
  const odd: readonly (readonly [string, Partial<FixtureTensor>])[] = [
    ["no dimensions", { shape: [] }],
    ["five dimensions", { shape: [64, 300, 1, 1, 1] }],
    ["a dimension 0", { shape: [0, 300] }],
    ["a dimension -1", { shape: [-1, 300] }],
    ["a product beyond 2^63", { shape: [2 ** 40, 2 ** 40] }],
    ["a dimension of 2^62", { shape: [2 ** 62] }],
    ["an empty name", { name: "" }],
    ["a name of 64 bytes", { name: "n".repeat(64) }],
    ["an offset too small", { declaredOffset: -32 }],
    ["an offset beyond the end", { declaredOffset: 2 ** 40 }],
    ...[1, 4, 5, 9, 15, 24, 26, 27, 28, 31, 39, 43, 255, -1].map(
      (type) => [`type ${type}`, { type }] as readonly [string, Partial<FixtureTensor>],
    ),
  ];
  for (const [what, change] of odd) {
    yield [`token_embd with ${what}`, "broken", (model) => set(model.tensors[0]!, change)];
  }
  for (const type of [1, 26, 30]) {
    yield [`a norm of type ${type}`, "broken", (model) => convert(model.tensors[1]!, type)];
    yield [
      `attn_q of type ${type}`,
      type === 26 ? "broken" : "harmless",
      (model) => convert(model.tensors[3]!, type),
    ];
  }
  const rename = (model: FixtureModel, first: number, second: number) => {
    const [a, b] = [model.tensors[first]!, model.tensors[second]!];
    [a.name, b.name] = [b.name, a.name];
  };
  yield ["attn_q and attn_k exchanged", "broken", (model) => rename(model, 3, 4)];
  yield ["attn_k and attn_v exchanged", "harmless", (model) => rename(model, 4, 5)];
  yield ["two tensor infos exchanged", "harmless", (model) => model.tensors.reverse()];
  yield [
    "a tensor of block 2",
    "broken",
    (model) => model.tensors.push({ ...model.tensors[2]!, name: "blk.2.attn_norm.weight" }),
  ];
  yield [
    "a weight changed",
    "harmless",
    (model) => set(model.tensors[0]!, { data: changed(model.tensors[0]!.data) }),
  ];
}

function* byteMutations(label: string, model: FixtureModel): Generator<Mutation> {
  const { bytes, metadataStart, tensorInfoStart, dataStart } = encodeGguf(model);
  const random = randomNumbers(label === "f32" ? 2 : 3);
  const between = (from: number, to: number) => Math.floor(from + random() * (to - from));
  const cut = (length: number): Mutation => ({
    name: `${label}: cut after ${length} bytes`,
    expectation: "broken",
    bytes: bytes.slice(0, length),
  });
  for (const length of [0, 1, 3, 4, 7, 8, 15, 16, 23, 24, tensorInfoStart, dataStart, bytes.length - 32])
    yield cut(length);
  for (let i = 0; i < 8; i++) {
    yield cut(between(metadataStart, tensorInfoStart));
    yield cut(between(tensorInfoStart, dataStart));
    yield cut(between(dataStart, bytes.length - 32));
  }
  for (let i = 0; i < 60; i++) {
    const [from, to] = (
      [
        [0, metadataStart],
        [metadataStart, tensorInfoStart],
        [tensorInfoStart, dataStart],
      ] as const
    )[i % 3]!;
    const copy = bytes.slice();
    const at = between(from, to);
    const bit = between(0, 8);
    copy[at]! ^= 1 << bit;
    yield { name: `${label}: bit ${bit} of byte ${at} flipped`, expectation: "either", bytes: copy };
  }
  const shifted = new Uint8Array(bytes.length + 1);
  shifted.set(bytes.subarray(0, metadataStart));
  shifted.set(bytes.subarray(metadataStart), metadataStart + 1);
  yield { name: `${label}: a byte inserted`, expectation: "broken", bytes: shifted };
  yield {
    name: `${label}: bytes behind the end`,
    expectation: "broken",
    bytes: Buffer.concat([bytes, Buffer.alloc(100)]),
  };
}

function set<T extends object>(target: T, change: Partial<T>): void {
  Object.assign(target, change);
}

function replace(model: FixtureModel, key: string, value: FixtureValue): void {
  model.metadata.set(key, value);
}

/** Another shape, with as much data as it needs. */
function resize(tensor: FixtureTensor, shape: number[]): void {
  const count = (sizes: number[]) => sizes.reduce((a, b) => a * b, 1);
  const length = (tensor.data.length / count(tensor.shape)) * count(shape);
  set(tensor, { shape, data: Buffer.concat([tensor.data, tensor.data]).subarray(0, length) });
}

/** Another type with two or four bytes a weight, with zeros as data. */
function convert(tensor: FixtureTensor, type: number): void {
  const bytes = type === 26 ? 4 : 2;
  set(tensor, { type, data: new Uint8Array(tensor.shape.reduce((a, b) => a * b, bytes)) });
}

/** The fifth byte is a mantissa's (F32) or a quantised weight (Q8_0), so the number stays finite. */
function changed(data: Uint8Array): Uint8Array {
  const copy = data.slice();
  copy[4]! ^= 1;
  return copy;
}

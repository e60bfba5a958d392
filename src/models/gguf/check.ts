/**
 * Checks of what llama.cpp takes for granted in a model file: hyper-parameters, tensors, tokenizer, memory.
 *
 * Where llama.cpp throws a C++ exception it answers with an error of its own; these checks are about what makes it
 * abort, divide by zero or read wild memory, and about saying in words what is wrong with a file.
 * Source: src/llama-model.cpp (`load_hparams`), src/models/*.cpp, ggml/src/ggml-cpu/*.cpp.
 */
import { totalmem } from "node:os";
import { SurprisalError } from "../../core/index.ts";
import {
  ENCODERS,
  FUSED_ATTENTION,
  GENERATIVE,
  NOT_GENERATIVE,
  OPTIONAL_FEED_FORWARD,
  ORDINARY_ATTENTION,
  SEPARATE_ATTENTION,
  STATE_SPACE,
  TENSOR_LAYOUTS,
  UNGATED_EXPERTS,
} from "./architectures.ts";
import { readSizes, type Sizes } from "./hyper-parameters.ts";
import { Metadata } from "./metadata.ts";
import { poolingOf } from "./pooling.ts";
import { type GgufFile, type GgufTensor, ggufError, holdsWeights } from "./types.ts";
import { checkVocabulary } from "./vocabulary.ts";

/** TENSOR_ALIGNMENT in ggml: a file is mapped into memory, so its tensors lie where the file has them. */
const ENGINE_ALIGNMENT = 32;

/** Options of `checkGguf`. */
export interface CheckGgufOptions {
  /** Memory the weights may take, bytes. Default: what this machine or container has in all. */
  memoryBytes?: number | undefined;
  /**
   * What the model is wanted for: "generative", to predict the next token; "encoder", to turn texts into vectors; "either".
   * Default "generative".
   */
  kind?: "generative" | "encoder" | "either" | undefined;
}

/**
 * Refuses a file that llama.cpp could not load, or would crash on.
 * @throws SurprisalError GGUF_INVALID, GGUF_UNSUPPORTED, GGUF_TRUNCATED, OUT_OF_MEMORY.
 */
export function checkGguf(
  file: GgufFile,
  { memoryBytes = machineMemory(), kind = "generative" }: CheckGgufOptions = {},
): void {
  const metadata = new Metadata(file);
  checkArchitecture(metadata, kind);
  const sizes = readSizes(metadata);
  checkTensors(metadata, sizes);
  checkVocabulary(metadata);
  checkMemory(file, memoryBytes);
}

/** Whether every tensor and number that llama.cpp relies on is compared by `checkGguf`; else it may still end the process. */
export function isFullyChecked({ architecture }: Pick<GgufFile, "architecture">): boolean {
  return architecture in TENSOR_LAYOUTS;
}

function checkArchitecture(metadata: Metadata, wanted: NonNullable<CheckGgufOptions["kind"]>): void {
  const { file } = metadata;
  const architecture = metadata.text("general.architecture");
  if (!architecture)
    throw metadata.invalid("general.architecture", "The file does not name its architecture");
  metadata.text("general.name");
  const kind = metadata.text("general.type") ?? "model";
  const unsupported = (place: string, what: string, wayOut: string) =>
    ggufError("GGUF_UNSUPPORTED", file.path, place, what, wayOut);
  if (kind !== "model") {
    throw unsupported(
      "general.type",
      `This is a file of type "${kind}", not a model`,
      "Give the file of the model itself.",
    );
  }
  const causal = metadata.flag(metadata.own("attention.causal"));
  if (ENCODERS.has(architecture)) {
    if (wanted === "generative")
      throw unsupported(
        "general.architecture",
        `A model of architecture "${architecture}" turns texts into vectors, and does not predict the next token`,
        "Open it with resolveEmbedding, or use a generative model.",
      );
    if (causal === true)
      throw unsupported(
        metadata.own("attention.causal"),
        "An encoder whose tokens see only those before them",
        "Get another conversion of the model.",
      );
    if (wanted === "encoder" && poolingOf(file) === "rank")
      throw unsupported(
        metadata.own("pooling_type"),
        "This model ranks pairs of texts, and gives no vectors",
        "Use an embedding model.",
      );
    return;
  }
  if (NOT_GENERATIVE.has(architecture) || causal === false) {
    const what = `A model of architecture "${architecture}" does not predict the next token from those before it`;
    throw unsupported("general.architecture", what, "Use a generative model.");
  }
  // Embedding models made of one that writes, such as Qwen3-Embedding, say how they are pooled.
  const pooling = poolingOf(file);
  if (wanted === "encoder" && (pooling === null || pooling === "rank" || STATE_SPACE.has(architecture)))
    throw unsupported(
      "general.architecture",
      `A model of architecture "${architecture}" predicts the next token, and is no embedding model`,
      'Open it with resolve, whose models have an embed() of their own; or use an embedding model, such as "minilm".',
    );
  if (!GENERATIVE.has(architecture)) {
    const what = `llama.cpp, in the version used here, does not know the architecture ${JSON.stringify(architecture)}`;
    throw unsupported(
      "general.architecture",
      what,
      "Update surprisal, or use a model of another architecture.",
    );
  }
}

function checkTensors(metadata: Metadata, sizes: Sizes): void {
  const { file } = metadata;
  const invalid = (name: string, what: string) =>
    ggufError("GGUF_INVALID", file.path, `tensor ${name}`, what);
  if (file.tensors.length === 0)
    throw metadata.invalid("tensors", "The file holds no weights, only metadata");
  const tensors = new Map(file.tensors.map((tensor) => [tensor.name, tensor]));
  for (const tensor of file.tensors) {
    if (tensor.offset % ENGINE_ALIGNMENT !== 0) {
      throw invalid(tensor.name, `Its data are not aligned to ${ENGINE_ALIGNMENT} bytes in the file`);
    }
    if (mustBeF32(tensor) ? tensor.type !== "F32" : !holdsWeights(tensor.type)) {
      throw invalid(
        tensor.name,
        `llama.cpp cannot use it as ${tensor.type}${mustBeF32(tensor) ? ", only as F32" : ""}`,
      );
    }
  }
  // Some files keep only one copy of the matrix that embedding and output share.
  const embedding = tensors.has("token_embd.weight") ? "token_embd.weight" : "output.weight";
  if (!tensors.has(embedding)) throw invalid("token_embd.weight", "This tensor is missing");
  for (const [name, shape] of expectedTensors(file, sizes, tensors)) {
    const tensor = tensors.get(name);
    if (!tensor) throw invalid(name, "This tensor is missing");
    if (!sameShape(tensor.shape, shape)) {
      throw invalid(name, `Its shape is [${tensor.shape.join(", ")}] and must be [${shape.join(", ")}]`);
    }
  }
  checkFeedForward(file, sizes.layers, tensors);
  checkBlocks(metadata, sizes.layers);
}

/** Feed-forward tensors that are optional to llama.cpp, and without which it computes something else in silence. */
function checkFeedForward(
  { architecture, path }: GgufFile,
  layers: number,
  tensors: ReadonlyMap<string, GgufTensor>,
): void {
  const missing = (name: string) =>
    ggufError("GGUF_INVALID", path, `tensor ${name}`, "This tensor is missing");
  for (let layer = 0; layer < layers; layer++) {
    const part = (name: string) => `blk.${layer}.ffn_${name}.weight`;
    if (tensors.has(part("up_exps"))) {
      const needed = UNGATED_EXPERTS.has(architecture) ? ["down_exps"] : ["gate_exps", "down_exps"];
      for (const name of needed) if (!tensors.has(part(name))) throw missing(part(name));
    }
    if (
      OPTIONAL_FEED_FORWARD.has(architecture) &&
      !["down", "down_exps"].some((name) => tensors.has(part(name)))
    )
      throw missing(part("down"));
  }
}

/** What is added or multiplied element by element, or steers a kernel, has only F32 kernels on the CPU. */
function mustBeF32({ name, shape }: GgufTensor): boolean {
  return (
    shape.length === 1 ||
    /\.bias$|norm|token_types|conv1d|shortconv\.conv|rope_f|ssm_[ad]$|time_mix_(first|lerp)/.test(name)
  );
}

function sameShape(actual: readonly number[], expected: readonly number[]): boolean {
  return [0, 1, 2, 3].every((i) => (actual[i] ?? 1) === (expected[i] ?? 1));
}

/** The tensors the architecture needs, with their shapes; at least the token embedding. */
function* expectedTensors(
  { architecture }: GgufFile,
  sizes: Sizes,
  tensors: ReadonlyMap<string, GgufTensor>,
): Generator<[name: string, shape: number[]]> {
  const shapeOf = shapes(sizes);
  for (const name of ["token_embd.weight", "output.weight"])
    if (tensors.has(name)) yield [name, shapeOf("E V")];
  const layout = TENSOR_LAYOUTS[architecture];
  if (!layout) {
    if (sizes.ordinaryAttention) yield* ordinaryAttention(sizes.layers, shapeOf, tensors);
    return;
  }
  for (const [name, shape] of Object.entries(layout.model)) yield [name, shapeOf(shape)];
  for (const [name, shape] of Object.entries(layout.optional ?? {}))
    if (tensors.has(name)) yield [name, shapeOf(shape)];
  const mixture = sizes.experts > 0 && layout.experts;
  for (let layer = 0; layer < sizes.layers; layer++) {
    const fused = layout.attention === "fused" || tensors.has(`blk.${layer}.attn_qkv.weight`);
    const parts = {
      ...layout.block,
      ...(mixture || layout.dense),
      ...(fused ? FUSED_ATTENTION : { ...SEPARATE_ATTENTION, ...layout.separate }),
    };
    for (const [name, shape] of Object.entries(parts)) yield [`blk.${layer}.${name}`, shapeOf(shape)];
  }
}

function* ordinaryAttention(
  layers: number,
  shapeOf: (letters: string) => number[],
  tensors: ReadonlyMap<string, GgufTensor>,
): Generator<[name: string, shape: number[]]> {
  for (let layer = 0; layer < layers; layer++) {
    for (const [part, shape] of Object.entries(ORDINARY_ATTENTION)) {
      const name = `blk.${layer}.${part}`;
      if (tensors.has(name)) yield [name, shapeOf(shape)];
    }
  }
}

/** Turns "E Q" into numbers. */
function shapes(sizes: Sizes): (letters: string) => number[] {
  const queries = sizes.heads * sizes.headLength;
  const keys = sizes.keyValueHeads * sizes.headLength;
  const lengths: Record<string, number> = {
    E: sizes.embedding,
    V: sizes.vocabulary,
    C: sizes.context,
    Q: queries,
    K: keys,
    W: queries + 2 * keys,
    H: sizes.headLength,
    F: sizes.feedForward,
    G: 2 * sizes.feedForward,
    X: sizes.experts,
    M: sizes.expertFeedForward,
    T: sizes.tokenTypes,
  };
  return (letters) => letters.split(" ").map((letter) => lengths[letter]!);
}

/** Architectures that run the same blocks several times, so that the file has fewer. */
const LOOPED = new Set(["nanbeige", "hrm_text"]);

function checkBlocks(metadata: Metadata, layers: number): void {
  const { file } = metadata;
  const found = new Set<number>();
  for (const { name } of file.tensors) {
    const index = /^blk\.(\d+)\./.exec(name)?.[1];
    if (index !== undefined) found.add(Number(index));
  }
  if (LOOPED.has(file.architecture) || (found.size === layers && Math.max(...found) === layers - 1)) return;
  throw metadata.invalid(
    metadata.own("block_count"),
    `${layers} blocks are announced, the file has ${found.size}`,
  );
}

export function machineMemory(): number {
  const limit = process.constrainedMemory?.() ?? 0; // of a container; 0 or astronomic when there is none
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

function checkMemory(file: GgufFile, memoryBytes: number): void {
  const weights = file.tensors.reduce((sum, { bytes }) => sum + bytes, 0);
  if (weights <= memoryBytes) return;
  const gibibytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(2)} GiB`;
  throw new SurprisalError({
    code: "OUT_OF_MEMORY",
    what: `The weights need ${gibibytes(weights)} and there are ${gibibytes(memoryBytes)} of memory`,
    where: file.path,
    wayOut:
      "Use a smaller quantisation of the model (Q4_0 takes about half of Q8_0), or a machine with more memory.",
  });
}

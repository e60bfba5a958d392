/** What a model file is, from its header alone: nothing is loaded, and no weight is read. */
import { SurprisalError } from "../../core/index.ts";
import { checkGguf } from "./check.ts";
import { fileTypeOfId } from "./file-types.ts";
import { inspectGguf } from "./inspect.ts";
import { Metadata } from "./metadata.ts";
import { modelNotes } from "./notes.ts";
import { isEncoder, type Pooling, poolingOf } from "./pooling.ts";
import { specialTokensOf, tokenTextsOf } from "./special-tokens.ts";
import type { GgufFile } from "./types.ts";

/** A token by its id. */
export interface NamedToken {
  id: number;
  /** As the vocabulary has it. */
  text: string;
}

/** The tensors of one type. */
export interface TensorTypeShare {
  /** ggml type, such as "Q4_K". */
  type: string;
  tensors: number;
  /** Weights in them. */
  parameters: number;
  /** Size of their data, bytes. */
  bytes: number;
  /** Of the bytes of all tensors, 0 ... 1. */
  share: number;
}

/** What the header of a model file says. `null`: the file does not say. */
export interface ModelDescription {
  /** The file, or the parts of a split model in order. */
  files: readonly string[];
  /** Size of all files together. */
  bytes: number;
  /** Version of GGUF, 2 or 3. */
  ggufVersion: number;
  architecture: string;
  /** "encoder": it turns texts into vectors. "generative": it predicts tokens; so count those that `problem` refuses. */
  kind: "generative" | "encoder";
  /** How an encoder makes one vector of those of a text's tokens. */
  pooling: Pooling | null;
  /** `general.name`, and the size in the maker's words ("8B", "8x7B"). */
  name: string | null;
  sizeLabel: string | null;
  author: string | null;
  licence: string | null;
  /** Where the model is from, an address. */
  sourceUrl: string | null;
  /** Number of weights. */
  parameters: number;
  /** Trained context, tokens. */
  contextLength: number | null;
  embeddingLength: number | null;
  layers: number | null;
  /** Attention heads, and those for keys and values, of the first layer. */
  heads: number | null;
  keyValueHeads: number | null;
  feedForwardLength: number | null;
  /** Experts of a mixture, and how many of them work on a token. */
  experts: number | null;
  expertsUsed: number | null;
  /** Window of sliding-window attention, tokens. */
  slidingWindow: number | null;
  tokenizer: {
    /** Kind of tokenizer, such as "gpt2" (byte pairs) or "llama" (SentencePiece). */
    model: string | null;
    /** How texts are cut before the merges. */
    preTokenizer: string | null;
    tokens: number;
    merges: number | null;
    bos: NamedToken | null;
    eos: NamedToken | null;
    /** End of a turn; where the file does not name it, a token that llama.cpp knows as one by its text. */
    eot: NamedToken | null;
    /** The tokenizer adds it to every text. */
    addsBos: boolean;
    addsEos: boolean;
  };
  /** The file has a template for chats. */
  chatTemplate: boolean;
  /** What the file calls itself, such as "Q4_K_M". */
  fileType: string | null;
  quantisationVersion: number | null;
  /** Over the data of all tensors. */
  bitsPerWeight: number;
  /** Largest share first. */
  tensorTypes: readonly TensorTypeShare[];
  /** What a person should know about numbers of this model. */
  notes: readonly string[];
  /** Why the file cannot be used; `null`: nothing is known against it. */
  problem: string | null;
}

/**
 * Describes a model file.
 * @param path of a .gguf file; of a split model, of its first part.
 * @throws SurprisalError FILE_NOT_FOUND, FILE_UNREADABLE, GGUF_NOT_GGUF, GGUF_VERSION, GGUF_TRUNCATED, GGUF_INVALID: a file
 *   whose header cannot be read.
 */
export async function describeModel(path: string): Promise<ModelDescription> {
  const file = await inspectGguf(path);
  const text = (key: string) => textOf(file, key);
  const own = (key: string) => numberOf(file, `${file.architecture}.${key}`);
  const dataBytes = file.tensors.reduce((sum, { bytes }) => sum + bytes, 0);
  const fileType = numberOf(file, "general.file_type");
  return {
    files: file.parts,
    bytes: file.fileBytes,
    ggufVersion: file.version,
    architecture: file.architecture,
    kind: isEncoder(file) ? "encoder" : "generative",
    pooling: poolingOf(file),
    name: file.name,
    sizeLabel: text("general.size_label"),
    author: text("general.author") ?? text("general.organization"),
    licence: text("general.license") ?? text("general.license.name"),
    sourceUrl: text("general.source.url") ?? text("general.url") ?? text("general.repo_url"),
    parameters: file.parameters,
    contextLength: file.contextLength,
    embeddingLength: own("embedding_length"),
    layers: own("block_count"),
    heads: own("attention.head_count"),
    keyValueHeads: own("attention.head_count_kv"),
    feedForwardLength: own("feed_forward_length"),
    experts: own("expert_count") || null,
    expertsUsed: own("expert_used_count") || null,
    slidingWindow: own("attention.sliding_window") || null,
    tokenizer: describeTokenizer(file),
    chatTemplate: file.metadata.has("tokenizer.chat_template"),
    fileType: fileType === null ? null : (fileTypeOfId(fileType)?.name ?? null),
    quantisationVersion: numberOf(file, "general.quantization_version"),
    bitsPerWeight: file.parameters > 0 ? (8 * dataBytes) / file.parameters : 0,
    tensorTypes: tensorTypesOf(file, dataBytes),
    notes: modelNotes(file),
    problem: problemOf(file),
  };
}

function describeTokenizer(file: GgufFile): ModelDescription["tokenizer"] {
  const merges = file.metadata.get("tokenizer.ggml.merges");
  const model = textOf(file, "tokenizer.ggml.model");
  const texts = tokenTextsOf(file);
  const named = (id: number | null): NamedToken | null => {
    const text = id === null ? undefined : texts[id];
    return id === null || text === undefined ? null : { id, text };
  };
  const { bos, eos, eot, addsBos, addsEos } = specialTokensOf(file, texts);
  return {
    model,
    preTokenizer: textOf(file, "tokenizer.ggml.pre"),
    tokens: file.vocabularySize,
    merges: merges?.type === "arr" ? merges.length : null,
    bos: named(bos),
    eos: named(eos),
    eot: named(eot),
    addsBos,
    addsEos,
  };
}

function tensorTypesOf({ tensors }: GgufFile, dataBytes: number): TensorTypeShare[] {
  const byType = new Map<string, TensorTypeShare>();
  for (const { type, shape, bytes } of tensors) {
    const share = byType.get(type) ?? { type, tensors: 0, parameters: 0, bytes: 0, share: 0 };
    share.tensors++;
    share.parameters += shape.reduce((a, b) => a * b, 1);
    share.bytes += bytes;
    share.share = share.bytes / dataBytes;
    byType.set(type, share);
  }
  return [...byType.values()].sort((a, b) => b.bytes - a.bytes);
}

/** What `checkGguf` has against a file. Whether it fits into memory is another question than what it is. */
function problemOf(file: GgufFile): string | null {
  try {
    checkGguf(file, { memoryBytes: Number.POSITIVE_INFINITY, kind: "either" });
    return null;
  } catch (error) {
    if (!SurprisalError.isInstance(error)) throw error;
    const inside = error.where?.startsWith(`${file.path}, `) ? error.where.slice(file.path.length + 2) : null;
    return inside === null ? error.what : `${error.what} (${inside})`;
  }
}

function textOf({ metadata }: GgufFile, key: string): string | null {
  const entry = metadata.get(key);
  return entry?.type === "str" && entry.value !== "" ? entry.value : null;
}

/** A whole number; of one that every layer has, the first layer's. */
function numberOf(file: GgufFile, key: string): number | null {
  const entry = file.metadata.get(key);
  if (entry?.type === "arr") {
    const first = /^[ui]32$/.test(entry.elementType) && entry.length > 0;
    if (!first) return null;
    try {
      return new Metadata(file).perLayer(key, entry.length, 0)?.[0] ?? null;
    } catch {
      return null; // `problem` says it
    }
  }
  return entry && entry.type !== "str" && entry.type !== "bool" ? entry.value : null;
}

/** Checks of a file's tokenizer. Source: src/llama-vocab.cpp (`llama_vocab::impl::load`, `byte_to_token`). */

import type { Metadata } from "./metadata.ts";
import { readArrayBytes } from "./reader.ts";
import { specialTokens, WITH_MERGES } from "./special-tokens.ts";
import { type GgufArray, ggufError } from "./types.ts";

const MODELS = new Set([
  "llama",
  "gpt2",
  "rwkv",
  "plamo2",
  "gemma4",
  "hybriddna",
  "whitespace",
  "t5",
  "bert",
]);
/** Splitting rules that llama.cpp knows by name; one it does not know would silently need another tokenizer. */
const PRE_TOKENIZERS = new Set(
  `default minicpm5 llama3 llama-v3 llama-bpe falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano deepseek-llm
  deepseek-coder deepseek-v3 spark2_5 youtu falcon mpt starcoder gpt-2 phi-2 jina-es jina-de gigachat jina-v2-es
  jina-v2-de a.x-4.0 mellum modern-bert jais-2 gemma4 granite-embed-multi-311m sarvam-moe jina-v1-en jina-v2-code
  roberta-bpe refact command-r qwen2 deepseek-r1-qwen kormo f2llmv2 qwen35 stablelm2 olmo dbrx smaug-bpe
  poro-chat glm4 chatglm-bpe viking jais tekken smollm codeshell bloom gpt3-finnish exaone exaone4 exaone-moe chameleon
  minerva-7b megrez gpt-4o llama4 kanana2 talkie granite-embed-multi-97m tiny_aya cohere2moe superbpe trillion
  granite-docling bailingmoe bailingmoe2 llada-moe seed-coder hunyuan hunyuan-dense hy_v4 joyai-llm kimi-k2 ufakzeka
  grok-2 afmoe laguna minimax-m2 solar-open mellum2`.split(/\s+/),
);
const BYTE_TOKEN = 6; // LLAMA_TOKEN_TYPE_BYTE
const MOST_TOKENS = 2 ** 24;
/** Ids that llama.cpp assumes in a word-piece vocabulary. */
const WORD_PIECE_TOKENS = { unknown: 100, bos: 101, seperator: 102, mask: 103, padding: 0 };

/** @throws SurprisalError GGUF_INVALID, GGUF_UNSUPPORTED. */
export function checkVocabulary(metadata: Metadata): void {
  const model = readModel(metadata);
  const tokens = readStrings(metadata, "tokenizer.ggml.tokens");
  if (!tokens) throw metadata.invalid("tokenizer.ggml.tokens", "The file has no vocabulary");
  if (tokens.count < 1 || tokens.count > MOST_TOKENS) {
    throw metadata.invalid("tokenizer.ggml.tokens", `A vocabulary of ${tokens.count} tokens`);
  }
  const index = new TokenIndex(tokens);
  if (index.duplicate) {
    const [first, second] = index.duplicate;
    throw metadata.invalid("tokenizer.ggml.tokens", `Tokens ${first} and ${second} are the same text`);
  }
  for (let id = 0; id < tokens.count; id++) {
    // llama.cpp gives an empty token this name before it looks for duplicates
    if (tokens.lengths[id] === 0 && index.has(Buffer.from(`[EMPTY_${id}]`))) {
      throw metadata.invalid(
        "tokenizer.ggml.tokens",
        `Token ${id} is empty, and its stand-in is a token as well`,
      );
    }
  }
  checkScores(metadata, tokens.count);
  checkTokenTypes(metadata, model, tokens);
  if (model === "llama") checkByteFallback(metadata, index);
  if (WITH_MERGES.has(model)) checkMerges(metadata);
  checkSpecialTokens(metadata, model, tokens.count);
}

function readModel(metadata: Metadata): string {
  const key = "tokenizer.ggml.model";
  const model = metadata.text(key);
  if (!model) throw metadata.invalid(key, "The file has no tokenizer");
  const unsupported = (place: string, what: string) =>
    ggufError(
      "GGUF_UNSUPPORTED",
      metadata.file.path,
      place,
      what,
      "Update surprisal, or get a newer conversion of the model.",
    );
  if (!MODELS.has(model)) throw unsupported(key, `llama.cpp does not know the kind of tokenizer "${model}"`);
  const pre = metadata.text("tokenizer.ggml.pre");
  if (pre && WITH_MERGES.has(model) && !PRE_TOKENIZERS.has(pre)) {
    throw unsupported("tokenizer.ggml.pre", `llama.cpp does not know the pre-tokenizer "${pre}"`);
  }
  return model;
}

/** The strings of an array, without an object for each. */
interface Strings {
  count: number;
  bytes: Buffer;
  /** [count] where string i begins in `bytes`. */
  starts: Uint32Array;
  /** [count] */
  lengths: Uint32Array;
}

function readStrings(metadata: Metadata, key: string): Strings | null {
  const array = metadata.array(key, "str");
  if (!array) return null;
  if (array.bytes > 2 ** 31) throw metadata.invalid(key, `An absurd size, ${array.bytes} bytes`);
  const bytes = readArrayBytes(metadata.file.path, array);
  const starts = new Uint32Array(array.length);
  const lengths = new Uint32Array(array.length);
  let position = 0;
  for (let i = 0; i < array.length; i++) {
    const length = bytes.readUInt32LE(position); // the reader has checked that they all fit
    starts[i] = position + 8;
    lengths[i] = length;
    position += 8 + length;
  }
  return { count: array.length, bytes, starts, lengths };
}

/** Finds a token by its text: open addressing over FNV-1a hashes, the texts themselves stay where they are. */
class TokenIndex {
  /** Ids of two tokens with the same text; llama.cpp asserts that there are none. */
  readonly duplicate: readonly [number, number] | null = null;
  readonly #tokens: Strings;
  /** id + 1, or 0 for an empty slot. */
  readonly #slots: Uint32Array;

  constructor(tokens: Strings) {
    this.#tokens = tokens;
    this.#slots = new Uint32Array(2 ** Math.ceil(Math.log2(2 * tokens.count + 1)));
    for (let id = 0; id < tokens.count && !this.duplicate; id++) {
      const start = tokens.starts[id]!;
      if (tokens.lengths[id] === 0) continue;
      const slot = this.#slot(tokens.bytes, start, start + tokens.lengths[id]!);
      if (this.#slots[slot]) this.duplicate = [this.#slots[slot]! - 1, id];
      this.#slots[slot] = id + 1;
    }
  }

  has(text: Buffer): boolean {
    return this.#slots[this.#slot(text, 0, text.length)] !== 0;
  }

  /** The slot that holds the text, or the empty one where it belongs. */
  #slot(bytes: Buffer, start: number, end: number): number {
    let hash = 0x811c9dc5;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
    const mask = this.#slots.length - 1;
    let slot = (hash ^ (hash >>> 15)) & mask;
    while (this.#slots[slot] && !this.#equals(this.#slots[slot]! - 1, bytes, start, end))
      slot = (slot + 1) & mask;
    return slot;
  }

  #equals(id: number, bytes: Buffer, start: number, end: number): boolean {
    const { starts, lengths, bytes: all } = this.#tokens;
    return (
      lengths[id] === end - start &&
      all.compare(bytes, start, end, starts[id]!, starts[id]! + lengths[id]!) === 0
    );
  }
}

function checkScores(metadata: Metadata, count: number): void {
  const key = "tokenizer.ggml.scores";
  const scores = metadata.array(key, "f32", "i32");
  if (!scores) return;
  atLeast(metadata, key, scores, count);
  if (scores.elementType === "i32") return;
  const bytes = readArrayBytes(metadata.file.path, scores);
  for (let i = 0; i < count; i++) {
    if (Number.isNaN(bytes.readFloatLE(4 * i)))
      throw metadata.invalid(key, `The score of token ${i} is not a number`);
  }
}

function atLeast(metadata: Metadata, key: string, array: GgufArray, count: number): void {
  if (array.length < count) throw metadata.invalid(key, `${array.length} values for ${count} tokens`);
}

/** A token marked as a byte is parsed as "<0x0A>"; where it is not that, llama.cpp aborts or invents a byte. */
function checkTokenTypes(
  metadata: Metadata,
  model: string,
  { count, bytes, starts, lengths }: Strings,
): void {
  const key = "tokenizer.ggml.token_type";
  const types = metadata.array(key, "i32");
  if (!types) return;
  atLeast(metadata, key, types, count);
  const values = readArrayBytes(metadata.file.path, types);
  for (let id = 0; id < count; id++) {
    if (values.readInt32LE(4 * id) !== BYTE_TOKEN) continue;
    const text = bytes.toString("latin1", starts[id], starts[id]! + lengths[id]!);
    if (model === "bert" || !/^<0x[0-9A-Fa-f]{2}>$/.test(text)) {
      throw metadata.invalid(key, `Token ${id} is marked as a byte, and its text is not one`);
    }
  }
}

/** SentencePiece falls back to bytes for characters it lacks; a byte without a token ends the process. */
function checkByteFallback(metadata: Metadata, index: TokenIndex): void {
  for (let byte = 0; byte < 256; byte++) {
    const name = `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
    if (!index.has(Buffer.from(name)) && !index.has(Buffer.of(byte))) {
      throw metadata.invalid("tokenizer.ggml.tokens", `There is no token for the byte ${name}`);
    }
  }
}

function checkMerges(metadata: Metadata): void {
  const key = "tokenizer.ggml.merges";
  const merges = readStrings(metadata, key);
  if (!merges) {
    if (metadata.text("tokenizer.ggml.pre") === "kimi-k2") return; // tokenizes without merges
    throw metadata.invalid(key, "The byte-pair tokenizer has no merges");
  }
  for (let i = 0; i < merges.count; i++) {
    const start = merges.starts[i]!;
    const space = merges.bytes.indexOf(0x20, start + 1);
    if (space < 0 || space >= start + merges.lengths[i]! - 1)
      throw metadata.invalid(key, `Merge ${i} is not a pair`);
  }
}

/** A tokenizer told to add a token that it does not have is an assertion. */
function checkSpecialTokens(metadata: Metadata, model: string, count: number): void {
  const { bos, eos, addsBos, addsEos } = specialTokens({
    model,
    preTokenizer: metadata.text("tokenizer.ggml.pre") ?? "",
    bos: specialId(metadata, "bos", count),
    eos: specialId(metadata, "eos", count),
    addsBos: metadata.flag("tokenizer.ggml.add_bos_token"),
    addsEos: metadata.flag("tokenizer.ggml.add_eos_token"),
  });
  if (addsBos && (bos === null || bos >= count)) {
    throw metadata.invalid(
      "tokenizer.ggml.bos_token_id",
      "The tokenizer adds a beginning-of-sequence token and has none",
    );
  }
  if (addsEos && (eos === null || eos >= count)) {
    throw metadata.invalid(
      "tokenizer.ggml.eos_token_id",
      "The tokenizer adds an end-of-sequence token and has none",
    );
  }
  if (model !== "bert") return;
  // Where the file names none llama.cpp takes the ids of Google's BERT.
  for (const [name, standard] of Object.entries(WORD_PIECE_TOKENS)) {
    if ((specialId(metadata, name, count) ?? standard) >= count)
      throw metadata.invalid(
        `tokenizer.ggml.${name}_token_id`,
        `The file names no such token, and the one that llama.cpp takes, ${standard}, is none of ${count}`,
      );
  }
}

function specialId(metadata: Metadata, name: string, count: number): number | null {
  const key = `tokenizer.ggml.${name}_token_id`;
  const id = metadata.id(key);
  if (id !== null && id >= count)
    throw metadata.invalid(key, `Token ${id} does not exist; there are ${count}`);
  return id;
}

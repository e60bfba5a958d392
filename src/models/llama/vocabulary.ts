/** llama.cpp's tokenizer of one model: text to ids with byte offsets, ids to bytes. */
import { checkWellFormed, SurprisalError } from "../../core/index.ts";
import type { GgufFile } from "../gguf/index.ts";
import type { ModelVocabulary, TokenizedText, TokenizeOptions } from "../language-model.ts";
import type { LlamaFunctions } from "./bindings.ts";
import type { Pointer } from "./layout.ts";
import type { Lifetime } from "./lifetime.ts";
import { call } from "./native-call.ts";
import { longestMatch } from "./native-stack.ts";
import { Queue } from "./queue.ts";

const NO_TOKEN = -1;
/** enum llama_vocab_type: byte-pair encoding, the kind that cuts a text into words with regular expressions. */
const BYTE_PAIR = 2;
/** Up to here (about 1 ms) the way to a worker thread and back takes as long as the work. */
const SYNCHRONOUS_BYTES = 4096;

export class LlamaVocabulary implements ModelVocabulary {
  readonly size: number;
  readonly bos: number | null;
  readonly eos: number | null;
  readonly addsBos: boolean;
  readonly #functions: LlamaFunctions;
  readonly #pointer: Pointer;
  readonly #lifetime: Lifetime;
  readonly #pieces: (Uint8Array | undefined)[] = [];
  /** Characters of the longest word llama.cpp is given. */
  readonly #longestWord: number;
  /** One long text at a time: koffi refuses more than 256 calls under way. */
  readonly #queue = new Queue();

  constructor(functions: LlamaFunctions, model: Pointer, file: GgufFile, lifetime: Lifetime) {
    this.#functions = functions;
    this.#lifetime = lifetime;
    this.#pointer = functions.llama_model_get_vocab(model);
    this.size = functions.llama_vocab_n_tokens(this.#pointer);
    this.bos = specialToken(file, "bos", functions.llama_vocab_bos(this.#pointer));
    this.eos = specialToken(file, "eos", functions.llama_vocab_eos(this.#pointer));
    const bytePair = functions.llama_vocab_type(this.#pointer) === BYTE_PAIR;
    this.#longestWord = bytePair ? longestMatch() : Number.POSITIVE_INFINITY;
    this.addsBos = this.bos !== null && functions.llama_vocab_get_add_bos(this.#pointer);
  }

  /** Tokens that end generation: end of text, end of turn. */
  endsGeneration(id: number): boolean {
    this.#lifetime.assertOpen();
    return this.#functions.llama_vocab_is_eog(this.#pointer, id);
  }

  async tokenize(text: string, options: TokenizeOptions = {}): Promise<TokenizedText> {
    checkWellFormed(text, "text");
    const bytes = new TextEncoder().encode(text);
    const ids = await this.#encode(bytes, options.parseSpecial ?? false);
    const all = options.addSpecial && this.addsBos ? prepend(this.bos!, ids) : ids;
    return {
      ids: all,
      byteOffsets: this.#align(all, bytes, options.addSpecial === true && this.addsBos ? 1 : 0),
    };
  }

  /**
   * Words longer than the native stack allows are encoded in parts. Only there can the ids differ from llama.cpp's own,
   * which has no such ids to give: its tokenizers end the process on a word of some 20,000 characters.
   */
  async #encode(text: Uint8Array, parseSpecial: boolean): Promise<Int32Array> {
    const parts: Int32Array[] = [];
    for (const part of cutLongWords(text, this.#longestWord))
      if (part.length > 0) parts.push(await this.#encodePart(part, parseSpecial));
    if (parts.length === 1) return parts[0]!;
    const ids = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      ids.set(part, at);
      at += part.length;
    }
    return ids;
  }

  async #encodePart(text: Uint8Array, parseSpecial: boolean): Promise<Int32Array> {
    const tokenize = this.#functions.llama_tokenize;
    let capacity = Math.ceil(text.length / 2) + 16;
    for (;;) {
      const ids = new Int32Array(new ArrayBuffer(capacity * 4));
      // BOS is put in front by us (addSpecial: false), so that EOS never comes with it.
      const given = [this.#pointer, text, text.length, ids, capacity, false, parseSpecial] as const;
      this.#lifetime.assertOpen();
      const count =
        text.length <= SYNCHRONOUS_BYTES
          ? tokenize(...given)
          : await this.#queue.run(() =>
              this.#lifetime.run(() => call<number>((done) => tokenize.async(...given, done))),
            );
      if (count >= 0) return ids.slice(0, count);
      if (count === -(2 ** 31))
        throw new SurprisalError({
          code: "INVALID_ARGUMENT",
          what: "The text is too long for llama.cpp's tokenizer (more than 2^31 tokens)",
          wayOut: "Split the text.",
        });
      capacity = -count;
    }
  }

  /** The exact bytes of one token; a special token's are its name. Empty for ids outside the vocabulary. */
  piece(id: number): Uint8Array {
    if (id < 0 || id >= this.size) return new Uint8Array(0);
    const known = this.#pieces[id];
    if (known) return known;
    this.#lifetime.assertOpen();
    let buffer = new Uint8Array(64);
    let length = this.#functions.llama_token_to_piece(this.#pointer, id, buffer, buffer.length, 0, true);
    if (length < 0) {
      buffer = new Uint8Array(-length);
      length = this.#functions.llama_token_to_piece(this.#pointer, id, buffer, buffer.length, 0, true);
    }
    const piece = buffer.slice(0, Math.max(0, length));
    this.#pieces[id] = piece;
    return piece;
  }

  detokenize(ids: ArrayLike<number>): Uint8Array {
    return new Uint8Array(Buffer.concat(Array.from(ids, (id) => this.piece(id))));
  }

  /**
   * Where each token lies in the text. A byte-level tokenizer's pieces are the text; others put a space in front
   * of it or normalise it, so a piece that does not match is placed up to where the next one does.
   */
  #align(ids: Int32Array, text: Uint8Array, added: number): Uint32Array {
    const offsets = new Uint32Array(ids.length + 1);
    let at = 0;
    for (let i = added; i < ids.length; i++) {
      offsets[i] = at;
      const piece = this.piece(ids[i]!);
      if (startsWith(text, at, piece, 0)) at += piece.length;
      else if (piece[0] === SPACE && startsWith(text, at, piece, 1)) at += piece.length - 1;
      else if (i + 1 < ids.length) at = this.#resynchronise(text, at, piece, this.piece(ids[i + 1]!));
    }
    offsets[ids.length] = text.length;
    return offsets;
  }

  #resynchronise(text: Uint8Array, at: number, piece: Uint8Array, next: Uint8Array): number {
    const furthest = Math.min(text.length, at + 4 * piece.length + 16);
    for (let candidate = at; candidate < furthest; candidate++) {
      if (startsWith(text, candidate, next, 0)) return candidate;
      if (next[0] === SPACE && next.length > 1 && startsWith(text, candidate, next, 1)) return candidate;
    }
    return Math.min(text.length, at + piece.length);
  }
}

const SPACE = 0x20;

/** For a byte-pair vocabulary that names none, llama.cpp gives GPT-2's id 11 all the same, an ordinary token. */
function specialToken(file: GgufFile, name: "bos" | "eos", id: number): number | null {
  const named = file.metadata.has(`tokenizer.ggml.${name}_token_id`);
  const tokenizer = file.metadata.get("tokenizer.ggml.model");
  const bytePair = tokenizer?.type === "str" && tokenizer.value === "gpt2";
  return id === NO_TOKEN || (bytePair && !named) ? null : id;
}

/** Cuts UTF-8 text inside runs of more than `longest` characters that are all white space or all not. */
export function* cutLongWords(text: Uint8Array, longest: number): Generator<Uint8Array> {
  let start = 0;
  let inSpace = false;
  let run = 0;
  for (let i = 0; i < text.length; i++) {
    const byte = text[i]!;
    if ((byte & 0xc0) === 0x80) continue; // not the first byte of a character
    const isSpace = byte === SPACE || (byte >= 0x09 && byte <= 0x0d);
    run = isSpace === inSpace ? run + 1 : 1;
    inSpace = isSpace;
    if (run <= longest) continue;
    yield text.subarray(start, i);
    start = i;
    run = 1;
  }
  yield text.subarray(start);
}

function startsWith(text: Uint8Array, at: number, piece: Uint8Array, from: number): boolean {
  if (at + piece.length - from > text.length) return false;
  for (let i = from; i < piece.length; i++) if (text[at + i - from] !== piece[i]) return false;
  return true;
}

function prepend(id: number, ids: Int32Array): Int32Array {
  const all = new Int32Array(ids.length + 1);
  all[0] = id;
  all.set(ids, 1);
  return all;
}

/** `tokenize` and `detokenize` over a server's endpoints. */

import { checkWellFormed, SurprisalError } from "../../core/index.ts";
import type { ModelVocabulary, TokenizedText, TokenizeOptions } from "../language-model.ts";
import {
  field,
  malformed,
  placeTokens,
  type RemoteClient,
  type RequestOptions,
  readFields,
  ServerRefusal,
} from "../remote/index.ts";
import type { Dialect } from "./dialects.ts";
import type { Encoded, EncodeOptions, ServerTokenizer } from "./tokenizer.ts";

/** Texts that tokenizers of Hugging Face's kind always read as special tokens, where the vocabulary has them. */
const CONTROL = /^(<\|[^<>\s]*\|>|<\/?s>|<(bos|eos|pad|unk|start_of_turn|end_of_turn)>|\[\/?[A-Z_]+\])$/;

/** Tokens that a server puts around a text, at most: BOS, a language, a separator. */
const MOST_AROUND = 64;

const content = field.object({
  content: field.nullish(field.string),
  prompt: field.nullish(field.string),
  text: field.nullish(field.string),
});

export class RemoteVocabulary implements ModelVocabulary {
  readonly size: number | null;
  readonly bos: number | null;
  readonly eos = null;
  readonly addsBos: boolean;
  readonly #encode: ServerTokenizer;
  readonly #client: RemoteClient;
  readonly #dialect: Dialect;
  readonly #model: string;
  /** Exact bytes of the tokens seen so far. */
  readonly #bytes = new Map<number, Uint8Array>();

  private constructor(
    encode: ServerTokenizer,
    client: RemoteClient,
    {
      dialect,
      model,
      size,
      bos,
    }: { dialect: Dialect; model: string; size: number | null; bos: number | null },
  ) {
    this.#encode = encode;
    this.#client = client;
    this.#dialect = dialect;
    this.#model = model;
    this.size = size;
    this.bos = bos;
    this.addsBos = bos !== null;
  }

  /** @returns what is wrong when the endpoint is switched off, or does not do what the dialect's endpoint does. */
  static async open(
    encode: ServerTokenizer,
    client: RemoteClient,
    facts: { dialect: Dialect; model: string; size: number | null; signal?: AbortSignal | undefined },
  ): Promise<RemoteVocabulary | { problem: string }> {
    const options = { parseSpecial: true, signal: facts.signal };
    try {
      const plain = await encode("a", { addSpecial: false, ...options });
      const { ids } = await encode("a", { addSpecial: true, ...options });
      const adds = ids.length === plain.ids.length + 1 && plain.ids.every((id, i) => id === ids[i + 1]);
      return new RemoteVocabulary(encode, client, { ...facts, bos: adds ? ids[0]! : null });
    } catch (error) {
      const codes = ["SERVER_ERROR", "WIRE_MALFORMED", "UNSUPPORTED_CAPABILITY"];
      if (SurprisalError.isInstance(error) && codes.includes(error.code)) return { problem: error.what };
      throw error;
    }
  }

  /**
   * A text as the server's tokens.
   * @throws SurprisalError UNSUPPORTED_CAPABILITY when the text holds the name of a special token and is not to be read so.
   */
  readonly encode: ServerTokenizer = async (text: string, options: EncodeOptions): Promise<Encoded> => {
    checkWellFormed(text, "text");
    const encoded = await this.#encode(text, options);
    // Each token of a text is at least a byte of it, but for what stands around it.
    const bytes = new TextEncoder().encode(text);
    if (encoded.ids.length > bytes.length + MOST_AROUND)
      throw malformed(`${encoded.ids.length} tokens for a text of ${bytes.length} bytes`, this.#client.name);
    const from = encoded.pieces[0]?.special && options.addSpecial ? 1 : 0;
    const control = encoded.pieces.slice(from).find(({ text: name }) => CONTROL.test(name));
    if (control && !options.parseSpecial && this.#dialect.name !== "llama-server")
      throw this.#unsupported(`reads ${control.text} in a text as a special token, always`);
    const offsets = placeTokens(encoded.pieces, text);
    if (offsets) this.#remember(encoded, offsets, bytes);
    return encoded;
  };

  async tokenize(
    text: string,
    { addSpecial = false, parseSpecial = false }: TokenizeOptions = {},
  ): Promise<TokenizedText> {
    if (text === "" && !addSpecial) return { ids: new Int32Array(0), byteOffsets: new Uint32Array(1) };
    const { ids, pieces } = await this.encode(text, { addSpecial, parseSpecial });
    const byteOffsets = placeTokens(pieces, text);
    if (!byteOffsets) throw this.#unsupported("gives tokens that cannot be found in the text");
    return { ids: Int32Array.from(ids), byteOffsets };
  }

  /** @throws SurprisalError INVALID_ARGUMENT for an id that is none; UNSUPPORTED_CAPABILITY for half a character. */
  async detokenize(ids: readonly number[]): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for (const id of ids) parts.push(this.#bytes.get(id) ?? (await this.#ask(id)));
    return Uint8Array.from(parts.flatMap((part) => Array.from(part)));
  }

  /**
   * The text that the server makes exactly these ids of, for servers that take no ids.
   * @throws SurprisalError UNSUPPORTED_CAPABILITY when there is none.
   */
  async textOf(ids: readonly number[], { signal }: RequestOptions = {}): Promise<string> {
    const own = ids[0] === this.bos ? ids.slice(1) : ids; // the server adds it
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(await this.detokenize(own));
    const encoded = await this.#encode(text, { addSpecial: true, parseSpecial: true, signal });
    if (encoded.ids.length === ids.length && encoded.ids.every((id, i) => id === ids[i])) return text;
    throw this.#unsupported("takes texts, not token ids, and makes other tokens of the text of these");
  }

  #remember({ ids, pieces }: Encoded, offsets: Uint32Array, text: Uint8Array): void {
    for (const [i, id] of ids.entries()) {
      const { lossy, special } = pieces[i]!;
      const bytes = text.slice(offsets[i], offsets[i + 1]);
      // Several unknown tokens share a character: it is only certain whose byte is whose where each has one.
      if (!special && (!lossy || bytes.length === 1)) this.#bytes.set(id, bytes);
    }
  }

  async #ask(id: number): Promise<Uint8Array> {
    if (!Number.isInteger(id) || id < 0 || id >= (this.size ?? 2 ** 31 - 1)) throw invalid(id);
    if (this.#dialect.name === "tgi") throw this.#unsupported("does not say what a token stands for");
    const body = { model: this.#model, tokens: [id], skip_special_tokens: false };
    const answer = await this.#client.post("/detokenize", body).catch((error: unknown) => {
      throw error instanceof ServerRefusal ? invalid(id, error) : error;
    });
    const fields = readFields(content, await answer.json(), answer.where);
    const text = fields.content ?? fields.prompt ?? fields.text ?? "";
    if (text.includes("\uFFFD")) throw this.#unsupported(`shows token ${id} as half a character only`);
    const bytes = new TextEncoder().encode(text);
    this.#bytes.set(id, bytes);
    return bytes;
  }

  #unsupported(what: string): SurprisalError {
    return new SurprisalError({
      code: "UNSUPPORTED_CAPABILITY",
      what: `${this.#dialect.title} ${what}`,
      where: this.#client.name,
    });
  }
}

function invalid(id: number, cause?: unknown): SurprisalError {
  return new SurprisalError({
    code: "INVALID_ARGUMENT",
    what: `${id} is not a token id of this model`,
    cause,
  });
}

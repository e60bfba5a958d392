/** From a text to the ids that an encoder is given: what begins a text, its tokens, what ends it. */
import { type GgufFile, specialTokensOf, tokenTextsOf } from "../../gguf/index.ts";
import type { LlamaVocabulary } from "../vocabulary.ts";
import { WordPiece } from "./wordpiece.ts";

/** Ids that a word-piece vocabulary has where its file names none: those of Google's BERT, as in llama.cpp. */
const STANDARD = { bos: 101, seperator: 102, unknown: 100 };

export interface EncodedText {
  ids: Int32Array;
  /** Tokens of the text's end that were left out. */
  leftOut: number;
}

export class TextEncoderOfModel {
  readonly #begin: readonly number[];
  readonly #end: readonly number[];
  readonly #encode: (text: string) => ArrayLike<number> | Promise<ArrayLike<number>>;

  private constructor(
    begin: readonly number[],
    end: readonly number[],
    encode: (text: string) => ArrayLike<number> | Promise<ArrayLike<number>>,
  ) {
    this.#begin = begin;
    this.#end = end;
    this.#encode = encode;
  }

  static of(file: GgufFile, vocabulary: LlamaVocabulary): TextEncoderOfModel {
    const texts = tokenTextsOf(file);
    const entry = (key: string) => file.metadata.get(`tokenizer.ggml.${key}`);
    const kind = entry("model");
    if (kind?.type === "str" && kind.value === "bert") {
      const id = (name: keyof typeof STANDARD) => {
        const named = entry(`${name}_token_id`);
        return named?.type === "u32" ? named.value : STANDARD[name];
      };
      const flag = (name: string, otherwise: boolean) => {
        const said = entry(`normalizer.${name}`);
        return said?.type === "bool" ? said.value : otherwise;
      };
      const lowercase = flag("lowercase", true);
      const stripAccents = flag("strip_accents", lowercase);
      const pieces = new WordPiece(texts, { lowercase, stripAccents, unknown: id("unknown") });
      return new TextEncoderOfModel([id("bos")], [id("seperator")], (text) => pieces.encode(text));
    }
    const { bos, eos, addsBos, addsEos } = specialTokensOf(file, texts);
    return new TextEncoderOfModel(
      addsBos && bos !== null ? [bos] : [],
      addsEos && eos !== null ? [eos] : [],
      async (text) => (await vocabulary.tokenize(text)).ids,
    );
  }

  /** Tokens of a text without a character. */
  get added(): number {
    return this.#begin.length + this.#end.length;
  }

  /** @param most tokens in all, more than `added`. @throws SurprisalError INVALID_ARGUMENT: half a surrogate pair */
  async encode(text: string, most: number = Number.POSITIVE_INFINITY): Promise<EncodedText> {
    const own = await this.#encode(text);
    const kept = Math.min(own.length, most - this.added);
    const ids = new Int32Array(this.added + kept);
    ids.set(this.#begin);
    for (let i = 0; i < kept; i++) ids[this.#begin.length + i] = own[i]!;
    ids.set(this.#end, this.#begin.length + kept);
    return { ids, leftOut: own.length - kept };
  }
}
